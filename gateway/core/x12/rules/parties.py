"""Level 4: names, addresses and contacts, the billing provider, the subscriber and the patient.

The printed positions are those of 005010X222A1; the words of the rules are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from .laid import Laid
from .rule import (
    ELEMENT_MISSING,
    ELEMENT_NOT_WANTED,
    SEGMENT_MISSING,
    SEGMENT_NOT_WANTED,
    RuleFinding,
    declare,
)

_HOME = ("", "US", "CA")
_LATER = tuple("STABCDEFGH")
"""Ranks of payers behind the primary one."""
_GIVEN_NAMES = ((4, "first name"), (5, "middle name"), (7, "suffix"))
_PLACES = ((2, "state or province", "501"), (3, "ZIP or postal code", "500"))

GIVEN_NAME = declare(
    "G4.10",
    "NM104, NM105 and NM107 are for persons (NM102 = 1). Every NM1 of the guide: situational rules of NM104-07.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:125",
)
MEMBER_ID = declare(
    "G4.11",
    "A subscriber who is a person has a member id. 2010BA NM108, NM109: required when NM102 = 1.",
    ik403=ELEMENT_MISSING,
    status="A6:164:IL",
)
STATE_AND_ZIP = declare(
    "G4.12",
    "An address in the United States or Canada has a state and a ZIP code. Every N4: situational rules of N402, N403.",
    ik403=ELEMENT_MISSING,
    status="A6:126",
)
EXTENSION = declare(
    "G4.13",
    "A telephone extension stands directly behind its telephone number. Every PER: notes on communication numbers.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:124",
)
BILLING_ID = declare(
    "G4.14",
    "The billing provider has an NPI, or, where it cannot have one, an id that the payer gave it. 2010AA NM109; "
    "2010BB REF G2 and LU: required when NM109 of 2010AA is not used.",
    ik403=ELEMENT_MISSING,
    status="A6:562:85",
)
IS_PATIENT = declare(
    "G4.20",
    "SBR02 is 18 where the claim is the subscriber's own, and empty where a patient level follows. 2000B SBR02.",
    ik403=ELEMENT_MISSING,
    status="A6:156",
)
IS_NOT_PATIENT = declare(
    "G4.21",
    "SBR02 is 18 only where the patient is the subscriber: a claim of a patient level is another person's. 2000B "
    "SBR02.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:156",
)
OF_PATIENT = declare(
    "G4.22",
    "A subscriber who is the patient has an address, a birth date and a sex. 2010BA N3, N4, DMG.",
    ik304=SEGMENT_MISSING,
    status="A6:126:IL",
)
GROUP_NAME = declare(
    "G4.23",
    "The name of the group stands only where there is no group number. 2000B and 2320 SBR04.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:163:IL",
)
WHY_SECONDARY = declare(
    "G4.24",
    "Where Medicare is not the primary payer, SBR05 says why. 2000B and 2320 SBR05.",
    ik403=ELEMENT_MISSING,
    status="A6:578",
)
NOT_SECONDARY = declare(
    "G4.25",
    "SBR05 says why Medicare is not primary; a primary payer has none. 2000B and 2320 SBR05.",
    ik403=ELEMENT_NOT_WANTED,
    status="A8:578",
)
PAT_OF_SUBSCRIBER = declare(
    "G4.26",
    "PAT of the subscriber is about the patient: it stands only where the patient is the subscriber. 2000B PAT.",
    ik304=SEGMENT_NOT_WANTED,
    status="A8:156",
)


def names_and_addresses(laid: Laid) -> Iterator[RuleFinding]:
    """G4.10, G4.12, G4.13, wherever a name, an address or a contact stands."""
    for name in laid.all("NM1"):
        for position, what in _GIVEN_NAMES if name[2] == "2" else ():
            if name[position]:
                words = f"An organisation has no {what}. Take it out, or mark the provider as a person."
                yield laid.wrong(GIVEN_NAME, name, position, words, status=f"A8:125:{name[1]}")
    for n4 in laid.all("N4"):
        if n4[4] not in _HOME:
            continue
        for position, what, status in _PLACES:
            if not n4[position]:
                words = f"The {what} of the address is missing. Add it."
                yield laid.wrong(STATE_AND_ZIP, n4, position, words, status=f"A6:{status}")
    for per in laid.all("PER"):
        for position in (5, 7):
            if per[position] == "EX" and per[position - 2] != "TE":
                words = (
                    "A telephone extension stands without its telephone number before it. Put the number (TE) first."
                )
                yield laid.wrong(EXTENSION, per, position, words)


def billing_id(laid: Laid) -> Iterator[RuleFinding]:
    """G4.14."""
    name = laid.billing.first("NM1", "85")
    if name is None or name[9]:
        return
    if not any(seg[1] in ("G2", "LU") for seg in laid.subscriber.all("REF", loop="2010BB")):
        words = "The billing provider's NPI is missing. Add it in the provider's record."
        yield laid.wrong(BILLING_ID, name, 9, words)


def subscriber(laid: Laid) -> Iterator[RuleFinding]:
    """G4.11, G4.20, G4.21, G4.22, G4.26."""
    own = laid.subscriber
    name = own.first("NM1", "IL")
    if name is not None and name[2] == "1" and not name[9]:
        words = "The subscriber's member id is missing. Add it from the insurance card."
        yield laid.wrong(MEMBER_ID, name, 9, words)
    sbr = own.first("SBR")
    if laid.patient:
        if sbr is not None and sbr[2] == "18":
            words = (
                "The claim says that the patient is the subscriber, and names another patient. Correct the "
                "patient's relationship to the subscriber."
            )
            yield laid.wrong(IS_NOT_PATIENT, sbr, 2, words)
        for pat in own.all("PAT", loop="2000B"):
            words = "Facts of the patient stand with the subscriber, who is another person. Put them with the patient."
            yield laid.not_wanted(PAT_OF_SUBSCRIBER, pat, words)
        return
    if sbr is not None and sbr[2] != "18":
        words = (
            "The claim does not say who the patient is. Set the relationship to self (18), or name the patient who is "
            "covered by this subscriber."
        )
        yield laid.wrong(IS_PATIENT, sbr, 2, words)
    if name is None:
        return
    for tag, what, status in (
        ("N3", "street", "503"),
        ("N4", "city, state and ZIP code", "126"),
        ("DMG", "birth date and sex", "158"),
    ):
        if own.first(tag, loop="2010BA") is None:
            words = f"The patient's {what} {'is' if tag == 'N3' else 'are'} missing. Add them in the patient's record."
            words = words.replace("is missing. Add them", "is missing. Add it")
            by = None if sbr is None else laid.trigger(sbr, 2)
            yield laid.missing(OF_PATIENT, tag, name, words, status=f"A6:{status}:IL", by=by)


def insurance(laid: Laid) -> Iterator[RuleFinding]:
    """G4.23, G4.24, G4.25, for every payer of the claim."""
    for sbr in laid.payers():
        if sbr[3] and sbr[4]:
            words = (
                "Both the number and the name of the insured group are given. Give the name only where there is no "
                "number."
            )
            yield laid.wrong(GROUP_NAME, sbr, 4, words)
        if sbr[9] in ("MA", "MB") and sbr[1] in _LATER and not sbr[5]:
            words = (
                "Medicare is not the primary payer, and the reason is missing. Give the Medicare secondary payer "
                "reason."
            )
            yield laid.wrong(WHY_SECONDARY, sbr, 5, words)
        if sbr[5] and sbr[1] == "P":
            words = (
                "A Medicare secondary payer reason stands with the primary payer. Take it out, or correct the payer's "
                "rank."
            )
            yield laid.wrong(NOT_SECONDARY, sbr, 5, words)


RULES_OF_PARTIES = (names_and_addresses, billing_id, subscriber, insurance)
