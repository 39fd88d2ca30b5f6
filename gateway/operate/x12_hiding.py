"""Which values of a segment tell who a patient is, and are shown as dots unless somebody asks for them."""

from __future__ import annotations

import re

from ..core.x12.segment import Delimiters

DOTS = "..."
_PERSONS = {"837": frozenset({"2010BA", "2010CA", "2330A"}), "277": frozenset({"2100D"})}
_NAMED = frozenset({"QC", "IL", "74", "GB"})
"""NM101 of persons in a remittance, where they stand in the claim's own loop."""
_OF_PERSON = {
    "NM1": frozenset({1, 2, 8}),
    "N3": frozenset[int](),
    "N4": frozenset[int](),
    "DMG": frozenset({1}),
    "PER": frozenset({1}),
    "REF": frozenset({1}),
}
"""What of a person's segments is shown all the same: qualifiers."""
_ALWAYS = {
    "PAT": frozenset({1}),
    "NTE": frozenset({1}),
    "K3": frozenset[int](),
    "MSG": frozenset[int](),
    "IK4": frozenset({1, 2, 3}),
    "AK4": frozenset({1, 2, 3}),
}
"""Free text, in which anything may stand; values that an answer repeats; a patient's death and weight."""
_FREE_TEXT = {"CR1": (9, 10), "CR2": (10, 11), "PWK": (7,)}
_PROCEDURES = {"SV1": 1, "SV5": 1, "SVD": 3, "SVC": 1}
_DESCRIPTION = 7
"""Of a procedure: the component in which somebody may write what he likes."""
_ID_OF_PERSON = frozenset({"EA", "SY", "1W", "IG"})
"""REF01: medical record, social security number, member id, policy."""
_SECRETS = frozenset({2, 4})
"""Of the ISA: what is agreed on for authorization and security."""
_HARMLESS = (
    "ST SE BHT BGN BPR TRN HL CLM SBR DTP DTM HI LX SV1 SV2 SV3 SV4 SV5 CAS AMT QTY CLP SVC PLB LQ EQ EB HD COB STC "
    "AK1 AK2 AK3 AK5 AK9 IK3 IK5 PRV CUR CL1 HCP TS2 TS3 MOA MIA ISA GS GE IEA TA1"
)
"""Segments that are shown though nobody here knows the guide; of all others only qualifiers are."""
_HARMLESS_TAGS = frozenset(_HARMLESS.split())
_CLAIM_NUMBER = "CLM01"
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII)


def masked(kind: str, loop: str, elements: list[str], marks: Delimiters, *, known: bool, placed: bool) -> list[str]:
    """The elements of a segment, tag first, with dots for what must not be shown.

    Args:
        kind: ST01 of its set; empty for the envelope.
        loop: the loop it stands in.
        known: whether there is a guide for the set.
        placed: whether the guide has the segment there; one that stands where it may not is shown by its tag alone.
    """
    tag, qualifier = [*elements, ""][:2]
    if not _TAG.fullmatch(tag):
        return [DOTS]
    if tag == "CTX":
        return [_context(one, marks) for one in elements]
    if tag == "ISA":
        return [DOTS if at in _SECRETS and one.strip() else one for at, one in enumerate(elements)]
    if not known:
        if tag in _HARMLESS_TAGS:
            return elements
        return _only(elements, _OF_PERSON.get(tag, _ALWAYS.get(tag, frozenset())))
    if not placed:
        return _only(elements, frozenset())
    if tag in _ALWAYS:
        return _only(elements, _ALWAYS[tag])
    person = loop in _PERSONS.get(kind, frozenset()) or (kind == "835" and tag == "NM1" and qualifier in _NAMED)
    if tag == "REF" and qualifier in _ID_OF_PERSON:
        person = True
    if person and tag in _OF_PERSON:
        return _only(elements, _OF_PERSON[tag])
    if tag in _FREE_TEXT:
        return _only(elements, frozenset(range(len(elements))) - frozenset(_FREE_TEXT[tag]))
    return _without_description(elements, _PROCEDURES[tag], marks) if tag in _PROCEDURES else elements


def _only(elements: list[str], shown: frozenset[int]) -> list[str]:
    return [one if not at or at in shown or not one else DOTS for at, one in enumerate(elements)]


def _without_description(elements: list[str], at: int, marks: Delimiters) -> list[str]:
    parts = elements[at].split(marks.component) if at < len(elements) else []
    if len(parts) < _DESCRIPTION or not parts[_DESCRIPTION - 1]:
        return elements
    parts[_DESCRIPTION - 1] = DOTS
    return [*elements[:at], marks.component.join(parts), *elements[at + 1 :]]


def _context(element: str, marks: Delimiters) -> str:
    """CTX01: what it names, and the value where that is a claim's number."""
    name, separator, value = element.partition(marks.component)
    return element if name == _CLAIM_NUMBER or not value or value.isdigit() else f"{name}{separator}{DOTS}"
