"""How oxygen goes through a life: equipment of 36 months, contents and maintenance after them, replacement after 60."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .builder import Builder, Rental, decision, month_days
from .courses import break_length, lost_statement, not_on
from .days import add_days, add_months
from .life import (
    ContentsAsked,
    ContentsDelivered,
    Corrected,
    Delivered,
    InpatientStay,
    PickedUp,
    ProofArrived,
    RepairAsked,
    Visit,
)

OXYGEN_LISTED_FROM = date(2026, 4, 13)


@dataclass(frozen=True)
class Setup:
    """What a patient breathes from: the machines, and the contents that go with them. `wrong`: contents that a clerk
    might ask for by mistake."""

    stationary: str
    portable: str
    contents: tuple[str, ...]
    maintained: tuple[str, ...]
    wrong: str = ""


SETUPS = (
    (30, Setup("E1390", "E0431", ("E0443",), ("E1390",), "E0441")),
    (5, Setup("E1391", "E0434", ("E0444",), ("E1391",), "E0442")),
    (14, Setup("E1390", "K0738", (), ("E1390", "K0738"), "E0443")),
    (14, Setup("E1390", "E1392", (), ("E1390", "E1392"), "E0443")),
    (12, Setup("E1390", "", (), ("E1390",), "E0441")),
    (9, Setup("E0424", "E0431", ("E0441", "E0443"), ())),
    (8, Setup("E0439", "E0434", ("E0442", "E0444"), ())),
    (4, Setup("", "E0431", ("E0443",), ())),
    (4, Setup("E0424", "E1392", ("E0441",), ("E1392",), "E0443")),
)


def oxygen(builder: Builder, start: date, plain: bool) -> None:
    """Oxygen from `start` on."""
    shares = [share for share, _ in SETUPS]
    setup = builder.rng.choices([setup for _, setup in SETUPS], shares)[0]
    flow = builder.rng.choice(flows(setup)) if builder.chance(0.12) else ""
    era(builder, setup, start, "new", flow, plain, 0)


def flows(setup: Setup) -> tuple[str, ...]:
    """2.3: what a flow of less than 1 or more than 4 liters may be told with."""
    if not setup.stationary:
        return ("",)
    if not setup.portable:
        return ("QE", "QA", "QG", "QR")
    return ("QE", "QA") if setup.portable == "E0434" else ("QE", "QA", "QF", "QB")


@dataclass
class Era:
    """One set of machines, from its delivery to its end. came: since when each is at home."""

    setup: Setup
    start: date
    how: str
    flow: str
    came: dict[str, date]
    serials: dict[str, str]
    rentals: dict[str, Rental]

    @property
    def machines(self) -> tuple[str, ...]:
        return tuple(self.came)

    @property
    def lifetime_ends(self) -> date:
        return add_months(self.start, 60)

    def free_day(self, builder: Builder, low: int, high: int) -> date:
        """A day so many days after everything came, on which no month begins."""
        months = [day for came in set(self.came.values()) for day in month_days([(came, None)], builder.ends)]
        return not_on(add_days(max(self.came.values()), builder.between(low, high)), months)

    def month_end(self, builder: Builder, day: date) -> date:
        """The day on which the next month after a day would begin."""
        return min((each for each in month_days([(self.start, None)], builder.ends) if each > day), default=day)


def era(builder: Builder, setup: Setup, start: date, how: str, flow: str, plain: bool, nth: int) -> None:
    """From one delivery of everything to the next."""
    stays = papers(builder, setup, start, how)
    now = begin(builder, setup, start, how, flow, together=how != "new" or not stays)
    if not stays:
        for code in now.machines:
            builder.add(PickedUp(add_days(start, builder.between(21, 25)), code, now.serials[code]))
        return
    together = len(set(now.came.values())) == 1
    luck = 1.0 if plain or flow else builder.rng.random()
    lost: date | None = None
    last = builder.ends
    if luck < 0.08 and together:
        if not interrupted(builder, now, long=luck > 0.04):
            for rental in now.rentals.values():
                builder.rental_months(rental, builder.ends)
            return
    elif luck < 0.15 and together:
        stay(builder, now)
    elif luck < 0.28 and nth < 2:
        lost = now.free_day(builder, 60, 1700)
    elif luck < 0.32:
        last = now.free_day(builder, 60, 2300)
    elif luck < 0.37 and setup.stationary == "E1390":
        swapped(builder, now)
    replaced = lost is None and last == builder.ends and not flow and builder.chance(0.7)
    until = lost or (add_days(now.lifetime_ends, builder.rng.choice((0, 0, 1, 15, 40))) if replaced else last)
    used(builder, now, until)
    if until >= builder.ends:
        return
    if lost is not None:
        for code in now.machines:
            lost_statement(builder, code, lost, now.serials[code])
        era(builder, setup, add_days(lost, builder.between(1, 15)), "lost", flow, plain, nth + 1)
        return
    if replaced and builder.mistake(0.08):
        too_early(builder, now)
    for code in now.machines:
        builder.add(PickedUp(until, code, now.serials[code]))
    if replaced and nth < 3:
        era(builder, setup, until, "lifetime", flow, plain, nth + 1)


def papers(builder: Builder, setup: Setup, start: date, how: str) -> bool:
    """The order for machines and contents; now and then nobody gets a new one for new machines. Whether they stay."""
    everything = [setup.stationary, setup.portable, *setup.contents, setup.wrong]
    codes = [code for code in everything if code]
    if how == "lifetime" and builder.mistake(0.03):
        return False
    return builder.order(codes, start, how, listed=start >= OXYGEN_LISTED_FROM)


def begin(builder: Builder, setup: Setup, start: date, how: str, flow: str, together: bool) -> Era:
    """The machines come; a portable of gas or liquid now and then some months after the stationary one."""
    now = Era(setup, start, how, flow, {}, {}, {})
    later = start
    if not together and setup.stationary and setup.portable in ("E0431", "E0434") and builder.chance(0.2):
        later = add_days(start, builder.between(30, 240))
    for code, came in ((setup.stationary, start), (setup.portable, later)):
        if code:
            extras = extras_of(code, setup, flow)
            now.came[code], now.serials[code] = came, builder.serial(code)
            now.rentals[code] = Rental([(came, code)], extras, 36, False, [(came, None)], {came}, replaces=how != "new")
            hand_over(builder, code, now.serials[code], came, how, extras)
    return now


def used(builder: Builder, now: Era, until: date) -> None:
    """The months of every machine until a day, and what follows the months of the first."""
    months: dict[str, list[date]] = {}
    for code, rental in now.rentals.items():
        if until < builder.ends:
            rental.stretches[-1] = (rental.stretches[-1][0], until)
        months[code] = builder.rental_months(rental, until)
    after_the_rental(builder, now, months[now.machines[0]], min(until, now.lifetime_ends, builder.ends))


def extras_of(code: str, setup: Setup, flow: str) -> tuple[str, ...]:
    """The flow, KX and the group. The flow stands on the stationary line, QF and QB on the portable as well. (Who has
    one is not given new machines in these lives: RA would be a fifth modifier.)"""
    if flow and (code == setup.stationary or flow in ("QF", "QB")):
        return (flow, "KX", "N1")
    return ("KX", "N1")


def hand_over(builder: Builder, code: str, serial: str, day: date, how: str, extras: tuple[str, ...]) -> None:
    """A machine comes; a replacement's RA and reason are forgotten now and then, and put right."""
    narrative = ""
    forgotten = how != "new" and builder.mistake(0.2)
    if how != "new" and not forgotten:
        extras = ("RA", *extras)
        narrative = "replaces equipment that was lost" if how == "lost" else "useful lifetime ended"
    builder.add(Delivered(day, code, serial, how, "rent", extras, narrative))
    if forgotten:
        builder.add(Corrected(add_days(day, builder.between(1, 6)), code, day))


