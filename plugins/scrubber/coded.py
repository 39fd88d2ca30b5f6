"""Tables by HCPCS code, compiled once: a code may be a pattern, and a row holds between its dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from gateway.plugins import Row
from gateway.plugins.matching import is_pattern

T = TypeVar("T")

_REMEMBERED = 4096
"""Codes whose rows are kept; a supplier bills a few hundred."""
_ANSWERS = 65_536
"""Codes and days whose answer is kept; a year of them."""


class Coded(Generic[T]):
    """What a table says of codes. A row with the code itself goes before one with a pattern, and of patterns the one
    that stands first."""

    __slots__ = ("_answers", "_by_code", "_known", "_patterns")

    def __init__(self, rows: Iterable[Row], make: Callable[[Row], T], column: str = "code") -> None:
        self._by_code: dict[str, list[tuple[Row, T]]] = {}
        self._patterns: list[tuple[str, Row, T]] = []
        self._known: dict[str, tuple[tuple[Row, T], ...]] = {}
        self._answers: dict[tuple[str, dt.date], tuple[T] | None] = {}
        for row in rows:
            code = row.values[column]
            if is_pattern(code):
                self._patterns.append((code, row, make(row)))
            else:
                self._by_code.setdefault(code, []).append((row, make(row)))

    def find(self, code: str, day: dt.date) -> tuple[T] | None:
        """What holds for a code on a day, alone in a tuple (it may itself be None); None where no row does."""
        key = (code, day)
        try:
            return self._answers[key]
        except KeyError:
            pass
        found = next(((made,) for row, made in self.of(code) if row.holds_on(day)), None)
        if len(self._answers) >= _ANSWERS:
            self._answers.clear()
        self._answers[key] = found
        return found

    def all(self, code: str, day: dt.date) -> list[T]:
        """Everything that holds for a code on a day."""
        return [made for row, made in self.of(code) if row.holds_on(day)]

    def of(self, code: str) -> tuple[tuple[Row, T], ...]:
        """Every row for a code, whenever it holds."""
        found = self._known.get(code)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            rows = [(row, made) for pattern, row, made in self._patterns if fnmatchcase(code, pattern)]
            found = self._known[code] = (*self._by_code.get(code, ()), *rows)
        return found

    def __bool__(self) -> bool:
        return bool(self._by_code or self._patterns)
