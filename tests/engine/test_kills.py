"""Exactly once, whatever dies: SIGKILL at every boundary of a workflow, and a worker that takes over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import executors

from . import worker
from .conftest import drawer, until

ROOT = Path(__file__).parents[2]
PATIENCE = 200
"""Seconds that a worker may take on a busy machine."""


class Workers:
    """Starts worker processes, and ends those that live when the test ends."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, executor: str, *, kill_at: str = "", **settings: Any) -> subprocess.Popen[str]:
        settings = {"submit": [], "wait": []} | settings
        settings |= {"url": self.url, "folder": str(self.folder), "executor": executor}
        environment = {**os.environ, "GATEWAY_KILL_AT": kill_at}
        environment["GATEWAY_KILL_MARK"] = str(self.folder / ".killed")
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", f"{__package__}.worker", json.dumps(settings)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def run(self, executor: str, **settings: Any) -> int:
        """Start one and wait for its end; its exit (negative: the signal)."""
        process = self.start(executor, **settings)
        _, errors = process.communicate(timeout=PATIENCE)
        if process.returncode > 0:
            raise AssertionError(errors)
        return process.returncode

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def workers(database_url: str, till: Engine, tmp_path: Path) -> Iterator[Workers]:
    folder = tmp_path / "partner"
    folder.mkdir()
    made = Workers(database_url, folder)
    yield made
    made.close()


def assert_each_effect_once(till: Engine, folder: Path, keys: list[str]) -> None:
    with till.begin() as connection:
        rows = connection.execute(select(drawer.c.key, func.count().label("times")).group_by(drawer.c.key))
        counted = {row.key: row.times for row in rows}
    wanted = [f"{key}:{chunk}:{number}" for key in keys for chunk in (1, 2) for number in range(worker.CHUNK)]
    wanted += [f"{key}:answer" for key in keys]
    assert counted == dict.fromkeys(wanted, 1)
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {f"{what}-{key}" for key in keys for what in ("read", "answered")}


@pytest.mark.parametrize("name", sorted(worker.BOUNDARIES))
def test_killed_at_a_boundary_everything_is_done_once(name: str, workers: Workers, till: Engine) -> None:
    assert workers.run("one", kill_at=name, submit=["era-1"], wait=["era-1"]) == -9
    assert workers.run("one", kill_at=name, wait=["era-1"]) == 0
    assert_each_effect_once(till, workers.folder, ["era-1"])


def test_killed_in_the_middle_of_many_everything_is_done_once(workers: Workers, till: Engine) -> None:
    keys = [f"era-{number}" for number in range(12)]
    assert workers.run("one", kill_at="post.first.chunk.committed:5", submit=keys, wait=keys) == -9
    (workers.folder / ".killed").unlink()
    # Submitted again: each may die before its last submission, and a key that is known runs once.
    assert workers.run("one", kill_at="answer.done:4", submit=keys, wait=keys) == -9
    assert workers.run("one", submit=keys, wait=keys) == 0
    assert_each_effect_once(till, workers.folder, keys)


@pytest.mark.postgres
async def test_the_other_worker_finishes_what_a_killed_one_began(postgres_url: str, tmp_path: Path) -> None:
    from ..conftest import create_tables

    create_tables(postgres_url)
    till = make_sync_engine(postgres_url)
    drawer.metadata.create_all(till)
    workers = Workers(postgres_url, tmp_path)
    keys = [f"era-{number}" for number in range(10)]
    try:
        heir = workers.start("heir", wait=keys, concurrency=2, silent=2)
        assert heir.stdout is not None
        assert heir.stdout.readline() == "started\n"
        doomed = workers.start("doomed", submit=keys, stay=True, pause=1, silent=2)
        await until(lambda: sum(path.name.startswith("read-") for path in tmp_path.iterdir()) > 5)
        doomed.kill()
        output, errors = heir.communicate(timeout=PATIENCE)
        assert heir.returncode == 0, errors
        assert "work_taken_over" in output
        assert_each_effect_once(till, tmp_path, keys)
        with till.begin() as connection:
            assert connection.execute(select(executors.c.id)).scalars().all() == []
    finally:
        workers.close()
        till.dispose()


@pytest.mark.postgres
async def test_a_worker_that_was_only_paused_does_nothing_twice(postgres_url: str, tmp_path: Path) -> None:
    from ..conftest import create_tables

    create_tables(postgres_url)
    till = make_sync_engine(postgres_url)
    drawer.metadata.create_all(till)
    workers = Workers(postgres_url, tmp_path)
    keys = [f"era-{number}" for number in range(6)]
    try:
        paused = workers.start("paused", submit=keys, wait=keys, pause=0.4, silent=2)
        await until(lambda: any(path.name.startswith("read-") for path in tmp_path.iterdir()))
        paused.send_signal(19)  # SIGSTOP
        assert workers.run("heir", wait=keys, silent=2) == 0
        paused.send_signal(18)  # SIGCONT
        _, errors = paused.communicate(timeout=PATIENCE)
        assert paused.returncode == 0, errors
        assert_each_effect_once(till, tmp_path, keys)
    finally:
        workers.close()
        till.dispose()


def test_two_workers_cannot_share_an_id(workers: Workers, till: Engine) -> None:
    first = workers.start("one", stay=True)
    assert first.stdout is not None
    assert first.stdout.readline() == "started\n"
    with pytest.raises(AssertionError, match="give each worker its own id"):
        workers.run("one", silent=5)
