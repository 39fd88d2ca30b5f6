"""Durable work: what a station may rely on when it steps, commits, sleeps, fails and is started again."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import Engine, MetaData, Table, inspect, select

from gateway.core.engine.codec import JsonCodec
from gateway.core.engine.dbos_engine import DbosEngine
from gateway.core.engine.port import Payload, Run, StepFailed, WorkflowCancelled
from gateway.core.store.engine import make_sync_engine

from .conftest import drawer, paid, pay, until


def cents_of(till: Engine, key: str) -> list[int]:
    with till.begin() as connection:
        return list(
            connection.execute(drawer.select().where(drawer.c.key == key).with_only_columns(drawer.c.cents)).scalars()
        )


async def test_a_workflow_steps_commits_and_sleeps(workflows, open_engine, till) -> None:
    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        where = await run.step("look", lambda: {"thread": threading.current_thread().name, "pair": (1, 2)})
        assert where["thread"] != threading.main_thread().name
        times = await run.transact("pay", pay, run.key, payload["cents"])
        await run.sleep(0.01)

        async def greet() -> str:
            return str(run.services)

        return [where["pair"], times, await run.step("greet", greet)]

    async with open_engine(services="the house") as engine:
        await engine.submit("post", "era-1", {"cents": 500})
        assert await engine.wait("post", "era-1") == [[1, 2], 1, "the house"]
        (status,) = await engine.list(kind="post")
    assert (status.state, status.key, status.executor, status.error) == ("done", "era-1", "one", "")
    assert cents_of(till, "era-1") == [500]


def test_work_that_comes_while_our_loop_stands_still_runs_on_it_afterwards(workflows, database_url, till) -> None:
    ran_on: list[asyncio.AbstractEventLoop] = []

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        ran_on.append(asyncio.get_running_loop())
        return await run.transact("pay", pay, run.key, 5)

    with asyncio.Runner() as ours:
        engine = DbosEngine(database_url, executor_id="one", poll_seconds=0.02)
        ours.run(engine.start())
        try:
            ours.run(engine.submit("post", "era-1", {}))
            while DBOS.list_workflows(status="ENQUEUED"):
                time.sleep(0.01)
            assert ours.run(engine.wait("post", "era-1")) == 1
            assert ran_on == [ours.get_loop()]
        finally:
            ours.run(engine.stop())
    assert cents_of(till, "era-1") == [5]


async def test_submitting_the_same_key_twice_is_once(workflows, open_engine, till) -> None:
    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return await run.transact("pay", pay, run.key, payload["cents"])

    async with open_engine() as engine:
        for cents in (1, 2, 3):
            await engine.submit("post", "era-1", {"cents": cents})
        await engine.wait("post", "era-1")
        await engine.submit("post", "era-1", {"cents": 4})
        assert await engine.wait("post", "era-1") == 1
    assert cents_of(till, "era-1") == [1]


async def test_what_is_done_is_not_done_again_after_a_restart(workflows, open_engine, till) -> None:
    steps: list[str] = []
    gate = asyncio.Event()

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.step("put", steps.append, "put")
        times = await run.transact("pay", pay, run.key, 7)
        await run.step("wait", wait_for_the_gate)
        return times

    async def wait_for_the_gate() -> None:
        steps.append("wait")
        await gate.wait()

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        await until(lambda: "wait" in steps)
    assert cents_of(till, "era-1") == [7]
    gate.set()
    async with open_engine() as engine:
        assert await engine.wait("post", "era-1") == 1
    assert steps == ["put", "wait", "wait"]
    assert cents_of(till, "era-1") == [7]


async def test_what_a_failed_transaction_wrote_is_gone(workflows, open_engine, till) -> None:
    def pay_and_fail(connection: Any, key: str) -> None:
        pay(connection, key, 1)
        raise LookupError("no such account")

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.transact("pay", pay_and_fail, run.key)

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        with pytest.raises(LookupError, match="no such account"):
            await engine.wait("post", "era-1")
        (status,) = await engine.list(state="failed")
    assert status.error == "LookupError: no such account"
    assert cents_of(till, "era-1") == []


async def test_a_failed_workflow_goes_on_from_the_step_that_failed(workflows, open_engine, till) -> None:
    broken = {"look": True, "pay": True}
    looked: list[str] = []

    def look(key: str) -> str:
        looked.append(key)
        if broken["look"]:
            raise ConnectionRefusedError("the partner does not answer")
        return key

    def pay_unless_broken(connection: Any, key: str) -> int:
        if broken["pay"]:
            raise LookupError("no such account")
        return pay(connection, key, 3)

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.transact("begin", pay, run.key + ":begun", 1)
        await run.step("look", look, run.key)
        return await run.transact("pay", pay_unless_broken, run.key)

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        with pytest.raises(ConnectionRefusedError):
            await engine.wait("post", "era-1")
        broken["look"] = False
        await engine.resume("post", "era-1")
        with pytest.raises(LookupError):
            await engine.wait("post", "era-1")
        broken["pay"] = False
        await engine.resume("post", "era-1")
        assert await engine.wait("post", "era-1") == 1
        await engine.resume("post", "era-1")  # what is done stays done
        with pytest.raises(ValueError, match="no post runs under"):
            await engine.resume("post", "era-2")
    assert looked == ["era-1", "era-1"]
    assert cents_of(till, "era-1:begun") == [1]
    assert cents_of(till, "era-1") == [3]


async def test_a_cancelled_workflow_stops_between_two_steps_and_can_go_on(workflows, open_engine, till) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def wait_for_the_gate() -> None:
        begun.set()
        await gate.wait()

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.step("wait", wait_for_the_gate)
        return await run.transact("pay", pay, run.key, 1)

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        await begun.wait()
        await engine.cancel("post", "era-1")
        gate.set()
        with pytest.raises(WorkflowCancelled):
            await engine.wait("post", "era-1")
        assert [status.state for status in await engine.list()] == ["cancelled"]
        assert cents_of(till, "era-1") == []
        await engine.resume("post", "era-1")
        assert await engine.wait("post", "era-1") == 1


async def test_a_chunk_can_be_decided_while_the_one_before_it_commits(workflows, open_engine, till) -> None:
    """The steps are numbered in the order of the calls, so a replay finds each under its own number."""

    async def decide(number: int) -> int:
        return number

    gate = asyncio.Event()

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        done = []
        decided = await run.step("decide", decide, 0)
        for number in range(1, 6):
            ahead = asyncio.create_task(run.step("decide", decide, number))
            done.append(await run.transact("commit", pay, f"{run.key}:{decided}", decided))
            decided = await ahead
        await run.step("wait", gate.wait)
        return [done, decided]

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        await until(lambda: cents_of(till, "era-1:4"))
    gate.set()
    async with open_engine() as engine:
        assert await engine.wait("post", "era-1") == [[1, 1, 1, 1, 1], 5]
    assert [cents_of(till, f"era-1:{number}") for number in range(5)] == [[0], [1], [2], [3], [4]]


async def test_many_at_once_each_commit_once(workflows, open_engine, till) -> None:
    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.transact("pay", pay, run.key, 1)
        return await run.transact("pay again", pay, run.key, 2)

    keys = [f"era-{number}" for number in range(25)]
    async with open_engine() as engine:
        await asyncio.gather(*(engine.submit("post", key, {}) for key in keys))
        assert await asyncio.gather(*(engine.wait("post", key) for key in keys)) == [2] * len(keys)
    with till.begin() as connection:
        assert {paid(connection, key) for key in keys} == {2}


async def test_a_step_may_submit_more_work_and_is_still_one_step(workflows, open_engine, till) -> None:
    engines: list[DbosEngine] = []

    async def start_the_other() -> None:
        await engines[0].submit("other", "x", {})

    @workflows("other")
    async def other(run: Run, payload: Payload) -> Any:
        return await run.transact("pay", pay, run.key, 1)

    @workflows("first")
    async def first(run: Run, payload: Payload) -> Any:
        await run.step("start", start_the_other)
        return await run.transact("pay", pay, run.key, 1)

    async with open_engine() as engine:
        engines.append(engine)
        await engine.submit("first", "f", {})
        assert await engine.wait("first", "f") == 1
        assert await engine.wait("other", "x") == 1


async def test_a_step_that_returns_a_claim_is_refused(workflows, open_engine) -> None:
    @workflows("read")
    async def read(run: Run, payload: Payload) -> Any:
        return await run.step("read", lambda: b"ISA*00*")

    async with open_engine() as engine:
        await engine.submit("read", "file-1", {})
        with pytest.raises(TypeError, match="only JSON"):
            await engine.wait("read", "file-1")


async def test_a_kind_that_nobody_registered_is_refused(workflows, open_engine) -> None:
    async with open_engine() as engine:
        with pytest.raises(ValueError, match="no workflow is called 'fetch'"):
            await engine.submit("fetch", "x", {})


async def test_ended_work_is_forgotten_by_policy(workflows, open_engine) -> None:
    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return 1

    async with open_engine() as engine:
        await engine.submit("post", "old", {})
        await engine.wait("post", "old")
        (status,) = await engine.list()
        assert await engine.purge(status.created_at.replace(year=2000)) == 0
        assert await engine.purge(status.created_at.replace(year=2100)) == 1
        assert await engine.list() == []


class Refused(Exception):
    """An exception with its own arguments, as a plugin has them."""

    def __init__(self, partner: str, code: int) -> None:
        super().__init__(f"{partner} refused ({code})")


@pytest.mark.parametrize(
    ("raised", "again"),
    [
        (ValueError("no such account"), ValueError),
        (KeyError("era-1"), KeyError),
        (Refused("the partner", 5), StepFailed),
    ],
)
def test_an_exception_is_remembered_by_name(raised: Exception, again: type[Exception]) -> None:
    rebuilt = JsonCodec().deserialize(JsonCodec().serialize(raised))
    assert type(rebuilt) is again
    assert str(raised) in str(rebuilt)


async def test_the_engine_keeps_nothing_of_what_a_transaction_read(workflows, open_engine) -> None:
    """Arguments of steps are never stored: only what they return."""

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return await run.transact("count", lambda connection, name: len(name), "Jane Doe")

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {"file": "a-hash"})
        assert await engine.wait("post", "era-1") == 8
        steps = make_sync_engine(engine.system_url)
        with steps.begin() as connection:
            schema = "dbos" if connection.dialect.name == "postgresql" else None
            books = [
                str(
                    connection.execute(
                        select(Table(name, MetaData(), autoload_with=connection, schema=schema))
                    ).fetchall()
                )
                for name in inspect(connection).get_table_names(schema)
            ]
        steps.dispose()
    assert any("a-hash" in book for book in books)
    assert not any("Jane" in book for book in books)
