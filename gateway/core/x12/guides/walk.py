"""A transaction set walked along its guide: levels 1 and 2 of the field's seven (syntax, guide).

Segments come in pieces of any length, in their order. A right one costs a look-up and a match; what does not fit is
looked at closely. What is found is a `Finding` with its place and codes, and with the claims that it concerns: one
claim, or all claims of the level (billing provider, subscriber, patient) in which it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from .compiled import Choice, CompiledGuide, LoopNode, Node, State, Step, is_it, key_codes
from .elements import BAD_CODE, ElementFault, broken_rules, check
from .elements import NOT_USED as UNUSED_ELEMENT
from .model import Element, Loop
from .notation import known_tags

UNRECOGNIZED, UNEXPECTED, MISSING, LOOP_TOO_OFTEN, TOO_OFTEN = "1", "2", "3", "4", "5"
NOT_DEFINED, OUT_OF_ORDER, HAS_ELEMENTS, NOT_USED = "6", "7", "8", "I4"
"""IK304."""
FINDINGS_KEPT = 2_000
"""Findings of one transaction set that are kept; the others are counted."""
FINDINGS_OF_A_LOOP = 200
"""Findings of one loop, and of a claim in all its loops, that are kept for the claim."""
WHOLE_SET = (0, 0)


class Trigger(NamedTuple):
    """What in the set calls for the thing that is missing, or rules out what stands there: an element (component 0: the
    whole) of a segment (`position` in the set), and the data element's number where it is known."""

    tag: str
    position: int
    loop: str
    element: int = 0
    component: int = 0
    data: str = ""


class Finding:
    """One thing that is not as the guide wants it.

    `level` is 1 to 7. `position` counts segments in the set (ST is 1), `tag` and `loop` name the segment, and `name` is
    the guide's own for it. `ik304` says what is wrong with the segment; where elements are, there is one finding for
    each, with `ik403`, the element's fault and the data element's number. `claims`: the first and last claim (counted
    from 1 in the set) that it concerns; (0, 0) is the whole set. `trigger`: of a situation, what brought it about.
    """

    __slots__ = ("claims", "fault", "ik304", "level", "loop", "name", "position", "tag", "trigger", "words")

    def __init__(
        self,
        level: int,
        position: int,
        tag: str,
        loop: str,
        name: str,
        ik304: str,
        fault: ElementFault | None = None,
        words: str = "",
    ) -> None:
        self.level = level
        self.position = position
        self.tag = tag
        self.loop = loop
        self.name = name
        self.ik304 = ik304
        self.fault = fault
        self.words = words
        self.claims: tuple[int, int] = WHOLE_SET
        self.trigger: Trigger | None = None

    @property
    def ik403(self) -> str:
        """What is wrong with the element; empty where it is the segment."""
        return self.fault.code if self.fault is not None else ""

    @property
    def place(self) -> str:
        """The place as people write it: `2010AA NM109`, `2300 CLM05-3`."""
        where = f"{self.loop} {self.tag}".strip()
        if self.fault is None:
            return where
        component = f"-{self.fault.component}" if self.fault.component else ""
        return f"{where}{self.fault.position:02d}{component}"

    def __repr__(self) -> str:
        # Never the value: it may be a patient's.
        return f"<Finding {self.place} {self.ik304} {self.ik403} at {self.position}>"


OnClaim = Callable[[int, list[Finding]], None]
"""Called when a claim (CLM, CLP) is over in which something was found, or in the levels over it, with the position of
its first segment in the set."""


class _Open:
    """A loop that is open: which of its children stood there, how often those that did more than once, and what was
    found in it. `first` is the first claim that it may have, `position` that of its first segment."""

    __slots__ = ("counts", "findings", "first", "loop", "mask", "position")

    def __init__(self, loop: LoopNode, mask: int, first: int, position: int) -> None:
        self.loop = loop
        self.mask = mask
        self.position = position
        self.counts: dict[int, int] = {}
        self.findings: list[Finding] = []
        self.first = first

    def copy(self) -> _Open:
        """The same by itself."""
        made = _Open(self.loop, self.mask, self.first, self.position)
        made.counts = self.counts.copy()
        made.findings = self.findings.copy()
        return made


