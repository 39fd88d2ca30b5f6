"""Denials and rejections by month, and by what they are about, the most dollars first (Pareto): for charts that lead to
the list behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select

from ...config import Config
from ..store.claims import bulks
from ..store.denial_tables import denial_cases
from ..store.tables import claim_lines, claims, denials
from .rejection_report import NOT_SAID, Refused, refused_on
from .rejection_report import words_of as words_of_edit

DenialBy = Literal["reason", "category", "payer", "code"]
RejectionBy = Literal["edit", "payer", "code", "source", "cause"]
MOST_MONTHS = 24
_NAMES = 1_000


class Month(NamedTuple):
    """A month: its first day, how many came in it, their dollars, and what of these was recovered since."""

    first: dt.date
    number: int
    cents: int
    recovered: int = 0

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return following(self.first) - dt.timedelta(days=1)


class Group(NamedTuple):
    """Those of one kind: how many, their dollars and what was recovered; `share` of all dollars, and `cumulative` of
    those up to here, in percent."""

    key: str
    words: str
    number: int
    cents: int
    recovered: int
    share: float
    cumulative: float


def following(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    """The months from the one of a day to the one of another, at most MOST_MONTHS."""
    found = [first.replace(day=1)]
    while (next_ := following(found[-1])) <= last and len(found) < MOST_MONTHS:
        found.append(next_)
    return found


# --- denials ---------------------------------------------------------------------------------------

_KEYS: dict[DenialBy, Any] = {
    "reason": denials.c.reason_code,
    "category": denials.c.category,
    "payer": denial_cases.c.payer_id,
    "code": denial_cases.c.code,
}


class Denied(NamedTuple):
    """Which denials are counted: those that came on these days, of a payer, reason, category or HCPCS (empty: any).
    What the payer itself took back is none."""

    first: dt.date
    last: dt.date
    payer: str = ""
    reason: str = ""
    category: str = ""
    code: str = ""

    def where(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        found = [
            denial_cases.c.received_on >= self.first,
            denial_cases.c.received_on <= self.last,
            denials.c.state != "reversed",
        ]
        for name, column in _KEYS.items():
            if value := getattr(self, name):
                found.append(column == value)
        return found


def denied_by_month(connection: Connection, which: Denied) -> list[Month]:
    """Denials by the month in which they came."""
    rows = connection.execute(_denied(denial_cases.c.received_on, which))
    return _by_month(which.first, which.last, ((row[0], row[1], int(row[2]), int(row[3])) for row in rows))


def denied_by(connection: Connection, config: Config, which: Denied, by: DenialBy) -> list[Group]:
    """Denials by what they are about, the most dollars first."""
    rows = connection.execute(_denied(_KEYS[by], which)).all()
    counted = [(key or NOT_SAID, count, int(cents), int(recovered)) for key, count, cents, recovered in rows]
    return _groups(counted, _denial_words(connection, config, by, [row[0] for row in counted], which.last))


def _denied(key: Any, which: Denied) -> Any:
    return (
        select(key, func.count(), func.sum(denials.c.cents), func.sum(denial_cases.c.recovered_cents))
        .select_from(denial_cases)
        .join(denials, denials.c.id == denial_cases.c.denial_id)
        .where(*which.where())
        .group_by(key)
    )


def _denial_words(
    connection: Connection, config: Config, by: DenialBy, keys: Sequence[str], day: dt.date
) -> Callable[[str], str]:
    if by == "reason":
        carc = config.tables.get("carc")

        def meaning(key: str) -> str:
            row = carc.find(day, key) if carc is not None else None
            return row.values.get("meaning", "") if row is not None else ""

        return meaning
    if by == "payer":
        return payer_names(connection, keys).__getitem__
    return lambda key: ""


def payer_names(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What payers are called on a claim of theirs; empty where no denial names one."""
    found = dict.fromkeys(ids, "")
    for one in list(found)[:_NAMES]:
        name = connection.execute(
            select(claims.c.payer_name)
            .join(denials, denials.c.claim_id == claims.c.id)
            .join(denial_cases, denial_cases.c.denial_id == denials.c.id)
            .where(denial_cases.c.payer_id == one)
            .limit(1)
        ).scalar()
        found[one] = name or ""
    return found


# --- rejections ------------------------------------------------------------------------------------


class Rejections(NamedTuple):
    """What was refused in a span, by month, and by each thing that it can be seen by."""

    months: list[Month]
    groups: dict[RejectionBy, list[Group]]


