"""A clock of rental months with a cap, such as the 36 months of oxygen (hme-billing-rules 2.2, R1.04 to R1.06): plain
functions over the records of a context, or of a desk's patient.

There is one count for all items of a group together: neither another item nor another payer begins anew. A new count
begins with a replacement (RA), with equipment delivered after the useful lifetime has ended, and, within the cap, after
a long break if the need is new: if an order is dated in the break. After the cap no break begins anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gateway.core.model.belongings import Delivery, Equipment, Order, Ownership

from .context import HistoryLine
from .months import (
    RENTAL,
    Break,
    BreakKind,
    UseMonth,
    UsePeriod,
    add_months,
    billed,
    months_between,
    uncounted,
    use_periods,
)
from .past import LinePayment

LIFETIME = 60
"""Months of a useful lifetime, from delivery, unless something else is known (RUL)."""
REPLACED = "RA"
NEAR = dt.timedelta(days=31)
"""A delivery this near to the first month of a count is the one that began it."""
ONE_DAY = dt.timedelta(days=1)


class Facts(NamedTuple):
    """What is known of a patient: the records of a context or of a desk's patient."""

    history: Sequence[HistoryLine] = ()
    payments: Sequence[LinePayment] = ()
    deliveries: Sequence[Delivery] = ()
    equipment: Sequence[Equipment] = ()
    orders: Sequence[Order] = ()


class Month(NamedTuple):
    """A rental month as billed: its first day, the item, and whether it is said to replace another (RA)."""

    day: dt.date
    code: str
    replaces: bool = False


class Clock(NamedTuple):
    """The count of one group of equipment.

    `periods`: every count, the current one last. `terms`: for each, the day from which the useful lifetime runs.
    `months`: what was billed, by day; `refused`: the days of replacements (RA) whose first month was denied, so that
    the count begins with a later one. `complete`: the record reaches back to where the first count began; if not, every
    number is the least that it can be. `cap` and `lifetime` are months.
    """

    periods: tuple[UsePeriod, ...]
    terms: tuple[dt.date, ...]
    months: tuple[Month, ...]
    complete: bool
    cap: int
    lifetime: int = LIFETIME
    refused: tuple[dt.date, ...] = ()

    @property
    def period(self) -> UsePeriod:
        """The current count."""
        return self.periods[-1]

    @property
    def cap_end(self) -> dt.date | None:
        """The last day of the last month that is paid of the current count; None while it has not come so far."""
        return self.period.month_end(self.cap)

    @property
    def lifetime_end(self) -> dt.date:
        """The first day on which the current equipment may be replaced because its lifetime is over."""
        return add_months(self.terms[-1], self.lifetime)

    def at(self, day: dt.date) -> tuple[int, UseMonth] | None:
        """Which count a day is in, and its rental month; None where no rental month covers it."""
        for index in range(len(self.periods) - 1, -1, -1):
            for month in reversed(self.periods[index].months):
                if month.from_date <= day <= month.thru_date:
                    return index, month
        return None

    def code_of(self, number: int) -> str:
        """What was billed as a month of the current count; empty where the record does not show it."""
        if not 0 < number <= self.period.length:
            return ""
        month = self.period.months[number - 1]
        return next((one.code for one in reversed(self.months) if one.day == month.from_date), "")

    def begun_on(self, which: int) -> dt.date:
        """The day on which a count began: its first month, or the one before it that was a replacement and denied."""
        start = self.periods[which].start
        last = self.periods[which - 1].months[-1].from_date if which else dt.date.min
        return min((day for day in self.refused if last < day < start), default=start)

    def break_before(self, day: dt.date) -> Break | None:
        """The break that ended on the day before."""
        breaks = [one for period in self.periods for one in (*period.breaks, period.before) if one is not None]
        return next((one for one in breaks if one.thru_date == day - ONE_DAY), None)


def make_clock(
    facts: Facts,
    codes: Collection[str],
    day: dt.date,
    now: Iterable[Month] = (),
    *,
    cap: int,
    lifetime: int = LIFETIME,
    ends: Collection[dt.date] = (),
) -> Clock | None:
    """The count for these items as it stands on a day; None where nothing of the kind is known.

    Args:
        codes: the items that are counted together.
        day: what begins later is not looked at. Equipment that was delivered before the first month on record is taken
            to have been billed every month until then (until `day`, where no month is on record).
        now: months of the claim that is looked at, which is not among the history yet.
        cap: how many months are paid; `lifetime`: months after which the equipment may be replaced.
        ends: days on which it may be replaced as well: the lifetime of what governs it has ended (O-R3).
    """
    shown = [
        Month(line.from_date, line.code, REPLACED in line.modifiers)
        for line in billed(facts.history, facts.payments, codes)
        if line.from_date is not None and line.from_date <= day
    ]
    months = tuple(sorted({*shown, *now}))
    # Whatever became of it, a rental month says on which day its months begin; maintenance, say, does not.
    rented = (line for line in facts.history if line.code in codes and RENTAL in line.modifiers)
    known = [line.from_date for line in rented if line.from_date is not None]
    first = min([one for one in (*known, *(month.day for month in months)) if one <= day], default=None)
    given = furnished(facts, codes)
    before = [one for one in given if one[0] <= (first or day)]
    starts = {month.day for month in months}
    if before:
        starts.update(_unshown(before[0], first, day))
    if not starts:
        return None
    denied = {one for one in uncounted(facts.history, codes, starts) if one <= day}
    refused = {
        line.from_date
        for line in facts.history
        if line.code in codes and REPLACED in line.modifiers and line.from_date is not None and line.from_date in denied
    }
    restarts = _replacements(months) | refused
    periods = use_periods(starts, restarts, denied)
    new = _new_pieces(facts, codes, given)
    for _ in range(len(starts)):
        anew = new_need(periods, facts.orders, codes, cap) or _new_lifetime(periods, new, given, lifetime, ends)
        if anew is None:
            break
        restarts.add(anew)
        periods = use_periods(starts, restarts, denied)
    begun_with_replacement = bool(months) and months[0].replaces and months[0].day == periods[0].start
    complete = bool(before) or begun_with_replacement
    return Clock(periods, _terms(periods, new), months, complete, cap, lifetime, tuple(sorted(refused)))


