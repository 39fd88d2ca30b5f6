"""Separators: which ones an interchange can use, and claims brought from one set of separators to another.

X12 has no escape, so a separator can never stand inside data. Where it would, the writer takes another one; where a
partner fixes them, free text gets a blank in its place and everything else is a conflict for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .segment import Delimiters
from .stored import StoredClaim

# Characters that X12 allows as separators and that rarely stand in data, best first.
CANDIDATES = "*~:^|>!<}{\\[]`\x1c\x1d\x1e\x1f"

# Free text that may get a blank where a fixed separator stands: segment and element (notes, fixed-format information,
# descriptions of transport and of a patient's condition, answers on a certificate of medical necessity). The
# description in SV101 and SV501 is a component: see `_is_free_text`.
FREE_TEXT = frozenset(
    {("NTE", 2), ("K3", 1), ("CR1", 9), ("CR1", 10), ("CR2", 10), ("CR2", 11), ("FRM", 3), ("MSG", 1), ("PWK", 7)}
)

_PARTS = ("billing", "subscriber", "patient", "claim")


# Elements of an 837 that are composites; HI has them in all of its twelve. Elsewhere a source's component
# separator is a slip inside a value, and stays the character that it is.
_COMPOSITES = {
    "CLM": frozenset({5, 11}),
    "CTP": frozenset({5}),
    "DMG": frozenset({5}),
    "HI": frozenset(range(1, 13)),
    "K3": frozenset({3}),
    "MEA": frozenset({4}),
    "QTY": frozenset({3}),
    "REF": frozenset({4}),
    "SV1": frozenset({1, 7}),
    "SV2": frozenset({2}),
    "SV3": frozenset({1, 4, 11}),
    "SV5": frozenset({1}),
    "SVD": frozenset({3}),
    "TOO": frozenset({3}),
}
_NO_COMPOSITES: frozenset[int] = frozenset()
# Elements that repeat (demographics: race and ethnicity).
_REPEATS = {"DMG": frozenset({5, 10})}


class WriterFault(ValueError):
    """What was to be written cannot be written as it is; the message says what, and where it comes from."""


class Conflict(NamedTuple):
    """A value that holds a separator which cannot be changed: the segment's id and the element's number."""

    segment_id: str
    element: int
    separator: str


class Blanked(NamedTuple):
    """Free text in which a separator became a blank."""

    segment_id: str
    element: int


_POSSIBLE = frozenset(CANDIDATES + "\r\n\t")


def _strangers(claim: StoredClaim, more: str = "") -> set[str]:
    """Every character inside the claim's values that could be a separator, or is one of `more`. Its own separators
    are none, except where they stand inside a value by a slip."""
    element, component, repetition, _ = claim.delimiters
    text = "".join("".join(getattr(claim, part)) for part in _PARTS)
    found = set(text) & (_POSSIBLE | set(more))
    found.discard(element)
    for mark, places in ((component, _COMPOSITES), (repetition, _REPEATS)):
        if mark and mark in found and not _slips(claim, mark, places):
            found.discard(mark)
    return found


def _slips(claim: StoredClaim, mark: str, places: Mapping[str, frozenset[int]]) -> bool:
    """Whether a separator of the claim's source stands in an element that is no composite (or does not repeat)."""
    for part in _PARTS:
        for raw in getattr(claim, part):
            if mark not in raw:
                continue
            elements = raw.split(claim.delimiters.element)
            allowed = places.get(elements[0], _NO_COMPOSITES)
            if raw.count(mark) != sum([elements[at].count(mark) for at in allowed if at < len(elements)]):
                return True
    return False


def choose(claims: Iterable[StoredClaim], wanted: Delimiters | None = None) -> Delimiters | None:
    """Separators that no value of these claims holds: the wanted ones where they can be, else the next best.

    None where there are not enough (then the claims must be written apart).
    """
    marks = wanted or Delimiters()
    taken: set[str] = set()
    for claim in claims:
        taken |= _strangers(claim, "".join(marks))
    free = [mark for mark in CANDIDATES if mark not in taken and mark not in marks]
    chosen = []
    for mark in marks:
        if mark and mark in taken:
            if not free:
                return None
            chosen.append(free.pop(0))
        else:
            chosen.append(mark)
    return Delimiters(*chosen)


