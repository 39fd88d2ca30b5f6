"""`gateway deliveries` and `gateway equipment`: what patients were given, as other systems tell it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from .commands import database
from .work_commands import look, show

if TYPE_CHECKING:
    from sqlalchemy import Table

    from ..config import Config

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
SOURCE = click.option("--source", default="", help="The billing system that it comes from, where there are several.")
CODE = click.option("--code", default="", help="Only of this HCPCS code.")
SERIAL = click.option("--serial", default="", help="Only with this serial number.")
FROM = click.option("--from", "of_source", default="", help="Only what this source told.")
SINCE = click.option("--since", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Only from this day on.")
LIMIT = click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has all.")
CSV = click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")


def _take_in(config_path: Path, kind_name: str, file: Path, source: str) -> None:
    from ..core.clock import SystemClock
    from ..core.flow.belongings import KINDS, take_in
    from ..core.model.belongings_file import DocumentRefused
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    source = _source(config, source)
    kind, data = KINDS[kind_name], file.read_bytes()
    try:
        rows = kind.read(data)
    except DocumentRefused as refused:
        raise click.ClickException(f"{file}: nothing was taken in.\n{refused}") from None
    zone = config.gateway.organisation.time_zone
    with database(config) as (engine, places):
        stored = Archive(places.archive_dir).put(data)
        with engine.begin() as connection:
            done = take_in(connection, kind, source, file.name, stored, rows, zone, SystemClock().now())
    click.echo(f"{file.name} is file {done.file_id}: {done.in_words}.")


def _source(config: Config, named: str) -> str:
    names = [source.name for source in config.gateway.sources]
    if not named and len(names) == 1:
        return names[0]
    if named not in names:
        said = f"No source is called {named!r}" if named else "Say which source it comes from: --source"
        raise click.ClickException(f"{said}. The configuration has: {', '.join(sorted(names)) or 'none'}.")
    return named


def _list(
    config_path: Path, table: Table, columns: tuple[str, ...], wanted: dict[str, str], since: tuple[str, Any],
    limit: int, as_csv: bool,
) -> None:  # fmt: skip
    from sqlalchemy import select

    day_column, day = since
    statement = select(table).order_by(table.c[day_column].desc(), table.c.id.desc())
    for name, value in wanted.items():
        if value:
            statement = statement.where(table.c[name] == value)
    if day is not None:
        statement = statement.where(table.c[day_column] >= day.date())
    found = look(require(config_path, secrets=False), f"{table.name} list", statement)
    shown = found if as_csv else found[:limit]
    rows = [[getattr(row, name) for name in columns] for row in shown]
    show(columns, rows, as_csv, "There is none like that." if any(wanted.values()) or day else "There is none yet.")
    if len(found) > len(shown):
        click.echo(f"And {len(found) - len(shown):,} more: --limit, --code, --since or --csv.")


@click.group()
def deliveries() -> None:
    """What was delivered to patients."""


@deliveries.command("import")
@FILE
@SOURCE
@click.pass_obj
def deliveries_import(config_path: Path, file: Path, source: str) -> None:
    """Take in deliveries from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: order_number, code and delivered_on; patient_id, or member_id with birth_date; and where known last_name,
    first_name, modifiers, quantity, serial, lot, proof (signed, carrier, facility, pickup), claim_number.
    """
    _take_in(config_path, "deliveries", file, source)


@deliveries.command("list")
@CODE
@SERIAL
@click.option("--order", default="", help="Only of this order.")
@FROM
@SINCE
@LIMIT
@CSV
@click.pass_obj
def deliveries_list(
    config_path: Path, code: str, serial: str, order: str, of_source: str, since: dt.datetime | None, limit: int,
    as_csv: bool,
) -> None:  # fmt: skip
    """Deliveries, the latest first. Patients are told by their number here; `gateway trace --patient` names them."""
    from ..core.store.tables import deliveries as table

    columns = (
        *("id", "delivered_on", "order_number", "code", "modifiers", "quantity", "serial", "lot", "proof"),
        *("patient_id", "claim_number", "source"),
    )
    wanted = {"code": code.upper(), "serial": serial, "order_number": order, "source": of_source}
    _list(config_path, table, columns, wanted, ("delivered_on", since), limit, as_csv)


@click.group()
def equipment() -> None:
    """The equipment that patients have."""


@equipment.command("import")
@FILE
@SOURCE
@click.pass_obj
def equipment_import(config_path: Path, file: Path, source: str) -> None:
    """Take in equipment from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: code and started_on; patient_id, or member_id with birth_date; and where known last_name, first_name,
    serial, ended_on, ownership (owned, rented).
    """
    _take_in(config_path, "equipment", file, source)


@equipment.command("list")
@CODE
@SERIAL
@FROM
@SINCE
@LIMIT
@CSV
@click.pass_obj
def equipment_list(
    config_path: Path, code: str, serial: str, of_source: str, since: dt.datetime | None, limit: int, as_csv: bool
) -> None:
    """Equipment, the latest first; without a last day the patient has it."""
    from ..core.store.tables import equipment as table

    columns = ("id", "started_on", "ended_on", "code", "serial", "ownership", "patient_id", "source")
    wanted = {"code": code.upper(), "serial": serial, "source": of_source}
    _list(config_path, table, columns, wanted, ("started_on", since), limit, as_csv)
