"""Rows that a plugin keeps: the tables that it declares (`plugin_tables`), and what it may put into them.

A table belongs to patients, claims or payers, or to nobody (`of`); each row has its owner and the columns that the
plugin names. The row of an owner with the same `key` is the same row: keeping it again changes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from .rubbish import Rubbish

Owner = Literal["patient", "claim", "payer", "none"]
OWNERS: tuple[Owner, ...] = ("patient", "claim", "payer", "none")
TYPES: Mapping[type, str] = {str: "text", int: "int", Decimal: "dollars", dt.date: "date", bool: "bool"}
"""What a column may hold, and what it is called where tables are told of."""

LONGEST_NAME = 30
LONGEST_TEXT = 1000
MOST_COLUMNS = 40
MOST_CENTS = 10**15
MOST_INT = 2**63 - 1
RESERVED = frozenset({"patient_id", "claim_id", "payer_id", "owner", "kept_at"})
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


class RowTable(NamedTuple):
    """A table of a plugin's own.

    `columns` gives each column's type: str, int, Decimal (dollars and cents), datetime.date or bool. `key` are the
    columns that tell the rows of one owner apart; without any an owner has one row. `of` says whose the rows are. Only
    columns of the key must have a value. Later versions of the plugin may add tables, and columns outside the key.
    """

    name: str
    columns: Mapping[str, type]
    key: tuple[str, ...] = ()
    of: Owner = "patient"

    def fault(self) -> str:
        """What is wrong with the declaration, in words; empty where it can be used."""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name) or len(self.name) > LONGEST_NAME:
            return (
                f"the table {self.name!r} needs a name of small letters, digits and single underscores, of at most "
                f"{LONGEST_NAME} characters"
            )
        if self.of not in OWNERS:
            return f"the table {self.name} is of {self.of!r}; it may be of {', '.join(OWNERS)}"
        if not isinstance(self.columns, Mapping) or not 0 < len(self.columns) <= MOST_COLUMNS:
            return f"the table {self.name} needs columns, at most {MOST_COLUMNS}"
        for name, kind in self.columns.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME or name in RESERVED:
                return f"the table {self.name} cannot have a column {name!r}; take another name"
            if kind not in TYPES:
                known = ", ".join(one.__name__ for one in TYPES)
                return f"column {name} of the table {self.name} has the type {kind!r}; it may be {known}"
        if isinstance(self.key, str) or not isinstance(self.key, tuple):
            return f'the key of the table {self.name} must be a tuple of columns, such as key=("serial",)'
        for name in self.key:
            if name not in self.columns:
                return f"the key of the table {self.name} names {name!r}, which is no column of it"
        if self.of == "none" and not self.key:
            return f"the table {self.name} belongs to nobody, so it needs a key"
        return ""

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Values in the order of the columns; those that are not named are None.

        Raises:
            Rubbish: a column that the table does not have, a value of another type, a key without a value. The message
                has no value in it.
        """
        if not isinstance(values, Mapping):
            raise Rubbish(f"it keeps a {type(values).__name__} in the table {self.name} where a dict is wanted")
        for name in values:
            if name not in self.columns:
                # The name could be anybody's: only what the table has is told.
                raise Rubbish(
                    f"it keeps a column that the table {self.name} does not have (it has {', '.join(self.columns)})"
                )
        return tuple(self._value(name, kind, values.get(name)) for name, kind in self.columns.items())

    def _value(self, name: str, kind: type, value: Any) -> Any:
        where = f"column {name} of the table {self.name}"
        if value is None:
            if name in self.key:
                raise Rubbish(f"{where} is part of the key and has no value")
            return None
        # Exactly this type: a bool is no int, and a moment no date.
        if not _is_exactly(value, kind):
            raise Rubbish(f"{where} is given a {type(value).__name__} where a {kind.__name__} is wanted")
        if kind is str and (len(value) > LONGEST_TEXT or "\x00" in value):
            raise Rubbish(f"{where} is given more than {LONGEST_TEXT} characters, or some that cannot be kept")
        if kind is int and not -MOST_INT <= value <= MOST_INT:
            raise Rubbish(f"{where} is given a number that is too large")
        return _cents(value, where) if kind is Decimal else value


def _is_exactly(value: object, kind: type) -> bool:
    return type(value) is kind


def _cents(value: Decimal, where: str) -> Decimal:
    if not value.is_finite() or value != value.quantize(Decimal("0.01")) or abs(value) * 100 > MOST_CENTS:
        raise Rubbish(f"{where} is given what is no amount of dollars and cents")
    return value.quantize(Decimal("0.01"))


class DeclaredTable(NamedTuple):
    """A table and the plugin that declares it."""

    plugin: str
    table: RowTable

    @property
    def name(self) -> str:
        """What it is called in the database."""
        return f"plugin_{self.plugin}__{self.table.name}"


class KeptRow(NamedTuple):
    """A row that a step wants kept: whose plugin's, in which table, for which payer (of = payer), its values in the
    order of the columns."""

    plugin: str
    table: RowTable
    payer_id: str
    values: tuple[Any, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two of them the same row, for one claim or payment."""
        columns = list(self.table.columns)
        return (self.plugin, self.table.name, *(self.values[columns.index(name)] for name in self.table.key))
