"""`gateway holds`: claims that are kept back, putting a hold, and letting them go."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked, require
from .commands import change
from .looking import note_look
from .queue_filters import DAY, Command, day, known_names
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..config import Config
    from ..core.work.holds import Which

TYPES = ("RX", "PAR", "SYS", "MAN")
AGES = ("0-7", "8-14", "15-30", "31-60", "61-90", "over 90")
COLUMNS = (
    *("id", "claim", "charge", "type", "rule", "team", "assignee", "due", "expires", "file_by", "age", "payer", "by"),
    "reason",
)
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
_FILTERS = (
    click.option("--type", "type_", type=click.Choice(TYPES), help="Only of this type."),
    click.option("--team", default="", help="Only those of this team."),
    click.option("--rule", default="", help="Only those that this rule put."),
    click.option("--payer", default="", help="Only of this payer (its id)."),
    click.option("--age", type=click.Choice(AGES), help="Only those that are so many days old."),
    click.option("--claim", default="", help="Only on this claim: its number, or the one in our books."),
)
_NAMES = ("type_", "team", "rule", "payer", "age", "claim")


def hold_filters(command: Command) -> Command:
    """The options that narrow the open holds down."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def which(connection: Connection, config: Config, given: dict[str, Any]) -> Which:
    """What the options say.

    Raises:
        NotAsked: nothing has this team.
        ClickException: there is no such claim, or there are several.
    """
    from ..core.work.holds import Which

    known_names(connection, config, team=given["team"])
    claim_id = _claim(connection, given["claim"]) if given["claim"] else None
    return Which(given["type_"] or "", given["team"], given["rule"], given["payer"], given["age"] or "", claim_id)


def _claim(connection: Connection, number: str) -> int:
    from ..core.flow.again import CannotBeDone
    from .again_commands import claim_ids_of

    try:
        (claim_id,) = claim_ids_of(connection, [number])
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    return claim_id


@click.group()
def holds() -> None:
    """Claims that are kept back: listing, putting and releasing holds."""


@holds.command("list")
@hold_filters
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def holds_list(config_path: Path, /, limit: int, as_csv: bool, **given: Any) -> None:
    """Every open hold: on which claim, why, and who has to do what until when."""
    config = require(config_path, secrets=False)
    note_look(config, "holds list")
    rows = _open(config, given, 1_000_000_000 if as_csv else limit)
    show(COLUMNS, [_row(row, config) for row in rows], as_csv, "No claim is held.")
    if not as_csv and len(rows) == limit:
        click.echo("There may be more: --limit, --team, --type or --csv.")


@holds.command("add")
@click.argument("number", metavar="CLAIM")
@click.option("--reason", required=True, help="Why it must wait; it stands on the claim's timeline.")
@click.option("--type", "type_", type=click.Choice(TYPES), default="MAN", show_default=True, help="Which of the four.")
@click.option("--team", default="", help="Who works it (default: the team of the type, table hold_due).")
@click.option("--due", type=DAY, help="When it should be worked, as 2026-12-01 (default: table hold_due).")
@click.option("--expires", type=DAY, help="The day on which it falls away by itself.")
@_WHO
@click.pass_obj
def holds_add(
    config_path: Path,
    number: str,
    reason: str,
    type_: str,
    team: str,
    due: dt.datetime | None,
    expires: dt.datetime | None,
    who: str,
) -> None:
    """Hold a claim that has not left yet. CLAIM is its number, or the one in our books.

    RX certificate or prescription, PAR prior authorization, SYS system, MAN manual.
    """
    from ..core.flow.manual_holds import add_hold
    from ..core.model.decision import HoldType
    from ..core.work.deadlines import Deadlines
    from ..core.work.verbs import NotDone

    config = require(config_path, secrets=False)
    now, today = now_of(config)

    def add(connection: Connection) -> tuple[int, bool]:
        held = add_hold(
            connection,
            _claim(connection, number),
            who or getpass.getuser(),
            reason,
            now,
            today,
            Deadlines.of(config.tables),
            type_=HoldType(type_),
            team=team,
            due=day(due),
            expires=day(expires),
        )
        return held.hold_id, held.new

    try:
        hold_id, new = change(config, add)
    except NotDone as error:
        raise click.ClickException(f"{error} Nothing was held.") from error
    click.echo(f"Hold {hold_id} is on claim {number}." if new else f"You have put this hold before: {hold_id}.")


