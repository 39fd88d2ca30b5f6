"""A claim held against its guide by itself: what was found for one billing provider's claim is found for the next."""

from __future__ import annotations

from gateway.core.flow.claim_check import check_claim
from gateway.core.flow.verdicts import Noted
from gateway.core.model.known_codes import KnownCodes
from gateway.core.x12.rules import Codes

from ..x12.build import BILLING, claim_of

WRONG = ("PRV*BI*PXC*332B00000X", "NM1*85*9*EXAMPLE OXYGEN SUPPLY*****XX*1999999018", *BILLING[2:])
WRONG_DIGIT = (BILLING[0], BILLING[1].replace("1999999018", "1999999019"), *BILLING[2:])


def checked(billing: tuple[str, ...], codes: Codes) -> list[Noted]:
    return check_claim(claim_of(billing=billing).stored, codes)


def test_a_billing_provider_that_is_wrong_is_told_with_each_of_its_claims_and_with_no_other() -> None:
    codes = Codes(KnownCodes())
    good = checked(BILLING, codes)
    for wrong in (WRONG, WRONG_DIGIT):
        first, second = checked(wrong, codes), checked(wrong, codes)
        assert first == second
        assert [one for one in first if one.place.startswith("2010AA NM1") and one not in good]
    assert checked(BILLING, codes) == good
