"""Plugins decide in child processes: what they do wrong harms one claim, and the parent knows which."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.core.engine import decide_pool
from gateway.core.engine.decide_pool import Blamed, DecideFailed, DecidePool
from gateway.core.engine.decide_process import position_in
from gateway.core.engine.port import PassingFault

TARGETS = f"{__package__}.decide_targets"
LIMITS = [0.3, 0.3, 0.3]


@asynccontextmanager
async def pool_of(size: int = 1, name: str = "decide", **settings: object) -> AsyncIterator[DecidePool]:
    pool = DecidePool(size, target=f"{TARGETS}:{name}", **settings)  # type: ignore[arg-type]
    try:
        yield pool
    finally:
        await pool.close()


def chunk(*items: list[str]) -> bytes:
    return json.dumps(items).encode()


async def test_a_child_is_started_once_and_used_again() -> None:
    async with pool_of() as pool:
        answers = [await pool.call(chunk([""], [""]), LIMITS) for _ in range(3)]
    pids = {json.loads(answer)["pid"] for answer in answers if isinstance(answer, bytes)}
    assert len(pids) == 1
    assert os.getpid() not in pids


@pytest.mark.parametrize("what", ["hang", "sleep"])
async def test_a_plugin_that_hangs_is_blamed_and_the_rest_is_decided_in_a_fresh_child(what: str) -> None:
    async with pool_of() as pool:
        blamed = await pool.call(chunk(["", ""], ["", "", what], [""]), LIMITS)
        assert blamed == Blamed(1, 2, "hung", "over 0.3 s")
        answer = await pool.call(chunk(["", ""], [""]), LIMITS)
        assert isinstance(answer, bytes)
        assert json.loads(answer)["items"] == 2


async def test_a_plugin_that_exits_is_blamed() -> None:
    async with pool_of() as pool:
        assert await pool.call(chunk([""], ["", "exit"]), LIMITS) == Blamed(1, 1, "exited", "exit 3")
        assert await pool.call(chunk(["abort"]), LIMITS) == Blamed(0, 0, "exited", f"signal {int(signal.SIGABRT)}")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is watched through /proc")
async def test_a_plugin_that_eats_memory_is_blamed() -> None:
    async with pool_of(memory_mb=150) as pool:
        assert await pool.call(chunk([""], [""], ["eat"]), [30.0]) == Blamed(2, 0, "memory", "over 150 MB")


async def test_what_the_target_raises_is_told_without_the_patients_data() -> None:
    async with pool_of() as pool:
        blamed = await pool.call(chunk([""], ["raise"]), LIMITS)
        assert isinstance(blamed, Blamed)
        assert (blamed.item, blamed.step, blamed.why) == (1, 0, "raised")
        assert "ValueError at decide_targets.py" in blamed.detail
        assert "Doe" not in blamed.detail
        before = pool.pids
        assert isinstance(await pool.call(chunk([""]), LIMITS), bytes)
        assert pool.pids == before  # an exception is no reason to throw the child away


async def test_a_slow_chunk_of_quick_plugins_is_nobodys_fault() -> None:
    # The limit is for one call of a step, not for the chunk.
    async with pool_of(name="cost_of_a_mark") as pool:
        answer = await pool.call(b"", [0.0, 0.0, 0.0, 0.05])
    assert isinstance(answer, bytes)
    assert float(answer) < 20_000


async def test_megabytes_go_both_ways_while_the_parent_goes_on() -> None:
    payload = os.urandom(8_000_000)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    async with pool_of(name="echo") as pool:
        beating = asyncio.create_task(beat())
        assert await pool.call(payload, LIMITS) == payload
        beating.cancel()
    assert beats > 10


async def test_children_work_side_by_side() -> None:
    async with pool_of(2) as pool:
        await pool.start()
        hung, answer = await asyncio.gather(pool.call(chunk(["hang"]), LIMITS), pool.call(chunk([""]), LIMITS))
    assert isinstance(hung, Blamed)
    assert isinstance(answer, bytes)


async def test_too_many_waiting_callers_are_sent_away_to_come_again() -> None:
    async with pool_of(waiting=1) as pool:
        first = asyncio.create_task(pool.call(chunk(["sleep"]), [0.5]))
        await asyncio.sleep(0)
        second = asyncio.create_task(pool.call(chunk([""]), LIMITS))
        await asyncio.sleep(0)
        with pytest.raises(PassingFault, match="busy"):
            await pool.call(chunk([""]), LIMITS)
        assert isinstance(await first, Blamed)
        assert isinstance(await second, bytes)


async def test_a_target_that_cannot_be_imported_is_said_at_once() -> None:
    async with pool_of(name="nobody") as pool:
        with pytest.raises(DecideFailed, match="AttributeError"):
            await pool.call(b"", LIMITS)


async def test_a_cancelled_caller_leaves_no_child_behind() -> None:
    async with pool_of() as pool:
        await pool.start()
        (pid,) = pool.pids
        task = asyncio.create_task(pool.call(chunk(["sleep"]), [60.0]))
        await asyncio.sleep(decide_pool.LOOK_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not _alive(pid)
        assert isinstance(await pool.call(chunk([""]), LIMITS), bytes)


async def test_children_leave_ctrl_c_to_the_parent() -> None:
    async with pool_of() as pool:
        await pool.start()
        (pid,) = pool.pids
        os.kill(pid, signal.SIGINT)
        answer = await pool.call(chunk([""]), LIMITS)
        assert isinstance(answer, bytes)
        assert json.loads(answer)["pid"] == pid


async def test_children_die_with_a_parent_that_is_killed() -> None:
    program = f"""
