"""Tools with which a life is written down: papers, rental months, answers. No rule is asked here; what a clerk would do
by the calendar is done by the calendar, with the mistakes that clerks make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from .days import add_days, add_months, last_of_month
from .life import (
    Answered,
    Authorized,
    ContentsAsked,
    ContentsDelivered,
    Corrected,
    Decided,
    Delivered,
    Died,
    Event,
    InpatientStay,
    Lost,
    Moved,
    Order,
    PayerChanged,
    PickedUp,
    ProofArrived,
    RefillContact,
    RentalAsked,
    RepairAsked,
    Shipment,
    StatementFiled,
    Visit,
)

# Of one day, what is told first.
RANK: tuple[type[Event], ...] = (
    Died,
    PayerChanged,
    Moved,
    InpatientStay,
    Order,
    Authorized,
    PickedUp,
    Lost,
    StatementFiled,
    ContentsDelivered,
    ProofArrived,
    RefillContact,
    Answered,
    Delivered,
    Decided,
    Corrected,
    RentalAsked,
    ContentsAsked,
    Visit,
    RepairAsked,
    Shipment,
)
# What still comes when the patient has died: papers, answers, corrections.
AFTER_DEATH = (Died, Order, ProofArrived, StatementFiled, Answered, Corrected, PickedUp)


@dataclass
class Builder:
    """A life in the making. `ends`: the last day that is told."""

    rng: Random
    number: int
    ends: date
    rentals_by: str
    medicare: bool
    events: list[Event] = field(default_factory=list)
    papers: int = 0
    serials: int = 0

    def add(self, *events: Event) -> None:
        self.events.extend(event for event in events if event.date <= self.ends)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def mistake(self, share: float) -> bool:
        """Something goes wrong; only in lives that Medicare pays throughout, since the page judges no others."""
        return self.medicare and self.chance(share)

    def between(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def serial(self, code: str) -> str:
        self.serials += 1
        return f"{code}-{self.number:05d}-{self.serials}"

    def paper(self) -> str:
        self.papers += 1
        return f"{self.number:05d}-{self.papers}"

    def told(self) -> tuple[Event, ...]:
        """The life in order; nothing is done for a patient who has died."""
        died = min((event.date for event in self.events if isinstance(event, Died)), default=None)
        kept = [event for event in self.events if died is None or event.date < died or isinstance(event, AFTER_DEATH)]
        return tuple(sorted(kept, key=lambda event: (event.date, RANK.index(type(event)))))

    # Papers.

    def good_order(self, codes: Sequence[str], day: date, ends: date | None = None) -> None:
        """An order with everything, before the day."""
        ordered = add_days(day, -self.between(1, 20))
        encounter = add_days(ordered, -self.between(0, 120))
        if self.chance(0.05):
            encounter = add_months(ordered, -6)
        received = add_days(ordered, self.between(0, (day - ordered).days))
        self.add(Order(received, self.paper(), tuple(codes), ordered, encounter=encounter, ends=ends))

    def order(self, codes: Sequence[str], day: date, how: str, listed: bool) -> bool:
        """Some order for a delivery on `day`: good, late, unsigned, with a stale visit, or none. `listed`: it had to be
        there before. Whether the equipment stays. Replacements have a good one: an old one would be there as well, and
        the page does not say which of two orders is looked at."""
        luck = self.rng.random() if self.medicare and how == "new" else 0.0
        if luck < 0.86:
            self.good_order(codes, day)
            return True
        number, ordered = self.paper(), add_days(day, -self.between(1, 6))
        encounter = add_days(ordered, -self.between(1, 90))
        later = add_days(day, self.between(2, 11))
        if luck < 0.91:
            self.add(Order(later, number, tuple(codes), ordered, encounter=encounter))
            return not listed
        if luck < 0.95:
            flaw = self.rng.choice(("signed", "patient_named", "practitioner_named", "described"))
            first = Order(add_days(day, -1), number, tuple(codes), ordered, encounter=encounter)
            self.add(Order(**{**vars(first), flaw: False}))
            self.add(Order(**{**vars(first), "date": later}))
            return not listed
        if luck < 0.98:
            stale = self.rng.choice((add_days(add_months(ordered, -6), -1), add_months(ordered, -8), None))
            self.add(Order(add_days(day, -1), number, tuple(codes), ordered, encounter=stale))
            return not listed
        return False

    def authorization(self, code: str, day: date, months: int) -> bool:
        """Some decision on prior authorization. Whether the equipment stays."""
        luck = self.rng.random() if self.medicare else 0.0
        if luck < 0.8:
            self.add(Authorized(add_days(day, -self.between(1, 25)), self.paper(), code, affirmed=True))
            return True
        if luck < 0.86:
            # The last day on which it is good.
            decided = add_months(day, -months)
            good = add_months(decided, months) >= day
            self.add(Authorized(decided, self.paper(), code, affirmed=True))
            return good
        if luck < 0.92:
            decided = add_days(add_months(day, -months), -self.between(4, 40))
            self.add(Authorized(decided, self.paper(), code, affirmed=True))
        elif luck < 0.96:
            self.add(Authorized(add_days(day, -self.between(1, 25)), self.paper(), code, affirmed=False))
        return False

    # Rentals.

    def rental_months(self, rental: Rental, limit: date) -> list[date]:
        """Tell the months of a rental: the source's claims, and the payer's answers. The days on which months began."""
        limit = min(limit, self.ends)
        days = month_days(rental.stretches, limit)
        asked = denied = 0
        too_many = self.between(1, 2) if self.mistake(0.1) and self.rentals_by == "source" else 0
        told = []
        for day in days:
            if day in rental.new_periods:
                asked = denied = 0
            asked += 1
            if asked - denied > rental.cap + too_many:
                continue
            told.append(day)
            code = rental.code_on(day)
            by_order = day in rental.by_order
            if self.rentals_by == "source" and not by_order:
                self.source_month(rental, code, day, asked, denied)
            if self.chance(0.03):
                denied += 1
                self.add(Answered(self.answer_day(day, by_order), code, day, "denied"))
                if self.chance(0.1):
                    self.add(Answered(add_days(day, self.between(90, 140)), code, day, "paid"))
            else:
                self.add(Answered(self.answer_day(day, by_order), code, day, "paid"))
        return told

    def answer_day(self, month: date, by_order: bool) -> date:
        if self.rentals_by == "source" or by_order:
            return add_days(month, self.between(14, 20))
        return add_days(last_of_month(month), self.between(12, 20))

    def source_month(self, rental: Rental, code: str, day: date, number: int, denied: int) -> None:
        """The billing system's claim for a month. It counts calendar months, and errs now and then."""
        modifiers = ["RR", *rental.extras]
        wrong = self.mistake(0.03)
        if rental.capped:
            before = number - 1 if wrong and number > 1 else number
            modifiers.insert(1, "KH" if before == 1 else "KI" if before < 4 else "KJ")
        elif wrong:
            modifiers.remove("RR")
        elif rental.replaces and number == 2 and self.mistake(0.3):
            modifiers.insert(1, "RA")
            wrong = True
        self.add(RentalAsked(day, code, tuple(modifiers)))
        if wrong or denied or day >= rental.doubtful_from:
            self.add(Corrected(add_days(day, self.between(1, 6)), code, day))


