"""Commit of a correction, beside what every replay commits: the patient whose claim it is now, its charges in the
ledger, its timeline, and the new interchange of a claim that was refused.

One that was not taken in is, when nothing is wrong with it any more: under the lock that commits of claims take, so
that of it and the same claim sent again only one goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from ..ledger import transfers as ledger
from ..model.money import to_dollars
from ..model.payer_frequency import VOID
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import patients as patient_store
from ..store.ids import allocate
from ..store.tables import claim_lines, claims, corrections, transfers
from ..work.items import WorkItem
from ..x12.stored import StoredClaim
from . import correct, faulty_claims
from .again import CannotBeDone, sentence
from .columns import columns_of
from .commit_claims import NEXT_PAYERS, Origin, merge_items
from .resubmit import resubmit
from .verdicts import Columns, Verdict


def contents(connection: Connection, chunk: Mapping[str, Any]) -> dict[int, bytes]:
    """The packed claims of a chunk as they were corrected, by claim."""
    return {row.claim_id: row.after for row in of_chunk(connection, chunk, lock=False).values()}


def of_chunk(connection: Connection, chunk: Mapping[str, Any], *, lock: bool = True) -> dict[int, Any]:
    """The corrections of a chunk, by request. `lock`: no other commit makes patients until the transaction ends."""
    if lock:
        allocate(connection, "claims", 1)
    wanted = [request_id for request_id, _, _ in chunk["asked"]]
    rows = connection.execute(select(corrections).where(corrections.c.request_id.in_(wanted)))
    return {row.request_id: row for row in rows}


def refuse(connection: Connection, request_id: int) -> bool:
    """A correction comes to nothing; False where the request was none."""
    return bool(
        connection.execute(
            update(corrections).where(corrections.c.request_id == request_id).values(state="refused")
        ).rowcount
    )


def why_not(connection: Connection, row: Any, verdict: Verdict, correction: Any) -> str:
    """Why a corrected claim cannot be committed; empty where it can."""
    why = correct.why_not(connection, row)
    if why:
        return f"It is {row.state} by now: {why}."
    if row.content != correction.before:
        return "It has changed meanwhile. Look at it again, then correct it."
    columns = verdict.columns
    faulty = faulty_claims.is_faulty(row)
    if verdict.fault and not (faulty and columns.claim_number):
        return f"Like that it could not be worked on: {verdict.fault}"
    before = row.source_claim_number if faulty else row.claim_number
    if (columns.source_number if faulty and columns.source_number else columns.claim_number) != before:
        return f"It would be another claim number ({columns.claim_number}); the claim stays as it is."
    typed = columns_of(StoredClaim.unpack(correction.after), "")
    if _charges(columns) != _charges(typed):
        return "A step of its chain would change what is charged; that is for a person to do."
    lines = [(line.number, line.charge_cents) for line in claim_store.lines_of(connection, [row.id])[row.id]]
    if [number for number, _ in lines] != [line.number for line in columns.lines]:
        return "It would have other lines than it has; cancel it, and have the billing system send it anew."
    charged = (row.charge_cents, [cents for _, cents in lines])
    if _charges(columns) != charged and _is_posted(connection, row.id):
        return (
            f"Its charge stays ${to_dollars(row.charge_cents):,}, with that of each line: something is posted on it. "
            "Correct the rest without the charge, or replace the claim."
        )
    return ""


def _charges(columns: Columns) -> tuple[int, list[int]]:
    return columns.charge_cents, [line.charge_cents for line in columns.lines]


def _is_posted(connection: Connection, claim_id: int) -> bool:
    found = select(transfers.c.id).where(transfers.c.claim_id == claim_id, transfers.c.kind != "charge")
    return connection.execute(found.limit(1)).first() is not None


def settle(
    connection: Connection, origin: Origin, row: Any, verdict: Verdict, correction: Any, now: dt.datetime
) -> tuple[int | None, list[WorkItem]]:
    """What a correction changes beside the claim itself: charges in the ledger, and the patient where it is somebody
    else. Returns the patient of the claim now, and what is to be looked at because of that."""
    made(connection, correction)
    if faulty_claims.is_faulty(row):
        faulty_claims.charge(connection, row, verdict, origin.today, now)
        faulty_claims.taken_in(connection, row.id, correction.who, now)
    else:
        _recharge(connection, origin, row, verdict, correction, now)
    return _relink(connection, origin, row, verdict, now)


def made(connection: Connection, correction: Any) -> None:
    """The claim is as the correction says."""
    connection.execute(update(corrections).where(corrections.c.id == correction.id).values(state="made"))


def _recharge(
    connection: Connection, origin: Origin, row: Any, verdict: Verdict, correction: Any, now: dt.datetime
) -> None:
    if row.source == NEXT_PAYERS:
        return  # nothing was charged on it
    columns = verdict.columns
    ids = {line.number: line.id for line in claim_store.lines_of(connection, [row.id])[row.id]}
    lines = [(ids[line.number], line.charge_cents) for line in columns.lines]
    # A void asks for nothing, whatever stands on it.
    asked = [(line_id, 0) for line_id, _ in lines] if columns.frequency == VOID else lines
    total = 0 if columns.frequency == VOID else columns.charge_cents
    anew = ledger.recharge_transfers(
        connection, row.id, asked, total, origin.today, "the claim was corrected", f"c{correction.id}"
    )
    if not anew:
        return
    ledger.write(connection, anew, now)
    connection.execute(update(claims).where(claims.c.id == row.id).values(charge_cents=columns.charge_cents))
    for line_id, cents in lines:
        connection.execute(update(claim_lines).where(claim_lines.c.id == line_id).values(charge_cents=cents))


def _relink(
    connection: Connection, origin: Origin, row: Any, verdict: Verdict, now: dt.datetime
) -> tuple[int | None, list[WorkItem]]:
    person = verdict.columns.person._replace(source=origin.source)
    before = columns_of(StoredClaim.unpack(row.content), origin.source).person._replace(source=origin.source)
    if not faulty_claims.is_faulty(row) and patient_store.keys_of(person) == patient_store.keys_of(before):
        return row.patient_id, []
    if row.patient_id and patient_store.is_only_this(connection, row.patient_id, row.id, before, person):
        # What was corrected is how this patient is known; with a new one, this one would stay behind with nothing.
        patient_store.also_known_as(connection, person, row.patient_id, verdict.columns.from_date)
        return row.patient_id, []
    linked = patient_store.link(connection, [person], [verdict.columns.from_date], now)
    (patient_id,) = linked.patient_ids
    if patient_id != row.patient_id:
        connection.execute(update(claims).where(claims.c.id == row.id).values(patient_id=patient_id))
        connection.execute(update(claim_lines).where(claim_lines.c.claim_id == row.id).values(patient_id=patient_id))
    return patient_id, merge_items(origin.today, linked.suggested)


def goes_again(connection: Connection, row: Any, correction: Any, now: dt.datetime) -> str:
    """A claim that was refused, corrected, goes in a new interchange. Returns what becomes of it, in words."""
    reason = f"corrected after {correction.edit}" if correction.edit else "corrected"
    try:
        again = resubmit(connection, row.id, correction.who, reason, now)
    except CannotBeDone as error:
        return f"It is corrected, and stays {row.state}. {error}"
    return f"Corrected and resubmitted. {again.what}"


def in_words(correction: Any, reason: str, outcome: str) -> str:
    """A correction for the claim's timeline."""
    cause = f" Cause: {correction.root_cause}." if correction.root_cause else ""
    return f"Corrected: {'; '.join(correction.told)}. {sentence(reason)}{cause} {outcome}".rstrip()


def is_refused(state: str) -> bool:
    """Whether a claim in this state goes in a new interchange when it is corrected."""
    return ClaimState(state) in (ClaimState.REJECTED, ClaimState.DENIED)
