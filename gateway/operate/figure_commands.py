"""The figures of the back office at the command line: `gateway report run dso`, `gateway report figures`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked, require
from .looking import looking, note_look
from .queue_filters import DAY, day
from .work_commands import now_of, show

if TYPE_CHECKING:
    from ..config import Config
    from ..core.reports.measure import Scope


def is_figure(name: str) -> bool:
    """Whether a report of this name is one of the gateway's own figures."""
    from ..core.reports.catalogue import REPORTS

    return name in REPORTS


def figure_list() -> list[tuple[str, str, str]]:
    """Name, what it may be grouped by, and the formula of each figure."""
    from ..core.reports.catalogue import REPORTS

    return [
        (name, ", ".join(one.definition.groups), f"{one.definition.title}: {one.definition.formula}")
        for name, one in REPORTS.items()
    ]


def run_figure(
    config: Config,
    name: str,
    first: dt.datetime | None,
    last: dt.datetime | None,
    payer: str,
    source: str,
    by: str,
    group: str,
    *,
    claims: bool,
    limit: int,
    form: str,
) -> None:
    """Print a figure with its formula, or the claims behind it. `form`: csv, json or text.

    Raises:
        NotAsked: what is asked for cannot be told.
    """
    from ..core.reports import catalogue, showing

    scope = _scope(config, first, last, payer, source, by)
    report = catalogue.named(name)
    if claims or group:
        note_look(config, f"report {name}, claims")
    try:
        with looking(config) as engine, engine.connect() as connection:
            found = catalogue.work_out(connection, report, scope)
            behind = catalogue.behind(connection, report, scope, group=group, limit=limit) if claims or group else None
    except catalogue.NotAsked as error:
        raise NotAsked(str(error)) from error
    if form == "json":
        data = showing.as_data(found) | (showing.claims_data(behind) if behind is not None else {})
        click.echo(json.dumps(data, indent=2))
        return
    if form == "text":
        click.echo("\n".join(showing.in_words(found)) + "\n")
    if behind is None:
        show(showing.COLUMNS, showing.as_rows(found), form == "csv", "Nothing.")
        return
    show(catalogue.CLAIM_COLUMNS, behind.rows, form == "csv", f"No claims: {report.definition.behind}.")
    if behind.more:
        click.echo(f"And more than these {limit:,}: --limit.", err=form == "csv")


def _scope(
    config: Config, first: dt.datetime | None, last: dt.datetime | None, payer: str, source: str, by: str
) -> Scope:
    from ..core.reports import catalogue

    zone = config.gateway.organisation.time_zone
    try:
        return catalogue.scope_of(
            now_of(config)[1], zone, first=day(first), last=day(last), payer=payer, source=source, by=by
        )
    except catalogue.NotAsked as error:
        raise NotAsked(str(error)) from error


@click.command()
@click.option("--from", "first", type=DAY, help="The first day, as 2026-08-01 (default: 90 days, until --to).")
@click.option("--to", "last", type=DAY, help="The last day (default: today).")
@click.option("--payer", default="", help="Only this payer (its id).")
@click.option("--source", default="", help="Only claims of this source.")
@click.option("--csv", "form", flag_value="csv", help="As CSV, for a spreadsheet.")
@click.option("--json", "form", flag_value="json", help="As JSON, with every definition.")
@click.pass_obj
def figures(
    config_path: Path,
    first: dt.datetime | None,
    last: dt.datetime | None,
    payer: str,
    source: str,
    form: str | None,
) -> None:
    """Every figure on one page: DSO, ageing, rates, hold days, and how each stands against its threshold."""
    from ..core.reports import catalogue, showing

    config = require(config_path, secrets=False)
    scope = _scope(config, first, last, payer, source, "")
    with looking(config) as engine, engine.connect() as connection:
        every = catalogue.every(connection, scope)
    if form == "json":
        data: Any = showing.page_data(every)
        click.echo(json.dumps(data, indent=2))
        return
    show(showing.PAGE_COLUMNS, showing.page(every), form == "csv", "Nothing.")
    if form != "csv":
        click.echo("\ngateway report run NAME shows the formula and the groups; with --claims, the claims behind it.")
