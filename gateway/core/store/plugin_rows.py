"""The tables in which plugins keep rows of their own: made at the start, widened where a plugin wants more, read for a
chunk at once, written with the decision.

A table is called `plugin_<plugin>__<table>`: names of tables have no double underscore and none at their start, so two
plugins never share one. How it was declared stands in `plugin_tables`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    delete,
    insert,
    inspect,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateColumn

from ...plugins.rows import TYPES, DeclaredTable, RowTable
from ..model.money import to_cents, to_dollars
from . import patients as patient_store
from .claims import bulks
from .tables import UtcDateTime, plugin_tables

OWNER_COLUMN: Mapping[str, str] = {"patient": "patient_id", "claim": "claim_id", "payer": "payer_id", "none": ""}
LONGEST = 63
"""Characters of a table's name that PostgreSQL keeps."""
MOST_ROWS = 10_000
"""Rows of one payer, or of nobody, that are read for a plugin."""
PAGE = 500
"""Rows, or owners of rows, that are read at once where all of a table are wanted."""
_LOCK = 4_837_836
_NAMED = {word: kind for kind, word in TYPES.items()}
_STORED: Mapping[type, Any] = {str: Text, int: BigInteger, Decimal: BigInteger, dt.date: Date, bool: Boolean}


class PluginTablesRefused(Exception):
    """Tables that plugins declare do not fit those in the database; `faults` are sentences that say what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(faults))


class Kept(NamedTuple):
    """A row to be written: its table, its owner (patient or claim id, payer id, "" for nobody), its values in the order
    of the columns."""

    declared: DeclaredTable
    owner: Any
    values: Sequence[Any]


def stored(declared: DeclaredTable) -> Table:
    """The table as the database has it."""
    table = declared.table
    return _stored(declared.name, tuple(table.columns.items()), tuple(table.key), table.of)


@lru_cache(maxsize=256)
def _stored(name: str, columns: tuple[tuple[str, type], ...], key: tuple[str, ...], of: str) -> Table:
    owner = OWNER_COLUMN[of]
    first = [Column(owner, String(80) if of == "payer" else BigInteger, nullable=False)] if owner else []
    return Table(
        name,
        MetaData(),
        *first,
        *(
            Column(
                column,
                String(1000) if kind is str and column in key else _STORED[kind],
                nullable=column not in key,
                autoincrement=False,
            )
            for column, kind in columns
        ),
        Column("kept_at", UtcDateTime, nullable=False),
        PrimaryKeyConstraint(*([owner] if owner else []), *key),
    )


# --- made and widened ------------------------------------------------------------------------------


def as_data(table: RowTable) -> dict[str, Any]:
    """The declaration as plain data."""
    columns = [[name, TYPES[kind]] for name, kind in table.columns.items()]
    return {"columns": columns, "key": list(table.key), "of": table.of}


def from_data(name: str, data: Mapping[str, Any]) -> RowTable:
    """The declaration again."""
    return RowTable(name, {column: _NAMED[kind] for column, kind in data["columns"]}, tuple(data["key"]), data["of"])


def known(connection: Connection) -> dict[tuple[str, str], DeclaredTable]:
    """Every table that plugins have in this database, by plugin and name."""
    rows = connection.execute(select(plugin_tables).order_by(plugin_tables.c.plugin, plugin_tables.c.table))
    return {(row.plugin, row.table): DeclaredTable(row.plugin, from_data(row.table, row.declared)) for row in rows}


def faults(connection: Connection, declared: Iterable[DeclaredTable]) -> list[str]:
    """Why these tables cannot be had in this database; nothing where they are there, or can be made or widened."""
    before = known(connection)
    found = []
    for one in declared:
        if len(one.name) > LONGEST:
            most = LONGEST - len(f"plugin_{one.plugin}__")
            found.append(f"Plugin {one.plugin}: the table {one.table.name} needs a name of at most {most} characters.")
            continue
        had = before.get((one.plugin, one.table.name))
        if had is not None and (why := _why_not(had.table, one.table)):
            found.append(
                f"Plugin {one.plugin}: the table {one.table.name} holds rows already and {why}. Only columns outside "
                "the key may be added. Take the version of the plugin that wrote it, or give the table another name."
            )
    return found


def _why_not(had: RowTable, wanted: RowTable) -> str:
    if had.of != wanted.of:
        return f"belongs to {had.of}, not to {wanted.of}"
    if had.key != wanted.key:
        return f"has the key ({', '.join(had.key)}), not ({', '.join(wanted.key)})"
    for name, kind in had.columns.items():
        if name not in wanted.columns:
            return f"has a column {name} that is not declared any more"
        if wanted.columns[name] is not kind:
            return f"has {TYPES[kind]} in the column {name}, not {TYPES[wanted.columns[name]]}"
    return ""


def prepare(connection: Connection, declared: Sequence[DeclaredTable], now: dt.datetime) -> list[str]:
    """Make the tables that are missing and add the columns that are new; returns the names of what was changed.

    Raises:
        PluginTablesRefused: one does not fit what is there. Nothing was changed.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    found = faults(connection, declared)
    if found:
        raise PluginTablesRefused(found)
    before = known(connection)
    changed = []
    for one in declared:
        had = before.get((one.plugin, one.table.name))
        if had is None:
            stored(one).create(connection)
            connection.execute(
                insert(plugin_tables).values(
                    name=one.name,
                    plugin=one.plugin,
                    table=one.table.name,
                    declared=as_data(one.table),
                    created_at=now,
                )
            )
            changed.append(one.name)
            continue
        new = [name for name in one.table.columns if name not in had.table.columns]
        for name in new:
            _add_column(connection, stored(one), name)
        if new:
            connection.execute(
                update(plugin_tables).where(plugin_tables.c.name == one.name).values(declared=as_data(one.table))
            )
            changed.append(one.name)
    return changed


