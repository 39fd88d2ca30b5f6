"""A claim that was not taken in at its door (`ClaimState.FAULTY`), and a person who corrects it in place.

Corrected and clean it goes on as it would have at intake: with the patient it is now, with what a source has sent
before, and charged for the first time. Until then it stays where it is, and its work item says what is still wrong.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select, update

from ...config import Config
from ..ledger import transfers as ledger
from ..model.payer_frequency import VOID
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store.tables import claim_lines, claims, work_items
from ..work.items import close_items
from ..x12.claim import Claim
from ..x12.stored import StoredClaim
from .columns import columns_of, content_hash
from .commit_claims import Earlier
from .faulty_items import FAULTY_ITEM, faulty_key, faulty_reason
from .verdicts import HoldRow, Verdict

NOT_READ = "it could not be read as a claim; have the billing system send it again, corrected"
NOT_ITS_OWN = (
    "its transaction set could not be trusted as a whole, and nothing in the claim itself is to be corrected; have the "
    "billing system send that set again"
)


def is_faulty(row: Any) -> bool:
    """Whether a claim (its row) waits at the door."""
    return ClaimState(row.state) is ClaimState.FAULTY


def came_faulty() -> ColumnElement[bool]:
    """The claims that were not taken in when they came, whatever has become of them since."""
    waited = exists().where(work_items.c.claim_id == claims.c.id, work_items.c.kind == FAULTY_ITEM)
    return (claims.c.state == ClaimState.FAULTY) | waited


def item_of(connection: Connection, claim_id: int) -> Any | None:
    """The work item of a claim that came faulty by itself, open or closed."""
    return connection.execute(select(work_items).where(work_items.c.key == faulty_key(claim_id))).one_or_none()


def why_not(connection: Connection, row: Any) -> str:
    """Why a faulty claim cannot be corrected in place, and what to do instead; empty where it can be."""
    try:
        number = Claim(StoredClaim.unpack(row.content)).id
    except ValueError:
        return NOT_READ
    if not number or number != row.source_claim_number:
        # No number, or one that is too long to come back whole: a correction keeps it.
        return NOT_READ
    if item_of(connection, row.id) is None:
        return NOT_ITS_OWN
    later = sent_again(connection, row)
    return f"the billing system has sent it again, as claim {later} in our books; go on with that one" if later else ""


def sent_again(connection: Connection, row: Any) -> int | None:
    """The claim that its source has sent since under the same number, and that stands."""
    return connection.execute(
        select(claims.c.id)
        .where(
            claims.c.source == row.source,
            claims.c.source_claim_number == row.source_claim_number,
            claims.c.id > row.id,
            claims.c.state.not_in((ClaimState.FAULTY, ClaimState.CANCELLED)),
        )
        .order_by(claims.c.id)
        .limit(1)
    ).scalar_one_or_none()


def renumbered(config: Config, row: Any) -> bool:
    """Whether a faulty claim gets its number from us when it is taken in."""
    source = config.source(row.source)
    return is_faulty(row) and source is not None and source.our_claim_numbers


def repeats(connection: Connection, row: Any, stored: StoredClaim) -> list[HoldRow]:
    """The holds for a corrected claim whose number or content its source has sent before."""
    columns = columns_of(stored, row.source)
    asked = Verdict(row.ordinal, b"", content_hash(stored), columns, "", "", row.usage, 0, 0, [], [])
    Earlier(row.source).hold_repeats(connection, [asked])
    return asked.holds


def charge(connection: Connection, row: Any, verdict: Verdict, today: dt.date, now: dt.datetime) -> None:
    """A corrected claim is charged, for the first time and as at intake."""
    write_charge(connection, row, verdict)
    columns = verdict.columns
    if columns.frequency == VOID:
        return  # it asks for nothing
    ids = {line.number: line.id for line in claim_store.lines_of(connection, [row.id])[row.id]}
    lines = [(ids[line.number], line.charge_cents) for line in columns.lines]
    ledger.write(connection, ledger.charge_transfers(row.id, lines, columns.charge_cents, today), now)


def write_charge(connection: Connection, row: Any, verdict: Verdict) -> None:
    """What a claim that is not charged yet says of its charge, its numbers, and those of its lines."""
    columns = verdict.columns
    connection.execute(
        update(claims)
        .where(claims.c.id == row.id)
        .values(
            claim_number=columns.claim_number,
            charge_cents=columns.charge_cents,
            payer_claim_number=columns.payer_claim_number,
        )
    )
    for line in columns.lines:
        connection.execute(
            update(claim_lines)
            .where(claim_lines.c.claim_id == row.id, claim_lines.c.number == line.number)
            .values(charge_cents=line.charge_cents)
        )


def taken_in(connection: Connection, claim_id: int, who: str, now: dt.datetime) -> None:
    """Its work item is worked."""
    close_items(connection, [faulty_key(claim_id)], "The claim was corrected, and is taken in.", now, who=who)


def still(connection: Connection, claim_id: int, verdict: Verdict) -> None:
    """Its work item says what is left to correct."""
    connection.execute(
        update(work_items)
        .where(work_items.c.key == faulty_key(claim_id), work_items.c.state == "open")
        .values(reason=faulty_reason(verdict), cents=verdict.columns.charge_cents, payer_id=verdict.columns.payer_id)
    )
