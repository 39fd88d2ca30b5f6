"""What is done for one invented patient in the last two months, as the claims that follow from it.

Each family follows the billing rules of its product (hme-billing-rules 1.1, 1.2, 1.6, 2, 4): rental months counted
from the first delivery, modifiers by payer, spans where they are wanted, prior authorization where it is.
"""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import catalogue as cat
from . import people
from .records import Biller, Claim, Coverage, Delivery, Line, LinePaid, Orderer, Payer, Person

WINDOW_DAYS = 61
OXYGEN_CAP = 36
RENTAL_CAP = 13


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month; the last one where that month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(slots=True)
class Case:
    """One patient with one need: everything that its claims share."""

    rng: random.Random
    today: dt.date
    family: str
    biller: Biller
    patient: Person
    coverage: Coverage
    other: Coverage | None
    responsibility: str
    orderer: Orderer
    diagnoses: list[str]
    started: dt.date | None = None

    @property
    def first(self) -> dt.date:
        """The first day of the window of services."""
        return self.today - dt.timedelta(days=WINDOW_DAYS)

    @property
    def rules(self) -> str:
        """Whose billing rules the claim follows: those of the payer that was first, also where the second is billed."""
        if self.responsibility == "S" and self.other is not None:
            return self.other.payer.kind
        return self.coverage.payer.kind

    @property
    def medicare(self) -> bool:
        return self.rules == "medicare"

    def kx(self) -> list[str]:
        return ["KX"] if self.medicare and self.family in cat.KX_FAMILIES else []

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def below(self, number: int) -> int:
        """0 .. number-1."""
        return int(self.rng.random() * number)

    def line(self, code: str, modifiers: list[str], charge: int, day: dt.date, units: int = 1) -> Line:
        """A line ordered by the case's practitioner, pointing at every diagnosis (four at most)."""
        pointers = list(range(1, min(len(self.diagnoses), 4) + 1))
        line = Line(code, modifiers, charge * units, units, day, pointers=pointers)
        if self.medicare:
            line.orderer = self.orderer
        return line

    def claim(self, lines: list[Line], month: int = 0) -> Claim:
        """A claim of the case, numbered later."""
        return Claim(
            number="",
            biller=self.biller,
            patient=self.patient,
            coverage=self.coverage,
            responsibility=self.responsibility,
            diagnoses=self.diagnoses,
            lines=lines,
            family=self.family,
            other=self.other,
            rental_month=month,
            referring=None if self.medicare else self.orderer,
            started=self.started,
        )


def rental_months(case: Case, start: dt.date, cap: int) -> Iterator[tuple[int, dt.date]]:
    """The rental months (counted from 1) whose first day falls in the window, with that day."""
    month = max(1, (case.first.year - start.year) * 12 + case.first.month - start.month)
    while month <= cap:
        day = add_months(start, month - 1)
        if day >= case.today:
            return
        if day >= case.first:
            yield month, day
        month += 1


def _started(case: Case, months: int) -> dt.date:
    """A first delivery that lies up to so many months back."""
    case.started = case.today - dt.timedelta(days=1 + case.below(months * 30 + 30))
    return case.started


def rented(case: Case, code: str, month: int, day: dt.date, extra: tuple[str, ...] = ()) -> Line:
    """One month of a capped rental, with the modifiers and the span its payer wants."""
    modifiers = ["RR"]
    if case.rules != "medicaid":
        modifiers.append("KH" if month == 1 else "KI" if month <= 3 else "KJ")
    line = case.line(code, [*modifiers, *extra, *case.kx()], cat.RENTALS[code], day)
    if case.rules == "medicaid":
        line.end = add_months(day, 1) - dt.timedelta(days=1)
    if code in cat.PRIOR_AUTHORIZATION:
        line.authorization = f"UTN{case.below(10**11):011d}"
    return line


def _capped(code: str | None, *with_it: str) -> Callable[[Case], Iterator[Claim]]:
    """A maker of claims for a capped rental; without a code, one of the manual wheelchairs."""

    def make(case: Case) -> Iterator[Claim]:
        base = code or ("K0001", "K0003", "K0004")[case.below(3)]
        accessories = [item for item in with_it if case.chance(0.6)]
        start = _started(case, RENTAL_CAP)
        for month, day in rental_months(case, start, RENTAL_CAP):
            lines = [rented(case, item, month, day) for item in (base, *accessories)]
            yield case.claim(lines, month)

    return make


def _pap(case: Case) -> Iterator[Claim]:
    start = _started(case, RENTAL_CAP)
    for month, day in rental_months(case, start, RENTAL_CAP):
        lines = [rented(case, "E0601", month, day)]
        if month == 1:
            lines.append(case.line("E0562", ["NU", *case.kx()], cat.HUMIDIFIER.charge, day))
            lines += _mask(case, day, 1)
        yield case.claim(lines, month)


