"""The processes of a back office, as they stand in the database: what there is of each, one example, and the command
that shows more. Nothing here names a patient."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, select

from ..core.flow.release import BY_ITSELF
from ..core.ledger.accounts import balances_by_kind
from ..core.model.decision import HoldType
from ..core.model.money import to_dollars
from ..core.store.tables import (
    acknowledgments,
    batches,
    claim_payments,
    claims,
    corrections,
    denials,
    deposits,
    holds,
    work_items,
)

Reports = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of reports of plugins, by `plugin/name`."""

REPORTS: Mapping[str, Mapping[str, str]] = {
    "order_confirmation/order_feedback": {},
    "resupply/resupply_due": {},
    "oxygen/clock": {},
    "rul/ending": {},
    "maintenance/calendar": {},
}
"""The reports that are wanted, with what they are asked."""

HOLD_TYPES: Mapping[str, str] = {
    HoldType.PRESCRIPTION: "certificate or prescription",
    HoldType.AUTHORIZATION: "prior authorization",
    HoldType.SYSTEM: "automated system",
    HoldType.MANUAL: "manual",
}


class Count(NamedTuple):
    """So many of something (None: it is not counted), of so many cents (None: it has no dollars)."""

    words: str
    number: int | None
    cents: int | None = None


class Process(NamedTuple):
    """One process: its counts, an example in words (empty: there is none today), the command that shows more, and
    what of it comes with the money side."""

    name: str
    counts: list[Count]
    example: str
    more: str
    later: str = ""


def processes(connection: Connection, reports: Reports) -> list[Process]:
    """Every process of the back office."""
    made = (_orders, _holds, _transmission, _rejections, _cash, _denials, _receivables)
    special = (_resupply, _oxygen, _lifetime, _maintenance)
    return [one(connection) for one in made] + [one(connection, reports) for one in special]


def _count(connection: Connection, words: str, table: Table, cents: Any, *where: ColumnElement[bool]) -> Count:
    row = connection.execute(select(func.count(), func.sum(cents)).select_from(table).where(*where)).one()
    return Count(words, int(row[0]), int(row[1] or 0))


