"""Charts as places on a sheet: what a template draws as inline SVG, without a script and without a style of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...core.flow.trends import Group, Month
from .render import count, dollars

WIDTH = 720
_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 84, 20, 14, 34, 220
_LABEL, _BAR, _END, _VALUE = 128, 22, 596, 604
BARS = 12
"""Bars of a Pareto chart, at most; the table beside has all."""


class Point(NamedTuple):
    """A month of a trend: where it stands, what it is called, what is told of it, where it leads."""

    x: float
    y: float
    label: str
    said: str
    href: str


class Tick(NamedTuple):
    """A line of the scale, and what stands beside it."""

    y: float
    label: str


class Trend(NamedTuple):
    """A line through months, in dollars."""

    width: int
    height: int
    line: str
    points: list[Point]
    ticks: list[Tick]
    left: int
    right: int
    foot: int


class Bar(NamedTuple):
    """A bar of a Pareto chart, as long as its dollars; `at` is where the share of all before it and itself stands."""

    y: float
    width: float
    at: float
    label: str
    value: str
    said: str
    href: str


class Pareto(NamedTuple):
    """Bars, the longest first, and the line of what they come to together (left 0%, right 100%)."""

    width: int
    height: int
    bars: list[Bar]
    line: str
    left: int
    right: int
    text: int


def _round_up(cents: int) -> int:
    """A round amount that is not less, so that a scale has round numbers."""
    top = 100
    while True:
        for step in (1, 2, 5):
            if top * step >= cents:
                return top * step
        top *= 10


def trend(months: Sequence[Month], links: Sequence[str]) -> Trend:
    """The dollars of months as a line."""
    top = _round_up(max((one.cents for one in months), default=0))
    foot = _HEIGHT - _BOTTOM
    room = (WIDTH - _LEFT - _RIGHT) / max(len(months) - 1, 1)

    def high(cents: int) -> float:
        return round(foot - (foot - _TOP) * cents / top, 1)

    points = [
        Point(
            round(_LEFT + room * at, 1) if len(months) > 1 else WIDTH / 2,
            high(one.cents),
            f"{one.first:%b}" if at and one.first.month != 1 else f"{one.first:%b %Y}",
            f"{one.first:%B %Y}: {dollars(one.cents)} in {count(one.number)}",
            links[at],
        )
        for at, one in enumerate(months)
    ]
    line = " ".join(f"{one.x},{one.y}" for one in points)
    ticks = [Tick(high(top * part // 4), dollars(top * part // 4).removesuffix(".00")) for part in range(5)]
    return Trend(WIDTH, _HEIGHT, line, points, ticks, _LEFT, WIDTH - _RIGHT, foot)


def pareto(groups: Sequence[Group], links: Sequence[str]) -> Pareto:
    """The first groups as bars, and how much of all they make together."""
    some = groups[:BARS]
    most = max((one.cents for one in some), default=0) or 1
    room = _END - _LABEL
    bars = [
        Bar(
            8 + at * (_BAR + 8),
            round(max(room * one.cents / most, 1), 1),
            round(_LABEL + room * one.cumulative / 100, 1),
            one.key if len(one.key) <= 17 else f"{one.key[:16]}…",
            dollars(one.cents),
            f"{one.key}{f', {one.words}' if one.words else ''}: {dollars(one.cents)} in {count(one.number)}, "
            f"{one.share}% of all, {one.cumulative}% up to here",
            links[at],
        )
        for at, one in enumerate(some)
    ]
    line = " ".join(f"{one.at},{one.y + _BAR / 2}" for one in bars)
    return Pareto(WIDTH, 16 + len(bars) * (_BAR + 8), bars, line, _LABEL, _END, _VALUE)
