"""Tests of partners' lines that somebody asked for in the console or over HTTP: each on a thread of its own, so
that no page waits for a partner that does not answer."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass

import structlog
from aiohttp import web

from ..config import Config
from ..config.partner import Partner
from ..config.probing import Probed, ask

log = structlog.get_logger("gateway.web")
AT_ONCE = 4
LONGEST = dt.timedelta(minutes=5)
"""A test that has not ended by then is given up: its own time limits are shorter."""
KEPT = 50


@dataclass
class LineTest:
    """One test: `done` is what came of it, None while it is under way. `broken`: it could not be done at all."""

    partner: str
    who: str
    began: dt.datetime
    done: Probed | None = None
    broken: str = ""

    def under_way(self, now: dt.datetime) -> bool:
        """Whether it has not ended yet."""
        return self.done is None and not self.broken and now - self.began < LONGEST


class LineTests:
    """The newest test of each partner, kept in memory by this process."""

    def __init__(self) -> None:
        self._tests: dict[str, LineTest] = {}
        self._lock = threading.Lock()

    def look(self, key: str) -> LineTest | None:
        """The newest test under this key."""
        return self._tests.get(key)

    def begin(self, key: str, config: Config, partner: Partner, who: str, now: dt.datetime) -> LineTest | None:
        """Begin a test, or give the one that is under way: a sign-in that is refused counts at the partner, so nobody
        makes two of them by pressing twice. None: so many are under way that this one must wait."""
        with self._lock:
            before = self._tests.get(key)
            if before is not None and before.under_way(now):
                return before
            if sum(one.under_way(now) for one in self._tests.values()) >= AT_ONCE:
                return None
            while len(self._tests) >= KEPT:
                self._tests.pop(next(iter(self._tests)))
            self._tests.pop(key, None)
            test = self._tests[key] = LineTest(partner.name, who, now)
        threading.Thread(target=_run, args=(test, config, partner), name="line-test", daemon=True).start()
        return test


TESTS: web.AppKey[LineTests] = web.AppKey("line_tests", LineTests)


def _run(test: LineTest, config: Config, partner: Partner) -> None:
    try:
        test.done = ask(config, partner)
    except Exception as error:  # a transport plugin's own fault
        log.error("line_test_failed", partner=partner.name, error=type(error).__name__)
        test.broken = f"The plugin {partner.transport.plugin} failed ({type(error).__name__})."


HEADLINES = {
    "": "It answers, and every folder is there.",
    "folders": "It answers, but a folder is not as it should be.",
    "host_key": "The server showed a key that is not trusted. Nothing was sent to it, no password either.",
    "sign_in": "It answers, but it did not let us in.",
    "settings": "Something that the settings name is not there.",
    "unreachable": "Nobody answers at this address.",
    "late": "It did not answer in time.",
    "failed": "It did not work.",
}
"""What came of a test, in one sentence."""
