"""A TCP relay in front of a partner's server, which once, in the middle of a transfer, cuts the line or falls silent.

What travels is encrypted, so a transfer is told by its size: polls and handshakes travel in small pieces, the blocks
of a file in large ones. Once so many bytes of large pieces have passed in a direction, the line fails; after that
the relay only relays.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Literal

LARGE = 2_200
"""Bytes of a piece that is taken for a part of a file; an SSH key exchange travels in smaller ones."""
_AT_ONCE = struct.pack("ii", 1, 0)


class Relay:
    """`with Relay(port, "up", after=9000, how="cut") as relay:` relays from `relay.port` to `port`.

    `direction`: up, what the gateway sends; down, what it fetches. `cut` ends the connection at once; `silent`
    leaves it open and swallows everything. With `once` it fails not by size, but when that is true: the answer that
    is about to be passed back then is lost.

    `failed_at`: when the line failed (time.monotonic()), 0 before; `let_go_at`: when the gateway then closed the line
    that had fallen silent.
    """

    def __init__(
        self,
        port: int,
        direction: Literal["up", "down"],
        *,
        after: int = 0,
        how: Literal["cut", "silent"],
        once: Callable[[], bool] | None = None,
    ) -> None:
        self._target = port
        self._direction = direction
        self._left = after
        self._how = how
        self._once = once
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.failed_at = 0.0
        self.let_go_at = 0.0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, name="relay", daemon=True)]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Relay:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            with self._lock:
                self._open |= {near, far}
            thread = threading.Thread(target=self._serve, args=(near, far), name="relay", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        try:
            self._relay(near, far)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {near, far}
            near.close()
            far.close()

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        ways = {near: ("up", far), far: ("down", near)}
        while True:
            for source in select.select(list(ways), [], [])[0]:
                direction, target = ways[source]
                data = source.recv(65_536)
                if not data:
                    return
                passed = self._passes(direction, data)
                target.sendall(data[:passed])
                if passed < len(data):
                    self._fail(near, far)
                    return

    def _passes(self, direction: str, data: bytes) -> int:
        """How many of these bytes go through."""
        with self._lock:
            if self.failed_at or direction != self._direction:
                return len(data)
            if self._once is not None:
                if self._once():
                    self.failed_at = time.monotonic()
                    return 0
                return len(data)
            if len(data) < LARGE:
                return len(data)
            if len(data) <= self._left:
                self._left -= len(data)
                return len(data)
            self.failed_at = time.monotonic()
            return self._left

    def _fail(self, near: socket.socket, far: socket.socket) -> None:
        if self._how == "cut":
            for end in (near, far):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            return
        with contextlib.suppress(OSError):
            while near.recv(65_536):  # swallowed, until the gateway has had enough
                pass
        self.let_go_at = time.monotonic()
