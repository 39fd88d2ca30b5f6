"""Calling what a plugin declares: in a child process with a time limit; then, in one transaction, what it wants done.

Decide, then commit: `ask` writes nothing; `take` is given its answer and writes all of it, with the count of the call,
and a work item where it failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, select

from ...config import Config
from ...plugins.calling import limit_of
from ...plugins.declaring import NotDeclared
from ...plugins.desk_views import CloseItem, Note, OpenItem
from ..clock import business_date
from ..engine.port import DecideFailed
from ..store import plugin_calls, timeline
from ..store.tables import claims, work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from . import stored_config
from .desk_lookups import key_of
from .desk_records import FAILED, NOT_TAKEN, RESTS, DeskAnswer, DeskRequest, pack_request, read_answer
from .desk_rests import Call
from .in_child import DESK
from .services import DecidePool, Desks, Services

T = TypeVar("T")
log = structlog.get_logger("gateway")

_WORDS = {
    "hung": "it did not end in its time",
    "memory": "it took too much memory",
    "exited": "it ended the process in which it ran",
    "raised": "it broke the process in which it ran",
}
STATION = "plugin"
"""What is noted on a timeline stands there under this name."""


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
    parts: Desks, pool: DecidePool, config: Config, call: Call, argument: Any, now: dt.datetime
) -> DeskAnswer:
    """Call it in a child; writes nothing. What goes wrong is in the answer.

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


def take(connection: Connection, call: Call, answer: DeskAnswer, now: dt.datetime, today: dt.date) -> None:
    """Write what a call wants done, count it, and open (or close) the work item about its failures."""
    if answer.outcome == NOT_TAKEN:
        return
    failed = answer.outcome == FAILED
    plugin_calls.add(connection, [(call.plugin, call.version, failed, answer.microseconds)], now.date())
    if failed:
        log.error("desk_failed", plugin=call.plugin, hook=call.hook, name=call.name, why=answer.why)
        open_items(connection, [_failure(call, answer.why, today)], now)
        return
    _close_failures(connection, call, now)
    _apply(connection, call, answer, now)


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
    await write(take, call, answer, now, business_date(now, config.gateway.organisation.time_zone))
    return answer


def _failure(call: Call, why: str, today: dt.date) -> WorkItem:
    again = {
        "plugin_schedules": "It comes again at its next turn.",
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


def _apply(connection: Connection, call: Call, answer: DeskAnswer, now: dt.datetime) -> None:
    known = _known(connection, {act.claim_id for act in answer.acts if not isinstance(act, CloseItem)} - {None})
    opened: list[WorkItem] = []
    for act in answer.acts:
        if isinstance(act, OpenItem):
            opened.append(_item(call, act, known))
        elif isinstance(act, CloseItem):
            # In their order: what was opened before may be what is closed.
            open_items(connection, opened, now)
            opened = []
            close_items(connection, [key_of(call.plugin, act.key)], act.outcome, now)
    open_items(connection, opened, now)
    notes = [
        timeline.Entry("claim", act.claim_id, STATION, act.what, who=f"plugin {call.plugin}"[:80])
        for act in answer.acts
        if isinstance(act, Note) and act.claim_id in known
    ]
    timeline.add(connection, notes, now)


def _item(call: Call, act: OpenItem, known: Collection[int]) -> WorkItem:
    claim_id = act.claim_id if act.claim_id in known else None
    return WorkItem(
        kind=act.kind,
        key=key_of(call.plugin, act.key),
        reason=act.reason,
        team=act.team,
        subject_kind="claim" if claim_id is not None else "plugin",
        subject_id=claim_id,
        claim_id=claim_id,
        rule=act.rule,
        cents=act.cents,
        work_by=act.work_by,
        deadline=act.deadline,
        payer_id=act.payer_id,
        partner=act.partner,
    )


def _known(connection: Connection, claim_ids: Collection[int | None]) -> set[int]:
    """Those that are there: a claim may have been purged meanwhile, or never have been."""
    wanted: Sequence[int] = sorted(one for one in claim_ids if one is not None)
    found: set[int] = set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found.update(connection.execute(select(claims.c.id).where(claims.c.id.in_(part))).scalars())
    return found
