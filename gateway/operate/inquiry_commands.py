"""`gateway inquiry`: asking payers how claims stand (276), and what they answered (277)."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked, require
from .commands import change
from .looking import note_look
from .work_commands import now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

COLUMNS = ("claim", "number", "partner", "asked", "by", "answered", "category", "answer")


@click.group()
def inquiry() -> None:
    """Asking payers how claims stand, where the partner offers it (`claim_status: true`)."""


@inquiry.command("ask")
@click.argument("claims", nargs=-1)
@click.option("--due", is_flag=True, help="Every claim in the follow-up queue whose next date has come.")
@click.pass_obj
def inquiry_ask(config_path: Path, claims: tuple[str, ...], due: bool) -> None:
    """Ask about CLAIMS (their numbers, or those in our books). A claim is asked about once a day; the gateway sends it
    when it runs."""
    from ..core.flow import inquiry_list
    from ..core.flow.again import CannotBeDone
    from ..core.flow.inquire import ask
    from .again_commands import claim_ids_of

    config = require(config_path, secrets=False)
    if bool(claims) == due:
        raise NotAsked("Name the claims, or take those that are due: --due.")
    now, today = now_of(config)

    def begin(connection: Connection) -> tuple[int, list[str]]:
        ids = inquiry_list.due(connection, today) if due else claim_ids_of(connection, list(claims))
        asked, silent = inquiry_list.asked_and_silent(connection, config, ids)
        ask(connection, asked, getpass.getuser(), now)
        return len(asked), silent

    try:
        count, silent = change(config, begin)
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    if silent:
        click.echo(f"Not asked, since the partner does not offer it (claim_status): {', '.join(silent)}.")
    click.echo(f"To be asked about: {count:,} claim{'' if count == 1 else 's'}. See: gateway inquiry list")


@inquiry.command("list")
@click.option("--claim", default="", help="Only of this claim: its number, or the one in our books.")
@click.option("--waiting", is_flag=True, help="Only those that are not answered.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def inquiry_list(config_path: Path, claim: str, waiting: bool, limit: int, as_csv: bool) -> None:
    """What was asked, newest first, and what was answered."""
    from ..core.flow.again import CannotBeDone
    from ..core.flow.inquiry_list import listed
    from .again_commands import claim_ids_of

    config = require(config_path, secrets=False)
    note_look(config, "inquiry list")

    def read(connection: Connection) -> list[Any]:
        claim_id = claim_ids_of(connection, [claim])[0] if claim else None
        return listed(connection, claim_id=claim_id, waiting=waiting, limit=limit)

    try:
        found = change(config, read)
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    rows = [
        (
            row.claim_id,
            row.source_claim_number,
            row.partner,
            row.asked_on,
            row.asked_by,
            f"{row.answered_at:%Y-%m-%d}" if row.answered_at is not None else "",
            row.category,
            row.told,
        )
        for row in found
    ]
    show(COLUMNS, rows, as_csv, "Nothing was asked.")
