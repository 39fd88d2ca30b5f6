"""What people do with work items at the command line: `gateway queue claim, release, assign, touch, ...`"""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import NotAsked, require
from .commands import change
from .looking import note_look
from .queue_commands import COLUMNS, as_row
from .queue_filters import DAY, NAMES, day, filters, wanted
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..config import Config
    from ..core.work.queue import Item, Wanted
    from ..core.work.verbs import Answer

_WHO = click.option("--by", "who", default="", help="Who does it (default: the name you are signed in with).")
_IDS = click.argument("item_ids", type=click.IntRange(1), nargs=-1, metavar="[ID]...")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say which items it would be for, and how many.")
SHOWN = 10


@click.command("claim")
@_IDS
@filters
@_WHO
@_DRY_RUN
@click.pass_obj
def claim(config_path: Path, /, **given: Any) -> None:
    """Take items to work on them. What somebody else has stays theirs, and you are told who."""
    from ..core.work import verbs

    _do(config_path, given, "Yours", lambda sql, ids, who, now: verbs.claim(sql, ids, who, now), each=True)


@click.command("release")
@_IDS
@filters
@_WHO
@_DRY_RUN
@click.pass_obj
def release(config_path: Path, /, **given: Any) -> None:
    """Give items that you have back to their team."""
    from ..core.work import verbs

    _do(config_path, given, "Given back", lambda sql, ids, who, now: verbs.release(sql, ids, who, now), each=True)


