"""A new configuration without a restart: read as a whole, taken as a whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .config import Config, ConfigFault


class Reloads(NamedTuple):
    """Where a process stands with its configuration: the hash in use and since when, how often another one was taken,
    when somebody last asked, the faults for which the last one was refused (empty: it was not), and the settings that
    wait for a restart."""

    hash: str
    since: dt.datetime
    times: int = 0
    asked_at: dt.datetime | None = None
    faults: tuple[str, ...] = ()
    after_restart: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """For the API and the log."""
        return {
            "hash": self.hash,
            "since": self.since.isoformat(),
            "reloads": self.times,
            "asked_at": self.asked_at.isoformat() if self.asked_at else None,
            "refused_for": list(self.faults),
            "after_restart": list(self.after_restart),
        }


FIXED = ("data_dir", "database")
"""What a running gateway cannot change: everything that it knows is there."""
LATER = ("web", "workers", "log_level", "log_format", "plugins_dir", "plugins")
"""What the next start takes up."""


def cannot_change(old: Config, new: Config) -> list[ConfigFault]:
    """The faults of a configuration that only a restart can take up."""
    document = new.documents[("gateway", "")]
    return [
        document.fault((name,), f"{name} cannot change while the gateway runs", "the same as before, or a restart")
        for name in FIXED
        if getattr(old.gateway, name) != getattr(new.gateway, name)
    ]


def waits_for_a_restart(started: Config, new: Config) -> tuple[str, ...]:
    """The settings that differ from those this process was started with, and stay so until it is started anew."""
    return tuple(name for name in LATER if getattr(started.gateway, name) != getattr(new.gateway, name))


def changed(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """Of things with a name: those that are new or different, and the names that are gone."""
    before: Mapping[str, Any] = {one.name: one for one in old}
    names = {one.name for one in new}
    return [one for one in new if before.get(one.name) != one], [name for name in before if name not in names]
