"""`gateway patient`: two patients who look like one are one, or are not."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .again_commands import do_and_wait
from .work_commands import look, show

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from ..config import Config
    from ..core.flow.again import Again

_REASON = click.option("--reason", required=True, help="Why; it is kept.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")


@click.group()
def patient() -> None:
    """Patients who are one person, or are not. The clocks of oxygen, rentals and refills belong to the patient."""


@patient.command("suggested")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def patient_suggested(config_path: Path, as_csv: bool) -> None:
    """Patients who may be one: the same name and birth date, and no id in common. Names are not shown."""
    from sqlalchemy import select

    from ..core.store.tables import patient_merges as table

    statement = select(table).where(table.c.state == "suggested").order_by(table.c.id)
    rows = [
        (row.patient_id, row.other_id, f"{row.created_at:%Y-%m-%d}", row.reason)
        for row in look(require(config_path, secrets=False), "patient suggested", statement)
    ]
    show(("patient", "other", "since", "why"), rows, as_csv, "Nobody is suggested.")


@patient.command("merge")
@click.argument("patient_id", type=int, metavar="PATIENT")
@click.argument("into", type=int, metavar="INTO")
@_REASON
@_WHO
@click.pass_obj
def patient_merge(config_path: Path, patient_id: int, into: int, reason: str, who: str) -> None:
    """PATIENT is the patient INTO (numbers in our books): their history is one, and their held claims are decided
    again."""

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.patient_merges import merge

        return [merge(connection, patient_id, into, by, reason, now)]

    do_and_wait(config_path, ask, who or getpass.getuser())


@patient.command("unmerge")
@click.argument("patient_id", type=int, metavar="PATIENT")
@_REASON
@_WHO
@click.pass_obj
def patient_unmerge(config_path: Path, patient_id: int, reason: str, who: str) -> None:
    """Take the merge of PATIENT into another back: both have their own history again, and their held claims are decided
    again."""

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.patient_merges import unmerge

        return [unmerge(connection, patient_id, by, reason, now)]

    do_and_wait(config_path, ask, who or getpass.getuser())


@patient.command("dismiss")
@click.argument("patient_id", type=int, metavar="PATIENT")
@click.argument("other", type=int, metavar="OTHER")
@_REASON
@_WHO
@click.pass_obj
def patient_dismiss(config_path: Path, patient_id: int, other: int, reason: str, who: str) -> None:
    """PATIENT and OTHER, who look like one person, are two."""

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.patient_merges import dismiss

        return [dismiss(connection, patient_id, other, by, reason, now)]

    do_and_wait(config_path, ask, who or getpass.getuser())
