"""The fields of a claim by the names that a biller uses, and where each stands.

A field of the claim is named alone (`subscriber id`), one of a service line behind the number of the line (`line 2
modifiers`), a diagnosis by its number (`diagnosis 3`). What has no name here has a place (`2330A N403`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from .claim import Claim
from .diagnosis import DIAGNOSES
from .editing import Place, find_span, parse_place
from .segment import display
from .spans import Span, head_spans, level_spans, line_spans


class Kind(enum.Enum):
    """How the value of a field is typed and read."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    PERIOD = "dates"
    AMOUNT = "amount"
    NUMBER = "number"
    LIST = "list"


class Field(NamedTuple):
    """A field: its name, its place, how it is typed, and whether it is one of a line. `private`: its value tells who
    the patient is, or may."""

    name: str
    place: str
    kind: Kind = Kind.TEXT
    private: bool = False
    of_line: bool = False


class FieldValue(NamedTuple):
    """A field of one claim: its full name (`line 2 modifiers`), place, line (0: the claim) and value."""

    name: str
    place: str
    line: int
    value: str
    kind: Kind
    private: bool


def _person(who: str, loop: str) -> tuple[Field, ...]:
    return (
        Field(f"{who} id", f"{loop} NM109", private=True),
        Field(f"{who} last name", f"{loop} NM103", private=True),
        Field(f"{who} first name", f"{loop} NM104", private=True),
        Field(f"{who} middle name", f"{loop} NM105", private=True),
        Field(f"{who} birth date", f"{loop} DMG02", Kind.DATE, private=True),
        Field(f"{who} sex", f"{loop} DMG03", Kind.CODE, private=True),
        *_address(who, loop, private=True),
    )


def _address(who: str, loop: str, *, private: bool = False) -> tuple[Field, ...]:
    return (
        Field(f"{who} street", f"{loop} N301", private=private),
        Field(f"{who} city", f"{loop} N401", private=private),
        Field(f"{who} state", f"{loop} N402", Kind.CODE, private),
        Field(f"{who} ZIP code", f"{loop} N403", private=private),
    )


DIAGNOSIS = "diagnosis"
"""The name of a diagnosis, before its number."""

OF_CLAIM: tuple[Field, ...] = (
    Field("claim number", "2300 CLM01"),
    Field("charge", "2300 CLM02", Kind.AMOUNT),
    Field("place of service", "2300 CLM05-1", Kind.CODE),
    Field("frequency", "2300 CLM05-3", Kind.CODE),
    Field("payer claim number", "2300 REF[F8]02"),
    Field("authorization", "2300 REF[G1]02"),
    Field("referral", "2300 REF[9F]02"),
    Field("medical record number", "2300 REF[EA]02", private=True),
    Field("note", "2300 NTE[ADD]02", private=True),
    Field("payer rank", "2000B SBR01", Kind.CODE),
    Field("relationship", "2000B SBR02", Kind.CODE),
    Field("group number", "2000B SBR03", private=True),
    Field("filing code", "2000B SBR09", Kind.CODE),
    *_person("subscriber", "2010BA"),
    Field("payer name", "2010BB NM103"),
    Field("payer id", "2010BB NM109"),
    *_person("patient", "2010CA"),
    Field("billing name", "2010AA NM103"),
    Field("billing NPI", "2010AA NM109"),
    Field("billing taxonomy", "2000A PRV03"),
    Field("billing tax id", "2010AA REF[EI]02"),
    *_address("billing", "2010AA"),
    Field("referring NPI", "2310A NM109"),
    Field("referring last name", "2310A NM103"),
    Field("referring first name", "2310A NM104"),
    Field("rendering NPI", "2310B NM109"),
    Field("facility NPI", "2310C NM109"),
    Field("other insured id", "2330A NM109", private=True),
    Field("other payer id", "2330B NM109"),
)