def _add_column(connection: Connection, table: Table, name: str) -> None:
    quoted = connection.dialect.identifier_preparer.format_table(table)
    column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE {quoted} ADD COLUMN {column}"))


def missing(connection: Connection, declared: Iterable[DeclaredTable]) -> list[str]:
    """The names of tables that are declared, or known, and are not there."""
    there = set(inspect(connection).get_table_names())
    wanted = {one.name for one in declared} | {one.name for one in known(connection).values()}
    return sorted(wanted - there)


def drop(connection: Connection, plugin: str) -> list[str]:
    """Remove all tables of a plugin with their rows; returns their names."""
    gone = [one for (owner, _), one in known(connection).items() if owner == plugin]
    for one in gone:
        stored(one).drop(connection)
        connection.execute(delete(plugin_tables).where(plugin_tables.c.name == one.name))
    return [one.name for one in gone]


# --- read and written ------------------------------------------------------------------------------


def rows_by_owner(
    connection: Connection, declared: DeclaredTable, owners: Mapping[Any, Any]
) -> dict[Any, list[dict[str, Any]]]:
    """The rows of these owners (each with the one that it counts for), as the plugin kept them. Of two rows with one
    key, the one whose owner counts for itself goes before the one of who was merged into it. A table that has not been
    made yet has none."""
    if (declared.plugin, declared.table.name) not in known(connection):
        return {}
    table = stored(declared)
    owner = table.c[OWNER_COLUMN[declared.table.of]]
    found: dict[Any, dict[tuple[Any, ...], dict[str, Any]]] = {}
    own: set[tuple[Any, tuple[Any, ...]]] = set()
    for some in bulks(sorted(owners)):
        oldest_first = (table.c.kept_at, *table.primary_key)
        for row in connection.execute(select(table).where(owner.in_(some)).order_by(*oldest_first)):
            values = _values(declared.table, row)
            whose, key = getattr(row, owner.name), tuple(values[name] for name in declared.table.key)
            counts_for = owners[whose]
            if whose == counts_for:
                own.add((counts_for, key))
            elif (counts_for, key) in own:
                continue
            found.setdefault(counts_for, {})[key] = values
    return {whose: list(rows.values()) for whose, rows in found.items()}


