"""The faulty places of a claim: what an answer of a partner, or our own check, says of which place, in a biller's
words, and what to do about it.

A status of a 277CA points to a place by its meaning (`core.x12.answers.status_places`), a finding of our check names
it; those of a 999 are found by `faulty_sets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..model.answers import StatusCode, Verdict
from ..x12 import acknowledgment
from ..x12.answers.status_places import place_of
from ..x12.claim import Claim
from ..x12.claim_fields import NoSuchPlace, field_at, value_at
from ..x12.editing import EditError, parse_place
from ..x12.segment import display
from . import refusals
from .ack_words import code_words
from .faulty_edits import GUIDE, READ, OnLine
from .refusals import Refusal

CORRECT = "Correct it, and it goes again."
TAKEN_IN = "Correct it, and it is taken in."
NOT_HERE = "A whole part of the claim is missing: have the billing system send it again, corrected."
_BEGIN = frozenset({"CLM", "LX", "SV1", "NM1", "SBR"})
"""Segments that begin a part of a claim, which no correction adds."""
_DO = {
    "33": "Verify the member number and the cover with the payer, then correct it.",
    "54": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "78": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "746": "The payer has this claim already: do not send it again; wait for its answer, or trace it.",
    "88": "Verify the cover on the date of service; bill the payer that covered the patient then.",
    "97": "Verify the member number, the name and the birth date with the payer, then correct them.",
    "109": "Verify the cover on the date of service; bill the payer that covered the patient then.",
    "116": "Find out who covers the patient, and correct the payer.",
    "132": "Complete the ordering provider's name and NPI.",
    "496": "Have this NPI linked to your submitter at the clearinghouse (enrollment), then resubmit it as it is.",
    "562": "Check the digits of the NPI. Where they are right, it is not enrolled with the payer: ask enrollment.",
    "698": "Take the certificate out: it must not be on claims for services from 2023 on.",
}
WHOLE = {
    "TA1": "The whole interchange was refused: the EDI team mends the cause; then resubmit the claim as it is.",
    "999": "Its whole transaction set was refused. Nothing that was named stands in this claim: resubmit it as it is.",
    "277CA": "All of the batch was refused, or all of one billing provider: mend the cause, then resubmit as it is.",
}


class Fault(NamedTuple):
    """One faulty place. `field`: its name (empty: it has none); `place` as `2010BA NM109` (empty: none was named);
    `line` 0: the claim. `value`: what stands there now, where it was asked for; None: nothing is known."""

    field: str
    place: str
    line: int
    code: str
    said: str
    do: str
    value: str | None = None

    @property
    def where(self) -> str:
        """`subscriber id, 2010BA NM109`; `line 2 modifiers, 2400 SV101-3`."""
        parts = [part for part in (self.field, self.place) if part]
        on = f"line {self.line} " if self.line else ""
        return on + ", ".join(parts) if parts else ""


def of_status(refusal: Refusal, claim: Claim | None, *, values: bool) -> Iterator[Fault]:
    """What a 277CA says of a claim: its own statuses but for pointers, then those of its lines."""
    details, whole = refusal.details, not refusal.own
    lines = [(str(number), codes) for number, codes in details.get("lines") or ()]
    for text in details.get("codes") or ():
        code = StatusCode(*str(text).split(":")[:3])
        if code.status == refusals.POINTER and lines:
            continue
        yield _status(code, 0, claim, refusal, whole=whole, values=values)
    for number, codes in lines:
        line = _line_of(claim, number)
        for text in codes:
            code = StatusCode(*str(text).split(":")[:3])
            yield _status(code, line, claim, refusal, whole=whole, values=values)


def _line_of(claim: Claim | None, number: str) -> int:
    """The line that a 277CA means by our number of it (REF*6R), or by its number."""
    lines = claim.lines if claim is not None else ()
    for at, line in enumerate(lines, 1):
        if number and line.control_number == number:
            return at
    return int(number) if number.isdecimal() and 0 < int(number[:4]) <= len(lines) else 0


def _status(code: StatusCode, line: int, claim: Claim | None, refusal: Refusal, *, whole: bool, values: bool) -> Fault:
    patient = claim is not None and bool(claim.stored.patient)
    status = acknowledgment.StatusCode(code.category, code.status, code.entity)
    at = place_of(status, of_line=bool(line), own_patient=patient)
    do = _DO.get(code.status, CORRECT)
    if refusal.verdict is Verdict.INVESTIGATE:
        do = "Ask the partner where the claim is; where it has none, resubmit it."
    elif whole:
        do = WHOLE["277CA"] if code.status not in _DO else _DO[code.status]
    if at is None:
        return Fault("", "", line, str(code), code_words(code), do)
    where = parse_place(str(at))
    if at.of_line and not line and claim is not None and len(claim.lines) == 1:
        line = 1
    field = field_at(where.loop, where.tag, where.element, where.component, where.qualifier)
    value = _value(claim, str(at), line if at.of_line else 0) if values and (line or not at.of_line) else None
    return Fault(
        field.name if field is not None else "",
        str(at),
        line if at.of_line else 0,
        str(code),
        code_words(code),
        do,
        value,
    )


def _value(claim: Claim | None, place: str, line: int) -> str | None:
    if claim is None:
        return None
    try:
        return display(value_at(claim, parse_place(place), line))
    except (EditError, NoSuchPlace):
        return None


def of_unread(one: OnLine, claim: Claim, *, values: bool) -> Fault:
    """A value of a claim that cannot be read, and for which it was not taken in."""
    fault, line = one
    field = field_at(fault.loop, fault.segment_id, fault.element, fault.component)
    if field is None and fault.segment_id == "DTP":
        field = field_at(fault.loop, "DTP", 3)
    part = f"-{fault.component}" if fault.component else ""
    place = f"{fault.loop} {fault.segment_id}" + (f"{fault.element:02d}{part}" if fault.element else "")
    value = _value(claim, place, line) if values and fault.element else None
    missing = fault.code == "missing-segment" and fault.segment_id in _BEGIN
    said = fault.message[:1].lower() + fault.message[1:].rstrip(".")
    return Fault(
        field.name if field is not None else "",
        place.strip(),
        line,
        f"{READ}{fault.code}",
        said,
        NOT_HERE if missing else TAKEN_IN,
        value,
    )


def of_finding(one: Mapping[str, Any], claim: Claim | None, *, values: bool, do: str = CORRECT) -> Fault:
    """A finding of our own check, as the claim's timeline keeps it. `do`: what to do where it does not say."""
    place, line = str(one["place"]), int(one["line"])
    name, value = "", None
    try:
        where = parse_place(place)
        field = field_at(where.loop, where.tag, where.element, where.component, where.qualifier)
        name = field.name if field is not None else ""
        value = _value(claim, place, line if where.loop[:2] == "24" else 0) if values else None
    except EditError:
        pass
    said, _, told = str(one["words"]).partition(". ")
    return Fault(name, place, line, f"{GUIDE}{one['code']}", said, told or do, value)
