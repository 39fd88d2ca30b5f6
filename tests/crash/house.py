"""A case: a practice clearinghouse that outlives the gateway, a configuration, dropped claims, and the gateway's lives.

The clearinghouse's clock does not run by itself: it goes on to the next answer when all before it were fetched. So it
answers the same claims with the same bytes in every run, however long the gateway was dead in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Coroutine, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gateway.sandbox.generate import generate_claims
from gateway.sandbox.server import Sandbox
from gateway.sandbox.settings import Behaviour, Delays, SandboxPartner, SandboxSettings
from gateway.sandbox.state import State
from gateway.sandbox.write import as_837, as_json

from .program import BEGIN, Told, live

ROOT = Path(__file__).parents[2]
USER = "stillwater"
CLAIMS = 40
SEED = 11
JSON_EVERY = 4
"""Every so many claims come as JSON, from a second billing system."""
PATIENCE = 240.0

# Lives are forked from a process that has imported everything and done nothing: they begin at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([f"{__package__}.program"])

GATEWAY = """
organisation:
  name: STILLWATER HOME MEDICAL
  billing_npis: [1999999000, 1999999018, 1999999026, 1999999034]
  tax_id: 96-0000017
  time_zone: America/New_York
environment: test
data_dir: ../data
log_level: error
stable_for: 20ms
poll_every: 100ms
web: {port: 0}
workers: {decide_processes: 1, chunk: 8, heartbeat: 1s, takeover_after: 5s}
sources:
  - {name: billing, patterns: ["*.837"], format: 837}
  - {name: orders, patterns: ["*.json"], format: json}
"""

PARTNER = """
environment: test
transport:
  plugin: clearinghouse_sftp
  settings:
    host: 127.0.0.1
    port: {port}
    username: stillwater
    password: file:{password}
    host_keys: ['{host_key}']
    folders: {{send: to, receive: [from]}}
    outgoing: {{name: "{{sender}}_{{isa13}}.837"}}
    pickup: {{masks: ["*.x12"], polls: 1, stable: 0s}}
    after_fetch: delete
    poll: {{day: 250ms, night: 250ms, jitter: 0, backoff: 200ms, backoff_max: 1s}}
    timeouts: {timeouts}
interchange: {{sender_id: STILLWATER, receiver_id: SANDBOX, acknowledgment_requested: true}}
submitter:
  name: STILLWATER HOME MEDICAL
  contact: {{name: EDI DESK, phone: "6145550100"}}
receiver: {{name: PRACTICE CLEARINGHOUSE}}
batch: {{max_wait: 1h, max_claims: {max_claims}}}
payers: ["*"]
resend_after: {resend_after}
"""
TIMEOUTS = "{connect: 30s, banner: 30s, auth: 30s, channel: 30s, transfer: 60s}"


class PacedClock:
    """The clearinghouse's clock: stands still until all that lies out was fetched, then jumps to what is next."""

    def __init__(self, folder: Path, outgoing: Path) -> None:
        self._outgoing = outgoing
        self._state = State(folder / "state.db")
        self._at = BEGIN

    def now(self) -> dt.datetime:
        due = self._state.next_time()
        if due is not None and due > self._at.timestamp() and not any(self._outgoing.iterdir()):
            self._at = dt.datetime.fromtimestamp(due, dt.UTC) + dt.timedelta(milliseconds=1)
        return self._at


class Clearinghouse:
    """A practice clearinghouse on a thread of its own; it lives as long as its case."""

    def __init__(self, folder: Path, after_pickup: str) -> None:
        self.folder = folder
        outgoing = folder / "home" / USER / "from"
        outgoing.mkdir(parents=True)
        behaviour = Behaviour(
            rejected=0.1, denied_lines=0.15, corrected=0.15, taken_back=0.1, interest=0.1, takeback="mixed"
        )
        delays = Delays(acknowledgment=1, clearinghouse=1, payer=2, remittance=5, correction=5, crossover=5)
        partner = SandboxPartner(
            user=USER,
            after_pickup=after_pickup,
            delays=delays,
            behaviour=behaviour,
            remittance_files="together",
        )
        settings = SandboxSettings(seed=SEED, partners=(partner,))
        self.sandbox = Sandbox(settings, folder, PacedClock(folder, outgoing))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clearinghouse", daemon=True)

    def __enter__(self) -> Sandbox:
        self._thread.start()
        self._there(self.sandbox.__aenter__())
        return self.sandbox

    def __exit__(self, *_: object) -> None:
        self._there(self.sandbox.__aexit__(None, None, None))
        self._there(_end_what_is_left())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _there(self, what: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)