def too_early(builder: Builder, now: Era) -> None:
    """A replacement some days before the lifetime ends; it is taken back."""
    code = now.machines[0]
    early = add_days(now.lifetime_ends, -builder.rng.choice((1, 1, 9, 30)))
    serial = builder.serial(code)
    builder.good_order((code,), early)
    wrong = builder.chance(0.5)
    extras = ("KX", "N1") if wrong else ("RA", "KX", "N1")
    builder.add(Delivered(early, code, serial, "lifetime", "rent", extras, "" if wrong else "useful lifetime ended"))
    builder.add(PickedUp(add_days(early, 1), code, serial))


def interrupted(builder: Builder, now: Era, long: bool) -> bool:
    """Everything went and came back, within the 36 months or after them. Whether it stays."""
    after = builder.chance(0.3)
    gone = now.free_day(builder, 1250, 1500) if after else now.free_day(builder, 20, 900)
    month_ends = now.month_end(builder, gone)
    back = break_length(builder, long, month_ends, gone)
    answer = "resumes" if after or not long else builder.rng.choice(("new", "new", "resumes", ""))
    if answer == "new":
        builder.good_order(now.machines, back)
    for code in now.machines:
        rental = now.rentals[code]
        rental.stretches[-1] = (rental.stretches[-1][0], gone)
        rental.stretches.append((back, None))
        asks = not after and back in month_days(rental.stretches, builder.ends)
        builder.add(PickedUp(gone, code, now.serials[code]))
        builder.add(Delivered(back, code, now.serials[code], "again", "rent", rental.extras, asks=asks))
        if asks:
            rental.by_order.add(back)
        if answer:
            builder.add(decision(builder, code, back, True, answer))
            rental.doubtful_from = back
            if answer == "new" and (back - month_ends).days > 70:
                rental.new_periods.add(back)
        else:
            taken = add_days(back, builder.between(8, 20))
            rental.stretches[-1] = (back, taken)
            builder.add(PickedUp(taken, code, now.serials[code]))
    return answer != ""


