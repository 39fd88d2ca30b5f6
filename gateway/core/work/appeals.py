"""What may be done about a denial, and until when: appeals by level, reopenings, or a new claim (hme-billing-rules
6.2).

The table `appeal_limits` says how long each payer hears; that a claim was unprocessable (MA130) or came too late (CARC
29, N211) says that it hears nothing.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from gateway.plugins.tables import Table, Tables

from ...config.work_tables import work_table
from ..model.money import to_cents
from ..model.terms import parse_term
from ..model.work_tables import APPEAL_LIMITS, REOPENING
from .deadlines import CLASSES, OTHERS

UNPROCESSABLE = "MA130"
TOO_LATE = "N211"
TIMELY_FILING = "29"


class Way(enum.StrEnum):
    """What a payer hears about a denial: an appeal (or a reopening), only a new claim, or nothing."""

    APPEAL = "appeal"
    RESUBMIT = "resubmit"
    NONE = "none"


def way_of(reason: str, remarks: Collection[str]) -> Way:
    """What may be done about a reason with all its remark codes."""
    if UNPROCESSABLE in remarks:
        return Way.RESUBMIT
    if reason == TIMELY_FILING or TOO_LATE in remarks:
        return Way.NONE
    return Way.APPEAL


class Limit(NamedTuple):
    """One level of one payer. `by`: the last day; `decides`: days in which the payer decides, None where that is not
    known; `least_cents`: what must be at stake."""

    level: str
    name: str
    by: dt.date
    decides: int | None
    least_cents: int


class Appeals:
    """The table `appeal_limits` of a configuration."""

    def __init__(self, limits: Table) -> None:
        self._limits = limits

    @classmethod
    def of(cls, tables: Tables) -> Appeals:
        """That of a configuration's tables."""
        return cls(work_table(tables, APPEAL_LIMITS))

    def limit(self, filing_code: str, payer_id: str, level: str, noticed_on: dt.date) -> Limit | None:
        """Until when a payer hears at a level what it said on a day; None where no row tells. A row for the payer goes
        before one for its class, which follows from the claim filing code."""
        for payer in (payer_id, CLASSES.get(filing_code, OTHERS)):
            row = self._limits.find(noticed_on, payer, level) if payer else None
            if row is not None:
                values = row.values
                by = parse_term(values["within"]).after(noticed_on + dt.timedelta(days=int(values["mail"] or 0)))
                decides = int(values["decides"]) if values["decides"] else None
                return Limit(level, values["name"], by, decides, to_cents(Decimal(values["least"] or "0")))
        return None

    def levels(self, filing_code: str, payer_id: str, noticed_on: dt.date) -> list[Limit]:
        """The appeals that a payer hears, in their order, as if each counted from this day."""
        found: list[Limit] = []
        while (one := self.limit(filing_code, payer_id, str(len(found) + 1), noticed_on)) is not None:
            found.append(one)
        return found


class Dates(NamedTuple):
    """By when what may be done about a denial must be done; None where nothing tells, or it may not be done."""

    appeal_by: dt.date | None
    reopen_by: dt.date | None


def dates_of(appeals: Appeals, way: Way, filing_code: str, payer_id: str, noticed_on: dt.date) -> Dates:
    """The dates of a denial that nobody has worked yet."""
    if way is not Way.APPEAL:
        return Dates(None, None)
    first = appeals.limit(filing_code, payer_id, "1", noticed_on)
    reopening = appeals.limit(filing_code, payer_id, REOPENING, noticed_on)
    return Dates(first.by if first is not None else None, reopening.by if reopening is not None else None)
