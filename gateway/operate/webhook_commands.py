"""`gateway webhook`: who is told when something happens, what arrived, and sending again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from ..config.commands import require
from .commands import change


@click.group()
def webhook() -> None:
    """Who is told when something happens (`webhooks` in gateway.yaml), and what arrived."""


@webhook.command("list")
@click.pass_obj
def webhook_list(config_path: Path) -> None:
    """Every webhook, and how its last deliveries did."""
    from ..core.store import webhooks

    config = require(config_path, secrets=False)
    if not config.gateway.webhooks:
        click.echo("No webhook is configured. docs/api.md shows how one is written into gateway.yaml.")
        return
    for one in config.gateway.webhooks:
        rows = change(config, partial(webhooks.listed, webhook=one.name, limit=1000))
        counts = {state: sum(row.state == state for row in rows) for state in webhooks.STATES}
        told = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "nothing told yet"
        click.echo(f"{one.name:<24} {one.url}\n  events  {', '.join(one.events)}\n  last    {told}")


@webhook.command("deliveries")
@click.argument("name", default="")
@click.option("--state", type=click.Choice(["waiting", "delivered", "given up"]), help="Only those that stand so.")
@click.option("--limit", "most", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_obj
def webhook_deliveries(config_path: Path, name: str, state: str | None, most: int) -> None:
    """What was told, the newest first; of the webhook NAME alone, where one is named."""
    from ..core.store import webhooks

    def look(sql: Any) -> list[Any]:
        return webhooks.listed(sql, webhook=name, state=state or "", limit=most)

    rows = change(require(config_path, secrets=False), look)
    if not rows:
        click.echo("Nothing was told yet.")
    for row in rows:
        tried = f"tried {row.attempts} time(s)" if row.attempts else "not tried yet"
        why = f": {row.why}" if row.why else ""
        click.echo(
            f"{row.id:<8} {row.created_at:%m/%d/%Y %H:%M} UTC  {row.webhook:<16} {row.event:<18} "
            f"{row.state}, {tried}{why}"
        )


@webhook.command("send")
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1))
@click.pass_obj
def webhook_send(config_path: Path, ids: tuple[int, ...]) -> None:
    """Deliver again, by the numbers that `deliveries` shows."""
    from ..core.clock import SystemClock
    from ..core.store import webhooks

    config = require(config_path, secrets=False)
    found = change(config, lambda sql: webhooks.send_again(sql, ids, SystemClock().now()))
    missing = sorted(set(ids) - set(found))
    if missing:
        raise click.ClickException(f"There is no delivery {', '.join(map(str, missing))}; {len(found)} go again.")
    click.echo(f"{len(found)} delivery(s) go again as soon as the gateway runs.")


@webhook.command("test")
@click.argument("name")
@click.pass_obj
def webhook_test(config_path: Path, name: str) -> None:
    """Have the webhook NAME told an event `ping`, to see that it takes it."""
    from ..core.clock import SystemClock
    from ..core.flow import webhooks

    config = require(config_path, secrets=False)
    if all(one.name != name for one in config.gateway.webhooks):
        known = ", ".join(one.name for one in config.gateway.webhooks) or "none"
        raise click.ClickException(f"No webhook is called {name!r}. The configuration has: {known}.")
    change(config, lambda sql: webhooks.ping(sql, name, SystemClock().now()))
    click.echo(f"It is told as soon as the gateway runs. What came of it: gateway webhook deliveries {name}")
