"""`alarms:` in gateway.yaml: what people outside are told of, and when they are left in peace. Who is told stands under
`desk`: the plugins that send."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from gateway.plugins.settings import Seconds

from .partner import Window
from .values import Model

AlarmKind = Literal["partner", "breaker", "acknowledgment", "deadline", "ledger", "archive", "folder"]
ALARM_KINDS: dict[AlarmKind, str] = {
    "partner": "A partner cannot be reached, or its line is stopped",
    "breaker": "A plugin failed again and again, and is not called for now",
    "acknowledgment": "Answers of a partner are overdue",
    "deadline": "Work is near the date after which it costs money",
    "ledger": "The ledger does not prove",
    "archive": "The disk of the archive is nearly full",
    "folder": "Files lie in a drop folder that nothing takes up",
}
"""What is told, in words."""


class Alarms(Model):
    """What is told, and when."""

    leave_out: tuple[AlarmKind, ...] = ()
    """Kinds of which nobody is told."""
    quiet: tuple[Window, ...] = ()
    """Hours, where the organisation is, in which nobody is told; what comes meanwhile is told after them."""
    urgent: tuple[AlarmKind, ...] = ("ledger", "archive")
    """Kinds that are told in quiet hours, too."""
    remind_after: Seconds = Field(default=86_400.0, ge=300)
    """How long an alarm stands before it is told again."""
    deadline_days: int = Field(default=7, ge=1, le=30)
    """So many days before its date work is near it."""
    archive_free: int = Field(default=10, ge=1, le=90)
    """Percent of the archive's disk below which its being full is told."""

    def quiet_at(self, now: dt.datetime, zone: str) -> bool:
        """Whether people are left in peace at a moment. `zone`: where the organisation is."""
        local = now.astimezone(ZoneInfo(zone))
        return any(window.holds(local) for window in self.quiet)
