"""The station that asks payers how claims stand: a 276 that leaves as a batch without claims.

Numbers, the remote name and what is asked are committed before anything is written, and the station that sends brings
it there exactly once. A claim is asked about once a day, however often somebody wants to know.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ...config.partner import Partner
from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..model.states import ClaimState
from ..store import archive, timeline
from ..store import batches as batch_store
from ..store import files as file_store
from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.inquiry_tables import inquiries
from ..store.outbox import put_outbox
from ..store.tables import claims
from ..x12.claim import Claim
from ..x12.inquiry import FUNCTION, VERSION, Asked, Who, asked_of, claim_inquiry
from ..x12.segment import Delimiters
from ..x12.stored import StoredClaim
from ..x12.writer import InterchangeHead, write_sets
from .services import Services
from .without_claims import allocate_batch

STATION = "inquire"
WITH_A_PAYER = (ClaimState.SENT, ClaimState.ACKNOWLEDGED, ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.DENIED)
"""States of claims that a payer may be asked about."""
MOST = 5_000
"""Claims of one 276."""
_BULK = 500
_COLUMNS = ("id", "claim_id", "batch_id", "trace", "asked_on", "asked_by", "asked_at", "category", "told")

declare(
    inquire_allocated="an inquiry has its numbers, and the claims that it asks about",
    inquire_written="the bytes of an inquiry are in the archive, no row names them",
)


def ask(connection: Connection, claim_ids: Collection[int], who: str, now: dt.datetime) -> int:
    """Have the partners of these claims asked, where they offer it; returns how many inquiries begin (one for each
    partner and some thousand claims). Those that cannot be asked about are left out when it is written."""
    by_partner: dict[str, list[int]] = {}
    ids = sorted(set(claim_ids))
    for start in range(0, len(ids), _BULK):
        rows = connection.execute(
            select(claims.c.id, claims.c.partner).where(
                claims.c.id.in_(ids[start : start + _BULK]), claims.c.state.in_(WITH_A_PAYER), claims.c.partner != ""
            )
        )
        for row in rows:
            by_partner.setdefault(row.partner, []).append(row.id)
    begun = 0
    for partner, theirs in sorted(by_partner.items()):
        for start in range(0, len(theirs), MOST):
            some = sorted(theirs)[start : start + MOST]
            digest = hashlib.sha256(f"{now.date()}:{some}".encode()).hexdigest()[:24]
            payload = {"partner": partner, "claims": some, "who": who}
            put_outbox(connection, "inquire", f"{partner}:{digest}", payload, now)
            begun += 1
    return begun


# --- numbers, and who is asked about ---------------------------------------------------------------


def _wanted(connection: Connection, partner: Partner, ids: Sequence[int], today: dt.date) -> list[int]:
    """The claims that are still with this partner's payers and were not asked about today; locked."""
    found: list[int] = []
    for start in range(0, len(ids), _BULK):
        some = ids[start : start + _BULK]
        asked = set(
            connection.execute(
                select(inquiries.c.claim_id).where(inquiries.c.claim_id.in_(some), inquiries.c.asked_on == today)
            ).scalars()
        )
        rows = connection.execute(
            select(claims.c.id)
            .where(claims.c.id.in_(some), claims.c.partner == partner.name, claims.c.state.in_(WITH_A_PAYER))
            .order_by(claims.c.id)
            .with_for_update()
        )
        found += [one for one in rows.scalars() if one not in asked]
    return found


def _allocate(
    connection: Connection, services: Services, partner: Partner, transport: Any, ids: list[int], who: str
) -> int:
    """A batch without claims, with its numbers and name, and a row for each claim that it asks about; 0 where there is
    nothing to ask, or all numbers are used."""
    now = services.clock.now()
    today = business_date(now, services.config.gateway.organisation.time_zone)
    wanted = _wanted(connection, partner, ids, today)
    if not wanted:
        return 0
    allocated = allocate_batch(connection, partner, transport, 1, now)
    if allocated is None:
        return 0
    batch_id, isa13 = allocated
    first = allocate(connection, "inquiries", len(wanted))
    rows = (
        (first + at, claim_id, batch_id, f"Q{first + at:X}", today, who[:80], now, "", "")
        for at, claim_id in enumerate(wanted)
    )
    insert_bulk(connection, inquiries, _COLUMNS, rows, keep=("claim_id", "asked_on"))
    count = "1 claim is" if len(wanted) == 1 else f"{len(wanted)} claims are"
    what = f"A claim status inquiry (276), interchange {isa13}: {count} asked about. It carries no claims."
    timeline.add(connection, [timeline.Entry("batch", batch_id, "batch", what, who=who[:80])], now)
    return batch_id


