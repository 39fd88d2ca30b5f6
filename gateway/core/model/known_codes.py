"""The lists of codes that others keep, as far as they are known here: whole, by their form, or from imported tables.

What is not known is said to be so (None), never to be wrong: HCPCS, modifiers and diagnoses without a table, a day that
no table covers, procedure codes of the AMA and the ADA, claim status numbers newer than our list.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .code_sets import (
    CLAIM_STATUS_CATEGORIES,
    CLAIM_STATUS_GAPS,
    LAST_CLAIM_STATUS,
    PLACES_OF_SERVICE,
    PROVINCES,
    STATES,
    checker,
)

IMPORTED = {"hcpcs": "HCPCS codes", "modifier": "modifiers", "icd10": "diagnoses (ICD-10-CM)"}
"""The lists that come from imported tables, and what people call them."""
_LEVEL_2 = re.compile(r"[A-CE-Z]\d{4}", re.ASCII)
"""HCPCS of CMS: five digits are the AMA's, a D with four the ADA's."""
_AMAS_MODIFIER = re.compile(r"\d[0-9A-Z]|P[1-6]", re.ASCII)
_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z](?:[0-9A-Z]{1,4})?", re.ASCII)
_NPI = re.compile(r"[12]\d{9}", re.ASCII)
_NPI_PREFIX_SUM = 24
"""What 80840, the prefix of health ids in the United States, gives in the Luhn sum of an NPI."""
_FORMS = {
    "taxonomy": re.compile(r"[0-9A-Z]{9}X", re.ASCII),
    "ndc": re.compile(r"\d{11}", re.ASCII),
    "frequency": re.compile(r"[0-9A-Z]", re.ASCII),
    "condition": re.compile(r"[0-9A-Z]{2}", re.ASCII),
}
_ZIP = {
    "US": re.compile(r"\d{5}(?:\d{4})?", re.ASCII),
    "CA": re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.ASCII | re.IGNORECASE),
}
_CARC, _RARC = checker("carc"), checker("rarc")
ALWAYS = dt.date.max


class Span(NamedTuple):
    """Days on which a code holds, or that a table covers, both included."""

    start: dt.date
    end: dt.date


class DatedCodes:
    """A list of codes, each with the days on which it holds. `covers`: the days of which the list is complete."""

    __slots__ = ("codes", "covers", "source")

    def __init__(self, codes: Mapping[str, Sequence[Span]], covers: Sequence[Span], source: str = "") -> None:
        self.codes = codes
        self.covers = tuple(covers)
        self.source = source

    def known(self, code: str, day: dt.date | None) -> bool | None:
        """Whether a code holds on a day (None: on any); None where the list says nothing of that day."""
        spans = self.codes.get(code)
        if day is None:
            return True if spans else None
        if spans and any(span.start <= day <= span.end for span in spans):
            return True
        if any(span.start <= day <= span.end for span in self.covers):
            return False
        # Outside what is covered, a code that once was and ended is known to have ended.
        return False if spans and all(span.end < day for span in spans) else None


def npi_is_right(npi: str) -> bool:
    """Whether ten digits are an NPI: it begins with 1 or 2, and its check digit is that of Luhn behind 80840."""
    if not _NPI.fullmatch(npi):
        return False
    total = _NPI_PREFIX_SUM + sum(int(digit) for digit in npi[1::2])
    for digit in npi[::2]:
        double = 2 * int(digit)
        total += double - 9 if double > 9 else double
    return total % 10 == 0


def zip_is_right(text: str) -> bool | None:
    """Whether `COUNTRY:CODE` is a ZIP or postal code of that country (none: the United States, or Canada where it looks
    like one); None for other countries."""
    country, _, code = text.partition(":")
    if country in ("", "US", "CA"):
        forms = [_ZIP[country]] if country else list(_ZIP.values())
        return any(form.fullmatch(code) for form in forms)
    return None


def _status(code: str) -> bool | None:
    if not (code.isascii() and code.isdigit()):
        return False
    number = int(code[:9])
    return None if number > LAST_CLAIM_STATUS else number not in CLAIM_STATUS_GAPS


_ASKED: dict[str, Callable[[str], bool | None]] = {
    "pos": PLACES_OF_SERVICE.__contains__,
    "state": (STATES | PROVINCES).__contains__,
    "zip": zip_is_right,
    "npi": npi_is_right,
    "carc": _CARC,
    "rarc": _RARC,
    "claim_status_category": CLAIM_STATUS_CATEGORIES.__contains__,
    "claim_status": _status,
}


class KnownCodes:
    """All lists by the names that the guides give them; `tables` are the imported ones (`IMPORTED`)."""

    def __init__(self, tables: Mapping[str, DatedCodes] | None = None) -> None:
        self.tables = dict(tables or {})

    def known(self, name: str, code: str, day: dt.date | None) -> bool | None:
        """Whether a code of a list holds on a day (None: on any); None where nobody here can tell."""
        asked = _ASKED.get(name)
        if asked is not None:
            return asked(code)
        form = _FORMS.get(name)
        if form is not None:
            return form.fullmatch(code) is not None
        if name not in IMPORTED:
            return None
        if name == "icd10" and not _DIAGNOSIS.fullmatch(code):
            return False
        if (name == "hcpcs" and not _LEVEL_2.fullmatch(code)) or (
            name == "modifier" and _AMAS_MODIFIER.fullmatch(code)
        ):
            return None
        table = self.tables.get(name)
        return None if table is None else table.known(code, day)

    def unchecked(self) -> list[str]:
        """What is not looked at because its table is not there: a sentence for each, with what to do."""
        return [
            f"The {what} of claims are not checked: import the official file with gateway tables import."
            for name, what in IMPORTED.items()
            if name not in self.tables
        ]
