"""Effective-dated tables: the rules that a biller can read and edit, as plugins see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One row: its values as they stand in the file, the dates it holds between (both included; None: open), and
    where it comes from."""

    values: Mapping[str, str]
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    source: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Whether the row is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Table:
    """A table by its key columns. A row is found in constant time, however long the table."""

    __slots__ = ("_by_key", "key", "name", "rows")

    def __init__(self, name: str, rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self.name = name
        self.rows = tuple(rows)
        self.key = tuple(key)
        self._by_key: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            self._by_key.setdefault(tuple(row.values.get(k, "") for k in self.key), []).append(row)

    def find(self, day: dt.date, *key: str) -> Row | None:
        """The row with this key that is in force on a day; None where there is none."""
        for row in self._by_key.get(key, ()):
            if row.holds_on(day):
                return row
        return None

    def on(self, day: dt.date) -> Iterator[Row]:
        """Every row in force on a day, in the order of the file."""
        return (row for row in self.rows if row.holds_on(day))


class Tables:
    """The tables of one configuration by name."""

    __slots__ = ("_tables",)

    def __init__(self, tables: Mapping[str, Table] | None = None) -> None:
        self._tables = dict(tables or {})

    def __getitem__(self, name: str) -> Table:
        """A table by name.

        Raises:
            KeyError: there is no such table; the message names those that there are.
        """
        try:
            return self._tables[name]
        except KeyError:
            known = ", ".join(sorted(self._tables)) or "none"
            raise KeyError(f"there is no table {name!r} (tables: {known})") from None

    def get(self, name: str) -> Table | None:
        """A table by name; None where there is none."""
        return self._tables.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
