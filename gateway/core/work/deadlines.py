"""The dates of a work item that tables say: by when a claim must be with its payer, when a hold should be worked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from gateway.plugins.tables import Table, Tables

from ...config.work_tables import work_table
from ..model.terms import parse_term
from ..model.work_tables import HOLD_DUE, TIMELY_FILING
from ..store.tables import claim_lines, claims
from .calendar import add_business_days
from .priority import REFILED

if TYPE_CHECKING:
    from .items import WorkItem

CLASSES = {"MA": "medicare", "MB": "medicare", "MC": "medicaid"}
"""The class of a payer by claim filing code (SBR09); all others are OTHERS."""
OTHERS = "commercial"
_HOLD_DAYS = 2
_BULK = 500


class Deadlines:
    """The tables `timely_filing` and `hold_due` of a configuration, remembered as they are asked."""

    def __init__(self, filing: Table, due: Table) -> None:
        self._filing = filing
        self._due = due
        self._known: dict[tuple[str, str, dt.date], dt.date | None] = {}

    @classmethod
    def of(cls, tables: Tables) -> Deadlines:
        """Those of a configuration's tables."""
        return cls(work_table(tables, TIMELY_FILING), work_table(tables, HOLD_DUE))

    def refile_by(self, filing_code: str, payer_id: str, from_date: dt.date | None) -> dt.date | None:
        """The last day on which a payer takes a claim with this From date (1.7); None where no row tells.

        A row for the payer goes before one for its class, which follows from the claim filing code.
        """
        if from_date is None:
            return None
        key = (filing_code, payer_id, from_date)
        if key not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[key] = self._last_day(filing_code, payer_id, from_date)
        return self._known[key]

    def _last_day(self, filing_code: str, payer_id: str, from_date: dt.date) -> dt.date | None:
        for payer in (payer_id, CLASSES.get(filing_code, OTHERS)):
            row = self._filing.find(from_date, payer)
            if row is not None:
                return parse_term(row.values["within"]).after(from_date)
        return None

    def hold_due(self, type_: str, today: dt.date) -> dt.date:
        """When a hold of this type that is put today should be worked."""
        row = self._due.find(today, type_)
        return add_business_days(today, int(row.values["business_days"]) if row is not None else _HOLD_DAYS)

    def hold_team(self, type_: str, today: dt.date) -> str:
        """Which team works a hold of this type that nobody has given to another."""
        row = self._due.find(today, type_)
        return row.values["team"] if row is not None else "billing"

    def dated(self, connection: Connection, items: Sequence[WorkItem]) -> list[WorkItem]:
        """The items with the date by which their claim must be with the payer, where they have none and a row tells it.
        The claim's From date counts; for the item of a line, the line's own."""
        wanting = [one for one in items if _wants(one)]
        if not wanting:
            return list(items)
        filed = _filed(connection, sorted({one.claim_id for one in wanting if one.claim_id is not None}))
        lines = {one.subject_id for one in wanting if one.subject_kind == "line" and one.subject_id is not None}
        from_dates = _from_dates(connection, sorted(lines))
        found = []
        for item in items:
            if _wants(item) and item.claim_id in filed:
                code, payer, from_date = filed[item.claim_id]
                if item.subject_kind == "line":
                    from_date = from_dates.get(item.subject_id) or from_date
                item = msgspec.structs.replace(item, refile_by=self.refile_by(code, payer, from_date))
            found.append(item)
        return found


def _wants(item: WorkItem) -> bool:
    return item.claim_id is not None and item.refile_by is None and item.kind in REFILED


def _filed(connection: Connection, claim_ids: Sequence[int]) -> dict[int | None, tuple[str, str, dt.date | None]]:
    """Filing code, payer and From date of claims."""
    found: dict[int | None, tuple[str, str, dt.date | None]] = {}
    c = claims.c
    for start in range(0, len(claim_ids), _BULK):
        some = claim_ids[start : start + _BULK]
        rows = connection.execute(select(c.id, c.filing_code, c.payer_id, c.from_date).where(c.id.in_(some)))
        found.update({row.id: (row.filing_code, row.payer_id, row.from_date) for row in rows})
    return found


def _from_dates(connection: Connection, line_ids: Sequence[int]) -> dict[int | None, dt.date | None]:
    found: dict[int | None, dt.date | None] = {}
    for start in range(0, len(line_ids), _BULK):
        some = line_ids[start : start + _BULK]
        rows = connection.execute(select(claim_lines.c.id, claim_lines.c.from_date).where(claim_lines.c.id.in_(some)))
        found.update({row.id: row.from_date for row in rows})
    return found
