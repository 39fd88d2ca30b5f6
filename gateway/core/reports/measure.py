"""What every figure has: its definition, its groups, and how it is judged."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, true

from ..clock import day_begins
from ..model.money import to_dollars
from ..store.tables import claims

MOST_DAYS = 3_660
ALL = "all"
NOT_SAID = "(not said)"
NARROWS = ("payer", "source")


class Unit(enum.StrEnum):
    """What a figure is counted in."""

    PERCENT = "percent"
    DAYS = "days"
    HOURS = "hours"
    DOLLARS = "dollars"


class Judged(enum.StrEnum):
    """How a figure stands against its threshold."""

    GREAT = "great"
    ATTENTION = "attention"
    ACT = "act"


class Threshold(NamedTuple):
    """From where on a figure is great, and from where on somebody must act; between the two it needs attention. Without
    `act` the page names none. `low_is_good`: smaller is better."""

    great: Decimal
    act: Decimal | None
    low_is_good: bool
    source: str

    def judge(self, value: Decimal) -> Judged:
        """Where a value stands. The edges are those of the page: great is below (or at least) the first number, act is
        beyond the second."""
        if self.low_is_good:
            if value < self.great:
                return Judged.GREAT
            return Judged.ACT if self.act is not None and value > self.act else Judged.ATTENTION
        if value >= self.great:
            return Judged.GREAT
        return Judged.ACT if self.act is not None and value < self.act else Judged.ATTENTION

    @property
    def in_words(self) -> str:
        """The threshold, for people."""
        if self.low_is_good:
            act = f", act above {self.act}" if self.act is not None else ""
            return f"great below {self.great}{act} [{self.source}]"
        act = f", act below {self.act}" if self.act is not None else ""
        return f"great from {self.great} on{act} [{self.source}]"


class Scope(NamedTuple):
    """What a figure is asked for: the days from `first` to `last`, in the supplier's zone; one payer's or one source's
    claims (empty: all); `by`: what it is grouped by (empty: not). What stands on a day stands at the end of `last`."""

    first: dt.date
    last: dt.date
    today: dt.date
    zone: str
    payer: str = ""
    source: str = ""
    by: str = ""

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def begins(self) -> dt.datetime:
        """The moment at which the period begins."""
        return day_begins(self.first, self.zone)

    @property
    def ends(self) -> dt.datetime:
        """The moment at which it has ended."""
        return day_begins(self.last + dt.timedelta(days=1), self.zone)

    def within(self, column: Any) -> ColumnElement[bool]:
        """The moments of the period."""
        return and_(column >= self.begins, column < self.ends)

    @property
    def narrowed(self) -> bool:
        """Whether only some claims are asked for."""
        return bool(self.payer or self.source)

    @property
    def of_claims(self) -> ColumnElement[bool]:
        """The claims that are asked for."""
        wanted: ColumnElement[bool] = true()
        if self.payer:
            wanted = and_(wanted, claims.c.payer_id == self.payer)
        if self.source:
            wanted = and_(wanted, claims.c.source == self.source)
        return wanted


class Figure(NamedTuple):
    """One group of a figure: what stands above and below the line (cents or counts, as the definition says), the value,
    and what is to be said beside it."""

    group: str
    numerator: int
    denominator: int | None
    value: Decimal | None
    words: str = ""


class Definition(NamedTuple):
    """What a figure is. `above` and `below` are what the numerator and the denominator count, `cents` says whether
    (`above`, `below`) are amounts. `groups`: what it may be grouped by; `narrows`: whose alone it may be told of.
    `behind`: which claims it drills to."""

    name: str
    title: str
    formula: str
    above: str
    below: str
    unit: Unit
    cents: tuple[bool, bool]
    behind: str
    groups: tuple[str, ...] = ()
    threshold: Threshold | None = None
    note: str = ""
    narrows: tuple[str, ...] = NARROWS

    def can_tell(self, scope: Scope) -> bool:
        """Whether it can be told of one payer's or one source's claims, where that is asked for."""
        return all(name in self.narrows for name in NARROWS if getattr(scope, name))


class Report(NamedTuple):
    """A figure with how it is worked out: `figures(connection, scope)`, and `claims(connection, scope, group)`, a query
    of the ids of claims (`claim_id`), what each adds (`cents`) and the group it is in (`part`)."""

    definition: Definition
    figures: Callable[[Connection, Scope], list[Figure]]
    claims: Callable[[Connection, Scope], Select[Any]]


class Found(NamedTuple):
    """A report as it was worked out."""

    definition: Definition
    scope: Scope
    figures: list[Figure]

    def judged(self, figure: Figure) -> Judged | None:
        """How a figure stands; None where the page has no threshold for it, or it has no value."""
        threshold = self.definition.threshold
        return threshold.judge(figure.value) if threshold is not None and figure.value is not None else None


def percent(part: int, whole: int) -> Decimal | None:
    """A share in percent, to the hundredth; None of nothing."""
    return _rounded(Decimal(100 * part) / whole) if whole > 0 else None


def ratio(part: int, whole: int, times: int = 1) -> Decimal | None:
    """`part` times `times` over `whole`, to the hundredth; None of nothing."""
    return _rounded(Decimal(part * times) / whole) if whole > 0 else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def shares(rows: Sequence[tuple[str, int, int]], words: dict[str, str] | None = None) -> list[Figure]:
    """Figures in percent from group, numerator and denominator; with more than one group also all of them together."""
    found = [
        Figure(group, part, whole, percent(part, whole), (words or {}).get(group, "")) for group, part, whole in rows
    ]
    if len(rows) == 1 and rows[0][0] == ALL:
        return found
    part, whole = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return [*found, Figure(ALL, part, whole, percent(part, whole))]


def told(value: int | None, is_cents: bool) -> str:
    """A number above or below the line, for people."""
    if value is None:
        return ""
    return f"{to_dollars(value):,.2f}" if is_cents else f"{value:,}"
