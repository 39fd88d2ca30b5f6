"""Code numbers that a configuration may name, so that a mistyped one is found when it is read.

Lists that rarely change stand here whole; of the large ones (HCPCS, modifiers, CARC, RARC) only the form is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILING_CODES = _codes("11 12 13 14 15 16 17 AM BL CH CI DS FI HM LM MA MB MC OF TV VA WC ZZ")
"""SBR09, CLP06 (element 1032)."""

PLACES_OF_SERVICE = _codes(
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42 49 50 51 52 53 "
    "54 55 56 57 58 60 61 62 65 66 71 72 81 99"
)
"""CMS's places of service."""

STATES = _codes(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY AS FM GU MH MP PR PW VI AA AE AP"
)
"""States and territories, and the armed forces' addresses, as the post writes them."""

PROVINCES = _codes("AB BC MB NB NL NS NT NU ON PE QC SK YT")
"""Canada's provinces and territories."""

CAS_GROUPS = _codes("CO CR OA PI PR")
"""CAS01."""

CLAIM_STATUS_CATEGORIES = _codes(
    "A0 A1 A2 A3 A4 A5 A6 A7 A8 D0 E0 E1 E2 E3 E4 F0 F1 F2 F3 F3F F3N F4 F5 P0 P1 P2 P3 P4 P5 R0 R1 R3 R4 R5 R6 R7 R8 "
    "R9 R10 R11 R12 R13 R14 R15 R16 R17 RQ X0"
)
"""X12's claim status categories."""

CLAIM_STATUS_GAPS = frozenset({36, 43, 58, 62, 63, 74, 75, 76, 77, 79, 80, 82, 151})
LAST_CLAIM_STATUS = 771
"""X12's claim status codes run from 0 to this one, but for those gaps; of later numbers nothing is known here."""

_FORMS = {
    "hcpcs": re.compile(r"[A-Z]\d{4}|\d{4}[A-Z0-9]"),
    "modifier": re.compile(r"[A-Z0-9]{2}"),
    "carc": re.compile(r"\d{1,3}|[A-Z]\d{1,3}|\*"),
    "rarc": re.compile(r"M\d{1,3}|MA\d{2,3}|N\d{1,3}|\*"),
}
_LISTS = {
    "filing_code": FILING_CODES,
    "place_of_service": PLACES_OF_SERVICE,
    "state": STATES,
    "cas_group": CAS_GROUPS,
}
_WORDS = {
    "hcpcs": "a HCPCS code such as E1390",
    "modifier": "a modifier of two characters, such as RR",
    "carc": "an adjustment reason code such as 45 or B7",
    "rarc": "a remark code such as M51, MA130 or N115",
    "filing_code": "a claim filing code such as MB, MC or CI",
    "place_of_service": "a place of service such as 12 (home)",
    "state": "a state such as OH",
    "cas_group": "an adjustment group: CO, CR, OA, PI or PR",
}
KINDS = tuple(_WORDS)
"""Names of the code sets that a column of a table may be said to hold."""


def wanted(kind: str) -> str:
    """What a code of this kind looks like, in words."""
    return _WORDS[kind]


def listed(kind: str) -> frozenset[str]:
    """All codes of a kind that is listed whole; empty for one whose form is all that is known here."""
    return _LISTS.get(kind, frozenset())


def checker(kind: str) -> Callable[[str], bool]:
    """Tells whether a code of this kind exists (of a large set: whether it has its form). Raises KeyError: no such
    kind."""
    if kind in _LISTS:
        return _LISTS[kind].__contains__
    form = _FORMS[kind]
    return lambda code: form.fullmatch(code) is not None