def _any_key(element: Element | None, choice: Choice, loop: LoopNode) -> Element | None:
    """The element that is a key, with the codes of every segment of its tag that may stand in this loop now."""
    if element is None or not element.codes:
        return element
    nodes = [step.node for step in choice.steps if step.node.loop is loop]
    codes = {code: None for node in nodes for key in node.segment.keys[:1] for code in key_codes(key)}
    return msgspec.structs.replace(element, codes=tuple(codes))


class Walk:
    """One transaction set on its way along a guide: `feed` it everything from ST to SE, then `end` it."""

    def __init__(self, guide: CompiledGuide, on_claim: OnClaim | None = None) -> None:
        self._on_claim = on_claim
        self.guide = guide
        self.delimiters = guide.delimiters
        self.findings: list[Finding] = []
        self.finding_count = 0
        self.claims = 0
        self.position = 0
        self._stack = [_Open(guide.root, 0, 1, 0)]
        self._state: State = guide.root.state(0)

    def another(self, on_claim: OnClaim | None = None) -> Walk:
        """Another walk from where this one is now: sets that begin alike are walked together so far."""
        made = Walk(self.guide, on_claim)
        made.findings = self.findings.copy()
        made.finding_count = self.finding_count
        made.claims = self.claims
        made.position = self.position
        made._stack = [opened.copy() for opened in self._stack]
        made._state = self._state
        return made

    def feed(self, segments: Sequence[str]) -> None:
        """Walk over the next segments of the set (without their terminators)."""
        state, stack, position = self._state, self._stack, self.position
        delimiters = self.delimiters
        separator = delimiters.element
        top = stack[-1]
        for raw in segments:
            position += 1
            step = state.right.get(raw)
            if step is not None:
                node = step.node
            else:
                choice = state[raw[:3]]
                if choice is not None:
                    step = choice.single or choice.step(raw, delimiters)
                if step is None:
                    self.position = position
                    self._unexpected(raw, choice)
                    continue
                node = step.node
                if node.match(raw) is None or (
                    raw.count(separator) >= node.rules_from and not node.rules.hold(raw.split(separator))
                ):
                    self.position = position
                    if not self._elements(raw, node, step):
                        continue
                else:
                    state.remember(raw, step)
            if step.plain:
                bit = node.bit
                if top.mask & bit:
                    self.position = position
                    self._once_more(top, node, bit)
                else:
                    if node.before & ~top.mask:
                        self.position = position
                        self._missing(top, node.before)
                    top.mask |= bit
            else:
                self.position = position
                self._move(step)
                top = stack[-1]
            state = self._state = node.state
        self.position = position

    @property
    def open_loops(self) -> list[Loop]:
        """The loops that are open, from the outermost in; without the set itself."""
        return [opened.loop.loop for opened in self._stack[1:]]

    def step_to(self, raw: str) -> Step | None:
        """Which segment of the guide the next one is, and the loop that it begins; None where it may not stand there.
        Asked before it is fed."""
        choice = self._state[raw[:3]]
        step = choice.step(raw, self.delimiters) if choice is not None else None
        if step is None or (step.node.segment.keys and not is_it(step.node.segment, raw, self.delimiters)):
            return None
        return step

    def taken(self) -> list[Finding]:
        """What was found since this was asked last; it is kept here no longer."""
        found, self.findings = self.findings, []
        return found

    def end(self) -> None:
        """The set is over: what is missing up to here is missing."""
        self.position += 1
        while self._stack:
            self._leave()
        self.position -= 1

    # --- loops

    def _move(self, step: Step) -> None:
        """Leave loops, and begin one where the segment does."""
        stack = self._stack
        for _ in range(step.up):
            self._leave()
        top = stack[-1]
        child, node = step.child, step.node
        if child is None:
            if top.mask & node.bit:
                self._once_more(top, node, node.bit)
            else:
                if node.before & ~top.mask:
                    self._missing(top, node.before)
                top.mask |= node.bit
            return
        if child.ahead & ~top.mask:
            self._missing(top, child.ahead)
        if top.mask & child.bit:
            count = top.counts[child.bit] = top.counts.get(child.bit, 1) + 1
            if child.limit and count > child.limit:
                self._add(Finding(2, self.position, node.segment.tag, child.name, child.loop.name, LOOP_TOO_OFTEN))
        top.mask |= child.bit
        if child.of_claims:
            self.claims += 1
        stack.append(_Open(child, node.bit, self.claims if child.of_claims else self.claims + 1, self.position))

    def _leave(self) -> None:
        top = self._stack[-1]
        if top.loop.required & ~top.mask:
            self._missing(top, top.loop.required)
        self._stack.pop()
        if top.loop.of_claims and self._on_claim is not None:
            found = [one for opened in self._stack[1:] for one in opened.findings] + top.findings
            if found:
                self._on_claim(top.position, found)
        for finding in top.findings:
            if top.loop.parent is not None and top.loop.loop.first.tag in ("HL", "CLM", "CLP"):
                # What concerns a level without a claim concerns none; it is told of the set.
                finding.claims = (top.first, self.claims) if self.claims >= top.first else WHOLE_SET
            elif self._stack and len(self._stack[-1].findings) < FINDINGS_OF_A_LOOP:
                self._stack[-1].findings.append(finding)

    def _missing(self, top: _Open, wanted: int) -> None:
        """Tell what should have stood in a loop by now and did not."""
        missing = wanted & ~top.mask
        top.mask |= missing
        for index, child in enumerate(top.loop.children):
            if missing >> index & 1:
                segment = child.loop.first if isinstance(child, LoopNode) else child
                name = child.loop.name if isinstance(child, LoopNode) else child.name
                loop = child.name if isinstance(child, LoopNode) else top.loop.name
                self._add(Finding(2, self.position, segment.tag, loop, name, MISSING))

    def _once_more(self, top: _Open, node: Node, bit: int) -> None:
        count = top.counts[bit] = top.counts.get(bit, 1) + 1
        if node.limit and count > node.limit:
            segment = node.segment
            self._add(Finding(2, self.position, segment.tag, node.loop.name, segment.name, TOO_OFTEN))

    # --- segments and elements

    def _elements(self, raw: str, node: Node, step: Step) -> bool:
        """What is wrong with the elements of a segment. False: it is another segment than it was taken for."""
        segment, delimiters = node.segment, self.delimiters
        if node.match(raw) is not None:
            faults = broken_rules(node.rules.rules, raw.split(delimiters.element))
        else:
            faults = check(segment, raw, delimiters)
            key = segment.keys
            if key and not is_it(segment, raw, delimiters):
                self._unexpected(raw, Choice([step]))
                return False
        loop = step.child.name if step.child is not None else node.loop.name
        for fault in faults:
            level = 2 if fault.code in (BAD_CODE, UNUSED_ELEMENT) else 1
            self._add(Finding(level, self.position, segment.tag, loop, segment.name, HAS_ELEMENTS, fault))
        return True

    def _unexpected(self, raw: str, choice: Choice | None) -> None:
        """A segment that may not stand here."""
        separator = self.delimiters.element
        tag = raw.split(separator, 1)[0]
        loop = self._stack[-1].loop
        like = next((step.node for step in choice.steps if step.node.segment.keys), None) if choice else None
        if choice is not None and like is not None and not self.guide.has_key(tag, raw, like.segment):
            # The tag may stand here; its qualifier is one that the guide has nowhere.
            segment = like.segment
            for fault in check(segment, raw, self.delimiters):
                if fault.position == segment.keys[0].position:
                    name = like.loop.name
                    told = fault._replace(element=_any_key(fault.element, choice, like.loop))
                    level = 2 if fault.code == BAD_CODE else 1
                    self._add(Finding(level, self.position, tag, name, segment.name, HAS_ELEMENTS, told))
                    return
        if tag in self.guide.tags:
            code = OUT_OF_ORDER if self._stands_before(tag, raw) else UNEXPECTED
        elif tag in self.guide.guide.unused:
            code = NOT_USED
        else:
            code = NOT_DEFINED if tag in known_tags() else UNRECOGNIZED
        level = 1 if code in (UNRECOGNIZED, NOT_DEFINED) else 2
        self._add(Finding(level, self.position, tag[:3], loop.name, "", code))

    def _stands_before(self, tag: str, raw: str) -> bool:
        """Whether it might have stood earlier in a loop that is open."""
        for opened in reversed(self._stack):
            for index, child in enumerate(opened.loop.children):
                segment = child.loop.first if isinstance(child, LoopNode) else child
                if segment.tag == tag and is_it(segment, raw, self.delimiters):
                    return index > 0 or opened.loop.parent is None
        return False

    def _add(self, finding: Finding) -> None:
        self.finding_count += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)
        here = self._stack[-1].findings
        if len(here) < FINDINGS_OF_A_LOOP:
            here.append(finding)