@holds.command("release")
@click.argument("hold_ids", type=click.IntRange(1), nargs=-1, metavar="[ID]...")
@hold_filters
@click.option("--reason", required=True, help="Why it may go; it stands on the claim's timeline.")
@_WHO
@click.option("--dry-run", is_flag=True, help="Only say which holds it would be, and how many.")
@click.pass_obj
def holds_release(
    config_path: Path, /, hold_ids: tuple[int, ...], reason: str, who: str, dry_run: bool, **given: Any
) -> None:
    """Release holds: by their ID, or all that the filters take. A claim goes with the next batch when none of its holds
    is left."""
    from ..core.flow.release import NotHeld, release_hold

    config = require(config_path, secrets=False)
    narrowed = any(given.values())
    if bool(hold_ids) == narrowed:
        raise NotAsked("Name the holds by ID, or narrow them down (--rule, --team, --type ...): one of the two.")
    if dry_run:
        _preview(config, hold_ids, given)
        return

    def release(connection: Connection) -> list[tuple[int, str]]:
        now, by = now_of(config)[0], who or getpass.getuser()
        ids = hold_ids or _all_of(_found(connection, config, given, MOST + 1))
        return [(one, release_hold(connection, one, by, reason, now, config.partner_for).value) for one in ids]

    try:
        released = change(config, release)
    except (NotHeld, ValueError) as error:
        raise click.ClickException(f"{error} Nothing was released.") from error
    if hold_ids:
        for one, state in released:
            click.echo(f"Hold {one} is released; its claim is {state}.")
        return
    ready = sum(state == "ready" for _, state in released)
    click.echo(f"{len(released):,} holds released; {ready:,} of them were the last of their claim.")


MOST = 10_000


def _all_of(rows: Sequence[Any]) -> list[int]:
    if len(rows) > MOST:
        raise ValueError(f"More than {MOST:,} holds fit; narrow them down.")
    # Claims are locked in the order of their ids, as everybody does.
    return [row.id for row in sorted(rows, key=lambda row: (row.claim_id, row.id))]


def _found(connection: Connection, config: Config, given: dict[str, Any], limit: int) -> list[Any]:
    from ..core.work.holds import open_holds

    zone = config.gateway.organisation.time_zone
    return open_holds(connection, which(connection, config, given), now_of(config)[1], zone, limit=limit)


def _open(config: Config, given: dict[str, Any], limit: int) -> list[Any]:
    return change(config, lambda connection: _found(connection, config, given, limit))


def _preview(config: Config, hold_ids: Sequence[int], given: dict[str, Any]) -> None:
    note_look(config, "holds release, dry run")
    rows = [row for row in _open(config, given, 1_000_000_000) if not hold_ids or row.id in hold_ids]
    dollars = amount(sum({row.claim_id: row.charge_cents for row in rows}.values()))
    click.echo(f"It would release {len(rows):,} hold{'' if len(rows) == 1 else 's'}, on claims of ${dollars}.")
    show(COLUMNS, [_row(row, config) for row in rows[:10]], False, "")
    click.echo("Nothing was changed.")


def _row(row: Any, config: Config) -> Sequence[object]:
    from ..core.clock import business_date

    zone = config.gateway.organisation.time_zone
    age = (now_of(config)[1] - business_date(row.opened_at, zone)).days
    return (
        row.id,
        row.source_claim_number,
        amount(row.charge_cents),
        row.type,
        row.rule,
        row.team,
        row.assignee,
        row.due,
        row.expires,
        row.refile_by,
        age,
        row.payer_name,
        row.opened_by or row.plugin,
        row.reason,
    )
