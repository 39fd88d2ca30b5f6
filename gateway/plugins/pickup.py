"""Which files at a partner are ready to be fetched: pure functions over what was listed, poll after poll.

A server cannot know that a file is complete, and some clients close a file when they abort. So a file is
fetched only when its name is one of ours and no partial name, when it has bytes, and when size and time
stood still over several looks and some seconds (rules 8.2). Whether the X12 inside is complete is looked at
after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

PARTIAL_NAMES = (".*", "*.tmp", "*.filepart", "*.part", "*.partial", "*.incomplete", "*.swp", "*~", "~*")
"""Names under which programs write what is not finished, and hidden files (rules 8.2)."""


class RemoteFile(msgspec.Struct, frozen=True):
    """A file at the partner. `path` is the whole remote path, `name` its last part, `size` in bytes, `mtime`
    in seconds since 1970 by the partner's clock (0 when it does not say)."""

    path: str
    name: str
    size: int
    mtime: int


class PickupRules(msgspec.Struct, frozen=True, kw_only=True):
    """When a listed file is fetched.

    `masks`: shell patterns, any of which a name must match, upper and lower case alike. `ignore`: patterns
    that it must not match. `polls`: how many looks in a row must have seen the same size and time;
    `seconds`: and over how long a time. `marker`: a pattern such as `{name}.complete`; if set, that file
    must stand beside it.
    """

    masks: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = PARTIAL_NAMES
    polls: int = 2
    seconds: float = 30.0
    marker: str = ""


class Sighting(msgspec.Struct, frozen=True):
    """What was seen of one path so far: this size and time, on `looks` polls in a row, first at `since` and
    last at `last` (seconds, by our own clock)."""

    size: int
    mtime: int
    looks: int
    since: float
    last: float


class Look(msgspec.Struct, frozen=True):
    """What one poll tells: the files to fetch now, and the sightings to hand to the next poll."""

    ready: tuple[RemoteFile, ...]
    sightings: dict[str, Sighting]


def wanted(file: RemoteFile, rules: PickupRules) -> bool:
    """Whether a listed file is for us at all: it has bytes, matches a mask, and is no marker, partial or
    hidden name."""
    name = file.name.casefold()
    if file.size <= 0 or any(fnmatchcase(name, pattern.casefold()) for pattern in rules.ignore):
        return False
    if rules.marker and fnmatchcase(name, rules.marker.replace("{name}", "*").casefold()):
        return False
    return any(fnmatchcase(name, pattern.casefold()) for pattern in rules.masks)


def look(before: Mapping[str, Sighting], listing: Iterable[RemoteFile], rules: PickupRules, now: float) -> Look:
    """Compare a listing with what was seen before.

    Args:
        before: the sightings of the last poll of the same folder; empty at the first.
        listing: every file of the folder, partial names and markers too.
        now: our clock, in seconds; a clock that went back only makes it wait longer.

    Returns:
        What to fetch, in the order of the listing, and the sightings to keep. A file that vanished is
        forgotten; one that changed begins anew; one that stays there after it was ready is ready again at
        each poll, until the caller settles it or leaves it out.
    """
    files = list(listing)
    names = {file.path for file in files}
    ready: list[RemoteFile] = []
    sightings: dict[str, Sighting] = {}
    for file in files:
        if not wanted(file, rules):
            continue
        seen = before.get(file.path)
        if seen is None or seen.size != file.size or seen.mtime != file.mtime or now < seen.last:
            sighting = Sighting(file.size, file.mtime, 1, now, now)
        else:
            sighting = Sighting(file.size, file.mtime, seen.looks + 1, seen.since, now)
        sightings[file.path] = sighting
        still = sighting.looks >= rules.polls and now - sighting.since >= rules.seconds
        if still and (not rules.marker or _marker_path(file, rules.marker) in names):
            ready.append(file)
    return Look(tuple(ready), sightings)


def _marker_path(file: RemoteFile, marker: str) -> str:
    folder = file.path[: len(file.path) - len(file.name)]
    return folder + marker.replace("{name}", file.name)
