"""One claim's money: every cent of its charge is in one place, and a decision moves it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .carcs import CARC
from .wire import Adjusted, Billed, Payment

PAYER, NEXT, DENIED = "with the payer", "with the next payer", "denied"
CONTRACTUAL, SEQUESTRATION, PAID = "contractual", "sequestration", "paid"
PATIENT = {"1": "patient deductible", "2": "patient coinsurance", "3": "patient copay"}
WHOLE = 0
"""Stands for the claim where a payer names no lines."""


@dataclass
class Asked:
    """What one payment says of one line (or of the claim as a whole)."""

    charge: int = 0
    paid: int = 0
    cas: list[Adjusted] = field(default_factory=list)

    @property
    def prior(self) -> int:
        """What is told of the payers before (OA-23)."""
        return sum(one.cents for one in self.cas if (one.group, one.reason) == ("OA", "23"))


Moves = Counter[tuple[int, str]]


@dataclass
class Decision:
    """What a payment did to the claim: where the cents went (and, negative, where they came from), line by line.
    `ended`: lines that were decided anew since."""

    icn: str
    asked: dict[int, Asked]
    moves: dict[int, Moves] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    reversed: bool = False


class Waits(Exception):
    """A payment that nobody posts without looking: the class of reason."""


class NoRoom(Waits):
    """More is said than is open."""

    def __init__(self) -> None:
        super().__init__("more than is open")


@dataclass
class Account:
    """A claim's money. `at` sums up to the charge, always."""

    billed: Billed
    at: Moves = field(default_factory=Counter)
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, line in enumerate(self.billed.lines, 1):
            self.at[number, PAYER] = line.charge

    def total(self, place: str) -> int:
        """What is in one place, over all lines."""
        return sum(amount for (_, where), amount in self.at.items() if where == place)

    def places(self) -> dict[str, int]:
        """Where the charge is; places without a cent are left out."""
        sums: Counter[str] = Counter()
        for (_, place), amount in self.at.items():
            sums[place] += amount
        return {place: amount for place, amount in sorted(sums.items()) if amount}

    def move(self, moves: Moves) -> None:
        """Move cents; what goes in comes from somewhere."""
        assert sum(moves.values()) == 0, moves
        for key, amount in moves.items():
            self.at[key] += amount
        assert sum(self.at.values()) == self.billed.charge

    def free(self, line: int, place: str) -> int:
        """What may still be taken from there: by a line its own, and no more than the claim has."""
        whole = self.total(place)
        return whole if line == WHOLE else min(whole, self.at[line, place])

    # --- 5.4, 5.5

    def decide(self, payment: Payment, asked: dict[int, Asked]) -> None:
        """Post a payer's decision, or raise Waits (then this account is spoilt: decide on a copy)."""
        rank = {"1": 0, "4": 0, "19": 0, "2": 1, "20": 1, "3": 2, "21": 2}[payment.status]
        crossed = payment.status in ("19", "20", "21") or payment.remarks & {"MA18", "N89"}
        left_to = NEXT if crossed or self.billed.others > rank else ""
        decision = Decision(payment.icn, asked)
        for line, one in asked.items():
            moves: Moves = Counter()
            # What stays with the payer (pended, to be reviewed) moves nothing, and needs nothing that is open.
            goes = [(place, amount) for place, amount in _places(one, left_to) if place != PAYER]
            asked_for = sum(amount for _, amount in goes)
            taken = self._take_next(line, one, asked_for) if rank else self._take(line, asked_for)
            for place, amount in taken.items():
                moves[line, place] -= amount
            for place, amount in goes:
                moves[line, place] += amount
            self.move(moves)
            decision.moves[line] = moves
        self.decisions.append(decision)

    def _take(self, line: int, charge: int) -> dict[str, int]:
        """What a decision moves, from what is with the payer, and from what it had denied."""
        if self.free(line, PAYER) < charge:
            self._end_denials(line)
        taken = {PAYER: min(self.free(line, PAYER), charge)}
        taken[DENIED] = min(self.free(line, DENIED), charge - taken[PAYER])
        if sum(taken.values()) != charge:
            raise NoRoom
        return taken

    def _end_denials(self, line: int) -> None:
        """A line that was denied without a cent is decided anew: what was said of it is taken back."""
        for decision in self.decisions:
            about = decision.asked.get(line)
            if about is None or about.paid or decision.reversed or line in decision.ended:
                continue
            if decision.moves[line][line, DENIED] > 0:
                decision.ended.add(line)
                self.move(_back(decision.moves[line]))

    def _take_next(self, line: int, one: Asked, amount: int) -> dict[str, int]:
        """What the payer before left; the rest of the charge is what it did (OA-23)."""
        if one.prior and self.total(PAYER) == self.billed.charge:
            raise Waits("before the first payer")
        if self.free(line, NEXT) < amount:
            raise NoRoom
        return {NEXT: amount}

    # --- 5.6

    def reversible(self, payment: Payment) -> list[Decision]:
        """The decisions that stand under the numbers of a reversal; or raise Waits."""
        known = {payment.icn, payment.original_icn} - {""}
        found = [one for one in self.decisions if one.icn in known and not one.reversed and not one.ended]
        if not found:
            raise Waits("reversal of nothing")
        return found

    def annulled(self, payment: Payment, asked: dict[int, Asked]) -> None:
        """Note a payment that has no room, together with the reversal of exactly it: no cent moves, and both stand."""
        self.decisions.append(Decision(payment.icn, asked, {line: Counter() for line in asked}, reversed=True))

    def stands(self, asked: dict[int, Asked]) -> bool:
        """Is a decision in force that says exactly this?"""
        return any(_told(one.asked, 1) == _told(asked, 1) for one in self.decisions if not one.reversed)

    def reverse(self, payment: Payment, asked: dict[int, Asked]) -> None:
        """Take back what a payment did, where it is exactly that; or raise Waits."""
        found = self.reversible(payment)
        exact = [one for one in found if negative(one.asked, asked)]
        if len(exact) != 1:
            raise Waits("reversal differs")
        (decision,) = exact
        decision.reversed = True
        for moves in decision.moves.values():
            self.move(_back(moves))


