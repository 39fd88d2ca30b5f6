"""Level 4: what the claim itself (2300) says, and what that calls for. Positions as in 005010X222A1."""

from __future__ import annotations

from collections.abc import Iterator

from ..values import parse_date
from .laid import CLAIM, Laid
from .rule import (
    BAD_DATE,
    DOES_NOT_AGREE,
    ELEMENT_MISSING,
    ELEMENT_NOT_WANTED,
    SEGMENT_MISSING,
    SEGMENT_NOT_WANTED,
    RuleFinding,
    declare,
)

INPATIENT = ("21", "51", "61")
"""Places of service whose patients are admitted."""
_SENT_APART = ("BM", "EL", "EM", "FT", "FX")

PAYER_NUMBER = declare(
    "G4.30",
    "A replacement or a void (CLM05-3 = 7, 8) names the payer's number of the claim it is for. 2300 REF F8.",
    ik304=SEGMENT_MISSING,
    status="A6:464",
)
NO_PAYER_NUMBER = declare(
    "G4.31",
    "An original claim (CLM05-3 = 1) has no payer's claim number. 2300 REF F8.",
    ik304=SEGMENT_NOT_WANTED,
    status="A8:464",
)
ACCIDENT_STATE = declare(
    "G4.32",
    "A car accident (CLM11 AA) has its state, or its country. 2300 CLM11-4, CLM11-5.",
    ik403=ELEMENT_MISSING,
    status="A6:248",
)
NO_CAR_ACCIDENT = declare(
    "G4.33",
    "A state of the accident stands only with a car accident (CLM11 AA). 2300 CLM11-4.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:248",
)
ACCIDENT_DATE = declare(
    "G4.34",
    "A car accident or another accident (CLM11 AA, OA) has its date. 2300 DTP 439.",
    ik304=SEGMENT_MISSING,
    status="A6:248",
)
ADMISSION = declare(
    "G4.35",
    "A claim for an inpatient (place of service 21, 51, 61) has the admission date. 2300 DTP 435.",
    ik304=SEGMENT_MISSING,
    status="A6:189",
)
DISABILITY = declare(
    "G4.36",
    "Disability: both dates (314) are a range, a first (360) or last (361) one is a day. 2300 DTP 314, DTP02.",
    ik403=DOES_NOT_AGREE,
    status="A7:195",
)
ATTACHMENT = declare(
    "G4.37",
    "An attachment that is sent apart (PWK02 BM, EL, EM, FT, FX) has its number. 2300 and 2400 PWK05, PWK06.",
    ik403=ELEMENT_MISSING,
    status="A6:489",
)
EPSDT = declare(
    "G4.38",
    "No referral was made (CRC02 = N) goes with NU and with nothing else. 2300 CRC ZZ.",
    ik403=DOES_NOT_AGREE,
    status="A8:564",
)
IN_ORDER = declare(
    "G4.39",
    "Codes of an HI stand one after the other, without a gap. 2300 HI02-12.",
    ik403=ELEMENT_MISSING,
    status="A7:255",
)
RANGE = declare(
    "G4.40",
    "A range of dates begins before it ends. Every DTP with RD8.",
    ik403=BAD_DATE,
    status="A7:187",
)


def replacement(laid: Laid) -> Iterator[RuleFinding]:
    """G4.30, G4.31."""
    clm = laid.head.first("CLM")
    if clm is None:
        return
    frequency, number = clm.component(5, 3), laid.head.first("REF", "F8", "2300")
    if frequency in ("7", "8") and number is None:
        what = "replaces" if frequency == "7" else "voids"
        words = (
            f"The claim {what} an earlier one, and the payer's number of that claim is missing. Add it (ICN or DCN "
            "from the remittance)."
        )
        yield laid.missing(PAYER_NUMBER, "REF", clm, words, by=laid.trigger(clm, 5, 3))
    elif frequency == "1" and number is not None:
        words = (
            "A payer's claim number stands on an original claim. Take it out, or set the frequency to 7 (replacement) "
            "or 8 (void)."
        )
        yield laid.not_wanted(NO_PAYER_NUMBER, number, words, laid.trigger(clm, 5, 3))


