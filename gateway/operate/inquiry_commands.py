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

    from ..config import Config

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
    from ..core.flow.again import CannotBeDone
    from ..core.flow.inquire import ask
    from .again_commands import claim_ids_of

    config = require(config_path, secrets=False)
    if bool(claims) == due:
        raise NotAsked("Name the claims, or take those that are due: --due.")
    now, today = now_of(config)

    def begin(connection: Connection) -> tuple[int, list[str]]:
        ids = _due(connection, today) if due else list(claim_ids_of(connection, list(claims)))
        silent = _silent(connection, config, ids)
        ask(connection, [one for one, partner in _partners(connection, ids) if partner not in silent], _who(), now)
        return len(ids), sorted(silent)

    try:
        count, silent = change(config, begin)
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Asked about {count:,} claim{'' if count == 1 else 's'}: see gateway inquiry list.")
    if silent:
        click.echo(f"Not asked, since the partner does not offer it (claim_status): {', '.join(silent)}.")


def _who() -> str:
    return getpass.getuser()


def _partners(connection: Connection, ids: list[int]) -> list[tuple[int, str]]:
    from sqlalchemy import select

    from ..core.store.tables import claims

    found: list[tuple[int, str]] = []
    for start in range(0, len(ids), 500):
        rows = connection.execute(
            select(claims.c.id, claims.c.partner).where(claims.c.id.in_(ids[start : start + 500]))
        )
        found += [(row.id, row.partner) for row in rows]
    return found


def _silent(connection: Connection, config: Config, ids: list[int]) -> set[str]:
    """Partners of these claims that answer no inquiry."""
    offered = {name for name in {one for _, one in _partners(connection, ids)} if _offers(config, name)}
    return {name for _, name in _partners(connection, ids)} - offered


def _offers(config: Config, name: str) -> bool:
    partner = config.partner(name)
    return partner is not None and partner.claim_status


def _due(connection: Connection, today: Any) -> list[int]:
    from sqlalchemy import or_, select

    from ..core.store.tables import work_items

    c = work_items.c
    rows = connection.execute(
        select(c.claim_id)
        .where(
            c.kind == "follow_up",
            c.state == "open",
            c.claim_id.is_not(None),
            or_(c.follow_up.is_(None), c.follow_up <= today),
        )
        .order_by(c.claim_id)
        .limit(20_000)
    )
    return list(dict.fromkeys(rows.scalars()))


@inquiry.command("list")
@click.option("--claim", default="", help="Only of this claim: its number, or the one in our books.")
@click.option("--waiting", is_flag=True, help="Only those that are not answered.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def inquiry_list(config_path: Path, claim: str, waiting: bool, limit: int, as_csv: bool) -> None:
    """What was asked, newest first, and what was answered."""
    from sqlalchemy import select

    from ..core.flow.again import CannotBeDone
    from ..core.store.inquiry_tables import inquiries
    from ..core.store.tables import batches, claims
    from .again_commands import claim_ids_of

    config = require(config_path, secrets=False)
    note_look(config, "inquiry list")

    def read(connection: Connection) -> list[Any]:
        statement = (
            select(inquiries, claims.c.source_claim_number, batches.c.partner)
            .join(claims, claims.c.id == inquiries.c.claim_id)
            .join(batches, batches.c.id == inquiries.c.batch_id)
            .order_by(inquiries.c.id.desc())
            .limit(limit)
        )
        if claim:
            statement = statement.where(inquiries.c.claim_id.in_(claim_ids_of(connection, [claim])))
        if waiting:
            statement = statement.where(inquiries.c.answered_at.is_(None))
        return list(connection.execute(statement))

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
