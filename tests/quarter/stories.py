"""What becomes of each claim: payments by payer, each with the remittance in which it comes."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable

from gateway.sandbox.records import Claim, Payer

from ..posting.made import Cas, Clp, Svc, dollars
from . import habits
from .claims import MEDICARE, PAYERS, SPLITTER, TAKER, WHOLE

SHARES = {
    "paid": 678,
    "denied": 70,
    "denied, then paid": 25,
    "denied, then paid, then the denial taken back": 4,
    "denied in part": 35,
    "corrected": 35,
    "corrected before the reversal": 8,
    "corrected after the next payer": 12,
    "called a duplicate": 6,
    "taken back": 15,
    "taken back twice": 4,
    "taken back otherwise": 4,
    "paid by two checks": 8,
    "pended, then paid": 20,
    "not reduced, not paid": 6,
    "estimated": 5,
    "never answered": 30,
    "no number of ours": 10,
    "another number": 8,
    "does not balance": 6,
    "old status": 3,
    "cannot be read": 3,
}
"""Of a thousand claims; the last five are what does not match, about 3%."""
LAST_STEPS = 5
"""Remittances at the end that begin no story."""


class Quarter:
    """Payments by payer and remittance, in the order in which they stand there; who put off a takeback, by place."""

    def __init__(self, seed: int, remittances: dict[str, int]) -> None:
        self.seed = seed
        self.remittances = remittances
        self.bins: dict[tuple[str, int], list[Clp]] = defaultdict(list)
        self.put_off: dict[tuple[str, int], list[Clp]] = defaultdict(list)
        self.stories: Counter[str] = Counter()
        self._icns = 0

    def icn(self, payer: Payer) -> str:
        """A payer's control number."""
        self._icns += 1
        return f"{payer.id}{self._icns:08d}"

    def add(self, payer: Payer, step: int, *payments: Clp) -> None:
        """They come in this remittance, or never, where the quarter is over."""
        if step < self.remittances[payer.id]:
            self.bins[payer.id, step] += payments


def tell(seed: int, claims: list[Claim], remittances: dict[str, int]) -> Quarter:
    """The stories of all claims."""
    quarter = Quarter(seed, remittances)
    mine = {payer.id: [one for one in claims if one.coverage.payer is payer] for payer in PAYERS}
    for payer in PAYERS:
        steps = max(1, remittances[payer.id] - LAST_STEPS)
        for at, claim in enumerate(mine[payer.id]):
            rng = random.Random(f"story:{seed}:{claim.number}")
            name = rng.choices(list(SHARES), list(SHARES.values()))[0]
            quarter.stories[name] += 1
            _TOLD[name](quarter, rng, payer, claim, at * steps // len(mine[payer.id]))
    return quarter


def _decides(rng: random.Random, payer: Payer, claim: Claim) -> list[habits.Split]:
    return [habits.pays(rng, payer, line) for line in claim.lines]


def _paid(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits = _decides(rng, payer, claim)
    status = "19" if payer is MEDICARE and claim.other and rng.random() < 0.6 else "1"
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer), status))
    if claim.other is None or rng.random() < 0.15:
        return
    after = step * quarter.remittances[SPLITTER.id] // quarter.remittances[payer.id]
    after = max(0, after - 2) if rng.random() < 0.03 else after + rng.randrange(1, 4)
    quarter.add(SPLITTER, after, habits.after_the_first(rng, claim, splits, quarter.icn(SPLITTER)))


def _denied(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits = [habits.denies(rng, payer, line) for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer)))


def _denied_then_paid(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    _denied(quarter, rng, payer, claim, step)
    again = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step + rng.randrange(1, 4), again)


def _denial_taken_back(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits = [habits.denies(rng, payer, line) for line in claim.lines]
    denied = habits.written(rng, payer, claim, splits, quarter.icn(payer))
    paid = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, denied)
    quarter.add(payer, step + 1, paid)
    quarter.add(payer, step + 2, habits.reversal(denied))


def _denied_in_part(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits = [habits.denies_part(rng, payer, line) for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer)))


def _corrected(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    first = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    right = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, first)
    later = step + rng.randrange(1, 4)
    quarter.add(payer, later, habits.reversal(first))
    quarter.add(payer, later + rng.choice((0, 0, 1)), right)


def _corrected_before(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    first = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    right = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, first)
    quarter.add(payer, step + 1, right)
    quarter.add(payer, step + 1 + rng.choice((0, 1, 2)), habits.reversal(first))


