"""`gateway deposit add`, `attach`, `save`, `key-eob`: what people key by hand, and the papers beside it."""

from __future__ import annotations

import csv
import datetime as dt
import getpass
import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .commands import change, database
from .deposit_commands import BY, DAY, act
from .looking import note_look
from .work_commands import amount

if TYPE_CHECKING:
    from ..core.ledger.slips import Keyed

METHODS = ("eft", "wire", "check", "lockbox", "card", "cash", "other")
COLUMNS = ("method", "amount", "date", "number", "payer", "note")


@click.command()
@click.option("--method", type=click.Choice(METHODS), default="check", show_default=True, help="How it came.")
@click.option("--amount", "dollars", default="", help="Dollars and cents.")
@click.option("--date", type=DAY, default=None, help="The day on which it came.")
@click.option("--number", default="", help="The number of the check; of a transfer, its trace.")
@click.option("--payer", default="", help="Who pays.")
@click.option("--slip", default="", help="The number of the deposit slip.")
@click.option(
    "--lines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help=f"Instead of one: a CSV file with the columns {', '.join(COLUMNS)}.",
)
@click.option("--at-bank", is_flag=True, help="Read at the bank (a statement), not in hand: the bank sends no files.")
@BY
@click.pass_obj
def add(
    config_path: Path, method: str, dollars: str, date: dt.datetime | None, number: str, payer: str, slip: str,
    lines: Path | None, at_bank: bool, who: str,
) -> None:  # fmt: skip
    """Key a deposit by hand: a slip with its checks, cards or cash; or lines that somebody read at the bank.

    The same check again is refused.
    """
    from ..core.ledger import slips

    by = who or getpass.getuser()
    if lines is not None:
        keyed = _from_csv(lines)
    elif dollars and date is not None:
        keyed = [_keyed(method, dollars, date.date().isoformat(), number, payer, "", "--amount")]
    else:
        raise click.UsageError("Give --amount and --date, or --lines.")
    days = require(config_path, secrets=False).gateway.cash.match_days

    def do(connection: object, today: dt.date, now: dt.datetime) -> slips.Slip:
        if at_bank:
            return slips.add_at_bank(connection, keyed, by, days, today, now)  # type: ignore[arg-type]
        return slips.add_slip(connection, keyed, slip, by, days, today, now)  # type: ignore[arg-type]

    done: slips.Slip = act(config_path, do)
    total = amount(sum(one.cents for one in keyed))
    what = f"Slip {done.deposit_id}" if done.deposit_id else "At the bank"
    click.echo(f"{what}: ${total}, lines {', '.join(str(one) for one in done.line_ids)}; {done.matched} matched.")


def _keyed(method: str, dollars: str, date: str, number: str, payer: str, note: str, where: str) -> Keyed:
    from ..core.ledger.slips import Keyed
    from ..core.model.money import to_cents

    try:
        cents = to_cents(Decimal(dollars.replace(",", "").removeprefix("$")))
        day = dt.date.fromisoformat(date)
    except (InvalidOperation, ValueError):
        raise click.ClickException(f"{where}: an amount like 80.00 and a date like 2026-11-26 are needed.") from None
    return Keyed(method, cents, day, number.strip(), payer.strip(), note.strip())


def _from_csv(file: Path) -> list[Keyed]:
    made = []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        unknown = [name for name in reader.fieldnames or () if name not in COLUMNS]
        if unknown or not {"amount", "date"} <= set(reader.fieldnames or ()):
            raise click.ClickException(
                f"{file.name}: its columns are {', '.join(COLUMNS)}; amount and date are needed."
            )
        for row in reader:
            said = {name: row.get(name) or "" for name in COLUMNS}
            method = said["method"].strip().lower() or "check"
            if method not in METHODS:
                raise click.ClickException(f"{file.name} line {reader.line_num}: method is {', '.join(METHODS)}.")
            where = f"{file.name} line {reader.line_num}"
            made.append(
                _keyed(method, said["amount"], said["date"], said["number"], said["payer"], said["note"], where)
            )
    return made


