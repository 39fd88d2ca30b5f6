"""`gateway practitioners`: the list of who may order equipment, as Medicare publishes it, and what it says of one."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import click

from ..config.commands import require
from ..config.day import DAY
from .commands import change, database
from .work_commands import now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ..core.model.practitioners import Listed
    from ..core.store.practitioners import InUse

T = TypeVar("T")
_FEWER = 0.5
"""A list with so much fewer people than the one before is probably not whole."""


@click.group()
def practitioners() -> None:
    """Who may order equipment: bringing in the list, and looking somebody up (R1.21-2)."""


@practitioners.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as-of", type=DAY, default=None, help="The day of the list; the file's own day without it.")
@click.option("--fewer", is_flag=True, help="Take a list of less than half as many people as the one before.")
@click.option("--dry-run", is_flag=True, help="Only read the file and say what it has; nothing is taken in.")
@click.pass_obj
def practitioners_import(config_path: Path, file: Path, as_of: dt.datetime | None, fewer: bool, dry_run: bool) -> None:
    """Take in FILE, the list of practitioners who may order (the CSV file "Order and Referring" that Medicare
    publishes), in place of the one before. Of a file with a fault nothing is taken in; until the new one is whole, the
    one before is in use.

    Columns: NPI, LAST_NAME, FIRST_NAME and DME (Y: they may order equipment). All others are passed over.
    """
    from ..core.model.practitioners import ListRefused
    from ..core.store.practitioners import NotWhole

    config = require(config_path, secrets=False)
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    day = as_of.date() if as_of else dt.datetime.fromtimestamp(file.stat().st_mtime, zone).date()
    if day > now_of(config)[1]:
        raise click.ClickException(
            f"The list would be of {day:%m/%d/%Y}, which is still to come. Say its day with --as-of."
        )
    with database(config) as (engine, _):
        try:
            _take_in(engine, file, day, fewer=fewer, dry_run=dry_run)
        except (ListRefused, NotWhole) as refused:
            raise click.ClickException(f"{file}: nothing was taken in.\n{refused}") from None


def _take_in(engine: Engine, file: Path, day: dt.date, *, fewer: bool, dry_run: bool) -> None:
    from ..core.clock import SystemClock
    from ..core.model.practitioners import ListRefused
    from ..core.store import practitioners as store

    def write(function: Callable[..., T], *args: object) -> T:
        with engine.begin() as connection:
            return function(connection, *args)

    with engine.connect() as connection:
        before = store.in_use(connection)
    sha256 = _hash(file)
    if before is not None and before.sha256 == sha256:
        click.echo(f"{file.name} is the list that is in use: {_told(before)}.")
        while not dry_run and write(store.forget_some):
            pass
        return
    count = sum(len(some) for some in _read(file, "reading"))
    if before is not None and count < before.practitioners * _FEWER and not fewer:
        raise click.ClickException(
            f"{file} has {count:,} people who may order, and the list in use {before.practitioners:,}: it is probably "
            "not whole. Fetch it again; if it is right, say so with --fewer."
        )
    if dry_run:
        click.echo(f"{file.name} would bring {count:,} people who may order equipment, as of {day:%m/%d/%Y}.")
        return
    if not count:
        raise click.ClickException(f"{file} has nobody who may order equipment: nothing was taken in.")

    now = SystemClock().now()
    if write(store.coming_in, now):
        raise click.ClickException(
            "Another list is coming in at this moment. Wait until it is done; where its command was stopped, this one "
            "goes two hours after that began."
        )
    list_id = write(store.begin, file.name, sha256, day, getpass.getuser(), now)
    added = 0
    try:
        for some in _read(file, "taking in"):
            added += write(store.add, list_id, some)
        if _hash(file) != sha256:
            raise ListRefused("The file has changed while it was read. Take it in once more.")
        write(store.use, list_id, added)
    except BaseException:
        write(store.broke_off, list_id)
        raise
    finally:
        while write(store.forget_some):
            pass
    click.echo(f"{file.name} is in use: {added:,} people who may order equipment, as of {day:%m/%d/%Y}.")


def _read(file: Path, doing: str) -> Iterator[list[Listed]]:
    """The people of a list, some thousand at a time; says on the terminal how far it is."""
    from ..core.model.practitioners import ListRefused, read_list
    from ..core.store.practitioners import AT_ONCE

    whole = file.stat().st_size or 1
    with file.open("rb") as raw:
        lines = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        people = read_list(lines)
        try:
            while some := list(islice(people, AT_ONCE)):
                if sys.stderr.isatty():
                    click.echo(f"\r{doing}: {100 * raw.tell() // whole} %  ", err=True, nl=False)
                yield some
        except UnicodeDecodeError:
            raise ListRefused("It is not UTF-8 text; save it as CSV UTF-8.") from None
    if sys.stderr.isatty():
        click.echo(f"\r{doing}: 100 %  ", err=True)


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _told(one: InUse) -> str:
    return f"{one.practitioners:,} people who may order equipment, as of {one.as_of:%m/%d/%Y}, from {one.name}"


@practitioners.command("show")
@click.argument("npi", required=False)
@click.pass_obj
def practitioners_show(config_path: Path, npi: str | None) -> None:
    """What the list in use says of NPI; without NPI, which list is in use."""
    from ..core.model.practitioners import Practitioner
    from ..core.store import practitioners as store

    config = require(config_path, secrets=False)

    def read(connection: Connection) -> tuple[InUse | None, Practitioner | None]:
        used = store.in_use(connection)
        return used, store.find(connection, used, [npi])[npi] if used is not None and npi else None

    used, found = change(config, read)
    if used is None:
        raise click.ClickException("No list was brought in yet: gateway practitioners import FILE.")
    if found is None:
        show(("as_of", "practitioners", "file"), [(used.as_of, used.practitioners, used.name)], False, "")
        return
    if not found.listed:
        said = "is not among those who may order equipment"
    else:
        said = f"may order equipment; the name begins with {found.last or '(nothing)'}, {found.first or '(nothing)'}"
    click.echo(f"{npi} {said} (list of {used.as_of:%m/%d/%Y}).")
