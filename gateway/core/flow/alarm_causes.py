"""Alarms that are not found by the look of each minute: a step that rests in one process, the proof of the ledger,
which is made every night, and the dates that are near, which are looked through every morning."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, or_, select

from ..clock import business_date
from ..engine.port import Due, Payload, Run, workflow
from ..ledger.proof import prove
from ..model.money import to_dollars
from ..store import alarms as store
from ..store.alarms import Standing
from ..store.tables import work_items
from .services import Services

BREAKERS = "alarm_breakers"
PROOF = "alarm_proof"
DEADLINES = "alarm_deadlines"
PROVED_AT, DEADLINES_AT = dt.time(2, 30), dt.time(6, 30)
"""Where the organisation is."""
A_DAY = dt.timedelta(hours=25)
AFTER = dt.timedelta(minutes=10)
"""So long after its rest a step that did not fail again is well."""


def resting_due(services: Services, executor: str) -> Due:
    """What rests in this process, where that is not what was told last; for `Engine.schedule`, in each process under a
    name of its own: breakers are kept in the memory of who decides."""
    told: list[Any] = []

    def due(now: dt.datetime) -> tuple[str, Payload] | None:
        resting = [
            [one.chain, one.station, one.plugin, one.payer is not None, one.failures, one.until.isoformat()]
            for one in services.breakers.state(services.config)
        ]
        if not resting or resting == told:
            return None
        told[:] = resting
        return f"{executor}:{now.isoformat()}", {"resting": resting}

    return due


@workflow(BREAKERS)
async def breakers(run: Run, payload: Payload) -> int:
    """Note the steps that rest; how many are new."""
    return await run.transact("note", _resting, run.services, payload["resting"])


def _resting(connection: Connection, services: Services, resting: list[list[Any]]) -> int:
    if "breaker" in services.config.gateway.alarms.leave_out:
        return 0
    found: dict[str, Standing] = {}
    for chain, station, plugin, of_payer, failures, until in resting:
        key = f"breaker:{chain}:{station}:{plugin}"
        whose = "the claims of one payer" if of_payer else "all claims"
        words = (
            f"Plugin {plugin} failed {failures:,} times in a row at {station} of chain {chain} and is not called now "
            f"for {whose}: they wait. Its errors are under Administration, Plugins."
        )
        found[key] = Standing("breaker", key, words, dt.datetime.fromisoformat(until) + AFTER)
    return store.stand(connection, list(found.values()), services.clock.now())


# --- the proof -------------------------------------------------------------------------------------


def daily_due(services: Services, clock: dt.time) -> Due:
    """The day's turn, when its time has come; for `Engine.schedule`."""

    def due(now: dt.datetime) -> tuple[str, Payload] | None:
        local = now.astimezone(ZoneInfo(services.config.gateway.organisation.time_zone))
        return (local.date().isoformat(), {}) if local.time() >= clock else None

    return due


@workflow(PROOF)
async def proof(run: Run, payload: Payload) -> int:
    """Prove the ledger; how many faults it has."""
    faults: int = await run.step("prove", _prove, run.services)
    return await run.transact("note", _proved, run.services, faults)


def _prove(services: Services) -> int:
    with services.reads.connect() as connection:
        return len(prove(connection).faults)


def _proved(connection: Connection, services: Services, faults: int) -> int:
    now = services.clock.now()
    words = f"The ledger does not prove: {faults} fault(s). Close no day; have them named by: gateway doctor."
    found = [Standing("ledger", "ledger", words)] if faults else []
    if "ledger" not in services.config.gateway.alarms.leave_out:
        store.stand(connection, found, now)
    store.end_others(connection, ["ledger"], [one.key for one in found], now)
    return faults


# --- dates that are near ---------------------------------------------------------------------------


@workflow(DEADLINES)
async def deadlines(run: Run, payload: Payload) -> int:
    """Look for work that is near the date after which it costs money; how many items are."""
    # Every open item is looked at, so no transaction waits for it.
    items, cents = await run.step("look", _near, run.services)
    return await run.transact("note", _note_near, run.services, items, cents)


def _near(services: Services) -> list[int]:
    """How many items, and of how many cents."""
    gateway = services.config.gateway
    today = business_date(services.clock.now(), gateway.organisation.time_zone)
    until = today + dt.timedelta(days=gateway.alarms.deadline_days)
    c = work_items.c
    near = or_(*(one.between(today, until) for one in (c.deadline, c.refile_by, c.appeal_by)))
    with services.reads.connect() as connection:
        statement = select(func.count(), func.sum(c.cents)).where(c.state == "open", near)
        items, cents = connection.execute(statement).one()
    return [int(items), int(cents or 0)]


def _note_near(connection: Connection, services: Services, items: int, cents: int) -> int:
    settings, now = services.config.gateway.alarms, services.clock.now()
    words = (
        f"{items:,} item(s) of ${to_dollars(cents):,} cost money within {settings.deadline_days} days. They stand "
        "first in the queue."
    )
    wanted = items and "deadline" not in settings.leave_out
    found = [Standing("deadline", "deadline", words, now + A_DAY)] if wanted else []
    store.stand(connection, found, now)
    store.end_others(connection, ["deadline"], [one.key for one in found], now)
    return items
