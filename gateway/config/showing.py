"""The configuration as it is in force, with where each value comes from: `gateway config show`.

Secrets are references everywhere (`env:NAME`, `file:/path`), so nothing needs to be hidden here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from gateway.plugins.chains import INHERITED, STATIONS

from .config import Config
from .faults import Document, Loc

DEFAULT = "default"


class Shown(NamedTuple):
    """One value: the file's part it belongs to (`gateway`, `partners/practice`), its path there, the value, and where
    it comes from (`partners/practice.yaml:12`, or `default`)."""

    part: str
    path: Loc
    value: Any
    origin: str


def shown(config: Config, *, effective: bool) -> Iterator[Shown]:
    """Every value of a configuration, file by file. `effective`: the defaults too, and in each chain the steps that it
    inherits."""
    data = json.loads(config.text)
    chains = {one["name"]: one for one in data["chains"]}
    yield from _values("gateway", data["gateway"], config.documents.get(("gateway", "")), effective)
    for one in data["partners"]:
        document = config.documents.get(("partners", one["name"]))
        yield from _values(f"partners/{one['name']}", one, document, effective)
    for one in data["chains"]:
        document = config.documents.get(("chains", one["name"]))
        stations = one.pop("stations")
        part = f"chains/{one['name']}"
        yield from _values(part, one, document, effective)
        one["stations"] = stations
        for station in STATIONS:
            for number, (owner, index, step) in enumerate(_steps(chains, one["name"], station, effective)):
                found = config.documents.get(("chains", owner))
                where = "" if owner == one["name"] else f"inherited from {owner}, "
                loc: Loc = ("stations", station, index)
                for path, value, origin in _leaves(_plain_step(step), loc, found, effective):
                    yield Shown(part, ("stations", station, number, *path[3:]), value, where + origin)
    for one in data["tables"]:
        found = config.documents.get(("tables", one["name"]))
        origin = found.file if found else "comes with a plugin"
        count = f"{len(one['rows']):,} rows, by {', '.join(one['key']) or 'nothing'}"
        yield Shown("tables", (one["name"],), count, origin)


def settings_of(config: Config, plugin: str) -> Iterator[Shown]:
    """What is set for a plugin, wherever it stands: in the steps of chains, under `desk`, as a partner's transport."""
    values = list(shown(config, effective=True))
    places = {(one.part, one.path[:-1]) for one in values if one.path[-1:] == ("plugin",) and one.value == plugin}
    places.add(("gateway", ("desk", plugin)))
    for one in values:
        if any((one.part, one.path[:end]) in places for end in range(1, len(one.path))):
            yield one


def _plain_step(step: dict[str, Any]) -> dict[str, Any]:
    return {INHERITED: True} if step["plugin"] == INHERITED else step


def _steps(
    chains: Mapping[str, dict[str, Any]], name: str, station: str, effective: bool
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The steps of a station, each with the chain whose file has it and its place there."""
    own = chains[name]["stations"].get(station)
    parent = chains[name].get("extends")
    if own is None:
        if parent and effective:
            yield from _steps(chains, parent, station, effective)
        return
    for index, step in enumerate(own):
        if step["plugin"] == INHERITED and parent and effective:
            yield from _steps(chains, parent, station, effective)
        else:
            yield name, index, step


def _values(part: str, data: Any, document: Document | None, effective: bool) -> Iterator[Shown]:
    for path, value, origin in _leaves(data, (), document, effective):
        yield Shown(part, path, value, origin)


def _leaves(value: Any, loc: Loc, document: Document | None, effective: bool) -> Iterator[tuple[Loc, Any, str]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, (*loc, key), document, effective)
        return
    if isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from _leaves(one, (*loc, index), document, effective)
        return
    written, origin = _written(loc, document)
    if origin:
        yield loc, value if written is None or not isinstance(value, str) else written, origin
    elif effective and value not in (None, [], {}):
        yield loc, _readable(value), "the file's name" if loc == ("name",) else DEFAULT


def _written(loc: Loc, document: Document | None) -> tuple[str | None, str]:
    """A value as its file has it, and where; empty where it has it not. A step that is a name alone, or a list of one,
    stands where the whole does."""
    if document is None:
        return None, ""
    for at in (loc, loc[:-1] if loc and loc[-1] in (0, "plugin", "id", INHERITED) else loc):
        place = document.places.get(at)
        value: Any = document.data
        for part in at if place is not None else ():
            value = value[part]
        if place is not None and (not isinstance(value, dict | list) or not value):
            return value if isinstance(value, str) else None, f"{document.file}:{place.line}"
    return None, ""


_SECONDS = re.compile(r"(\d+)s")
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def _readable(value: Any) -> Any:
    """A length of time in the unit that people would take."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    if found:
        seconds = int(found[1])
        for length, unit in _SPANS:
            if seconds >= length and not seconds % length:
                return f"{seconds // length} {unit}"
    return value


def path_text(path: Loc) -> str:
    """A path as people write it: `stations.scrub[0].plugin`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def as_text(values: Iterable[Shown]) -> Iterator[str]:
    """The values in three columns (setting, value, where it comes from), file by file."""
    for part, several in groupby(values, key=lambda one: one.part):
        rows = [(path_text(one.path), _scalar(one.value), one.origin) for one in several]
        widths = [min(max(len(row[at]) for row in rows), 44) for at in (0, 1)]
        yield f"{part}"
        for name, value, origin in rows:
            yield f"  {name:<{widths[0]}}  {value:<{widths[1]}}  {origin}"
        yield ""


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) and value and value.isprintable() else json.dumps(value)
