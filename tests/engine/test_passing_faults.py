"""What passes by itself is waited for: no fault of the disk or the line becomes a permanent error."""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from gateway.core.engine.faults import passing
from gateway.core.engine.port import PassingFault, Payload, Run

from .conftest import drawer, paid, pay, until


class Disk:
    """An SQLite file that is full until there is room."""

    def __init__(self) -> None:
        self.pages = 1

    def pay_much(self, connection: Connection, key: str) -> int:
        connection.exec_driver_sql(f"PRAGMA max_page_count={self.pages}")
        connection.execute(drawer.insert(), [{"key": "x" * 70, "cents": n} for n in range(2000)])
        return pay(connection, key, 5)


# The disk of the tests' PostgreSQL cannot be filled (its code for it is tested below), and SQLite has no line.
on_sqlite = pytest.mark.parametrize("database_urls", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize(
    "database_urls", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


async def test_a_step_waits_until_the_fault_has_passed(workflows, open_engine) -> None:
    faults: list[Exception] = [
        OSError(errno.ENOSPC, "No space left on device"),
        PassingFault("every decide process is busy"),
    ]

    def write() -> str:
        if faults:
            raise faults.pop(0)
        return "written"

    @workflows("archive")
    async def archive(run: Run, payload: Payload) -> Any:
        return await run.step("write", write)

    async with open_engine() as engine:
        await engine.submit("archive", "file-1", {})
        (trouble,) = await until(engine.troubles)
        assert (trouble.workflow, trouble.step) == ("archive:file-1", "write")
        assert trouble.why in ("the disk is full", "every decide process is busy")
        assert await engine.wait("archive", "file-1") == "written"
        assert engine.troubles() == []


@on_sqlite
async def test_a_full_disk_is_no_permanent_error(workflows, open_engine, till) -> None:
    """SQLite says full in the middle of the transaction; when there is room again, it goes through, once."""
    disk = Disk()

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return await run.transact("pay", disk.pay_much, run.key)

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        (trouble,) = await until(engine.troubles)
        assert (trouble.workflow, trouble.why) == ("post:era-1", "the disk is full")
        assert (await engine.list())[0].state == "running"
        disk.pages = 1_000_000
        assert await engine.wait("post", "era-1") == 1
        assert engine.troubles() == []


@on_sqlite
async def test_an_engine_with_a_full_disk_can_be_stopped_and_loses_nothing(workflows, open_engine, till) -> None:
    disk = Disk()

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        return await run.transact("pay", disk.pay_much, run.key)

    async with open_engine() as engine:
        await engine.submit("post", "era-1", {})
        await until(engine.troubles)
    disk.pages = 1_000_000
    async with open_engine() as engine:
        assert await engine.wait("post", "era-1") == 1
    with till.begin() as connection:
        assert paid(connection, "era-1") == 1


async def test_a_workflow_thrown_out_by_a_passing_fault_is_taken_up_again(workflows, open_engine, till) -> None:
    """As when the engine's own database is full between two steps: it is not failed, it goes on where it was."""
    thrown: list[str] = []

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        times = await run.transact("pay", pay, run.key, 1)
        if not thrown:
            thrown.append(run.key)
            raise OSError(errno.ENOSPC, "No space left on device")
        return times

    async with open_engine(heartbeat_seconds=0.1) as engine:
        await engine.submit("post", "era-1", {})
        assert await asyncio.wait_for(engine.wait("post", "era-1"), 20) == 1
        assert engine.troubles() == []
    with till.begin() as connection:
        assert paid(connection, "era-1") == 1


@on_postgres
async def test_a_lost_database_connection_is_made_again(
    workflows, open_engine, till: Engine, database_url: str
) -> None:
    keys = [f"era-{number}" for number in range(12)]

    @workflows("post")
    async def post(run: Run, payload: Payload) -> Any:
        await run.transact("pay", pay, run.key, 1)
        await run.sleep(0.05)
        return await run.transact("pay again", pay, run.key, 2)

    def cut_every_line() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    async with open_engine(heartbeat_seconds=0.2) as engine:
        for key in keys:
            await engine.submit("post", key, {})
        for _ in range(4):
            await asyncio.to_thread(cut_every_line)
            await asyncio.sleep(0.1)
        for key in keys:
            assert await asyncio.wait_for(engine.wait("post", key), 30) == 2
    till.dispose()
    with till.begin() as connection:
        assert {paid(connection, key) for key in keys} == {2}
        assert connection.execute(text("SELECT count(*) FROM drawer")).scalar_one() == 2 * len(keys)


def test_what_passes_by_itself_is_told_from_what_does_not() -> None:
    def of_postgres(state: str) -> Exception:
        return from_sqlalchemy(psycopg.errors.lookup(state)("the server's words"))

    assert passing(of_postgres("53100")) == "the server is short of resources"  # disk full
    assert passing(of_postgres("57P01")) == "the server is shutting down"
    assert passing(of_postgres("40001")) == "another transaction came first"
    gone = psycopg.OperationalError("server closed the connection unexpectedly")
    assert passing(from_sqlalchemy(gone)) == "the connection was lost"
    assert passing(OSError(errno.ENOSPC, "full")) == "the disk is full"
    assert passing(of_postgres("23505")) == ""
    assert passing(OSError(errno.EACCES, "denied")) == ""
    assert passing(ConnectionResetError("the partner dropped us")) == ""  # a station's own affair


def from_sqlalchemy(original: Exception) -> Exception:
    wrapped = DBAPIError.instance("UPDATE", None, original, psycopg.Error)
    assert isinstance(wrapped, Exception)
    return wrapped
