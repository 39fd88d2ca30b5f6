"""Claims of patients who have a history, through the whole Medicare chain: `python -m benchmarks.scrub <size> <folder>
<data>`.

Ten times as many claims of the same population, and what all of them rest on (orders, deliveries, equipment,
authorizations), are there before the clock starts. It runs from the file's arrival until each claim is decided and
committed; batches are another row's. Beside the figure: what each plugin took, as the gateway itself counts its calls.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select

from gateway.core.flow.belongings import KINDS, take_in
from gateway.core.store import plugin_calls
from gateway.core.store.plugin_calls import Counted
from gateway.core.store.tables import files
from gateway.server import Gateway

from .data import TODAY, WithHistory, make_warm_up, make_with_history
from .measure import report
from .rails import SOURCE, batch_all, configuration, count_claims, count_held, telling, upload

QUIET = ("max_wait: 2s", "max_wait: 1h\n  max_claims: 100000")
"""No batch is made while the clock runs."""


async def _bring(gateway: Gateway, made: WithHistory) -> None:
    """What the claims rest on."""
    zone = gateway.config.gateway.organisation.time_zone
    for name, path in made.papers:
        kind, data = KINDS[name], path.read_bytes()
        stored = await asyncio.to_thread(gateway.archive.put, data)
        now = gateway.clock.now()
        await gateway.write(take_in, kind, SOURCE, path.name, stored, kind.read(data), zone, now)


def _cpu_of(pid: int) -> float:
    """Seconds of processor time of another process; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _answered(gateway: Gateway) -> None:
    """Until the sources have their answers: a file of so many claims is checked for its own, and that takes time."""
    for path, file_id in await gateway.read(_files):
        if path.endswith(".837"):
            await gateway.engine.wait("answer", f"intake:{file_id}")


def _files(connection: Connection) -> list[tuple[str, int]]:
    """What was handed over."""
    found = connection.execute(select(files.c.name, files.c.id).where(files.c.direction == "in"))
    return [(name, file_id) for name, file_id in found]


class Cpu(NamedTuple):
    """Seconds of processor time of the gateway's own process, and of the children that decide."""

    own: float
    children: float

    @classmethod
    def now(cls, gateway: Gateway) -> Cpu:
        """So far."""
        return cls(time.process_time(), sum(_cpu_of(pid) for pid in gateway.pool.pids))

    def since(self, before: Cpu) -> Cpu:
        """What was spent since then."""
        return Cpu(self.own - before.own, self.children - before.children)

    def told(self, claims: int) -> str:
        """In microseconds a claim, with how busy the machine is."""
        own, children = (f"{seconds / claims * 1e6:.0f}" for seconds in self)
        return f"processor time a claim: {own} us of the gateway, {children} us of its children; load {_load():.1f}"


def _load() -> float:
    """How many processes wanted a processor in the last minute; 0 where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return 0.0


def by_plugin(before: Mapping[str, Counted], after: Mapping[str, Counted], claims: int) -> str:
    """What the plugins took meanwhile, the dearest first: microseconds a claim of each, calls, microseconds a call."""
    found = []
    for name, now in after.items():
        was = before.get(name, Counted(name, 0, 0, 0.0))
        if now.calls > was.calls:
            found.append((now.seconds - was.seconds, name, now.calls - was.calls))
    whole = sum(seconds for seconds, _, _ in found)
    told = [f"{name} {calls:,} x {seconds / calls * 1e6:.0f}" for seconds, name, calls in sorted(found, reverse=True)]
    return f"{whole / claims * 1e6:.0f} us a claim in plugins (calls x us: {', '.join(told)})"


async def measure(size: int, folder: Path, data: Path) -> None:
    """Take the history in, then time so many claims."""
    made = make_with_history(data, size)
    gateway = Gateway(configuration(folder, QUIET), executor="benchmark", doors=False)
    await gateway.start()
    try:
        await upload(gateway, make_warm_up(data))
        await _bring(gateway, made)
        told = asyncio.create_task(telling(gateway, "history taken in", size * 10, count_claims))
        await upload(gateway, made.before)
        await batch_all(gateway)
        told.cancel()
        await _answered(gateway)
        claims, held = await gateway.read(count_claims), await gateway.read(count_held)
        calls = await gateway.read(plugin_calls.since, TODAY.min)
        begun, before = time.perf_counter(), Cpu.now(gateway)
        await upload(gateway, made.timed)
        seconds, cpu = time.perf_counter() - begun, Cpu.now(gateway).since(before)
        seen = await gateway.read(count_claims) - claims
        waits = await gateway.read(count_held) - held
        plugins = by_plugin(calls, await gateway.read(plugin_calls.since, TODAY.min), seen)
    finally:
        await gateway.stop()
    note = f"{claims:,} before; {waits:,} are held; {cpu.told(seen)}; {plugins}"
    report(seen, seconds, sum(cpu), note=note)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
