"""The files of the quarter, in the order in which they arrive: remittances, and what comes of them a second time."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from gateway.sandbox.records import Payer

from ..posting.made import Clp, Era, Plb, cents, dollars, make_835
from .claims import MEDICARE, PAYERS, SPLITTER, TAKER, WHOLE
from .stories import Quarter

REMITTANCES = {MEDICARE.id: 325, SPLITTER.id: 225, WHOLE.id: 150, TAKER.id: 200}
"""Of 900."""
ORIGINATORS = {MEDICARE.id: "1960000101", SPLITTER.id: "1960000102", WHOLE.id: "1960000103", TAKER.id: "1960000104"}
SUMMER_ENDS = 8
"""The month before the first remittance (they come from September to November)."""


class Delivery(NamedTuple):
    """One file. `why`: plain, or what is odd about it."""

    name: str
    data: bytes
    why: str
    sets: tuple[Era, ...]


def share_out(total: int) -> dict[str, int]:
    """So many remittances, over the payers."""
    return {payer: max(8, total * count // 900) for payer, count in REMITTANCES.items()}


def deliveries(quarter: Quarter) -> list[Delivery]:
    """All files, by the time at which they arrive."""
    rng = random.Random(f"deliveries:{quarter.seed}")
    timed: list[tuple[float, Delivery]] = []
    for at, payer in enumerate(PAYERS):
        count = quarter.remittances[payer.id]
        for step, era in enumerate(_remittances(quarter, payer)):
            when = (step + 0.2 * at) / count
            timed += [(when + later, one) for later, one in _delivered(rng, era, f"{payer.id}-{step:04d}", 1 / count)]
    timed.sort(key=lambda one: one[0])
    return [one for _, one in timed]


def _day(step: int, count: int) -> str:
    day = step * 60 // count
    return f"2026{SUMMER_ENDS + 1 + day // 20:02d}{1 + day % 20 * 7 // 5:02d}"


def _remittances(quarter: Quarter, payer: Payer) -> list[Era]:
    """Each transaction set of a payer, with its provider-level adjustments."""
    rng = random.Random(f"plb:{quarter.seed}:{payer.id}")
    count = quarter.remittances[payer.id]
    due: dict[int, list[Plb]] = {}
    carried: list[Plb] = []
    made = []
    for step in range(count):
        payments = quarter.bins.get((payer.id, step), [])
        plbs = due.pop(step, []) + _put_off(quarter, payer, step, due)
        if payer is WHOLE and rng.random() < 0.3:
            plbs.append(Plb("L6", dollars(-rng.randrange(1, 900)), f"INT{step}"))
        plbs += _odd(rng, step)
        total = sum(one.paid_cents for one in payments if one.status != "25")
        rest = total - sum(cents(one.amount) for one in plbs)
        for one in list(carried):
            if rest >= cents(one.amount):
                plbs.append(one)
                carried.remove(one)
                rest -= cents(one.amount)
        if rest < 0:
            plbs.append(Plb("FB", dollars(rest), f"FB{payer.id}{step}"))
            carried.append(Plb("FB", dollars(-rest), f"FB{payer.id}{step}"))
            rest = 0
        made.append(_era(payer, step, count, payments, plbs, rest))
    return made


def _put_off(quarter: Quarter, payer: Payer, step: int, due: dict[int, list[Plb]]) -> list[Plb]:
    """Takebacks that are put off now, and taken in the next three remittances."""
    made = []
    for at, payment in enumerate(quarter.put_off.get((payer.id, step), [])):
        owed, reference = payment.paid_cents, f"{payment.payer_number}"
        made.append(Plb("WO", dollars(-owed), reference))
        parts = (owed // 3, owed // 3, owed - 2 * (owed // 3))
        for later, part in enumerate(parts, 1):
            due.setdefault(step + later, []).append(Plb("WO", dollars(part), reference))
        assert at < 500
    return made


def _odd(rng: random.Random, step: int) -> list[Plb]:
    """What a payer adjusts now and then."""
    drawn = rng.random()
    if drawn < 0.02:
        return [Plb("CS", dollars(rng.randrange(1, 5_000)), f"CS{step}")]
    if drawn < 0.03:
        return [Plb("50", dollars(rng.randrange(1, 900)), f"LATE{step}")]
    if drawn < 0.04:
        return [Plb("AH", dollars(-rng.randrange(1, 900)), f"ORIG{step}")]
    if drawn < 0.06:
        refund = rng.randrange(100, 9_000)
        return [Plb("72", dollars(-refund), f"RF{step}"), Plb("WO", dollars(refund), f"RF{step}")]
    return []


def _era(payer: Payer, step: int, count: int, payments: list[Clp], plbs: list[Plb], total: int) -> Era:
    at = payer.id.lstrip("0")
    trace = f"{at}{step:05d}" if total or payer is not WHOLE else "EO000000"
    return Era(
        payments,
        plbs,
        total="" if total else "0",
        trace=trace,
        handling="I" if total else "H",
        date=_day(step, count),
        originator=ORIGINATORS[payer.id],
        payer=payer.name,
        payer_id=payer.id,
    )


def _delivered(rng: random.Random, era: Era, name: str, gap: float) -> list[tuple[float, Delivery]]:
    """How one remittance arrives; the first number is how much later."""
    number = f"{rng.randrange(10**9):09d}"
    whole = Delivery(f"{name}.835", make_835(era, isa13=number), "plain", (era,))
    drawn = rng.random()
    if drawn < 0.05:
        return [(0.0, whole), (gap * rng.uniform(0, 6), _again(rng, era, name))]
    if drawn < 0.06 and era.total_cents:
        wrong = era._replace(total=dollars(era.total_cents + 1))
        off = Delivery(f"{name}-off.835", make_835(wrong, isa13=number), "does not balance", (wrong,))
        return [(0.0, off), (gap * 0.5, whole)]
    if drawn < 0.07:
        cut = Delivery(f"{name}-cut.835", whole.data[: whole.data.rindex(b"SE*")], "cut off", (era._replace(cut=True),))
        return [(0.0, cut), (gap * 0.5, whole)]
    if drawn < 0.08 and era.total_cents and era.claims:
        other = era._replace(claims=[*era.claims[:-1], era.claims[-1]._replace(last="SOMEBODY ELSE")])
        another = Delivery(f"{name}-other.835", make_835(other), "same number, other contents", (other,))
        return [(0.0, whole), (gap * 0.7, another)]
    if drawn < 0.10:
        return [(gap * rng.uniform(1, 3), whole._replace(why="late"))]
    return [(0.0, whole)]


def _again(rng: random.Random, era: Era, name: str) -> Delivery:
    """The same remittance once more: other envelope, other delimiters, other line ends."""
    data = make_835(era, isa13=f"{rng.randrange(10**9):09d}")
    if rng.random() < 0.7:
        data = data.replace(b"*", b"|").replace(b":", b">")
    if rng.random() < 0.5:
        # The set's own number alone: a line's control number may end in 0001, too.
        data = re.sub(rb"\b(ST\W835\W|SE\W\d+\W)0001", rb"\g<1>0777", data).replace(b"~\n", b"~\r\n")
    return Delivery(f"{name}-again.835", data, "again", (era,))
