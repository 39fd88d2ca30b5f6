"""Which work items a command is for: the options that narrow a queue down, the same for every verb."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked
from ..config.day import DAY as DAY

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..config import Config
    from ..core.work.queue import Wanted

Command = Callable[..., Any]
BUCKETS = ("overdue", "7", "14", "30", "later")

_FILTERS = (
    click.option("--team", default="", help="Only those of this team."),
    click.option("--kind", default="", help="Only of this kind: rejection, denial, hold, posting_exception ..."),
    click.option("--payer", default="", help="Only of this payer (its id)."),
    click.option("--rule", default="", help="Only those that this rule or code opened: R1.40, CO-50 ..."),
    click.option("--claim", default="", help="Only of this claim: its number, or the one in our books."),
    click.option("--assignee", default="", help="Only those that this person has."),
    click.option("--mine", is_flag=True, help="Only those that you have."),
    click.option("--unassigned", is_flag=True, help="Only those that nobody has."),
    click.option(
        "--bucket", type=click.Choice(BUCKETS), help="Only those with so many days to the date that costs money."
    ),
    click.option("--today", "for_today", is_flag=True, help="Not those whose follow-up date is still to come."),
    click.option("--follow-up-due", is_flag=True, help="Only those whose follow-up date has come."),
    click.option("--min", "least", default="", metavar="DOLLARS", help="Only those of at least so many dollars."),
    click.option("--max", "most", default="", metavar="DOLLARS", help="Only those of at most so many dollars."),
    click.option("--snoozed", is_flag=True, help="With those that rest."),
)
NAMES = (
    *("team", "kind", "payer", "rule", "claim", "assignee", "mine", "unassigned", "bucket", "for_today"),
    *("follow_up_due", "least", "most", "snoozed"),
)
"""The arguments that `filters` adds to a command."""


def filters(command: Command) -> Command:
    """The options that narrow a queue down."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def known_names(connection: Connection, config: Config, *, team: str = "", kind: str = "") -> None:
    """Raises NotAsked where nothing has this team or kind: a mistyped name is not an empty list."""
    from ..core.work.names import NoSuchName, check_names

    try:
        check_names(connection, config.tables, config.declared.values(), team=team, kind=kind)
    except NoSuchName as error:
        raise NotAsked(str(error)) from None


def wanted(connection: Connection, config: Config, given: Mapping[str, Any], who: str = "") -> Wanted:
    """What the options say. `who` is the person that `--mine` means.

    Raises:
        NotAsked: an amount is none, or nothing has this team or kind.
        ClickException: there is no such claim, or there are several.
    """
    from ..core.flow.again import CannotBeDone
    from ..core.work.priority import Bucket
    from ..core.work.queue import Wanted
    from .again_commands import claim_ids_of

    known_names(connection, config, team=given["team"], kind=given["kind"])
    claim_id = None
    if given["claim"]:
        try:
            (claim_id,) = claim_ids_of(connection, [given["claim"]])
        except CannotBeDone as error:
            raise click.ClickException(str(error)) from error
    return Wanted(
        team=given["team"],
        kind=given["kind"],
        assignee=(who or getpass.getuser()) if given["mine"] else given["assignee"],
        unassigned=given["unassigned"],
        payer=given["payer"],
        rule=given["rule"],
        bucket=Bucket(given["bucket"]) if given["bucket"] else None,
        for_today=given["for_today"],
        follow_up_due=given["follow_up_due"],
        least=cents(given["least"]),
        most=cents(given["most"]),
        claim_id=claim_id,
        snoozed=given["snoozed"],
    )


def cents(text: str) -> int | None:
    """An amount of dollars as cents; None for nothing.

    Raises:
        NotAsked: it is none.
    """
    from ..core.model.money import to_cents

    if not text:
        return None
    try:
        return to_cents(Decimal(text.replace(",", "").removeprefix("$")))
    except (InvalidOperation, ValueError) as error:
        raise NotAsked(f"{text!r} is no amount of dollars, such as 1250 or 99.50.") from error


def day(given: dt.datetime | None) -> dt.date | None:
    """The date of an option."""
    return given.date() if given is not None else None
