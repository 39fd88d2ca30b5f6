"""Several processes of one gateway: one is told to read its configuration, and the others follow."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway import server
from gateway.server import Gateway

from . import running


@pytest.mark.postgres
async def test_the_other_processes_of_a_gateway_follow_the_one_that_is_told(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    monkeypatch.setenv("BOOKS", postgres_url)
    monkeypatch.setattr(server, "FOLLOW_SECONDS", 0.1)
    folder = running.write_config(tmp_path, more="web: {port: 0}\ndatabase: {url: env:BOOKS}")
    main = folder / "gateway.yaml"
    web = Gateway(running.read_config(folder), executor="web", only=server.WEB)
    worker = Gateway(running.read_config(folder), executor="worker", only=server.WORKER)
    await web.start()
    await worker.start()
    try:
        main.write_text(f"{main.read_text()}alarms: {{deadline_days: 9}}\n")
        told = await web.reload()
        assert told.times == 1
        assert not told.faults

        async def followed() -> bool:
            return worker.reloads.hash == told.hash

        await running.until(followed, "the worker takes what the web process took")
        assert worker.config.gateway.alarms.deadline_days == 9
        await asyncio.sleep(0.5)
        assert (web.reloads.times, worker.reloads.times) == (1, 1), "nobody follows a follower"

        async def _broken() -> None:
            raise OSError("the folder is away")

        # What goes wrong while it follows is tried again, and does not end its following.
        once = worker._reload
        fails = iter([_broken])
        monkeypatch.setattr(worker, "_reload", lambda: next(fails, once)())
        main.write_text(main.read_text().replace("deadline_days: 9", "deadline_days: 8"))
        told = await web.reload()
        await running.until(followed, "the worker takes it at its second look")
        assert worker.config.gateway.alarms.deadline_days == 8

        good = main.read_text()
        main.write_text(f"{good}alarms: {{}}\n")
        assert (await web.reload()).faults
        await asyncio.sleep(0.5)
        assert worker.reloads.faults == (), "what one refuses the others are not told of"
    finally:
        await worker.stop()
        await web.stop()
