"""Level 5 of a claim, a claim payment and a claim's status: every code that others keep, on the day it is for.

A right segment costs a look-up: the same codes come again and again. A claim in which something is wrong is laid out,
and looked at segment by segment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..claim import Claim, Numbers
from ..claim_payment import ClaimPayment
from ..guides.elements import ElementFault
from ..segment import Delimiters
from ..stored import StoredClaim
from .code_sets import (
    DIAGNOSIS_LIST,
    NINE_DIGITS,
    RULE_OF,
    STREET,
    CodeSets,
    Wanted,
    is_of_list,
    wanted,
)
from .laid import CLAIM, Laid, Seg
from .rule import Rule, RuleFinding

ICD10_BEGINS = dt.date(2015, 10, 1)
POST_BOX = re.compile(r"\b(?:P\.? ?O\.?|POST ?OFFICE) ?BOX\b|\bLOCK ?BOX\b", re.IGNORECASE)
"""How a post office box or a lock box is written in an address."""
_FIVE = re.compile(r"\d{5}", re.ASCII)
_CLAIMS = "837p"
_KEPT = 50_000
"""Segments that are remembered to be right."""
_DAYS_KEPT = 5_000
"""Days of which some are."""
_COUNTRY = {4: 5}
"""Where the country stands to a state: in the next component of CLM11, in N404 of an address."""
_HOME = ("", "US", "CA")
_FACILITIES = ("2010AA", "2310C", "2420C")
_SAYS = {
    "pos": "place of service {0} does not exist. Use one of CMS's, such as 12 (home).",
    "state": "{0} is no state or province. Correct the address.",
    "zip": "the ZIP or postal code is not written as it must be: five or nine digits in the United States. Correct it.",
    "npi": "the check digit of the NPI is wrong, so a digit is. Compare it with the NPI registry.",
    "taxonomy": "the taxonomy code is none: it has ten characters and ends in X. Correct it in the provider's record.",
    "hcpcs": "{0} is no HCPCS code on the date of service. Use the code that held on that day.",
    "modifier": "{0} is no modifier on the date of service. Correct it, or take it out.",
    "icd10": "the diagnosis is no complete ICD-10-CM code on the date of service. Use the code that held on that day, "
    "with "
    "all its digits.",
    "carc": "{0} is not written as an adjustment reason is. Take the reason from the remittance.",
    "rarc": "{0} is not written as a remark code is. Take it from the remittance.",
    "ndc": "the NDC does not have eleven digits. Write it as 5-4-2, without hyphens.",
    "frequency": "{0} is no claim frequency. Use 1 (original), 7 (replacement) or 8 (void).",
    "condition": "{0} is not written as a condition code is. Correct it.",
    "claim_status_category": "{0} is no claim status category. Ask the partner that sent it for a corrected answer.",
    "claim_status": "{0} is no claim status. Ask the partner that sent it for a corrected answer.",
}
_LONGEST_SHOWN = 6
"""Characters of a code that are shown."""


class Codes:
    """The look at codes, with lists from outside. One is made for many claims."""

    def __init__(self, sets: CodeSets) -> None:
        self.sets = sets
        # Segments in which nothing is wrong, by guide, delimiters and day.
        self._right: dict[tuple[str, Delimiters, dt.date | None], set[str]] = {}
        self._kept = 0
        # Billing providers, of whom there are few, with the days for which nothing is wrong in them.
        self._right_billing: set[tuple[tuple[str, ...], Delimiters, dt.date | None]] = set()

    # --- one segment

    def wrong_in(
        self, raw: str, delimiters: Delimiters, places: Sequence[Wanted], day: dt.date | None
    ) -> list[tuple[Wanted, str]]:
        """The places of a segment whose code does not hold, each with the code."""
        elements = raw.split(delimiters.element)
        found = []
        for place in places:
            value = elements[place.position] if place.position < len(elements) else ""
            if not value:
                continue
            row, at = elements, place.position
            if place.component:
                row, at = ["", *value.split(delimiters.component)], place.component
                value = row[at] if at < len(row) else ""
            if not value or not is_of_list(place.name, lambda back, row=row, at=at: row[max(at + back, 0)]):  # type: ignore[misc]
                continue
            if place.name in ("zip", "state"):
                country = row[_COUNTRY.get(at, 4)] if len(row) > _COUNTRY.get(at, 4) else ""
                if place.name == "zip":
                    value = f"{country}:{value}"
                elif country not in _HOME:
                    continue
            if self.sets.known(place.name, value, day) is False:
                found.append((place, value))
        return found

    def _right_on(self, guide_name: str, delimiters: Delimiters, day: dt.date | None) -> set[str]:
        """The segments of a day that are known to be right."""
        key = (guide_name, delimiters, day)
        known = self._right.get(key)
        if known is None:
            if len(self._right) >= _DAYS_KEPT:
                self._forget()
            known = self._right[key] = set()
        return known

    def _forget(self) -> None:
        self._right.clear()
        self._kept = 0

    def _is_right(
        self, guide_name: str, raw: str, delimiters: Delimiters, places: Sequence[Wanted], day: dt.date | None
    ) -> bool:
        """Whether nothing is wrong in a segment; it is remembered."""
        if self.wrong_in(raw, delimiters, places, day):
            return False
        if guide_name == _CLAIMS and raw[:2] == "HI" and _other_list(raw, delimiters, day):
            return False
        if self._kept >= _KEPT:
            self._forget()
        self._kept += 1
        self._right_on(guide_name, delimiters, day).add(raw)
        return True

    # --- claims

    def of_claim(
        self, claim: Claim, *, first: int = 1, ordinal: int = 0, numbers: Numbers | None = None
    ) -> list[RuleFinding]:
        """What of a claim's codes does not hold. Arguments as of `claim_findings`."""
        stored = claim.stored
        days = [line.dates.start for line in claim.lines]
        earliest = min((day for day in days if day is not None), default=None)
        if self._is_plain(stored, days, earliest):
            return []
        laid = Laid(stored, numbers or claim.numbers, first)
        found = list(self._of_laid(laid, days, earliest))
        for finding in found:
            finding.claims = (ordinal, ordinal)
        found.sort(key=lambda finding: finding.position)
        return found

    def _is_plain(self, stored: StoredClaim, days: Sequence[dt.date | None], earliest: dt.date | None) -> bool:
        delimiters, billing, subscriber, patient, claim = stored
        key = (tuple(billing), delimiters, earliest)
        if key in self._right_billing:
            return self._are_plain((subscriber, patient), claim, delimiters, days, earliest)
        if not _plain_billing(delimiters, key[0]):
            return False
        if not self._are_plain((billing,), (), delimiters, (), earliest):
            return False
        if len(self._right_billing) >= _KEPT:
            self._right_billing.clear()
        self._right_billing.add(key)
        return self._are_plain((subscriber, patient), claim, delimiters, days, earliest)

    def _are_plain(
        self,
        levels: Sequence[Sequence[str]],
        claim: Sequence[str],
        delimiters: Delimiters,
        days: Sequence[dt.date | None],
        earliest: dt.date | None,
    ) -> bool:
        """Whether nothing is wrong in some levels of a claim and in the claim itself."""
        starts = _starts(_CLAIMS, delimiters.element)
        facility = f"NM1{delimiters.element}77"
        day, line = earliest, -1
        right = self._right_on(_CLAIMS, delimiters, day)
        for part in (*levels, claim):
            for raw in part:
                start = raw[:3]
                if start[:2] == "LX" and part is claim:
                    line += 1
                    day = days[line] if line < len(days) else None
                    right = self._right_on(_CLAIMS, delimiters, day)
                elif (places := starts.get(start)) is not None:
                    if raw not in right and not self._is_right(_CLAIMS, raw, delimiters, places, day):
                        return False
                elif raw.startswith(facility):
                    return False
        return True

    def _of_laid(self, laid: Laid, days: Sequence[dt.date | None], earliest: dt.date | None) -> Iterator[RuleFinding]:
        places = wanted(_CLAIMS)
        day, line = earliest, -1
        for seg in laid.segments:
            if seg.part == CLAIM and seg.tag == "LX":
                line += 1
                day = days[line] if line < len(days) else None
            raw = laid.delimiters.element.join(seg.elements)
            for place, value in self.wrong_in(raw, laid.delimiters, places.get(seg.tag, ()), day):
                rule = RULE_OF[place.name]
                status = f"{rule.status}:{_entity(laid, seg)}".rstrip(":")
                words = _says(place, value)
                yield laid.wrong(rule, seg, place.position, words, component=place.component, status=status)
            if seg.tag == "HI" and (at := _other_list(raw, laid.delimiters, day)):
                yield laid.wrong(DIAGNOSIS_LIST, seg, at, _of_other_list(day), component=1)
            yield from _of_post(laid, seg)

    # --- remittances and answers

    def of_payment(self, payment: ClaimPayment, *, first: int = 1, ordinal: int = 0) -> list[RuleFinding]:
        """What of a claim payment's codes does not hold. Arguments as of `payment_findings`."""
        number = payment.first_number
        position = number - first + 1 if number else 0
        services = [line.dates.start for line in payment.lines]
        found: list[RuleFinding] = []
        day, line, loop = payment.dates.start, -1, "2100"
        for at, raw in enumerate(payment.raw):
            if raw[:3] == "SVC":
                line += 1
                day, loop = (services[line] if line < len(services) else None) or payment.dates.start, "2110"
            place = position + at if position else 0
            found += self.of_segment("835", raw, payment.delimiters, loop=loop, position=place, day=day)
        for finding in found:
            finding.claims = (ordinal, ordinal)
        return found

    def of_segment(
        self,
        guide_name: str,
        raw: str,
        delimiters: Delimiters,
        *,
        loop: str = "",
        position: int = 0,
        day: dt.date | None = None,
    ) -> list[RuleFinding]:
        """What of one segment's codes does not hold; of a guide `837p`, `835` or `277ca`."""
        places = _starts(guide_name, delimiters.element).get(raw[:3])
        if places is None or raw in self._right_on(guide_name, delimiters, day):
            return []
        if self._is_right(guide_name, raw, delimiters, places, day):
            return []
        found = []
        for place, value in self.wrong_in(raw, delimiters, places, day):
            rule: Rule = RULE_OF[place.name]
            fault = ElementFault(place.position, place.component, 0, rule.ik403, value)
            tag = raw.split(delimiters.element, 1)[0]
            found.append(RuleFinding(rule, position, tag, loop, _says(place, value), fault=fault))
        return found


