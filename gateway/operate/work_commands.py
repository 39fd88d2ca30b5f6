"""What waits, and how it goes on: `gateway work` (the engine's workflows), `gateway holds`, `gateway queue`."""

from __future__ import annotations

import csv
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from .commands import change, database
from .looking import note_look

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from ..config import Config
    from ..config.locations import Locations

UNFINISHED = ("failed", "cancelled", "running", "queued")


def show(columns: Sequence[str], rows: Sequence[Sequence[object]], as_csv: bool, nothing: str) -> None:
    """Print rows as CSV, or aligned with the last column free."""
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(texts)
        return
    if not texts:
        click.echo(nothing)
        return
    widths = [max(len(text) for text in column) for column in zip(columns, *texts, strict=True)]
    for row in ([name.replace("_", " ") for name in columns], *texts):
        padded = [text.ljust(width) for text, width in zip(row[:-1], widths, strict=False)]
        click.echo("  ".join([*padded, row[-1]]).rstrip())


def look(config: Config, what: str, statement: Select[Any]) -> list[Any]:
    """Rows for a person, and a line about it in the access log."""
    note_look(config, what)
    return change(config, lambda connection: list(connection.execute(statement).all()))


def amount(cents: int) -> str:
    """Cents as dollars, for a person."""
    from ..core.model.money import to_dollars

    return f"{to_dollars(cents):,.2f}"


def _books_url(places: Locations) -> str:
    from ..core.store.engine import system_url

    return places.engine_url or system_url(places.business_url)


# --- workflows -------------------------------------------------------------------------------------


@click.group()
def work() -> None:
    """Files, batches and polls as the engine works on them."""


@work.command("list")
@click.option("--state", type=click.Choice(["queued", "running", "done", "failed", "cancelled", "all"]), default=None)
@click.option("--kind", default="", help="Only of this kind: intake, batch, send, poll, read, post ...")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def work_list(config_path: Path, state: str | None, kind: str, limit: int, as_csv: bool) -> None:
    """Pieces of work by state, newest first; those that are not done where no state is named."""
    from ..core.engine.books import books

    wanted = () if state == "all" else (state,) if state else UNFINISHED
    with database(require(config_path, secrets=False)) as (_, places), books(_books_url(places)) as found:
        rows = found.list(wanted, kind=kind, limit=limit)
    show(
        ("kind", "key", "state", "since", "error"),
        [(row.kind, row.key, row.state, f"{row.created_at:%Y-%m-%d %H:%M:%S}", row.error[:200]) for row in rows],
        as_csv,
        "Nothing is under way, and nothing has failed.",
    )


@work.command("resume")
@click.argument("kind")
@click.argument("key")
@click.pass_obj
def work_resume(config_path: Path, kind: str, key: str) -> None:
    """Let a failed or cancelled piece of work go on from its last finished step."""
    from ..core.engine.books import books

    with database(require(config_path, secrets=False)) as (_, places), books(_books_url(places)) as found:
        try:
            before = found.resume(kind, key)
        except LookupError as error:
            raise click.ClickException(f"There is none: {error.args[0]}. See: gateway work list") from error
    if before not in ("failed", "cancelled"):
        raise click.ClickException(f"{kind} {key} is {before}; only what failed or was cancelled is resumed.")
    click.echo(f"{kind} {key} goes on: now if the gateway runs, else when it starts.")


# --- holds -----------------------------------------------------------------------------------------


@click.group()
def holds() -> None:
    """Claims that are kept back, and letting them go."""


