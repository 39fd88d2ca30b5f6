"""A piece of work in a process of its own, waited for by its state and not by the clock.

A busy machine makes a process slow: how long it takes says nothing. It is given up only when the books stand still for
`STILL_SECONDS`: no table, no step of a workflow and no row in the gateway's books has come meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.store.engine import sync_url, system_url

ROOT = Path(__file__).parents[1]
UNTIMED = pytest.mark.timeout(0)
"""Of tests that wait so: the clock of pytest does not end them."""
STILL_SECONDS = 300
LOOK_SECONDS = 5.0
_COUNTED = ("operation_outputs", "workflow_status")
_NUMBERED = "counters"


def ended(module: str, arguments: Sequence[str], url: str, kill_at: str = "") -> int:
    """Run a module with these arguments to its end; returns how it ended (killed: minus the signal). `url`: the books
    by which it is seen to get on. What fails shows what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, "GATEWAY_KILL_AT": kill_at},
            stdout=said,
            stderr=said,
        )
        try:
            _wait(process, url)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        if process.returncode > 0:
            raise AssertionError(said.read().decode()[-2000:])
        return process.returncode


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    before, since = "", time.monotonic()
    while True:
        try:
            process.wait(LOOK_SECONDS)
            return
        except subprocess.TimeoutExpired:
            now = state(url)
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > STILL_SECONDS:
            raise AssertionError(f"nothing has moved in its books for {STILL_SECONDS} s; they stand at {now}")


def state(url: str) -> str:
    """How far the work is: the tables that there are, the steps and workflows of the engine, the numbers given out."""
    told: list[str] = []
    for one in dict.fromkeys((sync_url(url), sync_url(system_url(url)))):
        if one.get_backend_name() == "sqlite" and not Path(str(one.database)).exists():
            continue  # a look makes no file
        engine = create_engine(one)
        try:
            with engine.connect() as connection:
                found = inspect(connection)
                schema = "dbos" if "dbos" in found.get_schema_names() else None
                tables = {*found.get_table_names(), *(found.get_table_names(schema) if schema else ())}
                told.append(str(len(tables)))
                for name in _COUNTED:
                    if name in tables:
                        where = f"{schema}.{name}" if schema else name
                        told.append(str(connection.execute(text(f"SELECT count(*) FROM {where}")).scalar()))
                if _NUMBERED in tables:
                    told.append(str(connection.execute(text(f"SELECT sum(next) FROM {_NUMBERED}")).scalar()))
        except SQLAlchemyError:
            told.append("not to be read now")
        finally:
            engine.dispose()
    return " ".join(told)
