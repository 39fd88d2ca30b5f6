"""Batches, and what a person does about one that does not leave: `gateway batches`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ..config.commands import require
from .commands import change
from .work_commands import amount, look, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")


@click.group()
def batches() -> None:
    """Interchanges that have been made of claims: where they stand, and letting go one that does not leave."""


@batches.command("list")
@click.option("--partner", default="", help="Only those to this partner.")
@click.option("--state", default="", help="Only those: allocated, written, waiting, refused, sent, empty ...")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def batches_list(config_path: Path, partner: str, state: str, limit: int, as_csv: bool) -> None:
    """Batches, newest first: their control number, claims and dollars, and how far they and their answers are."""
    from sqlalchemy import select

    from ..core.store.tables import batches as table

    statement = select(table).order_by(table.c.id.desc())
    if partner:
        statement = statement.where(table.c.partner == partner)
    if state:
        statement = statement.where(table.c.state == state)
    if not as_csv:
        statement = statement.limit(limit)
    rows = [
        (
            row.id,
            row.partner,
            row.isa13,
            row.state,
            row.claims,
            amount(row.cents),
            f"{row.sent_at:%Y-%m-%d %H:%M}" if row.sent_at else "",
            row.ta1,
            row.group_ack,
            row.reason,
        )
        for row in look(require(config_path, secrets=False), "batches list", statement)
    ]
    columns = ("id", "partner", "isa13", "state", "claims", "dollars", "sent_utc", "ta1", "999", "reason")
    show(columns, rows, as_csv, "There is no such batch.")


_REASON = click.option("--reason", required=True, help="Why; it stands on the timeline of the batch.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")


@batches.command("retransmit")
@click.argument("batch_id", type=int, metavar="ID")
@_REASON
@_WHO
@click.pass_obj
def batches_retransmit(config_path: Path, batch_id: int, reason: str, who: str) -> None:
    """Send a batch that waits or was refused: the same bytes and numbers. Only where its partner never had it."""
    from ..core.clock import SystemClock
    from ..core.flow.outgoing import send_again

    def send(connection: Connection) -> None:
        send_again(connection, batch_id, who or getpass.getuser(), reason, SystemClock().now())

    _done(config_path, batch_id, send, "is not sent")
    click.echo(f"Batch {batch_id} is sent: now if the gateway runs, else when it starts.")


@batches.command("dissolve")
@click.argument("batch_id", type=int, metavar="ID")
@_REASON
@_WHO
@click.pass_obj
def batches_dissolve(config_path: Path, batch_id: int, reason: str, who: str) -> None:
    """Give back the claims of a refused batch that nobody has tried to send: they go with the next one."""
    from ..core.clock import SystemClock
    from ..core.flow.outgoing import dissolve

    def give_back(connection: Connection) -> int:
        return dissolve(connection, batch_id, who or getpass.getuser(), reason, SystemClock().now())

    count = _done(config_path, batch_id, give_back, "is not dissolved")
    click.echo(f"Batch {batch_id} is dissolved; its {count:,} claims go with the next one.")


def _done(config_path: Path, batch_id: int, function: Callable[[Connection], T], otherwise: str) -> T:
    from sqlalchemy.exc import NoResultFound

    try:
        return change(require(config_path, secrets=False), function)
    except NoResultFound:
        raise click.ClickException(f"There is no batch {batch_id}. See: gateway batches list") from None
    except ValueError as error:
        raise click.ClickException(f"Batch {batch_id} {otherwise}: {error}.") from error
