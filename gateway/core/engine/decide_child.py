"""The child's side of the decide pool: waits for a chunk, calls the target, answers; nothing else.

Before each plugin call the target marks (item, step) in memory that the parent reads, so that the parent knows whom
to blame when this process hangs, grows or dies. A mark costs well under two microseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
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
from os import get_inheritable
from typing import Any

MARK_BYTES = mmap.PAGESIZE
STEP_BITS = 20
NO_STEP = (1 << STEP_BITS) - 1
LENGTH = 8
READY, ANSWER, RAISED = b"+", b"A", b"R"
GIVES_WAY = 5
"""How much less than pages and the books a process that decides is preferred, where both want the processor."""


class Mark:
    """`mark(item, step)`: this step of the chain is about to be called for this item of the chunk.

    Both count from 0; `step` is the place in the `limits` that were given with the call. `mark.outside(item)`: no
    plugin is being called, the gateway's own code works on this item (-1: on none, or on all of them).
    """

    __slots__ = ("_cells", "_line")

    def __init__(self, cells: memoryview, line: int) -> None:
        self._cells = cells
        self._line = line

    def __call__(self, item: int, step: int, /) -> None:
        try:
            get_inheritable(self._line)
        except OSError:
            _nobody_hears()
        cells = self._cells
        cells[1] = time.monotonic_ns()
        cells[0] = (item + 1) << STEP_BITS | step

    def outside(self, item: int = -1, /) -> None:
        """No plugin is being called."""
        try:
            get_inheritable(self._line)
        except OSError:
            _nobody_hears()
        self._cells[1] = time.monotonic_ns()
        self._cells[0] = (item + 1) << STEP_BITS | NO_STEP if item >= 0 else 0

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


def _nobody_hears() -> None:
    """End here, with what was called last still marked: it has closed the line to the parent, which would hear no
    answer, and whoever is marked next would be blamed for that."""
    os._exit(1)


class _Copied(Mark):
    """The mark in a copy of this process that a plugin made: the copy decides nothing, and ends instead."""

    __slots__ = ()

    def __call__(self, item: int, step: int, /) -> None:
        os._exit(0)

    def outside(self, item: int = -1, /) -> None:
        os._exit(0)


def main() -> None:
    """Serve until the parent closes the line. Arguments: descriptor of the socket, of the shared memory, parent."""
    line_fd, memory_fd, parent = (int(argument) for argument in sys.argv[1:4])
    _live_and_die_with(parent)
    with contextlib.suppress(OSError):
        os.nice(GIVES_WAY)
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
    mark = Mark(cells, line.fileno())

    def forked() -> None:
        # A copy of this process, made by a plugin, answers nothing and ends with the original at the latest.
        line.close()
        mark.__class__ = _Copied
        _die_with_parent()

    os.register_at_fork(after_in_child=forked)
    while True:
        try:
            payload = receive(line)
        except EOFError:
            return
        send(line, _answer(loop, target, payload, mark))
        del payload


def _answer(loop: asyncio.AbstractEventLoop, target: Callable[[bytes, Mark], Any], payload: bytes, mark: Mark) -> bytes:
    folder, mask = os.getcwd(), os.umask(0o077)
    os.umask(mask)
    try:
        result = target(payload, mark)
        if inspect.isawaitable(result):
            result = loop.run_until_complete(_awaited(result))
        answer: bytes = ANSWER + result
        return answer
    except Exception as error:
        return RAISED + _where(error).encode()
    finally:
        _as_before(folder, mask)


async def _awaited(result: Any) -> Any:
    try:
        return await result
    finally:
        # Tasks that a plugin began and left would run on in the midst of other claims.
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()


def _as_before(folder: str, mask: int) -> None:
    """Undo what a plugin did to the process as a whole, where it would reach what comes after."""
    os.umask(mask)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with contextlib.suppress(OSError):
        os.chdir(folder)


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
        _die_with_parent()
        if os.getppid() != parent:
            os._exit(1)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)


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
