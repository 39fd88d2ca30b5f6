"""Alarms as a plugin is told them (`send_alarms`). Nothing in them is about a patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NEW, STILL, OVER = "new", "still", "over"


class NotSent(Exception):
    """A message did not go out. Its words are shown to people: name the host, and what to do."""


@dataclass(frozen=True)
class Alarm:
    """One cause. `key` is the same for the same cause, `kind` says what it is (partner, breaker, acknowledgment,
    deadline, ledger, archive); `what`: new, still (told before, and it stands) or over; `words` for people; `since`
    when it came."""

    key: str
    kind: str
    what: str
    words: str
    since: dt.datetime


@dataclass(frozen=True)
class AlarmMessage:
    """What one message tells: `id` is the same however often it is tried; `organisation` and `environment` (test or
    production) say whose gateway speaks."""

    id: str
    organisation: str
    environment: str
    alarms: Sequence[Alarm]

    @property
    def subject(self) -> str:
        """One line: `STILLWATER (test): 2 new alarms, 1 over`."""
        counts = {what: sum(one.what == what for one in self.alarms) for what in (NEW, STILL, OVER)}
        parts = []
        for what, words in ((NEW, "new alarm"), (STILL, "alarm that stands"), (OVER, "")):
            number = counts[what]
            if number and what == OVER:
                parts.append(f"{number} over")
            elif number:
                parts.append(f"{number} {words if number == 1 else words.replace('alarm', 'alarms')}")
        said = ", ".join(parts).replace("alarms that stands", "alarms that stand")
        return f"{self.organisation} ({self.environment}): {said}"

    @property
    def text(self) -> str:
        """All of it in plain words, a paragraph for each alarm."""
        heads = {NEW: "New", STILL: "Still", OVER: "Over"}
        return "\n\n".join(
            f"{heads[one.what]}, since {one.since:%m/%d/%Y %H:%M} UTC: {one.words}" for one in self.alarms
        )

    def as_data(self) -> dict[str, Any]:
        """As JSON can hold it; `read` makes it again."""
        data = asdict(self)
        data["alarms"] = [asdict(one) | {"since": one.since.isoformat()} for one in self.alarms]
        return data

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> AlarmMessage:
        """A message from its data."""
        alarms = tuple(
            Alarm(one["key"], one["kind"], one["what"], one["words"], dt.datetime.fromisoformat(one["since"]))
            for one in data["alarms"]
        )
        return cls(data["id"], data["organisation"], data["environment"], alarms)
