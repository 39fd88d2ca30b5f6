"""Work is started by what commits, and comes round when it is due: once, whoever looks."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Engine, select

from gateway.core.clock import FixedClock
from gateway.core.engine.port import Payload, Run
from gateway.core.store.outbox import forget_submitted, mark_submitted, put_outbox, unsubmitted
from gateway.core.store.tables import outbox, schedules

from .conftest import drawer, pay, until

MONDAY = dt.datetime(2026, 11, 23, 14, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture(autouse=True)
def post(workflows: Any) -> Any:
    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return await run.transact("pay", pay, run.key, payload["cents"])

    return post


def keys_paid(till: Engine) -> list[str]:
    with till.begin() as connection:
        return sorted(connection.execute(select(drawer.c.key)).scalars())


async def test_work_that_a_transaction_decided_on_starts_when_it_commits(open_engine, till) -> None:
    async with open_engine(sweep_seconds=3600) as engine:
        with till.connect() as connection, connection.begin() as transaction:
            put_outbox(connection, "post", "never", {"cents": 1}, MONDAY)
            transaction.rollback()
        with till.begin() as connection:
            assert put_outbox(connection, "post", "era-1", {"cents": 2}, MONDAY)
        engine.poke()
        assert await asyncio.wait_for(engine.wait("post", "era-1"), 10) == 1
    assert keys_paid(till) == ["era-1"]


async def test_a_row_is_swept_without_a_poke_and_after_a_restart(open_engine, till) -> None:
    with till.begin() as connection:
        put_outbox(connection, "post", "before", {"cents": 1}, MONDAY)
    async with open_engine() as engine:
        assert await asyncio.wait_for(engine.wait("post", "before"), 10) == 1
        with till.begin() as connection:
            put_outbox(connection, "post", "later", {"cents": 1}, MONDAY)
        assert await asyncio.wait_for(engine.wait("post", "later"), 10) == 1


async def test_the_same_key_put_twice_is_one_piece_of_work(open_engine, till) -> None:
    with till.begin() as connection:
        assert put_outbox(connection, "post", "era-1", {"cents": 1}, MONDAY)
        assert not put_outbox(connection, "post", "era-1", {"cents": 2}, MONDAY)
        with pytest.raises(ValueError, match="needs a key"):
            put_outbox(connection, "post", " ", {}, MONDAY)
    async with open_engine() as engine:
        assert await engine.wait("post", "era-1") == 1
        with till.begin() as connection:
            assert not put_outbox(connection, "post", "era-1", {"cents": 3}, MONDAY)
    with till.begin() as connection:
        assert list(connection.execute(select(drawer.c.cents)).scalars()) == [1]


async def test_a_sweeper_that_died_before_its_mark_does_no_harm(open_engine, till) -> None:
    async with open_engine() as engine:
        await engine.submit("post", "era-1", {"cents": 1})
        await engine.wait("post", "era-1")
        with till.begin() as connection:
            put_outbox(connection, "post", "era-1", {"cents": 1}, MONDAY)
        await engine.tick()
        with till.begin() as connection:
            assert unsubmitted(connection, ["post"]) == []
    assert keys_paid(till) == ["era-1"]


async def test_work_that_this_process_does_not_know_is_left_for_one_that_does(open_engine, till) -> None:
    with till.begin() as connection:
        put_outbox(connection, "of_the_next_release", "x", {}, MONDAY)
        put_outbox(connection, "post", "era-1", {"cents": 1}, MONDAY)
    async with open_engine() as engine:
        assert await engine.wait("post", "era-1") == 1
        await engine.tick()
    with till.begin() as connection:
        (left,) = unsubmitted(connection, ["of_the_next_release", "post"])
    assert left.kind == "of_the_next_release"


def test_submitted_rows_are_forgotten_by_policy(till) -> None:
    with till.begin() as connection:
        put_outbox(connection, "post", "old", {}, MONDAY)
        put_outbox(connection, "post", "waiting", {}, MONDAY)
        mark_submitted(connection, [unsubmitted(connection, ["post"])[0].id], MONDAY)
        assert forget_submitted(connection, MONDAY) == 0
        assert forget_submitted(connection, MONDAY + dt.timedelta(days=400)) == 1
        assert list(connection.execute(select(outbox.c.key)).scalars()) == ["waiting"]


async def test_a_poll_comes_round_in_its_time(open_engine, till, clock) -> None:
    async with open_engine(clock=clock, sweep_seconds=3600) as engine:
        engine.schedule("poll", 600, "post", lambda now: (f"poll:{now:%H:%M}", {"cents": 1}))
        for minutes in (0, 5, 5, 25):
            clock.advance(minutes=minutes)
            await engine.tick()
            await engine.tick()
        for key in ("poll:14:00", "poll:14:10", "poll:14:35"):
            await engine.wait("post", key)
    assert keys_paid(till) == ["poll:14:00", "poll:14:10", "poll:14:35"]


async def test_a_turn_is_taken_once_by_whichever_worker_is_first(open_engine, till, clock) -> None:
    from gateway.core.engine.schedules import Schedules

    turns: list[str] = []

    def due(now: dt.datetime) -> tuple[str, Payload]:
        turns.append(f"{now:%H:%M}")
        return f"poll:{now:%H:%M}:{len(turns)}", {"cents": 1}

    async with open_engine(clock=clock) as engine:
        other = Schedules(engine._schedules._business, engine.poke, engine._rng)
        engine.schedule("poll", 600, "post", due)
        other.add(engine._scheduled["poll"])
        for _ in range(3):
            await asyncio.gather(engine.tick(), other.look(), other.look())
            clock.advance(minutes=10)
    assert turns == ["14:00", "14:10", "14:20"]


async def test_the_first_turn_can_wait_and_the_interval_can_vary(open_engine, till, clock) -> None:
    async with open_engine(clock=clock) as engine:
        engine.schedule("watch", 100, "post", lambda now: None, first=30, jitter=0.5)
        await engine.tick()

        def row() -> Any:
            with till.begin() as connection:
                return connection.execute(select(schedules).where(schedules.c.name == "watch")).one()

        assert row().next_due == MONDAY + dt.timedelta(seconds=30)
        clock.advance(seconds=30)
        await engine.tick()
        pause = (row().next_due - clock.now()).total_seconds()
        assert 100 <= pause <= 150
        assert row().last_run == clock.now()
    assert keys_paid(till) == []


async def test_a_schedule_that_fails_says_so_and_comes_round_again(open_engine, till, clock) -> None:
    def due(now: dt.datetime) -> tuple[str, Payload]:
        if now == MONDAY:
            raise LookupError("no such partner")
        return "second", {"cents": 1}

    async with open_engine(clock=clock) as engine:
        engine.schedule("poll", 60, "post", due)

        def last_error() -> str:
            with till.begin() as connection:
                return connection.execute(select(schedules.c.last_error)).scalar_one_or_none() or ""

        assert await until(last_error) == "LookupError: no such partner"
        clock.advance(seconds=60)
        await engine.tick()
        assert await engine.wait("post", "second") == 1
        assert last_error() == ""


async def test_a_schedule_that_was_taken_back_is_quiet(open_engine, till, clock) -> None:
    async with open_engine(clock=clock) as engine:
        engine.schedule("poll", 60, "post", lambda now: ("x", {"cents": 1}), first=60)
        await engine.tick()
        engine.unschedule("poll")
        clock.advance(seconds=120)
        await engine.tick()
        assert await engine.list() == []
        with pytest.raises(ValueError, match="positive interval"):
            engine.schedule("poll", 0, "post", lambda now: None)
