"""The work of plugins that comes round: when a turn is due, and taking it.

A turn is a workflow under the key of its plugin, its name and its time, so it is taken once, whoever looks. The
function runs in a child process; its answer is one blob in the archive, and what it wants done commits with the mark
that the turn is done.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ...config import Config
from ...plugins.declared import BUSINESS_DAYS, WEEKDAYS, Schedule
from ...plugins.declaring import NotDeclared
from ..boundary import boundary, declare
from ..engine.port import Due, Payload, Run, workflow
from ..store import archive
from ..store.outbox import put_outbox
from ..work.calendar import is_business_day
from .desk_calls import SCHEDULES, ask, call_of, makes_of, take
from .desk_records import NOT_TAKEN, DeskAnswer, pack_answer, read_answer
from .desk_rests import Call
from .services import Services
from .stored_config import by_hash

KIND = "plugin_schedule"
LATEST = dt.timedelta(hours=24)
"""A turn that was missed for longer is not made up for."""
LOOK_SECONDS = 15.0

declare(
    plugin_schedule_decided="a plugin's schedule has run; nothing of what it wants done is written",
    plugin_schedule_done="what a plugin's schedule wants done is committed",
)


def look_seconds(schedule: Schedule) -> float:
    """How often somebody looks whether it is due."""
    return min(LOOK_SECONDS, schedule.seconds) if schedule.seconds else LOOK_SECONDS


def turn(schedule: Schedule, now: dt.datetime, zone: str) -> dt.datetime | None:
    """The latest turn that is due at a moment, in UTC; None where there is none within the last day.

    Args:
        schedule: when it comes.
        now: the moment, in UTC.
        zone: where the supplier keeps its office: times of day are its own.
    """
    if schedule.seconds:
        number = int(now.timestamp() // schedule.seconds)
        return dt.datetime.fromtimestamp(number * schedule.seconds, dt.UTC)
    local = ZoneInfo(zone)
    clock = dt.time.fromisoformat(schedule.daily)
    today = now.astimezone(local).date()
    for day in (today, today - dt.timedelta(days=1)):
        due = dt.datetime.combine(day, clock, local).astimezone(dt.UTC)
        if due <= now and now - due < LATEST and _on(schedule, day):
            return due
    return None


def wait_before_first(schedule: Schedule, now: dt.datetime, zone: str) -> float:
    """Seconds until the first turn of a schedule that has never been known here: the turns before it was are not made
    up for."""
    if schedule.seconds:
        return 0.0
    local = ZoneInfo(zone)
    clock = dt.time.fromisoformat(schedule.daily)
    today = now.astimezone(local).date()
    due = dt.datetime.combine(today, clock, local)
    if due <= now:
        due = dt.datetime.combine(today + dt.timedelta(days=1), clock, local)
    return (due - now).total_seconds()


def _on(schedule: Schedule, day: dt.date) -> bool:
    if not schedule.on:
        return True
    kinds = {WEEKDAYS[day.weekday()], day.day} | ({BUSINESS_DAYS} if is_business_day(day) else set())
    return any(one in kinds for one in schedule.on)


def schedule_name(plugin: str, name: str) -> str:
    """The name of its row among the schedules of the gateway."""
    return f"plugin:{plugin}:{name}"


def dues(config: Config, now: dt.datetime) -> Iterator[tuple[str, float, Due, float]]:
    """Every schedule of a configuration's plugins: its name, how often to look, what is due, and how long to wait where
    it is new."""
    zone = config.gateway.organisation.time_zone
    for declared in config.declared.values():
        for schedule in declared.schedules:
            name = schedule_name(declared.plugin.name, schedule.name)
            call = Call(declared.plugin.name, declared.plugin.version, SCHEDULES, schedule.name)
            first = wait_before_first(schedule, now, zone)
            yield name, look_seconds(schedule), _due(config.hash, call, schedule, zone), first


def _due(config_hash: str, call: Call, schedule: Schedule, zone: str) -> Due:
    def due(now: dt.datetime) -> tuple[str, dict[str, Any]] | None:
        at = turn(schedule, now, zone)
        if at is None:
            return None
        return f"{call.plugin}:{call.name}:{at.isoformat()}", _payload(config_hash, call)

    return due


def _payload(config_hash: str, call: Call) -> dict[str, Any]:
    return {"plugin": call.plugin, "version": call.version, "name": call.name, "config_hash": config_hash}


def take_now(connection: Connection, config: Config, plugin: str, name: str, now: dt.datetime) -> bool:
    """Have a turn taken now, whatever its time is; the turns that come round do not change. Returns False where that
    was asked for within the same minute.

    Raises:
        NotDeclared: the plugin has no such schedule under this configuration.
    """
    call = call_of(config, plugin, SCHEDULES, name)
    known = [one.name for one in config.declared[plugin].schedules]
    if name not in known:
        raise NotDeclared(f"Plugin {plugin!r} has no schedule {name!r}. It has: {', '.join(known) or 'none'}.")
    key = f"{plugin}:{name}:now:{now:%Y-%m-%dT%H:%M}"
    return put_outbox(connection, KIND, key, _payload(config.hash, call), now)


@workflow(KIND, waits=True)
async def plugin_schedule(run: Run, payload: Payload) -> str:
    """Take one turn."""
    call = Call(str(payload["plugin"]), str(payload["version"]), SCHEDULES, str(payload["name"]))
    decided: dict[str, Any] = await run.step("decide", _decide, run.services, call, payload)
    boundary("plugin.schedule.decided")
    outcome = await run.transact("commit", _commit, run.services, call, decided)
    boundary("plugin.schedule.done")
    return outcome


async def _decide(services: Services, call: Call, payload: Payload) -> dict[str, Any]:
    """Run its function; returns its answer: by hash and size, or as it is where nothing is to be done (a blob for each
    turn that finds nothing would fill the archive)."""
    config, now = services.config, services.clock.now()
    if config.hash != payload["config_hash"]:
        config = await asyncio.to_thread(
            by_hash, str(services.archive.root), str(config.root), str(payload["config_hash"])
        )
    try:
        answer = await ask(services, services.desks, config, call, None, now)
    except NotDeclared as error:
        answer = DeskAnswer(NOT_TAKEN, str(error))
    if not answer.acts:
        return {"outcome": answer.outcome, "why": answer.why, "microseconds": answer.microseconds}
    stored = await asyncio.to_thread(services.archive.put, pack_answer(answer))
    return {"sha256": stored.sha256, "size": stored.size, "outcome": answer.outcome}


def _commit(connection: Connection, services: Services, call: Call, decided: dict[str, Any]) -> str:
    now = services.clock.now()
    if "sha256" in decided:
        archive.record(connection, archive.Stored(decided["sha256"], decided["size"]), "decision", now)
        answer = read_answer(services.archive.read(decided["sha256"]))
    else:
        answer = DeskAnswer(decided["outcome"], decided["why"], microseconds=decided["microseconds"])
    take(connection, call, answer, makes_of(services.archive, services.config), now)
    return str(decided["outcome"])
