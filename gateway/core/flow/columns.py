"""From a claim's segments to the columns that are searched."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from ..store.patients import Person
from ..x12.claim_fields import field_at
from ..x12.fault import Fault
from ..x12.segment import display
from ..x12.service_line import procedure
from ..x12.stored import StoredClaim
from ..x12.values import NO_PERIOD, Period, cents, parse_date, parse_period
from .verdicts import Columns, LineRow

LONGEST_CLAIM_NUMBER = 38
"""Characters of element 1028 (CLM01). The guide takes 20; a longer one cannot come back whole in any answer."""


def fit(text: str, size: int) -> str:
    """A value as a column takes it: cut, and without the one character that PostgreSQL cannot keep."""
    return text.replace("\x00", " ")[:size] if "\x00" in text else text[:size]


def columns_of(stored: StoredClaim, source: str) -> Columns:
    """The searched columns of a claim.

    Read from the segments by hand, in one pass over each part: the views ask for each loop anew, which costs ten
    times as much, and every claim passes here.
    """
    element = stored.delimiters.element
    billing = _npi(tuple(stored.billing), element)
    subscriber, payer, person = _people(stored.subscriber, element, "IL")
    if stored.patient:
        patient, _, person = _people(stored.patient, element, "QC")
    else:
        patient = subscriber
    member_id, own_id = _at(subscriber, 9), _at(patient, 9)
    sbr = next((raw for raw in stored.subscriber if raw[:3] == "SBR"), "").split(element)
    clm, payer_claim_number, lines = _claim(stored)
    days = [day for line in lines for day in (line.from_date, line.thru_date) if day is not None]
    frequency = _at(clm, 5).split(stored.delimiters.component)
    return Columns(
        fit(_at(clm, 1), 38),
        fit(_at(payer, 9), 80),
        fit(display(_at(payer, 3)), 80),
        fit(_at(sbr, 9), 4),
        fit(member_id, 80),
        fit(billing, 10),
        fit(frequency[2] if len(frequency) > 2 else "", 1),
        cents(_at(clm, 2)) or 0,
        min(days, default=None),
        max(days, default=None),
        fit(payer_claim_number, 80),
        Person(
            fit(display(_at(patient, 3)), 80),
            fit(display(_at(patient, 4)), 80),
            parse_date(_at(person, 2)),
            fit(_at(person, 3), 1),
            fit(own_id or member_id, 80),
            dependent=bool(stored.patient) and not own_id,
            source=source,
        ),
        lines,
    )


def _at(elements: Sequence[str], position: int) -> str:
    return elements[position] if position < len(elements) else ""


@lru_cache(maxsize=256)
def _npi(billing: tuple[str, ...], element: str) -> str:
    """The NPI of 2010AA; the same few levels stand over many claims."""
    start = f"NM1{element}85{element}"
    nm1 = next((raw for raw in billing if raw.startswith(start)), "").split(element)
    return _at(nm1, 9) if _at(nm1, 8) == "XX" else ""


def _people(level: Sequence[str], element: str, entity: str) -> tuple[list[str], list[str], list[str]]:
    """The NM1 of the person, the NM1 of the payer and the person's DMG, in elements; empty where missing."""
    who: list[str] = []
    payer: list[str] = []
    about: list[str] = []
    current = ""
    for raw in level:
        tag = raw[:4]
        if tag[:3] == "NM1":
            nm1 = raw.split(element)
            current = _at(nm1, 1)
            if current == entity and not who:
                who = nm1
            elif current == "PR" and not payer:
                payer = nm1
        elif tag[:3] == "DMG" and current == entity and not about:
            about = raw.split(element)
    return who, payer, about


def _claim(stored: StoredClaim) -> tuple[list[str], str, list[LineRow]]:
    """CLM in elements, REF*F8, and the rows of the lines."""
    element, component, _, _ = stored.delimiters
    f8, control, dates = f"REF{element}F8{element}", f"REF{element}6R{element}", f"DTP{element}472{element}"
    clm: list[str] = []
    payer_claim_number = ""
    lines: list[LineRow] = []
    line: LineRow | None = None
    for raw in stored.claim:
        tag = raw[:3]
        if tag == "CLM" and not clm:
            clm = raw.split(element)
        elif tag == "LX" + element or raw == "LX":
            line = LineRow(len(lines) + 1, "", "", "", 0, "", None, None)
            lines.append(line)
        elif line is None:
            if tag == "REF" and not payer_claim_number and raw.startswith(f8):
                payer_claim_number = raw.split(element, 3)[2]
        elif tag == "SV1" and not line.code:
            line.code, line.modifiers, line.charge_cents, line.units = _service(raw, element, component)
        elif tag == "DTP" and line.from_date is None and raw.startswith(dates):
            line.from_date, line.thru_date = _days(raw, element)
        elif tag == "REF" and not line.control_number and raw.startswith(control):
            line.control_number = fit(raw.split(element, 3)[2], 50)
    return clm, payer_claim_number, lines