# --- the bytes -------------------------------------------------------------------------------------


def _asked(connection: Connection, partner: Partner, batch_id: int) -> Iterator[Asked]:
    sent_ids = {one.id: one.sent_id for one in partner.payers if one.sent_id}
    rows = connection.execute(
        select(inquiries.c.trace, claims.c.content, claims.c.payer_claim_number, claims.c.claim_number)
        .join(claims, claims.c.id == inquiries.c.claim_id)
        .where(inquiries.c.batch_id == batch_id)
        .order_by(inquiries.c.id)
    )
    for row in rows:
        claim = Claim(StoredClaim.unpack(row.content), "inquire")
        yield asked_of(
            claim,
            row.trace,
            payer_id=sent_ids.get(claim.payer.id) or "",
            payer_number=row.payer_claim_number,
            number=row.claim_number,
        )


def _write(services: Services, partner: Partner, batch_id: int) -> dict[str, Any]:
    """The bytes, in the archive; the same each time."""
    interchange, chosen = partner.interchange, partner.delimiters
    marks = Delimiters(chosen.element, chosen.component, chosen.repetition, chosen.segment)
    with services.reads.connect() as connection:
        batch = batch_store.get(connection, batch_id)
        asked = list(_asked(connection, partner, batch_id))
    at = batch.created_at.astimezone(ZoneInfo(services.config.gateway.organisation.time_zone))
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
        function=FUNCTION,
    )
    who = Who(partner.submitter.name, qualifier="46", id=partner.submitter.id or batch.sender)
    body = claim_inquiry(asked, who, f"Q{batch_id}", at, marks)
    stored = services.archive.put_chunks(
        write_sets(head, [("276", "0001", body)], marks, line_ending=chosen.line_ending)
    )
    return {"sha256": stored.sha256, "size": stored.size}


def _commit(connection: Connection, services: Services, batch_id: int, written: dict[str, Any]) -> str:
    now = services.clock.now()
    batch = batch_store.get(connection, batch_id, lock=True)
    stored = archive.Stored(written["sha256"], written["size"])
    name = batch.remote_name.rsplit("/", 1)[-1]
    new = file_store.NewFile("out", "gateway", batch.partner, name, stored, "276", "written")
    out = file_store.add(connection, new, now)
    numbers = file_store.NewInterchange("out", batch.partner, batch.sender, batch.receiver, batch.isa13, batch.usage)
    file_store.add_interchanges(connection, out, [numbers], now)
    batch_store.set_state(connection, batch_id, "written", file_id=out)
    what = f"{batch.partner} is asked how the claim stands (276), interchange {batch.isa13}, batch {batch_id}."
    rows = connection.execute(
        select(inquiries.c.claim_id, inquiries.c.asked_by).where(inquiries.c.batch_id == batch_id)
    )
    entries = [timeline.Entry("claim", row.claim_id, STATION, what, who=row.asked_by) for row in rows]
    timeline.add(connection, entries, now)
    put_outbox(connection, "send", f"{batch_id}:1", {"batch_id": batch_id}, now)
    return "written"


@workflow("inquire")
async def inquire(run: Run, payload: Payload) -> str:
    """Ask a partner about claims. `payload`: {partner, claims, who}. Returns what became of it."""
    services: Services = run.services
    partner = services.partner(str(payload["partner"]))
    if partner is None or not partner.claim_status or partner.usage != services.config.gateway.usage:
        return "nobody to ask"
    transport = services.transports.describe(partner.name)
    ids, who = [int(one) for one in payload["claims"]], str(payload["who"])
    batch_id = await run.transact("allocate", _allocate, services, partner, transport, ids, who)
    if not batch_id:
        return "nothing to ask"
    boundary("inquire.allocated")
    written = await run.step("write", _write, services, partner, batch_id)
    boundary("inquire.written")
    return await run.transact("written", _commit, services, batch_id, written)