@lru_cache(maxsize=64)
def _starts(guide_name: str, separator: str) -> dict[str, tuple[Wanted, ...]]:
    """The places that want codes, by the first three characters of a segment."""
    return {f"{tag}{separator}"[:3]: places for tag, places in wanted(guide_name).items()}


@lru_cache(maxsize=1024)
def _plain_billing(delimiters: Delimiters, billing: tuple[str, ...]) -> bool:
    laid = Laid(StoredClaim(delimiters, list(billing), [], [], []))
    return not any(True for seg in laid.segments for _ in _of_post(laid, seg))


def _of_post(laid: Laid, seg: Seg) -> Iterator[RuleFinding]:
    """What the post asks beyond lists: a street, and nine digits."""
    if seg.tag == "N3" and seg.loop == "2010AA":
        for position in (1, 2):
            if POST_BOX.search(seg[position]):
                words = (
                    "the billing provider's address is a post office box. Give the street address in the provider's "
                    "record, and the box as the pay-to address."
                )
                yield laid.wrong(STREET, seg, position, words)
    elif seg.tag == "N4" and seg.loop in _FACILITIES and seg[4] in ("", "US") and _FIVE.fullmatch(seg[3]):
        words = "the ZIP code has five digits, and all nine are wanted. Add the last four in the provider's record."
        yield laid.wrong(NINE_DIGITS, seg, 3, words, status=f"A7:500:{_entity(laid, seg)}".rstrip(":"))


