"""Doing it again: `gateway resubmit`, `gateway replay`, and what came of either (`gateway requests`)."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from .commands import change, not_done
from .work_commands import look, show

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from ..config import Config
    from ..core.flow.again import Again

_REASON = click.option("--reason", required=True, help="Why; it stands on the timeline.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
_EVEN_SO = click.option("--again", "even_so", is_flag=True, help="Although it was done before and nothing has changed.")
_WHICH = click.option(
    "--configuration",
    type=click.Choice(["today", "original"]),
    default="today",
    show_default=True,
    help="The one in force, or the one it ran with before.",
)
_VERBS = (
    *("resubmit", "replay", "look", "correct", "replace", "void", "cancel"),
    *("merge", "unmerge", "dismiss"),
)
WAIT_SECONDS = 60.0
ALIVE_SECONDS = 60.0


def do_and_wait(
    config_path: Path, function: Callable[[Connection, Config, str, dt.datetime], list[Again]], who: str
) -> None:
    """Ask for it in one transaction, wait for what comes of it, and tell."""
    from ..core.clock import SystemClock
    from ..core.flow.again import CannotBeDone

    config = require(config_path, secrets=False)
    by = who or getpass.getuser()
    try:
        asked = change(config, lambda connection: function(connection, config, by, SystemClock().now()))
    except CannotBeDone as error:
        raise not_done(error) from error
    outcomes = _outcomes(config, [one.request_id for one in asked])
    for one in asked:
        what = outcomes.get(one.request_id, "") if one.new else one.what
        click.echo(f"{one.subject_id}: {what or 'It runs as soon as the gateway does. See: gateway requests list'}")


def _outcomes(config: Config, ids: Sequence[int]) -> dict[int, str]:
    """What came of requests, by id; waits while a gateway is there to work on them."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        done, alive = change(config, lambda connection: _done(connection, ids))
        if len(done) == len(set(ids)) or not alive or time.monotonic() > until:
            return done
        time.sleep(0.3)


def _done(connection: Connection, ids: Sequence[int]) -> tuple[dict[int, str], bool]:
    import datetime as dt

    from sqlalchemy import select

    from ..core.clock import SystemClock
    from ..core.store.claims import bulks
    from ..core.store.tables import executors, requests

    done: dict[int, str] = {}
    for some in bulks(list(ids)):
        rows = connection.execute(
            select(requests.c.id, requests.c.outcome).where(requests.c.id.in_(some), requests.c.done_at.is_not(None))
        )
        done |= {row.id: row.outcome for row in rows}
    since = SystemClock().now() - dt.timedelta(seconds=ALIVE_SECONDS)
    alive = connection.execute(select(executors.c.id).where(executors.c.heartbeat_at > since)).first() is not None
    return done, alive


def claim_ids_of(connection: Connection, numbers: Sequence[str]) -> list[int]:
    """The claims that a person means: by the number in our books, or by the claim's own.

    Raises:
        CannotBeDone: there is none, or there are several.
    """
    from ..core.flow.again import CannotBeDone
    from ..core.store import claims as claim_store

    found = []
    for number in numbers:
        if number.isdecimal() and len(number) < 18 and claim_store.exists(connection, int(number)):
            found.append(int(number))
            continue
        ids = claim_store.ids_with_number(connection, number)
        if not ids:
            raise CannotBeDone(f"There is no claim {number}. See: gateway trace {number}")
        if len(ids) > 1:
            ours = ", ".join(map(str, ids))
            raise CannotBeDone(f"Several claims have the number {number}: {ours} in our books. Name one of those.")
        found += ids
    return found


def one_claim(connection: Connection, number: str) -> int:
    """The claim that a person means. Raises ClickException where there is none, or more than one."""
    from ..core.flow.again import CannotBeDone

    try:
        (claim_id,) = claim_ids_of(connection, [number])
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    return claim_id


def claim_named(config: Config, number: str) -> int | None:
    """The claim that an option names; None where it names none. Raises ClickException as `one_claim` does."""
    return change(config, lambda connection: one_claim(connection, number)) if number else None


@click.command()
@click.argument("numbers", nargs=-1, required=True, metavar="CLAIM...")
@_REASON
@_WHO
@click.option("--payer-has-it-not", is_flag=True, help="The payer or partner says it does not have what was sent.")
@click.pass_obj
def resubmit(config_path: Path, numbers: tuple[str, ...], reason: str, who: str, payer_has_it_not: bool) -> None:
    """Send claims again in a new interchange: rejected ones, and denied ones that the payer could not process (MA130).

    CLAIM is a claim's number, or the one in our books. The claim goes as it stands; to have it checked anew,
    replay it first. (The same bytes under the same numbers: gateway batches retransmit.)
    """

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.resubmit import resubmit as again

        ids = claim_ids_of(connection, numbers)
        return [again(connection, one, by, reason, now, payer_has_it_not=payer_has_it_not) for one in ids]

    do_and_wait(config_path, ask, who)


def _nearest(connection: Connection, plugin: str, rule: str) -> str:
    """What may have been meant, of the plugins and rules that keep claims back now."""
    from sqlalchemy import select

    from ..core.store.tables import holds
    from ..plugins.host import suggestion

    given, column = (plugin, holds.c.plugin) if plugin else (rule, holds.c.rule)
    known = connection.execute(select(column).where(holds.c.released_at.is_(None)).distinct()).scalars()
    return suggestion(given, [one for one in known if one]) or " See: gateway holds list"


