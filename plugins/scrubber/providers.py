"""Providers and ids on a claim: R1.20, R1.22, R1.24 (hme-billing-rules 1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.claim import Claim

from .settings import ScrubberSettings

# C A AN N A AN N A A N N; letters without S, L, O, I, B, Z.
_LETTER = "AC-HJKMNP-RT-Y"
MBI = re.compile(rf"[1-9][{_LETTER}][{_LETTER}0-9][0-9][{_LETTER}][{_LETTER}0-9][0-9][{_LETTER}][{_LETTER}][0-9][0-9]")


def npi_is_valid(npi: str) -> bool:
    """Ten digits whose last is the Luhn check digit over 80840 and the first nine (R1.22)."""
    if len(npi) != 10 or not (npi.isascii() and npi.isdigit()):
        return False
    total = 24  # what the prefix 80840 adds
    for index, digit in enumerate(reversed(npi)):
        value = int(digit)
        if index % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def check_providers(claim: Claim, settings: ScrubberSettings) -> Iterator[Finding]:
    """Ordering provider, check digits of NPIs, form of the Medicare member number."""
    medicare = claim.filing_code in settings.medicare_filing_codes
    billing = claim.billing_provider.npi
    if billing and not npi_is_valid(billing):
        yield Finding(
            rule="R1.22",
            message="The billing provider's NPI has a wrong check digit. Compare it with the enrollment.",
            severity=Severity.REJECT,
            place="2010AA NM109",
        )
    if medicare and not MBI.fullmatch(claim.subscriber.member_id):
        yield Finding(
            rule="R1.24",
            message="The Medicare number does not have the form of an MBI (11 characters). Copy it from the card.",
            severity=Severity.REJECT,
            place="2010BA NM109",
        )
    for line in claim.lines:
        orderer = line.ordering_provider
        if not orderer.npi or not orderer.last:
            if medicare:
                yield Finding(
                    rule="R1.20",
                    message=f"Line {line.number}, {line.code}: the ordering provider's name or NPI is missing. "
                    "Medicare wants both on the line.",
                    severity=Severity.REJECT,
                    line=line.number,
                    place="2420E NM1*DK",
                )
        elif not npi_is_valid(orderer.npi):
            yield Finding(
                rule="R1.22",
                message=f"Line {line.number}, {line.code}: the ordering provider's NPI has a wrong check digit. "
                "Ask the practice for the right one.",
                severity=Severity.REJECT,
                line=line.number,
                place="2420E NM109",
            )
