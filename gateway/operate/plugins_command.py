"""`gateway plugins`: which there are, what uses them, and how they do."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config import Config, load
from ..core.model.spreadsheet import CsvWriter
from ..plugins.chains import STATIONS, Step
from ..plugins.discovery import Finder
from ..plugins.host import PluginHost, PluginRefused

if TYPE_CHECKING:
    from ..core.store.plugin_calls import Counted

DAYS = 30
_KINDS = ("worklists", "reports", "routes", "commands", "metrics")
_COLUMNS = ("name", "version", "origin", "hooks", "declares", "used_by", "calls", "failures", "seconds", "refused")


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.pass_obj
def plugins(path: Path, form: str) -> None:
    """List the plugins that are found: name, version, where from, its hooks, the chains that use it; and how often each
    was called in the last thirty days, how often it failed, and how long it took.

    Exit code 1 where one of them cannot be loaded.
    """
    found = load(path, secrets=False) if path.exists() else None
    config = found if isinstance(found, Config) else None
    rows = list(_rows(config))
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    elif form == "csv":
        writer = CsvWriter(sys.stdout)
        writer.writerow(_COLUMNS)
        for row in rows:
            values = (row[name] for name in _COLUMNS)
            writer.writerow(["; ".join(one) if isinstance(one, list) else one for one in values])
    else:
        for row in rows:
            for line in _in_words(row, config is not None):
                click.echo(line)
        if isinstance(found, list):
            faults = f"{len(found)} fault{'' if len(found) == 1 else 's'}"
            click.echo(f"The configuration has {faults}; see `gateway config check`.")
    raise SystemExit(1 if any(row["refused"] for row in rows) else 0)


def _rows(config: Config | None) -> Iterator[dict[str, Any]]:
    finder = Finder(folder=config.gateway.plugins_dir if config is not None else None)
    host = PluginHost()
    counted = _counted(config) if config is not None else {}
    for name in finder.names:
        row: dict[str, Any] = dict.fromkeys(_COLUMNS, "") | {"name": name, "hooks": [], "declares": [], "used_by": []}
        try:
            plugin = finder.load(name, host)
        except PluginRefused as error:
            yield row | {"refused": str(error)}
            continue
        calls = counted.get(name)
        row |= {"version": plugin.version, "origin": plugin.origin, "hooks": sorted(plugin.hooks)}
        row["used_by"] = list(users_of(config, name)) if config is not None else []
        row["declares"] = list(declares_of(config, name)) if config is not None else []
        row["calls"], row["failures"] = (calls.calls, calls.failures) if calls else (0, 0)
        row["seconds"] = round(calls.seconds, 3) if calls else 0.0
        yield row


def users_of(config: Config, name: str) -> Iterator[str]:
    """Where a plugin is used: chains with their stations, gateway.yaml, partners."""
    for chain in config.chains:
        stations = [station for station in STATIONS if _runs(chain.steps(station), name)]
        if stations:
            yield f"{chain.name} ({', '.join(stations)})"
    if name in config.gateway.desk:
        yield "gateway.yaml (desk)"
    yield from (f"partner {partner.name}" for partner in config.partners if partner.transport.plugin == name)


def declares_of(config: Config, name: str) -> Iterator[str]:
    """What a plugin in use declares beside the chains: `reports: held, rentals`."""
    declared = config.declared.get(name)
    if declared is None:
        return
    schedules = [f"{one.name} ({one.words})" for one in declared.schedules]
    for what, names in (
        ("schedules", schedules),
        *((kind, [one.name for one in getattr(declared, kind)]) for kind in _KINDS),
        ("told of", list(declared.life)),
    ):
        if names:
            yield f"{what}: {', '.join(names)}"


def _runs(steps: Sequence[Step], name: str) -> bool:
    return any(step.plugin.name == name for step in steps)


def _counted(config: Config) -> dict[str, Counted]:
    """The calls of the last days; nothing where there is no database yet, or none that can be asked now."""
    from sqlalchemy.exc import SQLAlchemyError

    from ..config.commands import NotAsked
    from ..plugins.settings import SecretMissing
    from .looking import has_database, looking

    try:
        if not has_database(config):
            return {}
        from ..core.store.plugin_calls import since

        with looking(config) as engine, engine.connect() as connection:
            return since(connection, dt.datetime.now(dt.UTC).date() - dt.timedelta(days=DAYS))
    except (NotAsked, SecretMissing, SQLAlchemyError) as error:
        click.echo(f"How often they were called cannot be told: {str(error).splitlines()[0]}", err=True)
        return {}


def _in_words(row: dict[str, Any], configured: bool) -> Iterator[str]:
    if row["refused"]:
        yield f"{row['name']}: {row['refused']}\n"
        return
    yield f"{row['name']} {row['version']} ({row['origin']})"
    yield f"  hooks:  {', '.join(row['hooks']) or 'none'}"
    if configured:
        yield f"  used by: {', '.join(row['used_by']) or 'nothing'}"
    yield from (f"  {line}" for line in row["declares"])
    if row["calls"]:
        each = row["seconds"] / row["calls"] * 1000
        failed = f", {row['failures']:,} failed" if row["failures"] else ""
        yield f"  called: {row['calls']:,} times in {DAYS} days{failed}; {each:.2f} ms each"
