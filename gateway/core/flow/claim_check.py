"""A claim held against its implementation guide, by itself: levels 1 to 5 of the field's seven.

The claim is walked as the only one of a set of its own, so that a claim from JSON, one that is replayed and one that is
about to leave are looked at like one that has just been read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

import structlog

from ...config.checks import Checks
from ...config.codes import CodesError
from ...config.config import Config
from ..model.known_codes import KnownCodes
from ..x12.answers.said import line_of, lines_at
from ..x12.answers.status_map import status_of
from ..x12.claim import Claim, Numbers
from ..x12.guides.compiled import CompiledGuide, compiled
from ..x12.guides.elements import BAD_CHARACTER
from ..x12.guides.notation import guide
from ..x12.guides.walk import Finding, Walk
from ..x12.guides.words import words_of
from ..x12.rules import Codes, RuleFinding, claim_findings
from ..x12.segment import Delimiters
from ..x12.stored import StoredClaim
from .verdicts import Noted

log = structlog.get_logger("gateway")
Action = Literal["report", "hold", "refuse"]
MOST_NOTED = 50
"""Findings of one claim that are kept; one that has more is no better known for it."""
_TOLD = 3
_GUIDE = "837p"
_LEVELS: dict[int, str] = {1: "syntax", 2: "guide", 3: "balancing", 4: "situations", 5: "codes"}


def action_of(checks: Checks, found: Noted) -> Action:
    """What is done about a finding."""
    action: Action = "report" if found.told_only else getattr(checks, _LEVELS[found.level])
    return action


@lru_cache(maxsize=8)
def _head(marks: Delimiters) -> tuple[str, ...]:
    """The beginning of a set that says nothing."""
    segments = (
        ("ST", "837", "0001", guide(_GUIDE).versions[1]),
        ("BHT", "0019", "00", "1", "20260101", "0000", "CH"),
        ("NM1", "41", "2", "X", "", "", "", "", "46", "XX"),
        ("PER", "IC", "X", "TE", "5550100"),
        ("NM1", "40", "2", "X", "", "", "", "", "46", "XX"),
    )
    return tuple(marks.element.join(segment) for segment in segments)


@lru_cache(maxsize=8)
def _guide_for(marks: Delimiters) -> CompiledGuide:
    # By the delimiters alone: to hash a whole guide for each claim takes longer than to walk the claim.
    return compiled(guide(_GUIDE), marks)


def _begin(marks: Delimiters, billing: tuple[str, ...]) -> Walk:
    separator = marks.element
    walk = Walk(_guide_for(marks))
    walk.feed(_head(marks))
    walk.feed((f"HL{separator}1{separator}{separator}20{separator}1", *billing))
    return walk


def _begun(marks: Delimiters, billing: tuple[str, ...]) -> Walk:
    """A walk that has come to the end of the billing provider, of whom there are few: remembered, unless something is
    wrong with it, for a finding is told of one claim."""
    walk = _remembered(marks, billing)
    return walk if not walk.finding_count else _begin(marks, billing)


_remembered = lru_cache(maxsize=256)(_begin)


def check_claim(stored: StoredClaim, codes: Codes | None, read: Claim | None = None) -> list[Noted]:
    """Everything that is found in a claim, in the order of its segments. `codes`: the lists of level 5 (None: it is not
    asked). `read`: the same claim, where it has been taken apart before."""
    marks = stored.delimiters
    separator = marks.element
    found: list[Finding] = []
    walk = _begun(marks, tuple(stored.billing)).another(lambda _, findings: found.extend(findings))
    at = len(_head(marks)) + 1
    billing = at + 1
    at += 1 + len(stored.billing)
    has_patient = bool(stored.patient)
    level = f"HL{separator}2{separator}1{separator}22{separator}{int(has_patient)}"
    walk.feed((level, *stored.subscriber))
    subscriber = at + 1
    at += 1 + len(stored.subscriber)
    patient = 0
    if has_patient:
        walk.feed((f"HL{separator}3{separator}2{separator}23{separator}0", *stored.patient))
        patient = at + 1
        at += 1 + len(stored.patient)
    walk.feed(stored.claim)
    walk.feed((f"SE{separator}{walk.position + 1}{separator}0001",))
    walk.end()
    claim, numbers = read or Claim(stored, "gateway"), Numbers(billing, subscriber, patient, at)
    if not any(_is_wrong(one) for one in found):
        # Only then: what a segment lacks would be told by every rule that wants it.
        found += claim_findings(claim, numbers=numbers)
        if codes is not None:
            found += codes.of_claim(claim, numbers=numbers)
    if not found:
        return []
    found.sort(key=lambda finding: finding.position)
    return _noted(found, lines_at(claim, at))


def _is_wrong(finding: Finding) -> bool:
    """Whether it is more than a letter with an accent: some receivers refuse those, and names have them."""
    fault = finding.fault
    if fault is None or fault.code != BAD_CHARACTER or fault.value.isascii():
        return True
    return _LETTERS.fullmatch(fault.value) is None


def _noted(found: Iterable[Finding], starts: Sequence[int]) -> list[Noted]:
    words = words_of(guide(_GUIDE))
    made: dict[tuple[str, str, int], Noted] = {}
    for finding in found:
        line = line_of(finding, starts)
        code = finding.rule.id if isinstance(finding, RuleFinding) else finding.ik403 or finding.ik304
        number = 0 if line is None else line + 1
        status = status_of(finding)
        noted = Noted(finding.level, finding.place, number, code, words.of(finding), ":".join(filter(None, status)))
        noted.told_only = not _is_wrong(finding)
        made.setdefault((noted.place, noted.words, number), noted)
        if len(made) == MOST_NOTED:
            break
    return list(made.values())


_LETTERS = re.compile(r"[ -~\x80-\xff]+")
"""Text without control characters, with letters outside of ASCII perhaps."""
_made: dict[str, Codes] = {}


def codes_of(config: Config) -> Codes:
    """The lists of codes of a configuration; made once, and kept while it is in force."""
    codes = _made.get(config.hash)
    if codes is None:
        try:
            known = config.codes
        except (CodesError, OSError) as error:
            # The configuration was good when it was taken: somebody has changed the lists since.
            log.warning("code_lists_unreadable", error=type(error).__name__)
            known = KnownCodes()
        _made.clear()
        codes = _made[config.hash] = Codes(known)
    return codes


def in_words(noted: Sequence[Noted]) -> str:
    """What is wrong with a claim, for a person: the first few, and how many more."""
    lines = [f"Line {one.line}: {one.words}" if one.line else one.words for one in noted[:_TOLD]]
    more = len(noted) - len(lines)
    return " ".join(lines) + (f" And {more} more." if more > 0 else "")
