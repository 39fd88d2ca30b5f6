"""`gateway deposit`: the register of money that is expected and that was seen; matching it, and taking a match back."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from ..config.day import DAY as DAY
from ..core.model.bank_file import PURPOSES
from ..core.model.spreadsheet import CsvWriter
from ..lazy_group import LazyGroup
from .commands import change
from .looking import day, dollars, moment, note_look
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..core.ledger.register import Entry, One, Which

_KEYING = "gateway.operate.deposit_keying"
KEYING = {
    "add": (f"{_KEYING}:add", "Key checks, cards or cash by hand; or lines read at the bank."),
    "attach": (f"{_KEYING}:attach", "Attach a paper: an image of a check, an explanation of benefits."),
    "save": (f"{_KEYING}:save", "Write an attached paper into a file."),
    "post-patient": (
        "gateway.operate.patient_money_commands:post_patient",
        "Post what a patient paid to what they owe.",
    ),
    "key-eob": (f"{_KEYING}:key_eob", "Key a paper explanation of benefits: it posts like an 835."),
}
PAGE_OF_CSV = 5000
BY = click.option("--by", "who", default="", help="Who does it (default: the name you are signed in with).")
REASON = click.option("--reason", required=True, help="Why.")
LINE = click.argument("line", type=click.IntRange(1))
SHOWN = ("id", "kind", "state", "method", "dollars", "on_date", "number", "with", "papers", "payer")


@click.group(cls=LazyGroup, lazy=KEYING)
def deposit() -> None:
    """Money that is expected and that was seen, each with a number."""


@deposit.command("list")
@click.option(
    "--state",
    default="",
    type=click.Choice(["expected", "matched", "posted", "reconciled", "unidentified", "noted", ""]),
    help="Only of this state.",
)
@click.option(
    "--kind",
    default="",
    type=click.Choice(["remittance", "slip", "bank", "in hand", ""]),
    help="Only remittances, slips, lines of the bank, or what is in hand.",
)
@click.option("--method", default="", help="Only by this way: eft, wire, check, lockbox, card, cash, other.")
@click.option("--payer", default="", help="Only of payers with this in their name or id.")
@click.option("--number", default="", help="Only with this trace or check number.")
@click.option("--from", "first", type=DAY, default=None, help="Not before this day.")
@click.option("--to", "last", type=DAY, default=None, help="Not after this day.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def deposit_list(config_path: Path, /, limit: int, as_csv: bool, as_json: bool, **given: Any) -> None:
    """Deposits and lines of money, the newest first."""
    from ..core.ledger import register

    config = require(config_path, secrets=False)
    note_look(config, "deposit list")
    found = change(config, lambda connection: _found(connection, _which(given), limit, every=as_csv))
    rows = [register.entry_data(one) for one in found]
    if as_json:
        click.echo(json.dumps({"deposits": rows}, indent=2))
    elif as_csv:
        writer = CsvWriter(sys.stdout)
        writer.writerow(register.COLUMNS)
        writer.writerows([_cell(row[name]) for name in register.COLUMNS] for row in rows)
    else:
        show(SHOWN, [[_cell(row[name]) for name in SHOWN] for row in rows], False, "There is no such deposit.")


def _which(given: dict[str, Any]) -> Which:
    from ..core.ledger.register import Which

    days = {name: given[name].date() if given[name] else None for name in ("first", "last")}
    return Which(**(given | days))


def _found(connection: Connection, which: Which, limit: int, *, every: bool) -> list[Entry]:
    from ..core.ledger import register

    found: list[Entry] = []
    while True:
        below = found[-1].id if found else 0
        size = PAGE_OF_CSV if every else limit
        page = register.page(connection, which, size, below=below)
        found += page
        if not every or len(page) < size:
            return found


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return "" if value in (None, 0) else value


@deposit.command("summary")
@click.option("--from", "first", type=DAY, default=None, help="Not before this day.")
@click.option("--to", "last", type=DAY, default=None, help="Not after this day.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def deposit_summary(config_path: Path, first: dt.datetime | None, last: dt.datetime | None, as_csv: bool) -> None:
    """Deposits itemised by state, way and payer."""
    from ..core.ledger.register import itemised

    config = require(config_path, secrets=False)
    note_look(config, "deposit summary")
    days = [one.date() if one else None for one in (first, last)]
    rows = change(config, lambda connection: itemised(connection, *days))
    columns = ("state", "kind", "method", "many", "dollars", "payer")
    shown = [(one.state, one.kind, one.method, one.many, amount(one.cents), one.payer) for one in rows]
    show(columns, shown, as_csv, "There are no deposits.")


@deposit.command("show")
@click.argument("number", type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def deposit_show(config_path: Path, number: int, as_json: bool) -> None:
    """One deposit or line: what it is matched to and was, what stands on a slip, its papers, and its timeline."""
    from zoneinfo import ZoneInfo

    from ..core.ledger import register

    config = require(config_path, secrets=False)
    note_look(config, f"deposit show {number}")
    found = change(config, lambda connection: register.one(connection, number))
    if found is None:
        raise click.ClickException(f"There is no deposit and no line {number}. See: gateway deposit list")
    if as_json:
        data = register.entry_data(found.entry) | {"matches": [register.match_data(one) for one in found.matches]}
        click.echo(json.dumps(data, indent=2))
    else:
        _show_one(found, ZoneInfo(config.gateway.organisation.time_zone))


def _show_one(found: One, zone: Any) -> None:
    entry = found.entry
    kind = {"remittance": "Deposit", "slip": "Slip", "bank": "Line of the bank", "hand": "In hand"}[entry.kind]
    click.echo(f"{kind} {entry.id}: {dollars(entry.cents)} by {entry.method}, {entry.state}.")
    r = found.remittance
    for word, value in (
        ("day", day(entry.on_date)),
        ("payer", f"{entry.payer} {entry.payer_id}".strip()),
        ("number", entry.number),
        ("bank", f"{entry.bank} {entry.account} {entry.type_code}".strip()),
        ("told", found.told),
        ("on slip", entry.slip_id),
        ("remittance", f"{r.id} ({r.state}), file {r.file_id}" if r is not None else ""),
        ("posted", dollars(r.posted_cents) if r is not None else ""),
        ("waiting", dollars(r.exception_cents) if r is not None and r.exception_cents else ""),
        ("provider", dollars(r.provider_level_cents) if r is not None and r.provider_level_cents else ""),
    ):
        if value:
            click.echo(f"  {word:<12}{value}")
    for check in found.checks:
        number = f", number {check.trace_number}" if check.trace_number else ""
        click.echo(f"  line {check.id}: {dollars(check.cents)} {check.method}{number}, {check.payer} ({check.state})")
    for paper in found.papers:
        click.echo(f"  paper {paper.id}: {paper.kind}, {paper.name}, {paper.size:,} bytes")
    for event in found.events:
        who = f"{event.who}: " if event.who else ""
        click.echo(f"  {moment(event.at, zone)}  {who}{event.what}")


# --- verbs -----------------------------------------------------------------------------------------


def act(config_path: Path, do: Callable[[Connection, dt.date, dt.datetime], Any]) -> Any:
    """One verb in one transaction, in its turn; what cannot be done is told in plain words."""
    from ..core.ledger import money
    from ..core.ledger.days import NotDone

    config = require(config_path, secrets=False)
    now, today = now_of(config)

    def turn(connection: Connection) -> Any:
        money.my_turn(connection)
        return do(connection, today, now)

    try:
        return change(config, turn)
    except NotDone as error:
        raise click.ClickException(str(error)) from error


@deposit.command("match")
@LINE
@click.argument("deposits", type=click.IntRange(1), nargs=-1, required=True)
@click.option("--difference", default="", metavar="REASON", help="Why the amounts differ, where they do.")
@BY
@click.pass_obj
def deposit_match(config_path: Path, line: int, deposits: tuple[int, ...], difference: str, who: str) -> None:
    """LINE of money is these DEPOSITS, by their numbers."""
    from ..core.ledger.deposits import match

    by = who or getpass.getuser()
    act(
        config_path,
        lambda connection, today, now: match(
            connection, line, deposits, today, now, who=by, difference_reason=difference
        ),
    )
    click.echo(f"Line {line} is deposit {', '.join(str(one) for one in deposits)}.")


@deposit.command("unmatch")
@LINE
@REASON
@BY
@click.pass_obj
def deposit_unmatch(config_path: Path, line: int, reason: str, who: str) -> None:
    """Take back what LINE is matched to, or was named."""
    from ..core.ledger.deposits import unmatch

    by = who or getpass.getuser()
    act(config_path, lambda connection, today, now: unmatch(connection, line, reason, by, today, now))
    click.echo(f"Line {line} is unidentified again.")


@deposit.command("explain")
@LINE
@click.option("--as", "purpose", type=click.Choice(list(PURPOSES)), required=True, help="What it is for.")
@REASON
@BY
@click.pass_obj
def deposit_explain(config_path: Path, line: int, purpose: str, reason: str, who: str) -> None:
    """LINE is money that no remittance announces: say what it is for."""
    from ..core.ledger.deposits import explain

    by = who or getpass.getuser()
    act(config_path, lambda connection, today, now: explain(connection, line, purpose, reason, by, today, now))
    click.echo(f"Line {line}: {PURPOSES[purpose]}.")


@deposit.command("take")
@LINE
@REASON
@BY
@click.pass_obj
def deposit_take(config_path: Path, line: int, reason: str, who: str) -> None:
    """LINE, which was only noted, is money of ours after all."""
    from ..core.ledger.deposits import take

    by = who or getpass.getuser()
    act(config_path, lambda connection, today, now: take(connection, line, reason, by, today, now))
    click.echo(f"Line {line} is money of ours, and unidentified.")
