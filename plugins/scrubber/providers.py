"""Providers and ids on a claim (hme-billing-rules 1.3): R1.20 to R1.24."""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.core.model.decision import Severity
from gateway.core.model.known_codes import npi_is_right
from gateway.core.x12.party import Party

from .findings import Findings
from .line import Line
from .settings import MEDICARE
from .whole import Whole

# C A AN N A AN N A A N N; letters without S, L, O, I, B, Z.
_LETTER = "AC-HJKMNP-RT-Y"
MBI = re.compile(rf"[1-9][{_LETTER}][{_LETTER}0-9][0-9][{_LETTER}][{_LETTER}0-9][0-9][{_LETTER}][{_LETTER}][0-9][0-9]")
# PECOS compares the first four letters of the last name and the first of the first (S54).
_LAST = re.compile(r"[A-Z][A-Z' .-]*")
_TITLES = frozenset({"DR", "MD", "DO", "NP", "PA", "DPM", "MR", "MRS", "MS"})
BILLING = "2010AA NM109"

right_npi = lru_cache(maxsize=16_384)(npi_is_right)


def check_providers(whole: Whole, out: Findings) -> None:
    """The billing provider, the Medicare number, and who ordered each line."""
    claim = whole.claim
    _billing(_billing_npi(whole), whole, out)
    if whole.payer_class == MEDICARE and not MBI.fullmatch(claim.subscriber.member_id):
        out.say(
            "R1.24",
            "The Medicare number does not have the form of an MBI (11 characters). Copy it from the card.",
            place="2010BA NM109",
        )
    on_claim = False
    referrer = claim.referring_provider if whole.has("NM1", "DN") else None
    if referrer is not None and (npi := referrer.npi) and not right_npi(npi):
        out.say(
            "R1.22",
            "The referring provider's NPI has a wrong check digit. Ask the practice for the right one.",
            place="2310A NM109",
        )
    if "R1.DN-1" in out.on:
        on_claim = referrer is not None and bool(referrer.npi and referrer.last)
        if not on_claim:
            out.say(
                "R1.DN-1",
                "This payer wants the practitioner who ordered on the claim, with name and NPI (2310A), and not on the "
                "lines (2420E). Take them from the order.",
                place="2310A NM109",
            )
    instead = on_claim and whole.payer_class != MEDICARE
    for line in whole.lines:
        _orderer(line, line.orderer, instead, out)
        if "R1.21-2" in out.on and not instead:
            _on_the_list(line, line.orderer, whole, out)


def _billing_npi(whole: Whole) -> str:
    """The NPI of 2010AA, read by hand: a claim's most expensive party, the same on thousands of claims."""
    stored = whole.claim.stored
    start = f"NM1{stored.delimiters.element}85{stored.delimiters.element}"
    for raw in stored.billing:
        if raw.startswith(start):
            elements = raw.split(stored.delimiters.element)
            return elements[9] if len(elements) > 9 and elements[8] == "XX" else ""
    return ""


def _billing(npi: str, whole: Whole, out: Findings) -> None:
    book, partner = whole.book, whole.partner
    if not npi:
        return
    if not right_npi(npi):
        out.say(
            "R1.22",
            "The billing provider's NPI has a wrong check digit. Compare it with the enrollment.",
            place=BILLING,
        )
    if book.enrollments.rows and whole.lines:
        day = whole.lines[0].day
        known = any(row.values["partner"] == partner for row in book.enrollments.on(day))
        if known and book.enrollments.find(day, partner, npi) is None:
            out.say(
                "R1.23",
                "The billing NPI is not among those that are enrolled with this partner. Enroll it, or add it to the "
                "table enrollments.",
                place=BILLING,
                team="enrollment",
            )


def _orderer(line: Line, orderer: Party, instead: bool, out: Findings) -> None:
    """The ordering provider of one line; `instead`: the payer wants them on the claim, and there they are."""
    npi, last, first = orderer.npi, orderer.last, orderer.first
    if not instead and not (npi and last):
        out.say(
            "R1.20",
            "the ordering provider's name and NPI must stand on the line (2420E). Take them from the order.",
            line=line,
            place="2420E NM109",
        )
    if npi and not right_npi(npi):
        out.say(
            "R1.22",
            "the ordering provider's NPI has a wrong check digit. Ask the practice for the right one.",
            line=line,
            place="2420E NM109",
        )
    if not last:
        return
    if not orderer.is_person:
        out.say(
            "R1.21-1",
            "an organisation cannot order. Name the practitioner who signed, with their own NPI.",
            line=line,
            place="2420E NM102",
        )
    elif not _can_be_matched(last, first):
        out.say(
            "R1.21",
            "the ordering provider's name will not match the payer's file: last and first name as enrolled, without "
            "title or degree.",
            line=line,
            place="2420E NM103",
        )


def _on_the_list(line: Line, orderer: Party, whole: Whole, out: Findings) -> None:
    """Whether the payer will find who ordered: the NPI, and under it the name."""
    npi, last = orderer.npi, orderer.last
    if not (npi and last and orderer.first and orderer.is_person and right_npi(npi)):
        return  # told by another rule
    found = whole.practitioner(npi)
    if found is None or found.is_called(last, orderer.first):
        return
    of = f"(list of {found.as_of:%m/%d/%Y})"
    if not found.listed:
        place = "2420E NM109"
        what = (
            f"the ordering provider's NPI is not among those who may order equipment {of}. Compare it with the order: "
            "if it is right, the practice must enroll (PECOS), or another practitioner must order."
        )
    else:
        place = "2420E NM103"
        what = (
            f"the ordering provider is listed under another name, which begins with {found.last}, first name "
            f"{found.first} {of}. Take the name as enrolled, or correct the NPI."
        )
    # Who has enrolled since is not on a list of long ago: that is told, and refuses nothing.
    old = (whole.today - found.as_of).days > whole.book.settings.list_days
    most = Severity.WARN if old else None
    out.say("R1.21-2", what, line=line, place=place, team="enrollment", most=most)


@lru_cache(maxsize=16_384)
def _can_be_matched(last: str, first: str) -> bool:
    """Whether a name has the form in which a practitioner is enrolled (R1.21)."""
    words = f"{last} {first}".upper().replace(".", "").split()
    return _LAST.fullmatch(last.upper()) is not None and first[:1].isalpha() and _TITLES.isdisjoint(words)
