"""Effective-dated tables: the rules that a biller can read and edit, as plugins see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple


class NotThere(KeyError):
    """A table, or a column of one, that a plugin asks for and that is not there.

    `asked` is the name that it asks for; `words` say what is missing without it, for a name may be anybody's data.
    """

    def __init__(self, asked: object, words: str, named: str) -> None:
        super().__init__(asked)
        self.asked = asked
        self.words = words
        self._named = named

    def __str__(self) -> str:
        """What is missing, with the name."""
        return self._named

    def told(self, *, named: bool) -> str:
        """What is missing; `named`: with the name that is asked for."""
        return self._named if named else self.words


class _Values(dict[str, str]):
    """The values of a row, which know the table that they are of."""

    __slots__ = ("table",)
    table: str

    def __missing__(self, column: object) -> str:
        has = f"it has {', '.join(self)}"
        of = f"column in the table {self.table}"
        raise NotThere(
            column, f"there is no such {of} ({has})", f"there is no column {column!r} in the table {self.table} ({has})"
        )


def row_values(table: str, values: Mapping[str, str]) -> Mapping[str, str]:
    """The values of a row of a table, by column; they cannot be changed. A column that is not there raises NotThere."""
    made = _Values(values)
    made.table = table
    return MappingProxyType(made)


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
        """The row with this key that is in force on a day; None where there is none. Its values are text:
        `row.values["units"]`.

        Raises:
            TypeError: as many values are wanted as the table has columns in its key.
        """
        for row in self._by_key.get(key, ()):
            if row.holds_on(day):
                return row
        if len(key) != len(self.key):
            wanted = ", ".join(self.key) or "no column"
            raise TypeError(f"the key of the table {self.name} is {wanted}; find(day, ...) is given {len(key)} values")
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
            NotThere: there is no such table (a KeyError); the message names those that there are.
        """
        try:
            return self._tables[name]
        except KeyError:
            known = ", ".join(sorted(self._tables)) or "none"
            told = f"(tables: {known})"
            raise NotThere(name, f"there is no such table {told}", f"there is no table {name!r} {told}") from None

    def get(self, name: str) -> Table | None:
        """A table by name; None where there is none."""
        return self._tables.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
