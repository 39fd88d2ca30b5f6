"""The special processes of home medical equipment, as they stand in the database and in reports of their plugins."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from ..core.store.tables import claims, holds
from .counting import LET_GO, OPEN, Count, Process, claims_of, dollars, held, latest_hold

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


def _by_rule(*rules: str) -> ColumnElement[bool]:
    return holds.c.rule.in_(rules)


def _states(rows: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[Count]:
    seen = Counter(str(row["state"]) for row in rows)
    for state, told in words.items():
        yield Count(told, seen[state])


def resupply(connection: Connection, reports: Reports) -> Process:
    """Refills: due, too soon, asked for."""
    due = reports["resupply/resupply_due"]
    words = {"ask": "refills to ask the patient about", "ship": "refills to ship", "wanted": "asked for, not yet due"}
    early = (_by_rule("RS-1", "RS-2", "RS-3"), OPEN)
    return Process(
        "Resupply",
        [
            *_states(due, words),
            held(connection, "held: not asked for, too soon, or too much", *early),
            held(connection, "released by a request that was recorded", _by_rule("RS-1", "RS-2", "RS-3"), LET_GO),
        ],
        latest_hold(connection, _by_rule("RS-2"), OPEN),
        "report run resupply_due",
    )


def oxygen(connection: Connection, reports: Reports) -> Process:
    """Clocks, and contents that wait."""
    clock = reports["oxygen/clock"]
    return Process(
        "Oxygen",
        [
            Count("clocks that are kept, by patient and system", len(clock)),
            held(connection, "contents that wait for their delivery", _by_rule("O-C4"), OPEN),
            held(connection, "contents released by their delivery ticket", _by_rule("O-C4"), LET_GO),
            held(connection, "contents that wait for month 37", _by_rule("O-C5"), OPEN),
        ],
        latest_hold(connection, _by_rule("O-C5"), OPEN),
        "report run oxygen/clock",
    )


def _day(text: str) -> str:
    return f"{dt.date.fromisoformat(text):%m/%d/%Y}"


def lifetime(connection: Connection, reports: Reports) -> Process:
    """Second items, and what may be replaced soon."""
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
            held(connection, "second items inside their lifetime, held", _by_rule("RUL-1"), OPEN),
            Count("items that reach their end within 90 days", len(ending)),
        ],
        example,
        "report run rul/ending",
    )


def maintenance(connection: Connection, reports: Reports) -> Process:
    """Visits, and the claims that are made of them."""
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
        f"{dollars(row.charge_cents)}; it is {row.state} now."
        if row is not None
        else ""
    )
    return Process(
        "Periodic maintenance",
        [*_states(reports["maintenance/calendar"], words), claims_of(connection, "MS claims made of visits", made)],
        example,
        "report run maintenance/calendar",
    )
