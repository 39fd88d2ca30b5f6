"""One child process of the decide pool, as the parent sees it: start it, talk to it, look at it, end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from .decide_child import ANSWER, LENGTH, MARK_BYTES, NO_STEP, RAISED, STEP_BITS

_LOOK_S = 0.005
_EXIT_LOOKS = 40
_SPARE_DESCRIPTORS = 12
"""So many more than at its start may be open in a child: the database that it reads, and what a plugin opens once."""


class Position(NamedTuple):
    """Where the child is: the item of the chunk and the step of the chain, -1 outside any plugin; for how long."""

    item: int
    step: int
    seconds: float


MARK = "mark-"
"""How the name of a kept mark begins."""
_PGOPTIONS = "-c default_transaction_read_only=on -c idle_in_transaction_session_timeout=5000"


def _position(place: int, since: int) -> Position:
    seconds = (time.monotonic_ns() - since) / 1e9
    if place == 0:
        return Position(-1, -1, seconds)
    step = place & NO_STEP
    return Position((place >> STEP_BITS) - 1, step if step != NO_STEP else -1, seconds)


def position_in(mark: Path) -> Position | None:
    """Where the child was to which a kept mark belonged; None where there is none that can be read."""
    try:
        content = mark.read_bytes()[:16]
    except OSError:
        return None
    if len(content) < 16:
        return None
    return _position(int.from_bytes(content[:8], sys.byteorder), int.from_bytes(content[8:], sys.byteorder))


class Gone(Exception):
    """The child ended, or closed the line."""


class Raised(Exception):
    """The target raised in the child; the text says what and where, not more."""


class Child:
    """A started child. `ready()` must have returned before the first `ask`."""

    def __init__(self, target: str, memory_bytes: int, marks: Path | None = None) -> None:
        """`marks`: a folder in which its mark is kept, so that it can be read after this process has died, too."""
        self.mark: Path | None = None
        self._ended = False
        self._descriptors = self._threads = 0
        if marks is None:
            self._memory_file = _shared_file()
        else:
            self._memory_file, name = tempfile.mkstemp(prefix=MARK, dir=marks)
            self.mark = Path(name)
            os.write(self._memory_file, bytes(MARK_BYTES))
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
                # A plugin that reaches a server by itself holds no lock there for long, and writes nothing.
                env={"PGOPTIONS": _PGOPTIONS, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                # A group of its own, so that whatever a plugin starts can be ended with it.
                process_group=0,
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
        self._descriptors, self._threads = self._counted("fd"), self._counted("task")

    async def ask(self, payload: bytes) -> bytes:
        """The target's answer. Raises Gone, Raised."""
        self._cells[1] = time.monotonic_ns()
        self._cells[0] = 0
        await self._send(payload)
        return await self._receive()

    def position(self) -> Position:
        """Where it is now (or was when it died)."""
        return _position(self._cells[0], self._cells[1])

    def resident_bytes(self) -> int:
        """Its memory now; 0 when it cannot be known without a cost (then only its own limit holds)."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as statm:
                return int(statm.read().split()[1]) * mmap.PAGESIZE
        except (OSError, IndexError):
            return 0

    def burden(self) -> str:
        """What it kept that it should have given back between two calls, in words: it is to be replaced. Empty where
        there is nothing, or where it cannot be known."""
        if self._counted("task") > self._threads:
            return "threads are left in it"
        if self._counted("fd") > self._descriptors + _SPARE_DESCRIPTORS:
            return "files or connections are left open in it"
        if self._has_children():
            return "processes are left that it began"
        return "a file is left locked by it" if self._locks() else ""

    def _counted(self, what: str) -> int:
        try:
            return len(os.listdir(f"/proc/{self.pid}/{what}"))
        except OSError:
            return 0

    def _has_children(self) -> bool:
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", "rb") as children:
                return bool(children.read().strip())
        except OSError:
            return False

    def _locks(self) -> bool:
        """Whether it keeps others from writing somewhere: in our database, for instance."""
        try:
            with open("/proc/locks", "rb") as locks:
                return b" WRITE %d " % self.pid in locks.read()
        except OSError:
            return False

    async def over(self) -> None:
        """Wait a moment for the exit of a child that has closed the line: where it is by then tells who closed it."""
        for _ in range(_EXIT_LOOKS):
            if self._process.poll() is not None:
                return
            await asyncio.sleep(_LOOK_S)

    async def end(self) -> str:
        """Kill it if it lives, take its exit and let go of everything; says how it ended ("exit 3", "signal 9")."""
        patience = _EXIT_LOOKS if self._line_is_closed() else 0  # it is exiting by itself: let it say its code
        while self._process.poll() is None:
            if patience <= 0:
                self._process.kill()
            patience -= 1
            await asyncio.sleep(_LOOK_S)
        self._end_its_own()
        self._let_go()
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit {code}"

    def kill_now(self) -> None:
        """Kill it and wait for that (nobody has the time for `end`)."""
        self._process.kill()
        self._process.wait()
        self._end_its_own()
        self._let_go()

    def _end_its_own(self) -> None:
        """End the processes that a plugin began in it."""
        if not self._ended:
            self._ended = True
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        """Close what is open, once: a descriptor's number may be another file's a moment later."""
        self._line.close()
        self._cells.release()
        self._memory.close()
        descriptor, self._memory_file = self._memory_file, -1
        if descriptor >= 0:
            os.close(descriptor)
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)

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
