"""What a chain costs by itself: ten steps that do nothing, in a decide child with its time limits and its isolation.

`python -m benchmarks.chain <claims>`: chunks of 500 claims through a child, with ten steps and with none; the
difference is the chain's. What the child reads, and the way there and back, is the same in both.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from gateway.core.engine.decide_pool import DecidePool
from gateway.plugins import hookimpl
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import PluginHost
from gateway.plugins.runner import Runner
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, make_line

from .measure import report

STEPS = 10
CHUNK = 500
ROUNDS = 5


class Nothing:
    """A plugin that has nothing to say."""

    gateway_api = 1

    @hookimpl
    def scrub_claim(self, claim: Any, context: Any) -> None:
        return None


def chain_of(steps: int) -> Chain:
    """A chain whose station scrub has so many steps that do nothing."""
    host = PluginHost()
    made = tuple(
        Step(number, host.add(f"nothing-{number}", Nothing()), STATIONS["scrub"], StepSpec(plugin="x"), None, Tables())
        for number in range(steps)
    )
    return Chain("measured", None, {"scrub": made})


async def target(payload: bytes, mark: Any) -> bytes:
    """In the child: run the chain for each claim of a chunk; answers the seconds that it took."""
    steps, count = json.loads(payload)
    chain = chain_of(steps)
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=mark)
    claims = [make_claim(make_line("E1390", "RR")) for _ in range(count)]
    begun = time.perf_counter()
    for item, claim in enumerate(claims):
        decision, _ = await runner.claim(item, chain, "scrub", claim, "90101", "practice")
        assert len(decision.steps) == steps
    mark.outside()
    return json.dumps(time.perf_counter() - begun).encode()


async def measure(size: int) -> None:
    """Report claims a second that ten steps cost, and the microseconds of one claim."""
    pool = DecidePool(1, target="benchmarks.chain:target")
    await pool.start()
    seconds: dict[int, list[float]] = {0: [], STEPS: []}
    wall: dict[int, list[float]] = {0: [], STEPS: []}
    try:
        for _ in range(ROUNDS):
            for steps in (0, STEPS):
                inside, begun = 0.0, time.perf_counter()
                for first in range(0, size, CHUNK):
                    answer: Any = await pool.call(json.dumps([steps, min(CHUNK, size - first)]).encode(), [2.0] * STEPS)
                    inside += json.loads(answer)
                wall[steps].append(time.perf_counter() - begun)
                seconds[steps].append(inside)
    finally:
        await pool.close()
    taken = min(seconds[STEPS]) - min(seconds[0])
    through = min(wall[STEPS]) - min(wall[0])
    note = f"{taken / size * 1e6:.1f} microseconds a claim for {STEPS} steps ({through / size * 1e6:.1f} by the clock)"
    report(size, taken, taken, note=note)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1])))
