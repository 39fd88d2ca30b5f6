"""The 999 that a partner gets for the remittances (835) and claim statuses (277CA) it sends, where it wants one.

It leaves as a batch without claims: numbers and remote name are committed before anything is written, and the station
that sends brings it there exactly once. An acknowledgment (999, TA1) is never answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from ...config.partner import Partner
from ..engine.port import Payload, Run, workflow
from ..store import archive, timeline
from ..store import batches as batch_store
from ..store import files as file_store
from ..store.outbox import put_outbox
from ..store.tables import batches, files
from ..x12.answers.checking import CheckedGroup, CheckedSet, answered_group
from ..x12.answers.file_check import check_file
from ..x12.answers.functional import VERSION, AnsweredGroup, AnsweredSet, can_be_answered, functional
from ..x12.guides.answer_codes import SetVerdict
from ..x12.reader import read
from ..x12.segment import Delimiters
from ..x12.writer import InterchangeHead, write_sets
from .services import Services
from .without_claims import allocate_batch

ANSWERED = {"835": "835", "277": "277CA"}
"""Transaction sets that may be answered, as a partner's setting names them."""
_LEVELS = 3
"""Syntax, guide and sums: what a receiver of a remittance can say for certain."""


def wanted(partner: Partner | None, kinds: dict[str, int]) -> bool:
    """Whether a partner's file with these transaction sets is answered with a 999."""
    return partner is not None and any(ANSWERED.get(kind) in partner.acknowledge for kind in kinds)


def _judge(one: CheckedSet) -> SetVerdict:
    """What is wrong in a set that was read and worked on is only noted."""
    if not one.sound:
        return SetVerdict.REJECTED
    return SetVerdict.ERRORS_NOTED if one.finding_count or one.faults else SetVerdict.ACCEPTED


def _answered(services: Services, sha256: str, partner: Partner) -> list[AnsweredGroup]:
    """What is said of each group in which there is something that this partner wants to hear of."""

    def of(group: CheckedGroup) -> AnsweredGroup:
        found = answered_group(group, _judge)
        kept: list[AnsweredSet] = [
            said
            for one, said in zip(group.sets, found.sets, strict=True)
            if ANSWERED.get(one.kind) in partner.acknowledge
        ]
        return found._replace(sets=kept)

    with services.archive.open(sha256) as stream:
        checking = check_file(read(stream), None, _LEVELS)
    said = [of(group) for interchange in checking.interchanges for group in interchange.groups]
    return [group for group in said if group.sets and can_be_answered(group)]


def _allocate(connection: Connection, services: Services, partner: Partner, transport: Any, file_id: int) -> int:
    """A batch without claims, with its numbers and its name; 0 where all numbers are used."""
    now = services.clock.now()
    allocated = allocate_batch(connection, partner, transport, 0, now)
    if allocated is None:
        what = f"No 999 is sent: all interchange control numbers to {partner.name} are used."
        timeline.add(connection, [timeline.Entry("file", file_id, "answer", what)], now)
        return 0
    batch_id, isa13 = allocated
    row = connection.execute(select(files.c.name).where(files.c.id == file_id)).one()
    what = f"The 999 for file {file_id} ({row.name}), interchange {isa13}. It carries no claims."
    timeline.add(connection, [timeline.Entry("batch", batch_id, "batch", what)], now)
    return batch_id


def _pieces(said: list[AnsweredGroup], batch: Any, partner: Partner, at: dt.datetime) -> Iterator[bytes]:
    interchange, chosen = partner.interchange, partner.delimiters
    marks = Delimiters(chosen.element, chosen.component, chosen.repetition, chosen.segment)
    head = InterchangeHead(
        sender_qualifier=interchange.sender_qualifier,
        sender=batch.sender,
        receiver_qualifier=interchange.receiver_qualifier,
        receiver=batch.receiver,
        group_sender=interchange.gs02,
        group_receiver=interchange.gs03,
        isa13=batch.isa13,
        gs06=batch.gs06,
        usage=batch.usage,
        at=at,
        version=VERSION,
        function="FA",
    )
    bodies = (("999", f"{number:04d}", functional(group, marks)) for number, group in enumerate(said, 1))
    yield from write_sets(head, bodies, marks, line_ending=chosen.line_ending)


def _write(services: Services, partner: Partner, batch_id: int, sha256: str) -> dict[str, Any]:
    """The bytes, in the archive; the same each time. Empty where there is nothing to answer."""
    said = _answered(services, sha256, partner)
    if not said:
        return {}
    with services.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
    at = batch.created_at.astimezone(ZoneInfo(services.config.gateway.organisation.time_zone))
    stored = services.archive.put_chunks(_pieces(said, batch, partner, at))
    return {"sha256": stored.sha256, "size": stored.size, "sets": len(said)}


def _commit(connection: Connection, services: Services, batch_id: int, file_id: int, written: dict[str, Any]) -> str:
    now = services.clock.now()
    batch = batch_store.get(connection, batch_id, lock=True)
    if not written:
        batch_store.set_state(connection, batch_id, "empty", reason="There was nothing to answer.")
        return "empty"
    stored = archive.Stored(written["sha256"], written["size"])
    name = batch.remote_name.rsplit("/", 1)[-1]
    out = file_store.add(
        connection,
        file_store.NewFile("out", "gateway", batch.partner, name, stored, "999", "written"),
        now,
    )
    numbers = file_store.NewInterchange("out", batch.partner, batch.sender, batch.receiver, batch.isa13, batch.usage)
    file_store.add_interchanges(connection, out, [numbers], now)
    connection.execute(update(batches).where(batches.c.id == batch_id).values(sets=written["sets"]))
    batch_store.set_state(connection, batch_id, "written", file_id=out)
    what = f"Answered with a 999: file {out}, interchange {batch.isa13}, batch {batch_id}."
    timeline.add(connection, [timeline.Entry("file", file_id, "answer", what)], now)
    put_outbox(connection, "send", f"{batch_id}:1", {"batch_id": batch_id}, now)
    return "written"


def _lookup(services: Services, file_id: int) -> dict[str, str]:
    with services.reads.connect() as connection:
        row = connection.execute(select(files.c.sha256, files.c.party).where(files.c.id == file_id)).one()
    return {"sha256": row.sha256, "partner": row.party}


@workflow("reply")
async def reply(run: Run, payload: Payload) -> str:
    """Answer a partner's file with a 999. `payload`: {file_id}. Returns what became of it."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    row = await run.step("lookup", _lookup, services, file_id)
    partner = services.partner(row["partner"])
    if partner is None or partner.usage != services.config.gateway.usage:
        return "nobody to answer"
    transport = services.transports.describe(partner.name)
    batch_id = await run.transact("allocate", _allocate, services, partner, transport, file_id)
    if not batch_id:
        return "no numbers"
    written = await run.step("write", _write, services, partner, batch_id, row["sha256"])
    return await run.transact("written", _commit, services, batch_id, file_id, written)