def bought(case: Case, item: cat.Item, day: dt.date, months: int = 1) -> Line:
    """A refill: the month's quantity for so many months, `NU` and, where the policy wants it, KX."""
    line = case.line(item.code, ["NU", *case.kx()], item.charge, day, item.most * months)
    if months > 1:
        line.note = f"{months * 30} DAY SUPPLY"
    return line


def _mask(case: Case, day: dt.date, months: int) -> list[Line]:
    frame, cushion = cat.MASKS[case.below(len(cat.MASKS))]
    return [bought(case, frame, day), bought(case, cushion, day, months)]


def _resupply(case: Case) -> Iterator[Claim]:
    months = 3 if case.chance(0.7) else 1
    day = case.first + dt.timedelta(days=case.below(30 if months == 1 else WINDOW_DAYS))
    while day < case.today:
        lines = _mask(case, day, months) if months == 3 or case.chance(0.5) else []
        if case.chance(0.7):
            lines.append(bought(case, cat.PAP_TUBES[case.below(2)], day))
        lines.append(bought(case, cat.PAP_FILTERS, day, months))
        if case.chance(0.35):
            lines += [bought(case, item, day) for item in cat.PAP_HALF_YEARLY if case.chance(0.6)]
        yield case.claim(lines)
        day += dt.timedelta(days=months * 30)


def _nebulizer(case: Case) -> Iterator[Claim]:
    start = _started(case, RENTAL_CAP)
    for month, day in rental_months(case, start, RENTAL_CAP):
        lines = [rented(case, "E0570", month, day)]
        lines += [bought(case, item, day) for item in cat.NEBULIZER_SETS]
        if month in (1, 7, 13):
            lines.append(bought(case, cat.NEBULIZER_HALF_YEARLY, day))
        yield case.claim(lines, month)


def _oxygen(case: Case) -> Iterator[Claim]:
    """36 rental months; then contents each month where the portable system is gas, and a maintenance visit every
    six months for a concentrator (hme-billing-rules 2.2-2.5)."""
    start = _started(case, 50)
    portable = ("E0431", "E0431", "E1392", "K0738", "")[case.below(5)]
    group = ("N1", "N1", "N1", "N2")[case.below(4)]
    flow = case.below(20)
    on_stationary = {0: ["QE"], 1: ["QF"] if portable else ["QG"]}.get(flow, [])
    on_portable = ["QF"] if on_stationary == ["QF"] else []
    common = [group, *case.kx()] if case.medicare else []
    for month, day in rental_months(case, start, 60):
        lines = []
        if month <= OXYGEN_CAP:
            lines.append(case.line("E1390", ["RR", *on_stationary, *common], cat.RENTALS["E1390"], day))
            if portable:
                lines.append(case.line(portable, ["RR", *on_portable, *common], cat.RENTALS[portable], day))
            if case.rules == "medicaid":
                for line in lines:
                    line.end = add_months(day, 1) - dt.timedelta(days=1)
            yield case.claim(lines, month)
            continue
        claim = case.claim(lines, month)
        if portable == "E0431":
            lines.append(case.line(cat.CONTENTS.code, common, cat.CONTENTS.charge, day))
            claim.deliveries.append(Delivery(day - dt.timedelta(days=case.below(20)), cat.CONTENTS.code, 8, 1))
        if month in (43, 49, 55) and case.medicare:
            visit = case.line("E1390", ["MS"], cat.MAINTENANCE, day)
            visit.note = "CHECKED FILTERS CONCENTRATION FLOW ALARMS"
            lines.append(visit)
        if lines:
            yield claim


def _strips(case: Case) -> Iterator[Claim]:
    """Testing supplies for 90 days, with the span that Medicare wants (R1.30)."""
    insulin = "Z794" in case.diagnoses
    day = case.first + dt.timedelta(days=case.below(WINDOW_DAYS))
    end = day + dt.timedelta(days=89)
    policy = ["KX" if insulin else "KS"] if case.medicare else []
    strips, lancets = (6, 3) if insulin else (2, 1)
    lines = [
        case.line(cat.STRIPS.code, ["NU", *policy], cat.STRIPS.charge, day, strips),
        case.line(cat.LANCETS.code, policy, cat.LANCETS.charge, day, lancets),
    ]
    for line in lines:
        line.end = end
        line.note = "90 DAY SUPPLY"
    if case.chance(0.2):
        lines.append(case.line(cat.LANCET_DEVICE.code, ["NU", *policy], cat.LANCET_DEVICE.charge, day))
    yield case.claim(lines)


