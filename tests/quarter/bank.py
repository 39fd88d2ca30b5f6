"""The bank's side of the quarter: a BAI2 file for each day with the deposits, some of them odd.

`feed` hands the files to the gateway where it takes bank files (`gateway bank`); `FEEDS` says whether it does.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import random
from collections import Counter, defaultdict
from typing import Any, NamedTuple

from sqlalchemy import func, select

from ..oracle.money import Bank, Books
from ..oracle.money.wire import Remitted
from .office import BANK, Office

FEEDS = importlib.util.find_spec("gateway.core.flow.bank") is not None
ACCOUNT = "0011223344"
SHARES = {"as announced": 84, "without its number": 6, "never came": 5, "another amount": 5}


class BankDay(NamedTuple):
    """A bank's file."""

    name: str
    data: bytes


def bank_days(seed: int, books: Books) -> tuple[list[BankDay], Counter[str]]:
    """The files of all days; how many deposits came in which way."""
    rng = random.Random(f"bank:{seed}")
    days: dict[dt.date, list[str]] = defaultdict(list)
    told: Counter[str] = Counter()
    for number, one in enumerate(books.sets):
        found = one.remitted
        if not one.counts or found.total <= 0:
            continue
        how = rng.choices(list(SHARES), list(SHARES.values()))[0]
        told[how] += 1
        day = _next_day(dt.date.fromisoformat(found.day), rng.choice((0, 1, 1)))
        if how != "never came":
            cents = found.total + (1_000 if how == "another amount" else 0)
            days[day].append(_credit(number, cents, found, traced=how != "without its number"))
        if rng.random() < 0.03:
            told["of nobody"] += 1
            days[day].append(f"16,142,{rng.randrange(1_000, 90_000)},Z,X{number},,DEPOSIT")
    return [BankDay(f"bank-{day:%y%m%d}.bai", _file(day, lines)) for day, lines in sorted(days.items())], told


def _next_day(day: dt.date, later: int) -> dt.date:
    day += dt.timedelta(later)
    while day.weekday() > 4:
        day += dt.timedelta(1)
    return day


def _credit(number: int, cents: int, found: Remitted, *, traced: bool) -> str:
    addenda = f"TRN*1*{found.trace}*{found.originator}\\" if traced else f"ORIG ID:{found.originator} SEC:CCD"
    return f"16,142,{cents},Z,B{number},,{addenda}"


def _file(day: dt.date, lines: list[str]) -> bytes:
    total = sum(int(line.split(",")[2]) for line in lines)
    inner = [f"03,{ACCOUNT},,010,{total},,/", *lines]
    rows = [
        f"01,091000019,STILLWATER,{day:%y%m%d},0600,1,,,2/",
        f"02,STILLWATER,091000019,1,{day:%y%m%d},,,2/",
        *inner,
        f"49,{2 * total},{len(inner) + 1}/",
        f"98,{2 * total},1,{len(inner) + 3}/",
        f"99,{2 * total},1,{len(inner) + 5}/",
    ]
    return ("\n".join(rows) + "\n").encode()


def judged(days: list[BankDay], books: Books) -> Bank:
    """What the checker makes of the files."""
    bank = Bank()
    for day in days:
        bank.file(day.data.decode())
    bank.match(books)
    return bank


def feed(office: Office, days: list[BankDay]) -> None:
    """Hand the files to the gateway, one after the other."""
    flow: Any = importlib.import_module("gateway.core.flow.bank")
    bank = office.config.gateway.cash.bank(BANK)  # type: ignore[attr-defined]
    for day in days:
        stored, found = flow.keep(office.archive, day.data, bank)
        with office.sql.begin() as connection:
            taken = flow.take_in(connection, office.config, bank, day.name, stored, found, "pat", office.clock.now())
        assert not taken.refused, taken


def sums(office: Office) -> dict[str, int]:
    """What the bank has shown, by the state of its lines."""
    lines: Any = importlib.import_module("gateway.core.store.cash_tables").money_lines
    with office.sql.connect() as connection:
        rows = connection.execute(select(lines.c.state, func.sum(lines.c.cents)).group_by(lines.c.state))
        return {state: int(cents) for state, cents in rows}
