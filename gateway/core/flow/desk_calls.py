"""Calling what a plugin declares: in a child process with a time limit; then, in one transaction, what it wants done.

Decide, then commit: `ask` writes nothing; `take` is given its answer and writes all of it, with the count of the call,
and a work item where it failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, select

from ...config import Config
from ...plugins.calling import limit_of
from ...plugins.declaring import NotDeclared
from ..clock import business_date
from ..engine.port import DecideFailed
from ..store import plugin_calls, plugin_failures, plugin_turns
from ..store.archive import Archive
from ..store.tables import work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from . import stored_config
from .desk_acts import apply
from .desk_records import FAILED, NOT_TAKEN, RESTS, DeskAnswer, DeskRequest, pack_request, read_answer
from .desk_rests import Call
from .in_child import DESK
from .make_claims import Makes
from .services import DecidePool, Desks, Services

T = TypeVar("T")
SCHEDULES = "plugin_schedules"
log = structlog.get_logger("gateway")

_WORDS = {
    "hung": "it did not end in its time",
    "memory": "it took too much memory",
    "exited": "it ended the process in which it ran",
    "raised": "it broke the process in which it ran",
}


class Write(Protocol):
    """One transaction of the business database."""

    async def __call__(self, function: Callable[..., T], *args: object) -> T: ...


def call_of(config: Config, plugin: str, hook: str, name: str = "") -> Call:
    """A call, with the plugin's version.

    Raises:
        NotDeclared: the plugin declares nothing under this configuration.
    """
    declared = config.declared.get(plugin)
    if declared is None:
        known = ", ".join(config.declared) or "none"
        raise NotDeclared(f"Plugin {plugin!r} declares nothing. Plugins that do: {known}.")
    return Call(plugin, declared.plugin.version, hook, name)


async def ask(
    parts: Desks,
    pool: DecidePool,
    config: Config,
    call: Call,
    argument: Any,
    now: dt.datetime,
    *,
    document: str = "",
    source: str = "",
) -> DeskAnswer:
    """Call it in a child; writes nothing. What goes wrong is in the answer. `document`: the hash of a document in the
    archive that is its argument, which came from `source`.

    Raises:
        NotDeclared: it is not declared under this configuration.
        PassingFault: every child is busy.
    """
    declared = config.declared.get(call.plugin)
    if declared is None:
        raise NotDeclared(f"Plugin {call.plugin!r} declares nothing (any more).")
    limit = limit_of(declared, call.hook, call.name)
    request = DeskRequest(
        config_hash=stored_config.keep(parts.archive, config),
        config_root=str(config.root),
        archive_root=str(parts.archive.root),
        database_url=parts.reads.url.render_as_string(hide_password=False),
        plugin=call.plugin,
        hook=call.hook,
        name=call.name,
        argument=argument,
        now=now,
        today=business_date(now, config.gateway.organisation.time_zone),
        document=document,
        source=source,
    )
    try:
        answer: Any = await pool.call(DESK + pack_request(request), (limit,))
    except (DecideFailed, OSError) as error:
        log.error("desk_without_process", error=type(error).__name__)
        return DeskAnswer(FAILED, "no process could be started for it")
    if isinstance(answer, bytes):
        return read_answer(answer)
    why = _WORDS.get(answer.why, answer.why)
    detail = f" ({answer.detail})" if answer.detail and answer.why in ("hung", "memory") else ""
    return DeskAnswer(FAILED, f"{why}{detail}", microseconds=int(limit * 1e6) if answer.why == "hung" else 0)


def makes_of(archive: Archive, config: Config) -> Makes:
    """What making claims needs, under a configuration."""
    gateway = config.gateway
    return Makes(archive, gateway.usage, gateway.organisation.time_zone, config.contact)


def take(connection: Connection, call: Call, answer: DeskAnswer, makes: Makes, now: dt.datetime) -> None:
    """Write what a call wants done, count it, and open (or close) the work item about its failures."""
    if answer.outcome == NOT_TAKEN:
        return
    failed = answer.outcome == FAILED
    day = business_date(now, makes.time_zone)
    plugin_calls.add(connection, [(call.plugin, call.version, 1, int(failed), answer.microseconds)], day)
    if failed:
        plugin_failures.note(connection, [(call.plugin, call.version, call.words, answer.why)], now)
        log.error("desk_failed", plugin=call.plugin, hook=call.hook, name=call.name, why=answer.why)
        open_items(connection, [_failure(call, answer.why, day)], now)
        return
    _close_failures(connection, call, now)
    apply(connection, call, answer.acts, makes, now)
    if call.hook == SCHEDULES:
        plugin_turns.note(connection, call.plugin, call.name, now)


async def ask_and_take(services: Services, write: Write, call: Call, argument: Any = None) -> DeskAnswer:
    """Call it for the configuration in force, and have written what it wants done.

    Raises:
        NotDeclared: it is not declared.
        PassingFault: every child is busy.
    """
    config, now = services.config, services.clock.now()
    if why := services.desk_rests.why(call):
        return DeskAnswer(RESTS, why)
    answer = await ask(services, services.desks, config, call, argument, now)
    services.desk_rests.note(call, answer.outcome == FAILED)
    await write(take, call, answer, makes_of(services.archive, config), now)
    return answer


def _failure(call: Call, why: str, today: dt.date) -> WorkItem:
    again = {
        SCHEDULES: "It comes again at its next turn.",
        "send_alarms": "It is tried again, ever later, for a day.",
        "configuration_taken": "The configuration is in force all the same.",
        "gateway_started": "The gateway runs all the same.",
    }.get(call.hook, "Nothing was changed by it.")
    reason = (
        f"Plugin {call.plugin} {call.version}: {call.words} failed: {why}. {again} Tell whoever wrote the plugin, or "
        "take it out of the configuration."
    )
    return WorkItem(
        kind="plugin_failure",
        key=f"{call.failure_key}{today}",
        reason=reason[:1000],
        team="edi",
        subject_kind="plugin",
        rule=f"plugin:{call.plugin}"[:40],
        work_by=add_business_days(today, 1),
    )


def _close_failures(connection: Connection, call: Call, now: dt.datetime) -> None:
    """What failed before and works again needs nobody any more."""
    c = work_items.c
    found = connection.execute(
        select(c.key).where(
            c.state == "open",
            c.team == "edi",
            c.kind == "plugin_failure",
            c.key.startswith(call.failure_key, autoescape=True),
        )
    ).scalars()
    close_items(connection, list(found), "It works again.", now)
