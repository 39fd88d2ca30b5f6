"""`gateway work`: the engine's workflows; and how lists are printed, for these and other commands."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from ..core.model.spreadsheet import CsvWriter
from .commands import change, database
from .looking import note_look

if TYPE_CHECKING:
    from sqlalchemy import Select

    from ..config import Config
    from ..config.locations import Locations

UNFINISHED = ("failed", "cancelled", "running", "queued")


def show(columns: Sequence[str], rows: Sequence[Sequence[object]], as_csv: bool, nothing: str) -> None:
    """Print rows as CSV, or aligned with the last column free."""
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    if as_csv:
        writer = CsvWriter(sys.stdout)
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


def now_of(config: Config) -> tuple[dt.datetime, dt.date]:
    """The time now, and the supplier's date."""
    from ..core.clock import SystemClock, business_date

    now = SystemClock().now()
    return now, business_date(now, config.gateway.organisation.time_zone)


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
