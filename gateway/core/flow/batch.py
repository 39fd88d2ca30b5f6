"""The station that batches: the ready claims of a partner become one interchange.

Numbers, the remote name and the date are allocated and committed before anything is written, so that writing again
gives the same bytes. A claim that cannot be written is taken out and waits for a person; the rest goes, under the same
numbers. What was written is read back with our own reader before it may leave.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from ...config.partner import Partner
from ...plugins.transport import OutgoingFacts
from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..model.money import to_dollars
from ..model.states import ClaimState, SubmissionState
from ..store import archive, timeline
from ..store import batches as batch_store
from ..store import claims as claim_store
from ..store import files as file_store
from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import batches, submissions
from ..work.items import WorkItem, open_items
from . import outgoing, taking_out
from .batch_child import checked_batch, written_batch
from .services import Services
from .write_batch import order_of

LAST_NUMBER = 999_999_999
"""ISA13 has nine digits; numbers are never used twice, so the counter ends there."""

declare(
    batch_allocated="a batch has its numbers and its claims, nothing is written",
    batch_written="the bytes of the batch are in the archive",
    batch_checked="the bytes of the batch were read back, nothing is noted",
    batch_committed="the batch is noted as written and is to be sent",
)


_WRONG_USAGE = (
    "It came marked as test or production (ISA15), and this gateway runs as the other. Cancel it here and send it "
    "where it belongs."
)


_SUBMISSION = (
    *("id", "claim_id", "batch_id", "claim_number", "st02", "position", "state", "hop", "payer_claim_number"),
    *("clearinghouse_number", "charge_cents", "resubmits", "created_at", "updated_at"),
)


class DueBatch(NamedTuple):
    """A batch that should be made now: `key` is its business key, `why` the bound that was reached."""

    partner: str
    key: str
    why: str


def due_batches(
    connection: Connection, partners: list[Partner] | tuple[Partner, ...], now: dt.datetime
) -> list[DueBatch]:
    """The partners whose ready claims should leave now: enough of them, enough bytes, or one has waited long enough;
    and the partner's hours are open."""
    waiting = {one.partner: one for one in batch_store.waiting(connection)}
    due = []
    for partner in partners:
        found = waiting.get(partner.name)
        rules = partner.batch
        if found is None or not rules.open_at(now.astimezone(ZoneInfo(rules.time_zone))):
            continue
        if found.claims >= rules.max_claims:
            why = f"{found.claims} claims are ready"
        elif found.size >= rules.max_bytes:
            why = f"{found.size:,} bytes are ready"
        elif (now - found.oldest).total_seconds() >= rules.max_wait:
            why = f"a claim has waited since {found.oldest:%Y-%m-%d %H:%M} UTC"
        else:
            continue
        due.append(DueBatch(partner.name, f"{partner.name}:{now.isoformat()}", why))
    return due


def due_batch(services: Services, partner: str, now: dt.datetime) -> tuple[str, Payload] | None:
    """The batch of one partner to start now, if one is due; for `Engine.schedule` (kind `batch`)."""
    settings = services.partner(partner)
    if settings is None:
        return None
    with services.reads.connect() as connection:
        due = due_batches(connection, [settings], now)
    return (due[0].key, {"partner": partner, "why": due[0].why}) if due else None


# --- allocate --------------------------------------------------------------------------------------


