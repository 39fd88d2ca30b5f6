"""What was changed in a claim, for its timeline: where, in a biller's words, and the values only where they tell
nothing of who the patient is."""

from __future__ import annotations

import re
from typing import NamedTuple

from .claim_fields import DIAGNOSIS, OF_CLAIM, OF_LINE
from .editing import Edit
from .segment import Delimiters, display

_PEOPLE = frozenset({"2010BA", "2010CA", "2330A"})
_OF_A_PERSON = frozenset({"DMG", "PAT"})
_FREE_TEXT = frozenset({"NTE", "K3", "MSG"})
_GROUP = frozenset({"SBR03", "SBR04"})
_DESCRIPTION = 6
"""Components of a procedure before its description, which is free text."""
_LABEL = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2}?)(?:\[(?P<qualifier>.+)\])?(?P<element>\d\d)?(?:-(?P<component>\d+))?")
_REFERENCE = re.compile(r"REF.(?P<qualifier>..).")


class Told(NamedTuple):
    """One change: its field by name (empty: it has none), place and line (0: the claim); the values before and after,
    None where they are nobody else's."""

    kind: str
    name: str
    place: str
    line: int
    before: str | None
    after: str | None

    def __str__(self) -> str:
        where = f"line {self.line} " if self.line else ""
        what = f"{where}{self.name} ({self.place})" if self.name else f"{where}{self.place}"
        if self.kind == "add":
            return f"{what} added" + (f": {self.after}" if self.after is not None else "")
        if self.kind == "remove":
            return f"{what} taken out" + (f": {self.before}" if self.before is not None else "")
        if self.before is None or self.after is None:
            return f"{what} changed"
        return f"{what}: {self.before or 'nothing'} -> {self.after or 'nothing'}"


def told(edit: Edit, marks: Delimiters) -> Told:
    """An edit of a claim with these separators, in words."""
    loop, _, rest = edit.place.partition(" ")
    match = _LABEL.fullmatch(rest)
    tag = match["tag"] if match else rest
    qualifier = (match["qualifier"] or "") if match else ""
    name = _name(edit, rest, tag, qualifier)
    place = edit.place
    if tag == "HI" and qualifier and match is not None:
        place = f"{loop} HI{match['element']}" + (f"-{match['component']}" if match["component"] else "")
    if _private(loop, tag, rest, qualifier, edit):
        return Told(edit.kind, name, place, edit.line, None, None)
    return Told(edit.kind, name, place, edit.line, _shown(rest, edit.before, marks), _shown(rest, edit.after, marks))


def _name(edit: Edit, rest: str, tag: str, qualifier: str) -> str:
    if edit.kind != "set":
        return ""
    if rest == "SV101":
        return "modifiers"
    match = _LABEL.fullmatch(rest)
    if tag == "HI" and match is not None and (not qualifier or qualifier[:3] in ("ABK", "ABF")):
        return f"{DIAGNOSIS} {int(match['element'] or 1)}"
    return next((field.name for field in (OF_LINE if edit.line else OF_CLAIM) if field.place == edit.place), "")


def _private(loop: str, tag: str, rest: str, qualifier: str, edit: Edit) -> bool:
    if loop in _PEOPLE or tag in _OF_A_PERSON or tag in _FREE_TEXT or rest in _GROUP or rest == "SV101-7":
        return True
    if tag != "REF":
        return False
    found = qualifier or ((_REFERENCE.match(edit.after or edit.before) or [""])[0])[4:6]
    return found == "EA"


def _shown(rest: str, value: str, marks: Delimiters) -> str:
    if rest == "SV101":
        value = marks.component.join(value.split(marks.component)[:_DESCRIPTION])
    return display(value.replace(marks.element, "*").replace(marks.component, ":").replace(marks.segment, " "))
