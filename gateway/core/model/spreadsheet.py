"""Lists as CSV: one way to write them, in which text that came from outside stays text."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, Protocol

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Target(Protocol):
    """What is written to."""

    def write(self, text: str, /) -> Any: ...


def cell(value: Any) -> Any:
    """A value as a spreadsheet may have it: text that it would take for a formula has a quote in front. Amounts and
    other numbers stay as they are; None is empty."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value


class CsvWriter:
    """Writes rows of CSV to `target`."""

    def __init__(self, target: Target, line_end: str = "\n") -> None:
        self._writer = csv.writer(target, lineterminator=line_end)

    def writerow(self, row: Iterable[Any]) -> None:
        """One row, its values as `cell` has them."""
        self._writer.writerow([cell(value) for value in row])

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Several rows."""
        for row in rows:
            self.writerow(row)
