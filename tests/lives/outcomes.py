"""What comes of a life: records of claims that left or were kept back, and of what stood on lists."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class Left(NamedTuple):
    """A claim that left; `warned`: the rules that were told with it."""

    date: dt.date
    code: str
    dos: dt.date
    units: int
    modifiers: frozenset[str]
    payer: str
    warned: frozenset[str]


class Kept(NamedTuple):
    """A claim that was kept back on a day; `rules`: those that are told for the first time. `warned` as in `Left`;
    `visit`: it bills maintenance."""

    date: dt.date
    code: str
    dos: dt.date
    rules: frozenset[str]
    warned: frozenset[str] = frozenset()
    visit: bool = False


class Listed(NamedTuple):
    """What stood on a list on a day. `dos`: the day that it speaks of."""

    date: dt.date
    rule: str
    code: str
    dos: dt.date
    state: str
    units: int


class Lived(NamedTuple):
    """Everything that came of a life, and the days on which the lists were looked at. `worked`: the work items that
    stood open then, as the plugins' schedules open and close them."""

    left: list[Left]
    kept: list[Kept]
    listed: list[Listed]
    looked: frozenset[dt.date]
    worked: list[Listed]