def _cgm(case: Case) -> Iterator[Claim]:
    day = case.first + dt.timedelta(days=case.below(30))
    first = case.chance(0.2)
    while day < case.today:
        lines = [case.line(cat.CGM_SUPPLY.code, case.kx(), cat.CGM_SUPPLY.charge, day)]
        if first:
            lines.insert(0, case.line(cat.CGM_RECEIVER.code, ["NU", *case.kx()], cat.CGM_RECEIVER.charge, day))
            first = False
        yield case.claim(lines)
        day += dt.timedelta(days=30)


MAKERS: dict[str, Callable[[Case], Iterator[Claim]]] = {
    "oxygen": _oxygen,
    "pap": _pap,
    "resupply": _resupply,
    "bed": _capped("E0260"),
    "surface": _capped("E0277"),
    "wheelchair": _capped(None, "K0195"),
    "power": _capped("K0823"),
    "nebulizer": _nebulizer,
    "strips": _strips,
    "cgm": _cgm,
}


def paid_by_primary(case: Case, line: Line) -> LinePaid:
    """What the first payer is taken to have done with a line: allowed two thirds, paid four fifths of that."""
    allowed = line.charge * 2 // 3
    patient = allowed // 5
    adjustments = [("CO", "45", line.charge - allowed), ("PR", "2", patient)]
    paid = allowed - patient
    if case.medicare:
        cut = (paid * 2 + 50) // 100
        adjustments.insert(1, ("CO", "253", cut))
        paid -= cut
    return LinePaid(
        paid, [trio for trio in adjustments if trio[2]], min(line.start + dt.timedelta(days=21), case.today)
    )


def claims_of(case: Case) -> list[Claim]:
    """Every claim of one patient in the window, oldest first; those for a second payer with what the first paid."""
    claims = list(MAKERS[case.family](case))
    if case.responsibility == "S":
        for claim in claims:
            for line in claim.lines:
                line.paid = paid_by_primary(case, line)
    return claims


def _member(rng: random.Random, payer: Payer) -> str:
    if payer.kind == "medicare":
        return people.draw_mbi(rng)
    if payer.kind == "medicaid":
        return f"{int(rng.random() * 10**12):012d}"
    return f"{'XYZQWV'[int(rng.random() * 6)]}{int(rng.random() * 10**9):09d}"


def draw_case(rng: random.Random, today: dt.date, families: tuple[str, ...], weights: tuple[int, ...]) -> Case:
    """A patient, the need, who pays and who ordered; everything follows from the generator of random numbers."""
    family = rng.choices(families, weights)[0]
    roll = rng.random()
    kind = "medicare" if roll < 0.58 else "medicaid" if roll < 0.72 else "commercial"
    place = people.PLACES[int(rng.random() * len(people.PLACES))]
    patient = people.draw_person(rng, today, *((94, 66) if kind == "medicare" else (64, 19)), place)
    group = ""
    if kind == "medicare":
        payer = people.MACS[people.MAC_OF_STATE[place[0]]]
    elif kind == "medicaid":
        payer = people.MEDICAID[place[0]]
    else:
        payer = people.COMMERCIAL[int(rng.random() * len(people.COMMERCIAL))]
        group = f"G{int(rng.random() * 10**5):05d}"
    subscriber, relation = patient, "18"
    if kind == "commercial" and rng.random() < 0.25:
        subscriber = people.draw_person(rng, today, 64, 25, place)
        relation = "01" if rng.random() < 0.7 else "19"
    coverage = Coverage(payer, _member(rng, payer), subscriber, relation, group)
    other, responsibility = None, "P"
    if kind == "medicare" and rng.random() < 0.5:
        second = (
            people.MEDICAID[place[0]]
            if rng.random() < 0.3
            else people.SUPPLEMENTS[int(rng.random() * len(people.SUPPLEMENTS))]
        )
        other = Coverage(second, _member(rng, second), patient)
        if rng.random() < 0.25:
            coverage, other, responsibility = other, coverage, "S"
    diagnoses = cat.DIAGNOSES[family]
    return Case(
        rng=rng,
        today=today,
        family=family,
        biller=_biller(family, rng),
        patient=patient,
        coverage=coverage,
        other=other,
        responsibility=responsibility,
        orderer=people.ORDERERS[int(rng.random() * len(people.ORDERERS))],
        diagnoses=list(diagnoses[int(rng.random() * len(diagnoses))]),
    )


def _biller(family: str, rng: random.Random) -> Biller:
    """The office that handles the family, or the first one."""
    home, respiratory, mobility, mail = people.BILLERS
    if family in ("oxygen", "pap", "nebulizer"):
        return respiratory
    if family in ("wheelchair", "power", "bed", "surface"):
        return mobility
    return mail if rng.random() < 0.6 else home
