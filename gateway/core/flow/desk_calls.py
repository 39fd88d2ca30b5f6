"""Calling what a plugin declares: in a child process with a time limit; then, in one transaction, what it wants done.

Decide, then commit: `ask` writes nothing; `take` is given its answer and writes all of it, with the count of the call,
and a work item where it failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, select

from ...config import Config
from ...plugins.calling import limit_of
from ...plugins.declaring import LIFE, NotDeclared
from ...plugins.desk import CloseItem, Note, OpenItem
from ..clock import Clock, business_date
from ..engine.port import DecideFailed
from ..store import plugin_calls, timeline
from ..store.tables import claims, work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from . import stored_config
from .desk_lookups import key_of
from .desk_records import DONE, FAILED, NOT_TAKEN, DeskAnswer, DeskRequest, pack_request, read_answer
from .in_child import DESK
from .services import DecidePool, Desks

log = structlog.get_logger("gateway")

_WORDS = {
    "hung": "it did not end in its time",
    "memory": "it took too much memory",
    "exited": "it ended the process in which it ran",
    "raised": "it broke the process in which it ran",
}
_WHAT = {
    "plugin_schedules": "its schedule",
    "plugin_reports": "its report",
    "plugin_routes": "its route",
    "plugin_commands": "its command",
    "plugin_metrics": "its metric",
}
STATION = "plugin"
"""What is noted on a timeline stands there under this name."""
RESTS_AFTER = 5
REST_SECONDS = 300.0
_CALLED_BY_MACHINES = frozenset({"plugin_routes", "plugin_metrics"})


class Call(NamedTuple):
    """One call: of a plugin's declaration `name` under `hook`."""

    plugin: str
    version: str
    hook: str
    name: str = ""

    @property
    def words(self) -> str:
        """`its report 'held'`."""
        return self.hook if self.hook in LIFE else f"{_WHAT[self.hook]} {self.name!r}"

    @property
    def failure_key(self) -> str:
        """How the keys of its failures' work items begin."""
        return f"desk_failure:{self.plugin}:{self.hook}:{self.name}"[:180] + ":"


class Resting:
    """Routes and metrics that failed one call after the other are not called for some minutes: what asks for them is a
    machine, and would cost a process each time. In memory, for each process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[Call, int] = {}
        self._until: dict[Call, dt.datetime] = {}

    def why(self, call: Call) -> str:
        """Why it is not called now; empty where it may be."""
        until = self._until.get(call)
        if until is None or self._clock.now() >= until:
            return ""
        return f"it failed {self._failures[call]} times in a row and is tried again after {until:%m/%d/%Y %H:%M} UTC"

    def note(self, call: Call, failed: bool) -> None:
        """Take notice of a call."""
        if call.hook not in _CALLED_BY_MACHINES:
            return
        if not failed:
            self._failures.pop(call, None)
            self._until.pop(call, None)
            return
        self._failures[call] = self._failures.get(call, 0) + 1
        if self._failures[call] >= RESTS_AFTER:
            self._until[call] = self._clock.now() + dt.timedelta(seconds=REST_SECONDS)

    def state(self) -> list[tuple[Call, dt.datetime]]:
        """What rests now, and until when."""
        now = self._clock.now()
        return [(call, until) for call, until in list(self._until.items()) if now < until]


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


def done(answer: DeskAnswer) -> bool:
    """Whether a call came to its end."""
    return answer.outcome == DONE
