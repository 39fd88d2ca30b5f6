"""What is open on a line, or on the whole claim, while a payment is planned: what a posting takes of it, what must be
given back first, and what of a decision goes in the place of an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.model.money import to_dollars
from gateway.core.model.posting import (
    OFF_KINDS,
    PATIENT_KINDS,
    AdjustmentPosting,
    Kind,
    LinePosting,
    OpenLine,
    Reopened,
)

from .cannot import Cannot

MOVES = OFF_KINDS | PATIENT_KINDS | {Kind.DENIAL}
"""Kinds whose amounts leave what is with the payer."""


class Pool:
    """What is open on a line (or on the whole claim) while a payment is planned."""

    __slots__ = (
        "anew",
        "charge",
        "denied",
        "insurance",
        "name",
        "off",
        "off_by_kind",
        "patient",
        "patient_too",
        "undone",
    )

    def __init__(self, name: str, lines: Sequence[OpenLine], *, patient_too: bool) -> None:
        self.name = name
        self.patient_too = patient_too
        self.anew = 0
        self.undone: list[Reopened] = []
        self.charge = self.insurance = self.denied = self.off = 0
        self.patient: dict[Kind, int] = {}
        self.off_by_kind: dict[Kind, int] = {}
        for line in lines:
            self.charge += line.charge_cents
            for kind, cents in line.off.items():
                self.off_by_kind[kind] = self.off_by_kind.get(kind, 0) + cents
            self.insurance += line.insurance_cents
            self.denied += line.denied_cents
            self.off += line.off_cents
            for kind, cents in line.patient.items():
                self.patient[kind] = self.patient.get(kind, 0) + cents

    def expect(self, postings: Sequence[LinePosting]) -> None:
        """What is to be taken. Where all of it was denied or reduced without a cent paid, and is now decided on as a
        whole, that decision goes in the place of the earlier one (`anew`: so many postings of it are to come)."""
        stands = self.insurance + self.denied + self.off + sum(self.patient.values())
        moves = sum(_moved(one) for one in postings)
        if (
            self.denied > 0
            and moves > self.insurance
            and stands == self.charge == sum(one.charge_cents for one in postings)
        ):
            self.anew = len(postings)
            self.undone = self._everything()

    def take(self, posting: LinePosting) -> LinePosting:
        """The posting with what must be given back first, and without what only repeats an earlier reduction.

        Raises:
            Cannot: more is paid and adjusted than is open.
        """
        if self.anew:
            self.anew -= 1
            undone, self.undone = self.undone, []
            return self._with(posting, self._instead(posting.adjustments), undone)
        moves = _moved(posting)
        short = moves - max(self.insurance, 0) if moves > 0 else 0
        if short <= 0:
            self._settle(posting.paid_cents, posting.adjustments, ())
            return posting
        reopened: list[Reopened] = []
        adjustments = list(posting.adjustments)
        if self.denied > 0:
            back = min(short, self.denied)
            reopened.append(Reopened(Kind.DENIAL, back))
            self.denied -= back
            short -= back
        for kind in sorted(self.patient) if self.patient_too else ():
            back = min(short, self.patient[kind])
            if back > 0:
                reopened.append(Reopened(kind, back))
                self.patient[kind] -= back
                short -= back
        if short > 0:
            short = self._said_again(adjustments, short)
        if short > 0:
            raise Cannot(
                f"{self.name}: the payer pays and adjusts ${to_dollars(moves):,}, which is ${to_dollars(short):,} "
                "more than is open. It was posted before and not reversed, or it is not this claim's. Find the "
                "earlier payment, or ask the payer.",
                "more-than-open",
            )
        return self._with(posting, adjustments, reopened)

    def _with(
        self, posting: LinePosting, adjustments: Sequence[AdjustmentPosting], reopened: Sequence[Reopened]
    ) -> LinePosting:
        self._settle(posting.paid_cents, adjustments, reopened)
        return LinePosting(
            posting.line_id,
            posting.service,
            posting.code,
            posting.charge_cents,
            posting.paid_cents,
            tuple(adjustments),
            tuple(reopened),
            posting.denied,
        )

    def _said_again(self, adjustments: list[AdjustmentPosting], short: int) -> int:
        """Turn reductions that were taken off before into information; returns what is still too much."""
        known = max(self.off, 0)
        for index in range(len(adjustments) - 1, -1, -1):
            one = adjustments[index]
            if one.kind not in OFF_KINDS or one.cents <= 0:
                continue
            again = min(short, known, one.cents)
            if again <= 0:
                break
            parts = [AdjustmentPosting(one.group, one.reason, again, Kind.INFORMATION, one.remark)]
            if one.cents > again:
                parts.insert(0, AdjustmentPosting(one.group, one.reason, one.cents - again, one.kind, one.remark))
            adjustments[index : index + 1] = parts
            short -= again
            known -= again
        return short

    def _everything(self) -> list[Reopened]:
        """All that stands as denied or with the patient, given back."""
        found = [Reopened(Kind.DENIAL, self.denied)] if self.denied > 0 else []
        found += [Reopened(kind, cents) for kind, cents in sorted(self.patient.items()) if cents > 0]
        self.denied = 0
        self.patient = {}
        return found

    def _instead(self, adjustments: Sequence[AdjustmentPosting]) -> list[AdjustmentPosting]:
        """The reductions in place of those of the decision that is replaced: what was taken off already is information,
        what was taken off and is not said any more is given back with the last posting."""
        known = self.off_by_kind
        made: list[AdjustmentPosting] = []
        for one in adjustments:
            again = max(0, min(known.get(one.kind, 0), one.cents))
            if again:
                known[one.kind] -= again
                made.append(AdjustmentPosting(one.group, one.reason, again, Kind.INFORMATION, one.remark))
            if one.cents != again:
                made.append(AdjustmentPosting(one.group, one.reason, one.cents - again, one.kind, one.remark))
        for kind, cents in known.items() if not self.anew else ():
            if cents > 0:
                # The reason that is of this kind now says less; where none is, the two parts come to nothing.
                like = next((one for one in adjustments if one.kind is kind), None)
                group, reason = (like.group, like.reason) if like is not None else ("CO", "45")
                made.append(AdjustmentPosting(group, reason, cents, Kind.INFORMATION))
                made.append(AdjustmentPosting(group, reason, -cents, kind))
        return made

    def _settle(self, paid: int, adjustments: Sequence[AdjustmentPosting], reopened: Sequence[Reopened]) -> None:
        self.insurance -= paid
        for back in reopened:
            self.insurance += back.cents
        for one in adjustments:
            if one.kind in MOVES:
                self.insurance -= one.cents
            if one.kind in PATIENT_KINDS:
                self.patient[one.kind] = self.patient.get(one.kind, 0) + one.cents
            elif one.kind is Kind.DENIAL:
                self.denied += one.cents
            elif one.kind in OFF_KINDS:
                self.off += one.cents


def _moved(posting: LinePosting) -> int:
    """What a posting takes from what is with the payer."""
    moves = posting.paid_cents
    for one in posting.adjustments:
        if one.kind in MOVES:
            moves += one.cents
    return moves
