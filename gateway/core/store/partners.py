"""How each partner's line does: last poll, failures in a row, and whether it was stopped for a person."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .tables import partner_states


class Line(NamedTuple):
    """A partner's line. `stopped` is the reason why nothing is tried any more, empty while it runs; `error` what went
    wrong last, empty where the last call went through."""

    failures: int
    auth_failures: int
    stopped: str
    last_success_at: dt.datetime | None
    last_poll_at: dt.datetime | None
    error: str = ""


def line(connection: Connection, partner: str) -> Line:
    """Where a partner's line stands; a partner never tried has a clean one."""
    row = connection.execute(select(partner_states).where(partner_states.c.partner == partner)).first()
    if row is None:
        return Line(0, 0, "", None, None)
    stopped, error = row.reason if row.stopped_at else "", row.reason if row.failures else ""
    return Line(row.failures, row.auth_failures, stopped, row.last_success_at, row.last_poll_at, error)


def _ensure(connection: Connection, partner: str) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(partner_states)
        .values(partner=partner, failures=0, auth_failures=0, reason="")
        .on_conflict_do_nothing(index_elements=["partner"])
    )


def _set(connection: Connection, partner: str, **values: Any) -> None:
    _ensure(connection, partner)
    connection.execute(update(partner_states).where(partner_states.c.partner == partner).values(**values))


def succeeded(connection: Connection, partner: str, now: dt.datetime) -> None:
    """A call to the partner went through: counts start again."""
    _set(connection, partner, last_poll_at=now, last_success_at=now, failures=0, auth_failures=0)


def failed(connection: Connection, partner: str, reason: str, now: dt.datetime, *, auth: bool) -> Line:
    """A call failed; returns the line after counting it. A call that was under way when the line was stopped does not
    take the place of the reason for which it was stopped."""
    _ensure(connection, partner)
    values: dict[str, Any] = {
        "last_poll_at": now,
        "failures": partner_states.c.failures + 1,
        "reason": case((partner_states.c.stopped_at.is_(None), reason[:1000]), else_=partner_states.c.reason),
    }
    if auth:
        values["auth_failures"] = partner_states.c.auth_failures + 1
    connection.execute(update(partner_states).where(partner_states.c.partner == partner).values(**values))
    return line(connection, partner)


def stop(connection: Connection, partner: str, reason: str, now: dt.datetime) -> None:
    """Try nothing more with this partner until `start`."""
    _set(connection, partner, stopped_at=now, reason=reason[:1000])


def start(connection: Connection, partner: str) -> None:
    """A person says that the partner may be tried again."""
    _set(connection, partner, stopped_at=None, failures=0, auth_failures=0, reason="")
