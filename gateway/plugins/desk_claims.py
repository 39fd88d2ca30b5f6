"""Claims that a plugin makes: from a claim that is there, edited, or from a mapping in the form of JSON claims."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .desk_views import MakeClaim

if TYPE_CHECKING:
    from gateway.core.x12.claim import Claim
    from gateway.core.x12.stored import StoredClaim

LONGEST_NUMBER = 38
LONGEST_WHY = 300
SOURCE = "plugin:"
"""How the sources are called under which plugins' claims enter the gateway; no name in a configuration looks so."""


class ClaimRefused(ValueError):
    """A claim cannot be made as it is. The message says what is wrong and holds no values but the claim's number."""


def source_of(plugin: str) -> str:
    """The source under which a plugin's claims enter the gateway."""
    return f"{SOURCE}{plugin}"


def to_make(key: str, given: Claim | Mapping[str, Any], why: str) -> MakeClaim:
    """The act that makes a claim.

    Raises:
        ClaimRefused: it is neither a claim nor the mapping of one, or has no number that it could bear.
    """
    from gateway.core.x12.claim import Claim

    if not why.strip() or len(why) > LONGEST_WHY:
        raise ClaimRefused(f"why a claim is made is said in 1 to {LONGEST_WHY} characters")
    stored = _without_our_line_numbers(given.stored) if isinstance(given, Claim) else _from_mapping(given)
    claim = Claim(stored, "desk")
    number = claim.id.strip()
    if not number or len(number) > LONGEST_NUMBER:
        raise ClaimRefused(f"a claim has a number of 1 to {LONGEST_NUMBER} characters in CLM01")
    if not claim.lines:
        raise ClaimRefused(f"the claim {number} has no service line")
    return MakeClaim(key=key, number=number, content=stored.pack(), cents=claim.charge_cents, why=why)


_OUR_LINE_NUMBER = re.compile(r"[0-9A-F]+G[0-9A-F]+L\d+")


def _without_our_line_numbers(stored: StoredClaim) -> StoredClaim:
    """A claim that was taken from one that is there has the numbers that intake gave the lines of that one (REF*6R):
    the new claim gets its own."""
    start = stored.delimiters.element.join(("REF", "6R", ""))
    return stored._replace(
        claim=[
            raw
            for raw in stored.claim
            if not (raw.startswith(start) and _OUR_LINE_NUMBER.fullmatch(raw.removeprefix(start)))
        ]
    )


def _from_mapping(given: Any) -> StoredClaim:
    from gateway.core.model.json_claim import JsonClaimError, check_claims, to_stored

    if not isinstance(given, Mapping):
        raise ClaimRefused(f"a claim is a Claim, or a mapping as JSON claims have it, not a {type(given).__name__}")
    try:
        (claim,) = check_claims(dict(given))
    except JsonClaimError as error:
        raise ClaimRefused(f"the claim cannot be taken: {error}") from None
    return to_stored(claim)
