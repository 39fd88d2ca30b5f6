"""A claim laid out for the rules: every segment with its loop and its elements, and how a place becomes a finding."""

from __future__ import annotations

from collections.abc import Sequence

from ..checks import claim_spans
from ..claim import UNKNOWN_NUMBERS, Numbers
from ..editing import insert_at
from ..guides.elements import ElementFault
from ..guides.walk import Trigger
from ..segment import Delimiters
from ..spans import Span, level_spans
from ..stored import StoredClaim
from .rule import Rule, RuleFinding

BILLING, SUBSCRIBER, PATIENT, CLAIM = range(4)
_LEVELS = ("2000A", "2000B", "2000C")


class Seg:
    """A segment: the part of the claim and its index there, its loop, tag and elements."""

    __slots__ = ("at", "component_separator", "elements", "loop", "part", "tag")

    def __init__(self, part: int, at: int, loop: str, elements: list[str], component_separator: str) -> None:
        self.part = part
        self.at = at
        self.loop = loop
        self.tag = elements[0]
        self.elements = elements
        self.component_separator = component_separator

    def __getitem__(self, position: int) -> str:
        """An element; empty where it is not there."""
        return self.elements[position] if position < len(self.elements) else ""

    def components(self, position: int) -> list[str]:
        """The components of an element."""
        return self[position].split(self.component_separator)

    def component(self, position: int, number: int) -> str:
        """One component, counted from 1; empty where it is not there."""
        found = self.components(position)
        return found[number - 1] if number <= len(found) else ""


class Group(list[Seg]):
    """Segments that belong together: a level, the claim before its other insurances, one of those, a line."""

    def all(self, tag: str, qualifier: str = "", loop: str = "") -> list[Seg]:
        """The segments of a tag; with this first element, in this loop, where one is given."""
        return [
            seg
            for seg in self
            if seg.tag == tag and (not qualifier or seg[1] == qualifier) and (not loop or seg.loop == loop)
        ]

    def first(self, tag: str, qualifier: str = "", loop: str = "") -> Seg | None:
        """The first of `all`; None where there is none."""
        found = self.all(tag, qualifier, loop)
        return found[0] if found else None


class Laid:
    """A claim, or the part of one, laid out. `numbers` of its parts in the file; `first` is the number in the file of
    the ST. `others` are the 2320s with what stands in them, `lines` the 2400s."""

    def __init__(self, stored: StoredClaim, numbers: Numbers = UNKNOWN_NUMBERS, first: int = 1) -> None:
        self.delimiters: Delimiters = stored.delimiters
        self._parts: tuple[Sequence[str], ...] = (stored.billing, stored.subscriber, stored.patient, stored.claim)
        self._numbers = numbers
        self._first = first
        separator = self.delimiters.element
        self._spans: list[list[Span]] = [
            level_spans(self._parts[part], separator, _LEVELS[part]) for part in (BILLING, SUBSCRIBER, PATIENT)
        ]
        self._spans.append(claim_spans(self._parts[CLAIM], separator))
        self.billing, self.subscriber, self.patient = (Group(self._segments(part)) for part in range(3))
        self.head = Group()
        self.others: list[Group] = []
        self.lines: list[Group] = []
        group = self.head
        for seg in self._segments(CLAIM):
            if seg.loop == "2320" and seg.tag == "SBR":
                self.others.append(group := Group())
            elif seg.loop == "2400" and seg.tag == "LX":
                self.lines.append(group := Group())
            group.append(seg)
        self._by_tag: dict[str, list[Seg]] = {}
        self.segments: list[Seg] = [*self.billing, *self.subscriber, *self.patient]
        for part in (self.head, *self.others, *self.lines):
            self.segments += part
        for seg in self.segments:
            self._by_tag.setdefault(seg.tag, []).append(seg)

    def _segments(self, part: int) -> list[Seg]:
        separator, component = self.delimiters.element, self.delimiters.component
        raw = self._parts[part]
        return [
            Seg(part, at, span.loop, raw[at].split(separator), component)
            for span in self._spans[part]
            for at in range(span.start, span.end)
        ]

    def all(self, tag: str, qualifier: str = "") -> list[Seg]:
        """The segments of a tag, wherever they stand."""
        found = self._by_tag.get(tag, [])
        return [seg for seg in found if seg[1] == qualifier] if qualifier else found

    def payers(self) -> list[Seg]:
        """The SBR of the payer that the claim goes to, and those of the others."""
        own = self.subscriber.first("SBR", loop="2000B")
        return [*([] if own is None else [own]), *(other[0] for other in self.others)]

    # --- findings

    def position(self, part: int, at: int) -> int:
        """The number in the set of a segment; 0 where it is not known."""
        number = self._numbers[part]
        return number + at - self._first + 1 if number else 0

    def trigger(self, seg: Seg, element: int = 0, component: int = 0) -> Trigger:
        """A segment as the reason for what another one is found to be."""
        return Trigger(seg.tag, self.position(seg.part, seg.at), seg.loop, element, component)

    def wrong(
        self,
        rule: Rule,
        seg: Seg,
        element: int,
        words: str,
        *,
        component: int = 0,
        status: str = "",
        trigger: Trigger | None = None,
    ) -> RuleFinding:
        """A finding at an element that stands there, or that should."""
        value = seg.component(element, component) if component else seg[element]
        fault = ElementFault(element, component, 0, rule.ik403, value)
        position = self.position(seg.part, seg.at)
        return RuleFinding(rule, position, seg.tag, seg.loop, words, fault=fault, status=status, trigger=trigger)

    def not_wanted(self, rule: Rule, seg: Seg, words: str, trigger: Trigger | None = None) -> RuleFinding:
        """A finding at a segment that should not stand there."""
        position = self.position(seg.part, seg.at)
        return RuleFinding(rule, position, seg.tag, seg.loop, words, trigger=trigger)

    def missing(
        self,
        rule: Rule,
        tag: str,
        near: Seg,
        words: str,
        *,
        loop: str = "",
        status: str = "",
        by: Trigger | None = None,
    ) -> RuleFinding:
        """A finding where a segment should stand: in the loop of `near`, or after it in another `loop`."""
        span = next(span for span in self._spans[near.part] if span.start <= near.at < span.end)
        if loop and loop != span.loop:
            at = span.end
        else:
            at = insert_at(self._parts[near.part], span, tag, self.delimiters.element)
        return RuleFinding(rule, self.position(near.part, at), tag, loop or span.loop, words, status=status, trigger=by)