import asyncio, sys
from gateway.core.engine.decide_pool import DecidePool
async def main():
    pool = DecidePool(1, target="{TARGETS}:decide")
    await pool.start()
    print(*pool.pids, flush=True)
    await pool.call(b'[["hang"]]', [3600.0])
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(10):
        while _alive(pid):  # noqa: ASYNC110 - it is nobody's child any more
            await asyncio.sleep(0.02)


async def test_a_child_that_died_idle_is_nobodys_fault() -> None:
    async with pool_of() as pool:
        await pool.start()
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while _alive(pid):  # noqa: ASYNC110 - the pool has not looked yet
                await asyncio.sleep(0.01)
        assert isinstance(await pool.call(chunk([""]), LIMITS), bytes)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc/self").exists()


async def test_a_child_that_is_ended_twice_closes_nobody_elses_file(tmp_path: Path) -> None:
    """The number of its descriptor is another file's by then: a database's, for instance."""
    async with pool_of() as pool:
        await pool.call(chunk([""]), LIMITS)
        (child,) = pool._idle
        child.kill_now()
        files = [(tmp_path / str(number)).open("wb") for number in range(8)]
        await child.end()
        child.kill_now()
        for file in files:
            file.write(b"still open")
            file.close()
    assert {(tmp_path / str(number)).read_bytes() for number in range(8)} == {b"still open"}


# --- what a plugin does to its process -------------------------------------------------------------


def said(answer: bytes | Blamed) -> dict[str, Any]:
    assert isinstance(answer, bytes), answer
    found: dict[str, Any] = json.loads(answer)
    return found


async def test_whoever_closes_the_line_is_blamed_and_not_who_comes_after() -> None:
    async with pool_of() as pool:
        blamed = await pool.call(chunk([""], ["", "close", ""], *([""] for _ in range(2000))), LIMITS)
        assert blamed == Blamed(1, 1, "exited", "exit 1")


async def test_death_outside_of_a_plugin_tells_the_item() -> None:
    async with pool_of() as pool:
        assert await pool.call(chunk([""], [""], []), LIMITS) == Blamed(2, -1, "exited", "exit 4")


@pytest.mark.skipif(sys.platform != "linux", reason="what is left is seen through /proc")
@pytest.mark.parametrize("left", ["thread", "process", "open", "lock", "fork"])
async def test_a_child_in_which_something_is_left_has_answered_and_is_replaced(left: str) -> None:
    async with pool_of() as pool:
        first = said(await pool.call(chunk([""], [left], [""]), LIMITS))
        assert first["items"] == 3
        second = said(await pool.call(chunk([""]), LIMITS))
        # A copy that was made by a fork may have ended by then; that it does not answer is what counts.
        assert second["items"] == 1
        if left != "fork":
            assert second["pid"] != first["pid"]


async def test_what_a_plugin_did_to_the_process_as_a_whole_is_undone() -> None:
    async with pool_of() as pool:
        first = said(await pool.call(chunk([""]), LIMITS))
        assert said(await pool.call(chunk(["process state"]), LIMITS))["state"] == ["/", 0o777, True]
        assert said(await pool.call(chunk([""]), LIMITS)) == first | {"items": 1}


async def test_what_a_plugin_began_ends_with_the_child() -> None:
    async with pool_of() as pool:
        await pool.start()
        (group,) = pool.pids
        await pool.call(chunk(["process"], ["exit"]), LIMITS)
        async with asyncio.timeout(10):
            while _group_lives(group):  # noqa: ASYNC110 - it is nobody's child any more
                await asyncio.sleep(0.02)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_mark_of_a_child_can_be_read_when_nobody_else_lives(tmp_path: Path) -> None:
    seen: list[Path | None] = []
    async with pool_of(marks=tmp_path) as pool:
        asked = asyncio.create_task(pool.call(chunk([""], ["", "sleep"]), [60.0, 60.0], seen.append))
        async with asyncio.timeout(60):
            while not seen:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            (mark,) = seen
            assert mark is not None
            while (where := position_in(mark)) is None or where.step != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (where.item, where.step) == (1, 1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert os.listdir(tmp_path) == [], "nothing is left of children that were ended"
