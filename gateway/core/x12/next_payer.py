"""The claim for the next payer, out of the claim for the one before and what that one decided (005010X222A1 1.4.2).

The next payer's 2320 becomes subscriber and payer (2000B, 2010BA, 2010BB), the payer before becomes another insurance
(2320, 2330A, 2330B) with what it decided: on the claim where it named no lines, else on each line (2430). Adjustments
stand as they were decided: the reasons of a group together, six to a segment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .claim import Claim
from .claim_payment import ClaimPayment, ServicePayment
from .loop import Adjustment
from .other_payer import OtherSubscriber
from .segment import Delimiters
from .spans import Span, head_spans, level_party, level_segments
from .stored import StoredClaim
from .values import x12_amount

RANKS = "PSTABCDEFGH"
SELF = "18"
MEDICARE = frozenset({"MA", "MB"})
_SIX = 6
_AFTER_REF = frozenset({"K3", "NTE", "CR1", "CR2", "CRC", "HI", "HCP", "NM1", "LX"})
"""What stands behind the REFs of 2300."""
_MOVED = ("G1", "9F")
"""Numbers of 2300 that a payer gave: prior authorization, referral. They belong to that payer."""


class NotMade(ValueError):
    """The claim for the next payer cannot be made; the message says why and what a person does."""


class Decided(NamedTuple):
    """What the payer before decided: the payment, the day of its remittance, and for each of its services the number of
    the claim's line (from 1)."""

    payment: ClaimPayment
    paid_on: dt.date
    lines: Sequence[int]


def next_payers(claim: Claim) -> list[OtherSubscriber]:
    """The payers that come after the one that a claim is for, the next first."""
    own = RANKS.find(claim.payer_responsibility or "P")
    later = [one for one in claim.other_subscribers if RANKS.find(one.responsibility or "?") > own]
    return sorted(later, key=lambda one: RANKS.find(one.responsibility))


def next_claim(stored: StoredClaim, decided: Decided, number: str) -> StoredClaim:
    """The claim for the next payer.

    Args:
        stored: the claim as the payer before had it.
        decided: what that payer decided.
        number: CLM01 of the new claim.

    Raises:
        NotMade: something that it needs is not known.
    """
    claim = Claim(stored, "next payer")
    found = next_payers(claim)
    if not found:
        raise NotMade("The claim names no payer after this one. Add it in the billing system, or bill it by hand.")
    return _Maker(stored, claim, found[0], decided, number).make()


