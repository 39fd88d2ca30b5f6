"""`gateway tables`: code lists from official files, and the tables that are there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from .code_files import CodeFileError, read_code_file
from .codes import FOLDER, CodesError, import_codes, load_codes
from .day import DAY


@click.group()
def tables() -> None:
    """Code lists with dates: HCPCS, modifiers, ICD-10-CM."""


@tables.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "start", type=DAY, help="The first day that it is for, where its name does not say so.")
@click.option("--to", "end", type=DAY, help="The last day that it is for.")
@click.pass_obj
def import_(path: Path, file: Path, start: dt.datetime | None, end: dt.datetime | None) -> None:
    """Take the codes of one of CMS's own files into the configuration.

    FILE is the zip, text or workbook as CMS publishes it: HCPC2026_APR_ANWEB or icd10cm_order_2026. What earlier
    files said of other days stays. Nothing is checked against a list that was never imported.

    Exit code 0: it is in. 2: it is none of these files.
    """
    root = _root(path)
    try:
        found = read_code_file(file, start.date() if start else None, end.date() if end else None)
        counts = import_codes(root, found)
    except (CodeFileError, CodesError, OSError) as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{found.name}: {found.covers.start} to {found.covers.end}")
    for name, count in counts.items():
        click.echo(f"  {root / FOLDER / name}.tsv now has {count:,} codes")


@tables.command("import-allowables")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--payer", required=True, help='The payer whose rates they are (its id), or "*" for all.')
@click.option("--from", "start", type=DAY, required=True, help="The first day of service for which they hold.")
@click.option("--to", "end", type=DAY, help="The last day.")
@click.option("--state", default="", help="Of CMS's file: the state, such as OH.")
@click.option("--rural", is_flag=True, help="Of CMS's file: the rates of rural areas.")
@click.pass_obj
def import_allowables(
    path: Path, file: Path, payer: str, start: dt.datetime, end: dt.datetime | None, state: str, rural: bool
) -> None:
    """Take a fee schedule or contract rates in: what payments are held against.

    FILE is CMS's DMEPOS fee schedule as CSV, or a list with the columns code, modifier, allowed.

    Exit code 0: it is in. 2: it cannot be read, and nothing was changed.
    """
    from .allowables import NotAFeeFile, import_rates

    root = _root(path)
    last = end.date() if end else None
    if last is not None and last < start.date():
        raise click.UsageError("--to is before --from.")
    try:
        done = import_rates(root, file, payer, start.date(), last, state, rural=rural)
    except (NotAFeeFile, OSError) as error:
        raise click.UsageError(str(error)) from error
    more = f"; {done.without:,} lines have none" if done.without else ""
    click.echo(f"{done.rates:,} rates{more}: {done.path}")


@tables.command("list")
@click.pass_obj
def list_(path: Path) -> None:
    """Show which code lists were imported, which days they cover, and what is not checked without one."""
    try:
        known = load_codes(_root(path))
    except (CodesError, OSError) as error:
        raise click.ClickException(str(error)) from error
    for name, table in known.tables.items():
        covered = ", ".join(f"{span.start} to {span.end}" for span in table.covers)
        click.echo(f"{name}: {len(table.codes):,} codes, {covered} ({table.source})")
    for sentence in known.unchecked():
        click.echo(sentence)


def _root(path: Path) -> Path:
    main = path / "gateway.yaml" if path.is_dir() else path
    if not main.is_file():
        raise click.UsageError(f"There is no gateway.yaml at {path}. Name its folder with --config or GATEWAY_CONFIG.")
    return main.parent.resolve()
