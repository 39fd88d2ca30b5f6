"""How equipment other than oxygen goes through a life: capped rentals, and items that are sold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .builder import Builder, Rental, decision, month_days
from .days import add_days, add_months
from .life import Corrected, Delivered, InpatientStay, Lost, PickedUp, RentalAsked, StatementFiled

WHY_LOST = ("stolen from the porch", "lost in a flood", "destroyed in a house fire")
LISTED = ("K0823",)
AUTHORIZED = {"K0823": 6, "E0277": 1}
EXTRAS = {"E0570": (), "E0277": ("KX",), "K0823": ("KX",)}


def not_on(day: date, days: Sequence[date]) -> date:
    """A day that is none of these: the next."""
    while day in days:
        day = add_days(day, 1)
    return day


def break_length(builder: Builder, long: bool, month_ends: date, gone: date) -> date:
    """The day on which equipment that went on `gone` comes back; now and then about two months after its month."""
    if not long:
        return add_days(gone, builder.between(2, 45))
    if builder.chance(0.25):
        around = builder.rng.choice((add_months(month_ends, 2), add_days(month_ends, 61)))
        return add_days(around, builder.between(-1, 1))
    return add_days(gone, builder.between(120, 260))


def capped(builder: Builder, code: str, start: date, plain: bool) -> date | None:
    """A capped rental item from `start` to the end of the life: rented, owned, lost, replaced. Until when it is at the
    patient's home without a break; None: it did not stay."""
    return one_capped(builder, code, start, "new", plain)


def one_capped(builder: Builder, code: str, start: date, how: str, plain: bool) -> date | None:
    """One piece of it, and what follows it."""
    extras = EXTRAS.get(code, ("KX",))
    serial = builder.serial(code)
    stays = builder.order((code,), start, how, code in LISTED)
    if code in AUTHORIZED:
        stays = builder.authorization(code, start, AUTHORIZED[code]) and stays
    asked = extras
    narrative = ""
    puts_right = False
    if how == "lost":
        puts_right = builder.chance(0.25)
        if not puts_right:
            asked, narrative = ("RA", *extras), "replaces equipment that was lost"
    if how == "lifetime" and builder.mistake(0.15):
        asked, puts_right = ("RA", *extras), True
    builder.add(Delivered(start, code, serial, how, "rent", asked, narrative))
    if puts_right:
        builder.add(Corrected(add_days(start, builder.between(1, 6)), code, start))
    if not stays:
        builder.add(PickedUp(add_days(start, builder.between(21, 25)), code, serial))
        return None
    rental = Rental([(start, code)], extras, 13, True, [(start, None)], {start})
    luck = 1.0 if plain else builder.rng.random()
    undisturbed = builder.ends
    if luck < 0.1:
        undisturbed = returned(builder, rental, serial, start)
        builder.rental_months(rental, builder.ends)
        return undisturbed
    if luck < 0.28:
        undisturbed, goes_on = broken(builder, rental, serial, start, long=luck > 0.19)
        if not goes_on:
            builder.rental_months(rental, builder.ends)
            return undisturbed
    elif luck < 0.38:
        undisturbed = stay(builder, rental, start)
    if builder.chance(0.1) and not plain and luck > 0.38:
        lost = not_on(add_days(start, builder.between(40, 1780)), month_days([(start, None)], builder.ends))
        if lost < builder.ends:
            rental.stretches[-1] = (rental.stretches[-1][0], lost)
            builder.rental_months(rental, lost)
            builder.add(Lost(lost, code, serial, builder.rng.choice(WHY_LOST), statement=True))
            again = add_days(lost, builder.between(1, 20))
            if again < builder.ends and builder.chance(0.9):
                one_capped(builder, code, again, "lost", plain=True)
            return min(undisturbed, lost)
    builder.rental_months(rental, builder.ends)
    replaced_after_five_years(builder, code, start, plain)
    return undisturbed


def replaced_after_five_years(builder: Builder, code: str, start: date, plain: bool) -> None:
    """At the end of its lifetime most get a new one; some too early, and then give it back."""
    ends = add_months(start, 60)
    if builder.mistake(0.08):
        early = add_days(ends, -builder.rng.choice((1, 2, 10, 40)))
        if early < builder.ends:
            serial = builder.serial(code)
            builder.good_order((code,), early)
            builder.add(Delivered(early, code, serial, "lifetime", "rent", EXTRAS.get(code, ("KX",))))
            builder.add(PickedUp(add_days(early, builder.between(2, 5)), code, serial))
    if builder.chance(0.55):
        again = add_days(ends, builder.rng.choice((0, 0, 1, 12, 50)) + (45 if builder.chance(0.2) else 0))
        again = max(again, ends)
        if again < builder.ends:
            one_capped(builder, code, again, "lifetime", plain=True)


