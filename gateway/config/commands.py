"""`gateway config check` and `gateway plugins`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.plugins.chains import STATIONS, Step
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost, PluginRefused

from .config import Config
from .faults import ConfigFault
from .loading import load


class NotAsked(click.ClickException):
    """What was asked for could not even be tried (exit code 2)."""

    exit_code = 2


def require(path: Path) -> Config:
    """The configuration for a command that needs a sound one.

    Raises:
        NotAsked: it has faults; all of them are in the message.
    """
    found = load(path)
    if isinstance(found, Config):
        return found
    lines = "\n".join(f"  {fault}" for fault in found)
    raise NotAsked(f"The configuration cannot be used; {_count(len(found), 'fault')}:\n{lines}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--secrets/--no-secrets", default=True, help="Whether a missing secret is a fault.", show_default=True)
@click.pass_obj
def check(path: Path, form: str, secrets: bool) -> None:
    """Read every file and name every fault, each with its file, line and column.

    Exit code 0: it can be used. 1: it has faults. 2: there is no configuration at that place.
    """
    if not (path / "gateway.yaml" if path.is_dir() else path).is_file():
        raise click.UsageError(f"There is no gateway.yaml at {path}. Name its folder with --config or GATEWAY_CONFIG.")
    found = load(path, secrets=secrets)
    faults = [] if isinstance(found, Config) else found
    if form == "json":
        report = {
            "ok": not faults,
            "hash": found.hash if isinstance(found, Config) else None,
            "faults": [fault._asdict() for fault in faults],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(_summary(found))
    raise SystemExit(1 if faults else 0)


def _summary(found: Config | list[ConfigFault]) -> str:
    if isinstance(found, list):
        return f"{_count(len(found), 'fault')} in {_count(len({fault.file for fault in found}), 'file')}."
    routes = sum(len(partner.payers) for partner in found.partners)
    return (
        f"The configuration can be used: {_count(len(found.gateway.sources), 'source')}, "
        f"{_count(len(found.partners), 'partner')}, {_count(routes, 'payer route')}, "
        f"{_count(len(found.chains), 'chain')} of {_count(len(found.chains.steps), 'step')}, "
        f"{_count(len(found.tables), 'table')}. Hash {found.hash[:12]}."
    )


@click.command()
@click.pass_obj
def plugins(path: Path) -> None:
    """List the plugins that are found: name, version, where from, its hooks, and the chains that use it.

    Exit code 1 where one of them cannot be loaded.
    """
    found = load(path, secrets=False) if path.exists() else None
    folder = found.gateway.plugins_dir if isinstance(found, Config) else None
    finder, host = Finder(folder=folder), PluginHost()
    refused = 0
    for name in finder.names:
        try:
            plugin = finder.load(name, host)
        except PluginRefused as error:
            refused += 1
            click.echo(f"{name}: {error}\n")
            continue
        click.echo(f"{plugin.name} {plugin.version} ({plugin.origin})")
        click.echo(f"  hooks:  {', '.join(sorted(plugin.hooks)) or 'none'}")
        if isinstance(found, Config):
            used = [
                f"{chain.name} ({', '.join(s for s in STATIONS if _runs(chain.steps(s), name))})"
                for chain in found.chains
                if any(_runs(chain.steps(s), name) for s in STATIONS)
            ]
            used += [f"partner {p.name}" for p in found.partners if p.transport.plugin == name]
            click.echo(f"  used by: {', '.join(used) or 'nothing'}")
    if isinstance(found, list):
        click.echo(f"The configuration has {_count(len(found), 'fault')}; see `gateway config check`.")
    raise SystemExit(1 if refused else 0)


def _runs(steps: Sequence[Step], name: str) -> bool:
    return any(step.plugin.name == name for step in steps)
