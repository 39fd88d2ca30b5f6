"""The claims of the quarter, and who pays them. Everybody is invented."""

from __future__ import annotations

import datetime as dt
import random

from gateway.sandbox.people import BILLERS, FIRST_F, LAST, ORDERERS
from gateway.sandbox.records import Address, Claim, Coverage, Line, Payer, Person

FIRST_DAY = dt.date(2026, 7, 1)
DAYS = 60
"""Days of service; remittances come in the quarter after them."""

MEDICARE = Payer("18003", "DME MAC JURISDICTION C", "MB", "medicare")
SPLITTER = Payer("90101", "NORTHBRIDGE HEALTH PLAN", "CI", "commercial")
WHOLE = Payer("00123", "BLUE HARBOR OF THE MIDWEST", "BL", "commercial")
TAKER = Payer("90104", "SUMMIT MUTUAL", "CI", "commercial")
PAYERS = (MEDICARE, SPLITTER, WHOLE, TAKER)
SHARES = (45, 20, 15, 20)

_ITEMS = (
    ("E1390", ("RR", "KX")),
    ("E0431", ("RR", "KX")),
    ("E0601", ("RR", "KH", "KX")),
    ("E0260", ("RR", "KI")),
    ("K0001", ("RR", "KJ")),
    ("A7030", ("NU", "KX")),
    ("A7038", ("NU",)),
    ("A4253", ("NU", "KS")),
)
_HOME = Address("7 WILLOW STREET", "AUSTIN", "TX", "787010001")


def draw_claims(seed: int, count: int) -> list[Claim]:
    """So many claims; the first hundred of a thousand are the hundred alone."""
    return [_claim(random.Random(f"quarter:{seed}:{number}"), number) for number in range(1, count + 1)]


def _claim(rng: random.Random, number: int) -> Claim:
    payer = rng.choices(PAYERS, SHARES)[0]
    person = Person(
        rng.choice(LAST), rng.choice(FIRST_F), dt.date(1950, 1, 1) + dt.timedelta(number % 9000), "F", _HOME
    )
    # Some patients have two claims.
    patient = number - 1 if number % 25 == 0 else number
    other = None
    if payer in (MEDICARE, TAKER) and rng.random() < 0.4:
        other = Coverage(SPLITTER, f"SWB{patient:07d}", person)
    day = FIRST_DAY + dt.timedelta(rng.randrange(DAYS))
    name = f"Q{number:07d}"
    lines = [_line(rng, day, item) for item in rng.sample(_ITEMS, rng.choice((1, 1, 1, 2, 2, 3)))]
    if rng.random() < 0.02:
        lines.append(_copy(lines[0]))
    for at, line in enumerate(lines, 1):
        line.reference = f"{name}L{at}"
    member = f"SWM{patient:08d}"
    return Claim(name, BILLERS[0], person, Coverage(payer, member, person), "P", ["J449"], lines, "oxygen", other)


def _line(rng: random.Random, day: dt.date, item: tuple[str, tuple[str, ...]]) -> Line:
    code, modifiers = item
    return Line(code, list(modifiers), rng.randrange(2_000, 40_000), 1, day, orderer=rng.choice(ORDERERS))


def _copy(line: Line) -> Line:
    return Line(line.code, list(line.modifiers), line.charge, 1, line.start, orderer=line.orderer)