def _allocate(connection: Connection, services: Services, partner: Partner, transport: Any, why: str) -> dict[str, Any]:
    """Give the claims that are ready a batch with its numbers. Returns {batch_id} or {nothing: reason}."""
    now = services.clock.now()
    usage = services.config.gateway.usage
    if partner.usage != usage:
        open_items(connection, [_wrong_environment(partner, usage, now)], now)
        return {"nothing": "the partner's environment is not the gateway's"}
    interchange = partner.interchange
    sender, receiver = interchange.sender_id.strip(), interchange.receiver_id.strip()
    pair = f"{interchange.sender_qualifier}{sender}:{interchange.receiver_qualifier}{receiver}"
    limit = min(partner.batch.max_claims, partner.max_claims_per_set * partner.max_sets_per_file)
    ready = batch_store.ready_claims(connection, partner.name, limit)
    wrong = [row for row in ready if row.usage not in ("", usage)]
    if wrong:
        taking_out.hold_claims(connection, services, [(row, _WRONG_USAGE) for row in wrong], "usage", ClaimState.READY)
    chosen = _within(partner.batch.max_bytes, [row for row in ready if row.usage in ("", usage)])
    if not chosen:
        return {"nothing": "no claim is ready"}
    number = allocate(connection, f"isa13:{pair}", 1)
    if number > LAST_NUMBER:
        open_items(connection, [_numbers_are_used_up(partner, now)], now)
        return {"nothing": "the interchange control numbers are used up"}
    return _create(connection, services, partner, transport, pair, number, chosen, why)


def _within(max_bytes: int, rows: list[Any]) -> list[Any]:
    """The first of the claims, as many as fit into a file of so many bytes; at least one."""
    size = 0
    for index, row in enumerate(rows):
        size += len(row.content)
        if size > max_bytes and index:
            return rows[:index]
    return rows


