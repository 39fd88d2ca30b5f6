"""The gateway's own tables: checked as those of plugins are, and there even where a configuration has none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from gateway.core.model.work_tables import ALLOWABLES, WORK_TABLES
from gateway.plugins.tables import Table, Tables

from .faults import ConfigFault, Document, show
from .shipped import shipped_config
from .tables import mistyped_column, read_table
from .yaml_source import read_yaml


def work_table(tables: Tables, name: str) -> Table:
    """A table of the gateway's own by name: the configuration's, else the one that comes with the gateway.

    Raises:
        KeyError: the gateway has no table of this name.
    """
    return tables.get(name) or _shipped(name)


@lru_cache(maxsize=len(WORK_TABLES))
def _shipped(name: str) -> Table:
    if name not in WORK_TABLES:
        raise KeyError(name)
    file = f"tables/{name}.yaml"
    document, faults = read_yaml(shipped_config() / file, file)
    if document is None or faults:
        raise RuntimeError(f"{file} of the gateway itself cannot be read: install it anew")
    return read_table(name, document, [])


def check_work_tables(
    documents: Mapping[str, Document], tables: Mapping[str, Table], faults: list[ConfigFault]
) -> None:
    """What is wrong in the gateway's own tables is added to `faults`: a key of other columns, a column that is missing,
    a value that cannot be used."""
    imported = {name: WORK_TABLES[ALLOWABLES] for name in documents if name.startswith(f"{ALLOWABLES}_")}
    for name, wanted in (WORK_TABLES | imported).items():
        document, table = documents.get(name), tables.get(name)
        if document is None or table is None or not isinstance(document.data.get("rows"), list):
            continue
        if table.key != wanted.key:
            key = ", ".join(wanted.key)
            faults.append(document.fault(("key",), f"key: the gateway looks this table up by {key}", f"[{key}]"))
        for index, row in enumerate(document.data["rows"]):
            if not isinstance(row, dict):
                continue  # told already
            for column, why_not in wanted.columns.items():
                value = row.get(column)
                if isinstance(value, dict | list):
                    continue  # told already
                if value is None:
                    if column not in wanted.key or column in row:
                        others = [one for one in row if one not in wanted.columns]
                        told = mistyped_column(document, index, column, others)
                        if told is None:
                            what = f"row {index + 1} has no {column!r}"
                            told = document.fault(("rows", index), what, f"{column!r} in each row")
                        if told not in faults:
                            faults.append(told)
                elif expected := why_not(str(value)):
                    loc = ("rows", index, column)
                    faults.append(document.fault(loc, f"{column}: {show(value)} cannot be used", expected))
