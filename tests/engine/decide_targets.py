"""What the children of the decide pool run in these tests: a chunk says what its plugins do."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from gateway.core.engine.decide_child import Mark

kept: list[Any] = []


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
            elif what == "close":
                os.closerange(3, 64)
            elif what == "fork":
                os.fork()
            elif what == "thread":
                threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
            elif what == "process":
                kept.append(subprocess.Popen(["sleep", "3600"]))  # noqa: ASYNC220
            elif what == "open":
                kept.extend(open(os.devnull) for _ in range(40))  # noqa: ASYNC230, SIM115 - that is what it does wrong
            elif what == "lock":
                file = tempfile.TemporaryFile()  # noqa: SIM115
                fcntl.lockf(file, fcntl.LOCK_EX)
                kept.append(file)
            elif what == "process state":
                os.chdir("/")
                os.umask(0o777)
                signal.setitimer(signal.ITIMER_REAL, 3600)
            elif what == "raise":
                raise ValueError("Jane Doe was born on 1950-01-01")
        if not steps:
            mark.outside(item)
            os._exit(4)
    mark.outside()
    umask = os.umask(0o077)
    os.umask(umask)
    state = [os.getcwd(), umask, signal.getitimer(signal.ITIMER_REAL)[0] > 0]
    return json.dumps({"pid": os.getpid(), "items": len(chunk), "state": state}).encode()


def echo(payload: bytes, mark: Mark) -> bytes:
    """The payload again, from a plain function."""
    return payload


def cost_of_a_mark(payload: bytes, mark: Mark) -> bytes:
    """Nanoseconds for one mark, over a hundred thousand."""
    begun = time.perf_counter_ns()
    for item in range(100_000):
        mark(item, 3)
    return str((time.perf_counter_ns() - begun) / 100_000).encode()
