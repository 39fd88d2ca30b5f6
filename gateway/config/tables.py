"""tables/*.yaml: effective-dated tables, checked row by row.

    key: [code, modifier]
    source: DMEPOS fee schedule, invented          # of every row that names none
    rows:
      - {code: E1390, modifier: RR, fee: "98.76", valid_from: 2026-01-01, valid_to: 2026-12-31}
    codes: {code: hcpcs, modifier: modifier}       # columns that hold codes of a set: a mistyped one is found

Within a key, dates do not overlap. Values stay strings; the plugin that uses a table converts what it needs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from gateway.core.model.code_sets import KINDS, checker, listed, wanted
from gateway.plugins.matching import is_pattern
from gateway.plugins.tables import Row, Table, row_values

from .faults import ConfigFault, Document, Loc, nearest, show

_KEYS = ("name", "description", "key", "source", "codes", "rows")
_DATES = ("valid_from", "valid_to")


def _date(document: Document, loc: Loc, value: Any, faults: list[ConfigFault]) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        faults.append(document.fault(loc, f"{loc[-1]}: {show(value)} is no date", "a date such as 2026-01-31"))
        return None


def _key(document: Document, faults: list[ConfigFault]) -> tuple[str, ...]:
    key = document.data.get("key") or []
    if isinstance(key, str):
        key = [key]
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        faults.append(document.fault(("key",), f"key: {show(key)} cannot be used", "a list of column names"))
        return ()
    return tuple(key)


def read_table(name: str, document: Document, faults: list[ConfigFault]) -> Table:
    """The table of one file; what is wrong with it is added to `faults`."""
    for word in document.data:
        if word not in _KEYS:
            meant = nearest(word, _KEYS)
            faults.append(
                document.fault((word,), f"unknown key {word!r}", f"one of {', '.join(_KEYS)}", meant, key=True)
            )
    key = _key(document, faults)
    rows = document.data.get("rows")
    if not isinstance(rows, list):
        faults.append(document.fault(("rows",), f"rows: {show(rows)} cannot be used", "a list of rows"))
        return Table(name, (), key)
    source = str(document.data.get("source") or "")
    codes = _codes(document, faults)
    _check_columns_of_codes(document, codes, faults)
    found: list[Row] = []
    by_key: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for index, raw in enumerate(rows):
        row = _row(name, document, index, raw, key, source, faults)
        if row is not None and codes:
            _check_codes(document, index, row, codes, faults)
        if row is None:
            continue
        found.append(row)
        by_key.setdefault(tuple(row.values.get(part, "") for part in key), []).append((index, row))
    if key:
        for same in by_key.values():
            if len(same) > 1:
                _check_overlaps(document, same, faults)
    return Table(name, found, key)


Checks = dict[str, tuple[str, Callable[[str], bool]]]


def _codes(document: Document, faults: list[ConfigFault]) -> Checks:
    """For each column that holds codes: the name of their set, and what tells whether one exists."""
    stated = document.data.get("codes") or {}
    if not isinstance(stated, dict):
        faults.append(document.fault(("codes",), f"codes: {show(stated)} cannot be used", "a column and its code set"))
        return {}
    found: Checks = {}
    for column, kind in stated.items():
        if kind not in KINDS:
            faults.append(
                document.fault(
                    ("codes", column),
                    f"there is no code set {show(kind)}",
                    f"one of {', '.join(KINDS)}",
                    nearest(str(kind), KINDS),
                )
            )
            continue
        found[column] = (kind, checker(kind))
    return found


def _has(document: Document) -> list[list[str]]:
    """The columns that each row of the file has."""
    rows = document.data.get("rows")
    return [
        [word for word in row if word not in _DATES and word != "source"] if isinstance(row, dict) else []
        for row in (rows if isinstance(rows, list) else ())
    ]


def _check_columns_of_codes(document: Document, codes: Checks, faults: list[ConfigFault]) -> None:
    rows = _has(document)
    known = list(dict.fromkeys(word for row in rows for word in row))
    for column in codes if rows else ():
        if column not in known:
            what = f"codes: no row has a column {column!r}"
            faults.append(
                document.fault(("codes", column), what, f"one of {', '.join(known)}", nearest(column, known), key=True)
            )


def check_columns(document: Document, plugin: str, columns: Sequence[str], faults: list[ConfigFault]) -> None:
    """Whether every row of a table has the columns that a plugin reads (its `gateway_tables`); what is missing is added
    to `faults`, at its row: once for the table where no row has the column."""
    rows = _has(document)
    for column in columns:
        without = [index for index, row in enumerate(rows) if column not in row]
        if not without:
            continue
        if len(without) == len(rows):
            what = f"plugin {plugin!r} reads the column {column!r} of this table, and no row has it"
            found = list(dict.fromkeys(word for row in rows for word in row if word not in columns))
            faults.append(_without(document, 0, what, column, found))
            continue
        for index in without:
            told = mistyped_column(document, index, column, [word for word in rows[index] if word not in columns])
            if told is None:
                what = f"row {index + 1} has no column {column!r}, which plugin {plugin!r} reads"
                told = document.fault(("rows", index), what, f"{column!r} in each row", key=True)
            if told not in faults:
                faults.append(told)


def mistyped_column(document: Document, index: int, column: str, others: Sequence[str]) -> ConfigFault | None:
    """A row's column that was probably meant for `column`, told where it stands; None where none of `others` is near.
    Whoever misses the column tells it in the same words, so that it is told once."""
    written = nearest(column, [one for one in others if one not in _DATES and one != "source"])
    if not written:
        return None
    what = f"row {index + 1}: {written!r} is no column of this table"
    return document.fault(("rows", index, written), what, "", column, key=True)


def _without(document: Document, index: int, what: str, column: str, found: Sequence[str]) -> ConfigFault:
    """A row without a column: at the one that was probably meant, where one is near."""
    meant = nearest(column, found)
    loc: Loc = ("rows", index, meant) if meant else ("rows", index)
    what += f"; {meant!r} stands here" if meant else ""
    return document.fault(loc, what, f"{column!r} in each row", key=True)


def _check_codes(document: Document, index: int, row: Row, codes: Checks, faults: list[ConfigFault]) -> None:
    for column, (kind, exists) in codes.items():
        value = row.values.get(column, "")
        if value and not is_pattern(value) and not exists(value):
            faults.append(
                document.fault(
                    ("rows", index, column),
                    f"row {index + 1}: {column} {show(value)} does not exist",
                    wanted(kind),
                    nearest(value, listed(kind)),
                )
            )


def _row(
    table: str,
    document: Document,
    index: int,
    raw: Any,
    key: tuple[str, ...],
    source: str,
    faults: list[ConfigFault],
) -> Row | None:
    loc: Loc = ("rows", index)
    if not isinstance(raw, dict):
        faults.append(document.fault(loc, f"row {index + 1}: {show(raw)} cannot be used", "a mapping"))
        return None
    for part in key:
        if part not in raw:
            told = mistyped_column(document, index, part, [one for one in raw if one not in key])
            faults.append(told or document.fault(loc, f"row {index + 1} lacks its key {part!r}"))
    for word, value in raw.items():
        if isinstance(value, dict | list):
            faults.append(document.fault((*loc, word), f"{word}: {show(value)} cannot be used", "one value"))
    start = _date(document, (*loc, "valid_from"), raw.get("valid_from"), faults)
    end = _date(document, (*loc, "valid_to"), raw.get("valid_to"), faults)
    if start and end and end < start:
        faults.append(document.fault((*loc, "valid_to"), f"row {index + 1} ends on {end}, before it begins on {start}"))
    values = {w: "" if v is None else str(v) for w, v in raw.items() if w not in _DATES and w != "source"}
    # Every plugin is given the same row: none can change it for the others.
    return Row(row_values(table, values), start, end, str(raw.get("source") or source))


def _check_overlaps(document: Document, same: list[tuple[int, Row]], faults: list[ConfigFault]) -> None:
    ordered = sorted(same, key=lambda one: one[1].valid_from or dt.date.min)
    latest, until = ordered[0][0], ordered[0][1].valid_to or dt.date.max
    for index, row in ordered[1:]:
        if (row.valid_from or dt.date.min) <= until:
            first, second = sorted((latest, index))
            line = document.place(("rows", first)).line
            faults.append(
                document.fault(
                    ("rows", second),
                    f"row {second + 1} is for the same key and overlapping dates as row {first + 1} (line {line})",
                    "one row a key and day",
                )
            )
        if (row.valid_to or dt.date.max) >= until:
            latest, until = index, row.valid_to or dt.date.max


def as_data(table: Table) -> dict[str, Any]:
    """The table as its file could have it, for the stored configuration."""
    rows = []
    for row in table.rows:
        data: dict[str, Any] = dict(row.values)
        if row.valid_from:
            data["valid_from"] = row.valid_from.isoformat()
        if row.valid_to:
            data["valid_to"] = row.valid_to.isoformat()
        if row.source:
            data["source"] = row.source
        rows.append(data)
    return {"name": table.name, "key": list(table.key), "rows": rows}
