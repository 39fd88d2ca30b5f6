"""What the children of the decide pool run in these tests: a chunk says what its plugins do."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from gateway.core.engine.decide_child import Mark


async def decide(payload: bytes, mark: Mark) -> bytes:
    """Each item of the chunk is a list of what its steps do; the answer says who decided."""
    chunk = json.loads(payload)
    hoard = []
    for item, steps in enumerate(chunk):
        for step, what in enumerate(steps):
            mark(item, step)
            if what == "hang":
                while True:
                    pass
            elif what == "sleep":
                await asyncio.sleep(3600)
            elif what == "exit":
                sys.exit(3)
            elif what == "abort":
                os.abort()
            elif what == "eat":
                while True:
                    hoard.append(bytearray(b"x" * 4_000_000))
            elif what == "raise":
                raise ValueError("Jane Doe was born on 1950-01-01")
    mark.outside()
    return json.dumps({"pid": os.getpid(), "items": len(chunk)}).encode()


def echo(payload: bytes, mark: Mark) -> bytes:
    """The payload again, from a plain function."""
    return payload


def cost_of_a_mark(payload: bytes, mark: Mark) -> bytes:
    """Nanoseconds for one mark, over a hundred thousand."""
    begun = time.perf_counter_ns()
    for item in range(100_000):
        mark(item, 3)
    return str((time.perf_counter_ns() - begun) / 100_000).encode()