def _back(moves: Moves) -> Moves:
    return Counter({key: -amount for key, amount in moves.items()})


def negative(posted: dict[int, Asked], asked: dict[int, Asked]) -> bool:
    """Is one exactly the other with the other sign: charge, paid and each reason, line by line?"""
    return _told(posted, 1) == _told(asked, -1)


def _told(all_of: dict[int, Asked], sign: int) -> dict[int, tuple[int, int, dict[tuple[str, str], int]]]:
    found = {}
    for line, one in all_of.items():
        reasons: Counter[tuple[str, str]] = Counter()
        for each in one.cas:
            reasons[each.group, each.reason] += sign * each.cents
        found[line] = (sign * one.charge, sign * one.paid, {key: sum_ for key, sum_ in reasons.items() if sum_})
    return found


def _places(one: Asked, left_to: str) -> list[tuple[str, int]]:
    """Where a decision puts the charge of a line: what is paid, and each adjustment by 5.5 and 6.4."""
    found = [(PAID, one.paid)]
    return found + [(_place(each, one, left_to), each.cents) for each in one.cas if (each.group, each.reason) != PRIOR]


PRIOR = ("OA", "23")


def _place(each: Adjusted, one: Asked, left_to: str) -> str:
    answer, category = CARC.get(each.reason, ("Y", "UNMAPPED"))
    if each.group == "PR":
        return left_to or PATIENT.get(each.reason, "patient other")
    if answer == "P":
        return PAYER
    if each.group == "PI" or answer in ("Y", "V"):
        return DENIED
    if each.reason == "253":
        return SEQUESTRATION
    if each.reason == "45" and sum(same.cents for same in one.cas if same.reason == "45") == one.charge:
        return PAYER
    if category == "CONTRACTUAL":
        return CONTRACTUAL
    return f"taken off: {category}"
