"""What plugins declare for the command line: `gateway worklists`, `gateway report`, `gateway plugin run`."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from ..config.commands import NotAsked, require
from ..lazy_group import LazyGroup
from ..plugins.declaring import Declared, NotDeclared, find
from .commands import change, database
from .looking import moment
from .queue_filters import DAY, known_names
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    import datetime as dt

    from pydantic import BaseModel
    from sqlalchemy import Connection, Engine

    from ..config import Config
    from ..core.flow.desk_records import DeskAnswer
    from ..core.flow.desk_rests import Call
    from ..core.store.archive import Archive
    from ..core.work.worklists import Filled


class Parts(NamedTuple):
    """What a call needs (`core.flow.services.Desks`)."""

    archive: Archive
    reads: Engine


def note_access(connection: Connection, what: str) -> None:
    """A line in the access log: somebody looked."""
    from sqlalchemy import insert

    from ..core.clock import SystemClock
    from ..core.store.tables import access_log

    connection.execute(
        insert(access_log).values(at=SystemClock().now(), who=getpass.getuser(), what=what[:200], source="command line")
    )


# --- worklists -------------------------------------------------------------------------------------


@click.command()
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def worklists(config_path: Path, as_csv: bool) -> None:
    """Every worklist that a plugin in use declares, and what waits in it. `gateway queue list --worklist NAME` shows
    one."""
    from ..core.work.worklists import filled, waiting

    config = require(config_path, secrets=False)
    every = [(one, made) for one in config.declared.values() for made in one.worklists]

    def count(connection: Connection) -> list[tuple[tuple[int, int], Filled | None]]:
        today = now_of(config)[1]
        return [(waiting(connection, made, today), filled(connection, one, made)) for one, made in every]

    counts = change(config, count) if every else []
    rows = [
        (f"{one.plugin.name}/{made.name}", items, amount(cents), made.team, made.title, _when(config, by))
        for (one, made), ((items, cents), by) in zip(every, counts, strict=True)
    ]
    columns = ("worklist", "items", "dollars", "team", "title", "worked_out")
    show(columns, rows, as_csv, "No plugin in use declares a worklist.")


def _when(config: Config, by: Filled | None) -> str:
    """When a list was worked out; empty where its items come as they come."""
    if by is None:
        return ""
    return moment(by.at, ZoneInfo(config.gateway.organisation.time_zone)) if by.at else f"not yet; {by.comes}"


def show_worklist(config: Config, name: str, team: str, kind: str, payer: str, limit: int, as_csv: bool) -> None:
    """Print one worklist.

    Raises:
        NotAsked: there is none of this name, or nothing has this team or kind.
    """
    from ..core.work.worklists import MOST, Listed, as_text, filled, listed

    declared, worklist = _found(config, "worklists", name)

    def read(connection: Connection) -> tuple[Listed, Filled | None]:
        known_names(connection, config, team=team, kind=kind)
        note_access(connection, f"worklist {name}")
        most, today = MOST if as_csv else limit, now_of(config)[1]
        found = listed(connection, worklist, today, team=team, kind=kind, payer=payer, limit=most)
        return found, filled(connection, declared, worklist)

    found, by = change(config, read)
    if not as_csv:
        click.echo(f"{worklist.title}\n" if found.rows else "", nl=bool(found.rows))
    show(found.columns, [[as_text(value) for value in row] for row in found.rows], as_csv, worklist.empty)
    if by is not None:
        now = f"gateway plugin turn {by.plugin} {by.schedule}"
        said = f"Worked out {_when(config, by)}, {by.comes}" if by.at else f"{by.waits[:-1]}"
        click.echo(f"{said}. Now: {now}", err=as_csv)
    if found.more:
        click.echo(f"And {found.more:,} more: --limit, --team, --kind, --payer or --csv.", err=as_csv)


def _found(config: Config, kind: str, name: str) -> tuple[Declared, Any]:
    try:
        return find(config.declared.values(), kind, name)
    except NotDeclared as error:
        raise NotAsked(str(error)) from None


# --- reports ---------------------------------------------------------------------------------------


OWN_REPORTS = {
    "figures": ("gateway.operate.figure_commands:figures", "Every figure on one page: DSO, ageing, rates."),
    "holds": ("gateway.operate.report_commands:holds", "Holds by type, team and age: dollars and hold days."),
    "productivity": ("gateway.operate.report_commands:productivity", "What each person got done, by day."),
    "rejections": ("gateway.operate.rejection_commands:report_rejections", "What front ends refused in a week."),
}


@click.group(cls=LazyGroup, lazy=OWN_REPORTS)
def report() -> None:
    """Reports: the gateway's own, and those that plugins declare."""


