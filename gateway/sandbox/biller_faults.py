"""Typical faults of a biller, put into sound claims: what a scrubber must find before a payer does.

Each fault is a name, what it does to a claim, and whether the claim is one that it can be put into.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from . import catalogue as cat
from .records import Claim, Line, Orderer


class BillerFault(NamedTuple):
    """`apply` changes the claim and returns True, or leaves it alone and returns False. `earlier` is the claim of
    the same patient and need a month before, without which some faults cannot be seen by anybody."""

    name: str
    rule: str
    apply: Callable[[Claim, Claim | None, random.Random], bool]


def _medicare(claim: Claim) -> bool:
    return claim.responsibility == "P" and claim.coverage.payer.kind == "medicare"


def _with(claim: Claim, *modifiers: str) -> Line | None:
    """The first line that carries one of these modifiers."""
    for line in claim.lines:
        if any(modifier in line.modifiers for modifier in modifiers):
            return line
    return None


def _missing_rental(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = _with(claim, "RR")
    if line is None or not _medicare(claim):
        return False
    line.modifiers.remove("RR")
    return True


def _wrong_month(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = _with(claim, "KI", "KJ")
    if line is None or not _medicare(claim) or earlier is None or not earlier.rental_month or earlier.expected_faults:
        return False
    line.modifiers = ["KH" if m in ("KI", "KJ") else m for m in line.modifiers]
    return True


def _no_month(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = _with(claim, "KH", "KI", "KJ")
    if line is None or not _medicare(claim):
        return False
    line.modifiers = [m for m in line.modifiers if m not in ("KH", "KI", "KJ")]
    return True


def _twice(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = next((line for line in claim.lines if 0 < len(line.modifiers) < 4), None)
    if line is None:
        return False
    line.modifiers = [*line.modifiers, line.modifiers[-1]]
    return True


def _too_many(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = next((line for line in claim.lines if len(line.modifiers) == 4 and "99" not in line.modifiers), None)
    if line is None:
        line = _with(claim, "KJ", "KI", "KH")
        if line is None:
            return False
        line.modifiers = [*line.modifiers, *[m for m in ("KX", "KF", "GK") if m not in line.modifiers]][:4]
    line.note = "MORE MODIFIERS RA KR"
    return True


def _orderer_npi(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = next((line for line in claim.lines if line.orderer is not None), None)
    if line is None or line.orderer is None:
        return False
    good = line.orderer
    wrong = f"{good.npi[:9]}{(int(good.npi[9]) + 3) % 10}"
    bad = Orderer(good.last, good.first, wrong, good.address)
    for each in claim.lines:
        if each.orderer is not None:
            each.orderer = bad
    return True


def _no_orderer(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    if not _medicare(claim):
        return False
    for line in claim.lines:
        line.orderer = None
    return True


def _member_id(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    if not _medicare(claim):
        return False
    text = claim.coverage.member_id
    # A letter that an MBI never holds, or the old number of nine digits and a letter.
    wrong = f"{text[:4]}O{text[5:]}" if rng.random() < 0.6 else f"9{int(rng.random() * 10**8):08d}A"
    was = claim.coverage
    claim.coverage = type(was)(was.payer, wrong, was.subscriber, was.relation, was.group)
    return True


def _undelivered(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    if not any(line.code == cat.CONTENTS.code for line in claim.lines):
        return False
    claim.deliveries.clear()
    return True


def _pointer(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    claim.lines[0].pointers = [len(claim.diagnoses) + 1]
    return True


def _no_span(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    if not _medicare(claim) or claim.family != "strips":
        return False
    for line in claim.lines:
        line.end = None
    return True


def _policy_clash(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = _with(claim, "KX")
    if line is None or not _medicare(claim) or len(line.modifiers) > 3:
        return False
    line.modifiers = [*line.modifiers, "GA"]
    return True


def _authorization(claim: Claim, earlier: Claim | None, rng: random.Random) -> bool:
    line = next((line for line in claim.lines if line.code in cat.PRIOR_AUTHORIZATION and line.authorization), None)
    if line is None or not _medicare(claim):
        return False
    line.authorization = ""
    return True


BILLER_FAULTS: dict[str, BillerFault] = {
    fault.name: fault
    for fault in (
        BillerFault("missing_rental_modifier", "R1.01", _missing_rental),
        BillerFault("wrong_rental_month", "R1.02", _wrong_month),
        BillerFault("missing_rental_month", "R1.02", _no_month),
        BillerFault("modifier_twice", "R1.11", _twice),
        BillerFault("more_than_four_modifiers", "R1.12", _too_many),
        BillerFault("ordering_npi_invalid", "R1.22", _orderer_npi),
        BillerFault("ordering_provider_missing", "R1.20", _no_orderer),
        BillerFault("member_id_invalid", "R1.24", _member_id),
        BillerFault("contents_without_delivery", "O-C4", _undelivered),
        BillerFault("pointer_to_no_diagnosis", "1.4", _pointer),
        BillerFault("span_missing", "R1.30", _no_span),
        BillerFault("kx_with_ga", "1.2", _policy_clash),
        BillerFault("authorization_missing", "R1.50", _authorization),
    )
}


def spoil(claim: Claim, earlier: Claim | None, rng: random.Random, names: tuple[str, ...]) -> None:
    """Put one of the named faults into a claim: the first, in drawn order, that fits it; none may fit."""
    for name in rng.sample(names, len(names)):
        if BILLER_FAULTS[name].apply(claim, earlier, rng):
            claim.expected_faults = (name,)
            return
