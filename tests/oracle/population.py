"""2,000 patients and seven years of each, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from .builder import Builder
from .courses import capped, sold
from .days import add_days, add_months
from .life import COMMERCIAL, MEDICAID, MEDICARE, Died, Moved, Patient, PayerChanged
from .oxygen_course import oxygen
from .refill_course import Item, supplies

BEGIN = date(2024, 1, 1)
MONTHS = 84
KINDS = (("oxygen", 30), ("pap", 25), ("bed", 12), ("wheelchair", 12), ("diabetic", 11), ("nebulizer", 10))
STATES = ("OH", "TX", "CA", "NY", "FL", "IL", "GA", "WA", "PA", "NC")
PAP_SUPPLIES = (
    ("A7034", 1, 90),
    ("A7032", 6, 90),
    ("A7032", 2, 30),
    ("A7038", 6, 90),
    ("A7037", 1, 90),
    ("A7035", 1, 180),
    ("A7046", 1, 180),
)
NEBULIZER_SUPPLIES = (("A7003", 2, 30), ("A7003", 6, 90), ("A7005", 1, 180), ("A7015", 1, 30), ("A7013", 6, 90))


def population(seed: int, patients: int = 2000, begin: date = BEGIN, months: int = MONTHS) -> Iterator[Patient]:
    """So many lives from a seed; the nth of a seed is always the same."""
    for number in range(patients):
        yield life(Random(f"{seed}/{number}"), number, begin, months)


def life(rng: Random, number: int, begin: date, months: int) -> Patient:
    """One patient's life of so many months."""
    ends = add_days(add_months(begin, months), -1)
    kind = rng.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])[0]
    payer = rng.choices((MEDICARE, COMMERCIAL, MEDICAID), (86, 8, 6))[0]
    rentals_by = rng.choice(("gateway", "gateway", "source"))
    start = first_day(rng, begin)
    changes = rng.random() < 0.07
    plain = changes or payer != MEDICARE
    builder = Builder(rng, number, ends, rentals_by, not plain)
    insulin = rng.random() < 0.6
    if changes:
        payer_changes(builder, payer, start)
    if rng.random() < 0.15:
        builder.add(Died(add_days(start, rng.randint(20, months * 31))))
    if rng.random() < 0.1:
        builder.add(Moved(add_days(start, rng.randint(10, months * 29)), rng.choice(STATES)))
    course(builder, kind, start, plain, insulin)
    return Patient(number, kind, payer, rentals_by, rng.choice(STATES), builder.told(), insulin)


def first_day(rng: Random, begin: date) -> date:
    """When it begins: most within a year, some within four; often on a leap day or at a month's end."""
    luck = rng.random()
    if luck < 0.06:
        return date(begin.year + (-begin.year % 4), 2, 29)
    if luck < 0.18:
        month_end = add_days(add_months(date(begin.year, begin.month, 1), rng.randint(1, 30)), -1)
        return max(begin, add_days(month_end, -rng.randint(0, 2)))
    return add_days(begin, rng.randint(0, 365) if luck < 0.75 else rng.randint(366, 1300))


def payer_changes(builder: Builder, payer: str, start: date) -> None:
    """Another payer from some day on, and perhaps the first one again."""
    other = builder.rng.choice([each for each in (MEDICARE, COMMERCIAL, MEDICAID) if each != payer])
    day = add_days(start, builder.between(40, 900))
    builder.add(PayerChanged(day, other))
    if builder.chance(0.5):
        builder.add(PayerChanged(add_days(day, builder.between(60, 500)), payer))


def course(builder: Builder, kind: str, start: date, plain: bool, insulin: bool) -> None:
    """What a patient of this kind lives through."""
    if kind == "oxygen":
        oxygen(builder, start, plain)
    elif kind == "bed":
        capped(builder, builder.rng.choice(("E0260", "E0277")), start, plain)
    elif kind == "wheelchair":
        capped(builder, builder.rng.choice(("K0001", "K0003", "K0195", "K0823", "K0823")), start, plain)
    elif kind == "diabetic":
        glucose(builder, start, insulin)
    else:
        machine, choices, codes = (
            ("E0570", NEBULIZER_SUPPLIES, 2) if kind == "nebulizer" else ("E0601", PAP_SUPPLIES, 3)
        )
        own_base = not builder.chance(0.07)
        stop: date | None = builder.ends
        if own_base:
            stop = capped(builder, machine, start, plain)
            if machine == "E0601" and stop is not None and builder.chance(0.5):
                builder.good_order(("E0562",), start)
                sold(builder, "E0562", start, ("KX",))
        if stop is None:
            return
        taken: set[str] = set()
        for code, units, days in builder.rng.sample(choices, len(choices)):
            if code not in taken and len(taken) < codes:
                taken.add(code)
                modifiers = ("NU", "KX") if kind == "pap" else ("NU",)
                supplies(builder, Item(code, units, days, modifiers), start, stop, own_base)


def glucose(builder: Builder, start: date, insulin: bool) -> None:
    """A meter that is bought, strips and lancets."""
    treated = "KX" if insulin else "KS"
    own_base = not builder.chance(0.1)
    if own_base:
        builder.good_order(("E0607",), start)
        sold(builder, "E0607", start, (treated,))
    strips, lancets = (6, 3) if insulin else (2, 1)
    items = [
        Item("A4253", builder.between(1, strips), 90, ("NU", treated)),
        Item("A4259", builder.between(1, lancets), 90, (treated,)),
    ]
    if builder.chance(0.5):
        items.append(Item("A4258", 1, 180, (treated,)))
    for item in items:
        supplies(builder, item, start, builder.ends, own_base)
