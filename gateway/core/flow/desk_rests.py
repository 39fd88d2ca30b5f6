"""One call of what a plugin declares, and which of them rest because they failed one time after the other."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from ...plugins.declaring import LIFE, SEND_ALARMS
from ..clock import Clock

_WHAT = {
    "plugin_schedules": "its schedule",
    "plugin_reports": "its report",
    "plugin_routes": "its route",
    "plugin_commands": "its command",
    "plugin_metrics": "its metric",
    "plugin_drops": "its drop",
}
_ALONE = {SEND_ALARMS: "sending alarms"}
RESTS_AFTER = 5
REST_SECONDS = 300.0
_CALLED_BY_MACHINES = frozenset({"plugin_routes", "plugin_metrics"})


class Call(NamedTuple):
    """One call: of a plugin's declaration `name` under `hook`."""

    plugin: str
    version: str
    hook: str
    name: str = ""

    @property
    def words(self) -> str:
        """`its report 'held'`."""
        if self.hook in _ALONE:
            return _ALONE[self.hook]
        return self.hook if self.hook in LIFE else f"{_WHAT[self.hook]} {self.name!r}"

    @property
    def failure_key(self) -> str:
        """How the keys of its failures' work items begin."""
        return f"desk_failure:{self.plugin}:{self.hook}:{self.name}"[:180] + ":"


class Resting:
    """Routes and metrics that failed one call after the other are not called for some minutes: what asks for them is a
    machine, and would cost a process each time. In memory, for each process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[Call, int] = {}
        self._until: dict[Call, dt.datetime] = {}

    def why(self, call: Call) -> str:
        """Why it is not called now; empty where it may be."""
        until = self._until.get(call)
        if until is None or self._clock.now() >= until:
            return ""
        return f"it failed {self._failures[call]} times in a row and is tried again after {until:%m/%d/%Y %H:%M} UTC"

    def note(self, call: Call, failed: bool) -> None:
        """Take notice of a call."""
        if call.hook not in _CALLED_BY_MACHINES:
            return
        if not failed:
            self._failures.pop(call, None)
            self._until.pop(call, None)
            return
        self._failures[call] = self._failures.get(call, 0) + 1
        if self._failures[call] >= RESTS_AFTER:
            self._until[call] = self._clock.now() + dt.timedelta(seconds=REST_SECONDS)

    def state(self) -> list[tuple[Call, dt.datetime]]:
        """What rests now, and until when."""
        now = self._clock.now()
        return [(call, until) for call, until in list(self._until.items()) if now < until]