@lru_cache(maxsize=16_384)
def _service(raw: str, element: str, component: str) -> tuple[str, str, int, str]:
    """Code, modifiers, charge in cents and units of an SV1; the same ones are billed again and again."""
    sv1 = raw.split(element)
    found = procedure(_at(sv1, 1), component)
    return fit(found.code, 48), fit(":".join(found.modifiers), 20), cents(_at(sv1, 2)) or 0, fit(_at(sv1, 4), 15)


@lru_cache(maxsize=16_384)
def _days(raw: str, element: str) -> Period:
    """The first and last day of a DTP."""
    parts = raw.split(element)
    return parse_period(parts[2], _at(parts, 3)) or NO_PERIOD


def under_our_number(stored: StoredClaim, columns: Columns, file_id: int, ordinal: int) -> StoredClaim:
    """The claim with a number (CLM01) of our own, which no other claim of any source bears; `columns` follow. The same
    number each time."""
    element = stored.delimiters.element
    columns.source_number = columns.claim_number
    columns.claim_number = our_claim_number(file_id, ordinal)
    at = next((at for at, raw in enumerate(stored.claim) if raw.startswith(f"CLM{element}")), None)
    if at is None:
        return stored
    elements = stored.claim[at].split(element)
    elements[1] = columns.claim_number
    return stored._replace(claim=[*stored.claim[:at], element.join(elements), *stored.claim[at + 1 :]])


OUR_NUMBERS = "GW"
"""How the claim numbers begin that we give."""


def our_claim_number(file_id: int, ordinal: int) -> str:
    """The number under which a claim leaves where its source wants ours; well within the guide's 20 characters."""
    return f"{OUR_NUMBERS}{file_id:X}-{ordinal:X}"


# What stands after the references of 2400, or opens a loop within it (`core.x12.editing.ORDER`).
_AFTER_REFERENCES = frozenset({"AMT", "K3", "NTE", "PS1", "HCP", "LIN", "NM1", "SVD", "LQ"})


def number_lines(stored: StoredClaim, columns: Columns, file_id: int, ordinal: int) -> StoredClaim:
    """The claim with a REF*6R on each line that lacks one; `columns` follow. The same numbers each time."""
    lacking = [line for line in columns.lines if not line.control_number]
    if not lacking:
        return stored
    element = stored.delimiters.element
    start = line_control_number(file_id, ordinal)
    wanted = {line.number for line in lacking}
    for line in lacking:
        line.control_number = f"{start}{line.number}"
    claim: list[str] = []
    number = 0
    waits = ""
    for raw in stored.claim:
        tag = raw.split(element, 1)[0]
        if waits and (tag == "LX" or tag in _AFTER_REFERENCES):
            claim.append(waits)
            waits = ""
        if tag == "LX":
            number += 1
            waits = f"REF{element}6R{element}{start}{number}" if number in wanted else ""
        claim.append(raw)
    if waits:
        claim.append(waits)
    return stored._replace(claim=claim)


def content_hash(stored: StoredClaim) -> str:
    """Of everything in a claim but its number (CLM01): the same claim under another number has the same."""
    element, _, _, segment = stored.delimiters
    head = stored.claim[0].split(element, 2) if stored.claim else []
    parts = [*stored.billing, "", *stored.subscriber, "", *stored.patient, "", *head[:1], *head[2:], *stored.claim[1:]]
    return hashlib.blake2b(segment.join(parts).encode("latin-1"), digest_size=16).hexdigest()


def line_control_number(file_id: int, ordinal: int) -> str:
    """The start of REF*6R of a claim's lines where its source gives none: the same each time it is made."""
    return f"{file_id:X}G{ordinal:X}L"


def in_words(faults: Sequence[Fault]) -> str:
    """What is wrong with a claim that cannot be worked on, for a person; no values."""
    told = [f"{_place(fault)}{fault.message}" for fault in faults[:3]]
    more = len(faults) - len(told)
    return " ".join(told) + (f" And {more} more." if more else "")


def _place(fault: Fault) -> str:
    if not fault.segment_id:
        return ""
    field = field_at(fault.loop, fault.segment_id, fault.element, fault.component)
    name = f"{'line ' if field.of_line else ''}{field.name}, " if field is not None else ""
    where = fault.segment_id + (f"{fault.element:02d}" if fault.element else "")
    where += f"-{fault.component}" if fault.component else ""
    loop = f"{fault.loop} " if fault.loop else ""
    number = f" (segment {fault.segment_number})" if fault.segment_number else ""
    return f"{name}{loop}{where}{number}: "
