"""Safe corrections: what is certainly meant is written as it must be. R1.PAD-1, R1.10, R1.32.

Each is an edit on the claim's timeline and a remark; with `corrections: tell` it is a warning, and nothing is set.
"""

from __future__ import annotations

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.service_line import ServiceLine

from .book import Book
from .dates import supply_days, tells_supply
from .line import Line
from .settings import Corrections
from .whole import Whole

NOTE_ROOM = 80


class Corrector:
    """Makes corrections on one claim, or only tells them. `found` are the findings about them."""

    def __init__(self, book: Book, on: frozenset[str]) -> None:
        self._makes = book.settings.corrections is Corrections.MAKE
        self._on = on
        self.found: list[Finding] = []

    def wants(self, rule: str) -> bool:
        """Whether a rule holds for the claim."""
        return rule in self._on

    def correct(
        self, rule: str, wrong: str, done: str, line: ServiceLine | None, place: str, *, by_hand: bool = False
    ) -> bool:
        """Note a correction; whether the caller is to make it. `wrong` says what is, `done` what was done (or, where it
        is not made or cannot be made `by_hand`, what there is to do)."""
        makes = self._makes and not by_hand
        number = line.number if line is not None else 0
        at = f"Line {number}, {line.code}: " if line is not None else ""
        ending = f"; {done}." if makes else f". {done[0].upper()}{done[1:]}." if by_hand else ". Correct it."
        severity = Severity.INFO if makes else Severity.WARN
        text = f"{at}{wrong}{ending}"
        self.found.append(Finding(rule=rule, message=text, severity=severity, line=number, place=place))
        return makes


def take_off_blanks(whole: Whole, to: Corrector) -> None:
    """R1.PAD-1: blanks around the member number, the codes and modifiers of a line, and its ordering provider."""
    if not to.wants("R1.PAD-1"):
        return
    member = whole.claim.subscriber.member_id
    if _padded(member) and _off("The member number", None, "2010BA NM109", to):
        whole.claim.set("2010BA NM109", member.strip())
    for line in whole.lines if whole.may_be_padded() else ():
        raw = line.raw
        if _padded(line.code) and _off("the code", raw, "2400 SV101-2", to):
            raw.set("SV101-2", line.code.strip())
        if any(_padded(one) for one in line.modifiers) and _off("a modifier", raw, "2400 SV101-3", to):
            raw.set_modifiers([one.strip() for one in line.modifiers])
        orderer = line.orderer
        for element, text in (("NM103", orderer.last), ("NM104", orderer.first), ("NM109", orderer.id)):
            if _padded(text) and _off("the ordering provider", raw, f"2420E {element}", to):
                raw.set(f"2420E {element}", text.strip())


def _padded(text: str) -> bool:
    return " " in text and text != text.strip() != ""


def _off(what: str, line: ServiceLine | None, place: str, to: Corrector) -> bool:
    return to.correct("R1.PAD-1", f"{what} has blanks around it", "they were taken off", line, place)


def order_modifiers(line: Line, book: Book, to: Corrector) -> bool:
    """R1.10: pricing modifiers first, then those of the policy, then what informs; 99 stays last. Only where the table
    has a rank for each of them. Returns whether the line was changed."""
    if len(line.modifiers) < 2 or not to.wants("R1.10"):
        return False
    ordered = book.ordered(line.modifiers, line.day)
    if ordered == line.modifiers:
        return False
    if not to.correct(
        "R1.10",
        "pricing modifiers stand first, then those of the policy, then others",
        f"they now are {', '.join(ordered)}",
        line.raw,
        "2400 SV101-3",
    ):
        return False
    line.raw.set_modifiers(ordered)
    return True


def fill_note(line: Line, whole: Whole, to: Corrector) -> bool:
    """R1.32: a span of more than a month is told in the note: `90 DAY SUPPLY`. Returns whether it was added."""
    days = supply_days(line)
    if not days or not to.wants("R1.32") or tells_supply(whole.told(line)):
        return False
    text = f"{days} DAY SUPPLY"
    before = line.notes
    room = len(before) + len(text) + 1 <= NOTE_ROOM and len(line.raw.notes) <= 1
    wrong = "the span is longer than a month, and no note says for how many days it is"
    if not room:
        to.correct("R1.32", wrong, f"the note has no room for {text}; shorten it", line.raw, "2400 NTE02", by_hand=True)
        return False
    if not to.correct("R1.32", wrong, f"{text} was added", line.raw, "2400 NTE02"):
        return False
    if before:
        code = line.raw.notes[0].code
        line.raw.set(f"NTE[{code}]02" if code else "NTE02", f"{before} {text}")
    else:
        line.raw.add_note(text)
    return True


def correct(whole: Whole, to: Corrector) -> None:
    """Make every correction; the lines are read anew where one was made."""
    take_off_blanks(whole, to)
    changed = bool(to.found)
    if changed:
        whole.read()
    for line in whole.lines:
        changed |= order_modifiers(line, whole.book, to)
        if line.end != line.start:
            changed |= fill_note(line, whole, to)
    if changed:
        whole.read()
