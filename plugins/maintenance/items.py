"""Which equipment has maintenance (table `oxygen_items`), compiled once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.plugins import Table, Tables

KINDS = ("stationary", "portable")


class Items(NamedTuple):
    """Oxygen equipment by its kind; `oxygen`: every code of the table; `maintained`: those with maintenance, whenever
    they were in force."""

    kinds: dict[str, frozenset[str]]
    oxygen: frozenset[str]
    maintained: frozenset[str]

    def kind(self, code: str) -> str:
        """Stationary or portable; empty for what is no equipment."""
        return next((kind for kind in KINDS if code in self.kinds[kind]), "")


def items_of(table: Table) -> Items:
    """The table, compiled."""
    rows = [row.values for row in table.rows]
    return Items(
        {kind: frozenset(row["code"] for row in rows if row["class"] == kind) for kind in KINDS},
        frozenset(row["code"] for row in rows),
        frozenset(row["code"] for row in rows if row["maintained"] == "yes"),
    )


def make_items(settings: object, tables: Tables) -> Items:
    """The same for `context.prepared`."""
    return items_of(tables["oxygen_items"])


def faults(tables: Tables) -> Iterator[str]:
    """What is wrong with the tables, in sentences."""
    for row in tables["oxygen_items"].rows:
        if row.values.get("maintained") not in ("yes", "no"):
            yield f"in the table oxygen_items, maintained of {row.values.get('code', '')} must be yes or no"
    for row in tables["repair_labor"].rows:
        if not row.values.get("units", "").isdigit():
            yield f"in the table repair_labor, {row.values.get('word', '')} needs a whole number of units"
    for row in tables["maintenance_charges"].rows:
        whole, _, part = row.values.get("charge", "").partition(".")
        if not whole.isdigit() or (part and not (part.isdigit() and len(part) <= 2)):
            yield f"in the table maintenance_charges, {row.values.get('code', '')} needs a charge such as 140.00"