def stay(builder: Builder, now: Era) -> None:
    """In a facility within the 36 months."""
    away = now.free_day(builder, 20, 900)
    back = break_length(builder, builder.chance(0.4), now.month_end(builder, away), away)
    home = not_on(max(back, add_days(away, 1)), month_days([(now.start, None)], builder.ends))
    builder.add(InpatientStay(away, home))
    for code, rental in now.rentals.items():
        rental.stretches[-1] = (rental.stretches[-1][0], away)
        rental.stretches.append((home, None))
        builder.add(decision(builder, code, home, False, "resumes"))
        rental.doubtful_from = home


def swapped(builder: Builder, now: Era) -> None:
    """Another machine for one that wore out, or another modality by order; nothing begins anew."""
    day, code = now.free_day(builder, 60, 900), now.setup.stationary
    rental = now.rentals[code]
    builder.add(PickedUp(day, code, now.serials[code]))
    now.serials[code] = builder.serial(code)
    if builder.chance(0.6):
        builder.add(Delivered(day, code, now.serials[code], "swap", "rent", rental.extras, asks=False))
        return
    builder.good_order(("E1391",), day)
    builder.add(Delivered(day, "E1391", now.serials[code], "switch", "rent", rental.extras, asks=False))
    rental.codes.append((day, "E1391"))


def after_the_rental(builder: Builder, now: Era, months: list[date], until: date) -> None:
    """Contents and visits, until the lifetime ends at the latest."""
    setup, main = now.setup, now.rentals[now.machines[0]]
    days = month_days(main.stretches, until)
    if not setup.stationary:
        for code in setup.contents:
            contents(builder, code, days, ("KX", "N1"))
        return
    if len(months) < 36:
        return
    free = [day for day in days if day > months[-1]]
    early = builder.mistake(0.07) and bool(setup.contents)
    for code in setup.contents:
        contents(builder, code, [months[-1], *free] if early else free, ("KX", "N1"))
    if setup.wrong and free and builder.mistake(0.25):
        contents(builder, setup.wrong, free[3:4], ("KX", "N1"))
    machines = setup.maintained
    if not machines and free and builder.mistake(0.15):
        builder.add(Visit(add_months(free[0], builder.between(6, 8)), (setup.stationary,)))
    if machines and free and builder.medicare:
        visits(builder, machines, free, until, main)
        if until == now.lifetime_ends and builder.chance(0.3):
            # One visit more, when the lifetime is over.
            builder.add(Visit(add_days(until, builder.between(0, 10)), machines))


def contents(builder: Builder, code: str, days: list[date], modifiers: tuple[str, ...]) -> None:
    """Deliveries of one to three months, and a claim on each month's day."""
    nth = 0
    while nth < len(days):
        months = builder.between(1, 3)
        day = add_days(days[nth], -builder.rng.choice((0, 0, 1, 3, 6)))
        luck = builder.rng.random() if builder.medicare else 0.5
        proven = luck > 0.03
        covers = months
        if luck > 0.98:
            day = add_days(days[nth], 1)
        elif luck > 0.975:
            months = covers = 4
        elif luck > 0.96:
            covers = months + 1
        builder.add(ContentsDelivered(day, code, months, proven))
        if luck < 0.02:
            builder.add(ProofArrived(add_days(days[nth], builder.between(2, 20)), code, day))
        for dos in days[nth : nth + covers]:
            builder.add(ContentsAsked(dos, code, modifiers, 2 if builder.mistake(0.004) else 1))
            if builder.mistake(0.004):
                builder.add(ContentsAsked(add_days(dos, builder.between(1, 9)), code, modifiers))
        nth += covers


def visits(builder: Builder, machines: tuple[str, ...], free: list[date], until: date, main: Rental) -> None:
    """A technician comes about every half year, from six months after the rental on."""
    if machines[0] in ("E1390", "E1391"):
        machines = (main.code_on(until), *machines[1:])
    soon = add_days(free[0], builder.between(1, 150))
    if builder.chance(0.06) and is_there(main, soon):
        builder.add(Visit(soon, machines))
    due = free[6] if len(free) > 6 else until
    last = due
    while due < until:
        luck = builder.rng.random()
        if luck < 0.5:
            day = add_days(due, builder.between(0, 40))
        elif luck < 0.7:
            day = due
        elif luck < 0.78:
            day = add_days(due, -builder.rng.choice((1, 2, 20)))
        elif luck < 0.88:
            due = add_months(due, 6)
            continue
        else:
            day = add_days(due, builder.between(41, 150))
        documented = builder.chance(0.94)
        if day < until and is_there(main, day):
            builder.add(Visit(day, machines, documented))
            if builder.chance(0.05):
                builder.add(RepairAsked(day, "K0739", machines[0], ()))
        last = day
        due = add_months(last if day >= due and documented else due, 6)


def is_there(rental: Rental, day: date) -> bool:
    """Whether the machine is at home on a day."""
    return any(begins <= day and (ended is None or day < ended) for begins, ended in rental.stretches)
