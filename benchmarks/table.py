"""The table that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .measure import Figure


class Line(NamedTuple):
    """One line: what was done, on which database (durable work), how many, and what came out. `times`: how many times
    as fast ours is, by processor time (peers)."""

    label: str
    database: str
    size: int
    figure: Figure
    times: float = 0.0


_HEADINGS = ("what", "database", "size", "per second", "per CPU second", "peak MB", "ours is", "")


def _cells(line: Line) -> tuple[str, ...]:
    figure = line.figure
    measured = figure.runs > 0
    return (
        line.label,
        line.database,
        f"{line.size:,}",
        f"{figure.rate:,.0f}" if measured else "-",
        f"{figure.cpu_rate:,.0f}" if measured else "-",
        f"{figure.peak_mb:,.0f}" if measured else "-",
        f"{line.times:,.1f} x" if line.times else "",
        figure.note,
    )


def table(lines: Sequence[Line]) -> str:
    """The lines in columns; words to the left, numbers to the right."""
    rows = [_HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    shown = []
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in (2, 3, 4, 5, 6) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        shown.append("  ".join(cells).rstrip())
        if not number:
            shown.append("  ".join("-" * width for width in widths).rstrip())
    return "\n".join(shown)