@dataclass
class Rental:
    """A rental as its clerk sees it. stretches: from the first day of use to the day on which it ended (None: it has
    not). by_order: days of months that a delivery asks for. new_periods: where a person let the count begin anew.
    codes: since when which code. doubtful_from: since when a person's decision may have changed the count, so that each
    claim is looked over. replaces: the delivery carried RA."""

    codes: list[tuple[date, str]]
    extras: tuple[str, ...]
    cap: int
    capped: bool
    stretches: list[tuple[date, date | None]]
    by_order: set[date] = field(default_factory=set)
    new_periods: set[date] = field(default_factory=set)
    doubtful_from: date = date.max
    replaces: bool = False

    def code_on(self, day: date) -> str:
        found = self.codes[0][1]
        for since, code in self.codes:
            if since <= day:
                found = code
        return found


def month_days(stretches: Sequence[tuple[date, date | None]], limit: date) -> list[date]:
    """The days on which rental months begin: the same day of each month while the equipment is used; after a gap in
    which such a day was missed, from the day on which it is used again."""
    days: list[date] = []
    anchor, step = stretches[0][0], 0
    for begins, ended in stretches:
        if add_months(anchor, step) < begins:
            anchor, step = begins, 0
        end = limit if ended is None else min(ended, limit)
        while add_months(anchor, step) < end:
            days.append(add_months(anchor, step))
            step = step + 1
    return days


def decision(builder: Builder, code: str, back: date, by_order: bool, answer: str) -> Decided:
    """A person's answer to a long break, some days after the month in question is asked for."""
    asked = back if by_order or builder.rentals_by == "source" else last_of_month(back)
    return Decided(add_days(asked, builder.between(2, 7)), code, back, answer)
