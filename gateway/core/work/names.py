"""Whether a team or a kind of work that somebody names is there: a mistyped name must not look like an empty list."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Literal

from sqlalchemy import Connection, select

from gateway.plugins.declaring import Declared
from gateway.plugins.desk import OWN_KINDS
from gateway.plugins.tables import Tables

from ...config.work_tables import work_table
from ..model.work_tables import WORK_KINDS
from ..store.tables import holds, work_items
from .verbs import TEAMS

What = Literal["team", "kind"]
OTHER_TEAMS = ("coordination", "management", "patient-billing")
"""Teams that the gateway and its plugins give work, and that nobody is offered for work of any other."""
_NEAREST = 3


class NoSuchName(ValueError):
    """No team or kind has this name. `near`: those that were probably meant, or all of them where none is near."""

    def __init__(self, what: What, name: str, known: Iterable[str]) -> None:
        self.what: What = what
        every = sorted(known)
        near = difflib.get_close_matches(name.lower(), every, _NEAREST)
        self.near = f"Did you mean {_either(near)}?" if near else f"There are: {', '.join(every)}."
        super().__init__(f"There is no {self._words} {name!r}. {self.near}")

    @property
    def _words(self) -> str:
        return "team" if self.what == "team" else "kind of work"

    @property
    def of_a_field(self) -> str:
        """The same without what was sent, for whoever sent it as this field."""
        return f"{self.what}: there is no {self._words} of this name. {self.near}"


def check_names(
    connection: Connection, tables: Tables, declared: Iterable[Declared] = (), *, team: str = "", kind: str = ""
) -> None:
    """Looks into the store only for a name that the configuration does not have.

    Raises:
        NoSuchName: it is neither in the configuration nor in the store.
    """
    plugins = list(declared)
    if team and team not in TEAMS:
        _check(connection, "team", team, {*TEAMS, *OTHER_TEAMS, *_of_tables(tables), *_teams_of(plugins)})
    if kind:
        rows = work_table(tables, WORK_KINDS).rows
        theirs = (one for each in plugins for made in each.worklists for one in made.kinds)
        _check(connection, "kind", kind, {*OWN_KINDS, *(row.values["kind"] for row in rows), *theirs})


def _check(connection: Connection, what: What, name: str, known: set[str]) -> None:
    if name in known:
        return
    columns = (work_items.c.kind,) if what == "kind" else (work_items.c.team, holds.c.team)
    stored: set[str] = set()
    for column in columns:
        stored |= set(connection.execute(select(column).distinct()).scalars())
    if name not in stored:
        raise NoSuchName(what, name, known | {one for one in stored if one})


def _of_tables(tables: Tables) -> Iterator[str]:
    for name in tables:
        for row in tables[name].rows:
            if "team" not in row.values:
                break
            if team := row.values["team"]:
                yield team


def _teams_of(declared: Iterable[Declared]) -> Iterator[str]:
    for one in declared:
        yield from (made.team for made in one.worklists if made.team)
        yield from (made.team for made in one.drops)
        for name, value in one.settings or ():
            if name.endswith("team") and isinstance(value, str) and value:
                yield value


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
