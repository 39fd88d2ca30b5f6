"""Rows of plugins' own tables while a chunk is decided: those of the store, and what the chunk keeps on its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from ...plugins.rows import DeclaredTable, KeptRow, RowTable
from ...plugins.rubbish import Rubbish
from ..store import plugin_rows
from ..store.plugin_rows import Kept
from .past import Past
from .verdicts import RowKept

Row = Mapping[str, Any]


class TableMissing(LookupError):
    """A plugin's table is not in the database; the gateway makes it when it starts."""

    def __init__(self, plugin: str, table: str) -> None:
        super().__init__(f"Plugin {plugin} has no table {table} in the database. Restart the gateway, which makes it.")


class KeptRows:
    """The rows that plugins see. Owners are patients (`Past`'s numbers), claim ids, payer ids, or "" for nobody."""

    def __init__(self, past: Past, claim_ids: Sequence[int] = ()) -> None:
        self._past = past
        self._claim_ids = claim_ids
        self._kept: dict[tuple[str, str, Any], dict[tuple[Any, ...], Row]] = {}

    def of(self, plugin: str, table: RowTable, owner: Any) -> Sequence[Row]:
        """The rows of an owner, in the order in which they were kept; copies that the caller may change.

        Raises:
            Rubbish: there are more than can be read.
        """
        stored = self._stored(DeclaredTable(plugin, table), owner)
        kept = self._kept.get((plugin, table.name, owner)) if self._kept else None
        if not stored and not kept:
            return []  # of most owners nothing was ever kept
        rows: dict[tuple[Any, ...], Row] = {tuple(row[name] for name in table.key): row for row in stored}
        rows |= kept or {}
        return [dict(row) for row in rows.values()]

    def _stored(self, declared: DeclaredTable, owner: Any) -> Sequence[Row]:
        kind, whose = f"rows:{declared.name}", declared.table.of
        # The gateway makes the tables when it starts; who asks before that (gateway explain) finds them empty.
        made = self._past.once("tables", _made)
        if made is not None and declared.name not in made:
            return ()
        if whose == "patient":
            return self._past.of(kind, lambda c, owners: plugin_rows.rows_by_owner(c, declared, owners), owner)
        if whose == "claim":
            if not owner or owner not in self._claim_ids:
                return ()
            ids = {claim_id: claim_id for claim_id in self._claim_ids}
            by_claim = self._past.once(kind, lambda c: plugin_rows.rows_by_owner(c, declared, ids))
            return (by_claim or {}).get(owner, ())
        if whose == "payer":
            by_payer = self._past.once(
                f"{kind}:{owner}", lambda c: plugin_rows.rows_by_owner(c, declared, {owner: owner})
            )
            found = (by_payer or {}).get(owner, [])
        else:
            found = self._past.once(kind, lambda c: plugin_rows.rows_of_nobody(c, declared)) or []
        if len(found) > plugin_rows.MOST_ROWS:
            raise Rubbish(f"its table {declared.table.name} has more than {plugin_rows.MOST_ROWS:,} rows to read")
        return found

    def keep(self, rows: Iterable[KeptRow], patient: int, claim_id: int) -> None:
        """Something was decided that keeps these rows: later ones of the chunk see them."""
        for row in rows:
            owner = owner_of(row.table.of, patient, claim_id, row.payer_id)
            values = dict(zip(row.table.columns, row.values, strict=True))
            key = tuple(values[name] for name in row.table.key)
            self._kept.setdefault((row.plugin, row.table.name, owner), {})[key] = values


def _made(connection: Connection) -> frozenset[str]:
    return frozenset(one.name for one in plugin_rows.known(connection).values())


def owner_of(of: str, patient_id: int | None, claim_id: int, payer_id: str) -> Any:
    """Whose a row is; 0 or None where that is nobody we know."""
    return {"patient": patient_id, "claim": claim_id, "payer": payer_id}.get(of, "")


# --- on their way to the commit --------------------------------------------------------------------


def packed(row: KeptRow) -> RowKept:
    """The row as plain data."""
    values = {
        name: value.isoformat() if isinstance(value, dt.date) else str(value) if isinstance(value, Decimal) else value
        for name, value in zip(row.table.columns, row.values, strict=True)
    }
    return RowKept(row.plugin, row.table.name, row.payer_id, values)


def write(
    connection: Connection,
    rows: Iterable[tuple[RowKept, int | None, int]],
    now: dt.datetime,
) -> int:
    """Write the rows of a chunk, each with the patient and the claim that it was decided for. Returns how many.

    Raises:
        TableMissing: a table was not made.
    """
    known: Mapping[tuple[str, str], DeclaredTable] | None = None
    found = []
    for row, patient_id, claim_id in rows:
        known = plugin_rows.known(connection) if known is None else known
        declared = known.get((row.plugin, row.table))
        if declared is None:
            raise TableMissing(row.plugin, row.table)
        owner = owner_of(declared.table.of, patient_id, claim_id, row.payer_id)
        if owner or declared.table.of == "none":
            # By name: another version of the plugin may have its columns in another order.
            values = [unpacked(row.values.get(name), kind) for name, kind in declared.table.columns.items()]
            found.append(Kept(declared, owner, values))
    return plugin_rows.write(connection, found, now) if found else 0


def unpacked(value: Any, kind: type) -> Any:
    """A value as its column has it, from how it travelled."""
    if value is None:
        return None
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
