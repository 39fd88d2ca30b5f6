"""Many rows at once, at the speed of the driver.

SQLAlchemy's own executemany looks at every value of every row; here the statement is made once, and only the columns
whose type needs it (dates, moments, JSON) are looked at. Rows are tuples in the order of the named columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Dialect, Table, TypeDecorator
from sqlalchemy.exc import DBAPIError

INSERT = 1000
"""Rows in one call of the driver."""

_Processor = Callable[[Any], Any]


def insert_bulk(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    keep: Sequence[str] = (),
) -> int:
    """Insert rows; returns how many there are now that were not there before.

    `keep`: where a row with the same values in these columns exists, it stays as it is and the new one is dropped.

    Raises:
        ValueError: a column that may not be empty is not named (no default is filled in here).
    """
    statement, processors = _plan(table, tuple(columns), tuple(keep), connection.dialect)
    remembered: list[tuple[int, _Processor]] = [
        (at, _remembering(make) if repeats else make) for at, make, repeats in processors
    ]
    count = 0
    source = iter(rows)
    while pending := list(islice(source, INSERT)):
        if remembered:
            # Column by column: only those that need it are looked at, the rest goes through at C speed.
            by_column: list[Any] = list(zip(*pending, strict=True))
            for at, process in remembered:
                by_column[at] = [process(value) for value in by_column[at]]
            pending = list(zip(*by_column, strict=True))
        count += _send(connection, statement, pending)
    return count


def _send(connection: Connection, statement: str, rows: list[Sequence[Any]]) -> int:
    if statement.startswith("COPY "):
        return _copy(connection, statement, rows)
    return int(connection.exec_driver_sql(statement, rows).rowcount)


def _copy(connection: Connection, statement: str, rows: list[Sequence[Any]]) -> int:
    """The rows by PostgreSQL's own way for many: a statement for each row costs the server several times as much."""
    driver: Any = connection.connection.driver_connection
    module: Any = connection.dialect.dbapi
    try:
        with driver.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            return int(cursor.rowcount)
    except module.Error as error:
        # SQLAlchemy does not see this call: whoever asks what went wrong is told as for any other.
        gone = connection.dialect.is_disconnect(error, driver, None)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, module.Error, hide_parameters=True, connection_invalidated=gone
        ) from error


def _remembering(process: _Processor) -> _Processor:
    """The processor with the few values that repeat (one moment, a month's dates) kept for this call."""
    known: dict[Any, Any] = {}

    def look(value: Any) -> Any:
        try:
            return known[value]
        except KeyError:
            made = known[value] = process(value)
            return made

    return look


@lru_cache(maxsize=128)
def _plan(
    table: Table, columns: tuple[str, ...], keep: tuple[str, ...], dialect: Dialect
) -> tuple[str, list[tuple[int, _Processor, bool]]]:
    missing = [c.name for c in table.columns if not c.nullable and c.name not in columns and not c.server_default]
    if missing and not (missing == ["id"] and table.c.id.autoincrement is not False):
        raise ValueError(f"{table.name}: {', '.join(missing)} must be given")
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({', '.join([mark] * len(columns))})"
    if dialect.name == "postgresql" and not keep:
        statement = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    if keep:
        statement += f" ON CONFLICT ({', '.join(quote(name) for name in keep)}) DO NOTHING"
    processors: list[tuple[int, _Processor, bool]] = []
    for at, name in enumerate(columns):
        kind = table.c[name].type
        process = kind.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            plain = kind.impl if isinstance(kind, TypeDecorator) else kind
            processors.append((at, process, isinstance(plain, Date | DateTime)))
    return statement, processors
