"""What an adjustment reason means to us: is it a denial, of which category, and who works it.

The tables `carc` and `rarc` (config/tables) say it, effective-dated and in our own words; a remark code may refine the
reason that it stands with (hme-billing-rules 6.4, 6.5).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class TableRow(Protocol):
    """A row of a table of the configuration."""

    @property
    def values(self) -> Mapping[str, str]: ...


class LookupTable(Protocol):
    """A table of the configuration (`gateway.plugins.Table`)."""

    def find(self, day: dt.date, *key: str) -> TableRow | None: ...


class Reason(NamedTuple):
    """A reason as we read it. `denial`: Y a refusal, N none, P pending or information, V depends on the payment; empty
    where the table does not have it. `meaning` and `action` are our own short words."""

    code: str
    denial: str
    category: str
    team: str
    meaning: str
    action: str


UNMAPPED = "UNMAPPED"
ANY = "*"


class Reasons:
    """The two tables, remembered as they are asked. One is made for each step of a chain; a day or two pass by it."""

    def __init__(self, carc: LookupTable, rarc: LookupTable) -> None:
        self._carc = carc
        self._rarc = rarc
        self._known: dict[tuple[dt.date, str, tuple[str, ...]], Reason] = {}

    def find(self, day: dt.date, code: str, remarks: Sequence[str] = ()) -> Reason:
        """A reason on a day, refined by the remark codes that stand with it (the first that has something to say)."""
        key = (day, code, tuple(remarks))
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            found = self._known[key] = self._refined(day, code, remarks)
        return found

    def _refined(self, day: dt.date, code: str, remarks: Sequence[str]) -> Reason:
        row = self._carc.find(day, code)
        if row is None:
            reason = Reason(
                code, "", UNMAPPED, "posting", "a reason that the table carc does not have", "add it to the table"
            )
        else:
            values = row.values
            reason = Reason(
                code,
                values.get("denial", "V"),
                values.get("category", UNMAPPED),
                values.get("team", "posting"),
                values.get("meaning", ""),
                values.get("action", ""),
            )
        for carc in (code, ANY):
            for remark in remarks:
                more = self._rarc.find(day, carc, remark)
                if more is not None:
                    values = more.values
                    return reason._replace(
                        category=values.get("category") or reason.category,
                        team=values.get("team") or reason.team,
                        meaning=f"{reason.meaning}; {values.get('meaning', '')}".rstrip("; "),
                        action=values.get("action") or reason.action,
                    )
        return reason