@click.command("assign")
@_IDS
@filters
@click.option("--to", default="", metavar="PERSON", help="Who shall have them.")
@click.option("--to-team", default="", metavar="TEAM", help="Which team shall have them.")
@click.option("--note", default="", help="What they should know; it stands on the claim's timeline.")
@_WHO
@_DRY_RUN
@click.pass_obj
def assign(config_path: Path, /, to: str, to_team: str, note: str, **given: Any) -> None:
    """Give items to a person or a team, whoever has them now.

    By id, or all that the filters take: gateway queue assign --to maria --team documentation --rule R1.40 --dry-run
    """
    from ..core.work import verbs

    def give(sql: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
        return verbs.assign(sql, ids, who, now, to=to, team=to_team, note=note)

    _do(config_path, given, "Assigned", give)


@click.command("touch")
@_IDS
@filters
@click.option("--action", required=True, metavar="CODE", help="What was done; see: gateway queue actions.")
@click.option("--note", default="", help="The same in your words.")
@click.option("--follow-up", type=DAY, help="When somebody looks again, as 2026-12-01.")
@_WHO
@_DRY_RUN
@click.pass_obj
def touch(config_path: Path, /, action: str, note: str, follow_up: dt.datetime | None, **given: Any) -> None:
    """Say what was done about items that stay open, and when somebody looks again."""
    from ..core.work import verbs
    from ..core.work.actions import Actions

    config = require(config_path, secrets=False)

    def write(sql: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
        today = now_of(config)[1]
        actions = Actions.of(config.tables, today)
        return verbs.touch(sql, ids, who, now, actions, today, action=action, note=note, follow_up=day(follow_up))

    _do(config_path, given, "Written down", write)


@click.command("snooze")
@_IDS
@filters
@click.option("--until", type=DAY, required=True, help="The day on which they are shown again, as 2026-12-01.")
@click.option("--note", default="", help="Why; it stands on the claim's timeline.")
@_WHO
@_DRY_RUN
@click.pass_obj
def snooze(config_path: Path, /, until: dt.datetime, note: str, **given: Any) -> None:
    """Let items rest until a day, but not beyond the one that costs money."""
    from ..core.work import verbs

    config = require(config_path, secrets=False)

    def rest(sql: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
        return verbs.snooze(sql, ids, who, now, now_of(config)[1], until=until.date(), note=note)

    _do(config_path, given, "Resting", rest)


@click.command("close")
@_IDS
@filters
@click.option("--reason", required=True, help="What was done about it.")
@click.option("--outcome", default="", metavar="CODE", help="What came of it; see: gateway queue actions.")
@_WHO
@_DRY_RUN
@click.pass_obj
def close(config_path: Path, /, reason: str, outcome: str, **given: Any) -> None:
    """Close work items that a person has dealt with. What clears by itself (a hold, a stopped partner) is not closed
    here."""
    from ..core.work import verbs
    from ..core.work.actions import Actions

    config = require(config_path, secrets=False)

    def end(sql: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
        actions = Actions.of(config.tables, now_of(config)[1])
        return verbs.close(sql, ids, who, now, reason, outcome=outcome, actions=actions)

    _do(config_path, given, "Closed", end)


@click.command("reopen")
@click.argument("item_ids", type=click.IntRange(1), nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, help="Why it is not done after all.")
@_WHO
@click.pass_obj
def reopen(config_path: Path, /, reason: str, **given: Any) -> None:
    """Open closed work items again."""
    from ..core.work import verbs

    _do(config_path, given, "Open again", lambda sql, ids, who, now: verbs.reopen(sql, ids, who, now, reason))


@click.command("redate")
@click.pass_obj
def redate(config_path: Path) -> None:
    """Work the filing dates of open items out anew: after table timely_filing was changed, or after an upgrade."""
    from ..core.work.deadlines import Deadlines
    from ..core.work.redating import redate as work_out

    config = require(config_path, secrets=False)
    changed = change(config, lambda connection: work_out(connection, Deadlines.of(config.tables)))
    click.echo(f"{changed:,} item{'' if changed == 1 else 's'} with another filing date.")


class _Refused(Exception):
    """One of the items that were named cannot be done: none is."""


def _do(
    config_path: Path,
    given: dict[str, Any],
    word: str,
    verb: Callable[[Connection, Sequence[int], str, dt.datetime], list[Answer]],
    *,
    each: bool = False,
) -> None:
    """Do it to the items that are named (all or none, unless `each` stands for itself), or to those that the filters
    take (each for itself)."""
    from ..core.work.verbs import NotDone

    config = require(config_path, secrets=False)
    ids, who = list(given["item_ids"]), given["who"] or getpass.getuser()
    narrowed = {name: given[name] for name in NAMES if name in given}

    def do(connection: Connection) -> list[Answer]:
        named = ids or _taken(connection, config, narrowed, who)
        answers = verb(connection, named, who, now_of(config)[0])
        if ids and not each and (refused := [one for one in answers if not one.done]):
            raise _Refused("\n".join(f"{one.what} Nothing was done to any of them." for one in refused))
        return answers

    if ids and any(narrowed.values()):
        raise NotAsked("Name items, or narrow the queue down with --team, --rule ...: not both.")
    if given.get("dry_run"):
        _preview(config, narrowed, ids, who)
        return
    try:
        answers = change(config, do)
    except (NotDone, _Refused) as error:
        raise click.ClickException(str(error)) from error
    _tell(word, answers)


def _taken(connection: Connection, config: Config, narrowed: dict[str, Any], who: str) -> list[int]:
    from ..core.work.queue import ids
    from ..core.work.verbs import MOST

    return ids(connection, _narrowed(connection, config, narrowed, who), now_of(config)[1], limit=MOST + 1)


def _narrowed(connection: Connection, config: Config, narrowed: dict[str, Any], who: str) -> Wanted:
    which = wanted(connection, config, narrowed, who)
    if which.everything:
        raise NotAsked("Name the items by id, or narrow the queue down: --team, --kind, --rule, --mine ...")
    return which


def _preview(config: Config, narrowed: dict[str, Any], ids: Sequence[int], who: str) -> None:
    from ..core.work import queue as queues

    today = now_of(config)[1]
    note_look(config, "queue, dry run")

    def read(connection: Connection) -> tuple[list[Item], queues.Counted]:
        if ids:
            found = [one.item for item_id in ids if (one := queues.one(connection, item_id, today)) is not None]
            return found, queues.Counted(len(found), sum(item.cents for item in found))
        which = _narrowed(connection, config, narrowed, who)
        return queues.page(connection, which, today, limit=SHOWN).items, queues.counted(connection, which, today)

    items, counted = change(config, read)
    click.echo(f"It would be for {counted.items:,} item{'' if counted.items == 1 else 's'}, ${amount(counted.cents)}.")
    show(COLUMNS, [as_row(item) for item in items[:SHOWN]], False, "")
    if counted.items > SHOWN:
        click.echo(f"And {counted.items - SHOWN:,} more.")
    click.echo("Nothing was changed.")


def _tell(word: str, answers: Sequence[Answer]) -> None:
    done = [one for one in answers if one.done]
    refused = [one for one in answers if not one.done]
    if done and len(done) <= SHOWN * 2:
        click.echo(f"{word}: {', '.join(str(one.id) for one in done)}.")
    elif done:
        click.echo(f"{word}: {len(done):,} items.")
    for one in refused[: SHOWN * 2]:
        click.echo(f"{one.id}: {one.what}", err=True)
    if len(refused) > SHOWN * 2:
        click.echo(f"And {len(refused) - SHOWN * 2:,} more that it was not done to.", err=True)
    if not answers:
        click.echo("No item fits. Nothing was done.")
    if refused:
        sys.exit(1)
