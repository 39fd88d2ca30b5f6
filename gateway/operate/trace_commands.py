"""`gateway trace`: what did happen to a claim, an interchange or a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .looking import looking, note_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from .trace_find import Choice, Found, Subject
    from .trace_report import Report

MOST_CLAIMS = 50


@click.command()
@click.argument("what", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--id", "chosen", type=click.IntRange(1), default=None, help="Which one, where several bear the number.")
@click.option(
    "--all", "everything", is_flag=True, help=f"All claims of a file or interchange, not the first {MOST_CLAIMS}."
)
@click.option("--patient", is_flag=True, help="With the patient's name, birth date and member id.")
@click.pass_obj
def trace(
    config_path: Path, what: tuple[str, ...], form: str, chosen: int | None, everything: bool, patient: bool
) -> None:
    """What did happen to WHAT: a claim number (ours or the source's), an interchange (its ISA13), or a file (its name,
    its id as `file 12`, or a path on disk). Changes nothing.

    Exit code 0: told. 1: there is none, or there are several to choose from. 2: it could not be asked.
    """
    from zoneinfo import ZoneInfo

    from .trace_find import find
    from .trace_report import as_csv, as_json, as_text

    config = require(config_path, secrets=False)
    zone = ZoneInfo(config.gateway.organisation.time_zone)
    name = " ".join(what)
    with looking(config) as engine, engine.connect() as connection:
        found = find(connection, name, [source.name for source in config.gateway.sources], zone, chosen or 0)
        if found.subject is None:
            click.echo(_not_one(name, found, form))
            sys.exit(1)
        if patient:
            note_look(config, f"trace {found.subject.kind} {found.subject.id} --patient")
        report = _report(connection, found.subject, None if everything else MOST_CLAIMS, patient)
    click.echo({"text": as_text, "json": as_json, "csv": as_csv}[form](report, zone))
    if found.also and form == "text":
        click.echo("\n".join(["", "Also:", *_listed(found.also)]))


def _report(connection: Connection, subject: Subject, most: int | None, patient: bool) -> Report:
    from .trace_claim import trace_claim
    from .trace_file import trace_batch, trace_file

    if subject.kind == "claim":
        return trace_claim(connection, subject.id, patient=patient)
    return (trace_batch if subject.kind == "batch" else trace_file)(connection, subject.id, most)


def _listed(choices: Sequence[Choice]) -> list[str]:
    return [f"  {one.what}: gateway trace {one.how}" for one in choices]


def _not_one(name: str, found: Found, form: str) -> str:
    if form == "json":
        told = [{"kind": one.subject.kind, "id": one.subject.id, "what": one.what} for one in found.choices]
        return json.dumps({"nothing": found.nothing, "choices": told}, indent=2)
    if not found.choices:
        return found.nothing
    return "\n".join([f"{len(found.choices)} are called {name!r}:", *_listed([*found.choices, *found.also])])
