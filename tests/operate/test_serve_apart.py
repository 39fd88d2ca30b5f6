"""The web and the work as processes of their own: what one takes in, the other works on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.clock import SystemClock
from gateway.core.store import tokens
from gateway.core.store.engine import make_sync_engine
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

from ..web import running
from ..web.test_api import TODAY
from .conftest import Place
from .test_serve import free_port, ready, start

PATIENCE_S = 60.0


@pytest.fixture
def apart(tmp_path: Path, postgres_url: str) -> Iterator[tuple[int, list[subprocess.Popen[str]], str]]:
    port = free_port()
    (tmp_path / "url").write_text(postgres_url)
    more = f"web: {{port: {port}}}\ndatabase: {{url: 'file:{tmp_path / 'url'}'}}"
    running.write_config(tmp_path, more=more)
    place = Place(tmp_path, postgres_url)
    processes = [start(place, "serve", "--only", "web", "--id", "web")]
    try:
        ready(port, processes[0])
        yield port, processes, postgres_url
    finally:
        for one in processes:
            one.send_signal(signal.SIGTERM)
        for one in processes:
            one.communicate(timeout=30)


def ask(port: int, path: str, secret: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/{path}", data=body)
    request.add_header("Authorization", f"Bearer {secret}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.postgres
def test_the_web_takes_in_and_the_worker_works(
    apart: tuple[int, list[subprocess.Popen[str]], str], tmp_path: Path
) -> None:
    port, processes, url = apart
    sql = make_sync_engine(url)
    with sql.begin() as connection:
        secret = tokens.add(connection, "both", ("submit", "read"), SystemClock().now())
    claims = as_837(list(generate_claims(3, 77, TODAY)), TODAY)
    file_id = ask(port, "sources/billing/files?name=apart.837", secret, claims)["file_id"]
    # Nobody works yet: it was taken in, and waits.
    time.sleep(1.5)
    assert ask(port, f"files/{file_id}", secret)["state"] == "received"
    processes.append(start(Place(tmp_path, url), "serve", "--only", "worker", "--id", "work"))
    end = time.monotonic() + PATIENCE_S
    while (state := ask(port, f"files/{file_id}", secret)["state"]) in ("received", "reading"):
        assert time.monotonic() < end, state
        assert processes[1].poll() is None, processes[1].communicate()[0]
        time.sleep(0.2)
    assert state == "read"
    # Drop folders are the worker's: one that only serves the web looks at none.
    folder = tmp_path / "data" / "in" / "billing"
    (folder / "dropped.837").write_bytes(as_837(list(generate_claims(2, 78, TODAY)), TODAY, control_number=2))
    while list(folder.glob("*.837")):
        assert time.monotonic() < end + PATIENCE_S
        time.sleep(0.2)
    sql.dispose()


@pytest.mark.parametrize("half", ["web", "worker"])
def test_halves_need_postgresql(tmp_path: Path, half: str) -> None:
    running.write_config(tmp_path)
    done = Place(tmp_path).run("serve", "--only", half)
    assert done.exit_code == 1
    assert "PostgreSQL" in done.output