def rows_of_nobody(connection: Connection, declared: DeclaredTable) -> list[dict[str, Any]]:
    """The rows of a table that belongs to nobody, at most `MOST_ROWS` and one."""
    if (declared.plugin, declared.table.name) not in known(connection):
        return []
    table = stored(declared)
    rows = connection.execute(select(table).order_by(table.c.kept_at, *table.primary_key).limit(MOST_ROWS + 1))
    return [_values(declared.table, row) for row in rows]


def every_row(connection: Connection, declared: DeclaredTable) -> Iterator[dict[str, Any]]:
    """All rows of a table, a page at a time, each with its `owner`: by owner, or where it is nobody's, by key. Of
    patients, what was kept for one who was merged into another is that one's."""
    if (declared.plugin, declared.table.name) not in known(connection):
        return
    if declared.table.of == "none":
        for row in _in_pages(connection, declared):
            yield {**_values(declared.table, row), "owner": ""}
        return
    of_patients = declared.table.of == "patient"
    done: set[Any] = set()  # of those into whom somebody was merged: their rows come with the first of them
    for page in _owners(connection, declared):
        finals = patient_store.final_ids(connection, page) if of_patients else {owner: owner for owner in page}
        wanted = [who for who in dict.fromkeys(finals.values()) if who not in done]
        owners = patient_store.with_merged(connection, wanted) if of_patients else {who: who for who in wanted}
        done.update(who for other, who in owners.items() if other != who)
        found = rows_by_owner(connection, declared, owners)
        for who in wanted:
            yield from ({**row, "owner": who} for row in found.get(who, ()))


def _owners(connection: Connection, declared: DeclaredTable) -> Iterator[list[Any]]:
    """Whose rows a table has, in pages, by id."""
    owner = stored(declared).c[OWNER_COLUMN[declared.table.of]]
    statement = select(owner).distinct().order_by(owner).limit(PAGE)
    page = list(connection.execute(statement).scalars())
    while page:
        yield page
        page = list(connection.execute(statement.where(owner > page[-1])).scalars()) if len(page) == PAGE else []


def _in_pages(connection: Connection, declared: DeclaredTable) -> Iterator[Any]:
    """The rows of a table, in pages, by key."""
    table = stored(declared)
    key = list(table.primary_key)
    statement = select(table).order_by(*key).limit(PAGE)
    page = list(connection.execute(statement))
    while page:
        yield from page
        last = tuple_(*(literal(getattr(page[-1], column.name), column.type) for column in key))
        page = list(connection.execute(statement.where(tuple_(*key) > last))) if len(page) == PAGE else []


def _values(table: RowTable, row: Any) -> dict[str, Any]:
    found = {}
    for name, kind in table.columns.items():
        value = getattr(row, name)
        found[name] = to_dollars(value) if kind is Decimal and value is not None else value
    return found


def write(connection: Connection, kept: Iterable[Kept], now: dt.datetime) -> int:
    """Write rows; one whose key is there changes that row. Of two with one key the later counts. Returns how many."""
    by_table: dict[str, tuple[DeclaredTable, dict[tuple[Any, ...], dict[str, Any]]]] = {}
    for row in kept:
        declared = row.declared
        values: dict[str, Any] = {"kept_at": now}
        owner = OWNER_COLUMN[declared.table.of]
        if owner:
            values[owner] = row.owner
        for (name, kind), value in zip(declared.table.columns.items(), row.values, strict=True):
            values[name] = to_cents(value) if kind is Decimal and value is not None else value
        key = (row.owner, *(values[name] for name in declared.table.key))
        by_table.setdefault(declared.name, (declared, {}))[1][key] = values
    count = 0
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for name in sorted(by_table):
        declared, rows = by_table[name]
        table = stored(declared)
        statement = make(table)
        unique = [column.name for column in table.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=unique,
            set_={column.name: statement.excluded[column.name] for column in table.c if column.name not in unique},
        )
        # In one order, so that two transactions never wait for each other.
        ordered = [rows[key] for key in sorted(rows, key=repr)]
        connection.execute(statement, ordered)
        count += len(ordered)
    return count
