"""Which HCPCS codes a plugin is about, so that `contract` asks it about them: those in its settings, in its tables and
in its own code. A plugin that looks at three items of thousands would hardly be asked about one of them else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .host import Plugin
from .tables import Table, Tables

_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Z]\d{4}(?![A-Za-z0-9])")
_PATTERN = re.compile(r"[A-Z][\d?]{4}")
MOST = 400
"""How many codes are taken; of a long price list not all."""


def codes_of(plugin: Plugin, settings: object, tables: Tables, own: Mapping[str, Table]) -> tuple[str, ...]:
    """The codes in a plugin's settings, in its tables (its own, those of `gateway_tables`, or, where it has neither,
    all that it is given) and in its code; each once, in this order."""
    named = [*own, *plugin.tables] or list(tables)
    found = [*_in_settings(settings)]
    for name in named:
        table = tables.get(name)
        found += _in_table(table) if table is not None else ()
    found += _in_code(plugin.path)
    return tuple(dict.fromkeys(found))[:MOST]


def _in_settings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _CODE.findall(value)
    elif isinstance(value, Mapping):
        for one in (*value, *value.values()):
            yield from _in_settings(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value if isinstance(value, list | tuple) else sorted(map(str, value)):
            yield from _in_settings(one)


def _in_table(table: Table) -> list[str]:
    """Those in the columns of its key; where there are none, in any column. A pattern gives one code that fits it."""

    def among(columns: tuple[str, ...] | None) -> list[str]:
        values = (row.values.get(one, "") for row in table.rows for one in (row.values if columns is None else columns))
        return [value.replace("?", "0") for value in values if _PATTERN.fullmatch(value)]

    return among(table.key) or among(None)


def _in_code(path: str) -> Iterator[str]:
    where = Path(path) if path else None
    if where is None or not where.exists():
        return
    for file in sorted(where.rglob("*.py")) if where.is_dir() else (where,):
        yield from _CODE.findall(file.read_text(encoding="utf-8", errors="replace"))
