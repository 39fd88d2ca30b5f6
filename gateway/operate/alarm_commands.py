"""`gateway alarm`: what stands, what was told, and trying a channel out."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from ..config.commands import NotAsked, require
from .commands import change
from .looking import looking, moment
from .work_commands import now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

COLUMNS = ("kind", "since", "told", "over", "alarm")
MESSAGES = ("message", "channel", "made", "alarms", "tries", "state", "why")


@click.group()
def alarm() -> None:
    """Alarms: what people outside are told of (docs/alarms.md)."""


@alarm.command("list")
@click.option("--over", is_flag=True, help="Those that are over, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Of those that are over.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.pass_obj
def alarm_list(config_path: Path, over: bool, limit: int, as_csv: bool) -> None:
    """What stands, the newest first."""
    from ..core.store import alarms as store

    config = require(config_path, secrets=False)
    zone = ZoneInfo(config.gateway.organisation.time_zone)

    def at(value: Any) -> str:
        return moment(value, zone) if value is not None else ""

    with looking(config) as engine, engine.connect() as connection:
        found = [*store.standing(connection), *(store.past(connection, limit) if over else ())]
    rows = [(row.kind, at(row.since), at(row.told_at), at(row.over_at), row.words) for row in found]
    show(COLUMNS, rows, as_csv, "No alarm stands.")


@alarm.command("messages")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.pass_obj
def alarm_messages(config_path: Path, limit: int, as_csv: bool) -> None:
    """What went out, the newest first, and why what did not go did not."""
    from ..core.store import alarms as store

    config = require(config_path, secrets=False)
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    with looking(config) as engine, engine.connect() as connection:
        found = store.last_messages(connection, limit)
    rows = [
        (one.id, one.channel, moment(one.created_at, zone), len(one.alarms), one.tries, one.state, one.error)
        for one in found
    ]
    show(MESSAGES, rows, as_csv, "Nothing was sent yet.")


@alarm.command("test")
@click.argument("channel")
@click.pass_obj
def alarm_test(config_path: Path, channel: str) -> None:
    """Have CHANNEL (alarm_mail, alarm_webhook, or a plugin of yours) send a test; the gateway sends it when it runs."""
    from ..core.flow import alarms

    config = require(config_path, secrets=False)
    known = alarms.channels(config)
    if channel not in known:
        raise NotAsked(f"No channel is called {channel!r}. The configuration has: {', '.join(known) or 'none'}.")
    now, _ = now_of(config)

    def begin(connection: Connection) -> int:
        return alarms.try_out(connection, channel, getpass.getuser(), now)

    number = change(config, begin)
    click.echo(f"Message {number} waits to be sent by {channel}. See: gateway alarm messages")