async def _end_what_is_left() -> None:
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@cache
def dropped_files() -> tuple[tuple[str, str, bytes], ...]:
    """What the two billing systems drop: source, name, bytes. Among the claims are one that came twice in the same
    file, and one that came again from the other system."""
    made = list(generate_claims(CLAIMS, SEED, BEGIN.date(), fault_share=0.15))
    apart = made[::JSON_EVERY]
    rest = [claim for index, claim in enumerate(made) if index % JSON_EVERY]
    rest.append(rest[3])
    return (
        ("billing", "friday.837", as_837(rest, BEGIN.date())),
        ("orders", "orders.json", as_json(apart)),
    )


class House:
    """One case below `folder`."""

    def __init__(self, folder: Path, database_url: str, sandbox: Sandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.database_url = database_url or f"sqlite:///{folder / 'data' / 'business.db'}"
        self.mark = folder / "killed"
        self.said = folder / "said"
        self._given_url = database_url
        self.began = time.time()
        self._lives: list[Any] = []

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def configure(self, *, max_claims: int = 0, resend_after: str = "1s", timeouts: str = TIMEOUTS) -> None:
        """Write the configuration. `max_claims`: how many claims make a batch; without it, none is made."""
        shutil.copytree(ROOT / "config" / "chains", self.config / "chains")
        shutil.copytree(ROOT / "config" / "tables", self.config / "tables")
        (self.config / "partners").mkdir()
        database = ""
        if self._given_url:
            (self.folder / "database_url").write_text(self.database_url)
            database = f"database: {{url: 'file:{self.folder / 'database_url'}'}}\n"
        (self.config / "gateway.yaml").write_text(GATEWAY + database)
        partner = PARTNER.format(
            port=self.sandbox.port,
            password=self.sandbox.root / f"password.{USER}",
            host_key=self.sandbox.host_key_fingerprint,
            max_claims=max_claims or 5000,
            resend_after=resend_after,
            timeouts=timeouts,
        )
        (self.config / "partners" / "practice.yaml").write_text(partner)

    def reach_by(self, port: int) -> None:
        """Reach the clearinghouse by another port."""
        partner = self.config / "partners" / "practice.yaml"
        partner.write_text(partner.read_text().replace(f"port: {self.sandbox.port}", f"port: {port}"))

    def drop(self) -> None:
        """The billing systems put their files down."""
        for source, name, data in dropped_files():
            folder = self.folder / "data" / "in" / source
            folder.mkdir(parents=True, exist_ok=True)
            beside = folder / f".{name}.part"
            beside.write_bytes(data)
            os.replace(beside, folder / name)

    def live(self, kill_at: str = "", *, only_intake: bool = False) -> int:
        """One life of the gateway: until everything is done (0), or killed (-9). Its children end with it.

        `only_intake`: until every file is taken in.

        Raises:
            AssertionError: it ended otherwise, or left children behind; the text has what it said.
        """
        process = self._start(kill_at, only_intake)
        process.join(PATIENCE + 60)
        if process.exitcode is None:
            process.kill()
            process.join()
        _wait_for_the_children(process.pid)
        assert process.exitcode in (0, -signal.SIGKILL), f"exit {process.exitcode}: {self.said.read_text()[-4000:]}"
        return int(process.exitcode)

    def _start(self, kill_at: str, only_intake: bool) -> Any:
        """Start a life, in a process group of its own."""
        environment = {"GATEWAY_KILL_AT": kill_at, "GATEWAY_KILL_MARK": str(self.mark)}
        told = Told(self.config, self.sandbox.root, self.began, PATIENCE, self.said, environment, only_intake)
        process = PROCESSES.Process(target=live, args=(told,))
        process.start()
        self._lives.append(process)
        return process

    def close(self) -> None:
        """End what still runs."""
        for process in self._lives:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()


def _wait_for_the_children(group: int, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError("children of the gateway outlived it")


@contextlib.contextmanager
def house(folder: Path, database_url: str = "", after_pickup: str = "leave") -> Iterator[House]:
    """A case with a clearinghouse that runs; the gateway is configured and started by the test."""
    folder.mkdir(parents=True, exist_ok=True)
    with Clearinghouse(folder / "clearinghouse", after_pickup) as sandbox:
        made = House(folder, database_url, sandbox)
        try:
            yield made
        finally:
            made.close()
