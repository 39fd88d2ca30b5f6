"""`gateway export`: tables for those who analyse elsewhere, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import NotAsked, require
from .looking import looking, note_look
from .queue_filters import DAY, day
from .work_commands import show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..core.reports.datasets import Dataset, Span

FOLDER = click.Path(file_okay=False, path_type=Path)
ALL = "all"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--parquet", type=FOLDER, metavar="DIR", help="As Parquet files in this folder.")
@click.option("--csv", "as_csv", type=FOLDER, metavar="DIR", help="As CSV files in this folder.")
@click.option("--json", "as_json", type=FOLDER, metavar="DIR", help="As files of JSON lines in this folder.")
@click.option("--from", "first", type=DAY, help="The first day, as 2026-08-01 (default: from the beginning).")
@click.option("--to", "last", type=DAY, help="The last day (default: until now).")
@click.pass_obj
def export(
    config_path: Path,
    names: tuple[str, ...],
    parquet: Path | None,
    as_csv: Path | None,
    as_json: Path | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
) -> None:
    """Take tables out: NAMES of datasets, or `all`; without NAMES, list them. One dataset without a folder goes to
    standard output as CSV.

    No names, addresses, birth dates or member ids of patients are in them; claim numbers and dates of service are.
    """
    from ..core.reports.datasets import DATASETS, Span

    if not names:
        rows = [(one.name, ", ".join(field.name for field in one.fields), one.title) for one in DATASETS.values()]
        show(("dataset", "columns", "what"), rows, False, "")
        return
    wanted = list(DATASETS) if ALL in names else list(dict.fromkeys(names))
    for name in wanted:
        if name not in DATASETS:
            raise NotAsked(f"There is no dataset {name!r}. There are: {', '.join(DATASETS)}, or all.")
    folders = {"parquet": parquet, "csv": as_csv, "json": as_json}
    if not any(folders.values()) and len(wanted) > 1:
        raise NotAsked("Several datasets need a folder: --parquet DIR, --csv DIR or --json DIR.")
    config = require(config_path, secrets=False)
    span = Span(day(first), day(last), config.gateway.organisation.time_zone)
    note_look(config, f"export {', '.join(wanted)}")
    with looking(config) as engine, engine.connect() as connection:
        for name in wanted:
            for form, folder in folders.items():
                if folder is not None:
                    count = _write(connection, DATASETS[name], span, form, folder)
                    click.echo(f"{folder / f'{name}.{_ENDING[form]}'}: {count:,} rows", err=True)
            if not any(folders.values()):
                _print(connection, DATASETS[name], span)


_ENDING = {"parquet": "parquet", "csv": "csv", "json": "jsonl"}


def _write(connection: Connection, dataset: Dataset, span: Span, form: str, folder: Path) -> int:
    from ..core.reports import files
    from ..core.reports.datasets import pages

    def write(path: Path) -> int:
        rows = pages(connection, dataset, span)
        if form == "parquet":
            return files.write_parquet(dataset, rows, path)
        with path.open("w", encoding="utf-8", newline="") as target:
            return (files.write_csv if form == "csv" else files.write_json)(dataset, rows, target)

    try:
        return files.whole(folder, f"{dataset.name}.{_ENDING[form]}", write)
    except files.NoParquet as error:
        raise NotAsked(str(error)) from None
    except OSError as error:
        raise NotAsked(f"{folder} cannot be written: {error.strerror}.") from None


def _print(connection: Connection, dataset: Dataset, span: Span) -> None:
    from ..core.reports.datasets import pages
    from ..core.reports.files import write_csv

    write_csv(dataset, pages(connection, dataset, span), sys.stdout)
