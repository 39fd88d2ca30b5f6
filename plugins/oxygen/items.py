"""What an oxygen code is: the tables `oxygen_items` and `oxygen_modifiers`, compiled once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gateway.plugins import Table, Tables

CLASSES = ("stationary", "portable", "stationary contents", "portable contents", "purchase")
SYSTEMS = ("concentrator", "gas", "liquid", "transfill")
DELIVERED_SYSTEMS = frozenset({"gas", "liquid"})
"""Systems whose contents must be brought; the others make their oxygen themselves."""
EQUIPMENT = ("stationary", "portable")


class Items(NamedTuple):
    """The oxygen codes by what they are; `codes` are all of a class whenever they were in force, for counting;
    `every` is all of them."""

    table: Table
    modifiers: Table
    codes: dict[str, frozenset[str]]
    flow: frozenset[str]
    group: frozenset[str]
    every: frozenset[str]

    def kind(self, code: str, day: dt.date) -> tuple[str, str]:
        """Class and system of a code on a day; empty for what is no oxygen item."""
        row = self.table.find(day, code)
        return (row.values["class"], row.values["system"]) if row else ("", "")

    def system(self, code: str, day: dt.date) -> str:
        """What it works with."""
        return self.kind(code, day)[1]

    @property
    def equipment(self) -> frozenset[str]:
        """All equipment."""
        return self.codes["stationary"] | self.codes["portable"]


def make_items(settings: object, tables: Tables | Mapping[str, Table]) -> Items:
    """The tables, compiled (`context.prepared`)."""
    table, modifiers = tables["oxygen_items"], tables["oxygen_modifiers"]
    codes = {
        word: frozenset(row.values["code"] for row in table.rows if row.values["class"] == word) for word in CLASSES
    }

    def of(kind: str) -> frozenset[str]:
        return frozenset(row.values["modifier"] for row in modifiers.rows if row.values["kind"] == kind)

    return Items(table, modifiers, codes, of("flow"), of("group"), frozenset().union(*codes.values()))


_ITEM_COLUMNS = {"class": CLASSES, "system": SYSTEMS}
_MODIFIER_COLUMNS = {
    "kind": ("flow", "group"),
    "on": ("stationary", "both"),
    "flow": ("low", "high", ""),
    "average": ("yes", "no"),
    "portable": ("yes", "no", "any"),
}


def faults(tables: Tables) -> Iterator[str]:
    """What is wrong with the tables, in sentences."""
    yield from _wrong(tables["oxygen_items"], "code", _ITEM_COLUMNS)
    yield from _wrong(tables["oxygen_modifiers"], "modifier", _MODIFIER_COLUMNS)


def _wrong(table: Table, key: str, columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for row in table.rows:
        for column, words in columns.items():
            if row.values.get(column, "") not in words:
                shown = ", ".join(word or "nothing" for word in words)
                yield f"in the table {table.name}, {column} of {row.values.get(key, '')} must be one of {shown}"
