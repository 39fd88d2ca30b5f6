"""Lines that are open and not in use: kept for a short while, so that a burst of files signs in once."""

from __future__ import annotations

import datetime as dt
import threading
import time

from .line import Line
from .settings import SftpSettings


class Pool:
    """The unused lines of one partner. How many are in use at once is the caller's to bound."""

    def __init__(self, partner: str, settings: SftpSettings) -> None:
        self.partner = partner
        self.settings = settings
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Line]] = []
        self._timer: threading.Timer | None = None
        self._closed = False

    def take(self, now: dt.datetime) -> tuple[Line, bool]:
        """A line, and whether it was used before. Raises what `Line` raises."""
        while True:
            with self._lock:
                line = self._idle.pop()[1] if self._idle else None
            if line is None:
                return Line(self.partner, self.settings, now), False
            if line.alive:
                return line, True
            line.close()

    def give(self, line: Line) -> None:
        """Hand back a line that works: kept for `keep_open`, or logged out at once."""
        with self._lock:
            keep = not self._closed and self.settings.keep_open > 0 and line.alive
            if keep:
                self._idle.append((time.monotonic() + self.settings.keep_open, line))
                self._set_timer()
        if not keep:
            line.close()

    def close(self) -> None:
        """Log out of all of them, and keep none from now on."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            if self._timer is not None:
                self._timer.cancel()
        for _, line in idle:
            line.close()

    def _set_timer(self) -> None:
        if self._timer is None and self._idle:
            self._timer = threading.Timer(max(0.0, self._idle[0][0] - time.monotonic()), self._reap)
            self._timer.daemon = True
            self._timer.start()

    def _reap(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._timer = None
            over = [line for until, line in self._idle if until <= now]
            self._idle = [(until, line) for until, line in self._idle if until > now]
            if not self._closed:
                self._set_timer()
        for line in over:
            line.close()
