"""`gateway bank`: what banks send."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import click

from ..config.commands import require
from .commands import database


@click.group()
def bank() -> None:
    """What banks send: BAI2 and CSV files of the money that came."""


@bank.command("take")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bank", "name", default="", help="Whose file it is, where several banks are configured (cash.banks).")
@click.option("--by", "who", default="", help="Who takes it (default: the name you are signed in with).")
@click.pass_obj
def bank_take(config_path: Path, file: Path, name: str, who: str) -> None:
    """Take FILE, a bank's BAI2 or CSV file: its new lines are booked, and matched to what remittances announce.

    The same file or the same line again does nothing. A file that does not add up books nothing; exits 1.
    """
    from ..core.clock import SystemClock
    from ..core.flow import bank as station
    from ..core.model.bank_file import MOST_BYTES
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    of = config.gateway.cash.bank(name)
    if of is None:
        known = ", ".join(one.name for one in config.gateway.cash.banks) or "none"
        raise click.ClickException(f"Say which bank (--bank); the configuration has: {known}.")
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException(f"{file.name} is larger than {MOST_BYTES >> 20} MB.")
    data = file.read_bytes()
    with database(config) as (engine, places):
        stored, found = station.keep(Archive(places.archive_dir), data, of)
        by, now = who or getpass.getuser(), SystemClock().now()
        with engine.begin() as connection:
            taken = station.take_in(connection, config, of, file.name, stored, found, by, now)
    if taken.duplicate_of:
        click.echo(f"{file.name} came before, as file {taken.duplicate_of}; nothing is booked again.")
    elif taken.refused:
        click.echo(f"{file.name} is file {taken.file_id}, and nothing of it is taken. {taken.refused}")
        sys.exit(1)
    else:
        click.echo(f"{file.name} is file {taken.file_id}: {station.in_words(taken)}.")
