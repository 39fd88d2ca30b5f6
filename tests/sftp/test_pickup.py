"""When a listed file is ready to be fetched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.pickup import PickupRules, RemoteFile, Sighting, look, wanted

RULES = PickupRules(polls=2, seconds=30.0)


def file(name: str, size: int = 10, mtime: int = 1) -> RemoteFile:
    return RemoteFile(f"out/{name}", name, size, mtime)


@pytest.mark.parametrize(
    "name",
    [".hidden", "a.835.tmp", "a.835.TMP", "a.filepart", "a.part", "a.incomplete", ".a.swp", "a.835~", "~a.835", "."],
)
def test_partial_and_hidden_names_are_not_for_us(name: str) -> None:
    assert not wanted(file(name), RULES)


def test_an_empty_file_is_not_for_us() -> None:
    assert not wanted(file("a.835", size=0), RULES)


@pytest.mark.parametrize(
    ("name", "fits"), [("R5123456.AA", True), ("r5123456.aa", True), ("X3123456.AB", True), ("readme.txt", False)]
)
def test_masks_choose_the_names_whatever_their_case(name: str, fits: bool) -> None:
    assert wanted(file(name), PickupRules(masks=("R5*", "X3*"))) is fits


def test_a_file_is_ready_after_two_looks_and_thirty_seconds() -> None:
    seen: dict[str, Sighting] = {}
    ready = []
    for now in (0.0, 10.0, 29.0, 30.0):
        result = look(seen, [file("a.835")], RULES, now)
        seen = result.sightings
        ready.append(bool(result.ready))
    assert ready == [False, False, False, True]


def test_a_new_time_alone_begins_anew() -> None:
    first = look({}, [file("a.835", mtime=1)], RULES, 0.0)
    second = look(first.sightings, [file("a.835", mtime=2)], RULES, 60.0)
    assert not second.ready
    assert look(second.sightings, [file("a.835", mtime=2)], RULES, 95.0).ready


def test_a_marker_file_is_waited_for_and_is_not_fetched_itself() -> None:
    rules = PickupRules(polls=1, seconds=0, marker="{name}.complete")
    assert look({}, [file("a.zip")], rules, 0.0).ready == ()
    done = look({}, [file("a.zip"), file("a.zip.complete", size=1)], rules, 0.0)
    assert [one.name for one in done.ready] == ["a.zip"]


def test_a_file_that_vanished_is_forgotten() -> None:
    seen = look({}, [file("a.835")], RULES, 0.0).sightings
    assert look(seen, [], RULES, 60.0).sightings == {}


LISTINGS = st.lists(
    st.tuples(
        st.floats(0, 50, allow_nan=False),
        st.dictionaries(st.sampled_from(["a.835", "b.999", "c.tmp"]), st.tuples(st.integers(0, 2), st.integers(0, 2))),
    ),
    max_size=12,
)


@given(LISTINGS, st.integers(1, 4), st.sampled_from([0.0, 30.0, 60.0]))
def test_a_ready_file_stood_still_over_enough_looks_and_time(
    polls: list[tuple[float, dict[str, tuple[int, int]]]], needed: int, seconds: float
) -> None:
    """Whatever the partner does: what is ready was listed, unchanged, on the last looks and for long enough."""
    rules = PickupRules(polls=needed, seconds=seconds)
    seen: dict[str, Sighting] = {}
    history: list[tuple[float, dict[str, tuple[int, int]]]] = []
    now = 0.0
    for pause, listing in polls:
        now += pause
        history.append((now, listing))
        result = look(seen, [file(name, *state) for name, state in listing.items()], rules, now)
        seen = result.sightings
        expected = set()
        for name, state in listing.items():
            still = []
            for at, before in reversed(history):
                if before.get(name) != state:
                    break
                still.append(at)
            enough = len(still) >= needed and now - still[-1] >= seconds
            if name != "c.tmp" and state[0] > 0 and enough:
                expected.add(name)
        assert {one.name for one in result.ready} == expected


@given(st.lists(st.floats(0, 1000, allow_nan=False), min_size=1, max_size=10))
def test_a_clock_that_jumps_never_makes_a_file_ready_too_early(times: list[float]) -> None:
    seen: dict[str, Sighting] = {}
    for now in times:
        result = look(seen, [file("a.835")], RULES, now)
        seen = result.sightings
        if result.ready:
            assert max(times) - min(times) >= RULES.seconds
