"""The codes of a claim's HI segments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .segment import Delimiters

DIAGNOSES = frozenset({"ABK", "ABF", "BK", "BF"})


class Diagnosis(NamedTuple):
    """One diagnosis of the claim: its code as written (no dot), and its qualifier (ABK, ABF; BK, BF for ICD-9)."""

    code: str
    qualifier: str


@lru_cache(maxsize=4096)
def codes_in(raw: str, element: str, component: str, repetition: str) -> tuple[Diagnosis, ...]:
    """The codes of one HI. Remembered: a rental is billed every month with the same ones."""
    composites = raw.split(element)[1:]
    if repetition and repetition in raw:
        composites = [repeat for composite in composites for repeat in composite.split(repetition)]
    parts = [composite.split(component, 2) for composite in composites]
    return tuple(Diagnosis(part[1], part[0]) for part in parts if len(part) > 1)


def codes_of(segments: Iterable[str], delimiters: Delimiters) -> list[Diagnosis]:
    """Code and qualifier of every composite of every HI before the other payers (2320)."""
    element, component, repetition, _ = delimiters
    found: list[Diagnosis] = []
    hi = "HI" + element
    for raw in segments:
        tag = raw[:3]
        if tag == hi:
            found += codes_in(raw, element, component, repetition)
        elif tag == "SBR":
            break
    return found
