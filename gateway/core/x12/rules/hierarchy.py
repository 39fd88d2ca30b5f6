"""Level 4: the levels of a professional claim's set (HL), fed one after the other as they are read."""

from __future__ import annotations

from ..guides.elements import ElementFault
from ..guides.walk import WHOLE_SET
from ..segment import Delimiters
from .rule import DOES_NOT_AGREE, NO_SUCH_VALUE, SEGMENT_MISSING, Rule, RuleFinding, declare

RUNNING = declare(
    "G4.01",
    "Levels are numbered 1, 2, 3 ... within the set. HL01.",
    ik403=DOES_NOT_AGREE,
    status="A7:481",
)
PARENT = declare(
    "G4.02",
    "A level names the one above it: a subscriber's its billing provider, a patient's its subscriber. HL02.",
    ik403=NO_SUCH_VALUE,
    status="A7:481",
)
CHILDREN = declare(
    "G4.03",
    "A subscriber's level says that patients follow (HL04 = 1) where one does, and only there. 2000B HL04.",
    ik403=DOES_NOT_AGREE,
    status="A7:481",
)
NO_CLAIM = declare(
    "G4.04",
    "A subscriber's level has a claim, or a patient's level below it. 2300 of 2000B.",
    ik304=SEGMENT_MISSING,
    status="A6:481",
)
_LEVELS = {"20": ("2000A", 0), "22": ("2000B", 1), "23": ("2000C", 2)}
_ABOVE = ("", "billing provider", "subscriber")


class Hierarchy:
    """The levels of one set. Feed it every HL with its position, and every claim; then end it.

    `findings` concern the claims of the level in which they stand; those of a level are complete when it is over.
    """

    __slots__ = ("_count", "_delimiters", "_ids", "_open", "_subscriber", "claims", "findings")

    def __init__(self, delimiters: Delimiters) -> None:
        self.findings: list[RuleFinding] = []
        self.claims = 0
        self._delimiters = delimiters
        self._count = 0
        self._ids = ["", "", ""]
        self._open: list[tuple[int, int, RuleFinding]] = []
        # Of the subscriber's level that is open: its HL, position, claims before it, patients below it.
        self._subscriber: tuple[list[str], int, int, int] | None = None

    def level(self, raw: str, position: int) -> None:
        """The next HL, and its number in the set."""
        elements = [*raw.split(self._delimiters.element), "", "", "", ""]
        loop, depth = _LEVELS.get(elements[3], ("", -1))
        if depth < 0:
            return  # told by the guide
        self._close(depth, position)
        self._count += 1
        number, parent = elements[1], elements[2]
        if number.isascii() and number.isdigit() and int(number[:12]) != self._count:
            words = (
                f"The level is number {self._count} of its transaction, and says it is another. Number the levels anew."
            )
            self._add(RUNNING, loop, depth, position, elements, 1, words)
        if depth and parent != self._ids[depth - 1]:
            words = f"The level does not name the {_ABOVE[depth]} that it stands below. Correct the parent's number."
            self._add(PARENT, loop, depth, position, elements, 2, words)
        self._ids[depth:] = [number, *[""] * (2 - depth)]
        if depth == 1:
            self._subscriber = (elements, position, self.claims, 0)
        elif depth == 2 and self._subscriber is not None:
            hl, at, claims, patients = self._subscriber
            self._subscriber = (hl, at, claims, patients + 1)

    def taken(self) -> list[RuleFinding]:
        """What was found since this was asked last; it is kept here only until its level is over."""
        found, self.findings = self.findings, []
        return found

    def claim(self) -> None:
        """A claim (CLM) of the level that is open."""
        self.claims += 1

    def end(self, position: int) -> None:
        """The set is over; `position` is that of its SE."""
        self._close(0, position)

    def _close(self, depth: int, position: int) -> None:
        """What is at this depth or deeper is over; `position` is that of what comes next."""
        if depth <= 1 and self._subscriber is not None:
            hl, at, claims, patients = self._subscriber
            self._subscriber = None
            if patients and hl[4] == "0":
                words = "Patients follow the subscriber, whose level says that none do. Set its child code to 1."
                self._add(CHILDREN, "2000B", 1, at, hl, 4, words, claims)
            elif not patients and hl[4] == "1":
                words = "The subscriber's level says that patients follow, and none does. Set its child code to 0."
                self._add(CHILDREN, "2000B", 1, at, hl, 4, words, claims)
            if not patients and self.claims == claims:
                words = "The subscriber has no claim. Take the level out, or add the claim."
                self.findings.append(RuleFinding(NO_CLAIM, position, "CLM", "2300", words))
        for level, before, finding in self._open:
            if level >= depth:
                finding.claims = (before + 1, self.claims) if self.claims > before else WHOLE_SET
        self._open = [one for one in self._open if one[0] < depth]

    def _add(
        self,
        rule: Rule,
        loop: str,
        depth: int,
        position: int,
        elements: list[str],
        element: int,
        words: str,
        claims: int | None = None,
    ) -> None:
        fault = ElementFault(element, 0, 0, rule.ik403, elements[element])
        finding = RuleFinding(rule, position, "HL", loop, words, fault=fault)
        self.findings.append(finding)
        self._open.append((depth, self.claims if claims is None else claims, finding))