_OF: dict[RejectionBy, Callable[[Refused], tuple[str, str]]] = {
    "edit": lambda one: (one.edit, words_of_edit(one.edit)),
    "payer": lambda one: (one.payer_id or NOT_SAID, one.payer_name),
    "source": lambda one: (one.source or NOT_SAID, ""),
    "cause": lambda one: (one.cause or NOT_SAID, ""),
}
REJECTION_BY: tuple[RejectionBy, ...] = ("edit", "payer", "code", "source", "cause")


def rejected(connection: Connection, config: Config, first: dt.date, last: dt.date) -> Rejections:
    """What partners and our own check refused on these days."""
    found = refused_on(connection, config, first, last)
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    by_month = _by_month(first, last, ((one.at.astimezone(zone).date(), 1, one.cents, 0) for one in found))
    keyed = {by: [of(one) for one in found] for by, of in _OF.items()}
    codes = _codes(connection, [one.claim_id for one in found])
    keyed["code"] = [(codes.get(one.claim_id, NOT_SAID), "") for one in found]
    groups: dict[RejectionBy, list[Group]] = {}
    for by in REJECTION_BY:
        sums: dict[str, list[int]] = {}
        words: dict[str, str] = {}
        for (key, said), one in zip(keyed[by], found, strict=True):
            words.setdefault(key, said)
            both = sums.setdefault(key, [0, 0])
            both[0] += 1
            both[1] += one.cents
        groups[by] = _groups([(key, count, cents, 0) for key, (count, cents) in sums.items()], words.__getitem__)
    return Rejections(by_month, groups)


class Behind(NamedTuple):
    """A claim that was refused: what for, and when."""

    claim_id: int
    number: str
    on: dt.date
    payer_id: str
    payer: str
    source: str
    edit: str
    words: str
    code: str
    cents: int


def behind(
    connection: Connection, config: Config, first: dt.date, last: dt.date, by: RejectionBy, key: str
) -> list[Behind]:
    """The refusals of a group (`key` empty: all), the newest first."""
    found = refused_on(connection, config, first, last)
    codes = _codes(connection, [one.claim_id for one in found])
    kept = [
        one
        for one in found
        if not key or (codes.get(one.claim_id, NOT_SAID) if by == "code" else _OF[by](one)[0]) == key
    ]
    numbers = _numbers(connection, [one.claim_id for one in kept])
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    return [
        Behind(
            one.claim_id,
            numbers.get(one.claim_id, ""),
            one.at.astimezone(zone).date(),
            one.payer_id,
            one.payer_name,
            one.source,
            one.edit,
            words_of_edit(one.edit),
            codes.get(one.claim_id, ""),
            one.cents,
        )
        for one in sorted(kept, key=lambda one: (one.at, one.claim_id), reverse=True)
    ]


def _codes(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The HCPCS of the first line of claims."""
    found: dict[int, str] = {}
    for some in bulks(sorted(set(ids))):
        rows = connection.execute(
            select(claim_lines.c.claim_id, claim_lines.c.code).where(
                claim_lines.c.claim_id.in_(some), claim_lines.c.number == 1
            )
        )
        found.update((row.claim_id, row.code or NOT_SAID) for row in rows)
    return found


def _numbers(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in bulks(sorted(set(ids))):
        rows = connection.execute(
            select(claims.c.id, claims.c.source_claim_number, claims.c.claim_number).where(claims.c.id.in_(some))
        )
        found.update((row.id, row.source_claim_number or row.claim_number) for row in rows)
    return found


# --- sums ------------------------------------------------------------------------------------------


def _by_month(first: dt.date, last: dt.date, days: Iterable[tuple[dt.date, int, int, int]]) -> list[Month]:
    sums = {month: [0, 0, 0] for month in months(first, last)}
    for day, *numbers in days:
        for at, number in enumerate(numbers):
            sums[day.replace(day=1)][at] += number
    return [Month(month, *found) for month, found in sums.items()]


def _groups(counted: Sequence[tuple[str, int, int, int]], words: Callable[[str], str]) -> list[Group]:
    total = sum(cents for _, _, cents, _ in counted)
    found: list[Group] = []
    so_far = 0
    for key, count, cents, recovered in sorted(counted, key=lambda one: (-one[2], -one[1], one[0])):
        so_far += cents
        share, cumulative = ((100 * part / total if total else 0.0) for part in (cents, so_far))
        found.append(Group(key, words(key), count, cents, recovered, round(share, 1), round(cumulative, 1)))
    return found