def _entity(laid: Laid, seg: Seg) -> str:
    """NM101 of the party that a segment stands with; empty where it stands with none."""
    if seg.tag == "NM1":
        return seg[1]
    if seg.tag == "PRV" and seg.loop == "2000A":
        return "85"
    if seg.tag in ("N3", "N4", "PRV"):
        for other in reversed(laid.segments[: laid.segments.index(seg)]):
            if other.tag == "NM1":
                return other[1]
    return ""


def _other_list(raw: str, delimiters: Delimiters, day: dt.date | None) -> int:
    """The position of the first diagnosis that is of the list of the other time; 0 where there is none."""
    if day is None:
        return 0
    wrong = ("BK", "BF") if day >= ICD10_BEGINS else ("ABK", "ABF")
    for position, composite in enumerate(raw.split(delimiters.element)[1:], 1):
        if composite.split(delimiters.component, 1)[0] in wrong:
            return position
    return 0


def _of_other_list(day: dt.date | None) -> str:
    if day is not None and day >= ICD10_BEGINS:
        return "the diagnosis is said to be of ICD-9-CM, which ended on 30 September 2015. Use ICD-10-CM (ABK, ABF)."
    return "the diagnosis is said to be of ICD-10-CM, which began on 1 October 2015. Use ICD-9-CM (BK, BF)."


def _says(place: Wanted, value: str) -> str:
    shown = value if len(value) <= _LONGEST_SHOWN and value.isalnum() else "the code"
    return _SAYS[place.name].format(shown)
