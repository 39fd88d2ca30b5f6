# ruff: noqa: SIM905 (long lists of words read better as text)
"""Invented people, places and numbers.

No name, number or address here belongs to anyone: NPIs carry a right check digit but come from the block 1999999,
tax ids start with 96 (never issued), street names are of one invented town, member ids are drawn.
"""

from __future__ import annotations

import datetime as dt
import random

from .records import Address, Biller, Orderer, Payer, Person

LAST = (
    "ABERNATHY ALDERWICK ANSELBY ARKWRIGHT BALDERSTONE BANBRIDGE BECKENFIELD BELLWETHER BIRCHAM BLACKTHORNE BRAMBLEY "
    "BRINDLE CALLOWAY CARROWAY CHESTERLING CLOVERFIELD COPPERHILL CRANMOOR DAPPLEWOOD DARROWBY DELLINGHAM DUNWICK "
    "EASTERLY EDGEWOOD ELDERMERE FAIRWEATHER FALLOWFIELD FENNIMORE FERNSBY FOXCROFT GALLOWGLASS GILLYFLOWER GOLDCREST "
    "GREENHALGH HARROWGATE HATHERLEIGH HAZELGROVE HOLLOWAY IRONWOOD IVERSHAM JUNIPERO KESTRELL KINGSBARROW LARKSPUR "
    "LINDENHALL LONGACRE MARROWBONE MEADOWCROFT MERRIWEATHER MILLBROOK MOORINGTON NETTLEFOLD NIGHTINGALE OAKHURST "
    "OLDCASTLE PEMBERTON PENNYFEATHER PETTIBONE QUILLFEATHER RAVENSCROFT REDFERN ROOKWOOD SALTMARSH SEDGEWICK "
    "SILVERLOCK SPARROWHAWK STONEBRIDGE SUMMERFIELD TANGLEWOOD THISTLETON THORNBURY TURNBERRY UNDERHILL VALEBROOK "
    "WAINWRIGHT WEATHERBY WESTERLEIGH WHITLOCK WILLOWBY WINTERBOURNE WOODVALE YARROWAY YEWDALE ZELLWEGER O'DARBY"
).split()
FIRST_F = (
    "ADA AGNES ALMA BEATRIX BERTHA CLARA CORA DAPHNE DELIA EDITH ELSIE ENID ETHEL FERN FLORA GRETA HAZEL HESTER IDA "
    "IRIS IVY JUNE LETTIE LOTTIE MABEL MAUDE MYRTLE NELL OLIVE OPAL PEARL POSY QUEENIE ROSALIND RUBY SYBIL THELMA "
    "URSULA VERA VIOLET WILMA WINIFRED YVETTE ZELDA"
).split()
FIRST_M = (
    "ABEL ALBERT AMOS ARCHIE BARNABY BASIL CECIL CLEM CYRIL DEXTER EDGAR ELMER EMMETT EZRA FELIX FLOYD GIDEON GROVER "
    "HARLAN HERBERT HIRAM HOMER HUGO IRA JASPER JEREMIAH LEOPOLD LUTHER MILO MORTIMER NED OTIS OTTO PERCIVAL QUINCY "
    "ROSCOE RUFUS SILAS SIMEON THADDEUS TOBIAS VIRGIL WALDO WENDELL"
).split()
STREETS = "ALDER BIRCH CEDAR DOGWOOD ELM FERN HAWTHORN JUNIPER LINDEN MAPLE OAK PINE ROWAN SPRUCE WILLOW".split()

# Jurisdictions of the four DME MACs and their payer ids (hme-billing-rules 1.7); a city and a ZIP for each state that
# the generator uses.
MACS = {
    "A": Payer("16013", "DME MAC JURISDICTION A", "MB", "medicare"),
    "B": Payer("17013", "DME MAC JURISDICTION B", "MB", "medicare"),
    "C": Payer("18003", "DME MAC JURISDICTION C", "MB", "medicare"),
    "D": Payer("19003", "DME MAC JURISDICTION D", "MB", "medicare"),
}
MAC_OF_STATE = {
    **dict.fromkeys("CT DE DC ME MD MA NH NJ NY PA RI VT".split(), "A"),
    **dict.fromkeys("IL IN KY MI MN OH WI".split(), "B"),
    **dict.fromkeys("AL AR CO FL GA LA MS NM NC OK SC TN TX VA WV PR VI".split(), "C"),
    **dict.fromkeys("AK AZ CA HI ID IA KS MO MT NE NV ND OR SD UT WA WY AS GU MP".split(), "D"),
}
PLACES = (
    ("OH", "COLUMBUS", "43215"),
    ("OH", "DAYTON", "45402"),
    ("KY", "LEXINGTON", "40507"),
    ("IN", "INDIANAPOLIS", "46204"),
    ("PA", "PITTSBURGH", "15222"),
    ("NY", "BUFFALO", "14202"),
    ("TX", "AUSTIN", "78701"),
    ("TN", "NASHVILLE", "37203"),
    ("FL", "ORLANDO", "32801"),
    ("WV", "CHARLESTON", "25301"),
    ("AZ", "TUCSON", "85701"),
    ("MO", "ST LOUIS", "63101"),
)
# The ids keep their leading zeros and look like a state: what careless configuration readers get wrong.
MEDICAID = {
    state: Payer(number, f"{state} MEDICAL ASSISTANCE", "MC", "medicaid")
    for state, number in {
        "OH": "00751",
        "KY": "00752",
        "IN": "00753",
        "PA": "00754",
        "NY": "00755",
        "TX": "00756",
        "TN": "00757",
        "FL": "00758",
        "WV": "00759",
        "AZ": "00760",
        "MO": "00761",
    }.items()
}
COMMERCIAL = (
    Payer("90101", "NORTHBRIDGE HEALTH PLAN", "CI", "commercial"),
    Payer("90102", "CEDAR VALLEY BENEFIT", "CI", "commercial"),
    Payer("00123", "BLUE HARBOR OF THE MIDWEST", "BL", "commercial"),
    Payer("90104", "SUMMIT MUTUAL", "CI", "commercial"),
    Payer("NO", "NORTHERN OPTION PLAN", "CI", "commercial"),
)
SUPPLEMENTS = (
    Payer("90201", "LANTERN SUPPLEMENT", "CI", "commercial"),
    Payer("90202", "GOLDEN OAK MEDIGAP", "CI", "commercial"),
)
PAYERS: tuple[Payer, ...] = (*MACS.values(), *MEDICAID.values(), *COMMERCIAL, *SUPPLEMENTS)
TAX_ID = "960000017"
MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"


