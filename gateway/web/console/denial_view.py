"""One denial with everything that its page shows: why in the payer's codes and in our words, what may be done, what was
done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ...config import Config
from ...config.work_tables import work_table
from ...core.flow import denial_claims, denial_letters, denial_list
from ...core.flow.again import CannotBeDone
from ...core.flow.denial_acts import Asked, Case, locked
from ...core.flow.denial_money import ABN
from ...core.model.carc import ANY
from ...core.model.money import to_cents
from ...core.model.value_words import group_words
from ...core.model.work_tables import WRITE_OFF_APPROVERS, WRITE_OFF_RULES
from ...core.store.denial_tables import ENDED
from ...core.store.tables import claim_payments, documents, patients, remittances
from ...core.work import queue, touches
from ...plugins.tables import Tables


class Word(NamedTuple):
    """A code of the payer, and what it means in our words; what to do where our table says so."""

    code: str
    meaning: str
    action: str = ""


class Event(NamedTuple):
    """Something that was done; `letter` is the entry whose letter it made (0: none)."""

    at: dt.datetime
    who: str
    what: str
    note: str
    letter: int = 0


class Way(NamedTuple):
    """A letter that may be written: its name, by when, whether that is over; or why there is none."""

    name: str
    by: dt.date | None
    late: bool
    why_not: str


class Rule(NamedTuple):
    """A named rule for write-offs, and up to how many cents it goes."""

    name: str
    most: int


class Seen(NamedTuple):
    """Everything that a denial's page shows. `unsent`: its last letter, where nobody has sent it; `asked`: the
    write-off that waits for approval; `may`: cents that this person may write off; `reopen`,
    `appeal`: the letters; `owes`: whether the patient may be billed."""

    denial: denial_list.Listed
    reason: str
    item: queue.Item | None
    claim: Any
    patient: Any
    words: list[Word]
    payment: Any
    documents: Sequence[Any]
    events: list[Event]
    unsent: Any
    asked: Any
    appeal: Way
    reopen: Way
    may: int
    rules: list[Rule]
    owes: bool
    is_over: bool
    letter: int


def seen(connection: Connection, config: Config, denial_id: int, who: str, now: dt.datetime, today: dt.date) -> Any:
    """A denial by its id; None where there is none."""
    told = denial_list.one(connection, denial_id, today)
    if told is None:
        return None
    one = locked(connection, denial_id, lock=False)
    asked = Asked(who, "", now, today, config)
    item = queue.one(connection, told.item_id, today) if told.item_id else None
    approver = work_table(config.tables, WRITE_OFF_APPROVERS).find(today, who)
    payment = connection.execute(
        select(claim_payments, remittances.c.trace_number, remittances.c.file_id, remittances.c.effective_date)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .where(claim_payments.c.id == one.denial.claim_payment_id)
    ).one_or_none()
    return Seen(
        told.denial,
        told.reason,
        item.item if item is not None else None,
        one.claim,
        connection.execute(select(patients).where(patients.c.id == one.claim.patient_id)).one_or_none(),
        _words(config.tables, one, today),
        payment,
        connection.execute(
            select(documents)
            .where(documents.c.patient_id == one.claim.patient_id)
            .order_by(documents.c.id.desc())
            .limit(100)
        ).all(),
        _events(told.acts, item.touches if item is not None else touches.of(connection, told.item_id or 0)),
        denial_letters.unsent(connection, denial_id),
        next((row for row in told.write_offs if row["state"] == "asked"), None),
        _way(denial_claims.to_appeal, one, asked, one.case.appeal_by),
        _way(denial_claims.to_reopen, one, asked, one.case.reopen_by),
        _cents(approver.values["most"]) if approver is not None else 0,
        [
            Rule(row.values["rule"], _cents(row.values["most"]))
            for row in work_table(config.tables, WRITE_OFF_RULES).on(today)
        ],
        one.denial.group_code == "PR" or ABN in one.modifiers,
        told.denial.status in ENDED,
        denial_list.last_letter(connection, denial_id),
    )


def _way(ask: Any, one: Case, asked: Asked, by: dt.date | None) -> Way:
    late = by is not None and asked.today > by
    try:
        found = ask(one, asked, good_cause=True)
    except CannotBeDone as error:
        return Way("", by, late, str(error))
    said = "" if found.name == found.kind else f" ({found.name})"
    return Way(f"Appeal, level {found.level}{said}" if found.level else f"Reopening: {found.name}", by, late, "")


def _cents(text: str) -> int:
    return to_cents(Decimal(text))


def _words(tables: Tables, one: Case, today: dt.date) -> list[Word]:
    reason, remark = one.denial.reason_code, one.denial.remark_code
    found = [Word(one.denial.group_code, group_words(one.denial.group_code))]
    carc, rarc = tables.get("carc"), tables.get("rarc")
    row = carc.find(today, reason) if carc is not None else None
    values = row.values if row is not None else {}
    found.append(Word(reason, values.get("meaning", "our table carc does not have it"), values.get("action", "")))
    if remark:
        row = (rarc.find(today, reason, remark) or rarc.find(today, ANY, remark)) if rarc is not None else None
        values = row.values if row is not None else {}
        found.append(Word(remark, values.get("meaning", "our table rarc does not have it"), values.get("action", "")))
    return found


def _events(acts: Sequence[Any], done: Sequence[Any]) -> list[Event]:
    found = [Event(act["at"], act["who"], act["outcome"], act["why"], act["id"] * bool(act["sha256"])) for act in acts]
    for one in done:
        what = (one["action"] or one["verb"]).replace("_", " ").capitalize()
        next_ = f" Next: {one['follow_up']:%m/%d/%Y}." if one["follow_up"] is not None else ""
        found.append(Event(one["at"], one["who"], f"{what}.{next_}", one["note"]))
    return sorted(found, key=lambda event: event.at, reverse=True)
