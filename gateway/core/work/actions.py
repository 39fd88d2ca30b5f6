"""The codes with which people say what they did (table `actions`), and which kinds of items want a next date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from gateway.plugins.tables import Row, Table, Tables

from ...config.work_tables import work_table
from ..model.work_tables import ACTIONS, ALWAYS, BY_KIND, WORK_KINDS


class Action(NamedTuple):
    """What somebody can say that they did. `follow_up`: always, by kind or never; `closes`: it is an outcome."""

    code: str
    name: str
    follow_up: str
    closes: bool


class Actions:
    """The tables `actions` and `work_kinds` of a configuration, as they stand on a day."""

    def __init__(self, actions: Table, kinds: Table, today: dt.date) -> None:
        self._actions = actions
        self._kinds = kinds
        self._today = today

    @classmethod
    def of(cls, tables: Tables, today: dt.date) -> Actions:
        """Those of a configuration's tables."""
        return cls(work_table(tables, ACTIONS), work_table(tables, WORK_KINDS), today)

    def find(self, code: str) -> Action | None:
        """The action with this code; None where there is none today."""
        row = self._actions.find(self._today, code)
        return _action(row) if row is not None else None

    def on(self) -> Iterator[Action]:
        """Every action of today, in the order of the table."""
        return map(_action, self._actions.on(self._today))

    def wants_next_date(self, action: Action, kind: str) -> bool:
        """Whether a touch of an item of this kind must say when somebody looks again (6, 11.7)."""
        if action.follow_up == BY_KIND:
            row = self._kinds.find(self._today, kind)
            return row is not None and row.values["follow_up"] == "Y"
        return action.follow_up == ALWAYS

    def kind_in_words(self, kind: str) -> str:
        """What people call items of this kind."""
        row = self._kinds.find(self._today, kind)
        return row.values["name"] if row is not None else kind.replace("_", " ")


def _action(row: Row) -> Action:
    values = row.values
    return Action(values["code"], values["name"], values["follow_up"], values["closes"] == "Y")
