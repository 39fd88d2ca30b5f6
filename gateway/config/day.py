"""A day on the command line, written as 2026-12-01."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click


class DayType(click.DateTime):
    """A day, as the midnight at which it begins."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """What was typed, as a day."""
        try:
            found: dt.datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} cannot be used; a day is written like 2026-12-01.", param, ctx)
        return found


DAY = DayType()
