"""Levels 3 to 5 of one transaction set while it is read: every rule and every list of codes, claim by claim.

Beside a walk along the guide (levels 1 and 2) this is all that can be said of a set from itself. No more than one claim
is held.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..assemble import Assembler, open_set
from ..balance import Balance
from ..events import Piece, SetEnd, SetStart
from ..guides.known import guide_for
from ..items import ReadClaim, ReadPayment, RemittanceEnd, RemittanceStart, Transaction
from ..remittance import Remittance
from ..sets import Envelope, SetInfo
from . import claim_findings
from .codes import Codes
from .hierarchy import Hierarchy
from .payments import payment_findings, remittance_findings
from .rule import RuleFinding

_PARTIES = {"PR": "1000A", "PE": "1000B"}


class Beyond:
    """One set. `claim` is the claim or claim payment of the piece that was fed last, None where it was none; `info` is
    the set's header. `codes`: the lists of level 5, None where it is not asked."""

    def __init__(self, start: SetStart, envelope: Envelope, codes: Codes | None) -> None:
        self.claim: ReadClaim | ReadPayment | None = None
        self.kind = start.kind if guide_for(start.kind, start.version) is not None else ""
        self._codes = codes
        self._first = start.segment_number
        self._delimiters = envelope.delimiters
        self.info = SetInfo(start, envelope, 1)
        self._assembler: Assembler = open_set(start, self.info, 0)
        self._hierarchy = Hierarchy(envelope.delimiters)
        self._remittance: Remittance | None = None
        self._balance: Balance | None = None

    def piece(self, piece: Piece) -> list[RuleFinding]:
        """The next piece of its body: what is found with it. Findings of a claim may stand in the levels over it."""
        self.claim = None
        if self.kind == "837":
            return self._of_claims(piece)
        if self.kind == "835":
            return [one for item in self._assembler.piece(piece) for one in self._of_payments(item)]
        if self.kind == "277":
            return self._of_segments("277ca", piece.segments, piece.set_position)
        return []

    def end(self, end: SetEnd) -> list[RuleFinding]:
        """The set is over: what is found in it as a whole, and in its last levels."""
        self.claim = None
        if self.kind == "837":
            self._hierarchy.end(end.segments)
            return self._hierarchy.taken()
        if self.kind == "835":
            return [one for item in self._assembler.end(end.sound) for one in self._of_payments(item)]
        return []

    def _of_claims(self, piece: Piece) -> list[RuleFinding]:
        if piece.tag == "HL":
            self._hierarchy.level(piece.segments[0], piece.set_position)
        found = self._hierarchy.taken()
        for item in self._assembler.piece(piece):
            if isinstance(item, ReadClaim):
                self.claim = item
                self._hierarchy.claim()
                found += claim_findings(item.claim, first=self._first, ordinal=item.ordinal)
                if self._codes is not None:
                    found += self._codes.of_claim(item.claim, first=self._first, ordinal=item.ordinal)
        return found

    def _of_payments(self, item: Transaction) -> list[RuleFinding]:
        if isinstance(item, RemittanceStart):
            self._remittance = item.remittance
            self._balance = Balance(item.remittance.paid_cents, keep=0)
            return self._of_segments("835", item.remittance.raw, item.remittance.first_number - self._first + 1)
        if isinstance(item, ReadPayment):
            self.claim = item
            wrong = self._balance.add(item.payment) if self._balance is not None else None
            found = payment_findings(item.payment, first=self._first, ordinal=item.ordinal, imbalances=wrong)
            if self._codes is not None:
                found += self._codes.of_payment(item.payment, first=self._first, ordinal=item.ordinal)
            return found
        if isinstance(item, RemittanceEnd) and self._remittance is not None and self._balance is not None:
            for adjustment in item.adjustments:
                self._balance.adjust(adjustment)
            return remittance_findings(self._remittance, self._balance.result(), first=self._first)
        return []

    def _of_segments(self, guide_name: str, segments: Sequence[str], position: int) -> list[RuleFinding]:
        """Level 5 of segments that belong to no claim."""
        found: list[RuleFinding] = []
        if self._codes is None:
            return found
        separator, loop = self._delimiters.element, ""
        for at, raw in enumerate(segments):
            if guide_name == "835" and raw.startswith("N1" + separator):
                loop = _PARTIES.get(raw.split(separator, 2)[1], "")
            found += self._codes.of_segment(guide_name, raw, self._delimiters, loop=loop, position=position + at)
        return found
