"""A claim that takes the whole gateway with it, again and again: `gateway serve` as the service manager runs it,
started anew after each death. After three deaths it is known which claim it is; the others of its file go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import claims, files, holds, submissions, work_items
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.records import Claim
from gateway.sandbox.write import as_837

from ..web import running
from ..web.house import TODAY
from .conftest import PATIENCE_S

COUNT = 40
DEATHS = 3

# Ends the gateway, its own parent, when it is called for the claim.
KILLS = """\
import os, signal, time
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def scrub_claim(claim):
    if claim.id == {number!r}:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(3600)
"""

# Makes the gateway's own reading of the claim end the process, or the whole gateway: no plugin is being called then.
BREAKS = """\
import os, signal, sys, time
from gateway.plugins import hookimpl

gateway_api = 1
if "gateway.core.flow.decide" in sys.modules:
    from gateway.core.flow import decide
    genuine = decide.columns_of

    def columns_of(stored, source):
        found = genuine(stored, source)
        if found.claim_number == {number!r}:
            {what}
        return found

    decide.columns_of = columns_of

@hookimpl
def scrub_claim(claim):
    return None
"""


class Served:
    """A gateway of its own process, below a folder."""

    def __init__(self, folder: Path, code: str, url: str) -> None:
        more = "web: {port: 0}\nworkers: {chunk: 20, decide_processes: 2}\nplugins_dir: plugins"
        if url:
            (folder / "database_url").write_text(url)
            more += f"\ndatabase: {{url: 'file:{folder / 'database_url'}'}}"
        self.config = running.write_config(folder, more=more)
        (self.config / "plugins").mkdir()
        (self.config / "plugins/deadly.py").write_text(code)
        (self.config / "chains/medicare-dme.yaml").unlink()
        (self.config / "chains/default.yaml").write_text("stations:\n  scrub: [{plugin: deadly, timeout: 60s}]\n")
        self.drop = folder / "data/in/billing"
        self.url = url or f"sqlite:///{folder / 'data/business.db'}"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "-c", str(self.config), "serve", "--id", "one"],
                stdout=log,
                stderr=log,
                env=os.environ | {"PRACTICE_PASSWORD": running.PASSWORD},
            )
        return self.process

    def put(self, claims_: list[Claim]) -> None:
        self.drop.mkdir(parents=True)
        beside = self.drop / ".deadly.part"
        beside.write_bytes(as_837(claims_, TODAY))
        beside.rename(self.drop / "deadly.837")

    def rows(self, statement: Any) -> list[Any]:
        engine = make_sync_engine(self.url, read_only=True)
        try:
            with engine.connect() as connection:
                return list(connection.execute(statement))
        finally:
            engine.dispose()

    def read(self) -> bool:
        """Whether the file is read to its end, and what is ready is batched."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            state = self.rows(select(files.c.state).where(files.c.direction == "in"))
            ready = self.rows(select(func.count()).select_from(claims).where(claims.c.state == "ready"))
        except (OperationalError, ProgrammingError):
            return False  # there is no table yet
        return [row.state for row in state] == ["read"] and not ready[0][0]


@contextmanager
def served(folder: Path, code: str, url: str) -> Iterator[Served]:
    made = Served(folder, code, url)
    try:
        yield made
    finally:
        if made.process is not None:
            made.process.kill()
            made.process.wait()


def wait(look: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < end, f"not within {PATIENCE_S:.0f} seconds: {what}"
        time.sleep(0.1)


def judged(made: Served, came: list[Claim], number: str) -> Any:
    """What became of the claim; every other one of the file is in a batch, once."""
    rows = made.rows(select(submissions.c.claim_number, func.count()).group_by(submissions.c.claim_number))
    assert {row[0]: row[1] for row in rows} == {claim.number: 1 for claim in came if claim.number != number}
    (kept,) = made.rows(select(claims).where(claims.c.state != "batched"))
    assert len(made.rows(select(claims.c.id))) == len(came)
    assert b"CLM" in kept.content, "its bytes are kept"
    return kept


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def dies(made: Served, times: int) -> None:
    for _ in range(times):
        process = made.start()
        assert process.wait(PATIENCE_S) == -signal.SIGKILL, made.log.read_text()[-3000:]


def test_a_plugin_that_kills_the_gateway_three_times_is_not_called_for_that_claim_again(
    either: str, tmp_path: Path
) -> None:
    came = list(generate_claims(COUNT, 401, TODAY, fault_share=0))
    number = came[27].number
    with served(tmp_path, KILLS.format(number=number), either) as made:
        made.put(came)
        dies(made, DEATHS)
        made.start()
        wait(made.read, "the file is read to its end")
        kept = judged(made, came, number)
        assert (kept.claim_number, kept.state) == (number, "held")
        ((reason, plugin),) = made.rows(select(holds.c.reason, holds.c.plugin))
        assert plugin == "deadly"
        assert reason == "Plugin deadly failed in scrub: the whole gateway ended three times while it ran."
        assert list((tmp_path / "data/deciding").glob("chunk-*")) == [], "nothing is remembered of what is over"


def test_a_claim_that_kills_the_gateway_outside_of_any_plugin_is_set_aside(tmp_path: Path) -> None:
    came = list(generate_claims(COUNT, 402, TODAY, fault_share=0))
    number = came[5].number
    code = BREAKS.format(number=number, what="os.kill(os.getppid(), signal.SIGKILL); time.sleep(3600)")
    with served(tmp_path, code, "") as made:
        made.put(came)
        dies(made, DEATHS)
        made.start()
        wait(made.read, "the file is read to its end")
        _set_aside(made, judged(made, came, number), "The gateway ended three times while it worked on it.")


def test_a_claim_at_which_the_child_dies_outside_of_any_plugin_is_set_aside(tmp_path: Path) -> None:
    came = list(generate_claims(COUNT, 403, TODAY, fault_share=0))
    number = came[13].number
    with served(tmp_path, BREAKS.format(number=number, what="os._exit(7)"), "") as made:
        made.put(came)
        made.start()
        wait(made.read, "the file is read to its end")
        kept = judged(made, came, number)
        _set_aside(made, kept, "The process that works on claims failed three times at it (exited).")


def _set_aside(made: Served, kept: Any, why: str) -> None:
    assert kept.state == "faulty"
    assert kept.ordinal
    ((reason, claim_id),) = made.rows(
        select(work_items.c.reason, work_items.c.claim_id).where(work_items.c.kind == "faulty_claim")
    )
    assert claim_id == kept.id
    assert reason == f"{why} It is set aside with its bytes, and the others of its file go on. Report this."
