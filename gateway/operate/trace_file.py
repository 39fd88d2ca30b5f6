"""All that happened to a file or an interchange: its summary, its answers, and its claims with their states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ..core.ledger.balances import claim_balances
from ..core.store import timeline
from ..core.store.tables import (
    acknowledgments,
    batches,
    blobs,
    claim_payments,
    claims,
    files,
    interchanges,
    remittances,
    submissions,
    work_items,
)
from . import trace_answers
from .looking import count, day, dollars
from .trace_claim import item_events
from .trace_report import ClaimLine, Event, Report, in_order


def trace_batch(connection: Connection, batch_id: int, most: int | None) -> Report:
    """The report of an interchange of ours, with the first `most` of its claims (None: all). Raises NoResultFound."""
    batch = connection.execute(select(batches).where(batches.c.id == batch_id)).one()
    events = list(_timeline(connection, "batch", batch_id))
    events += trace_answers.of_batch(connection, batch_id)
    events += _paid(connection, batch_id)
    events += _work(connection, "batch", batch_id)
    about = [
        f"{count(batch.claims, 'claim')}, {dollars(batch.cents)}, {_usage(batch.usage)}",
        f"batch {batch.id}, from {batch.sender} to {batch.receiver}, group {batch.gs06}, reference {batch.bht03}",
    ]
    if batch.remote_name:
        about.append(f"at the partner: {batch.remote_name}" + (f" (file {batch.file_id})" if batch.file_id else ""))
    if batch.reason:
        about.append(f"waits: {batch.reason}")
    of_batch = (
        select(claims.c.id)
        .join(submissions, submissions.c.claim_id == claims.c.id)
        .where(submissions.c.batch_id == batch_id)
    )
    total, lines = _claims(connection, of_batch, most)
    facts = {"batch_id": batch.id, "isa13": batch.isa13, "partner": batch.partner, "state": batch.state}
    facts |= {"file_id": batch.file_id, "cents": batch.cents, "ta1": batch.ta1, "group_ack": batch.group_ack}
    title = f"Interchange {batch.isa13} to {batch.partner}: {batch.state}"
    return Report("interchange", title, about, in_order(events), claims=lines, claims_total=total, facts=facts)


def trace_file(connection: Connection, file_id: int, most: int | None) -> Report:
    """The report of a file, with the first `most` of the claims that it brought or speaks of (None: all). A file that
    is an interchange of ours is told as that. Raises NoResultFound."""
    batch = connection.execute(select(batches.c.id).where(batches.c.file_id == file_id)).scalar()
    if batch is not None:
        return trace_batch(connection, batch, most)
    file = connection.execute(select(files).where(files.c.id == file_id)).one()
    events = list(_timeline(connection, "file", file_id))
    events += _answered(connection, file_id)
    for row in connection.execute(
        select(remittances).where(remittances.c.file_id == file_id).order_by(remittances.c.ordinal)
    ):
        events += _remittance(connection, row)
    events += _work(connection, "file", file_id)
    purged = connection.execute(select(blobs.c.purged_at).where(blobs.c.sha256 == file.sha256)).scalar()
    if purged is not None:
        events.append(Event(purged, "purge", "Its bytes were removed, as the retention policy says."))
    total, lines = _claims(connection, _claims_of(file), most)
    facts = {"file_id": file.id, "name": file.name, "kind": file.kind, "state": file.state, "sha256": file.sha256}
    facts |= {"direction": file.direction, "party": file.party, "claims": file.claims, "cents": file.cents}
    return Report(
        "file",
        f"File {file.id}, {file.name}: {file.kind or 'of no known kind'}, {file.state}",
        list(_about(connection, file)),
        in_order(events),
        claims=lines,
        claims_total=total,
        facts=facts,
    )


def _about(connection: Connection, file: Any) -> Iterator[str]:
    way = f"from {file.party}" if file.direction == "in" else f"to {file.party}"
    yield f"{way}, {file.size:,} bytes" + (
        f", {count(file.claims, 'claim')}, {dollars(file.cents)}" if file.claims else ""
    )
    names = connection.execute(
        select(interchanges).where(interchanges.c.file_id == file.id).order_by(interchanges.c.id).limit(4)
    ).all()
    for one in names[:3]:
        yield f"interchange {one.isa13} from {one.sender} to {one.receiver}, {_usage(one.usage)}"
    if len(names) > 3:
        yield "and more interchanges"
    if file.duplicate_of:
        yield f"the same content came before, as file {file.duplicate_of}: gateway trace file {file.duplicate_of}"
    if file.parent_id:
        yield f"it came inside file {file.parent_id}: gateway trace file {file.parent_id}"
    for row in connection.execute(
        select(files.c.id, files.c.name).where(files.c.parent_id == file.id).order_by(files.c.id).limit(10)
    ):
        yield f"holds {row.name}: gateway trace file {row.id}"
    if file.reason:
        yield f"remark: {file.reason}"


def _usage(usage: str) -> str:
    return {"T": "marked as test", "P": "marked as production"}.get(usage, "not marked as test or production")


# --- events ----------------------------------------------------------------------------------------


def _timeline(connection: Connection, kind: str, subject_id: int) -> Iterator[Event]:
    for row in timeline.of(connection, kind, subject_id):
        more = [f"configuration {row['config_hash'][:12]}"] if row["config_hash"] else []
        more += [f"by {row['who']}"] if row["who"] else []
        facts = {"config_hash": row["config_hash"]} if row["config_hash"] else {}
        # Refusals are told from the acknowledgments, with their files.
        if row["station"] != "acknowledge":
            yield Event(row["at"], row["station"], row["what"], more, facts)


def _work(connection: Connection, kind: str, subject_id: int) -> Iterator[Event]:
    for row in connection.execute(
        select(work_items)
        .where(work_items.c.subject_kind == kind, work_items.c.subject_id == subject_id)
        .order_by(work_items.c.id)
    ):
        yield from item_events(row)


def _answered(connection: Connection, file_id: int) -> Iterator[Event]:
    """Which of our interchanges an answer speaks of, and what it says of their claims."""
    rows = connection.execute(
        select(
            batches.c.isa13,
            batches.c.partner,
            acknowledgments.c.kind,
            acknowledgments.c.verdict,
            func.min(acknowledgments.c.at).label("at"),
        )
        .join(batches, batches.c.id == acknowledgments.c.batch_id)
        .where(acknowledgments.c.file_id == file_id, acknowledgments.c.submission_id.is_(None))
        .group_by(batches.c.isa13, batches.c.partner, acknowledgments.c.kind, acknowledgments.c.verdict)
        .order_by(batches.c.isa13, acknowledgments.c.kind, acknowledgments.c.verdict)
    )
    for row in rows:
        what = f"{row.kind} for interchange {row.isa13} to {row.partner}: {row.verdict}."
        yield Event(row.at, "acknowledge", what, [f"gateway trace {row.isa13}"], {"isa13": row.isa13})
    for event in trace_answers.claims_spoken_of(connection, acknowledgments.c.file_id == file_id):
        yield event._replace(more=())


def _remittance(connection: Connection, row: Any) -> Iterator[Event]:
    """A remittance: what it says it is, then what became of it."""
    facts = {"remittance_id": row.id, "trace_number": row.trace_number, "state": row.state}
    facts |= {"paid_cents": row.paid_cents, "posted_cents": row.posted_cents, "exception_cents": row.exception_cents}
    more = [
        f"{count(row.claims, 'claim payment')}; posted {dollars(row.posted_cents)}, waiting "
        f"{dollars(row.exception_cents)}, at provider level {dollars(row.provider_level_cents)}"
    ]
    more += [f"why: {row.reason}"] if row.reason else []
    what = (
        f"Remittance {row.id} of {row.payer_name or 'an unknown payer'}, {row.trace_number or 'no number'} of "
        f"{day(row.effective_date) or 'no date'}, {dollars(row.paid_cents)}: {row.state}."
    )
    yield Event(row.received_at, "post", what, more, facts)
    yield from _timeline(connection, "remittance", row.id)
    yield from _work(connection, "remittance", row.id)


def _paid(connection: Connection, batch_id: int) -> Iterator[Event]:
    """The remittances that pay claims of an interchange."""
    rows = connection.execute(
        select(
            remittances.c.id,
            remittances.c.file_id,
            remittances.c.trace_number,
            remittances.c.payer_name,
            files.c.name,
            func.count().label("payments"),
            func.sum(claim_payments.c.paid_cents).label("paid"),
            func.min(claim_payments.c.at).label("at"),
        )
        .join(claim_payments, claim_payments.c.remittance_id == remittances.c.id)
        .join(submissions, submissions.c.claim_id == claim_payments.c.claim_id)
        .join(files, files.c.id == remittances.c.file_id)
        .where(submissions.c.batch_id == batch_id)
        .group_by(
            remittances.c.id, remittances.c.file_id, remittances.c.trace_number, remittances.c.payer_name, files.c.name
        )
        .order_by(remittances.c.id)
    )
    for row in rows:
        paid = int(row.paid)
        what = f"{row.payer_name or 'A payer'} pays {dollars(paid)} on {count(row.payments, 'claim payment')} of it."
        facts = {"remittance_id": row.id, "file_id": row.file_id, "paid_cents": paid}
        yield Event(row.at, "post", what, [f"835 {row.name} (file {row.file_id}), {row.trace_number}"], facts)


# --- claims ----------------------------------------------------------------------------------------


def _claims_of(file: Any) -> Select[Any]:
    if file.direction == "in" and file.origin in ("source", "upload", "gateway"):
        return select(claims.c.id).where(claims.c.file_id == file.id)
    spoken_of = (
        select(submissions.c.claim_id)
        .join(acknowledgments, acknowledgments.c.submission_id == submissions.c.id)
        .where(acknowledgments.c.file_id == file.id)
    )
    paid = (
        select(claim_payments.c.claim_id)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .where(remittances.c.file_id == file.id, claim_payments.c.claim_id.is_not(None))
    )
    return select(claims.c.id).where(claims.c.id.in_(spoken_of.union(paid)))


def _claims(connection: Connection, ids: Select[Any], most: int | None) -> tuple[int, list[ClaimLine]]:
    """How many claims there are, and the first of them with what is open on each."""
    wanted: ColumnElement[bool] = claims.c.id.in_(ids)
    total = connection.execute(select(func.count()).select_from(claims).where(wanted)).scalar_one()
    columns = (claims.c.id, claims.c.claim_number, claims.c.state, claims.c.charge_cents, claims.c.payer_name)
    statement = select(*columns).where(wanted).order_by(claims.c.id)
    rows = connection.execute(statement if most is None else statement.limit(most)).all()
    open_cents = claim_balances(connection, [row.id for row in rows])
    return total, [
        ClaimLine(row.id, row.claim_number, row.state, row.charge_cents, open_cents[row.id], row.payer_name)
        for row in rows
    ]
