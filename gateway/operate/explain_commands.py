"""`gateway explain`: what would happen to each claim or payment of a file, and why. Nothing is written anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..config.commands import require


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--claim", "number", default="", help="Only the claim, or the payments, of this number (CLM01, CLP01).")
@click.option("--only", type=click.Choice(["goes", "waits"]), default=None, help="Only what goes, or only what waits.")
@click.option("--rule", default="", help="Only what this rule has found something in, or keeps back.")
@click.option("--source", default="", help="The billing system that its claims are taken to come from.")
@click.option("--partner", default="", help="The partner that its remittances are taken to come from.")
@click.option("--no-history", is_flag=True, help="Without the database: as if nothing had come before.")
@click.option("--patient", is_flag=True, help="With names, addresses, birth dates and ids of patients.")
@click.pass_obj
def explain(
    config_path: Path,
    file: Path,
    form: str,
    number: str,
    only: str | None,
    rule: str,
    source: str,
    partner: str,
    no_history: bool,
    patient: bool,
) -> None:
    """What would happen to each claim (837P, JSON) or claim payment (835) in FILE, and why: which chain, what each step
    decides, what would be sent or posted. Changes nothing. The plugins run as in the gateway: in a process of their
    own, within their limits.

    Exit code 0: all of it goes. 1: something of it waits or cannot be read. 2: it could not be asked.
    """
    from .explain_report import as_csv, as_json, as_text
    from .explain_whole import Asked, Wanted, explained

    config = require(config_path, secrets=False)
    wanted = Wanted(number, only, rule)
    asked = Asked(file, wanted, source, partner, not no_history, patient)
    with file.open("rb") as stream, explained(config, asked, stream) as whole:
        written = {"json": lambda: as_json(whole.head, whole.found), "csv": lambda: as_csv(whole.found)}
        for text in written.get(form, lambda: as_text(whole.head, whole.found))():
            click.echo(text)
        if form == "text":
            click.echo(f"\n{whole.found.in_words()}")
        sys.exit(0 if whole.sound and whole.found.all_goes else 1)