def npi(number: int) -> str:
    """The NPI number 0..99 of the invented block 1999999, with its check digit (Luhn over 80840 + NPI)."""
    body = f"1999999{number:02d}"
    total = 24
    for index, char in enumerate(reversed(body)):
        digit = int(char)
        if index % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return f"{body}{-total % 10}"


def _at(place: tuple[str, str, str], number: int, street: str) -> Address:
    return Address(f"{number} {street} STREET", place[1], place[0], place[2])


BILLERS = (
    Biller(
        "STILLWATER HOME MEDICAL",
        npi(0),
        TAX_ID,
        Address("100 ALDER STREET", "COLUMBUS", "OH", "432150001"),
        "6145550100",
    ),
    Biller(
        "STILLWATER RESPIRATORY", npi(1), TAX_ID, Address("220 BIRCH STREET", "DAYTON", "OH", "454020001"), "9375550120"
    ),
    Biller(
        "STILLWATER MOBILITY", npi(2), TAX_ID, Address("35 CEDAR STREET", "LEXINGTON", "KY", "405070001"), "8595550135"
    ),
    Biller(
        "STILLWATER SUPPLY BY MAIL", npi(3), TAX_ID, Address("9 ELM STREET", "AUSTIN", "TX", "787010001"), "5125550109"
    ),
)
ORDERERS = tuple(
    Orderer(
        LAST[(7 * index + 3) % len(LAST)],
        (FIRST_F if index % 2 else FIRST_M)[(5 * index) % 44],
        npi(10 + index),
        _at(PLACES[index % len(PLACES)], 10 + 3 * index, STREETS[index % len(STREETS)]),
    )
    for index in range(80)
)


def draw_person(rng: random.Random, today: dt.date, oldest: int, youngest: int, place: tuple[str, str, str]) -> Person:
    """Somebody of an age between two bounds, in years."""
    sex = "F" if rng.random() < 0.52 else "M"
    born = today - dt.timedelta(days=int(rng.uniform(youngest, oldest) * 365.25))
    return Person(
        LAST[int(rng.random() * len(LAST))],
        (FIRST_F if sex == "F" else FIRST_M)[int(rng.random() * 44)],
        born,
        sex,
        _at(place, 1 + int(rng.random() * 899), STREETS[int(rng.random() * len(STREETS))]),
    )


def _letter(rng: random.Random) -> str:
    return MBI_LETTERS[int(rng.random() * len(MBI_LETTERS))]


def _digit(rng: random.Random) -> str:
    return str(int(rng.random() * 10))


def draw_mbi(rng: random.Random) -> str:
    """A member id of the form of a Medicare beneficiary identifier: C A AN N A AN N A A N N."""
    mixed = [_letter(rng) if rng.random() < 0.5 else _digit(rng) for _ in range(2)]
    return (
        f"{1 + int(rng.random() * 9)}{_letter(rng)}{mixed[0]}{_digit(rng)}{_letter(rng)}{mixed[1]}{_digit(rng)}"
        f"{_letter(rng)}{_letter(rng)}{_digit(rng)}{_digit(rng)}"
    )


def is_mbi(text: str) -> bool:
    """Whether a member id has the form of an MBI (hme-billing-rules R1.24)."""
    if len(text) != 11 or text[0] not in "123456789":
        return False
    letters = all(text[index] in MBI_LETTERS for index in (1, 4, 7, 8))
    digits = all(text[index] in "0123456789" for index in (3, 6, 9, 10))
    return letters and digits and all(text[index] in MBI_LETTERS + "0123456789" for index in (2, 5))
