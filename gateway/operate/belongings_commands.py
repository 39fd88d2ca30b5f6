"""`gateway deliveries`, `equipment`, `orders` and `authorizations`: what patients were given and the papers for it, as
other systems tell it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from ..config.day import DAY
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
SINCE = click.option("--since", type=DAY, default=None, help="Only from this day on.")
LIMIT = click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has all.")
PATIENT = click.option("--patient", type=int, default=None, help="Only of the patient with this number.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what it would bring; nothing is taken in.")
CSV = click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")


def _take_in(config_path: Path, kind_name: str, file: Path, source: str, dry_run: bool) -> None:
    from ..core.clock import SystemClock
    from ..core.flow.belongings import KINDS, OnlyTried, only_try, take_in
    from ..core.model.belongings_file import DocumentRefused
    from ..core.store.archive import Archive, Stored

    config = require(config_path, secrets=False)
    source = source_named(config, source)
    kind, data = KINDS[kind_name], file.read_bytes()
    try:
        rows = kind.read(data)
    except DocumentRefused as refused:
        raise click.ClickException(f"{file}: nothing was taken in.\n{refused}") from None
    zone, now = config.gateway.organisation.time_zone, SystemClock().now()
    with database(config) as (engine, places):
        if dry_run:
            try:
                with engine.begin() as connection:
                    only_try(connection, kind, source, file.name, Stored.of(data), rows, zone, now)
            except OnlyTried as tried:
                done = tried.done
        else:
            stored = Archive(places.archive_dir).put(data)
            with engine.begin() as connection:
                done = take_in(connection, kind, source, file.name, stored, rows, zone, now)
    head = f"{file.name} would bring" if dry_run else f"{file.name} is file {done.file_id}"
    click.echo(f"{head}: {done.in_words}.")
    for line in done.more_in_words(dry_run):
        click.echo(line)


def source_named(config: Config, named: str) -> str:
    """The source of this name; the only one there is, where none is named.

    Raises:
        ClickException: there is no such source, or several and none was named.
    """
    names = [source.name for source in config.gateway.sources]
    if not named and len(names) == 1:
        return names[0]
    if named not in names:
        said = f"No source is called {named!r}" if named else "Say which source it comes from: --source"
        raise click.ClickException(f"{said}. The configuration has: {', '.join(sorted(names)) or 'none'}.")
    return named


def list_rows(
    config_path: Path, table: Table, columns: tuple[str, ...], wanted: dict[str, Any], since: tuple[str, Any],
    limit: int, as_csv: bool, code: str = "", without: Sequence[str] = (),
) -> None:  # fmt: skip
    """Rows of a table, the latest first. `wanted`: values by column, those that are empty do not count; `code`: one of
    the codes in the column `codes`; `without`: columns that are empty."""
    from sqlalchemy import literal, select

    day_column, day = since
    # Days that are not known come first, on both databases.
    statement = select(table).order_by(table.c[day_column].is_not(None), table.c[day_column].desc(), table.c.id.desc())
    for name, value in wanted.items():
        if value:
            statement = statement.where(table.c[name] == value)
    for name in without:
        statement = statement.where(table.c[name].is_(None))
    if code:
        statement = statement.where((literal(" ") + table.c.codes + " ").contains(f" {code.upper()} ", autoescape=True))
    if day is not None:
        statement = statement.where(table.c[day_column] >= day.date())
    found = look(require(config_path, secrets=False), f"{table.name} list", statement)
    shown = found if as_csv else found[:limit]
    rows = [[getattr(row, name) for name in columns] for row in shown]
    asked = bool(any(wanted.values()) or day or code or without)
    show(columns, rows, as_csv, "There is none like that." if asked else "There is none yet.")
    if len(found) > len(shown):
        click.echo(f"And {len(found) - len(shown):,} more: --limit, --code, --since or --csv.")


@click.group()
def deliveries() -> None:
    """What was delivered to patients."""


@deliveries.command("import")
@FILE
@SOURCE
@DRY_RUN
@click.pass_obj
def deliveries_import(config_path: Path, file: Path, source: str, dry_run: bool) -> None:
    """Take in deliveries from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: order_number, code and delivered_on; patient_id, or member_id with birth_date; and where known last_name,
    first_name, dependent (true: the member id is another person's), modifiers, quantity, serial, lot, proof (signed,
    carrier, facility, pickup), claim_number.
    """
    _take_in(config_path, "deliveries", file, source, dry_run)


@deliveries.command("list")
@CODE
@SERIAL
@click.option("--order", default="", help="Only of this order.")
@FROM
@PATIENT
@SINCE
@LIMIT
@CSV
@click.pass_obj
def deliveries_list(
    config_path: Path, code: str, serial: str, order: str, of_source: str, patient: int | None,
    since: dt.datetime | None, limit: int, as_csv: bool,
) -> None:  # fmt: skip
    """Deliveries, the latest first. Patients are told by their number here; `gateway trace --patient` names them."""
    from ..core.store.tables import deliveries as table

    columns = (
        *("id", "delivered_on", "order_number", "code", "modifiers", "quantity", "serial", "lot", "proof"),
        *("patient_id", "claim_number", "source"),
    )
    wanted: dict[str, Any] = {"code": code.upper(), "serial": serial, "order_number": order, "source": of_source}
    wanted["patient_id"] = patient
    list_rows(config_path, table, columns, wanted, ("delivered_on", since), limit, as_csv)


@click.group()
def equipment() -> None:
    """The equipment that patients have."""


@equipment.command("import")
@FILE
@SOURCE
@DRY_RUN
@click.pass_obj
def equipment_import(config_path: Path, file: Path, source: str, dry_run: bool) -> None:
    """Take in equipment from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: code and started_on; patient_id, or member_id with birth_date; and where known last_name, first_name,
    dependent (true: the member id is another person's), serial, ended_on, ownership (owned, rented).
    """
    _take_in(config_path, "equipment", file, source, dry_run)


@equipment.command("list")
@CODE
@SERIAL
@FROM
@PATIENT
@SINCE
@LIMIT
@CSV
@click.pass_obj
def equipment_list(
    config_path: Path, code: str, serial: str, of_source: str, patient: int | None, since: dt.datetime | None,
    limit: int, as_csv: bool,
) -> None:  # fmt: skip
    """Equipment, the latest first; without a last day the patient has it."""
    from ..core.store.tables import equipment as table

    columns = ("id", "started_on", "ended_on", "code", "serial", "ownership", "patient_id", "source")
    wanted = {"code": code.upper(), "serial": serial, "source": of_source, "patient_id": patient}
    list_rows(config_path, table, columns, wanted, ("started_on", since), limit, as_csv)


@click.group()
def orders() -> None:
    """What practitioners ordered for patients."""


@orders.command("import")
@FILE
@SOURCE
@DRY_RUN
@click.pass_obj
def orders_import(config_path: Path, file: Path, source: str, dry_run: bool) -> None:
    """Take in orders from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: order_number, codes (`E1390 E0431`) and ordered_on; patient_id, or member_id with birth_date; and where
    known last_name, first_name, dependent (true: the member id is another person's), received_on (the day on which you
    had it complete), signed_on, encounter_on, ends_on, quantity, description, practitioner, practitioner_npi,
    patient_named (true, false).
    """
    _take_in(config_path, "orders", file, source, dry_run)


@orders.command("list")
@CODE
@click.option("--order", default="", help="Only the order with this number.")
@click.option("--npi", default="", help="Only of the practitioner with this NPI.")
@click.option("--unsigned", is_flag=True, help="Only those that are not signed.")
@FROM
@PATIENT
@SINCE
@LIMIT
@CSV
@click.pass_obj
def orders_list(
    config_path: Path, code: str, order: str, npi: str, unsigned: bool, of_source: str, patient: int | None,
    since: dt.datetime | None, limit: int, as_csv: bool,
) -> None:  # fmt: skip
    """Orders, the latest first. Patients are told by their number here."""
    from ..core.store.tables import orders as table

    columns = (
        *("id", "ordered_on", "order_number", "codes", "quantity", "received_on", "signed_on", "encounter_on"),
        *("ends_on", "practitioner_npi", "patient_id", "source"),
    )
    wanted = {"order_number": order, "practitioner_npi": npi, "source": of_source, "patient_id": patient}
    without = ("signed_on",) if unsigned else ()
    list_rows(config_path, table, columns, wanted, ("ordered_on", since), limit, as_csv, code, without)


@click.group()
def authorizations() -> None:
    """What payers decided beforehand."""


@authorizations.command("import")
@FILE
@SOURCE
@DRY_RUN
@click.pass_obj
def authorizations_import(config_path: Path, file: Path, source: str, dry_run: bool) -> None:
    """Take in prior authorizations from FILE, CSV or JSON. Of a file with a fault nothing is taken in.

    Columns: payer_id and codes (`K0823`); number, except where it is pending; patient_id, or member_id with birth_date;
    and where known last_name, first_name, dependent (true: the member id is another person's), modifiers, decided
    (affirmed, partly affirmed, denied, pending), decided_on, valid_from, valid_to, units.
    """
    _take_in(config_path, "authorizations", file, source, dry_run)


@authorizations.command("list")
@CODE
@click.option("--number", default="", help="Only the one with this number.")
@click.option("--payer", default="", help="Only of this payer.")
@click.option(
    "--decided",
    type=click.Choice(["affirmed", "partly affirmed", "denied", "pending"]),
    default=None,
    help="Only those that were decided so.",
)
@FROM
@PATIENT
@SINCE
@LIMIT
@CSV
@click.pass_obj
def authorizations_list(
    config_path: Path, code: str, number: str, payer: str, decided: str | None, of_source: str, patient: int | None,
    since: dt.datetime | None, limit: int, as_csv: bool,
) -> None:  # fmt: skip
    """Authorizations: those without a date first, then by the day of the decision, the latest first."""
    from ..core.store.tables import authorizations as table

    columns = (
        *("id", "decided_on", "decided", "number", "payer_id", "codes", "modifiers", "valid_from", "valid_to"),
        *("units", "patient_id", "source"),
    )
    wanted = {"number": number, "payer_id": payer, "decided": decided, "source": of_source, "patient_id": patient}
    list_rows(config_path, table, columns, wanted, ("decided_on", since), limit, as_csv, code)


@click.group()
def bring_in() -> None:
    """Bring in deliveries, equipment, orders or authorizations from FILE, CSV or JSON.

    With `--dry-run` the file is read and reported on, and nothing is taken in.
    """


for _name, _command in (
    ("deliveries", deliveries_import),
    ("equipment", equipment_import),
    ("orders", orders_import),
    ("authorizations", authorizations_import),
):
    bring_in.add_command(_command, _name)
