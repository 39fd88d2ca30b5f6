"""One child process of the decide pool, as the parent sees it: start it, talk to it, look at it, end it."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from .decide_child import ANSWER, LENGTH, MARK_BYTES, RAISED, STEP_BITS

_LOOK_S = 0.005
_EXIT_LOOKS = 40


class Position(NamedTuple):
    """Where the child is: the item of the chunk and the step of the chain, -1 outside any plugin; for how long."""

    item: int
    step: int
    seconds: float


class Gone(Exception):
    """The child ended, or closed the line."""


class Raised(Exception):
    """The target raised in the child; the text says what and where, not more."""


class Child:
    """A started child. `ready()` must have returned before the first `ask`."""

    def __init__(self, target: str, memory_bytes: int) -> None:
        self._memory_file = _shared_file()
        self._memory = mmap.mmap(self._memory_file, MARK_BYTES)
        self._cells = memoryview(self._memory).cast("q")
        self._line, theirs = socket.socketpair()
        self._line.setblocking(False)
        # What plugins print may hold patients' data: it goes nowhere, unless a developer asks to see it.
        output = None if os.environ.get("GATEWAY_DECIDE_OUTPUT") else subprocess.DEVNULL
        handed = (theirs.fileno(), self._memory_file)
        try:
            # On the loop's own thread: Linux ends a child when the thread that started it ends.
            self._process = subprocess.Popen(
                [sys.executable, "-m", __package__ + ".decide_child", *map(str, handed), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=handed,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        finally:
            theirs.close()
        self._settings = json.dumps({"target": target, "memory_bytes": memory_bytes, "path": sys.path}).encode()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it has not exited."""
        return self._process.poll() is None

    async def ready(self) -> None:
        """Wait until it has imported the target. Raises Gone, Raised."""
        await self._send(self._settings)
        await self._receive()

    async def ask(self, payload: bytes) -> bytes:
        """The target's answer. Raises Gone, Raised."""
        self._cells[1] = time.monotonic_ns()
        self._cells[0] = 0
        await self._send(payload)
        return await self._receive()

    def position(self) -> Position:
        """Where it is now (or was when it died)."""
        place, since = self._cells[0], self._cells[1]
        seconds = (time.monotonic_ns() - since) / 1e9
        if place == 0:
            return Position(-1, -1, seconds)
        return Position((place >> STEP_BITS) - 1, place & ((1 << STEP_BITS) - 1), seconds)

    def resident_bytes(self) -> int:
        """Its memory now; 0 when it cannot be known without a cost (then only its own limit holds)."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as statm:
                return int(statm.read().split()[1]) * mmap.PAGESIZE
        except (OSError, IndexError):
            return 0

    async def end(self) -> str:
        """Kill it if it lives, take its exit and let go of everything; says how it ended ("exit 3", "signal 9")."""
        patience = _EXIT_LOOKS if self._line_is_closed() else 0  # it is exiting by itself: let it say its code
        while self._process.poll() is None:
            if patience <= 0:
                self._process.kill()
            patience -= 1
            await asyncio.sleep(_LOOK_S)
        self._let_go()
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit {code}"

    def kill_now(self) -> None:
        """Kill it and wait for that (nobody has the time for `end`)."""
        self._process.kill()
        self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        """Close what is open, once: a descriptor's number may be another file's a moment later."""
        self._line.close()
        self._cells.release()
        self._memory.close()
        descriptor, self._memory_file = self._memory_file, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _line_is_closed(self) -> bool:
        try:
            return self._line.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    async def _send(self, content: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._line, len(content).to_bytes(LENGTH, "big"))
            await loop.sock_sendall(self._line, content)
        except OSError:
            raise Gone from None

    async def _receive(self) -> bytes:
        length = int.from_bytes(await self._exactly(LENGTH), "big")
        kind, content = await self._exactly(1), await self._exactly(length - 1)
        if kind == RAISED:
            raise Raised(content.decode())
        return bytes(content) if kind == ANSWER else b""

    async def _exactly(self, count: int) -> bytearray:
        loop = asyncio.get_running_loop()
        content = bytearray(count)
        view = memoryview(content)
        while view:
            try:
                got = await loop.sock_recv_into(self._line, view)
            except OSError:
                raise Gone from None
            if not got:
                raise Gone
            view = view[got:]
        return content


def _shared_file() -> int:
    """A page of memory as a file descriptor that a child can be handed."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("gateway-mark")
    else:
        descriptor, name = tempfile.mkstemp(prefix="gateway-mark")
        os.unlink(name)
    os.write(descriptor, bytes(MARK_BYTES))
    return descriptor
