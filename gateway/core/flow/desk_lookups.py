"""The other side of a plugin's desk: its look-ups, as queries that read a page at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from ...plugins.desk_views import BalanceView, ClaimView, DenialView, HoldView, ItemView, LineView, PaymentView
from ...plugins.rows import RowTable
from ..model.money import to_dollars
from ..store.denial_tables import denial_cases
from ..store.tables import claim_lines, claim_payments, claims, denials, holds, remittances, work_items
from ..x12.claim import Claim
from ..x12.stored import StoredClaim
from .desk_balances import Days, Owed, balances
from .desk_patients import StorePatients

PAGE = 500


def key_of(plugin: str, key: str) -> str:
    """A plugin's own key of a work item as the table has it: no other plugin's, and none of the gateway's."""
    return f"desk:{plugin}:{key}"


class StoreLookups(StorePatients):
    """Look-ups on one connection that only reads. `days`: in which zone moments become days, and what tells the last
    day to file."""

    def __init__(
        self,
        connection: Connection,
        plugin: str,
        row_tables: Mapping[str, RowTable] | None = None,
        days: Days | None = None,
    ) -> None:
        super().__init__(connection, plugin, row_tables or {})
        self._prefix = key_of(plugin, "")
        self._days = days or Days("UTC", None)

    def balances(
        self, owed_by: str, states: Collection[str], payer_ids: Collection[str], claim_ids: Collection[int]
    ) -> Iterator[BalanceView]:
        return balances(self._connection, self._days, Owed(owed_by, _words(states), _words(payer_ids), claim_ids))

    def claims(
        self,
        states: Collection[str],
        payer_ids: Collection[str],
        partner: str,
        patient_id: int | None,
        number: str,
        from_day: dt.date | None,
        to_day: dt.date | None,
    ) -> Iterator[ClaimView]:
        c = claims.c
        statement: Select[Any] = select(
            *(c.id, c.source_claim_number, c.source, c.state, c.payer_id, c.payer_name, c.partner, c.patient_id),
            *(c.charge_cents, c.from_date, c.thru_date, c.created_at),
        )
        statement = _among(_among(statement, c.state, states), c.payer_id, payer_ids)
        for column, value in ((c.partner, partner), (c.source_claim_number, number)):
            if value:
                statement = statement.where(column == value)
        if patient_id is not None:
            statement = statement.where(c.patient_id == patient_id)
        statement = _between(statement, c.from_date, from_day, to_day)
        for page in self._pages(statement, c.id):
            lines = self._lines([row.id for row in page])
            for row in page:
                yield ClaimView(
                    row.id,
                    row.source_claim_number,
                    row.source,
                    row.state,
                    row.payer_id,
                    row.payer_name,
                    row.partner,
                    row.patient_id,
                    to_dollars(row.charge_cents),
                    row.from_date,
                    row.thru_date,
                    row.created_at,
                    tuple(lines.get(row.id, ())),
                )

    def _lines(self, claim_ids: Collection[int]) -> dict[int, list[LineView]]:
        found: dict[int, list[LineView]] = {}
        c = claim_lines.c
        rows = self._connection.execute(
            select(c.claim_id, c.number, c.code, c.modifiers, c.units, c.charge_cents, c.from_date, c.thru_date)
            .where(c.claim_id.in_(claim_ids))
            .order_by(c.claim_id, c.number)
        )
        for row in rows:
            found.setdefault(row.claim_id, []).append(
                LineView(
                    row.number,
                    row.code,
                    tuple(one for one in row.modifiers.split(":") if one),
                    row.units,
                    to_dollars(row.charge_cents),
                    row.from_date,
                    row.thru_date,
                )
            )
        return found

    def claim(self, claim_id: int) -> Claim | None:
        content = self._connection.execute(select(claims.c.content).where(claims.c.id == claim_id)).scalar()
        return Claim(StoredClaim.unpack(content), "desk") if content is not None else None

    def items(
        self, kinds: Collection[str], teams: Collection[str], claim_id: int | None, state: str
    ) -> Iterator[ItemView]:
        c = work_items.c
        statement: Select[Any] = _among(_among(select(work_items), c.kind, kinds), c.team, teams)
        if claim_id is not None:
            statement = statement.where(c.claim_id == claim_id)
        if state:
            statement = statement.where(c.state == state)
        for page in self._pages(statement, c.id):
            for row in page:
                own = row.key.startswith(self._prefix)
                yield ItemView(
                    row.id,
                    row.key.removeprefix(self._prefix),
                    own,
                    row.kind,
                    row.team,
                    row.reason,
                    row.rule,
                    to_dollars(row.cents),
                    row.work_by,
                    row.deadline,
                    row.payer_id,
                    row.partner,
                    row.claim_id,
                    row.state,
                    row.opened_at,
                )

    def holds(self, plugin: str, rules: Collection[str], claim_id: int | None, standing: bool) -> Iterator[HoldView]:
        c = holds.c
        statement: Select[Any] = select(
            holds, claims.c.source_claim_number, claims.c.payer_id, claims.c.charge_cents
        ).join(claims, claims.c.id == c.claim_id)
        statement = _among(statement, c.rule, rules)
        if plugin:
            statement = statement.where(c.plugin == plugin)
        if claim_id is not None:
            statement = statement.where(c.claim_id == claim_id)
        if standing:
            statement = statement.where(c.released_at.is_(None))
        for page in self._pages(statement, c.id):
            for row in page:
                yield HoldView(
                    row.id,
                    row.claim_id,
                    row.source_claim_number,
                    row.payer_id,
                    to_dollars(row.charge_cents),
                    row.type,
                    row.rule,
                    row.plugin,
                    row.team,
                    row.reason,
                    row.line,
                    row.due,
                    row.expires,
                    row.opened_at,
                    row.released_at,
                )

    def denials(self, states: Collection[str], payer_ids: Collection[str]) -> Iterator[DenialView]:
        c, case = denials.c, denial_cases.c
        told = case.status, case.level, case.code, case.received_on, case.appeal_by, case.recovered_cents, case.ended_on
        statement: Select[Any] = (
            select(
                denials, claims.c.source_claim_number, claims.c.payer_id, claims.c.content, claim_lines.c.number, *told
            )
            .join(claims, claims.c.id == c.claim_id)
            .outerjoin(denial_cases, case.denial_id == c.id)
            .outerjoin(claim_lines, claim_lines.c.id == c.line_id)
        )
        statement = _among(_among(statement, c.state, states), claims.c.payer_id, payer_ids)
        for page in self._pages(statement, c.id):
            for row in page:
                yield DenialView(
                    row.id,
                    row.claim_id,
                    row.source_claim_number,
                    row.payer_id,
                    row.group_code,
                    row.reason_code,
                    row.remark_code,
                    row.category,
                    row.team,
                    to_dollars(row.cents),
                    row.state,
                    row.opened_at,
                    row.status or "new",
                    row.level or 0,
                    row.code or "",
                    _referring(row.content, row.number),
                    row.received_on,
                    row.appeal_by,
                    to_dollars(row.recovered_cents or 0),
                    row.ended_on,
                )

    def payments(
        self, payer_ids: Collection[str], claim_id: int | None, from_day: dt.date | None, to_day: dt.date | None
    ) -> Iterator[PaymentView]:
        c, r = claim_payments.c, remittances.c
        statement: Select[Any] = select(
            *(c.id, c.claim_id, c.claim_number, c.status, c.charge_cents, c.paid_cents, c.patient_cents, c.state),
            *(r.payer_id, r.effective_date),
        ).join(remittances, r.id == c.remittance_id)
        statement = _between(_among(statement, r.payer_id, payer_ids), r.effective_date, from_day, to_day)
        if claim_id is not None:
            statement = statement.where(c.claim_id == claim_id)
        for page in self._pages(statement, c.id):
            for row in page:
                yield PaymentView(
                    row.id,
                    row.claim_id,
                    row.claim_number,
                    row.payer_id,
                    row.status,
                    to_dollars(row.charge_cents),
                    to_dollars(row.paid_cents),
                    to_dollars(row.patient_cents),
                    row.state,
                    row.effective_date,
                )

    def _pages(self, statement: Select[Any], by: Column[Any]) -> Iterator[list[Any]]:
        """The rows of a statement, a page at a time, by an id: however many there are, few are in memory."""
        last = -1
        while True:
            page = list(self._connection.execute(statement.where(by > last).order_by(by).limit(PAGE)))
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1].id


def _referring(content: bytes, line: int | None) -> str:
    """The NPI of who ordered a line, or referred the patient; empty where neither is on the claim."""
    claim = Claim(StoredClaim.unpack(content), "desk")
    lines = claim.lines
    if line is not None and 1 <= line <= len(lines) and lines[line - 1].ordering_provider.npi:
        return lines[line - 1].ordering_provider.npi
    return claim.referring_provider.npi


def _words(values: Collection[str]) -> list[str]:
    wanted = [values] if isinstance(values, str) else list(values)
    return [] if wanted == [""] else wanted


def _among(statement: Select[Any], column: Column[Any], values: Collection[str]) -> Select[Any]:
    # One word where several may stand is that word.
    wanted = _words(values)
    return statement.where(column.in_(wanted)) if wanted else statement


def _between(statement: Select[Any], column: Column[Any], first: dt.date | None, last: dt.date | None) -> Select[Any]:
    if first is not None:
        statement = statement.where(column >= first)
    return statement.where(column <= last) if last is not None else statement
