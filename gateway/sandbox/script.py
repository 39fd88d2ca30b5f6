"""The script of faults: what goes wrong with the n-th answer of a kind, or with the n-th file or set from a partner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .settings import Kind, SandboxPartner, ScriptedFault

# Which answer an answer that comes out of order is put next to, and how many seconds after it.
_SWAPS: dict[str, tuple[Kind, float]] = {
    "TA1": ("999", 0.001),
    "999": ("277CA", 0.001),
    "277CA": ("999", -0.001),
    # The payment is only written when it is due, so that what comes after it needs more of a distance.
    "277CA-payer": ("835", 0.5),
}
_MOMENT = 0.001
_SE = re.compile(rb"(?<=~)(\s*)SE\*(\d+)\*")


class Copy(NamedTuple):
    """One file to be written: when, under which number of copy (0: the file itself), and what is in it."""

    at: float
    copy: int
    body: bytes


def faults_for(partner: SandboxPartner, answer: str, nth: int) -> list[ScriptedFault]:
    """The faults that strike the n-th of something."""
    return [fault for fault in partner.faults if fault.answer == answer and fault.nth in (None, nth)]


def due_time(kind: Kind, faults: Sequence[ScriptedFault], times: dict[Kind, float]) -> float:
    """When an answer is written; `times` has the regular time of each kind for the same received file."""
    at = times[kind]
    for fault in faults:
        if fault.do == "late":
            at += fault.seconds
        elif fault.do == "out_of_order":
            other, distance = _SWAPS[kind]
            at = times[other] + distance
    return at


def copies(at: float, body: bytes, faults: Sequence[ScriptedFault]) -> list[Copy]:
    """What is written in place of one sound answer: nothing, the same twice, a part, or a wrong count."""
    found = [Copy(at, 0, body)]
    for fault in faults:
        if fault.do == "no_answer":
            return []
        if fault.do == "wrong_counts":
            found = [Copy(one.at, one.copy, wrong_counts(one.body)) for one in found]
        elif fault.do == "twice":
            found.append(Copy(at + fault.seconds + _MOMENT, 1, found[0].body))
        elif fault.do == "cut":
            whole = found[0]
            found[0] = Copy(at, 0, whole.body[: len(whole.body) // 2])
            if fault.seconds:
                # Under the same name: the partner's own upload went on.
                found.append(Copy(at + fault.seconds, 0, whole.body))
    return found


def wrong_counts(body: bytes) -> bytes:
    """The first SE01 of a file, one too many."""
    return _SE.sub(lambda found: b"%bSE*%d*" % (found[1], int(found[2]) + 1), body, count=1)
