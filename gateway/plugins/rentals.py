"""Rentals of a patient, derived from what was billed and paid: facts for rules, without a rule in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from .months import MONTHS, NOT_BILLED, RENTAL, VOID, rental_month_end
from .past import LinePayment

if TYPE_CHECKING:
    from .context import HistoryLine


class RentalMonth(NamedTuple):
    """A rental month that was billed: from when to when it lasts (from day D to the day before D of the next month, or
    longer where it was billed for longer), its modifiers, to whom it was billed, and what was paid on it so far."""

    from_date: dt.date
    thru_date: dt.date
    modifiers: tuple[str, ...]
    payer_id: str
    claim_number: str
    paid: Decimal


class Gap(NamedTuple):
    """Days between two rental months that neither of them covers, the first and the last of them."""

    from_date: dt.date
    thru_date: dt.date

    @property
    def days(self) -> int:
        """How many."""
        return (self.thru_date - self.from_date).days + 1


class Rental(NamedTuple):
    """What was billed as a rental (RR) of one item, across payers; `months` are in the order of their dates."""

    code: str
    months: tuple[RentalMonth, ...]
    gaps: tuple[Gap, ...]

    @property
    def first_date(self) -> dt.date:
        """From when on it was rented."""
        return self.months[0].from_date

    @property
    def last(self) -> RentalMonth:
        """The last month that was billed."""
        return self.months[-1]

    @property
    def months_billed(self) -> int:
        """How many months were billed; two lines of the same day are one."""
        return len(self.months)

    @property
    def months_paid(self) -> int:
        """For how many of them a payer has paid something."""
        return sum(month.paid > 0 for month in self.months)

    @property
    def last_month_modifier(self) -> str:
        """KH, KI or KJ of the last month that has one of them; empty where none has."""
        found = [word for month in self.months for word in month.modifiers if word in MONTHS]
        return found[-1] if found else ""

    @property
    def payers(self) -> tuple[str, ...]:
        """To whom it was billed, in the order in which they came."""
        return tuple(dict.fromkeys(month.payer_id for month in self.months))


def rentals_of(lines: Iterable[HistoryLine], payments: Sequence[LinePayment]) -> tuple[Rental, ...]:
    """The rentals in these lines (oldest first), by item.

    Lines of claims that no payer has (faulty, cancelled, rejected) count for nothing. A replacement (frequency 7) takes
    the place of the month that it bills again; a void (8) takes the month out.
    """
    paid: dict[tuple[str, int], Decimal] = {}
    for one in payments:
        key = (one.claim_number, one.line)
        paid[key] = paid.get(key, Decimal(0)) + one.paid
    items: dict[str, dict[dt.date, RentalMonth]] = {}
    for line in lines:
        if RENTAL not in line.modifiers or line.from_date is None or line.state in NOT_BILLED:
            continue
        months = items.setdefault(line.code, {})
        before = months.pop(line.from_date, None)
        if line.frequency == VOID:
            continue
        end = max(line.thru_date or line.from_date, rental_month_end(line.from_date))
        amount = paid.get((line.claim_number, line.line), Decimal(0))
        if before is not None and before.claim_number != line.claim_number:
            amount += before.paid
        months[line.from_date] = RentalMonth(
            line.from_date, end, line.modifiers, line.payer_id, line.claim_number, amount
        )
    return tuple(_rental(code, months.values()) for code, months in items.items() if months)


def _rental(code: str, found: Iterable[RentalMonth]) -> Rental:
    months = sorted(found, key=lambda month: month.from_date)
    gaps = []
    covered = months[0].thru_date
    for month in months[1:]:
        if (month.from_date - covered).days > 1:
            day = dt.timedelta(days=1)
            gaps.append(Gap(covered + day, month.from_date - day))
        covered = max(covered, month.thru_date)
    return Rental(code, tuple(months), tuple(gaps))