def fit(claim: StoredClaim, marks: Delimiters) -> tuple[StoredClaim, list[Blanked], list[Conflict]]:
    """A claim for separators that are fixed: free text gets blanks, the rest is told as conflicts.

    Returns the claim (itself where nothing had to change), what was blanked, and what stands in the way.
    """
    strange = _strangers(claim, "".join(marks)) & {mark for mark in marks if mark}
    if not strange:
        return claim, [], []
    blanked: list[Blanked] = []
    conflicts: list[Conflict] = []

    def part(segments: list[str]) -> list[str]:
        return [_fit_segment(raw, claim.delimiters, strange, blanked, conflicts) for raw in segments]

    fitted = StoredClaim(
        claim.delimiters, part(claim.billing), part(claim.subscriber), part(claim.patient), part(claim.claim)
    )
    return fitted, blanked, conflicts


def _fit_segment(
    raw: str, source: Delimiters, strange: set[str], blanked: list[Blanked], conflicts: list[Conflict]
) -> str:
    if not any(mark in raw for mark in strange):
        return raw
    elements = raw.split(source.element)
    tag = elements[0]
    for position, value in enumerate(elements[1:], 1):
        held = [mark for mark in strange if mark in _bare(tag, position, value, source)]
        if not held:
            continue
        if _is_free_text(tag, position, value, source, strange):
            for mark in held:
                value = value.replace(mark, " ")
            elements[position] = value
            blanked.append(Blanked(tag, position))
        else:
            conflicts += [Conflict(tag, position, mark) for mark in held]
    return source.element.join(elements)


def _bare(tag: str, position: int, value: str, source: Delimiters) -> str:
    """The value without the separators of its source that stand where they belong."""
    if position in _COMPOSITES.get(tag, _NO_COMPOSITES):
        value = value.replace(source.component, "")
    if source.repetition and position in _REPEATS.get(tag, _NO_COMPOSITES):
        value = value.replace(source.repetition, "")
    return value


def _is_free_text(tag: str, position: int, value: str, source: Delimiters, strange: set[str]) -> bool:
    if (tag, position) in FREE_TEXT:
        return True
    if tag in ("SV1", "SV5") and position == 1:
        # Its seventh component is a description; the codes before it are not.
        codes = value.split(source.component)[:6]
        return not any(mark in code for code in codes for mark in strange if mark != source.component)
    return False


def translated(segments: Sequence[str], source: Delimiters, target: Delimiters) -> list[str]:
    """Segments from one set of separators to another.

    Raises:
        WriterFault: a value holds a separator of the target; choose others first.
    """
    if source == target:
        return list(segments)
    # The source's element separator stands in no value.
    held = [mark for mark in target if mark and mark != source.element]
    inside = [mark for mark in (source.component, source.repetition) if mark]
    result = []
    for raw in segments:
        for mark in (*inside, *held):
            if mark in raw:
                result.append(_translate(raw, source, target, held))
                break
        else:
            # Most segments have neither composites nor anything in the way.
            result.append(raw.replace(source.element, target.element))
    return result


def _translate(raw: str, source: Delimiters, target: Delimiters, held: Sequence[str]) -> str:
    elements = raw.split(source.element)
    tag = elements[0]
    composites = _COMPOSITES.get(tag, _NO_COMPOSITES)
    repeats = _REPEATS.get(tag, _NO_COMPOSITES) if source.repetition else _NO_COMPOSITES
    for position, value in enumerate(elements):
        component = source.component if position in composites else ""
        repetition = source.repetition if position in repeats else ""
        for mark in held:
            if mark in value and mark not in (component, repetition):
                raise WriterFault(
                    f"{tag}{position:02d} holds a separator of the outgoing interchange; choose other separators"
                )
        parts = value.split(repetition) if repetition else [value]
        if len(parts) > 1 and not target.repetition:
            raise WriterFault(f"{tag}{position:02d} repeats, and the outgoing interchange has no repetition separator")
        if component:
            parts = [part.replace(component, target.component) for part in parts]
        elements[position] = target.repetition.join(parts) if len(parts) > 1 else parts[0]
    return target.element.join(elements)