class _Maker:
    def __init__(
        self, stored: StoredClaim, claim: Claim, following: OtherSubscriber, decided: Decided, number: str
    ) -> None:
        self._stored = stored
        self._claim = claim
        self._next = following
        self._decided = decided
        self._number = number
        self._marks: Delimiters = stored.delimiters
        self._separator = stored.delimiters.element
        self._payer_id = claim.payer.id
        self._check()

    def _check(self) -> None:
        following = self._next
        if not following.payer.id or not following.payer.name:
            raise NotMade("The next payer has no name or payer id on the claim. Add it, or bill it by hand.")
        if not following.subscriber.member_id:
            raise NotMade("The member id with the next payer is not on the claim. Add it, or bill it by hand.")
        if following.payer.id == self._payer_id:
            raise NotMade("The next payer has the payer id of the one before. Correct one of the two.")
        if following.filing_code in MEDICARE and not following.subscriber.insurance_type:
            raise NotMade(
                "Medicare is not the first payer, and why (SBR05: working aged, liability ...) is not on the claim. "
                "Find the reason, add it, or bill it by hand."
            )
        if not self._payer_id:
            raise NotMade("The payer before has no payer id on the claim.")

    def make(self) -> StoredClaim:
        """The claim."""
        return self._stored._replace(
            subscriber=self._subscriber(), patient=self._patient(), claim=[*self._head(), *self._lines()]
        )

    def _seg(self, *elements: str) -> str:
        return self._separator.join(elements).rstrip(self._separator)

    # --- who is insured

    def _is_self(self) -> bool:
        return self._next.subscriber.relationship == SELF

    def _subscriber(self) -> list[str]:
        """2000B: the next payer's subscriber, and the payer."""
        sbr = self._next_sbr()
        why_medicare = sbr[5] if self._next.filing_code in MEDICARE else ""
        own = SELF if self._is_self() else ""
        part = [self._seg("SBR", sbr[1], own, *sbr[3:5], why_medicare, "", "", "", sbr[9])]
        part += level_segments(self._stored.subscriber, self._separator, ("PAT",)) if self._is_self() else []
        person = list(self._part("2330A"))
        if self._is_self():
            # The patient is the subscriber: name and member id as this payer knows them, the rest as we do.
            person = [*person[:1], *[raw for raw in self._patient_loop() if self._tells(raw)]]
        payer = [raw for raw in self._part("2330B") if raw.split(self._separator, 1)[0] in ("NM1", "N3", "N4")]
        return [*part, *person, *payer]

    def _tells(self, raw: str) -> bool:
        """Whether a segment says where a person lives, or when they were born."""
        return raw.split(self._separator, 1)[0] in ("N3", "N4", "DMG")

    def _patient_loop(self) -> list[str]:
        """The loop that has the patient: 2010CA, or the subscriber's own."""
        if self._stored.patient:
            return level_party(self._stored.patient, self._separator, "2000C", "2010CA")
        return level_party(self._stored.subscriber, self._separator, "2000B", "2010BA")

    def _patient(self) -> list[str]:
        """2000C, where the patient is not the next payer's subscriber."""
        if self._is_self():
            return []
        relationship = self._next.subscriber.relationship
        if not relationship:
            raise NotMade("How the patient is related to the next payer's subscriber is not on the claim. Add it.")
        loop = self._patient_loop()
        name = loop[0].split(self._separator)
        person = self._seg("NM1", "QC", "1", *name[3:8])
        return [self._seg("PAT", relationship), person, *[raw for raw in loop if self._tells(raw)]]

    def _next_sbr(self) -> list[str]:
        return (self._next_raw()[0].split(self._separator) + [""] * 10)[:10]

    def _next_raw(self) -> list[str]:
        span = self._next_span()
        return self._stored.claim[span.start : span.end]

    def _next_span(self) -> Span:
        """The 2320 of the next payer with its 2330s."""
        for span in self._others():
            raw = self._stored.claim[span.start].split(self._separator)
            if raw[1:2] == [self._next.responsibility]:
                return span
        raise NotMade("The next payer cannot be found on the claim.")

    def _part(self, loop: str) -> Sequence[str]:
        raw = self._next_raw()
        spans = head_spans(raw, self._separator)
        return next((raw[span.start : span.end] for span in spans if span.loop == loop), ())

    # --- the claim itself

    def _end_of_head(self) -> int:
        start = "LX" + self._separator
        raw = self._stored.claim
        return next((at for at, text in enumerate(raw) if text.startswith(start)), len(raw))

    def _others(self) -> list[Span]:
        """Each 2320 with its 2330s."""
        spans = head_spans(self._stored.claim[: self._end_of_head()], self._separator)
        starts = [span.start for span in spans if span.loop == "2320"]
        ends = [*starts[1:], self._end_of_head()]
        return [Span("2320", start, end) for start, end in zip(starts, ends, strict=True)]

    def _head(self) -> list[str]:
        """2300 to the last 2320: under its new number, as an original; the payer before first among the others."""
        raw, others, mine = self._stored.claim, self._others(), self._next_span()
        first = others[0].start if others else self._end_of_head()
        own = [text for text in raw[:first] if not self._theirs(text)]
        own[0] = self._clm(own[0])
        numbers = {ref[1]: ref[2] for ref in map(self._split, self._part("2330B")) if ref[0] == "REF" and len(ref) > 2}
        at = next((index for index, text in enumerate(own) if self._split(text)[0] in _AFTER_REF), len(own))
        own[at:at] = [self._seg("REF", name, numbers[name]) for name in _MOVED if name in numbers]
        kept = [text for span in others if span != mine for text in raw[span.start : span.end]]
        return [*own, *self._payer_before(), *kept]

    def _split(self, raw: str) -> list[str]:
        return raw.split(self._separator)

    def _theirs(self, raw: str) -> bool:
        """Numbers that the payer before gave."""
        parts = self._split(raw)
        return parts[0] == "REF" and len(parts) > 1 and parts[1] in ("F8", *_MOVED)

    def _clm(self, raw: str) -> str:
        parts = self._split(raw)
        parts[1] = self._number
        place = parts[5].split(self._marks.component)
        parts[5] = self._marks.component.join([*place[:2], "1"])
        return self._separator.join(parts)

    # --- what was decided

    def _payer_before(self) -> list[str]:
        """2320 of the payer before, with 2330A and 2330B."""
        claim, payment = self._claim, self._decided.payment
        sbr = (self._split(level_segments(self._stored.subscriber, self._separator, ("SBR",))[0]) + [""] * 10)[:10]
        related = claim.patient.relationship if self._stored.patient else SELF
        part = [self._seg("SBR", sbr[1] or "P", related, *sbr[3:5], "", "", "", "", sbr[9])]
        part += self._cas(payment.adjustments)
        part.append(self._seg("AMT", "D", x12_amount(payment.paid_cents)))
        if not payment.lines:
            part.append(self._seg("AMT", "EAF", x12_amount(_patients(payment.adjustments))))
        part.append(self._seg("OI", "", "", claim.benefits_assigned or "Y", "", "", claim.release or "Y"))
        codes = payment.remark_codes[:5]
        if codes:
            part.append(self._seg("MOA", "", "", *codes))
        person = level_party(self._stored.subscriber, self._separator, "2000B", "2010BA")
        part += [raw for raw in person if self._split(raw)[0] in ("NM1", "N3", "N4")]
        payer = level_party(self._stored.subscriber, self._separator, "2000B", "2010BB")
        part += [raw for raw in payer if self._split(raw)[0] in ("NM1", "N3", "N4")]
        if not payment.lines:
            part.append(self._day())
        head = self._stored.claim[: self._end_of_head()]
        given = {
            ref[1]: ref[2] for ref in map(self._split, head) if ref[0] == "REF" and len(ref) > 2 and ref[1] in _MOVED
        }
        part += [self._seg("REF", name, given[name]) for name in _MOVED if name in given]
        if payment.payer_control_number:
            part.append(self._seg("REF", "F8", payment.payer_control_number))
        return part

    def _day(self) -> str:
        return self._seg("DTP", "573", "D8", f"{self._decided.paid_on:%Y%m%d}")

    def _cas(self, adjustments: Sequence[Adjustment]) -> list[str]:
        """Adjustments as decided: a segment for each group, six reasons to a segment."""
        groups: dict[str, list[Adjustment]] = {}
        for one in adjustments:
            if one.cents:
                groups.setdefault(one.group, []).append(one)
        made = []
        for group, reasons in groups.items():
            for start in range(0, len(reasons), _SIX):
                trios: list[str] = []
                for one in reasons[start : start + _SIX]:
                    count = "" if one.quantity is None else f"{one.quantity:f}"
                    trios += [one.reason, x12_amount(one.cents), count]
                made.append(self._seg("CAS", group, *trios))
        return made

    def _lines(self) -> list[str]:
        """The lines, each with what the payer before decided on it (2430)."""
        by_line: dict[int, list[ServicePayment]] = {}
        for service, line in zip(self._decided.payment.lines, self._decided.lines, strict=True):
            by_line.setdefault(line, []).append(service)
        made: list[str] = []
        for number, texts in enumerate(self._line_texts(), 1):
            texts = list(texts)
            form = next((at for at, raw in enumerate(texts) if self._split(raw)[0] == "LQ"), len(texts))
            texts[form:form] = [raw for service in by_line.get(number, ()) for raw in self._adjudication(service)]
            made += texts
        return made

    def _line_texts(self) -> list[list[str]]:
        start, raw = "LX" + self._separator, self._stored.claim[self._end_of_head() :]
        starts = [at for at, text in enumerate(raw) if text.startswith(start)]
        return [raw[begin:end] for begin, end in zip(starts, [*starts[1:], len(raw)], strict=True)]

    def _adjudication(self, service: ServicePayment) -> list[str]:
        paid = service.procedure
        component = self._marks.component
        what = component.join(("HC", paid.code, *paid.modifiers))
        units = f"{service.units:f}"
        part = [self._seg("SVD", self._payer_id, x12_amount(service.paid_cents), what, "", units)]
        part += self._cas(service.adjustments)
        part.append(self._day())
        owed = _patients(service.adjustments)
        if owed:
            part.append(self._seg("AMT", "EAF", x12_amount(owed)))
        return part


def _patients(adjustments: Sequence[Adjustment]) -> int:
    """What the payer leaves to the patient."""
    return sum(one.cents for one in adjustments if one.group == "PR")


def number_for(number: str, rank: str, used: Mapping[str, object] | frozenset[str] | set[str]) -> str:
    """A number (CLM01) for the next payer's claim: the first claim's with the rank behind it, at most 20 characters."""
    for at in range(1, 100):
        end = f"-{rank}" if at == 1 else f"-{rank}{at}"
        made = number[: 20 - len(end)] + end
        if made not in used:
            return made
    raise NotMade("Every number that the new claim could have is taken.")
