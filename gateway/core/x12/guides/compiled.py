"""A guide made ready to walk: for each place in it, what may come next, and what a right segment looks like there.

A state is a loop and a printed position in it; what may follow depends on nothing else. So everything is worked out
once for each set of delimiters, when it is first asked for: a look-up by the first three characters of a segment, by
its key where several of one tag may follow, and one pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from ..segment import Delimiters
from .elements import Rules
from .model import Element, Guide, Loop, Segment, Usage
from .patterns import breakable_from, pattern, rules_to_check

TABLE = 10_000
"""What printed positions are counted on by, where they begin anew."""
ANY_LENGTH = 1 << 30
MOST_UNKNOWN = 200
"""Tags that a state remembers not to know; there is no end of them in a file that is not X12."""

MOST_RIGHT = 500
"""Right segments that a state remembers."""


class Node:
    """A segment at its place: `loop` it stands in (a loop's first segment stands in the loop that it begins)."""

    __slots__ = ("before", "bit", "index", "limit", "loop", "match", "rules", "rules_from", "segment", "state")

    def __init__(self, segment: Segment, loop: LoopNode, index: int, delimiters: Delimiters) -> None:
        self.segment = segment
        self.loop = loop
        self.index = index
        self.bit = 1 << index
        self.limit = segment.repeats
        self.before = loop.before(index)
        self.match: Callable[[str], re.Match[str] | None] = pattern(segment, delimiters).fullmatch
        rules = rules_to_check(segment)
        self.rules = Rules(rules)
        # A segment with fewer elements than this cannot break one of them.
        self.rules_from = min((breakable_from(rule) for rule in rules), default=ANY_LENGTH)
        self.state: State = loop.state(loop.places[index])


class LoopNode:
    """A loop at its place in the guide. `places`: where its children stand, as printed, counted on where the printed
    positions begin anew (the next table). `required`: the bits of the children that must be there. `index`, `bit`,
    `limit` and `ahead` (what must stand before it) are its own in its parent."""

    __slots__ = (
        *("ahead", "bit", "children", "depth", "guide", "index", "limit", "loop", "parent", "places", "required"),
        *("states", "of_claims"),
    )

    def __init__(self, loop: Loop, parent: LoopNode | None, index: int, guide: CompiledGuide) -> None:
        self.loop = loop
        self.parent = parent
        self.guide = guide
        self.index = index
        self.bit = 1 << index
        self.limit = loop.repeats
        self.ahead = parent.before(index) if parent is not None else 0
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.of_claims = loop.first.tag in ("CLM", "CLP")
        self.states: dict[int, State] = {}
        self.required = 0
        self.places: list[int] = []
        for at, child in enumerate(loop.children):
            place = child.place + (self.places[-1] // TABLE * TABLE if self.places else 0)
            self.places.append(place + TABLE if self.places and place < self.places[-1] else place)
            if child.usage is Usage.REQUIRED:
                self.required |= 1 << at
        self.children: list[Segment | LoopNode] = [
            LoopNode(child, self, at, guide) if isinstance(child, Loop) else child
            for at, child in enumerate(loop.children)
        ]

    def before(self, index: int) -> int:
        """The bits of the children that must stand before this one."""
        place = self.places[index]
        return self.required & sum(1 << at for at, other in enumerate(self.places) if other < place)

    def state(self, place: int) -> State:
        """Where one is after a segment at this printed position."""
        found = self.states.get(place)
        if found is None:
            found = self.states[place] = State(self, place)
        return found

    @property
    def name(self) -> str:
        """Its id as the guide prints it; empty for what stands in no loop."""
        return self.loop.id if self.parent is not None else ""


class Step:
    """One way on from a state: leave `up` loops, then this segment, which may begin a loop below."""

    __slots__ = ("child", "node", "plain", "up")

    def __init__(self, node: Node, up: int, child: LoopNode | None) -> None:
        self.node = node
        self.up = up
        self.child = child
        self.plain = not up and child is None


def _inner_key(key: Element) -> Element:
    """The component of a composite that is the key; the element itself where it is simple."""
    if not key.components:
        return key
    return next(one for one in key.components if one.key or one.codes)


def key_codes(key: Element) -> tuple[str, ...]:
    """The values that a key may have."""
    return _inner_key(key).codes


def _key_place(segment: Segment) -> tuple[int, int]:
    """Element and component (0: the whole) of a segment's key; (0, 0) where it has none. Only 1 is asked of components,
    which is where all guides have it."""
    keys = segment.keys
    if not keys:
        return 0, 0
    return keys[0].position, _inner_key(keys[0]).position if keys[0].components else 0


def is_it(segment: Segment, raw: str, delimiters: Delimiters) -> bool:
    """Whether a segment, of the right tag, has the keys of this one (or this one has none)."""
    parts = raw.split(delimiters.element)
    return all(_value_at(key, parts, delimiters) in key_codes(key) for key in segment.keys)


def key_value(segment: Segment, raw: str, delimiters: Delimiters) -> str:
    """What stands where this segment has its first key; empty where it has none."""
    keys = segment.keys
    return _value_at(keys[0], raw.split(delimiters.element), delimiters) if keys else ""


def _value_at(key: Element, parts: Sequence[str], delimiters: Delimiters) -> str:
    value = parts[key.position] if key.position < len(parts) else ""
    if not key.components:
        return value
    components = value.split(delimiters.component)
    at = _inner_key(key).position
    return components[at - 1] if at <= len(components) else ""


def _codes_at(segment: Segment, at: tuple[int, int]) -> tuple[str, ...]:
    """The codes that a segment allows at an element and component (0: the whole)."""
    element = next((one for one in segment.elements if one.position == at[0]), None)
    if element is None or not at[1]:
        return element.codes if element is not None else ()
    return next((one.codes for one in element.components if one.position == at[1]), ())


class Choice:
    """The segments of one tag that may follow, the innermost first. `single`, where there is one."""

    __slots__ = ("_at", "_by_key", "_inner", "single", "steps")

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.single = steps[0] if len(steps) == 1 else None
        places = {_key_place(step.node.segment) for step in steps} - {(0, 0)}
        # Where one element tells all of them apart, they are looked up by it.
        self._at, self._inner = places.pop() if len(places) == 1 else (0, 0)
        self._by_key: dict[str, Step] = {}
        for step in steps if self._at else ():
            keys = step.node.segment.keys
            for code in key_codes(keys[0]) if keys else ("",):
                self._by_key.setdefault(code, step)

    def step(self, raw: str, delimiters: Delimiters) -> Step | None:
        """The one that a segment is; None where its key is none of theirs."""
        if self.single is not None:
            return self.single
        if not self._at:
            return next((step for step in self.steps if is_it(step.node.segment, raw, delimiters)), None)
        parts = raw.split(delimiters.element, self._at + 1)
        key = parts[self._at] if self._at < len(parts) else ""
        if self._inner:
            key = key.split(delimiters.component, self._inner)[self._inner - 1]
        by_key = self._by_key
        return by_key.get(key) or by_key.get("")


class State(dict[str, "Choice | None"]):
    """What may follow, by the first three characters of a segment. `right`: some that followed and were right, whole:
    the same providers, codes and days come again and again."""

    def __init__(self, loop: LoopNode, place: int) -> None:
        super().__init__()
        self.loop = loop
        self.place = place
        self.right: dict[str, Step] = {}

    def remember(self, raw: str, step: Step) -> None:
        """This segment is right here, and is that step."""
        if len(self.right) >= MOST_RIGHT:
            self.right.clear()
        self.right[raw] = step

    def __missing__(self, start: str) -> Choice | None:
        steps = self._steps(start.split(self.loop.guide.delimiters.element)[0])
        found = Choice(steps) if steps else None
        if found is not None or len(self) < MOST_UNKNOWN:
            self[start] = found
        return found

    def _steps(self, tag: str) -> list[Step]:
        """From the innermost loop outwards: what stands at this place or after it."""
        found: list[Step] = []
        loop: LoopNode | None = self.loop
        place, up = self.place, 0
        while loop is not None:
            for index, child in enumerate(loop.children):
                if loop.places[index] < place:
                    continue
                if isinstance(child, LoopNode):
                    if child.loop.first.tag == tag:
                        found.append(Step(loop.guide.node(child, 0), up, child))
                elif child.tag == tag and (index or loop.parent is None):
                    found.append(Step(loop.guide.node(loop, index), up, None))
            if loop.parent is not None:
                place = loop.parent.places[loop.index]
            up += 1
            loop = loop.parent
        return found


class CompiledGuide:
    """A guide for one set of delimiters."""

    def __init__(self, guide: Guide, delimiters: Delimiters) -> None:
        self.guide = guide
        self.delimiters = delimiters
        self._nodes: dict[tuple[int, int], Node] = {}
        self.root = LoopNode(guide.root, None, 0, self)
        self.tags = frozenset(
            child.tag for loop in guide.root.loops() for child in loop.children if isinstance(child, Segment)
        )

        self._keyed: dict[str, list[Segment]] = {}
        for loop in guide.root.loops():
            for child in loop.children:
                if isinstance(child, Segment):
                    self._keyed.setdefault(child.tag, []).append(child)

    def has_key(self, tag: str, raw: str, like: Segment) -> bool:
        """Whether there is a segment of this tag and this key anywhere in the guide. One without a key counts where it
        allows the value that stands at the key of `like`."""
        value, at = key_value(like, raw, self.delimiters), _key_place(like)
        for segment in self._keyed.get(tag, ()):
            if segment.keys:
                if is_it(segment, raw, self.delimiters):
                    return True
            elif not (codes := _codes_at(segment, at)) or value in codes:
                return True
        return False

    def node(self, loop: LoopNode, index: int) -> Node:
        """A segment of a loop, by its index among the loop's children."""
        key = id(loop), index
        found = self._nodes.get(key)
        if found is None:
            segment = loop.children[index]
            assert isinstance(segment, Segment)
            found = self._nodes[key] = Node(segment, loop, index, self.delimiters)
        return found


@lru_cache(maxsize=32)
def compiled(guide: Guide, delimiters: Delimiters) -> CompiledGuide:
    """A guide made ready for these delimiters; kept for the next file."""
    return CompiledGuide(guide, delimiters)
