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

from gateway.core.flow.belongings import KINDS, take_in
from gateway.core.store import plugin_calls
from gateway.core.store.plugin_calls import Counted
from gateway.server import Gateway

from .data import TODAY, WithHistory, make_warm_up, make_with_history
from .measure import report
from .rails import SOURCE, batch_all, configuration, count_claims, count_held, telling, upload

QUIET = ("max_wait: 2s", "max_wait: 1h")
"""No batch is made while the clock runs."""


async def _bring(gateway: Gateway, files: WithHistory) -> None:
    """What the claims rest on."""
    zone = gateway.config.gateway.organisation.time_zone
    for name, path in files.papers:
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


def _cpu(gateway: Gateway) -> float:
    """Seconds of processor time of the gateway with the children that decide."""
    return time.process_time() + sum(_cpu_of(pid) for pid in gateway.pool.pids)


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
    files = make_with_history(data, size)
    gateway = Gateway(configuration(folder, QUIET), executor="benchmark", doors=False)
    await gateway.start()
    try:
        await upload(gateway, make_warm_up(data))
        await _bring(gateway, files)
        told = asyncio.create_task(telling(gateway, "history taken in", size * 10, count_claims))
        await upload(gateway, files.before)
        await batch_all(gateway)
        told.cancel()
        claims, held = await gateway.read(count_claims), await gateway.read(count_held)
        calls = await gateway.read(plugin_calls.since, TODAY.min)
        begun, cpu = time.perf_counter(), _cpu(gateway)
        await upload(gateway, files.timed)
        seconds, cpu = time.perf_counter() - begun, _cpu(gateway) - cpu
        seen = await gateway.read(count_claims) - claims
        waits = await gateway.read(count_held) - held
        plugins = by_plugin(calls, await gateway.read(plugin_calls.since, TODAY.min), seen)
    finally:
        await gateway.stop()
    report(seen, seconds, cpu, note=f"{claims:,} before; {waits:,} are held; {plugins}")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