@report.command("list")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def report_list(config_path: Path, as_csv: bool) -> None:
    """Every report that can be run: the gateway's figures, and those that plugins in use declare."""
    from .figure_commands import figure_list

    config = require(config_path, secrets=False)
    rows = [(name, f"--by {groups}" if groups else "", words) for name, groups, words in figure_list()]
    rows += [
        (f"{one.plugin.name}/{made.name}", in_words(made.parameters), made.title)
        for one in config.declared.values()
        for made in one.reports
    ]
    show(("report", "may_be_set", "title"), rows, as_csv, "There is none.")


@report.command("run")
@click.argument("name")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A plugin's parameter; may be repeated.")
@click.option("--from", "first", type=DAY, help="The first day of a figure (default: 90 days, until --to).")
@click.option("--to", "last", type=DAY, help="The last day of a figure (default: today).")
@click.option("--payer", default="", help="A figure of this payer only (its id).")
@click.option("--source", default="", help="A figure of this source's claims only.")
@click.option("--by", default="", help="A figure by groups: payer, product, reason ...; see gateway report list.")
@click.option("--claims", is_flag=True, help="The claims behind a figure, the most dollars first.")
@click.option("--group", default="", help="The claims behind one of its groups, such as '61-90'.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000), help="So many claims.")
@click.option("--csv", "form", flag_value="csv", help="As CSV, for a spreadsheet.")
@click.option("--json", "form", flag_value="json", help="A figure as JSON, with its definition.")
@click.pass_obj
def report_run(config_path: Path, /, name: str, given: tuple[str, ...], form: str | None, **asked: Any) -> None:
    """Work the report NAME out: a figure (`dso`), or one of a plugin (`plugin/name`, or its name alone where only one
    plugin has one so called)."""
    from .figure_commands import is_figure, run_figure

    config = require(config_path, secrets=False)
    if is_figure(name):
        if given:
            raise NotAsked(f"{name} is a figure: it takes --from, --to, --payer, --source and --by, not --set.")
        run_figure(config, name, **asked, form=form or "text")
        return
    if form == "json" or any(value for key, value in asked.items() if key != "limit"):
        raise NotAsked(f"{name} is a plugin's report: it takes --set NAME=VALUE and --csv.")
    found, made = _found(config, "reports", name)
    answer = _call(config, found, "plugin_reports", made.name, settings(given), f"report {name}")
    _show_rows(answer.result, form == "csv", "It has no rows.")


def in_words(model: type[BaseModel] | None) -> str:
    """What may be set, for people: `days=14, payer`."""
    if model is None:
        return ""
    fields = model.model_fields.items()
    return ", ".join(name if field.is_required() else f"{name}={field.get_default()}" for name, field in fields)


def settings(given: Sequence[str]) -> dict[str, Any]:
    """`a=b` by name; a name that is repeated has a list.

    Raises:
        UsageError: one has no `=`.
    """
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--set wants NAME=VALUE, not {one!r}.")
        name = name.strip()
        before = found.get(name)
        found[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return found


# --- commands --------------------------------------------------------------------------------------


@click.command()
@click.argument("plugin")
@click.argument("command", required=False)
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="An option; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do none of it.")
@click.option("--csv", "as_csv", is_flag=True, help="A table as CSV, for a spreadsheet.")
@click.pass_obj
def run(
    config_path: Path, plugin: str, command: str | None, given: tuple[str, ...], dry_run: bool, as_csv: bool
) -> None:
    """Run COMMAND of PLUGIN; without COMMAND, list those that it has."""
    config = require(config_path, secrets=False)
    found = config.declared.get(plugin)
    if found is None or not found.commands:
        having = ", ".join(one.plugin.name for one in config.declared.values() if one.commands) or "none"
        raise NotAsked(f"Plugin {plugin!r} has no commands in this configuration. Plugins that have: {having}.")
    if command is None:
        rows = [(one.name, in_words(one.options), one.help) for one in found.commands]
        show(("command", "may_be_set", "does"), rows, as_csv, "")
        return
    if command not in {one.name for one in found.commands}:
        raise NotAsked(f"Plugin {plugin!r} has no command {command!r}: {', '.join(c.name for c in found.commands)}.")
    what = f"plugin run {plugin} {command}"
    answer = _call(config, found, "plugin_commands", command, settings(given), what, dry_run=dry_run)
    show_answer(answer, as_csv, dry_run=dry_run)


@click.command()
@click.argument("plugin")
@click.argument("schedule", required=False)
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do none of it.")
@click.option("--csv", "as_csv", is_flag=True, help="A table as CSV, for a spreadsheet.")
@click.pass_obj
def turn(config_path: Path, plugin: str, schedule: str | None, dry_run: bool, as_csv: bool) -> None:
    """Have PLUGIN do now what its SCHEDULE does at its time, such as working out a list; without SCHEDULE, list those
    that it has. The turns that come round by themselves do not change."""
    config = require(config_path, secrets=False)
    found = config.declared.get(plugin)
    if found is None or not found.schedules:
        having = ", ".join(one.plugin.name for one in config.declared.values() if one.schedules) or "none"
        raise NotAsked(f"Plugin {plugin!r} has no schedules in this configuration. Plugins that have: {having}.")
    if schedule is None:
        last, zone = change(config, _turns), ZoneInfo(config.gateway.organisation.time_zone)
        ended = [last.get((plugin, one.name)) for one in found.schedules]
        rows = [
            (one.name, one.words, moment(at, zone) if at else "not yet")
            for one, at in zip(found.schedules, ended, strict=True)
        ]
        show(("schedule", "comes", "last_done"), rows, as_csv, "")
        return
    if schedule not in {one.name for one in found.schedules}:
        raise NotAsked(f"Plugin {plugin!r} has no schedule {schedule!r}: {', '.join(s.name for s in found.schedules)}.")
    what = f"plugin turn {plugin} {schedule}"
    answer = _call(config, found, "plugin_schedules", schedule, None, what, dry_run=dry_run)
    show_answer(answer, as_csv, dry_run=dry_run)
    if not dry_run and not as_csv:
        count = len(answer.acts)
        changes = f"{count:,} change{'s' if count > 1 else ''}" if count else "nothing had to be changed"
        click.echo(f"Done: {changes}.")


def _turns(connection: Connection) -> dict[tuple[str, str], dt.datetime]:
    from ..core.store.plugin_turns import last

    return last(connection)


def show_answer(answer: DeskAnswer, as_csv: bool, *, dry_run: bool) -> None:
    """What a command or drop said; of a dry run also what it would do, as a table in the CSV of which it stands
    alone."""
    from ..plugins.desk_views import TOLD, told

    rows = [["" if one is None else str(one) for one in row] for row in told(answer.acts)] if dry_run else []
    if not (dry_run and as_csv):
        if isinstance(answer.result, Mapping):
            _show_rows(answer.result, as_csv, "Nothing.")
        elif answer.result:
            click.echo(answer.result)
    if dry_run:
        click.echo(
            "This would be done, and none of it is:\n" if rows and not as_csv else "", nl=bool(rows and not as_csv)
        )
        show(TOLD, rows, as_csv, "Nothing would be done.")


def _show_rows(result: Mapping[str, Any], as_csv: bool, nothing: str) -> None:
    show(result["columns"], result["rows"], as_csv, nothing)


# --- how it is called ------------------------------------------------------------------------------


def _call(
    config: Config, found: Declared, hook: str, name: str, argument: Any, what: str, *, dry_run: bool = False
) -> DeskAnswer:
    """Call it in a process of its own, as the gateway does, and have written what it wants done, unless it is a dry
    run.

    Raises:
        NotAsked: what was set is not as it must be, or there is no database.
        ClickException: it failed.
    """
    from ..core.clock import SystemClock
    from ..core.flow.desk_calls import call_of, makes_of, take
    from ..core.flow.desk_records import DONE, FAILED, NOT_TAKEN
    from ..core.flow.kept_rows import TableMissing
    from ..core.store.archive import Archive
    from ..core.store.engine import make_sync_engine

    call = call_of(config, found.plugin.name, hook, name)
    now = SystemClock().now()
    with database(config) as (engine, places):
        places.prepare()
        with engine.begin() as connection:
            note_access(connection, what)
        reads = make_sync_engine(places.business_url, read_only=True)
        try:
            answer = asyncio.run(_ask(Parts(Archive(places.archive_dir), reads), config, call, argument))
        finally:
            reads.dispose()
        with engine.begin() as connection:
            if dry_run and answer.outcome == DONE:
                return answer
            try:
                take(connection, call, answer, makes_of(Archive(places.archive_dir), config), now)
            except TableMissing as missing:
                raise click.ClickException(str(missing)) from None
    if answer.outcome == NOT_TAKEN:
        raise NotAsked(answer.why)
    if answer.outcome == FAILED:
        raise click.ClickException(
            f"Plugin {found.plugin.name} failed here: {answer.why}. Nothing was changed by it; a work item for the edi "
            "team says so."
        )
    return answer


async def _ask(parts: Parts, config: Config, call: Call, argument: Any) -> DeskAnswer:
    from ..core.clock import SystemClock
    from ..core.engine.decide_pool import DecidePool
    from ..core.flow.desk_calls import ask

    pool = DecidePool(1, memory_mb=config.gateway.workers.decide_memory_mb)
    try:
        return await ask(parts, pool, config, call, argument, SystemClock().now())
    finally:
        await pool.close()