def _corrected_after_the_next(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    """The first payer corrects itself when the next one has paid already, and that one follows."""
    if claim.other is None:
        return _corrected(quarter, rng, payer, claim, step)
    wrong, right = _decides(rng, payer, claim), _decides(rng, payer, claim)
    first = habits.written(rng, payer, claim, wrong, quarter.icn(payer))
    quarter.add(payer, step, first)
    # In steps of the next payer's remittances, and well after each other.
    share = quarter.remittances[SPLITTER.id] / quarter.remittances[payer.id]
    second = habits.after_the_first(rng, claim, wrong, quarter.icn(SPLITTER))
    quarter.add(SPLITTER, int((step + 2) * share) + 2, second)
    later = step + 6
    quarter.add(payer, later, habits.reversal(first))
    quarter.add(payer, later, habits.written(rng, payer, claim, right, quarter.icn(payer)))
    again = habits.after_the_first(rng, claim, right, quarter.icn(SPLITTER))
    quarter.add(SPLITTER, int((later + 2) * share) + 2, habits.reversal(second), again)
    return None


def _called_a_duplicate(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    """Decided on, and the same claim once more refused as a duplicate."""
    splits = _decides(rng, payer, claim)
    if rng.random() < 0.5:
        splits = [[("CO", "45", line.charge // 3), ("PR", "1", line.charge - line.charge // 3)] for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer)))
    again: list[habits.Split] = [
        [("CO", "45", line.charge // 3), ("CO", "18", line.charge - line.charge // 3)] for line in claim.lines
    ]
    quarter.add(payer, step + 1, habits.written(rng, payer, claim, again, quarter.icn(payer)))


def _taken_back(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> Clp:
    first = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, first)
    later = step + rng.randrange(1, 3)
    quarter.add(payer, later, habits.reversal(first))
    if payer is TAKER and first.paid_cents > 2:
        quarter.put_off[payer.id, later].append(first)
    return first


def _taken_back_twice(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    first = _taken_back(quarter, rng, payer, claim, step)
    quarter.add(payer, step + 3, habits.reversal(first))


def _taken_back_otherwise(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    """The reversal of another decision than the one that came, under its number."""
    first = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    other = habits.written(rng, payer, claim, _decides(rng, payer, claim), first.payer_number)
    quarter.add(payer, step, first)
    quarter.add(payer, step + 1, habits.reversal(other))


def _by_two_checks(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    first = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, first)
    quarter.add(payer, step + rng.randrange(1, 4), first._replace(payer_number=quarter.icn(payer)))


def _pended(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits: list[habits.Split] = [[("OA", "133", line.charge)] for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer)))
    _paid(quarter, rng, payer, claim, step + rng.randrange(1, 4))


def _not_reduced(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits: list[habits.Split] = [[("CO", "45", line.charge)] for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer)))


def _estimated(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    splits: list[habits.Split] = [[("OA", "101", line.charge)] for line in claim.lines]
    quarter.add(payer, step, habits.written(rng, payer, claim, splits, quarter.icn(payer), "25"))


def _never(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    """Nobody answers."""


def _no_number(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    payment = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, payment._replace(number=f"Z{claim.number[1:]}", member="", last="UNKNOWN"))


def _another_number(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    """The payer writes its own number; the member, the day and the charge are right."""
    payment = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    day = f"{claim.lines[0].start:%Y%m%d}"
    quarter.add(payer, step, payment._replace(number=f"Z{claim.number[1:]}", dates=(day, day)))


def _unbalanced(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    payment = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, payment._replace(paid=dollars(payment.paid_cents + 1)))


def _old_status(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    payment = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    quarter.add(payer, step, payment._replace(status=rng.choice(("5", "15", "27"))))


def _unread(quarter: Quarter, rng: random.Random, payer: Payer, claim: Claim, step: int) -> None:
    payment = habits.written(rng, payer, claim, _decides(rng, payer, claim), quarter.icn(payer))
    odd = Cas("CO", "45", "1.999")
    paid = dollars(payment.paid_cents)
    if payer is WHOLE:
        payment = _unread_whole(payment, odd)
    else:
        first, *rest = payment.services
        payment = payment._replace(services=[_with(first, odd), *rest])
    quarter.add(payer, step, payment._replace(paid=paid, patient="0"))


def _with(service: Svc, odd: Cas) -> Svc:
    return service._replace(cas=[*service.cas, odd])


def _unread_whole(payment: Clp, odd: Cas) -> Clp:
    return payment._replace(cas=[*payment.cas, odd])


Told = Callable[[Quarter, random.Random, Payer, Claim, int], object]
_TOLD: dict[str, Told] = {
    "paid": _paid,
    "denied": _denied,
    "denied, then paid": _denied_then_paid,
    "denied, then paid, then the denial taken back": _denial_taken_back,
    "denied in part": _denied_in_part,
    "corrected": _corrected,
    "corrected before the reversal": _corrected_before,
    "corrected after the next payer": _corrected_after_the_next,
    "called a duplicate": _called_a_duplicate,
    "taken back": _taken_back,
    "taken back twice": _taken_back_twice,
    "taken back otherwise": _taken_back_otherwise,
    "paid by two checks": _by_two_checks,
    "pended, then paid": _pended,
    "not reduced, not paid": _not_reduced,
    "estimated": _estimated,
    "never answered": _never,
    "no number of ours": _no_number,
    "another number": _another_number,
    "does not balance": _unbalanced,
    "old status": _old_status,
    "cannot be read": _unread,
}
