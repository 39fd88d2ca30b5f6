"""Money keyed by hand: checks, cards and cash on a slip that goes to the bank; or a line that somebody read there.

A slip is expected at the bank as one sum. Each check on it is money in hand, held against remittances like a line of
the bank; its deposit is not reconciled before the bank shows the slip.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert

from ..model.money import to_dollars
from ..store import timeline
from ..store.ids import allocate
from ..store.tables import deposits
from . import automatch, money
from .days import NotDone
from .matching import plain_name, plain_number
from .money import BANK, HAND, NewLine, line_key
from .standing import EXPECTED

IN_HAND = ("check", "card", "cash")
MOST_CHECKS = 1000


class Keyed(NamedTuple):
    """A check, a card or cash payment as it is keyed; also a transfer, where somebody read it at the bank."""

    method: str
    cents: int
    on_date: dt.date
    number: str = ""
    payer: str = ""
    told: str = ""


class Slip(NamedTuple):
    """What was keyed: the number of the slip (0: lines read at the bank have none), and of its lines."""

    deposit_id: int
    line_ids: tuple[int, ...]
    matched: int


def add_slip(
    connection: Connection,
    checks: Sequence[Keyed],
    number: str,
    who: str,
    days: int,
    today: dt.date,
    now: dt.datetime,
) -> Slip:
    """Key a slip with what is on it, and match it. After `money.my_turn`.

    Raises:
        NotDone: nothing is on it, something cannot be in hand or has no amount, or a check was keyed before.
    """
    _sound(checks, who)
    for one in checks:
        if one.method not in IN_HAND:
            raise NotDone(f"On a slip are {', '.join(IN_HAND)}; {one.method} is money at the bank (--at-bank).")
    slip_id = allocate(connection, "deposits", 1)
    methods = {one.method for one in checks}
    connection.execute(
        insert(deposits).values(
            id=slip_id,
            remittance_id=None,
            method=methods.pop() if len(methods) == 1 else "other",
            payer_id="",
            payer_name="",
            trace_number=number[:50],
            cents=sum(one.cents for one in checks),
            expected_on=max(one.on_date for one in checks),
            state=EXPECTED,
            created_at=now,
        )
    )
    ids = _add(connection, checks, HAND, number, slip_id, who, now)
    what = f"Keyed: a slip of {len(checks):,} for ${to_dollars(sum(one.cents for one in checks)):,}."
    timeline.add(connection, [timeline.Entry("deposit", slip_id, "deposit", what, who=who)], now)
    done = automatch.match_open(connection, days, today, now, line_ids=ids, deposit_ids=[slip_id])
    return Slip(slip_id, ids, done.matched)


def add_at_bank(
    connection: Connection, lines: Sequence[Keyed], who: str, days: int, today: dt.date, now: dt.datetime
) -> Slip:
    """Key lines that somebody read at the bank, where it sends no files; and match them. After `money.my_turn`.

    Raises:
        NotDone: see `add_slip`.
    """
    _sound(lines, who)
    ids = _add(connection, lines, BANK, "", None, who, now)
    done = automatch.match_open(connection, days, today, now, line_ids=ids)
    return Slip(0, ids, done.matched)


def _sound(checks: Sequence[Keyed], who: str) -> None:
    if not who.strip():
        raise NotDone("Say who keys it.")
    if not checks:
        raise NotDone("Nothing is on it.")
    if len(checks) > MOST_CHECKS:
        raise NotDone(f"At most {MOST_CHECKS:,} are keyed at once.")
    for number, one in enumerate(checks, 1):
        if one.cents <= 0:
            raise NotDone(f"Number {number} has no amount.")


def _add(
    connection: Connection,
    checks: Sequence[Keyed],
    origin: str,
    slip: str,
    slip_id: int | None,
    who: str,
    now: dt.datetime,
) -> tuple[int, ...]:
    seen: dict[tuple[object, ...], int] = {}
    lines: list[NewLine] = []
    for one in checks:
        # Two payments without numbers may be alike: on one slip the second is another one.
        what = (one.method, plain_number(one.number), one.cents, one.on_date.isoformat(), plain_name(one.payer))
        nth = seen[what] = seen.get(what, 0) + 1
        key = line_key("keyed", origin, *what, "" if one.number else slip, 1 if one.number else nth)
        lines.append(
            NewLine(
                origin,
                "by hand",
                one.on_date,
                one.method,
                one.cents,
                key,
                number=len(lines) + 1,
                trace_number=one.number,
                payer=one.payer,
                told=one.told,
                deposit_id=slip_id,
                who=who,
            )
        )
    added = money.add_lines(connection, lines, now)
    if len(added.ids) != len(lines):
        known = next((at for at, line in enumerate(lines, 1) if line.key not in added.ids), len(lines))
        if len({line.key for line in lines}) != len(lines):
            raise NotDone("The same check stands on it twice. Nothing was keyed.")
        raise NotDone(
            f"Number {known} was keyed before: the same way, number, amount, payer and date. Nothing was keyed."
        )
    return tuple(added.ids.values())
