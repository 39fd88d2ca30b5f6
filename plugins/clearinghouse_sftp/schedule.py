"""How long until the next poll: pure."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from .settings import Poll


def pause(poll: Poll, at: dt.datetime, failures: int, chance: float) -> float:
    """Seconds from `at` (aware) to the next poll, after `failures` in a row; `chance` (0 to 1) spreads it."""
    local = at.astimezone(ZoneInfo(poll.zone))
    busy = local.weekday() < 5 and poll.day_from <= local.time() < poll.day_until
    seconds = poll.day if busy else poll.night
    if failures:
        seconds = max(seconds, min(poll.backoff_max, poll.backoff * 2.0 ** min(failures - 1, 20)))
    return seconds * (1 + poll.jitter * (2 * chance - 1))
