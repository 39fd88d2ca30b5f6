"""What payers answer to inquiries (277): on the claim's timeline in plain words, and the next date of its follow-up.

An answer decides nothing: money and denials come with the remittance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update

from ...config import Config
from ...config.work_tables import work_table
from ..clock import business_date
from ..model.answers import InquiryAnswer
from ..model.code_words import ENTITIES, STATUSES
from ..model.money import to_dollars
from ..model.work_tables import STATUS_ANSWERS
from ..store import timeline
from ..store.inquiry_tables import inquiries
from ..store.tables import batches, claims, work_items
from .ack_chunk import BULK, Chunk

STATION = "inquire"
FOLLOW_UP = "follow_up"


class Meaning(NamedTuple):
    """What an answer means: in words, and in how many days somebody looks again."""

    words: str
    days: int


def meaning(config: Config, category: str, today: dt.date) -> Meaning:
    """What a category means (table status_answers); one that nobody knows is for somebody today."""
    table = work_table(config.tables, STATUS_ANSWERS)
    for key in (category, category[:1]):
        row = table.find(today, key) if key else None
        if row is not None:
            return Meaning(row.values["words"], int(row.values["days"]))
    return Meaning(f"category {category or '(none)'}, which the table status_answers does not have", 0)


def words_of(answer: InquiryAnswer, said: Meaning) -> str:
    """The answer in a biller's words; no names."""
    first = answer.codes[0] if answer.codes else None
    told = [said.words]
    if first is not None and first.status and first.status != "0":
        told.append(STATUSES.get(first.status, f"status {first.status}"))
        if first.entity:
            told[-1] += f", {ENTITIES.get(first.entity, f'entity {first.entity}')}"
    text = f"The payer answers: {': '.join(told)} ({' '.join(str(code) for code in answer.codes) or 'no code'})."
    if answer.decided_on:
        text += f" Decided on {_day(answer.decided_on)}."
    if answer.paid_cents:
        check = f", check or EFT {answer.check_number}" if answer.check_number else ""
        when = f" on {_day(answer.paid_on)}" if answer.paid_on else ""
        text += f" Paid ${to_dollars(answer.paid_cents):,}{when}{check}; it is posted when the remittance comes."
    if answer.payer_claim_number:
        text += f" Its number there: {answer.payer_claim_number}."
    return text


def _day(iso: str) -> str:
    return f"{dt.date.fromisoformat(iso):%m/%d/%Y}"


def take(chunk: Chunk, found: Sequence[InquiryAnswer], config: Config) -> None:
    """Attach the answers to their inquiries and claims. The same answer again changes nothing but its moment."""
    today = business_date(chunk.now, config.gateway.organisation.time_zone)
    asked: dict[str, Any] = {}
    traces = sorted({answer.trace for answer in found})
    for start in range(0, len(traces), BULK):
        rows = chunk.connection.execute(
            select(inquiries, batches.c.partner)
            .join(batches, batches.c.id == inquiries.c.batch_id)
            .where(inquiries.c.trace.in_(traces[start : start + BULK]), batches.c.partner == chunk.partner)
            .order_by(inquiries.c.id)
            .with_for_update(of=inquiries)
        )
        asked.update((row.trace, row) for row in rows)
    for answer in found:
        row = asked.get(answer.trace)
        if row is None:
            chunk.stray(f"inquiry {answer.trace}")
            continue
        _one(chunk, answer, row, config, today)


def _one(chunk: Chunk, answer: InquiryAnswer, row: Any, config: Config, today: dt.date) -> None:
    category = answer.codes[0].category if answer.codes else ""
    said = meaning(config, category, today)
    told = words_of(answer, said)
    details = {
        "codes": [str(code) for code in answer.codes],
        "paid_cents": answer.paid_cents,
        "decided_on": answer.decided_on,
        "paid_on": answer.paid_on,
        "check_number": answer.check_number,
    }
    chunk.connection.execute(
        update(inquiries)
        .where(inquiries.c.id == row.id)
        .values(answered_at=chunk.now, file_id=chunk.file_id, category=category[:4], told=told[:1000], details=details)
    )
    again = today + dt.timedelta(days=said.days)
    looked = chunk.connection.execute(
        update(work_items)
        .where(work_items.c.claim_id == row.claim_id, work_items.c.kind == FOLLOW_UP, work_items.c.state == "open")
        .values(follow_up=again, snoozed_until=None)
    ).rowcount
    if answer.payer_claim_number:
        chunk.connection.execute(
            update(claims)
            .where(claims.c.id == row.claim_id, claims.c.payer_claim_number == "")
            .values(payer_claim_number=answer.payer_claim_number)
        )
    if looked:
        told += f" Next look: {again:%m/%d/%Y}." if said.days else " It is for somebody today."
    chunk.entries.append(timeline.Entry("claim", row.claim_id, STATION, told))
