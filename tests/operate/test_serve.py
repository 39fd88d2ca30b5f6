"""`gateway serve` as the service manager runs it: a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.core.engine.books import books
from gateway.core.store.tables import files

from ..web import running
from .conftest import Place
from .test_doctor import NOW

START_S = 60.0
STOP_S = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(place: Place, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "-c", str(place.config_dir), *(words or ("serve",))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PRACTICE_PASSWORD": running.PASSWORD},
    )


def ready(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until it answers that it is ready."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[0]
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
            return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("it does not become ready")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def place(tmp_path: Path, port: int) -> Iterator[Place]:
    running.write_config(tmp_path, more=f"web: {{port: {port}}}\nworkers: {{decide_processes: 1}}")
    made = Place(tmp_path)
    yield made
    made.let_go()


def test_it_serves_refuses_a_second_and_ends_in_good_order_when_told(place: Place, port: int) -> None:
    process = start(place)
    try:
        ready(port, process)
        # A second one on the same files, whatever it calls itself and wherever it listens.
        second = start(place, "serve", "--id", "another")
        said, _ = second.communicate(timeout=START_S)
        assert second.returncode == 1
        assert re.search(rf"runs on .* already \(process {process.pid}\)", said)
        assert "Traceback" not in said
        # Commands work beside it.
        assert place.run("doctor").exit_code == 0
        assert place.run("token", "add", "x", "--scope", "read").exit_code == 0
        # A connection that is kept open does not keep it from ending.
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.recv(100)
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=STOP_S)
        assert process.returncode == 0, said
        assert time.monotonic() - begun < STOP_S
        assert "Traceback" not in said
        assert '"event": "stopped"' in said
    finally:
        process.kill()
        process.communicate()
    assert not (place.folder / "data" / "serving").read_text()


def test_a_signal_reloads_the_configuration(place: Place, port: int) -> None:
    main = place.config_dir / "gateway.yaml"
    sound = main.read_text()
    process = start(place)
    try:
        ready(port, process)

        def told(event: str) -> None:
            assert process.stdout is not None
            while True:
                line = process.stdout.readline()
                assert line, f"it ended before {event}"
                if f'"event": "{event}"' in line:
                    return

        main.write_text(sound.replace("poll_every: 200ms", "poll_evry: 200ms"))
        process.send_signal(signal.SIGHUP)
        told("configuration_refused")
        main.write_text(sound.replace("poll_every: 200ms", "poll_every: 300ms"))
        process.send_signal(signal.SIGHUP)
        told("configuration_taken")
        process.send_signal(signal.SIGTERM)
        told("stopped")
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_killed_it_starts_again_and_goes_on(place: Place, port: int) -> None:
    process = start(place)
    try:
        ready(port, process)
        process.kill()
        process.communicate()
        process = start(place)
        ready(port, process)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=STOP_S)
    assert process.returncode == 0, said


def test_a_port_that_is_taken_is_said_in_a_sentence(place: Place, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start(place)
        said, _ = process.communicate(timeout=START_S)
    assert process.returncode == 1
    assert f"127.0.0.1:{port} already" in said
    assert "Traceback" not in said


def test_a_worker_needs_postgresql(place: Place) -> None:
    done = place.run("worker", "--id", "two")
    assert done.exit_code == 1
    assert "PostgreSQL" in done.output


def test_a_database_that_cannot_be_reached_is_said_in_a_sentence(place: Place) -> None:
    main = place.config_dir / "gateway.yaml"
    main.write_text(main.read_text() + "database: {url: 'postgresql://gateway@127.0.0.1:1/gateway'}\n")
    for words in (["serve"], ["doctor"]):
        done = place.run(*words)
        assert done.exit_code in (1, 2)
        assert "database can" in done.output
        assert "Traceback" not in done.output


async def test_work_that_failed_is_listed_and_resumed(lived: Place) -> None:
    """A file whose bytes are missing fails to be read; when they are back, it goes on."""
    from gateway.core.store.outbox import put_outbox
    from gateway.server import Gateway

    from .conftest import until

    data = b"ISA" + b"\n" * 200
    stored = lived.archive.put(data)
    with lived.sql.begin() as connection:
        from gateway.core.store.archive import record

        record(connection, stored, "inbound", NOW)
        row: dict[str, Any] = {"id": 9000, "direction": "in", "origin": "source", "party": "billing", "name": "x.837"}
        row |= {"sha256": stored.sha256, "size": stored.size, "state": "received", "received_at": NOW}
        connection.execute(insert(files).values(**row))
        put_outbox(connection, "intake", "9000", {"file_id": 9000}, NOW)
    lived.archive.remove(stored.sha256)
    gateway = Gateway(lived.config, executor="gateway")
    await gateway.start()
    try:
        engine_url = lived.places.engine_url
        assert engine_url is not None

        def stands_at(state: str) -> bool:
            with books(engine_url) as found:
                return "9000" in [row.key for row in found.list([state], kind="intake")]

        await until(lambda: stands_at("failed"), "it fails")
        listed = lived.run("work", "list", "--state", "failed").output
        assert re.search(r"intake\s+9000\s+failed", listed)
        assert "ArchiveDamaged" in listed
        lived.archive.put(data)
        done = lived.run("work", "resume", "intake", "9000")
        assert done.output == "intake 9000 goes on: now if the gateway runs, else when it starts.\n"
        await until(lambda: lived.rows(files, files.c.id == 9000)[0].state == "quarantined", "it is read")
        await until(lambda: stands_at("done"), "it is done")
    finally:
        await gateway.stop()
    again = lived.run("work", "resume", "intake", "9000")
    assert again.exit_code == 1
    assert "is done" in again.output
    unknown = lived.run("work", "resume", "intake", "12345")
    assert unknown.exit_code == 1
    assert "gateway work list" in unknown.output
