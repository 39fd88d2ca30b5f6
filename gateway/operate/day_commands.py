"""`gateway day`: the figures of a day, closing it and reopening it."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from ..config.day import DAY
from .commands import change
from .looking import dollars, moment, note_look
from .work_commands import now_of

if TYPE_CHECKING:
    from ..core.ledger.day_figures import Figures

BY = click.option("--by", "who", default="", help="Who does it (default: the name you are signed in with).")


@click.group()
def day() -> None:
    """The day's close: the bank's money against what is posted."""


@day.command("show")
@click.argument("date", type=DAY, required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def day_show(config_path: Path, date: dt.datetime | None, as_json: bool) -> None:
    """The figures of a day (default: today), what keeps it from closing at 0.00, and whether it is closed."""
    from zoneinfo import ZoneInfo

    from ..core.ledger import day_figures, days

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    on = date.date() if date else today
    note_look(config, f"day show {on}")
    found = change(config, lambda connection: day_figures.figures(connection, on))
    closings = change(config, lambda connection: days.history(connection, on))
    before = change(config, lambda connection: day_figures.open_days(connection, on))
    if as_json:
        click.echo(json.dumps(day_figures.figures_data(found, closings), indent=2))
        return
    show_figures(found)
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    for row in closings:
        why = f": {row.reason}" if row.reason else ""
        click.echo(f"Closed {moment(row.closed_at, zone)} by {row.who} at {dollars(row.variance_cents)}{why}")
        if row.reopened_at is not None:
            click.echo(f"Reopened {moment(row.reopened_at, zone)} by {row.reopened_by}: {row.reopen_reason}")
    if not closings or closings[-1].reopened_at is not None:
        click.echo(f"Open. Close it with: gateway day close {on}")
    if before:
        click.echo(f"Earlier days that are open: {', '.join(f'{one:%m/%d/%Y}' for one in before[-10:])}")


def show_figures(found: Figures) -> None:
    """The figures as a table."""
    click.echo(f"{found.day:%m/%d/%Y}")
    for words, cents in (
        (f"the bank's money, {found.lines:,} line(s)", found.bank),
        ("  of remittances", found.remitted),
        ("    posted", found.posted),
        ("    provider level", found.provider_level),
        ("    waiting as exceptions", found.waiting),
        ("  named by a person", found.named),
        ("  differences with a reason", found.differences),
        ("  unidentified", found.unidentified),
        ("variance (waiting and unidentified)", found.variance),
        ("in hand, not at the bank", found.in_hand),
    ):
        click.echo(f"  {words:<38}{dollars(cents):>18}")
    for name, cents in sorted(found.by_payer.items()):
        click.echo(f"  {name[:60]:<38}{dollars(cents):>18}")


@day.command("close")
@click.argument("date", type=DAY)
@click.option("--reason", default="", help="Why, where the variance is not 0.00.")
@BY
@click.pass_obj
def day_close(config_path: Path, date: dt.datetime, reason: str, who: str) -> None:
    """Close DATE. Nothing is booked into it any more; what comes late is booked on the day on which it comes."""
    from ..core.ledger import day_figures
    from ..core.ledger.days import NotDone

    config = require(config_path, secrets=False)
    zone = config.gateway.organisation.time_zone
    now, by = now_of(config)[0], who or getpass.getuser()
    try:
        found = change(config, lambda connection: day_figures.close(connection, date.date(), zone, by, reason, now))
    except NotDone as error:
        raise click.ClickException(f"{error} See: gateway day show {date:%Y-%m-%d}") from error
    show_figures(found)
    click.echo(f"{date:%m/%d/%Y} is closed at {dollars(found.variance)}.")


@day.command("reopen")
@click.argument("date", type=DAY)
@click.option("--reason", required=True, help="Why.")
@BY
@click.pass_obj
def day_reopen(config_path: Path, date: dt.datetime, reason: str, who: str) -> None:
    """Let entries into DATE again. Its closing stays on record, with who reopened it and why."""
    from ..core.ledger import days

    config = require(config_path, secrets=False)
    by, now = who or getpass.getuser(), now_of(config)[0]
    try:
        change(config, lambda connection: days.reopen(connection, date.date(), by, reason, now))
    except days.NotDone as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{date:%m/%d/%Y} is open again.")