@click.group()
def replay() -> None:
    """Run something again inside: claims through their chain, payments that wait, a file that was not taken in."""


@replay.command("claim")
@click.argument("numbers", nargs=-1, metavar="[CLAIM]...")
@click.option("--held-by", default="", metavar="PLUGIN", help="Every claim that this plugin keeps back.")
@click.option("--rule", default="", help="Every claim that is kept back by this rule.")
@click.option(
    "--from",
    "station",
    type=click.Choice(["intake", "confirm", "scrub", "hold"]),
    default="confirm",
    show_default=True,
    help="The station to begin with; intake: as its source sent it, without what plugins set.",
)
@_WHICH
@_REASON
@_WHO
@_EVEN_SO
@click.pass_obj
def replay_claim(
    config_path: Path,
    numbers: tuple[str, ...],
    held_by: str,
    rule: str,
    station: str,
    configuration: str,
    reason: str,
    who: str,
    even_so: bool,
) -> None:
    """Decide claims anew that are held, ready or rejected: by their numbers, or all that a plugin or a rule keeps back.

    Holds that the chain does not want any more are released; those that a person released stay so.
    """
    if bool(numbers) == bool(held_by or rule):
        raise click.UsageError("Name claims, or choose them with --held-by or --rule.")

    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow import replay as flow

        ids = claim_ids_of(connection, numbers) or flow.held_claims(connection, plugin=held_by, rule=rule)
        if not ids:
            raise click.ClickException(f"No claim is kept back like that.{_nearest(connection, held_by, rule)}")
        return flow.replay_claims(
            connection,
            ids,
            by,
            reason,
            now,
            config.hash,
            station=station,
            configuration=configuration,
            even_so=even_so,
        )

    do_and_wait(config_path, ask, who)


@replay.command("payment")
@click.argument("payment_ids", type=int, nargs=-1, metavar="[PAYMENT]...")
@click.option("--remittance", type=int, default=None, metavar="ID", help="Every payment of it that waits.")
@_WHICH
@_REASON
@_WHO
@_EVEN_SO
@click.pass_obj
def replay_payment(
    config_path: Path,
    payment_ids: tuple[int, ...],
    remittance: int | None,
    configuration: str,
    reason: str,
    who: str,
    even_so: bool,
) -> None:
    """Match and post payments again that wait as posting exceptions. What is posted stays as it is."""
    if bool(payment_ids) == (remittance is not None):
        raise click.UsageError("Name payments, or choose them with --remittance.")

    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow import replay as flow

        ids = list(payment_ids) if remittance is None else flow.waiting_payments(connection, remittance)
        if not ids:
            raise click.ClickException("No payment of it waits. See: gateway queue list --kind posting_exception")
        return flow.replay_payments(
            connection, ids, by, reason, now, config.hash, configuration=configuration, even_so=even_so
        )

    do_and_wait(config_path, ask, who)


@replay.command("file")
@click.argument("file_id", type=int, metavar="FILE")
@_REASON
@_WHO
@click.pass_obj
def replay_one_file(config_path: Path, file_id: int, reason: str, who: str) -> None:
    """Read a received file again of which nothing was taken in, for instance after a setting was mended."""

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.replay import replay_file

        return [replay_file(connection, file_id, by, reason, now)]

    do_and_wait(config_path, ask, who)


@click.group()
def requests() -> None:
    """What was asked to be done again, by whom and why, and what came of it."""


@requests.command("list")
@click.option(
    "--verb",
    type=click.Choice(_VERBS),
    default=None,
    help="Only those.",
)
@click.option("--claim", default="", help="Only those of this claim: its number, or the one in our books.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not done yet.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def requests_list(config_path: Path, verb: str | None, claim: str, only_open: bool, limit: int, as_csv: bool) -> None:
    """Requests, newest first."""
    from sqlalchemy import select

    from ..core.store.tables import claims
    from ..core.store.tables import requests as table

    config = require(config_path, secrets=False)
    claim_id = claim_named(config, claim)
    of_a_claim = (table.c.subject_kind == "claim") & (claims.c.id == table.c.subject_id)
    statement = select(table, claims.c.source_claim_number).outerjoin(claims, of_a_claim).order_by(table.c.id.desc())
    if verb:
        statement = statement.where(table.c.verb == verb)
    if claim_id is not None:
        statement = statement.where(table.c.subject_kind == "claim", table.c.subject_id == claim_id)
    if only_open:
        statement = statement.where(table.c.done_at.is_(None))
    if not as_csv:
        statement = statement.limit(limit)
    rows: list[Any] = [
        (
            row.id,
            row.verb,
            row.subject_kind.replace("_", " "),
            row.source_claim_number or row.subject_id,
            row.station,
            f"{row.asked_at:%Y-%m-%d %H:%M}",
            row.who,
            row.reason,
            row.outcome if row.done_at is not None else "waits for the gateway, or is under way",
        )
        for row in look(config, "requests list", statement)
    ]
    columns = ("id", "verb", "of", "number", "from", "asked_utc", "by", "reason", "outcome")
    show(columns, rows, as_csv, "Nothing was asked to be done again.")
