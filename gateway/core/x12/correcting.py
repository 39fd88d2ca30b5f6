"""Correcting a claim: what a person types becomes edits of its segments.

    subscriber id=1EG4TE5MK73          a field by its name
    line 2 modifiers=RR, KH            one of a service line
    2010BA NM109=1EG4TE5MK73           a place
    line 2 SV105=12                    a place on a line

and for whole segments, `REF*G1*A123` (added to the claim) or `line 2 REF*G1*A123`, and `REF[G1]` (taken out). Elements
are written with `*` and components with `:`, whatever the claim itself is separated by.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from .claim import Claim
from .claim_fields import (
    DIAGNOSIS,
    Field,
    Kind,
    NoSuchPlace,
    diagnosis_segments,
    field_named,
    names,
    plain,
    segments_at,
)
from .editing import Edit, EditError, parse_place
from .values import parse_cents, parse_number, x12_amount

_LINE = re.compile(r"line (?P<number>[1-9]\d?)[ :]\s*(?P<rest>.+)", re.S | re.I)
_DIAGNOSIS = re.compile(rf"{DIAGNOSIS} (?P<number>[1-9]\d?)")
_SEGMENT = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2})(?:\[(?P<qualifier>[^\]]+)\])?")
_TYPED_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})|(\d{1,2})/(\d{1,2})/(\d{4})")
_MOST_DIAGNOSES = 12
_MOST_POINTERS = 4
_NUMBER_STAYS = (
    "the claim's number (CLM01) stays what it is: the payer's answers and the billing system know the claim by it"
)


class NotCorrected(ValueError):
    """What is typed cannot be done to this claim. The message says why and what to do; it holds no value."""


class Change(NamedTuple):
    """One change as it is typed: `set` (name or place, and value), `add` (a segment) or `remove` (a tag, with a
    qualifier in brackets where one is meant)."""

    how: str
    what: str
    value: str = ""


def typed(settings: Sequence[str], added: Sequence[str] = (), removed: Sequence[str] = ()) -> list[Change]:
    """Changes from what a person types: `NAME=VALUE` or `PLACE=VALUE`, segments to add, segments to take out.

    Raises:
        NotCorrected: a setting has no `=`.
    """
    changes = [Change("remove", one.strip()) for one in removed]
    changes += [Change("add", one.strip()) for one in added]
    for one in settings:
        what, equals, value = one.partition("=")
        if not equals or not what.strip():
            raise NotCorrected(
                "a change is a name or place, = and the value, such as 'subscriber id=1EG4TE5MK73' or 'CLM05-1=12'"
            )
        changes.append(Change("set", what.strip(), value.strip()))
    return changes


def correct(claim: Claim, changes: Sequence[Change], by: str = "") -> tuple[Claim, list[Edit]]:
    """A corrected copy of a claim, and what was changed in it. Nothing happens to the claim itself.

    A line's charge that is changed changes the claim's (CLM02) with it, unless that is set, too.

    Raises:
        NotCorrected: one of the changes cannot be made, or none of them changes anything.
    """
    made = claim.handle(by)
    added_up = claim.charge_cents == sum(line.charge_cents for line in claim.lines)
    charge_set = False
    for change in changes:
        try:
            charge_set = _apply(made, change) or charge_set
        except (EditError, NoSuchPlace) as error:
            raise NotCorrected(f"{_told(change)}: {error}") from error
    total = sum(line.charge_cents for line in made.lines)
    if added_up and not charge_set and total != made.charge_cents:
        made.set("CLM02", x12_amount(total))
    edits = [edit for edit in made.edits if edit.before != edit.after]
    if not edits:
        raise NotCorrected("nothing of this changes the claim: it says so already")
    return made, edits


def _told(change: Change) -> str:
    """A change without its value."""
    return change.what if change.how == "set" else f"{change.how} {_SEGMENT.split(change.what)[0] or ''}".strip()


def _apply(claim: Claim, change: Change) -> bool:
    """Make one change; whether it was to the charge of the claim."""
    line, rest = _line_of(change.what)
    if line and line > len(claim.lines):
        raise NoSuchPlace(f"the claim has {len(claim.lines)} lines, and no line {line}")
    if change.how == "add":
        _add(claim, line, rest)
        return False
    if change.how == "remove":
        _remove(claim, line, rest)
        return False
    field = field_named(rest, of_line=bool(line))
    if field is not None:
        _set_field(claim, line, field, change.value)
        return not line and field.name == "charge"
    diagnosis = _DIAGNOSIS.fullmatch(plain(rest))
    if diagnosis is not None and not line:
        _set_diagnosis(claim, int(diagnosis["number"]), change.value)
        return False
    return _set_place(claim, line, rest, change.value)


def _line_of(text: str) -> tuple[int, str]:
    match = _LINE.fullmatch(text.strip())
    return (int(match["number"]), match["rest"].strip()) if match else (0, text.strip())


def _set_place(claim: Claim, line: int, text: str, value: str) -> bool:
    try:
        where = parse_place(text)
    except EditError:
        raise NotCorrected(_no_such_name(text, line)) from None
    if where.tag in ("LX", "HL"):
        raise EditError("the numbers of lines and levels are the gateway's own")
    if not line and (where.tag, where.element) == ("CLM", 1):
        raise EditError(_NUMBER_STAYS)
    target = claim.lines[line - 1] if line else claim
    target.set(text, value.replace(":", claim.delimiters.component) if where.component == 0 else value)
    return not line and (where.tag, where.element) == ("CLM", 2)


def _no_such_name(text: str, line: int) -> str:
    known = [*names(of_line=bool(line)), *([] if line else [f"{DIAGNOSIS} 1"])]
    near = difflib.get_close_matches(plain(text), [plain(name) for name in known], 1)
    whose = "of a line" if line else "of a claim"
    meant = f"; {near[0]!r} is near" if near else ""
    if not line and field_named(text, of_line=True) is not None:
        meant = f"; it is one of a line, such as 'line 1 {plain(text)}'"
    return (
        f"{text!r} is neither a field {whose} nor a place{meant}. Fields are listed by gateway claim show; a place is "
        "written like 2010BA NM109"
    )


# --- fields ----------------------------------------------------------------------------------------


def _set_field(claim: Claim, line: int, field: Field, value: str) -> None:
    where = parse_place(field.place)
    if field.name == "claim number":
        raise EditError(_NUMBER_STAYS)
    target = claim.lines[line - 1] if line else claim
    if field.name == "modifiers":
        claim.lines[line - 1].set_modifiers([part.upper() for part in _parts(value)])
        return
    if not value and where.qualifier and where.loop in ("2300", "2400"):
        # A segment without what it is there for would be a fault of its own.
        if segments_at(claim, where, line):
            target.remove(where.tag, where.qualifier)
        return
    if field.kind is Kind.PERIOD:
        form, text = _period(value)
        target.set("DTP[472]02", form)
        target.set("DTP[472]03", text)
        return
    target.set(field.place, _as_x12(claim, field, value))


def _parts(value: str) -> list[str]:
    return [part for part in re.split(r"[\s,:]+", value.strip()) if part]


def _as_x12(claim: Claim, field: Field, value: str) -> str:
    """What is typed, as it stands in the element."""
    if not value:
        return ""
    match field.kind:
        case Kind.DATE:
            return f"{_date(value):%Y%m%d}"
        case Kind.AMOUNT:
            cents = parse_cents(value.replace("$", "").replace(",", "").strip())
            if cents is None:
                raise EditError("an amount is dollars and cents, such as 150.00")
            return x12_amount(cents)
        case Kind.NUMBER:
            if parse_number(value) is None:
                raise EditError("a number is wanted, such as 1")
            return value
        case Kind.LIST:
            pointers = _parts(value)
            if len(pointers) > _MOST_POINTERS or not all(one.isdigit() for one in pointers):
                raise EditError("at most four numbers of diagnoses are wanted, such as 1, 2")
            return claim.delimiters.component.join(pointers)
        case Kind.CODE:
            return value.upper()
        case _:
            return value


def _date(text: str) -> dt.date:
    match = _TYPED_DATE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        if match[1]:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        return dt.date(int(match[6]), int(match[4]), int(match[5]))
    except ValueError:
        raise EditError("a date is a day of the calendar, such as 2026-01-31 or 01/31/2026") from None


def _period(value: str) -> tuple[str, str]:
    """DTP02 and DTP03."""
    days = re.split(r"\s+(?:to|-|–)\s+", value.strip())
    if len(days) == 1 and re.fullmatch(r"\d{8}-\d{8}", days[0]):
        days = days[0].split("-")
    if len(days) > 2:
        raise EditError("dates are a day, or two with 'to' between them: 2026-01-01 to 2026-01-31")
    first, last = _date(days[0]), _date(days[-1])
    if last < first:
        raise EditError("the last day comes before the first")
    return ("D8", f"{first:%Y%m%d}") if first == last else ("RD8", f"{first:%Y%m%d}-{last:%Y%m%d}")


def _set_diagnosis(claim: Claim, number: int, value: str) -> None:
    """Set a diagnosis, or put one more behind the last. A code may be typed with its dot."""
    code = value.replace(".", "").strip().upper()
    if not code:
        raise EditError("a diagnosis is not taken out alone, because lines point to diagnoses by number: set HI whole")
    found = diagnosis_segments(claim)
    count = len(claim.diagnoses)
    if number > count + 1 or number > _MOST_DIAGNOSES or len(found) > 1:
        most = f"the claim has {count}, and at most {_MOST_DIAGNOSES} have room"
        raise EditError(f"there is no diagnosis {number} to set: {most}; with two HI segments use their places")
    if not found:
        claim.set("HI01", f"ABK{claim.delimiters.component}{code}")
        return
    first = found[0].split(claim.delimiters.element)[1]
    if number <= count:
        claim.set(f"HI[{first}]{number:02d}-2", code)
        return
    kind = "BF" if first.split(claim.delimiters.component)[0] == "BK" else "ABF"
    claim.set(f"HI[{first}]{number:02d}", f"{kind}{claim.delimiters.component}{code}")


# --- segments --------------------------------------------------------------------------------------


def _add(claim: Claim, line: int, text: str) -> None:
    elements = [part.replace(":", claim.delimiters.component) for part in text.rstrip("~").split("*")]
    tag = elements[0]
    if not _SEGMENT.fullmatch(tag) or len(elements) < 2:
        raise EditError("a segment is written with stars, such as REF*G1*A1234567")
    if tag in ("CLM", "LX", "SV1", "HL", "NM1", "SBR", "LIN", "SVD", "LQ", "ST", "SE"):
        raise EditError(f"{tag} begins a part of a claim; one is not added by itself")
    (claim.lines[line - 1] if line else claim).add(elements)


def _remove(claim: Claim, line: int, text: str) -> None:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise EditError("what is taken out is named like REF[G1] or NTE")
    target = claim.lines[line - 1] if line else claim
    if not target.remove(match["tag"], match["qualifier"] or ""):
        raise EditError(f"there is no {text} here")
