"""Datasets as files: CSV, JSON lines, Parquet. Written beside their place and moved there when they are whole, in the
memory of some thousand rows however many there are."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from .datasets import DAY, DOLLARS, MOMENT, WHOLE, YES, Dataset, Row

ROW_GROUP = 50_000
"""Rows of a row group of Parquet: what a reader skips or takes at once."""


class NoParquet(RuntimeError):
    """The package that writes Parquet is not installed."""


def write_csv(dataset: Dataset, pages: Iterable[list[Row]], target: IO[str]) -> int:
    """CSV with a line of names; days and moments as ISO. Returns how many rows."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([field.name for field in dataset.fields])
    count = 0
    for page in pages:
        writer.writerows([["" if value is None else _as_text(value) for value in row] for row in page])
        count += len(page)
    return count


def write_json(dataset: Dataset, pages: Iterable[list[Row]], target: IO[str]) -> int:
    """JSON lines: an object a line; dollars as text, so that they stay exact. Returns how many rows."""
    names = [field.name for field in dataset.fields]
    count = 0
    for page in pages:
        for row in page:
            target.write(json.dumps(dict(zip(names, map(_plain, row), strict=True)), separators=(",", ":")) + "\n")
        count += len(page)
    return count


def _as_text(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def write_parquet(dataset: Dataset, pages: Iterable[list[Row]], target: Path) -> int:
    """Parquet, compressed, in row groups; dollars as DECIMAL(18, 2), moments in UTC. Returns how many rows.

    Raises:
        NoParquet: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise NoParquet(
            "Parquet needs one more package: pip install 'hme-edi-gateway[parquet]'. CSV and JSON need none."
        ) from None
    kinds = {
        WHOLE: pa.int64(),
        DOLLARS: pa.decimal128(18, 2),
        DAY: pa.date32(),
        MOMENT: pa.timestamp("us", tz="UTC"),
        YES: pa.bool_(),
    }
    schema = pa.schema([(field.name, kinds.get(field.kind, pa.string())) for field in dataset.fields])
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for rows in _groups(pages):
            columns = [
                pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROW_GROUP)
            count += len(rows)
    return count


def _groups(pages: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """The same rows, in as many at once as a row group has."""
    group: list[Row] = []
    for page in pages:
        group += page
        if len(group) >= ROW_GROUP:
            yield group
            group = []
    if group:
        yield group


def whole(folder: Path, name: str, write: Callable[[Path], int]) -> int:
    """Write a file beside its place, and move it there when it is whole: nobody reads half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f".{name}.part"
    try:
        count = write(made)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(folder / name)
    finally:
        made.unlink(missing_ok=True)
    return count