@holds.command("list")
@click.option("--team", default="", help="Only those of this team.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def holds_list(config_path: Path, team: str, as_csv: bool) -> None:
    """Every open hold: on which claim, why, and who has to do what until when."""
    from sqlalchemy import select

    from ..core.store.tables import claims
    from ..core.store.tables import holds as table

    statement = (
        select(table, claims.c.source_claim_number, claims.c.payer_name, claims.c.charge_cents)
        .join(claims, claims.c.id == table.c.claim_id)
        .where(table.c.released_at.is_(None))
        .order_by(table.c.due, table.c.id)
    )
    if team:
        statement = statement.where(table.c.team == team)
    rows = [
        (
            row.id,
            row.source_claim_number,
            amount(row.charge_cents),
            row.type,
            row.rule,
            row.team,
            row.due or row.expires,
            row.payer_name,
            row.reason,
        )
        for row in look(require(config_path, secrets=False), "holds list", statement)
    ]
    columns = ("id", "claim", "charge", "type", "rule", "team", "due", "payer", "reason")
    show(columns, rows, as_csv, "No claim is held.")


@holds.command("release")
@click.argument("hold_ids", type=int, nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, help="Why it may go; it stands on the claim's timeline.")
@click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
@click.pass_obj
def holds_release(config_path: Path, hold_ids: tuple[int, ...], reason: str, who: str) -> None:
    """Release holds by their ID. A claim goes with the next batch when none of its holds is left."""
    from ..core.clock import SystemClock
    from ..core.flow.release import NotHeld, release_hold

    config = require(config_path, secrets=False)

    def release(connection: Connection) -> list[str]:
        now, by = SystemClock().now(), who or getpass.getuser()
        return [release_hold(connection, one, by, reason, now, config.partner_for).value for one in hold_ids]

    try:
        states = change(config, release)
    except (NotHeld, ValueError) as error:
        raise click.ClickException(f"{error} Nothing was released.") from error
    for one, state in zip(hold_ids, states, strict=True):
        click.echo(f"Hold {one} is released; its claim is {state}.")


# --- work items ------------------------------------------------------------------------------------


@click.group()
def queue() -> None:
    """What waits for a person."""


@queue.command("list")
@click.option("--team", default="", help="Only those of this team.")
@click.option("--kind", default="", help="Only of this kind: rejection, denial, posting_exception, overdue_ack ...")
@click.option("--payer", default="", help="Only of this payer.")
@click.option("--worklist", default="", help="As this worklist of a plugin shows them; see: gateway worklists.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def queue_list(config_path: Path, team: str, kind: str, payer: str, worklist: str, limit: int, as_csv: bool) -> None:
    """Open work items, the most urgent first: what happened, what is at stake, what to do."""
    if worklist:
        from .desk_commands import show_worklist

        show_worklist(require(config_path, secrets=False), worklist, team, kind, payer, limit, as_csv)
        return
    from sqlalchemy import select

    from ..core.store.tables import claims, work_items

    statement = (
        select(work_items, claims.c.source_claim_number)
        .outerjoin(claims, claims.c.id == work_items.c.claim_id)
        .where(work_items.c.state == "open")
        .order_by(work_items.c.work_by.is_(None), work_items.c.work_by, work_items.c.cents.desc(), work_items.c.id)
    )
    if team:
        statement = statement.where(work_items.c.team == team)
    if kind:
        statement = statement.where(work_items.c.kind == kind)
    if payer:
        statement = statement.where(work_items.c.payer_id == payer)
    found = look(require(config_path, secrets=False), "queue list", statement)
    shown = found if as_csv else found[:limit]
    rows = [
        (
            row.id,
            row.kind,
            row.team,
            row.work_by,
            row.deadline,
            amount(row.cents),
            row.source_claim_number or "",
            row.partner,
            row.reason,
        )
        for row in shown
    ]
    columns = ("id", "kind", "team", "work_by", "deadline", "dollars", "claim", "partner", "reason")
    show(columns, rows, as_csv, "Nothing waits for a person.")
    if len(found) > len(shown):
        click.echo(f"And {len(found) - len(shown):,} more: --limit, --team, --kind or --csv.")


@queue.command("close")
@click.argument("item_ids", type=int, nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, help="What was done about it.")
@click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
@click.pass_obj
def queue_close(config_path: Path, item_ids: tuple[int, ...], reason: str, who: str) -> None:
    """Close work items that a person has dealt with. What clears by itself (a hold, a stopped partner) is not closed
    here."""
    from ..core.clock import SystemClock
    from ..core.flow.again import CannotBeDone
    from ..core.flow.closing import close_by_hand

    def close(connection: Connection) -> None:
        for one in item_ids:
            close_by_hand(connection, one, who or getpass.getuser(), reason, SystemClock().now())

    try:
        change(require(config_path, secrets=False), close)
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Closed: {', '.join(str(one) for one in item_ids)}.")
