"""The edits of our own door: what is counted of a claim that was not taken in, and what each says.

`guide:7` is a finding of its guide (IK403, IK304 or the id of a rule), `read:bad-amount` a value that nobody can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..x12.checks import claim_faults
from ..x12.claim import Claim, Numbers
from ..x12.fault import Fault
from ..x12.guides.answer_codes import IK3_CODES, IK4_CODES
from ..x12.stored import StoredClaim
from .verdicts import Noted

GUIDE, READ = "guide:", "read:"
UNREADABLE = "read:unreadable"
"""The edit of a claim that cannot be read at all, or stands where nothing can be trusted."""
_WORDS = {
    "bad-amount": "an amount is not plain dollars and cents",
    "bad-number": "a number cannot be read",
    "bad-date": "a date is not a day of the calendar",
    "bad-date-form": "the form of a date is not known",
    "bad-pointer": "a pointer is not the number of a diagnosis",
    "no-such-diagnosis": "a pointer means a diagnosis that the claim does not have",
    "missing-value": "a value that must be there is empty",
    "missing-segment": "a segment without which there is no claim",
    "too-many-elements": "a segment has too many elements",
    "unreadable": "the claim, or the set in which it stands, cannot be read",
}


class OnLine(NamedTuple):
    """A value that cannot be read, and on which service line (0: none)."""

    fault: Fault
    line: int


def unread(claim: Claim) -> list[OnLine]:
    """Every value of a claim that cannot be read, with the number of its line."""
    stored = claim.stored
    separator = stored.delimiters.element
    starts = [at for at, raw in enumerate(stored.claim) if raw.split(separator, 1)[0] == "LX"]
    found = []
    # Counted from 1 within the claim's own segments: so the line is known.
    for fault in claim_faults(stored, Numbers(claim=1), len(claim.diagnoses)):
        at = fault.segment_number - 1
        found.append(OnLine(fault, sum(start <= at for start in starts) if fault.loop[:2] == "24" else 0))
    return found


def edit_of(content: bytes, noted: Sequence[Noted]) -> str:
    """The edit of a claim that is not taken in: the first finding that refuses it, else the first value that cannot be
    read."""
    for one in noted:
        if one.action == "refuse":
            return f"{GUIDE}{one.code}"
    try:
        first = next(iter(unread(Claim(StoredClaim.unpack(content)))), None)
    except Exception:  # whatever is in it: it is not readable, and that is what is said
        return UNREADABLE
    return f"{READ}{first.fault.code}" if first is not None else UNREADABLE


def is_own(edit: str) -> bool:
    """Whether an edit is one of our own door."""
    return edit.startswith((GUIDE, READ))


def words_of(edit: str) -> str:
    """What an edit of ours says, for a person; empty for a rule, which its id names."""
    kind, _, code = edit.partition(":")
    if f"{kind}:" == READ:
        return _WORDS.get(code, "")
    return IK4_CODES.get(code) or IK3_CODES.get(code) or ""
