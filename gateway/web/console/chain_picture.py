"""Where everything of the picture of the chains stands: boxes for stations and steps, with what each step did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from ...config.graph import match_words
from ...core.store.step_calls import StepCounted, StepKey
from ...plugins.chains import STATIONS, Chain

WIDTH = 1090
_GAP = 18
_BOX = (WIDTH - _GAP * (len(STATIONS) - 1)) // len(STATIONS)
_HEAD = 34
_LABEL = 24
_STEP = 46
_BELOW = 26
_LETTERS = 29
"""Letters of a line that fit into a step's box."""


class StepBox(NamedTuple):
    """A step: where its box stands, and what it did. `tone`: bad where calls failed, wait where it rests."""

    x: int
    y: int
    width: int
    height: int
    plugin: str
    words: str
    tone: str
    counted: StepCounted


class StationBox(NamedTuple):
    """A station with its steps; `arrow`: from where the line to it comes, None at the first."""

    x: int
    y: int
    width: int
    height: int
    name: str
    steps: tuple[StepBox, ...]
    arrow: int | None


class ChainRow(NamedTuple):
    """A chain: its head, and its stations from left to right."""

    y: int
    name: str
    match: str
    stations: tuple[StationBox, ...]


class Picture(NamedTuple):
    """All of it."""

    width: int
    height: int
    rows: tuple[ChainRow, ...]


def short(text: str, letters: int = _LETTERS) -> str:
    """A text that fits into a box."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def step_words(counted: StepCounted) -> str:
    """`1,204 calls, 3 held, 1 failed, 45 µs`, as far as there is something."""
    if not counted.calls:
        return "not called"
    words = [f"{counted.calls:,} call{'' if counted.calls == 1 else 's'}"]
    if counted.holds:
        words.append(f"{counted.holds:,} held")
    if counted.failures:
        words.append(f"{counted.failures:,} failed")
    return ", ".join([*words, f"{counted.each:,} µs"])


def draw(
    chains: Sequence[Chain], counted: Mapping[StepKey, StepCounted], resting: Set[tuple[str, str, str]]
) -> Picture:
    """The chains one below the other, in the order in which they are tried. `resting`: chain, station and plugin of
    what is not called for now."""
    rows = []
    y = 4
    for chain in chains:
        most = max([len(chain.steps(station)) for station in STATIONS], default=0)
        stations = tuple(_stations(chain, y + _HEAD, counted, resting))
        rows.append(ChainRow(y, chain.name, short(match_words(chain.match), 120), stations))
        y += _HEAD + _LABEL + max(most, 1) * (_STEP + 6) + _BELOW
    return Picture(WIDTH, y, tuple(rows))


def _stations(
    chain: Chain, y: int, counted: Mapping[StepKey, StepCounted], resting: Set[tuple[str, str, str]]
) -> list[StationBox]:
    made: list[StationBox] = []
    for at, station in enumerate(STATIONS):
        steps = chain.steps(station)
        if not steps:
            continue
        x = at * (_BOX + _GAP)
        boxes = []
        for place, step in enumerate(steps):
            name = step.plugin.name
            found = counted.get(StepKey(chain.name, station, place, name), StepCounted())
            rests = (chain.name, station, name) in resting
            tone = "wait" if rests else "bad" if found.failures else "good" if found.calls else "quiet"
            words = f"rests, {step_words(found)}" if rests else step_words(found)
            top = y + _LABEL + place * (_STEP + 6)
            boxes.append(StepBox(x + 6, top, _BOX - 12, _STEP, short(name), short(words, 35), tone, found))
        height = _LABEL + len(steps) * (_STEP + 6) + 2
        arrow = made[-1].x + _BOX if made else None
        made.append(StationBox(x, y, _BOX, height, station, tuple(boxes), arrow))
    return made