def _create(
    connection: Connection,
    services: Services,
    partner: Partner,
    transport: Any,
    pair: str,
    number: int,
    chosen: list[Any],
    why: str,
) -> dict[str, Any]:
    now = services.clock.now()
    interchange = partner.interchange
    usage = services.config.gateway.usage
    batch_id = allocate(connection, "batches", 1)
    sets = -(-len(chosen) // partner.max_claims_per_set)
    group = allocate(connection, f"gs06:{interchange.gs02}:{interchange.gs03}", 1)
    first_set = allocate(connection, f"st02:{pair}", sets)
    isa13 = f"{number:09d}"
    cents = sum(row.charge_cents for row in chosen)
    name = transport.final_path(
        OutgoingFacts(
            isa13=isa13,
            at=now,
            batch=str(batch_id),
            usage=usage,
            sender=interchange.sender_id.strip(),
            receiver=interchange.receiver_id.strip(),
        )
    )
    connection.execute(
        insert(batches).values(
            id=batch_id,
            partner=partner.name,
            state="allocated",
            usage=usage,
            sender=interchange.sender_id.strip(),
            receiver=interchange.receiver_id.strip(),
            isa13=isa13,
            gs06=str(group),
            first_st02=f"{first_set:04d}",
            sets=sets,
            bht03=f"{now:%Y%m%d}{batch_id:08d}",
            claims=len(chosen),
            cents=cents,
            remote_name=name,
            created_at=now,
        )
    )
    first = allocate(connection, "submissions", len(chosen))
    rows, entries = [], []
    for position, row in enumerate(order_of(chosen)):
        st02 = f"{first_set + position // partner.max_claims_per_set:04d}"
        rows.append(
            (
                first + position,
                row.id,
                batch_id,
                row.claim_number,
                st02,
                position,
                SubmissionState.BATCHED.value,
                0,
                "",
                "",
                row.charge_cents,
                row.resubmits,
                now,
                now,
            )
        )
        what = f"In batch {batch_id} to {partner.name}: interchange {isa13}, transaction set {st02}."
        if row.resubmits:
            what += f" It repeats submission {row.resubmits}."
        entries.append(timeline.Entry("claim", row.id, "batch", what))
    insert_bulk(connection, submissions, _SUBMISSION, rows)
    claim_store.set_state(connection, [row.id for row in chosen], ClaimState.BATCHED, now)
    words = f"{len(chosen)} claims, ${to_dollars(cents):,}, interchange {isa13}. Made because {why}."
    timeline.add(connection, [timeline.Entry("batch", batch_id, "batch", words), *entries], now)
    return {"batch_id": batch_id}


def _wrong_environment(partner: Partner, usage: str, now: dt.datetime) -> WorkItem:
    reason = (
        f"Partner {partner.name} is set to {partner.environment} (ISA15 {partner.usage}) and this gateway to "
        f"ISA15 {usage}. Its claims wait, nothing is sent. Set the two alike in gateway.yaml or the partner's file."
    )
    return WorkItem(
        kind="partner_stopped",
        key=f"partner:{partner.name}:usage:{now:%Y-%m-%d}",
        reason=reason,
        team="edi",
        subject_kind="partner",
        work_by=now.date(),
        partner=partner.name,
    )


def _numbers_are_used_up(partner: Partner, now: dt.datetime) -> WorkItem:
    return WorkItem(
        kind="partner_stopped",
        key=f"partner:{partner.name}:numbers",
        reason=f"All nine-digit interchange control numbers to {partner.name} are used. Agree on a new sender id.",
        team="edi",
        subject_kind="partner",
        work_by=now.date(),
        partner=partner.name,
    )


# --- write -----------------------------------------------------------------------------------------


def _commit(connection: Connection, services: Services, batch_id: int, written: dict[str, Any], note: str) -> None:
    """The batch is written: its file, its interchange, and that it is to be sent."""
    now = services.clock.now()
    batch = batch_store.get(connection, batch_id, lock=True)
    stored = archive.Stored(written["sha256"], written["size"])
    file_id = file_store.add(
        connection,
        file_store.NewFile(
            "out",
            "gateway",
            batch.partner,
            batch.remote_name.rsplit("/", 1)[-1],
            stored,
            "837P",
            "written",
            claims=batch.claims,
            cents=batch.cents,
        ),
        now,
    )
    file_store.add_interchanges(
        connection,
        file_id,
        [file_store.NewInterchange("out", batch.partner, batch.sender, batch.receiver, batch.isa13, batch.usage)],
        now,
    )
    batch_store.set_state(connection, batch_id, "written", file_id=file_id)
    what = f"Written, {stored.size:,} bytes, as file {file_id}; read back and found right. {note}"
    entries = [timeline.Entry("batch", batch_id, "batch", what.rstrip())]
    entries += [timeline.Entry("claim", claim_id, "batch", words) for claim_id, words in written["blanked"]]
    timeline.add(connection, entries, now)
    put_outbox(connection, "send", f"{batch_id}:1", {"batch_id": batch_id}, now)


def _empty(connection: Connection, services: Services, batch_id: int) -> None:
    now = services.clock.now()
    batch_store.set_state(connection, batch_id, "empty", reason="No claim was left in it.")
    what = "No claim was left in it; its numbers are not used again."
    timeline.add(connection, [timeline.Entry("batch", batch_id, "batch", what)], now)


@workflow("batch")
async def batch(run: Run, payload: Payload) -> dict[str, Any]:
    """Make one batch of a partner's ready claims. `payload`: {partner, why}. Returns {batch_id, state}."""
    services: Services = run.services
    name = str(payload["partner"])
    partner = services.partner(name)
    if partner is None:
        return {"state": "no such partner"}
    transport = services.transports.describe(name)
    made = await run.transact(
        "allocate", _allocate, services, partner, transport, str(payload.get("why") or "it was asked for")
    )
    if "nothing" in made:
        return {"state": made["nothing"]}
    batch_id = int(made["batch_id"])
    boundary("batch.allocated")
    while True:
        written: dict[str, Any] = await run.step("write", written_batch, services, name, batch_id)
        boundary("batch.written")
        if not written["taken_out"]:
            break
        left = await run.transact("take out", taking_out.take_out, services, batch_id, written["taken_out"])
        if not left:
            await run.transact("empty", _empty, services, batch_id)
            return {"batch_id": batch_id, "state": "empty"}
    why = written["refused"]
    note = written["note"]
    if not why:
        checked: dict[str, Any] = await run.step("check", checked_batch, services, name, batch_id, written["sha256"])
        boundary("batch.checked")
        note = f"{note} {checked['note']}".strip()
        if checked["wrong"]:
            why = "What was written is not what was meant; nothing was sent. " + " ".join(checked["wrong"][:5])
    if why:
        await run.transact("refuse", outgoing.refuse, services, batch_id, why)
        return {"batch_id": batch_id, "state": "refused"}
    await run.transact("written", _commit, services, batch_id, written, note)
    boundary("batch.committed")
    return {"batch_id": batch_id, "state": "written"}