OF_LINE: tuple[Field, ...] = (
    Field("code", "2400 SV101-2", Kind.CODE, of_line=True),
    Field("modifiers", "2400 SV101-3", Kind.LIST, of_line=True),
    Field("description", "2400 SV101-7", private=True, of_line=True),
    Field("charge", "2400 SV102", Kind.AMOUNT, of_line=True),
    Field("units", "2400 SV104", Kind.NUMBER, of_line=True),
    Field("place of service", "2400 SV105", Kind.CODE, of_line=True),
    Field("diagnosis pointers", "2400 SV107", Kind.LIST, of_line=True),
    Field("dates", "2400 DTP[472]03", Kind.PERIOD, of_line=True),
    Field("authorization", "2400 REF[G1]02", of_line=True),
    Field("note", "2400 NTE[ADD]02", private=True, of_line=True),
    Field("ordering NPI", "2420E NM109", of_line=True),
    Field("ordering last name", "2420E NM103", of_line=True),
    Field("ordering first name", "2420E NM104", of_line=True),
    Field("rendering NPI", "2420A NM109", of_line=True),
    Field("certificate", "2440 LQ02", of_line=True),
)

ALWAYS = frozenset({"authorization", "note", "payer claim number", "subscriber id", "subscriber birth date"})
"""Fields that are shown although they are empty."""


def plain(name: str) -> str:
    """A name as it is looked up: small letters, single blanks."""
    return " ".join(name.casefold().split())


@cache
def _by_name(of_line: bool) -> dict[str, Field]:
    return {plain(field.name): field for field in (OF_LINE if of_line else OF_CLAIM)}


def field_named(name: str, *, of_line: bool = False) -> Field | None:
    """The field of this name, of a claim or of a line; None where there is none."""
    return _by_name(of_line).get(plain(name))


def names(*, of_line: bool = False) -> list[str]:
    """Every name, as it is shown."""
    return [field.name for field in (OF_LINE if of_line else OF_CLAIM)]


@cache
def _by_place() -> dict[tuple[str, str, str, int, int], Field]:
    found = {}
    for field in (*OF_CLAIM, *OF_LINE):
        at = parse_place(field.place)
        found[at.loop, at.tag, at.qualifier, at.element, at.component] = field
    return found


def field_at(loop: str, tag: str, element: int, component: int = 0, qualifier: str = "") -> Field | None:
    """The field that stands at a place; None where the place has no name. A place that names less (a whole element, a
    segment without its qualifier) is that of the only field that it can mean."""
    known = _by_place()
    exact = known.get((loop, tag, qualifier, element, component))
    if exact is not None:
        return exact
    near = [
        field
        for (in_loop, of_tag, by, at, part), field in known.items()
        if (in_loop, of_tag, at) == (loop, tag, element)
        and (not qualifier or not by or by == qualifier)
        and (not component or not part or (tag == "SV1" and field.kind is Kind.LIST and 3 <= component <= 6))
    ]
    return near[0] if len(near) == 1 else None


# --- reading ---------------------------------------------------------------------------------------


class NoSuchPlace(LookupError):
    """The claim has no such line, or no such loop."""


def part_of(claim: Claim, loop: str, line: int = 0) -> tuple[list[str], list[Span]]:
    """The segments of the part of a claim in which a loop stands, and its loops. Raises NoSuchPlace: no such line."""
    stored, separator = claim.stored, claim.delimiters.element
    starts = [at for at, raw in enumerate(stored.claim) if raw.split(separator, 1)[0] == "LX"]
    if line:
        if line > len(starts):
            raise NoSuchPlace(f"the claim has {len(starts)} line{'s' if len(starts) != 1 else ''}, and no line {line}")
        end = starts[line] if line < len(starts) else len(stored.claim)
        raw = stored.claim[starts[line - 1] : end]
        return raw, line_spans(raw, separator)
    for level, part in (("2000A", stored.billing), ("2000B", stored.subscriber), ("2000C", stored.patient)):
        if loop == level or (loop[:4] == "2010" and loop[4:5] == level[4]):
            return part, level_spans(part, separator, level)
    raw = stored.claim[: starts[0]] if starts else stored.claim
    return raw, head_spans(raw, separator)


