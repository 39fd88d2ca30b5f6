"""Level 4: the service lines (2400). Positions as in 005010X222A1."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnosis import DIAGNOSES
from .laid import Laid
from .rule import (
    DOES_NOT_AGREE,
    ELEMENT_MISSING,
    NO_SUCH_VALUE,
    SEGMENT_MISSING,
    SEGMENT_NOT_WANTED,
    RuleFinding,
    declare,
)

NUMBER = declare(
    "G4.60",
    "Lines are numbered 1, 2, 3 ... within their claim. 2400 LX01.",
    ik403=DOES_NOT_AGREE,
    status="A7:247",
)
POINTER = declare(
    "G4.61",
    "A line points to diagnoses that stand on the claim. 2400 SV107.",
    ik403=NO_SUCH_VALUE,
    status="A7:477",
)
POINTERS_IN_ORDER = declare(
    "G4.62",
    "Pointers stand one after the other, without a gap. 2400 SV107-2 to -4.",
    ik403=ELEMENT_MISSING,
    status="A7:477",
)
SAME_ITEM = declare(
    "G4.63",
    "Rental and purchase prices are of the item that is billed. 2400 SV501-2 is SV101-2.",
    ik403=DOES_NOT_AGREE,
    status="A8:186",
)
THERAPY_BEGAN = declare(
    "G4.64",
    "A certification has the day on which the therapy began. 2400 DTP 463: required with a CR3.",
    ik304=SEGMENT_MISSING,
    status="A6:525",
)
REVISED = declare(
    "G4.65",
    "A renewed or revised certification (CR301 = R, S) has its day. 2400 DTP 607.",
    ik304=SEGMENT_MISSING,
    status="A6:529",
)
NOT_REVISED = declare(
    "G4.66",
    "A day of renewal stands only with a renewed or revised certification (CR301 = R, S). 2400 DTP 607.",
    ik304=SEGMENT_NOT_WANTED,
    status="A8:529",
)
PURCHASED_FROM = declare(
    "G4.67",
    "A purchased service names who provided it. 2420B: required with a purchased service (PS1).",
    ik304=SEGMENT_MISSING,
    status="A6:470:QB",
)
CONTROL_NUMBER = declare(
    "G4.68",
    "No two lines of a claim have the same control number. 2400 REF 6R: unique within a patient control number.",
    ik403=DOES_NOT_AGREE,
    status="A8:584",
)


def numbers(laid: Laid) -> Iterator[RuleFinding]:
    """G4.60, G4.68."""
    seen: set[str] = set()
    for number, line in enumerate(laid.lines, 1):
        lx = line[0]
        if lx[1].isascii() and lx[1].isdigit() and int(lx[1][:9]) != number:
            words = f"The line is number {number} of its claim, and says it is another. Number the lines 1, 2, 3 ..."
            yield laid.wrong(NUMBER, lx, 1, words)
        for ref in line.all("REF", "6R", "2400"):
            if ref[2] in seen:
                words = "Two lines of the claim have the same control number. Give each line its own."
                yield laid.wrong(CONTROL_NUMBER, ref, 2, words)
            seen.add(ref[2])


def pointers(laid: Laid) -> Iterator[RuleFinding]:
    """G4.61, G4.62."""
    diagnoses = sum(
        composite.split(hi.component_separator)[0] in DIAGNOSES
        for hi in laid.all("HI")
        for composite in hi.elements[1:]
    )
    for line in laid.lines:
        for sv1 in line.all("SV1"):
            found = sv1.components(7)
            for component, pointer in enumerate(found, 1):
                if pointer.isascii() and pointer.isdigit() and int(pointer[:9]) > diagnoses:
                    count = "one diagnosis" if diagnoses == 1 else f"{diagnoses} diagnoses"
                    words = (
                        f"The line points to diagnosis {int(pointer[:9])}, and the claim has {count}. Correct the "
                        "pointer, or add the diagnosis."
                    )
                    yield laid.wrong(POINTER, sv1, 7, words, component=component)
                elif pointer and component > 1 and not found[component - 2]:
                    words = "A diagnosis pointer is missing between two others. Move them up."
                    yield laid.wrong(POINTERS_IN_ORDER, sv1, 7, words, component=component - 1)


def equipment(laid: Laid) -> Iterator[RuleFinding]:
    """G4.63, G4.64, G4.65, G4.66."""
    for line in laid.lines:
        sv1, sv5, cr3 = line.first("SV1"), line.first("SV5"), line.first("CR3")
        if sv1 is not None and sv5 is not None and sv5.component(1, 2) != sv1.component(1, 2):
            words = "The rental and purchase prices are of another item than the one billed. Use the code of the line."
            yield laid.wrong(SAME_ITEM, sv5, 1, words, component=2)
        revised = line.first("DTP", "607", "2400")
        certified = cr3 is not None and cr3[1] in ("R", "S")
        if cr3 is not None and line.first("DTP", "463", "2400") is None:
            words = "The line has a certification, and the day on which the therapy began is missing. Add it."
            yield laid.missing(THERAPY_BEGAN, "DTP", cr3, words, by=laid.trigger(cr3))
        if cr3 is not None and certified and revised is None:
            words = "The certification is renewed or revised, and the day of it is missing. Add it."
            yield laid.missing(REVISED, "DTP", cr3, words, by=laid.trigger(cr3, 1))
        if revised is not None and not certified:
            words = (
                "A day of renewal is given, and no renewed or revised certification. Take it out, or correct the "
                "certification."
            )
            yield laid.not_wanted(NOT_REVISED, revised, words, None if cr3 is None else laid.trigger(cr3, 1))


def purchased(laid: Laid) -> Iterator[RuleFinding]:
    """G4.67."""
    for line in laid.lines:
        ps1 = line.first("PS1")
        if ps1 is not None and line.first("NM1", "QB", "2420B") is None:
            words = "The line is for a purchased service, and who provided it is missing. Add that provider."
            yield laid.missing(PURCHASED_FROM, "NM1", ps1, words, loop="2420B", by=laid.trigger(ps1))


RULES_OF_LINES = (numbers, pointers, equipment, purchased)
