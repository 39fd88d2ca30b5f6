"""A right segment is known again in the same place of a guide: what is found stays the same, and little is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.core.x12.guides import compiled as compiled_guides
from gateway.core.x12.guides.compiled import CompiledGuide, LoopNode, State
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Walk
from gateway.core.x12.segment import Delimiters

from ..build import BILLING, CLAIM, SUBSCRIBER, changed

HEAD = (
    "ST*837*0001*005010X222A1",
    "BHT*0019*00*1*20260101*0000*CH",
    "NM1*41*2*EXAMPLE*****46*X1",
    "PER*IC*DESK*TE*5550100",
    "NM1*40*2*EXAMPLE*****46*X2",
)
WRONG = (
    changed(CLAIM, "REF*6R*L1", "REF*6R*"),
    changed(CLAIM, "HI*ABK:J449*ABF:G4733", "HI*ABK:J449*ZZZ:G4733"),
    changed(CLAIM, "NTE*ADD*FIRST NOTE", "NTE*XXX*FIRST NOTE"),
    [raw for raw in CLAIM if raw != "HI*ABK:J449*ABF:G4733"],
    [*CLAIM, "HI*ABK:J449"],
    [*CLAIM[:2], CLAIM[1], *CLAIM[2:]],
)


def _walk(made: CompiledGuide, claim: Sequence[str]) -> list[tuple[int, str, str, str]]:
    walk = Walk(made)
    walk.feed((*HEAD, "HL*1**20*1", *BILLING, "HL*2*1*22*0", *SUBSCRIBER, *claim))
    walk.feed((f"SE*{walk.position + 1}*0001",))
    walk.end()
    return [(one.position, one.place, one.ik304, one.ik403) for one in walk.findings]


def _fresh() -> CompiledGuide:
    return CompiledGuide(guide("837p"), Delimiters())


def _states(loop: LoopNode) -> list[State]:
    found = [*loop.states.values()]
    for child in loop.children:
        if isinstance(child, LoopNode):
            found += _states(child)
    return found


def test_a_guide_that_knows_segments_finds_what_a_new_one_finds() -> None:
    warm = _fresh()
    assert _walk(warm, CLAIM) == _walk(warm, CLAIM) == []
    for wrong in WRONG:
        first = _walk(_fresh(), wrong)
        assert first, wrong
        assert _walk(warm, wrong) == _walk(warm, wrong) == first
    assert _walk(warm, CLAIM) == []


def test_a_place_keeps_few_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_guides, "MOST_RIGHT", 5)
    made = _fresh()
    for number in range(30):
        assert _walk(made, changed(CLAIM, CLAIM[0], CLAIM[0].replace("A1001", f"A{number}"))) == []
    kept = [len(state.right) for state in _states(made.root)]
    assert 0 < max(kept) <= 5