@click.command("key-eob")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--payer", default="", help="Of a CSV file: the payer's name.")
@click.option("--payer-id", default="", help="Of a CSV file: the payer's id.")
@click.option("--number", default="", help="Of a CSV file: the number of the check.")
@click.option("--amount", default="", help="Of a CSV file: the amount of the check.")
@click.option("--date", default="", help="Of a CSV file: the day of the check, as 2026-11-26.")
@click.option("--partner", default="", help="The partner through which the payer is reached, where nobody else says.")
@BY
@click.pass_obj
def key_eob(config_path: Path, /, file: Path, partner: str, who: str, **head: str) -> None:
    """Key FILE, a paper explanation of benefits as JSON or CSV: it posts by the rules of an 835.

    What does not add up is told at once, and nothing is recorded. The same again does nothing.
    """
    from ..core.clock import SystemClock
    from ..core.flow import keyed
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    if file.stat().st_size > keyed.MOST_BYTES:
        raise click.ClickException(f"{file.name} is larger than {keyed.MOST_BYTES >> 20} MB.")
    data, by = file.read_bytes(), who or getpass.getuser()
    try:
        as_json = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
        eob = keyed.from_json(data) if as_json else keyed.from_csv(data, **head)
        party = keyed.party_of(config, eob, partner)
        with database(config) as (engine, places):
            stored = keyed.keep(config, Archive(places.archive_dir), eob)
            with engine.begin() as connection:
                done = keyed.register(connection, party, eob, stored, by, SystemClock().now())
    except keyed.NotKeyed as error:
        raise click.ClickException(f"{file.name} was not keyed. {error}") from error
    if done.duplicate_of:
        click.echo(f"The same was keyed before, as file {done.duplicate_of}.")
    else:
        click.echo(f"{file.name} is file {done.file_id}; it posts when the gateway runs. See: gateway trace")


@click.command()
@click.argument("number", type=click.IntRange(1))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(["check", "eob", "slip", "other"]),
    default="check",
    show_default=True,
    help="What it is.",
)
@BY
@click.pass_obj
def attach(config_path: Path, number: int, file: Path, kind: str, who: str) -> None:
    """Attach FILE (PDF, TIFF, JPEG or PNG) to the deposit or line with this NUMBER."""
    from ..core.clock import SystemClock
    from ..core.ledger import deposit_papers
    from ..core.ledger.days import NotDone
    from ..core.model.papers import NoPaper, media_type
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    most = config.gateway.documents.max_mb
    if file.stat().st_size > most << 20:
        raise click.ClickException(f"{file.name} is larger than {most} MB (documents.max_mb in gateway.yaml).")
    data, by = file.read_bytes(), who or getpass.getuser()
    try:
        media = media_type(data)
        with database(config) as (engine, places):
            stored = Archive(places.archive_dir).put(data)
            with engine.begin() as connection:
                now = SystemClock().now()
                paper_id, new = deposit_papers.attach(connection, number, kind, file.name, media, stored, by, now)
    except (NoPaper, NotDone) as error:
        raise click.ClickException(f"{file.name} was not attached. {error}") from error
    click.echo(f"{file.name} is paper {paper_id} of {number}{'' if new else ', and was there already'}.")


@click.command()
@click.argument("paper", type=click.IntRange(1))
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def save(config_path: Path, paper: int, file: Path) -> None:
    """Write the PAPER with this number into FILE. A file that is there is not touched."""
    from ..core.ledger import deposit_papers
    from ..core.store.archive import Archive, ArchiveDamaged

    config = require(config_path, secrets=False)
    note_look(config, f"deposit save {paper}")
    row = change(config, lambda connection: deposit_papers.paper(connection, paper))
    if row is None:
        raise click.ClickException(f"There is no paper {paper}. See: gateway deposit show NUMBER")
    with database(config) as (_, places):
        try:
            data = Archive(places.archive_dir).read(row.sha256)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(data)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already; name another.") from None
        except (ArchiveDamaged, OSError) as error:
            raise click.ClickException(f"It cannot be written: {error}") from error
    click.echo(f"Paper {paper} is in {file}: {row.media_type}, {row.size:,} bytes.")