def _claims(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    return _count(connection, words, claims, claims.c.charge_cents, *where)


def _items(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    return _count(connection, words, work_items, work_items.c.cents, *where)


def _held(connection: Connection, words: str, *where: ColumnElement[bool]) -> Count:
    """Holds, with the charge of their claims."""
    row = connection.execute(
        select(func.count(), func.sum(claims.c.charge_cents))
        .select_from(holds.join(claims, claims.c.id == holds.c.claim_id))
        .where(*where)
    ).one()
    return Count(words, int(row[0]), int(row[1] or 0))


def _dollars(cents: int) -> str:
    return f"${to_dollars(cents):,.2f}"


def _dearest_item(connection: Connection, *where: ColumnElement[bool]) -> str:
    """The work item with the most dollars in words: why, and whose it is."""
    row = connection.execute(
        select(work_items).where(*where).order_by(work_items.c.cents.desc(), work_items.c.id).limit(1)
    ).first()
    return f"{row.reason} ({row.team} team)" if row is not None else ""


def _first_hold(connection: Connection, *where: ColumnElement[bool]) -> str:
    """A hold in words: which claim, and why, or why it was let go."""
    row = connection.execute(
        select(holds, claims.c.claim_number, claims.c.state)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(*where)
        .order_by(holds.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return ""
    if row.released_at is None:
        return f"{row.claim_number}: {row.reason} ({row.rule}, {row.team} team)"
    return f"{row.claim_number} waited: {row.reason} Then {row.release_reason}; it is {row.state} now."


# AK901, what a 999 says of a whole group.
_GROUP = {"A": "accepted", "P": "accepted in part", "E": "accepted, with errors", "R": "rejected"}
_OPEN = holds.c.released_at.is_(None)
_LET_GO = holds.c.released_at.is_not(None)


def _orders(connection: Connection) -> Process:
    of_orders = work_items.c.kind == "order_problem"
    waits = of_orders & (work_items.c.state == "open")
    return Process(
        "Order confirmation",
        [
            _claims(connection, "claims made of delivered orders", claims.c.source == "plugin:order_confirmation"),
            _items(connection, "reasons for which orders wait", waits),
            _items(connection, "reasons mended, the order sent again", of_orders & (work_items.c.state != "open")),
        ],
        _dearest_item(connection, waits),
        "report run order_feedback",
    )


def _holds(connection: Connection) -> Process:
    counts = []
    for code, name in HOLD_TYPES.items():
        gone = _held(connection, "", holds.c.type == code, _LET_GO).number
        counts.append(_held(connection, f"{name}, open ({gone} released)", holds.c.type == code, _OPEN))
    return Process("Hold management", counts, _most_released(connection), "report holds")


def _most_released(connection: Connection) -> str:
    """The claim that waited for the most things and waits for none any more."""
    rows = connection.execute(
        select(holds.c.claim_id, func.count())
        .group_by(holds.c.claim_id)
        .having(func.count() == func.count(holds.c.released_at))
        .order_by(func.count().desc(), holds.c.claim_id)
        .limit(1)
    ).first()
    if rows is None:
        return ""
    claim = connection.execute(select(claims).where(claims.c.id == rows.claim_id)).one()
    let_go = connection.execute(select(holds).where(holds.c.claim_id == claim.id).order_by(holds.c.released_at)).all()
    told = dict.fromkeys(
        f"{HOLD_TYPES.get(one.type, one.type)}, by "
        f"{'itself' if one.released_by == BY_ITSELF else one.released_by} ({one.release_reason})"
        for one in let_go
    )
    return f"{claim.claim_number} left when none of its {len(let_go)} holds was left. Released were: {'; '.join(told)}."


def _transmission(connection: Connection) -> Process:
    def told(words: str, kind: str, *hops: int) -> Count:
        where = (acknowledgments.c.kind == kind, acknowledgments.c.hop.in_(hops))
        chosen = select(func.count(acknowledgments.c.submission_id.distinct())).where(*where)
        return Count(words, int(connection.execute(chosen).scalar_one()))

    sent = batches.c.sent_at.is_not(None)
    row = connection.execute(select(batches).where(sent).order_by(batches.c.id).limit(1)).first()
    example = (
        f"Interchange {row.isa13} with {row.claims} claims, {_dollars(row.cents)}, was sent as {row.remote_name}; "
        f"its 999 said: {_GROUP.get(row.group_ack, row.group_ack or 'nothing yet')}."
        if row is not None
        else ""
    )
    return Process(
        "Claims transmission",
        [
            _count(connection, "interchanges sent", batches, batches.c.cents, sent),
            told("claims answered by the clearinghouse (277CA)", "277CA", 3),
            told("claims answered by the payer (277CA)", "277CA", 4),
            _items(connection, "answers that are overdue", work_items.c.kind == "overdue_ack"),
        ],
        example,
        "batches list",
    )


def _rejections(connection: Connection) -> Process:
    refused = work_items.c.kind == "rejection"
    made = (corrections.c.state == "made") & corrections.c.submission_id.is_not(None)
    join = corrections.join(claims, claims.c.id == corrections.c.claim_id)
    row = connection.execute(select(corrections, claims).select_from(join).where(made).limit(1)).first()
    again = connection.execute(
        select(func.count(), func.sum(claims.c.charge_cents)).select_from(join).where(made)
    ).one()
    example = (
        f"{row.claim_number} was refused ({row.edit}); {'; '.join(row.told)}, and it went again in a new interchange: "
        f"it is {row.state_1} now."
        if row is not None
        else ""
    )
    return Process(
        "Front-end rejections",
        [
            _items(connection, "claims refused", refused),
            Count("corrected, and sent again under their number", int(again[0]), int(again[1] or 0)),
            _items(connection, "still to correct", refused & (work_items.c.state == "open")),
        ],
        example,
        "rejection list",
    )


def _cash(connection: Connection) -> Process:
    posted = claim_payments.c.state == "posted"
    row = connection.execute(
        select(deposits).where(deposits.c.cents > 0).order_by(deposits.c.cents.desc()).limit(1)
    ).first()
    example = (
        f"{row.payer_name} pays {_dollars(row.cents)} by {row.method}, trace {row.trace_number}: {row.state}."
        if row is not None
        else ""
    )
    waits = work_items.c.kind.in_(("posting_exception", "remittance_exception")) & (work_items.c.state == "open")
    return Process(
        "Cash posting",
        [
            _count(connection, "payments posted by themselves", claim_payments, claim_payments.c.paid_cents, posted),
            _count(connection, "deposits expected at the bank", deposits, deposits.c.cents),
            _items(connection, "payments that wait for a person", waits),
        ],
        example,
        "queue list --kind posting_exception",
        "checks, lockbox and cards, and the closing of the day at a variance of 0.00",
    )


def _denials(connection: Connection) -> Process:
    to_work = (work_items.c.kind == "denial") & (work_items.c.state == "open")
    return Process(
        "Denial management",
        [
            _count(connection, "lines denied, each with its category and team", denials, denials.c.cents),
            _items(connection, "denials to work, with their dates", to_work),
        ],
        _dearest_item(connection, to_work),
        "queue list --kind denial",
        "appeals with their dates, outcomes, trends by reason and payer",
    )


def _receivables(connection: Connection) -> Process:
    balances = balances_by_kind(connection)
    patients = sum(cents for name, cents in balances.items() if name.startswith("patient"))
    unpaid = claims.c.state.in_(("sent", "acknowledged", "accepted"))
    row = connection.execute(select(claims).where(unpaid).order_by(claims.c.charge_cents.desc()).limit(1)).first()
    example = f"{row.claim_number}: {_dollars(row.charge_cents)}, {row.state}." if row is not None else ""
    return Process(
        "A/R management",
        [
            _claims(connection, "claims with their payers, not decided", unpaid),
            Count("what patients owe", None, patients),
        ],
        example,
        "queue list",
        "the follow-up queue by balance, and ageing",
    )


# --- the special processes of home medical equipment


def _by_rule(*rules: str) -> ColumnElement[bool]:
    return holds.c.rule.in_(rules)


def _states(rows: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[Count]:
    seen = Counter(str(row["state"]) for row in rows)
    for state, told in words.items():
        yield Count(told, seen[state])


def _resupply(connection: Connection, reports: Reports) -> Process:
    due = reports["resupply/resupply_due"]
    words = {"ask": "refills to ask the patient about", "ship": "refills to ship", "wanted": "asked for, not yet due"}
    early = (_by_rule("RS-1", "RS-2", "RS-3"), _OPEN)
    return Process(
        "Resupply",
        [
            *_states(due, words),
            _held(connection, "held: not asked for, too soon, or too much", *early),
            _held(connection, "released by a request that was recorded", _by_rule("RS-1", "RS-2", "RS-3"), _LET_GO),
        ],
        _first_hold(connection, _by_rule("RS-2"), _OPEN),
        "report run resupply_due",
    )


def _oxygen(connection: Connection, reports: Reports) -> Process:
    clock = reports["oxygen/clock"]
    return Process(
        "Oxygen",
        [
            Count("clocks that are kept, by patient and system", len(clock)),
            _held(connection, "contents that wait for their delivery", _by_rule("O-C4"), _OPEN),
            _held(connection, "contents released by their delivery ticket", _by_rule("O-C4"), _LET_GO),
            _held(connection, "contents that wait for month 37", _by_rule("O-C5"), _OPEN),
        ],
        _first_hold(connection, _by_rule("O-C5"), _OPEN),
        "report run oxygen/clock",
    )


def _day(text: str) -> str:
    return f"{dt.date.fromisoformat(text):%m/%d/%Y}"


def _lifetime(connection: Connection, reports: Reports) -> Process:
    ending = reports["rul/ending"]
    soon = next((row for row in ending if row["code"] == "E1390"), next(iter(ending), None))
    example = (
        f"{soon['code']} of patient {soon['patient']}, received on {_day(soon['received'])}, may be replaced from "
        f"{_day(soon['lifetime ends'])} on. Still needed for that: {soon['lacks'] or 'nothing'}."
        if soon is not None
        else ""
    )
    return Process(
        "Reasonable useful lifetime",
        [
            _held(connection, "second items inside their lifetime, held", _by_rule("RUL-1"), _OPEN),
            Count("items that reach their end within 90 days", len(ending)),
        ],
        example,
        "report run rul/ending",
    )


def _maintenance(connection: Connection, reports: Reports) -> Process:
    words = {
        "open": "visits due now",
        "coming": "visits that come up",
        "done": "visits made",
        "lapsed": "visits lapsed",
    }
    made = claims.c.source == "plugin:maintenance"
    row = connection.execute(select(claims).where(made).order_by(claims.c.id).limit(1)).first()
    example = (
        f"The visit of {row.from_date:%m/%d/%Y} was recorded, and its claim made: {row.claim_number}, "
        f"{_dollars(row.charge_cents)}; it is {row.state} now."
        if row is not None
        else ""
    )
    return Process(
        "Periodic maintenance",
        [*_states(reports["maintenance/calendar"], words), _claims(connection, "MS claims made of visits", made)],
        example,
        "report run maintenance/calendar",
    )
