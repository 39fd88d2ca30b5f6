"""A rule that goes beyond what a guide says of one segment, and what is found where it is broken.

A rule is a function over a claim that is laid out; its docstring says what the guide wants and where it says so. It
names what it finds by place and in words; the codes of the answers (IK304, IK403, STC) stand at the rule.
"""

from __future__ import annotations

from typing import NamedTuple

from ..guides.elements import ElementFault
from ..guides.walk import Finding, Trigger

SEGMENT_MISSING, SEGMENT_NOT_WANTED = "I6", "I9"
"""IK304: what the situation calls for, and what it rules out."""
ELEMENT_MISSING, ELEMENT_NOT_WANTED, NO_SUCH_VALUE, BAD_DATE = "I9", "I13", "7", "8"
DOES_NOT_AGREE = "I12"
"""IK403 of a value that does not agree with others: a sum, a running number. The 999 has no code of its own for it."""
HAS_ELEMENTS = "8"


class Rule(NamedTuple):
    """A rule: `id` (`G4.30`: level 4), what it says, and the codes of its findings unless one has its own. `status` is
    category, status and, where the status wants one, entity of an STC, divided by colons."""

    id: str
    says: str
    ik304: str
    ik403: str
    status: str

    @property
    def level(self) -> int:
        """Of the field's seven: 3 sums, 4 situations, 5 code sets."""
        return int(self.id[1])


class RuleFinding(Finding):
    """What is found where a rule is broken: a `Finding` of level 3, 4 or 5, with its sentence in `words`.

    `status` is an STC's category, status and entity, divided by colons; `trigger` is None where the finding speaks for
    itself.
    """

    __slots__ = ("rule", "status")

    def __init__(
        self,
        rule: Rule,
        position: int,
        tag: str,
        loop: str,
        words: str,
        *,
        fault: ElementFault | None = None,
        status: str = "",
        trigger: Trigger | None = None,
    ) -> None:
        ik304 = HAS_ELEMENTS if fault is not None else rule.ik304
        super().__init__(rule.level, position, tag, loop, "", ik304, fault, words)
        self.rule = rule
        self.status = status or rule.status
        self.trigger = trigger

    def __repr__(self) -> str:
        # Never the value: it may be a patient's.
        return f"<{self.rule.id} {self.place} {self.ik304} {self.ik403} at {self.position}>"


RULES: dict[str, Rule] = {}
"""All rules, by id."""


def declare(name: str, says: str, *, ik304: str = "", ik403: str = "", status: str) -> Rule:
    """A rule, for `RULES`.

    Raises:
        ValueError: there is another of this id.
    """
    if name in RULES:
        raise ValueError(f"there are two rules {name}")
    RULES[name] = made = Rule(name, " ".join(says.split()), ik304 or HAS_ELEMENTS, ik403, status)
    return made
