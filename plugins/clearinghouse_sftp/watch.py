"""A time limit for a call that blocks: when it is up, the line is cut, and the call ends with an error.

A channel's own timeout does not cover everything: a write into a socket whose peer has stopped reading blocks for
ever, and a peer that drips a byte now and then never lets a read time out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Watch:
    """`with Watch(cut, still=30, total=1800) as watch: ...; watch.moved()`.

    `cut` is called once, from another thread, when nothing has moved for `still` seconds or `total` seconds have
    passed; then `expired` is true.
    """

    def __init__(self, cut: Callable[[], None], *, still: float, total: float) -> None:
        self._cut = cut
        self._still = still
        self._end = time.monotonic() + total
        self._last = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sftp-time-limit", daemon=True)
        self.expired = False

    def moved(self) -> None:
        """Something came or went: the time of standing still begins anew."""
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _left(self) -> float:
        return min(self._last + self._still, self._end) - time.monotonic()

    def _run(self) -> None:
        while (left := self._left()) > 0:
            if self._done.wait(left):
                return
        if not self._done.is_set():
            self.expired = True
            self._cut()
