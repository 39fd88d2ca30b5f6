"""Level 5: codes whose lists are kept by others. The lists come from outside, through `CodeSets`.

Which element wants a code of which list is read off the guide (`set:NAME` in its file).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple, Protocol

from ..guides.model import Element, Guide
from ..guides.notation import guide
from .rule import NO_SUCH_VALUE, Rule, declare


class CodeSets(Protocol):
    """The lists of codes that others keep, by the names that the guides give them."""

    def known(self, name: str, code: str, day: dt.date | None) -> bool | None:
        """Whether a code of a list holds on a day (None: on any). None where nobody here can tell: there is no such
        list, or it says nothing of that day."""


class Wanted(NamedTuple):
    """A place that wants a code: element, component (0: the whole) and the name of the list."""

    position: int
    component: int
    name: str


def _rule(number: int, what: str, source: str, status: str) -> Rule:
    says = f"{what} {source}"
    return declare(f"G5.{number:02d}", says, ik403=NO_SUCH_VALUE, status=status)


RULE_OF: dict[str, Rule] = {
    "pos": _rule(1, "A place of service is one of CMS's.", "CLM05-1, SV105.", "A7:249"),
    "state": _rule(2, "A state or province is one that the post knows.", "N402, CLM11-4.", "A7:501"),
    "zip": _rule(3, "A ZIP or postal code is written as in its country.", "N403.", "A7:500"),
    "npi": _rule(
        4, "The check digit of an NPI is right (Luhn, with 80840 in front).", "NM109 where NM108 = XX.", "A7:562"
    ),
    "taxonomy": _rule(5, "A taxonomy code has ten characters and ends in X.", "PRV03.", "A7:145"),
    "hcpcs": _rule(6, "A HCPCS code holds on the date of service.", "SV101-2, SV501-2, SVD03-2, HI BO, BP.", "A7:507"),
    "modifier": _rule(7, "A modifier holds on the date of service.", "SV101-3 to -6, SVD03-3 to -6.", "A7:453"),
    "icd10": _rule(8, "A diagnosis is one of ICD-10-CM, complete, on the date of service.", "HI ABK, ABF.", "A7:255"),
    "carc": _rule(10, "An adjustment reason is written as CARC are.", "CAS02, 05, 08, 11, 14, 17.", "A7:521"),
    "rarc": _rule(11, "A remark code is written as RARC are.", "MOA03-07, MIA, LQ HE.", "A7:286"),
    "ndc": _rule(12, "An NDC has eleven digits.", "LIN03 where LIN02 = N4.", "A7:218"),
    "frequency": _rule(13, "A claim frequency is one digit or letter of the NUBC's.", "CLM05-3, CLP09.", "A7:535"),
    "condition": _rule(14, "A condition code has two digits or letters.", "HI BG.", "A7:460"),
    "claim_status_category": _rule(17, "A claim status category is one of X12's.", "STC01-1, STC10-1, STC11-1.", ""),
    "claim_status": _rule(18, "A claim status is one of X12's.", "STC01-2, STC10-2, STC11-2.", ""),
}
"""The rule for each list; a list without one is not looked at."""

DIAGNOSIS_LIST = _rule(
    9,
    "Diagnoses are of ICD-10-CM from 1 October 2015 on, and of ICD-9-CM before.",
    "HI01-12: ABK, ABF or BK, BF; 45 CFR 162.1002.",
    "A8:255",
)
STREET = _rule(
    15,
    "The billing provider's address is a street; a post office box goes to the pay-to address.",
    "2010AA N3: note. X12's own examples break it, so it is asked with the codes of the post.",
    "A7:503:85",
)
NINE_DIGITS = _rule(
    16,
    "The ZIP code of a billing provider or service facility in the United States has nine digits.",
    "2010AA, 2310C, 2420C N403: note. X12's own examples break it, so it is asked with the codes of the post.",
    "A7:500",
)

# The element (or component) before a code that says whether it is of the list.
_ONLY_IF: dict[str, tuple[int, frozenset[str]]] = {
    "npi": (-1, frozenset({"XX"})),
    "taxonomy": (-1, frozenset({"PXC"})),
    "icd10": (-1, frozenset({"ABK", "ABF"})),
    "hcpcs": (-1, frozenset({"HC", "BO", "BP"})),
    "ndc": (-1, frozenset({"N4"})),
    "condition": (-1, frozenset({"BG"})),
}


def is_of_list(name: str, before: Callable[[int], str]) -> bool:
    """Whether what stands before a code says that it is of the list; `before(-1)` is the element next to it."""
    only = _ONLY_IF.get(name)
    return only is None or before(only[0]) in only[1]


def _wanted(element: Element) -> Iterator[Wanted]:
    if element.external in RULE_OF:
        yield Wanted(element.position, 0, element.external)
    for component in element.components:
        if component.external in RULE_OF:
            yield Wanted(element.position, component.position, component.external)


def wanted_by(of: Guide) -> dict[str, tuple[Wanted, ...]]:
    """For each tag of a guide, the places that want a code of a list; those of all segments of the tag together."""
    found: dict[str, dict[Wanted, None]] = {}
    for loop in of.root.loops():
        for segment in loop.children:
            for element in getattr(segment, "elements", ()):
                for one in _wanted(element):
                    found.setdefault(segment.tag, {})[one] = None  # type: ignore[union-attr]
    return {tag: tuple(sorted(places)) for tag, places in found.items()}


@cache
def wanted(name: str) -> dict[str, tuple[Wanted, ...]]:
    """`wanted_by` of the guide of this name (837p, 835, 277ca)."""
    return wanted_by(guide(name))
