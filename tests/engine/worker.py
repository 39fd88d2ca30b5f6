"""A gateway in small, as a process that can be killed: `python -m tests.engine.worker`, one JSON argument.

It posts remittances: each is read (an effect outside the database: a line in a file, idempotent by its name), then
committed in two chunks, then answered (another effect). Between any two effects stands a named boundary.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gateway.core.boundary import boundary, declare
from gateway.core.engine.dbos_engine import DbosEngine
from gateway.core.engine.port import Payload, Run, workflow
from gateway.core.store.outbox import put_outbox

from .conftest import drawer

CHUNK = 20
BOUNDARIES = {
    "post.started": "the workflow runs, nothing is done",
    "post.read.begun": "in the step that reads",
    "post.read.done": "the bytes are in the archive, the step is not marked",
    "post.first.chunk.written": "the first chunk is written, not committed",
    "post.first.chunk.committed": "the first chunk is committed",
    "post.second.chunk.written": "the second chunk and the outbox row are written, not committed",
    "post.second.chunk.committed": "the second chunk is committed",
    "post.answer.done": "the answer is out, the step is not marked",
    "post.ended": "the workflow is about to return",
    "answer.started": "the workflow that the outbox started runs",
    "answer.done": "its only step is done, it is not marked",
}


def put(folder: str, name: str, at: str) -> str:
    """An idempotent effect: under its final name there is one file, however often this runs."""
    partial = Path(folder) / f".{name}.{os.getpid()}"
    partial.write_text(name)
    partial.rename(Path(folder) / name)
    boundary(at)
    return name


def commit(connection: Connection, key: str, chunk: int, at: str, more: bool) -> int:
    connection.execute(drawer.insert(), [{"key": f"{key}:{chunk}:{number}", "cents": 1} for number in range(CHUNK)])
    if more:
        put_outbox(connection, "answer", key, {}, RUNNING[0].clock.now())
    boundary(at)
    return chunk


async def post(run: Run, payload: Payload) -> Any:
    boundary("post.started")
    await run.step("begin", boundary, "post.read.begun")
    await run.step("read", put, payload["folder"], f"read-{run.key}", "post.read.done")
    await asyncio.sleep(payload.get("pause", 0))
    first = await run.transact("first", commit, run.key, 1, "post.first.chunk.written", False)
    boundary("post.first.chunk.committed")
    second = await run.transact("second", commit, run.key, 2, "post.second.chunk.written", True)
    boundary("post.second.chunk.committed")
    RUNNING[0].poke()
    await run.step("answer", put, payload["folder"], f"answered-{run.key}", "post.answer.done")
    boundary("post.ended")
    return [first, second]


async def answer(run: Run, payload: Payload) -> Any:
    boundary("answer.started")
    return await run.transact("answer", pay_answer, run.key)


def pay_answer(connection: Connection, key: str) -> int:
    connection.execute(drawer.insert(), [{"key": f"{key}:answer", "cents": 1}])
    boundary("answer.done")
    return 1


RUNNING: list[DbosEngine] = []


async def main(settings: dict[str, Any]) -> None:
    engine = DbosEngine(
        settings["url"],
        executor_id=settings["executor"],
        concurrency=settings.get("concurrency", 8),
        poll_seconds=0.02,
        sweep_seconds=0.1,
        heartbeat_seconds=0.3,
        silent_seconds=settings.get("silent", 30),
    )
    RUNNING.append(engine)
    await engine.start()
    print("started", flush=True)
    for key in settings["submit"]:
        await engine.submit("post", key, {"folder": settings["folder"], "pause": settings.get("pause", 0)})
    print("submitted", flush=True)
    for key in settings["wait"]:
        await engine.wait("post", key)
        await engine.wait("answer", key)
    if settings.get("stay"):
        await asyncio.Event().wait()
    await engine.stop()
    print("done", flush=True)


if __name__ == "__main__":
    # Only here: in the tests' own process these names are the gateway's.
    workflow("post")(post)
    workflow("answer")(answer)
    declare(**{name.replace(".", "_"): meaning for name, meaning in BOUNDARIES.items()})
    asyncio.run(main(json.loads(sys.argv[1])))
