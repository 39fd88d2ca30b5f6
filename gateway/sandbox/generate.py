"""Realistic claims of a home-medical-equipment supplier, the same ones for the same seed.

A claim depends on the seed and on its patient's number only, so that the first hundred of a thousand are the
hundred that are made alone, and so that it does not matter how many are asked for.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from . import catalogue as cat
from .biller_faults import BILLER_FAULTS, spoil
from .care import claims_of, draw_case
from .records import Claim

FAULT_SHARE = 0.05
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def claim_prefix(seed: int) -> str:
    """What CLM01 begins with: another one for each seed, so that two runs do not use a number twice."""
    rng = random.Random(f"prefix:{seed}")
    return "SW" + "".join(rng.choices(_ALPHABET, k=5))


def generate_claims(
    n: int,
    seed: int,
    today: dt.date,
    *,
    fault_share: float = FAULT_SHARE,
    faults: tuple[str, ...] | None = None,
    families: tuple[str, ...] | None = None,
    references: float = 0.88,
) -> Iterator[Claim]:
    """`n` claims with services in the two months before `today`, a patient's in a row and oldest first.

    Args:
        fault_share: how many of the claims (0..1) carry one fault of a biller; `Claim.expected_faults` names it.
        faults: which faults, by the names of `biller_faults.BILLER_FAULTS`; all of them without.
        families: which products, by the names of `catalogue.MIX`; all of them without.
        references: how many of the claims (0..1) come with REF*6R on their lines.

    Raises:
        ValueError: a fault or a family of that name does not exist.
    """
    names = tuple(BILLER_FAULTS) if faults is None else tuple(faults)
    chosen = tuple(cat.MIX) if families is None else tuple(families)
    unknown = [*(set(names) - BILLER_FAULTS.keys()), *(set(chosen) - cat.MIX.keys())]
    if unknown:
        known = ", ".join([*BILLER_FAULTS, *cat.MIX])
        raise ValueError(f"there is no {', '.join(sorted(unknown))}; there are: {known}")
    weights = tuple(cat.MIX[family] for family in chosen)
    prefix = claim_prefix(seed)
    made = patient = 0
    while made < n:
        patient += 1
        rng = random.Random(f"{seed}:{patient}")
        case = draw_case(rng, today, chosen, weights)
        earlier: Claim | None = None
        for claim in claims_of(case):
            if made == n:
                return
            made += 1
            claim.number = f"{prefix}{made:07d}"
            with_references = rng.random() < references
            if names and rng.random() < fault_share:
                # Draws of its own, so that the sound claims are the same with and without faults among them.
                spoil(claim, earlier, random.Random(f"{seed}:{claim.number}"), names)
            if with_references:
                for index, line in enumerate(claim.lines, 1):
                    line.reference = f"{claim.number}L{index}"
            earlier = claim
            yield claim


def expected_faults(claims: list[Claim]) -> dict[str, tuple[str, ...]]:
    """What a scrubber must find, by claim number; sound claims are not in it."""
    return {claim.number: claim.expected_faults for claim in claims if claim.expected_faults}
