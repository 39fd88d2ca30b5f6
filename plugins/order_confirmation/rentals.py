"""The next months of running rentals: which are due, which are not any more and why (R1.02 to R1.06).

Plain functions over a patient's records. A month is due on its first day; a month that the payer refused does not count
towards the cap, but its days are past.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from gateway.core.model.belongings import Equipment
from gateway.plugins import HistoryLine, PatientView
from gateway.plugins.at_home import back_since
from gateway.plugins.months import MONTHS, billed, month_modifier, new_period_from, rental_month_end, use_periods
from gateway.plugins.rental_clock import new_need

from .items import Items
from .log import AWAITED
from .settings import DeskSettings

RENTAL, REPLACEMENT, FIRST_MONTH, VOID = "RR", "RA", "KH", "8"
BOUGHT = frozenset({"NU", "UE"})
NEVER_WAS = "cancelled"
NOT_TAKEN = frozenset({"rejected", "faulty"})
FORGOTTEN_DAYS = 180
"""A rental of which no month was billed for so long is no running one."""
ONE_DAY = dt.timedelta(days=1)


class Why(enum.StrEnum):
    """Why the next month of a rental is not billed."""

    CAPPED = "all of its months are billed"
    ENDED = "the equipment was given back"
    BOUGHT = "the item was bought"
    DIED = "the patient has died"
    HELD = "its last month is held"
    ORDERED = "another piece came when the one before had gone, and its order waits"
    THERE = "the claim of its last month was refused on the way, and is to be mended first"
    LAPSED = "no month was billed for too long; say whether it is still out, and whether the need is new"
    PRICE = "rentals would be more than the purchase price"
    NO_CLAIM = "there is no claim to bill it after"


class NextMonth(NamedTuple):
    """The next month of a rental: its number in the period of continuous use, its days, and why it is not billed (None:
    it is). `has_modifiers`: its months have KH, KI, KJ; `last_claim`: the number of the claim of its last month."""

    patient_id: int
    code: str
    payer_id: str
    number: int
    start: dt.date
    end: dt.date
    has_modifiers: bool
    last_claim: str
    why_not: Why | None

    @property
    def key(self) -> str:
        """What its claim is called: one for each patient, item and month."""
        return f"rental {self.patient_id} {self.code} {self.start}"

    @property
    def month_modifier(self) -> str:
        """KH, KI or KJ."""
        return month_modifier(self.number)


class Clock(NamedTuple):
    """Where a rental stands: the number of its next month, the day of the month on which its months begin, and the last
    line that took a month, whether it counts or was refused. `begun`: when a new count took the place of another."""

    number: int
    anchor: int
    last: HistoryLine
    last_start: dt.date
    begun: dt.date | None = None


def next_months(view: PatientView, items: Items, settings: DeskSettings, through: dt.date) -> Iterator[NextMonth]:
    """The months of a patient's rentals that begin until `through` and have no claim yet, item by item; where a rental
    does not go on, its next month with the reason."""
    for code in dict.fromkeys(line.code for line in view.history if RENTAL in line.modifiers):
        codes = items.together(through, code)
        clock = clock_of(view, codes, anew_after=_months_without_modifier(items, settings, through, code))
        if clock is None:
            continue
        yield from _left_over(view, codes, code, clock, items, settings)
        if clock.last.code == code:
            yield from _of_item(view, clock, items, settings, through)


def _left_over(
    view: PatientView, codes: Collection[str], code: str, clock: Clock, items: Items, settings: DeskSettings
) -> Iterator[NextMonth]:
    """Months that had begun with the equipment that was replaced since, and have no claim yet: where the registry says
    that it was in use."""
    if clock.begun is None:
        return
    before = clock_of(view, codes, clock.begun, _months_without_modifier(items, settings, clock.begun, code))
    if before is None or before.last.code != code:
        return
    due = rental_month_end(before.last_start, before.anchor) + ONE_DAY
    if clock.begun - due > dt.timedelta(days=FORGOTTEN_DAYS) or _used_from(view.equipment, code, due) != Used(due):
        return
    for month in _of_item(view, before, items, settings, clock.begun - ONE_DAY):
        if month.why_not is None:
            yield month


def _months_without_modifier(items: Items, settings: DeskSettings, day: dt.date, code: str) -> int:
    """How many months are paid of an item whose months have no modifier that would say that a count began (oxygen); 0
    where they have one, or there is no cap."""
    cap = items.cap(day, code, settings.payer_classes)
    return cap.months or 0 if cap is not None and not cap.has_modifiers else 0


def clock_of(
    view: PatientView, codes: Collection[str], until: dt.date | None = None, anew_after: int = 0
) -> Clock | None:
    """Where the rental of these codes, which make one count, stands; None where no month was billed.

    Args:
        until: as it stood when the months from this day on had not begun.
        anew_after: a long break before so many months, in which an order was written, begins a new count (R1.05; 0:
            the months' modifiers say so).
    """
    history = [line for line in view.history if line.code in codes and (until is None or _starts_before(line, until))]
    taken = _taken(line for line in history if RENTAL in line.modifiers)
    if not taken:
        return None
    restarts = _restarts(taken)
    counting = billed(history, view.payments, codes)
    starts = {line.from_date for line in counting if line.from_date is not None}
    denied = {start for start, _ in taken} - starts
    counted = use_periods(starts, restarts, denied)
    while anew_after and (anew := new_need(counted, view.orders, codes, anew_after)):
        restarts.append(anew)
        counted = use_periods(starts, restarts, denied)
    everything = use_periods([start for start, _ in taken], restarts)
    number = counted[-1].length + 1 if counted else 1
    begun = everything[-1].start
    if counted and counted[-1].start < begun and begun in restarts:
        # A new count began, and none of its months counts so far.
        number = 1
    last_start, last = taken[-1]
    replaced = begun if begun in restarts and begun > taken[0][0] else None
    return Clock(number, everything[-1].anchor_day, last, last_start, replaced)


def _starts_before(line: HistoryLine, day: dt.date) -> bool:
    return line.from_date is not None and line.from_date < day


def _restarts(taken: Sequence[tuple[dt.date, HistoryLine]]) -> list[dt.date]:
    """The days on which a count began: a replacement, or month 1. Month 1 again after month 1, with no long break
    between, begins nothing: the first was denied then, and may have been paid since."""
    found = []
    before: tuple[dt.date, frozenset[str]] | None = None
    for start, line in taken:
        begins = frozenset(line.modifiers) & {REPLACEMENT, FIRST_MONTH}
        again = before is not None and before[1] and start < new_period_from(rental_month_end(before[0])).later
        if begins and (REPLACEMENT in begins or not again):
            found.append(start)
        before = start, begins
    return found


def _taken(lines: Iterator[HistoryLine]) -> list[tuple[dt.date, HistoryLine]]:
    """The lines that took a month, by its first day: all but those that were withdrawn or voided."""
    found: dict[tuple[dt.date, str], HistoryLine] = {}
    for line in lines:
        if line.from_date is None or line.state == NEVER_WAS:
            continue
        key = (line.from_date, line.code)
        if line.frequency == VOID:
            found.pop(key, None)
        else:
            found[key] = line
    return sorted(((start, line) for (start, _), line in found.items()), key=lambda one: (one[0], one[1].code))


def _of_item(
    view: PatientView, clock: Clock, items: Items, settings: DeskSettings, through: dt.date
) -> Iterator[NextMonth]:
    last, code, anchor = clock.last, clock.last.code, clock.anchor
    cap = items.cap(clock.last_start, code, settings.classes(last.payer_id))
    number, due = clock.number, rental_month_end(clock.last_start, anchor) + ONE_DAY
    if cap is None:
        return
    while due <= through:
        used = _used_from(view.equipment, code, due)
        start = used.day if used is not None and used.day is not None else due
        if used is None and due < through - dt.timedelta(days=FORGOTTEN_DAYS):
            return
        why = _why_not(view, clock, used, through)
        if why is None and cap.months is not None and number > cap.months:
            why = Why.CAPPED
        elif why is None and _is_ordered_anew(view, code, clock.last_start, start):
            why = Why.ORDERED
        elif why is None and new_period_from(due - ONE_DAY, anchor).later <= (start if used else through):
            why = Why.LAPSED
        if start != due:
            # After a break in which a month would have begun, the months begin on the day of the return.
            anchor = start.day
        end = rental_month_end(start, anchor)
        about = (cap.has_modifiers, last.claim_number, why)
        yield NextMonth(view.id, code, last.payer_id, number, start, end, *about)
        if why is not None:
            return
        number, due = number + 1, end + ONE_DAY


class Used(NamedTuple):
    """Since when equipment is used that the registry knows: the day on which the next month begins (None: it has
    gone)."""

    day: dt.date | None


def _used_from(equipment: Sequence[Equipment], code: str, due: dt.date) -> Used | None:
    """When a month that is due on a day begins as the registry has it: on that day where the equipment is in use, else
    on the day on which it came back. None where the registry says nothing of that time."""
    pieces = [piece for piece in equipment if piece.code == code]
    if not any(piece.started_on <= due for piece in pieces):
        return None
    if any(piece.started_on <= due and (piece.ended_on is None or due < piece.ended_on) for piece in pieces):
        return Used(due)
    back = (piece.started_on for piece in pieces if piece.started_on > due and piece.ended_on != piece.started_on)
    return Used(min(back, default=None))


def _why_not(view: PatientView, clock: Clock, used: Used | None, through: dt.date) -> Why | None:
    if used is not None and (used.day is None or used.day > through):
        return Why.ENDED
    if _bought(view.history, clock.last.code, clock.last_start):
        return Why.BOUGHT
    if clock.last.state in NOT_TAKEN:
        return Why.THERE
    if clock.last.state == "held":
        return Why.HELD
    return None


def _is_ordered_anew(view: PatientView, code: str, since: dt.date, start: dt.date) -> bool:
    """Whether the equipment of a month came, after there was none, with an order of its own that waits: it may be a
    replacement, and then the month is not the old one's."""
    back = back_since(view.equipment, {code}, start)
    return (
        back is not None
        and back > since
        and any(
            row["waits"] and row["code"] == code and since < row["delivered_on"] <= start
            for row in view.rows(AWAITED.name)
        )
    )


def _bought(history: Sequence[HistoryLine], code: str, since: dt.date) -> bool:
    return any(
        line.code == code
        and bool(BOUGHT & set(line.modifiers))
        and line.from_date is not None
        and line.from_date >= since
        and line.state not in NOT_TAKEN | {NEVER_WAS}
        for line in history
    )


def modifiers_of_month(month: NextMonth, before: Sequence[str], always: bool) -> list[str]:
    """The modifiers of a month after those of the one before: RA only stands in the first month, and the month's own
    takes the place of the last one's. A payer that had none gets none, unless it wants them `always`."""
    had = any(one in MONTHS for one in before)
    kept = [one for one in before if one not in MONTHS and one != REPLACEMENT]
    if month.has_modifiers and (had or always):
        at = kept.index(RENTAL) + 1
        kept.insert(at, month.month_modifier)
    return kept
