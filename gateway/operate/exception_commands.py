"""`gateway exceptions`: what did not post, what it may be for, and the one thing to do about it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .again_commands import claim_ids_of, do_and_wait, replay_payment
from .commands import change, not_done
from .looking import note_look
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from ..config import Config
    from ..core.flow.again import Again
    from ..core.flow.exception_view import Shown
    from ..core.model.payer_habits import Habits

_REASON = click.option("--reason", required=True, help="Why; it stands on the timeline.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
_PAYMENT = click.argument("payment_id", type=click.IntRange(1), metavar="PAYMENT")
COLUMNS = ("kind", "id", "dollars", "payer", "check", "claim", "rule", "team", "assignee", "work_by", "reason")


@click.group()
def exceptions() -> None:
    """Payments and remittances that did not post: why, what they may be for, and what to do."""


@exceptions.command("list")
@click.option("--payer", default="", help="Only of this payer (its id).")
@click.option("--rule", default="", help="Only what waits for this: no-claim, candidates, lines, balance, reversal ...")
@click.option("--set-aside", "aside", is_flag=True, help="Instead, what was set aside.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def exceptions_list(
    config_path: Path, payer: str, rule: str, aside: bool, limit: int, as_csv: bool, as_json: bool
) -> None:
    """What did not post, the most dollars first; remittances of which nothing is posted stand before payments."""
    from ..core.flow import exception_view as view

    config = require(config_path, secrets=False)
    note_look(config, "exceptions list")
    most = 1_000_000_000 if as_csv else limit
    found = change(config, lambda sql: view.waiting(sql, payer=payer, rule=rule, aside=aside, limit=most))
    if as_json:
        click.echo(json.dumps({"exceptions": [view.data(one) for one in found]}, indent=2))
        return
    rows = [
        (
            one.kind,
            one.id,
            amount(one.cents),
            f"{one.payer_name} {one.payer_id}".strip(),
            one.trace_number,
            one.claim_number,
            one.rule,
            one.team,
            one.assignee,
            one.work_by,
            one.reason,
        )
        for one in found
    ]
    show(COLUMNS, rows, as_csv, "Everything has posted." if not aside else "Nothing is set aside.")


@exceptions.command("show")
@_PAYMENT
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def exceptions_show(config_path: Path, payment_id: int, as_json: bool) -> None:
    """One payment: why it waits, the claims and lines it may be for with how sure each is, and what to do."""
    from ..core.flow import exception_view as view

    config = require(config_path, secrets=False)
    note_look(config, f"exceptions show {payment_id}")
    found = change(config, lambda sql: view.one(sql, payment_id, _habits(config, sql, payment_id)))
    if found is None:
        raise click.ClickException(f"There is no claim payment {payment_id}. See: gateway exceptions list")
    if as_json:
        click.echo(json.dumps(view.shown_data(found), indent=2))
        return
    for line in told(found):
        click.echo(line)


def _habits(config: Config, connection: Connection, payment_id: int) -> Habits:
    from ..core.flow.exception_view import payer_of
    from ..core.flow.post_decide import habits_in

    return habits_in(config, now_of(config)[1])(payer_of(connection, payment_id))


def told(found: Shown) -> list[str]:
    """All about one payment, line by line."""
    waits = found.waits
    number = waits.trace_number or "no number"
    lines = [
        f"Payment {waits.id}, {waits.state}: ${amount(waits.cents)} paid of ${amount(found.charge_cents)} for claim "
        f"{waits.claim_number or '(none)'}",
        f"  in remittance {waits.remittance_id} of {waits.payer_name or 'an unknown payer'}, {number}, file "
        f"{found.file}",
    ]
    if waits.reason:
        lines.append(f"  why         {waits.reason}")
    lines.append(f"  match       {found.match}")
    for one in found.candidates:
        lines.append(
            f"  candidate   {one.score:>3} of 100  claim {one.claim_number} ({one.claim_id} in our books), "
            f"{one.state}, charged ${amount(one.charge_cents)}, open ${amount(one.open_cents)}: {one.why}"
        )
    for line in found.lines:
        lines.append(
            f"  service {line.service:<3} {line.score:>3} of 100  {line.code or 'no code'}, "
            f"${amount(line.charge_cents)} charged, ${amount(line.paid_cents)} paid: {line.why}"
        )
    return [*lines, *(f"  do          {action}" for action in found.actions)]


def _pairs(_ctx: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[int, int]:
    pairs = {}
    for one in given:
        service, equals, line = one.partition("=")
        if not (equals and service.isascii() and service.isdecimal() and line.isascii() and line.isdecimal()):
            raise click.BadParameter(f"{one!r} is not SERVICE=LINE, such as 2=1.")
        pairs[int(service)] = int(line)
    return pairs


@exceptions.command("assign")
@_PAYMENT
@click.argument("claim", metavar="CLAIM")
@click.option(
    "--line", "lines", multiple=True, callback=_pairs, metavar="SVC=LINE", help="Service 2 is for line 1: 2=1."
)
@click.option(
    "--reverses", type=click.IntRange(1), metavar="PAYMENT", help="Which posted payment a reversal takes back."
)
@_REASON
@_WHO
@click.pass_obj
def exceptions_assign(
    config_path: Path,
    payment_id: int,
    claim: str,
    lines: dict[int, int],
    reverses: int | None,
    reason: str,
    who: str,
) -> None:
    """Say which claim a payment is for, and post it. What does not balance, or has no room, waits all the same.

    CLAIM is a claim's number, or the one in our books.
    """

    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.exceptions import assign

        (claim_id,) = claim_ids_of(connection, [claim])
        return [assign(connection, payment_id, claim_id, by, reason, now, config.hash, lines=lines, reverses=reverses)]

    do_and_wait(config_path, ask, who)


exceptions.add_command(replay_payment, "post-again")


@exceptions.command("set-aside")
@_PAYMENT
@_REASON
@_WHO
@click.pass_obj
def exceptions_set_aside(config_path: Path, payment_id: int, reason: str, who: str) -> None:
    """Move a payment's money to the payer's account of what is not applied: it is not ours, or is dealt with elsewhere.

    Nothing is written off and no claim changes. It can be taken back.
    """
    _aside(config_path, payment_id, reason, who, back=False)


@exceptions.command("take-back")
@_PAYMENT
@_REASON
@_WHO
@click.pass_obj
def exceptions_take_back(config_path: Path, payment_id: int, reason: str, who: str) -> None:
    """Let a payment that was set aside wait again, with its money."""
    _aside(config_path, payment_id, reason, who, back=True)


_REMITTANCE = click.argument("remittance_id", type=click.IntRange(1), metavar="REMITTANCE")


@exceptions.command("accept")
@_REMITTANCE
@_REASON
@_WHO
@click.pass_obj
def exceptions_accept(config_path: Path, remittance_id: int, reason: str, who: str) -> None:
    """Let a remittance post that waits because another one has its number, amount and date: both are real."""

    def ask(connection: Connection, _config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.flow.whole_remittances import accept

        return [accept(connection, remittance_id, by, reason, now)]

    do_and_wait(config_path, ask, who)


@exceptions.command("dismiss")
@_REMITTANCE
@_REASON
@_WHO
@click.pass_obj
def exceptions_dismiss(config_path: Path, remittance_id: int, reason: str, who: str) -> None:
    """Say that a remittance of which nothing is posted never will be: a copy, or dealt with elsewhere."""
    from ..core.flow.again import CannotBeDone
    from ..core.flow.whole_remittances import dismiss

    config = require(config_path, secrets=False)
    by = who or getpass.getuser()
    try:
        click.echo(change(config, lambda sql: dismiss(sql, remittance_id, by, reason, now_of(config)[0])))
    except CannotBeDone as error:
        raise not_done(error) from error


def _aside(config_path: Path, payment_id: int, reason: str, who: str, *, back: bool) -> None:
    from ..core.flow import exceptions as flow
    from ..core.flow.again import CannotBeDone

    config = require(config_path, secrets=False)
    now, today = now_of(config)
    act = flow.take_back if back else flow.set_aside
    by = who or getpass.getuser()
    try:
        done = change(config, lambda connection: act(connection, payment_id, by, reason, now, today))
    except CannotBeDone as error:
        raise not_done(error) from error
    click.echo(done.what)
