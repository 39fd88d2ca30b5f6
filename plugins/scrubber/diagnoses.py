"""Diagnoses and pointers (hme-billing-rules 1.4): R1.DX-1 to R1.DX-4."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from gateway.core.x12.claim import Diagnosis

from .findings import Findings
from .whole import Whole

MOST_DIAGNOSES = 12
MOST_POINTERS = 4
_ICD10 = re.compile(r"[A-Z]\d[0-9A-Z](?:[0-9A-Z]{1,4})?", re.ASCII)
_ICD9 = frozenset({"BK", "BF"})
ICD10_SINCE = dt.date(2015, 10, 1)


def check_diagnoses(whole: Whole, out: Findings) -> None:
    """The codes of the claim, and which of them each line means."""
    found = whole.claim.diagnoses
    if not found or len(found) > MOST_DIAGNOSES:
        what = f"has {len(found)} diagnoses; twelve have room" if found else "has no diagnosis"
        out.say("R1.DX-2", f"The claim {what}. Correct them from the order.", place="2300 HI01")
    for number, old in _odd(found):
        if not old:
            out.say(
                "R1.DX-3",
                f"Diagnosis {number} does not have the form of an ICD-10 code (letter, digit, no dot).",
                place="2300 HI01",
            )
        elif whole.lines and min(line.day for line in whole.lines) >= ICD10_SINCE:
            out.say("R1.DX-3", f"Diagnosis {number} is an ICD-9 code. Write the ICD-10 code.", place="2300 HI01")
    for line in whole.lines:
        pointers = line.raw.pointers
        if not 1 <= len(pointers) <= MOST_POINTERS:
            has = f"{len(pointers)} diagnoses" if pointers else "no diagnosis"
            out.say("R1.DX-4", f"points to {has}; one to four have room.", line=line, place="2400 SV107")
        if all(1 <= pointer <= len(found) for pointer in pointers):
            continue
        beyond = sorted({pointer for pointer in pointers if not 1 <= pointer <= len(found)})
        out.say(
            "R1.DX-1",
            f"points to diagnosis {', '.join(map(str, beyond))}, and the claim has {len(found)}.",
            line=line,
            place="2400 SV107",
        )


@lru_cache(maxsize=16_384)
def _odd(found: tuple[Diagnosis, ...]) -> tuple[tuple[int, bool], ...]:
    """The numbers of the diagnoses that are no ICD-10 codes by their form, each with whether it is said to be an ICD-9
    code. Remembered: a rental is billed every month with the same ones."""
    return tuple(
        (number, one.qualifier in _ICD9)
        for number, one in enumerate(found, 1)
        if one.qualifier in _ICD9 or not _ICD10.fullmatch(one.code)
    )
