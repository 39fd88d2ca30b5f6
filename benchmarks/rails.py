"""The two rails with everything durable, in a gateway of its own: `python -m benchmarks.rails <row> <size> <folder>`.

The gateway is what `gateway worker` runs, with the configuration that comes with it, and a clearinghouse that takes
every file at once (`plugins/nowhere.py`). The environment's GATEWAY_BENCH_DATABASE names a PostgreSQL database; SQLite
without it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.config import Config, load
from gateway.core.flow import receive
from gateway.core.store import files as file_store
from gateway.core.store.archive import Stored
from gateway.core.store.outbox import put_outbox
from gateway.core.store.tables import batches, claim_payments, claims
from gateway.server import Gateway

from .data import Files, make, make_warm_up
from .measure import ROOT, report

DATABASE = "GATEWAY_BENCH_DATABASE"
PARTNER, SOURCE = "practice", "billing"
PROGRESS_SECONDS = 5.0
_UNSENT = ("allocated",)


def configuration(folder: Path, *changes: tuple[str, str]) -> Config:
    """The shipped configuration with its data below `folder`, a partner who takes every file, and no claim waiting long
    for company. `changes`: what else stands in the partner's file, in place of what."""
    root = folder / "config"
    shutil.copytree(ROOT / "config", root)
    main = root / "gateway.yaml"
    text = main.read_text().replace("data_dir: ../var", "data_dir: ../data")
    text += f"\nlog_level: error\nplugins_dir: {ROOT / 'benchmarks' / 'plugins'}\n"
    if os.environ.get(DATABASE):
        text += f"database: {{url: env:{DATABASE}}}\n"
    main.write_text(text)
    partner = root / "partners" / f"{PARTNER}.yaml"
    # What stands under `transport` goes; a second opinion is the partner's choice, and reads some hundred claims a
    # second.
    text = re.sub(r"(?m)^transport:\n(?:(?: .*)?\n)+", "transport: {plugin: nowhere}\n\n", partner.read_text())
    for old, new in (
        ("max_wait: 30s", "max_wait: 2s"),
        ("second_opinion: true", "second_opinion: false"),
        *changes,
    ):
        text = text.replace(old, new)
    partner.write_text(text)
    found = load(root)
    if not isinstance(found, Config):
        raise SystemExit("the shipped configuration is not accepted: " + "; ".join(str(fault) for fault in found))
    return found


def _count(connection: Connection, table: Any, *where: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def count_claims(connection: Connection) -> int:
    """Claims that were taken in."""
    return _count(connection, claims)


def _unbatched(connection: Connection) -> int:
    """Claims that are ready and in no batch, and batches that are not written."""
    ready = _count(connection, claims, claims.c.state == "ready")
    return ready + _count(connection, batches, batches.c.state.in_(_UNSENT))


def count_held(connection: Connection) -> int:
    """Claims that wait."""
    return _count(connection, claims, claims.c.state.in_(("held", "faulty")))


def _payments(connection: Connection) -> int:
    return _count(connection, claim_payments)


def _exceptions(connection: Connection) -> int:
    return _count(connection, claim_payments, claim_payments.c.state != "posted")


async def telling(gateway: Gateway, what: str, size: int, count: Callable[[Connection], int]) -> None:
    """Say on stderr how far it is, until cancelled."""
    begun = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        done = await gateway.read(count)
        print(f"      {time.monotonic() - begun:5.0f} s  {what}: {done:,} of {size:,}", file=sys.stderr, flush=True)


async def _take_in(gateway: Gateway, files: Files) -> None:
    """A billing system's file, until every claim that may leave is in a written batch."""
    await upload(gateway, files.claims)
    await batch_all(gateway)


async def batch_all(gateway: Gateway) -> None:
    """Until no claim that may leave is in no written batch."""
    while await gateway.read(_unbatched):
        key = f"{PARTNER}:{time.monotonic_ns()}"
        await gateway.engine.submit("batch", key, {"partner": PARTNER, "why": "all is read"})
        await gateway.engine.wait("batch", key)


async def upload(gateway: Gateway, file: Path) -> None:
    """Hand a file over and wait until it is read."""
    with file.open("rb") as stream:
        received = await receive.receive(gateway.write, gateway.archive, SOURCE, file.name, stream, gateway.clock.now())
    gateway.engine.poke()
    await gateway.engine.wait("intake", str(received.file_id))


def _note_remittance(connection: Connection, stored: Stored, name: str, gateway: Gateway) -> int:
    """Record a fetched file, as the station that fetches does."""
    now = gateway.clock.now()
    new = file_store.NewFile("in", "partner", PARTNER, name, stored, "", "received")
    file_id = file_store.add(connection, new, now)
    put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
    return file_id


async def _post(gateway: Gateway, files: Files) -> None:
    """A fetched remittance, until it is posted."""
    with files.remittance.open("rb") as stream:
        stored = await asyncio.to_thread(gateway.archive.put_stream, stream)
    file_id = await gateway.write(_note_remittance, stored, files.remittance.name, gateway)
    gateway.engine.poke()
    await gateway.engine.wait("read", str(file_id))
    await gateway.engine.wait("post", str(file_id))


async def measure(row: str, size: int, folder: Path, data: Path) -> None:
    """Run one rail, and report it. The claims that are paid are taken in before the clock starts."""
    files = make(data, size)
    gateway = Gateway(configuration(folder), executor="benchmark", doors=False)
    await gateway.start()
    try:
        # A running gateway is measured: its child processes have loaded their plugins.
        await upload(gateway, make_warm_up(data))
        before = await gateway.read(count_claims)
        rails = [("claims taken in", count_claims, _take_in)]
        if row == "post":
            rails.append(("payments", _payments, _post))
        for what, count, rail in rails:
            told = asyncio.create_task(telling(gateway, what, size, count))
            begun, cpu = time.perf_counter(), time.process_time()
            await rail(gateway, files)
            seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
            told.cancel()
        seen = await gateway.read(rails[-1][1])
        waiting = await gateway.read(_exceptions if row == "post" else count_held)
    finally:
        await gateway.stop()
    if row == "intake":
        seen -= before
    words = "wait as exceptions" if row == "post" else "are held"
    report(seen, seconds, cpu, note=f"{waiting:,} {words}" if waiting else "")


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