def furnished(facts: Facts, codes: Collection[str]) -> list[tuple[dt.date, dt.date | None]]:
    """When such equipment was rented out to the patient, and when it went (None: it is there, or nobody told), oldest
    first."""
    found: dict[dt.date, dt.date | None] = {one.delivered_on: None for one in facts.deliveries if one.code in codes}
    rented = (one for one in facts.equipment if one.code in codes and one.ownership is Ownership.RENTED)
    found |= {one.started_on: one.ended_on for one in rented}
    return sorted(found.items(), key=lambda one: one[0])


def _new_pieces(
    facts: Facts, codes: Collection[str], given: Sequence[tuple[dt.date, dt.date | None]]
) -> list[tuple[dt.date, dt.date | None]]:
    """Those of them that the patient did not have before, by their serial numbers: what comes back after a break begins
    no useful lifetime."""
    first: dict[str, dt.date] = {}
    back: set[dt.date] = set()
    for piece in sorted((one for one in facts.equipment if one.code in codes), key=lambda one: one.started_on):
        if piece.serial and first.setdefault(piece.serial, piece.started_on) < piece.started_on:
            back.add(piece.started_on)
    new = {one.started_on for one in facts.equipment if one.code in codes and first.get(one.serial) == one.started_on}
    return [one for one in given if one[0] not in back - new]


def _unshown(given: tuple[dt.date, dt.date | None], first: dt.date | None, day: dt.date) -> list[dt.date]:
    """Rental months between the delivery and the first month on record (without any: until now). They were billed
    before the gateway kept the record."""
    start, ended = given
    if first is not None and (ended is None or ended >= first):
        # The months of the record say on which day of the month they begin.
        return [add_months(first, -number) for number in range(1, months_between(start, first) + 1)]
    until = min(one for one in (first, ended, day) if one is not None)
    return [add_months(start, number) for number in range(months_between(start, until) + 1)]


def _replacements(months: Sequence[Month]) -> set[dt.date]:
    """Days on which a replacement began. RA stands on its first month only: a second one right after begins nothing."""
    replaced = {month.day for month in months if month.replaces}
    days = sorted({month.day for month in months})
    return {
        day
        for before, day in zip((None, *days), days, strict=False)
        if day in replaced and not (before is not None and before in replaced and near(before, day))
    }


def near(earlier: dt.date, later: dt.date) -> bool:
    """Whether two rental months follow each other."""
    return dt.timedelta(0) <= later - earlier <= NEAR


def new_need(periods: Sequence[UsePeriod], orders: Sequence[Order], codes: Collection[str], cap: int) -> dt.date | None:
    """The first day after a long break within the cap in which a new order was written (R1.05)."""
    for period in periods:
        for one in period.breaks:
            done = sum(month.from_date < one.from_date for month in period.months)
            if one.kind is BreakKind.LONG and done < cap and has_new_order(orders, codes, one):
                return one.thru_date + ONE_DAY
    return None


def has_new_order(orders: Sequence[Order], codes: Collection[str], one: Break) -> bool:
    """Whether an order for such equipment was written in the break: the need is new, and documented."""
    after = one.thru_date + ONE_DAY
    return any(
        one.from_date <= order.ordered_on <= after and any(code in codes for code in order.codes) for order in orders
    )


def _new_lifetime(
    periods: Sequence[UsePeriod],
    new: Sequence[tuple[dt.date, dt.date | None]],
    given: Sequence[tuple[dt.date, dt.date | None]],
    lifetime: int,
    ends: Collection[dt.date],
) -> dt.date | None:
    """The first month with equipment (`new`) that was delivered after the lifetime of the one before had ended, or of
    what governs it."""
    for period, term in zip(periods, _terms(periods, new), strict=True):
        end = min([add_months(term, lifetime), *(one for one in ends if one > period.start)])
        for month in period.months[1:]:
            brought = min((day for day, _ in new if end <= day <= month.thru_date), default=None)
            if month.from_date < end or brought is None:
                continue
            if brought <= month.from_date or not _is_at_home(given, month.from_date):
                return month.from_date
    return None


def _is_at_home(given: Sequence[tuple[dt.date, dt.date | None]], day: dt.date) -> bool:
    """Whether equipment is known to have been there on a day, and gone later: the month that begins then is its own,
    though what replaces it came within the month."""
    return any(gone is not None and came <= day < gone for came, gone in given)


def _terms(periods: Sequence[UsePeriod], given: Sequence[tuple[dt.date, dt.date | None]]) -> tuple[dt.date, ...]:
    """For each count the day from which the useful lifetime runs: the delivery that began it, else its first day. After
    a break with no new equipment it runs on."""
    found: list[dt.date] = []
    for period in periods:
        near_it = [day for day, _ in given if period.start - NEAR <= day <= period.start + NEAR]
        if not found:
            found.append(min([day for day, _ in given if day <= period.start + NEAR], default=period.start))
        elif near_it:
            found.append(max(near_it))
        else:
            found.append(found[-1] if period.before is not None else period.start)
    return tuple(found)
