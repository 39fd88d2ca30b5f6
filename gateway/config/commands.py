"""`gateway config` and `gateway graph`."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import click

from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost, suggestion

from ..lazy_group import LazyGroup
from .config import Config
from .faults import ConfigFault
from .loading import load


class NotAsked(click.ClickException):
    """What was asked for could not even be tried (exit code 2)."""

    exit_code = 2


def require(path: Path, *, secrets: bool = True) -> Config:
    """The configuration for a command that needs a sound one. `secrets`: whether a missing one is a fault.

    Raises:
        NotAsked: it has faults; all of them are in the message.
    """
    found = load(path, secrets=secrets)
    if isinstance(found, Config):
        return found
    lines = "\n".join(f"  {fault}" for fault in found)
    raise NotAsked(f"The configuration cannot be used; {_count(len(found), 'fault')}:\n{lines}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


LATER = {"test": ("gateway.operate.config_test_command:test", "Try the files of config/tests against it.")}


@click.group(cls=LazyGroup, lazy=LATER)
def config() -> None:
    """Check and show the configuration."""


@config.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--secrets/--no-secrets", default=True, help="Whether a missing secret is a fault.", show_default=True)
@click.option("--probe", "ask", is_flag=True, help="Connect to every partner as well, and look at its folders.")
@click.pass_obj
def check(path: Path, form: str, secrets: bool, ask: bool) -> None:
    """Read every file and name every fault, each with its file, line and column.

    With --probe the partners are asked once the files are sound; nothing is changed at them.

    Exit code 0: it can be used. 1: it has faults. 2: there is no configuration at that place.
    """
    if not (path / "gateway.yaml" if path.is_dir() else path).is_file():
        raise click.UsageError(f"There is no gateway.yaml at {path}. Name its folder with --config or GATEWAY_CONFIG.")
    found = load(path, secrets=secrets)
    faults = [] if isinstance(found, Config) else list(found)
    asked: list[str] = []
    if ask and isinstance(found, Config):
        from .probing import in_words, probe

        for one in probe(found):
            faults += one.faults
            asked.append(in_words(one))
    if form == "json":
        report = {
            "ok": not faults,
            "hash": found.hash if isinstance(found, Config) else None,
            "faults": [fault._asdict() for fault in faults],
            "partners": asked,
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for fault in faults:
            click.echo(str(fault))
        for line in asked:
            click.echo(line)
        click.echo(_summary(found))
    raise SystemExit(1 if faults else 0)


@config.command()
@click.option("--effective", is_flag=True, help="The defaults too, and what a chain inherits.")
@click.option("--part", default="", help="Only this part, such as gateway, partners/practice or chains/default.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.pass_obj
def show(path: Path, effective: bool, part: str, form: str) -> None:
    """Show every setting, its value, and the file and line where it comes from. Secrets stay references."""
    from .showing import as_text, path_text, shown

    values = list(shown(require(path, secrets=False), effective=effective))
    parts = list(dict.fromkeys(one.part for one in values))
    if part and part not in parts:
        raise click.UsageError(f"There is no part {part!r}.{suggestion(part, parts)} Parts: {', '.join(parts)}.")
    values = [one for one in values if not part or one.part == part]
    if form == "json":
        rows = [{"part": v.part, "setting": path_text(v.path), "value": v.value, "from": v.origin} for v in values]
        click.echo(json.dumps(rows, indent=2))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["part", "setting", "value", "from"])
        writer.writerows([v.part, path_text(v.path), v.value, v.origin] for v in values)
    else:
        click.echo("\n".join(as_text(values)).rstrip())


@config.command()
@click.argument("what", type=click.Choice(["gateway", "partner", "chain", "table"]), required=False)
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Write all four, as files, into this folder."
)
@click.pass_obj
def schema(path: Path, what: str | None, into: Path | None) -> None:
    """The JSON schema of a kind of file, for editors: with the settings of every plugin that is found.

    With --into, all of them as files; the first line of a configuration file then names its own:
    `# yaml-language-server: $schema=schemas/chain.schema.json`.
    """
    from .schema import schemas

    made = schemas(_host(path))
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for name, one in made.items():
            (into / f"{name}.schema.json").write_text(json.dumps(one, indent=2) + "\n")
        click.echo(f"{len(made)} schemas are in {into}.")
    elif what is None:
        raise click.UsageError("Say which: gateway, partner, chain or table; or --into a folder for all of them.")
    else:
        click.echo(json.dumps(made[what], indent=2))


def _host(path: Path) -> PluginHost:
    """All plugins that can be loaded; the others are explained by `gateway plugins`."""
    found = load(path, secrets=False) if path.exists() else None
    host = PluginHost()
    Finder(folder=found.gateway.plugins_dir if isinstance(found, Config) else None).load_all(host)
    return host


@click.command()
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
@click.option("--chain", default="", help="Only this chain.")
@click.pass_obj
def graph(path: Path, form: str, chain: str) -> None:
    """Draw the chains: what each is for, and the steps of every station in their order (Mermaid or DOT)."""
    from .graph import draw

    found = require(path, secrets=False)
    names = [one.name for one in found.chains]
    if chain and chain not in names:
        raise click.UsageError(f"There is no chain {chain!r}.{suggestion(chain, names)} Chains: {', '.join(names)}.")
    click.echo(draw(found, form, chain))


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
