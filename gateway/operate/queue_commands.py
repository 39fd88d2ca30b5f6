"""`gateway queue`: what waits for a person, in the order in which it should be worked."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from ..core.model.spreadsheet import CsvWriter
from ..lazy_group import LazyGroup
from .commands import change
from .looking import note_look
from .queue_filters import filters, wanted
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..core.work.queue import Item

_VERBS = "gateway.operate.queue_verbs"
VERBS = {
    "claim": (f"{_VERBS}:claim", "Take items to work on them."),
    "release": (f"{_VERBS}:release", "Give items that you have back to their team."),
    "assign": (f"{_VERBS}:assign", "Give items to a person or a team."),
    "touch": (f"{_VERBS}:touch", "Say what was done, and when somebody looks again."),
    "snooze": (f"{_VERBS}:snooze", "Let items rest until a day."),
    "close": (f"{_VERBS}:close", "Close what a person has dealt with."),
    "reopen": (f"{_VERBS}:reopen", "Open closed items again."),
    "redate": (f"{_VERBS}:redate", "Work the filing dates of open items out anew."),
}
PAGE_OF_CSV = 10_000
ORDERS = ("urgent", "dollars", "due", "oldest", "newest")
COLUMNS = (
    *("id", "bucket", "kind", "team", "assignee", "dollars", "by", "work_by", "late", "follow_up", "claim", "payer"),
    *("rule", "reason"),
)
FIELDS = (
    *("id", "kind", "bucket", "team", "assignee", "dollars", "priority_date", "refile_by", "appeal_by", "deadline"),
    *("work_by", "late", "follow_up", "snoozed_until", "claim_id", "claim", "payer_id", "payer_name", "partner"),
    *("rule", "reason", "opened_at", "touched_at"),
)


@click.group(cls=LazyGroup, lazy=VERBS)
def queue() -> None:
    """What waits for a person, and working it."""


@queue.command("list")
@filters
@click.option("--worklist", default="", help="As this worklist of a plugin shows them; see: gateway worklists.")
@click.option("--order", type=click.Choice(ORDERS), default=ORDERS[0], show_default=True, help="Which come first.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def queue_list(
    config_path: Path, /, worklist: str, order: str, limit: int, as_csv: bool, as_json: bool, **given: Any
) -> None:
    """Open work items in the order in which they should be worked: by how near the date is that costs money (timely
    filing, appeal), then the most dollars first, then the oldest; or by dollars, due date or age alone."""
    config = require(config_path, secrets=False)
    if worklist:
        from .desk_commands import show_worklist

        show_worklist(config, worklist, given["team"], given["kind"], given["payer"], limit, as_csv)
        return
    from ..core.work import queue as queues

    today = now_of(config)[1]
    note_look(config, "queue list")

    def read(connection: Connection) -> tuple[list[Item], int]:
        which = wanted(connection, config, given)
        found: list[Item] = []
        after = ""
        while as_csv or len(found) < limit:
            size = PAGE_OF_CSV if as_csv else min(limit - len(found), queues.MOST)
            page = queues.page(connection, which, today, limit=size, after=after, order=queues.Order(order))
            found += page.items
            after = page.after
            if not after:
                return found, 0
        return found, queues.counted(connection, which, today).items - len(found)

    items, more = change(config, read)
    if as_json:
        click.echo(json.dumps({"items": [queues.item_data(item) for item in items], "more": more}, indent=2))
    elif as_csv:
        _write_csv(items)
    else:
        show(COLUMNS, [as_row(item) for item in items], False, "Nothing waits for a person.")
        if more:
            click.echo(f"And {more:,} more: --limit, --team, --kind or --csv.")


@queue.command("show")
@click.argument("item_id", type=click.IntRange(1), metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def queue_show(config_path: Path, item_id: int, as_json: bool) -> None:
    """One work item: why it waits, its dates, and everything that people did about it."""
    from zoneinfo import ZoneInfo

    from ..core.work import queue as queues
    from ..core.work.actions import Actions
    from .looking import day as in_words
    from .looking import moment

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    note_look(config, f"queue show {item_id}")
    told = change(config, lambda connection: queues.one(connection, item_id, today))
    if told is None:
        raise click.ClickException(f"There is no work item {item_id}. See: gateway queue list")
    item, done = told
    if as_json:
        click.echo(
            json.dumps({**queues.item_data(item), "touches": [queues.touch_data(one) for one in done]}, indent=2)
        )
        return
    actions, zone = Actions.of(config.tables, today), ZoneInfo(config.gateway.organisation.time_zone)
    click.echo(f"Work item {item.id}: {actions.kind_in_words(item.kind)}, {item.state}. ${amount(item.cents)}")
    click.echo(item.reason)
    for word, value in (
        ("claim", f"{item.claim} ({item.claim_id} in our books)" if item.claim_id is not None else ""),
        ("payer", f"{item.payer_name} {item.payer_id}".strip()),
        ("rule", item.rule),
        ("team", item.team),
        ("with", item.assignee),
        ("work by", in_words(item.work_by) + (" (late)" if item.late else "")),
        ("file by", in_words(item.refile_by)),
        ("appeal by", in_words(item.appeal_by)),
        ("deadline", in_words(item.deadline)),
        ("follow up", in_words(item.follow_up)),
        ("rests until", in_words(item.snoozed_until)),
        ("outcome", item.outcome),
    ):
        if value:
            click.echo(f"  {word:<12}{value}")
    for one in done:
        action = actions.find(one["action"])
        words = [action.name if action is not None else one["action"], one["note"]]
        if one["follow_up"] is not None:
            words.append(f"next {in_words(one['follow_up'])}")
        click.echo(f"  {moment(one['at'], zone)}  {one['who']} ({one['verb']})  {'; '.join(w for w in words if w)}")


@queue.command("summary")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def queue_summary(config_path: Path, as_csv: bool) -> None:
    """How many items wait, and the dollars at stake, by team and kind."""
    from ..core.work.queue import summary

    config = require(config_path, secrets=False)
    rows = change(config, lambda connection: summary(connection, now_of(config)[1]))
    shown: list[Sequence[object]] = [
        (one.team, one.kind, one.items, amount(one.cents), one.overdue, one.late, one.unassigned, one.resting)
        for one in rows
    ]
    columns = ("team", "kind", "items", "dollars", "overdue", "late", "unassigned", "resting")
    show(columns, shown, as_csv, "Nothing waits for a person.")


@queue.command("actions")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def queue_actions(config_path: Path, as_csv: bool) -> None:
    """The codes of what people do about an item (touch), and of what comes of it (close): table actions."""
    from ..core.work.actions import Actions

    config = require(config_path, secrets=False)
    rows = [
        (one.code, "close" if one.closes else "touch", "" if one.closes else one.follow_up, one.name)
        for one in Actions.of(config.tables, now_of(config)[1]).on()
    ]
    show(("code", "for", "next_date", "name"), rows, as_csv, "The table actions has no row for today.")


# --- how they are shown ----------------------------------------------------------------------------


def as_row(item: Item) -> Sequence[object]:
    """An item as its line in a list: COLUMNS."""
    bucket = {"overdue": "overdue", "later": "later"}.get(item.bucket, f"{item.bucket} days")
    return (
        item.id,
        bucket,
        item.kind,
        item.team,
        item.assignee,
        amount(item.cents),
        item.priority_date,
        item.work_by,
        "late" if item.late else "",
        item.follow_up,
        item.claim,
        item.payer_id,
        item.rule,
        item.reason,
    )


def _write_csv(items: Sequence[Item]) -> None:
    from ..core.work.queue import item_data

    writer = CsvWriter(sys.stdout)
    writer.writerow(FIELDS)
    for item in items:
        data = item_data(item)
        writer.writerow("" if data[name] is None else data[name] for name in FIELDS)