def loop_of(claim: Claim, where: Place, line: int = 0) -> str:
    """The loop that a place means where it names none."""
    if where.loop:
        return where.loop
    if line:
        return {"LIN": "2410", "CTP": "2410", "SVD": "2430", "LQ": "2440"}.get(where.tag, "2400")
    return {"SBR": "2000B", "PAT": "2000C" if claim.stored.patient else "2000B"}.get(where.tag, "2300")


def segments_at(claim: Claim, where: Place, line: int = 0) -> list[str]:
    """The segments with the tag (and qualifier) of a place, in its loop. Raises NoSuchPlace."""
    loop = loop_of(claim, where, line)
    raw, spans = part_of(claim, loop, line)
    span = find_span(spans, loop, where.nth)
    if span is None:
        raise NoSuchPlace(f"this {'line' if line else 'claim'} has no loop {loop}")
    separator = claim.delimiters.element
    start = where.tag + separator + (where.qualifier + separator if where.qualifier else "")
    return [text for text in raw[span.start : span.end] if (text + separator).startswith(start)]


def value_at(claim: Claim, where: Place, line: int = 0) -> str:
    """What stands at a place, as it stands there; empty where nothing does. Raises NoSuchPlace."""
    found = segments_at(claim, where, line)
    if not found:
        return ""
    elements = found[0].split(claim.delimiters.element)
    value = elements[where.element] if where.element < len(elements) else ""
    if where.component:
        parts = value.split(claim.delimiters.component)
        value = parts[where.component - 1] if where.component <= len(parts) else ""
    return value


def fields_of(claim: Claim) -> Iterator[FieldValue]:
    """Every field of a claim that has a value, in order, and those that are always shown; values as a person reads
    them."""
    for field in OF_CLAIM:
        value = _shown(claim, field, 0)
        if value or (value is not None and field.name in ALWAYS):
            yield FieldValue(field.name, field.place, 0, value, field.kind, field.private)
        if field.name == "payer claim number":
            yield from _diagnoses(claim)
    for number in range(1, len(claim.lines) + 1):
        for field in OF_LINE:
            value = _shown(claim, field, number)
            if value:
                name = f"line {number} {field.name}"
                yield FieldValue(name, field.place, number, value, field.kind, field.private)


def _diagnoses(claim: Claim) -> Iterator[FieldValue]:
    for number, found in enumerate(claim.diagnoses, 1):
        place = f"2300 HI{number:02d}-2"
        yield FieldValue(f"{DIAGNOSIS} {number}", place, 0, found.code, Kind.CODE, False)


def _shown(claim: Claim, field: Field, line: int) -> str | None:
    """The value of a field; None where its loop is not there."""
    try:
        value = value_at(claim, parse_place(field.place), line)
    except NoSuchPlace:
        return None
    if field.name == "modifiers":
        return ", ".join(claim.lines[line - 1].modifiers)
    if field.name == "diagnosis pointers":
        return ", ".join(str(pointer) for pointer in claim.lines[line - 1].pointers)
    if field.kind is Kind.PERIOD:
        return _period(claim, line) or display(value)
    if field.kind is Kind.DATE and len(value) == 8 and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return display(value)


def _period(claim: Claim, line: int) -> str:
    period = claim.lines[line - 1].dates
    if period.start is None or period.end is None:
        return ""
    if period.start == period.end:
        return period.start.isoformat()
    return f"{period.start.isoformat()} to {period.end.isoformat()}"


def diagnosis_segments(claim: Claim) -> list[str]:
    """The HI segments that hold diagnoses, in order."""
    component, element = claim.delimiters.component, claim.delimiters.element
    found = segments_at(claim, parse_place("2300 HI01"))
    return [raw for raw in found if raw.split(element)[1:2] and raw.split(element)[1].split(component)[0] in DIAGNOSES]
