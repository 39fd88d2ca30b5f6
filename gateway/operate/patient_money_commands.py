"""`gateway deposit post-patient`: what a patient paid, to what they owe."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .deposit_commands import BY, LINE, REASON, act

if TYPE_CHECKING:
    from sqlalchemy import Connection


@click.command("post-patient")
@LINE
@click.option("--patient", type=click.IntRange(1), help="Who paid: the oldest of what they owe first.")
@click.option("--claim", "numbers", multiple=True, help="For this claim, by its number; may be repeated, in order.")
@REASON
@BY
@click.pass_obj
def post_patient(
    config_path: Path, line: int, patient: int | None, numbers: tuple[str, ...], reason: str, who: str
) -> None:
    """LINE is money that a patient paid: post it to what they owe. What nobody owes waits as a work item."""
    from ..core.flow import patient_money
    from ..core.flow.again import CannotBeDone
    from ..core.ledger.days import NotDone
    from .again_commands import claim_ids_of

    config = require(config_path, secrets=False)
    by = who or getpass.getuser()
    known: dict[int, str] = {}

    def do(connection: Connection, today: dt.date, now: dt.datetime) -> patient_money.Posted:
        try:
            ids = claim_ids_of(connection, numbers)
        except CannotBeDone as error:
            raise NotDone(str(error)) from error
        known.update(zip(ids, numbers, strict=True))
        return patient_money.post(connection, config, line, reason, by, today, now, patient_id=patient, claim_ids=ids)

    for words in patient_money.in_words(act(config_path, do), known):
        click.echo(words)
