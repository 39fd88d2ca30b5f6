"""The books: files in the order in which they came, and what must stand in the books after each."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass

from .account import Account, Asked, NoRoom, Waits, negative
from .lines import asked_of
from .wire import Payment, Remitted, billed, remitted

POSTED, PARTLY, EXCEPTION = "posted", "partly posted", "exception"
DUPLICATE, REVIEW, INFORMATION = "duplicate", "review", "information"


@dataclass
class Judged:
    """A payment of one claim: `state` is posted, information, or waits, with the class of `reason`."""

    set: int
    payment: Payment
    state: str = ""
    reason: str = ""
    claim: str = ""


@dataclass
class JudgedSet:
    """A remittance: its state, and the class of reason where nobody posts it."""

    remitted: Remitted
    state: str
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Does it stand in the books at all?"""
        return self.state in (POSTED, PARTLY)


class Books:
    """Claims, remittances, and where every cent is."""

    def __init__(self) -> None:
        self.accounts: dict[str, list[Account]] = {}
        self.sets: list[JudgedSet] = []
        self.payments: list[Judged] = []
        self._heads: dict[tuple[str, ...], list[int]] = {}
        self._icns: dict[str, set[str]] = {}
        self._members: dict[str, list[str]] = {}

    def claims(self, text: str) -> None:
        """Claims go out."""
        for one in billed(text):
            self.accounts.setdefault(one.number, []).append(Account(one))
            self._members.setdefault(one.member, []).append(one.number)

    def remittance(self, text: str) -> list[JudgedSet]:
        """A file comes in; what became of its sets."""
        return [self._set(one) for one in remitted(text)]

    def look_again(self) -> int:
        """A person has every payment that waits looked at again, the oldest first; how many posted."""
        waiting = [one for one in self.payments if one.state == "waits"]
        for judged in waiting:
            if judged.state == "waits":
                self._post(judged)
        for number, one in enumerate(self.sets):
            if one.state == PARTLY and not any(p.state == "waits" for p in self.payments if p.set == number):
                one.state = POSTED
        return sum(one.state != "waits" for one in waiting)

    # --- 5.1 to 5.3: the transaction

    def _set(self, one: Remitted) -> JudgedSet:
        number = len(self.sets)
        judged = JudgedSet(one, *self._state(one))
        self.sets.append(judged)
        if judged.state == POSTED:
            begun = len(self.payments)
            for payment in one.payments:
                self.payments.append(Judged(number, payment))
                self._post(self.payments[-1])
            if any(each.state == "waits" for each in self.payments[begun:]):
                judged.state = PARTLY
        return judged

    def _state(self, one: Remitted) -> tuple[str, str]:
        if one.handling == "P":
            return INFORMATION, "prenote"
        # Zero payments repeat their number (5.1), so only the contents tell them apart (5.2).
        head = (one.originator, one.trace, str(one.total), one.day, one.payee) if one.total else ("",)
        same = self._heads.setdefault(head, [])
        earlier = [self.sets[at].remitted for at in same]
        copies = [each for each in earlier if (each.body, each.ended) == (one.body, one.ended)]
        counts = bool(one.total) and any(self.sets[at].counts for at in same)
        same.append(len(self.sets))
        if copies and (one.ended or not counts):
            return DUPLICATE, ""
        if counts:
            return REVIEW, "same number, other contents"
        if one.unread or not one.ended:
            return EXCEPTION, "cannot be read"
        out = sum(each.paid for each in one.payments) - sum(amount for _, _, amount in one.provider_level)
        if out != one.total:
            return EXCEPTION, "does not balance"
        return POSTED, ""

    # --- 5.3 to 5.8: one payment

    def _post(self, judged: Judged) -> None:
        payment = judged.payment
        try:
            if payment.status in ("23", "25"):
                judged.state = "information"
                return
            if payment.status not in ("1", "2", "3", "4", "19", "20", "21", "22"):
                raise Waits("status")
            _balances(payment)
            account = self._match(payment)
            judged.claim = account.billed.number
            trial = copy.deepcopy(account)
            if payment.status == "22":
                trial.reversible(payment)
            asked = asked_of(payment, account.billed)
            if payment.status == "22":
                trial.reverse(payment, asked)
            else:
                self._decide(trial, judged, asked)
        except Waits as why:
            judged.state, judged.reason = "waits", str(why)
            return
        judged.state, judged.reason = "posted", ""
        account.at, account.decisions = trial.at, trial.decisions
        self._icns.setdefault(payment.icn, set()).add(judged.claim)

    def _decide(self, account: Account, judged: Judged, asked: dict[int, Asked]) -> None:
        """Post a decision; one without room that a waiting reversal takes back posts with it (5.6)."""
        trial = copy.deepcopy(account)
        try:
            trial.decide(judged.payment, asked)
        except NoRoom:
            found = [one for one in self.payments if self._takes_back(one, account, judged, asked)]
            if len(found) != 1 or account.stands(asked):
                raise
            account.annulled(judged.payment, asked)
            found[0].state, found[0].reason = "posted", ""
        else:
            account.at, account.decisions = trial.at, trial.decisions

    def _takes_back(self, one: Judged, account: Account, judged: Judged, asked: dict[int, Asked]) -> bool:
        """Is this a reversal that waits, of exactly this payment, under the payer's number of it?"""
        payment = one.payment
        if (one.state, payment.status, one.claim) != ("waits", "22", account.billed.number):
            return False
        if payment.unread or not payment.icn or payment.icn != judged.payment.icn:
            return False
        try:
            return negative(asked_of(payment, account.billed), asked)
        except Waits:
            return False

    def _match(self, payment: Payment) -> Account:
        """5.8: our number; the payer's number; member, date and charge; a name is only a suggestion."""
        numbers = [payment.number] if payment.number in self.accounts else []
        if not numbers and payment.icn:
            numbers = sorted(self._icns.get(payment.icn, ()))
        if not numbers and payment.member:
            numbers = [one for one in self._members.get(payment.member, ()) if self._like(one, payment)]
        found = [account for number in numbers for account in self.accounts[number]]
        if not found:
            raise Waits("no claim")
        if len(found) > 1:
            raise Waits("two claims")
        return found[0]

    def _like(self, number: str, payment: Payment) -> bool:
        days = {one.day for one in payment.services} - {""} or {payment.day}
        return any(
            account.billed.charge == abs(payment.charge) and {line.day for line in account.billed.lines} == days
            for account in self.accounts[number]
        )

    # --- the whole

    def cash_expected(self) -> int:
        """BPR02 of every remittance in the books."""
        return sum(one.remitted.total for one in self.sets if one.counts)

    def waiting(self) -> int:
        """What payments that wait pay, of remittances in the books."""
        return sum(one.payment.paid for one in self.payments if one.state == "waits")

    def paid(self) -> int:
        """What is paid on claims."""
        return sum(account.total("paid") for several in self.accounts.values() for account in several)

    def provider_level(self) -> dict[tuple[str, str], int]:
        """Sums of PLB by payer and code, as the payer writes them: positive takes."""
        sums: Counter[tuple[str, str]] = Counter()
        for one in self.sets:
            for code, _, amount in one.remitted.provider_level if one.counts else ():
                sums[one.remitted.payer, code] += amount
        return dict(sums)

    def takebacks(self) -> dict[tuple[str, str], int]:
        """What a payer has still to take, by payer and reference: forwarded or put off (WO, FB) and not yet taken."""
        sums: Counter[tuple[str, str]] = Counter()
        for one in self.sets:
            for code, reference, amount in one.remitted.provider_level if one.counts else ():
                if code in ("WO", "FB"):
                    sums[one.remitted.payer, reference] -= amount
        return {key: amount for key, amount in sums.items() if amount}

    def in_place(self) -> bool:
        """Every cent that is expected is on a claim, waits, or is a provider-level adjustment."""
        return self.cash_expected() == self.paid() + self.waiting() - sum(self.provider_level().values())


def _balances(payment: Payment) -> None:
    """5.3, levels 1 and 2."""
    if payment.unread:
        raise Waits("cannot be read")
    taken = sum(one.cents for one in payment.cas)
    for service in payment.services:
        if service.charge - sum(one.cents for one in service.cas) != service.paid:
            raise Waits("does not balance")
    lines = sum(one.cents for service in payment.services for one in service.cas)
    if payment.charge - taken - lines != payment.paid:
        raise Waits("does not balance")
    if payment.services and payment.charge != sum(one.charge for one in payment.services):
        raise Waits("does not balance")
    if not payment.services and payment.status == "4" and not payment.cas:
        raise Waits("status")