def returned(builder: Builder, rental: Rental, serial: str, start: date) -> date:
    """The need ended within the rental."""
    days = month_days([(start, None)], builder.ends)
    gone = not_on(add_days(start, builder.between(20, 330)), days)
    rental.stretches[-1] = (start, gone)
    builder.add(PickedUp(gone, rental.codes[0][1], serial))
    return gone


def broken(builder: Builder, rental: Rental, serial: str, start: date, long: bool) -> tuple[date, bool]:
    """The equipment went and came back. When it went, and whether the rental goes on."""
    code = rental.codes[0][1]
    days = month_days([(start, None)], builder.ends)
    gone = not_on(add_days(start, builder.between(20, 280)), days)
    month_ends = min((day for day in days if day > gone), default=gone)
    back = break_length(builder, long, month_ends, gone)
    rental.stretches[-1] = (start, gone)
    builder.add(PickedUp(gone, code, serial))
    rental.stretches.append((back, None))
    asks = back in month_days(rental.stretches, builder.ends)
    answer = builder.rng.choice(("new", "new", "resumes", "")) if long else "resumes"
    if answer == "new":
        builder.good_order((code,), back)
        if code in AUTHORIZED:
            builder.authorization(code, add_days(back, 1), 1)
    builder.add(Delivered(back, code, serial, "again", "rent", rental.extras, asks=asks))
    if asks:
        rental.by_order.add(back)
    if not answer:
        taken = add_days(back, builder.between(8, 20))
        rental.stretches[-1] = (back, taken)
        builder.add(PickedUp(taken, code, serial))
        return gone, False
    builder.add(decision(builder, code, back, True, answer))
    rental.doubtful_from = back
    if answer == "new" and (back - month_ends).days > 70:
        rental.new_periods.add(back)
    return gone, True


def stay(builder: Builder, rental: Rental, start: date) -> date:
    """In hospital or nursing facility for some days or months; the equipment waits at home."""
    code = rental.codes[0][1]
    days = month_days([(start, None)], builder.ends)
    away = not_on(add_days(start, builder.between(20, 300)), days)
    month_ends = min((day for day in days if day > away), default=away)
    home = break_length(builder, builder.chance(0.4), month_ends, away)
    home = not_on(max(home, add_days(away, 1)), days)
    rental.stretches[-1] = (start, away)
    rental.stretches.append((home, None))
    builder.add(InpatientStay(away, home))
    missed = [day for day in days if away < day < home]
    if missed and builder.rentals_by == "source" and builder.mistake(0.7):
        wrong = tuple(["RR", "KJ", *rental.extras] if rental.capped else ["RR", *rental.extras])
        builder.add(RentalAsked(missed[0], code, wrong, place=builder.rng.choice(("21", "31"))))
    builder.add(decision(builder, code, home, False, "resumes"))
    rental.doubtful_from = home
    return away


def sold(builder: Builder, code: str, start: date, extras: tuple[str, ...]) -> None:
    """A base item that is bought, and bought again when its lifetime is over."""
    builder.add(Delivered(start, code, builder.serial(code), "new", "sell", extras))
    ends = add_months(start, 60)
    early = builder.mistake(0.08)
    again = add_days(ends, -builder.rng.choice((1, 30)) if early else builder.between(0, 40))
    if again >= builder.ends or not builder.chance(0.5):
        return
    serial = builder.serial(code)
    builder.good_order((code,), again)
    wrong = builder.mistake(0.2)
    builder.add(Delivered(again, code, serial, "lifetime", "sell", ("RA", *extras) if wrong else extras))
    if early:
        builder.add(PickedUp(add_days(again, 3), code, serial))
    elif wrong:
        builder.add(Corrected(add_days(again, builder.between(1, 6)), code, again))


def lost_statement(builder: Builder, code: str, lost: date, serial: str) -> None:
    """A loss, with the statement in the file at once, or some days later (after the replacement, most often)."""
    at_once = builder.chance(0.6)
    builder.add(Lost(lost, code, serial, builder.rng.choice(WHY_LOST), statement=at_once))
    if not at_once:
        builder.add(StatementFiled(add_days(lost, builder.between(18, 26)), code))
