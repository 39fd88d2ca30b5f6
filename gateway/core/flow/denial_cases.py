"""A denial as it is worked, from the posting that opens it to the one that ends it: its dates, its status, and what
came of it. Part of the commit of postings; nothing here writes money off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from ...plugins.tables import Tables
from ..model.posting import Denial
from ..model.work_tables import REOPENING
from ..store.bulk import insert_bulk
from ..store.claims import bulks
from ..store.denial_tables import denial_cases
from ..store.tables import claims, denials, remittances
from ..work.appeals import Appeals, Dates, Way, dates_of, way_of
from ..work.items import WorkItem, close_items

WORKED = ("open", "resubmitted")
"""States of a denial that the payer may still decide anew."""

_CASE = (
    *("denial_id", "status", "way", "level", "payer_id", "filing_code", "code", "received_on", "noticed_on"),
    *("appeal_by", "reopen_by", "recovered_cents", "ended_on", "ended_by"),
)
Place = tuple[int, int | None]
"""A claim, and its line (None: the claim as a whole)."""


class Paid(NamedTuple):
    """What a later payment gave for a place where something was denied: cents, and the claim payment."""

    cents: int
    payment_id: int


class Cases:
    """The denials of one chunk of payments, while it is committed."""

    def __init__(self, connection: Connection, tables: Tables | None, today: dt.date) -> None:
        self._connection = connection
        self._appeals = Appeals.of(tables if tables is not None else Tables())
        self._today = today
        self._levels: dict[Place, int] = {}
        self._filed: dict[int, Any] = {}
        self._noticed: dict[int, dt.date] = {}
        self._rows: list[tuple[Any, ...]] = []

    # --- what a payment ends

    def end(self, ids: Sequence[int], paid: Mapping[Place, Paid]) -> None:
        """Denials that a payer has decided anew, or whose payment it reversed: what was paid on each is recovered. An
        appeal that is not paid leaves its level to the denial that comes in its place."""
        left = {place: one.cents for place, one in paid.items()}
        for row in self._standing(ids):
            place = (row.claim_id, row.line_id)
            by = paid.get(place) or paid.get((row.claim_id, None))
            at = place if place in left else (row.claim_id, None)
            recovered = max(min(row.cents, left.get(at, 0)), 0)
            if recovered:
                left[at] -= recovered
            elif row.status == "appealed":
                self._levels[place] = max(self._levels.get(place, 0), row.level)
            self._connection.execute(
                update(denial_cases)
                .where(denial_cases.c.denial_id == row.id)
                .values(
                    status="paid" if recovered else "closed",
                    recovered_cents=recovered,
                    ended_on=self._today,
                    ended_by=by.payment_id if by is not None else None,
                )
            )

    def _standing(self, ids: Sequence[int]) -> list[Any]:
        found: list[Any] = []
        columns = denials.c.id, denials.c.claim_id, denials.c.line_id, denials.c.cents
        for some in bulks(sorted(ids)):
            found += self._connection.execute(
                select(*columns, denial_cases.c.status, denial_cases.c.level)
                .join(denial_cases, denial_cases.c.denial_id == denials.c.id)
                .where(denials.c.id.in_(some))
                .order_by(denials.c.id)
            )
        return found

    # --- what a payment opens

    def look_up(self, claim_ids: Iterable[int], remittance_ids: Iterable[int]) -> None:
        """What the store knows of the claims and notices of the denials that are about to open."""
        for some in bulks(sorted(set(claim_ids))):
            rows = self._connection.execute(
                select(claims.c.id, claims.c.filing_code, claims.c.payer_id).where(claims.c.id.in_(some))
            )
            self._filed |= {row.id: row for row in rows}
        for some in bulks(sorted(set(remittance_ids))):
            dated = self._connection.execute(
                select(remittances.c.id, remittances.c.effective_date).where(remittances.c.id.in_(some))
            )
            self._noticed |= {row.id: row.effective_date for row in dated if row.effective_date is not None}

    def open(self, denial_id: int, claim_id: int, remittance_id: int, denial: Denial, item: WorkItem) -> WorkItem:
        """Note a new denial; returns its work item with the date of its appeal."""
        filed = self._filed.get(claim_id)
        filing_code, payer_id = (filed.filing_code, filed.payer_id) if filed is not None else ("", item.payer_id)
        # A notice from the future counts from today: the earlier date is the safer.
        noticed_on = min(self._noticed.get(remittance_id, self._today), self._today)
        way = way_of(denial.reason, {denial.remark, *denial.remarks})
        level = self._levels.get((claim_id, denial.line_id), 0) if way is Way.APPEAL else 0
        dates = self._dates(way, level, filing_code, payer_id, noticed_on)
        self._rows.append(
            (
                denial_id, "new", way.value, level, payer_id[:80], filing_code[:2], denial.code[:48], self._today,
                noticed_on, dates.appeal_by, dates.reopen_by, 0, None, None,
            )
        )  # fmt: skip
        return msgspec.structs.replace(item, appeal_by=item.appeal_by or dates.appeal_by)

    def _dates(self, way: Way, level: int, filing_code: str, payer_id: str, noticed_on: dt.date) -> Dates:
        if not level:
            return dates_of(self._appeals, way, filing_code, payer_id, noticed_on)
        following = self._appeals.limit(filing_code, payer_id, str(level + 1), noticed_on)
        reopening = self._appeals.limit(filing_code, payer_id, REOPENING, noticed_on)
        return Dates(following.by if following is not None else None, reopening.by if reopening is not None else None)

    def write(self) -> None:
        """The rows of what was opened."""
        if self._rows:
            insert_bulk(self._connection, denial_cases, _CASE, self._rows)


def supersede(
    connection: Connection,
    claim_id: int,
    paid: Mapping[Place, Paid],
    outcome: str,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """End every denial of a claim that is worked: what it asked for is asked elsewhere. `paid`: what was paid there for
    its lines; `outcome`: why, in words."""
    ids = list(
        connection.execute(
            select(denials.c.id)
            .where(denials.c.claim_id == claim_id, denials.c.state.in_(WORKED))
            .order_by(denials.c.id)
        ).scalars()
    )
    if ids:
        connection.execute(update(denials).where(denials.c.id.in_(ids)).values(state="superseded"))
        Cases(connection, None, today).end(ids, paid)
        close_items(connection, [f"denial:{one}" for one in ids], outcome, now)
