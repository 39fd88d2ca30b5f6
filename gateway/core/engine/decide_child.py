"""The child's side of the decide pool: waits for a chunk, calls the target, answers; nothing else.

Before each plugin call the target marks (item, step) in memory that the parent reads, so that the parent knows whom
to blame when this process hangs, grows or dies. A mark costs well under two microseconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import inspect
import json
import mmap
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MARK_BYTES = mmap.PAGESIZE
STEP_BITS = 20
LENGTH = 8
READY, ANSWER, RAISED = b"+", b"A", b"R"


class Mark:
    """`mark(item, step)`: this step of the chain is about to be called for this item of the chunk.

    Both count from 0; `step` is the place in the `limits` that were given with the call. `mark.outside()`: no plugin
    is being called (packing the answer).
    """

    __slots__ = ("_cells",)

    def __init__(self, cells: memoryview) -> None:
        self._cells = cells

    def __call__(self, item: int, step: int) -> None:
        cells = self._cells
        cells[1] = time.monotonic_ns()
        cells[0] = (item + 1) << STEP_BITS | step

    def outside(self) -> None:
        """No plugin is being called."""
        self._cells[1] = time.monotonic_ns()
        self._cells[0] = 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done meanwhile is no step's: a look-up for the whole chunk, which the first to ask does not pay."""
        cells = self._cells
        where, since = cells[0], cells[1]
        paused = time.monotonic_ns()
        cells[1] = paused
        cells[0] = 0
        try:
            yield
        finally:
            cells[1] = since + time.monotonic_ns() - paused
            cells[0] = where


def main() -> None:
    """Serve until the parent closes the line. Arguments: descriptor of the socket, of the shared memory, parent."""
    line_fd, memory_fd, parent = (int(argument) for argument in sys.argv[1:4])
    _live_and_die_with(parent)
    line = socket.socket(fileno=line_fd)
    cells = memoryview(mmap.mmap(memory_fd, MARK_BYTES)).cast("q")
    settings = json.loads(receive(line))
    sys.path[:] = settings["path"]
    try:
        target = _load(settings["target"])
    except BaseException as error:
        send(line, RAISED + _where(error).encode())
        raise SystemExit(1) from None
    _limit_memory(settings["memory_bytes"])
    gc.collect()
    gc.freeze()
    send(line, READY)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mark = Mark(cells)
    while True:
        try:
            payload = receive(line)
        except EOFError:
            return
        send(line, _answer(loop, target, payload, mark))
        del payload


def _answer(loop: asyncio.AbstractEventLoop, target: Callable[[bytes, Mark], Any], payload: bytes, mark: Mark) -> bytes:
    try:
        result = target(payload, mark)
        if inspect.isawaitable(result):
            result = loop.run_until_complete(_awaited(result))
        answer: bytes = ANSWER + result
        return answer
    except Exception as error:
        return RAISED + _where(error).encode()


async def _awaited(result: Any) -> Any:
    return await result


def _load(target: str) -> Callable[[bytes, Mark], Any]:
    module, _, name = target.partition(":")
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    if not callable(function):
        raise TypeError(f"{target} cannot be called")
    checked: Callable[[bytes, Mark], Any] = function
    return checked


def _where(error: BaseException) -> str:
    """What was raised and where; never its text, which may hold a patient's data."""
    frames = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    if isinstance(error, ImportError):
        name = f"{name} ({error})"
    return f"{name} at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else name


def _live_and_die_with(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it ends, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit_memory(limit: int) -> None:
    """A backstop behind the parent's eye, for growth between two of its looks. Not enforced on macOS."""
    import resource

    try:
        with open("/proc/self/statm", "rb") as statm:
            now = int(statm.read().split()[0]) * mmap.PAGESIZE
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * limit, now + 2 * limit))


def send(line: socket.socket, content: bytes) -> None:
    """One message: its length, then it."""
    line.sendall(len(content).to_bytes(LENGTH, "big"))
    line.sendall(content)


def receive(line: socket.socket) -> bytes:
    """The next message. Raises EOFError when the other side is gone."""
    return bytes(_exactly(line, int.from_bytes(_exactly(line, LENGTH), "big")))


def _exactly(line: socket.socket, count: int) -> bytearray:
    content = bytearray(count)
    view = memoryview(content)
    while view:
        got = line.recv_into(view)
        if not got:
            raise EOFError
        view = view[got:]
    return content


if __name__ == "__main__":
    main()
