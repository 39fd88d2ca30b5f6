"""Whether a claim is so plain that no rule of the levels 3 and 4 can be broken: most are, and go no further.

It may take a right claim for one that has to be looked at; never one that breaks a rule for a plain one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..diagnosis import DIAGNOSES, codes_in
from ..segment import Delimiters
from ..stored import StoredClaim
from ..values import cents
from .claim_level import INPATIENT
from .laid import Laid
from .parties import names_and_addresses

_OWN_PERSON = ["N3", "N4", "DM"]
_TO_LOOK_AT = frozenset({"PWK", "CRC", "CR3", "SV5", "PS1", "SVD", "CAS"})
"""Segments that rules ask about and most claims do not have."""
_DATES_TO_LOOK_AT = frozenset({"314", "360", "361", "573", "607"})
_NO_POINTER = 99


@lru_cache(maxsize=1024)
def _plain_billing(delimiters: Delimiters, billing: tuple[str, ...]) -> bool:
    """Whether a billing provider breaks no rule and has an NPI; one has many claims."""
    laid = Laid(StoredClaim(delimiters, list(billing), [], [], []))
    name = laid.billing.first("NM1", "85")
    if name is None or not name[9]:
        return False
    return not any(True for _ in names_and_addresses(laid))


@lru_cache(maxsize=4096)
def _last_pointer(text: str, component: str) -> int:
    """The greatest of a line's diagnosis pointers; one that is too great where they are not plain numbers."""
    found = text.split(component)
    if not all(one.isascii() and one.isdigit() and len(one) < 3 for one in found):
        return _NO_POINTER
    return max(map(int, found))


@lru_cache(maxsize=4096)
def _diagnoses(raw: str, delimiters: Delimiters) -> int:
    """How many diagnoses an HI names; none where there is a gap, or anything else in it."""
    element, component, repetition, _ = delimiters
    if element + element in raw:
        return 0
    found = codes_in(raw, element, component, repetition)
    plain = all(one.qualifier in DIAGNOSES for one in found) and len(found) == raw.count(element)
    return len(found) if plain else 0


class _Shapes:
    """What plain segments look like between these delimiters."""

    def __init__(self, delimiters: Delimiters) -> None:
        separator, component, _, end = delimiters
        e, c, t = re.escape(separator), re.escape(component), re.escape(end)
        x = f"[^{e}{t}]"
        inpatient = "|".join(INPATIENT)
        # An organisation with a given name; a subscriber without an id; an address that is not just city, state and
        # ZIP code; a telephone extension; a number of another payer.
        odd = (
            f"NM1{e}{x}*{e}2{e}{x}*{e}(?:{x}|{e}{x}|{e}{e}{x}*{e}{x})",
            f"NM1{e}IL{e}1(?!(?:{e}{x}*){{6}}{e}{x})",
            f"N4(?!{e}{x}*{e}{x}+{e}{x}+{t})",
            f"PER{e}[^{t}]*{e}EX",
            f"REF{e}{x}*{e}{x}*{e}{x}*{e}",
        )
        self.odd = re.compile(f"{t}(?:{'|'.join(odd)})").search
        # An original claim that is no inpatient's and no accident's.
        place = f"(?!(?:{inpatient}){c})[^{e}{c}]*{c}[^{e}{c}]*{c}1"
        self.claim = re.compile(f"CLM{e}{x}*{e}{x}*{e}{e}{e}{place}(?:{e}{x}*){{0,5}}").fullmatch
        self.numbers = [f"LX{separator}{number}" for number in range(1_000)]
        self.payer_number = f"REF{separator}F8{separator}"
        self.control_number = f"REF{separator}6R{separator}"
        self.paid = f"AMT{separator}D"
        self.subscriber = f"NM1{separator}IL{separator}"
        self.range = f"{separator}RD8{separator}"


_shapes = lru_cache(maxsize=64)(_Shapes)


def _plain_group(sbr: list[str]) -> bool:
    """Whether no group is named twice, and nothing is to be said of Medicare as a later payer."""
    sbr += [""] * (10 - len(sbr))
    return not (sbr[3] and sbr[4]) and not sbr[5] and (sbr[1] == "P" or sbr[9] not in ("MA", "MB"))


def _plain_insurance(subscriber: list[str], patient: list[str], separator: str, name: str) -> bool:
    """Whether the payer is the primary one, and the patient is told as he must be."""
    sbr = subscriber[0].split(separator) if subscriber else []
    if len(sbr) < 3 or sbr[:2] != ["SBR", "P"] or (sbr[2] != "18") is not bool(patient) or not _plain_group(sbr):
        return False
    at = 2 if len(subscriber) > 2 and subscriber[1][:3] == "PAT" else 1
    if not subscriber[at:] or not subscriber[at].startswith(name):
        return False
    if patient:
        return at == 1
    return [raw[:2] for raw in subscriber[at + 1 : at + 4]] == _OWN_PERSON


def plain(stored: StoredClaim) -> bool:
    """Whether no rule of the levels 3 and 4 can be broken in a claim."""
    delimiters, billing, subscriber, patient, claim = stored
    shapes = _shapes(delimiters)
    separator, component, _, end = delimiters
    if not _plain_billing(delimiters, tuple(billing)):
        return False
    if not _plain_insurance(subscriber, patient, separator, shapes.subscriber):
        return False
    if not claim or shapes.claim(claim[0]) is None:
        return False
    total = lines = diagnoses = 0
    numbers, range_, control_number = shapes.numbers, shapes.range, shapes.control_number
    seen: set[str] = set()
    ranks = {"P"}
    for raw in claim:
        tag = raw[:3]
        if tag == "DTP":
            if raw[4:7] in _DATES_TO_LOOK_AT or (range_ in raw and not raw[-17:-9] <= raw[-8:]):
                return False
        elif tag == "REF":
            if raw.startswith(control_number):
                if raw in seen:
                    return False
                seen.add(raw)
            elif raw.startswith(shapes.payer_number):
                return False
        elif tag == "SV1":
            sv1 = raw.split(separator, 8)
            amount = cents(sv1[2]) if len(sv1) > 7 else None
            if amount is None or _last_pointer(sv1[7], component) > diagnoses:
                return False
            total += amount
        elif tag[:2] == "LX":
            lines += 1
            if lines >= 1_000 or raw != numbers[lines]:
                return False
        elif tag[:2] == "HI":
            if diagnoses:
                return False
            diagnoses = _diagnoses(raw, delimiters)
            if not diagnoses:
                return False
        elif tag == "SBR":
            sbr = raw.split(separator)
            if len(sbr) < 2 or sbr[1] in ranks or not _plain_group(sbr):
                return False
            ranks.add(sbr[1])
        elif tag in _TO_LOOK_AT or raw.startswith(shapes.paid):
            return False
    if not lines or total != cents(claim[0].split(separator, 3)[2]):
        return False
    return shapes.odd(end + end.join([*subscriber, *patient, *claim]) + end) is None