def accident(laid: Laid) -> Iterator[RuleFinding]:
    """G4.32, G4.33, G4.34."""
    clm = laid.head.first("CLM")
    if clm is None or not clm[11]:
        return
    causes = (clm.component(11, 1), clm.component(11, 2))
    if "AA" in causes:
        if not clm.component(11, 4) and not clm.component(11, 5):
            words = "The claim is for a car accident, and its state is missing. Add the state."
            yield laid.wrong(ACCIDENT_STATE, clm, 11, words, component=4)
    elif clm.component(11, 4):
        words = (
            "A state of the accident is given, and no car accident. Take it out, or mark the claim as a car accident."
        )
        yield laid.wrong(NO_CAR_ACCIDENT, clm, 11, words, component=4)
    if ("AA" in causes or "OA" in causes) and laid.head.first("DTP", "439", "2300") is None:
        words = "The claim is for an accident, and its date is missing. Add the date of the accident."
        yield laid.missing(ACCIDENT_DATE, "DTP", clm, words, by=laid.trigger(clm, 11, 1))


def admission(laid: Laid) -> Iterator[RuleFinding]:
    """G4.35."""
    clm = laid.head.first("CLM")
    if clm is not None and clm.component(5, 1) in INPATIENT and laid.head.first("DTP", "435", "2300") is None:
        words = (
            f"Place of service {clm.component(5, 1)} is inpatient, and the admission date is missing. Add it, or "
            "correct the place."
        )
        yield laid.missing(ADMISSION, "DTP", clm, words, by=laid.trigger(clm, 5, 1))


def disability(laid: Laid) -> Iterator[RuleFinding]:
    """G4.36."""
    for dtp in laid.head.all("DTP"):
        if dtp[1] == "314" and dtp[2] == "D8":
            words = "Both disability dates are announced, and one stands there. Give the first and the last day."
            yield laid.wrong(DISABILITY, dtp, 2, words)
        elif dtp[1] in ("360", "361") and dtp[2] == "RD8":
            words = "One disability date is announced, and a range stands there. Give one day."
            yield laid.wrong(DISABILITY, dtp, 2, words)


def attachments(laid: Laid) -> Iterator[RuleFinding]:
    """G4.37."""
    for pwk in laid.all("PWK"):
        if pwk.part == CLAIM and pwk[2] in _SENT_APART and not pwk[6]:
            words = "An attachment is sent apart, and its control number is missing. Give the number that stands on it."
            yield laid.wrong(ATTACHMENT, pwk, 6, words)


def epsdt(laid: Laid) -> Iterator[RuleFinding]:
    """G4.38."""
    for crc in laid.head.all("CRC", "ZZ"):
        codes = [code for code in crc.elements[3:] if code]
        if (crc[2] == "N" and codes != ["NU"]) or (crc[2] == "Y" and "NU" in codes):
            words = (
                "The EPSDT referral and its condition do not agree. Use NU when there was no referral, and only then."
            )
            yield laid.wrong(EPSDT, crc, 3, words)


def code_lists(laid: Laid) -> Iterator[RuleFinding]:
    """G4.39."""
    for hi in laid.head.all("HI"):
        for position in range(2, len(hi.elements)):
            if hi[position] and not hi[position - 1]:
                words = "A code is missing between two others. Move the codes up, without a gap."
                yield laid.wrong(IN_ORDER, hi, position - 1, words)


def ranges(laid: Laid) -> Iterator[RuleFinding]:
    """G4.40."""
    for dtp in laid.all("DTP"):
        if dtp.part == CLAIM and dtp[2] == "RD8":
            first, _, last = dtp[3].partition("-")
            start, end = parse_date(first), parse_date(last)
            if start is not None and end is not None and end < start:
                words = "The date range ends before it begins. Correct the dates."
                yield laid.wrong(RANGE, dtp, 3, words)


RULES_OF_CLAIM = (replacement, accident, admission, disability, attachments, epsdt, code_lists, ranges)
