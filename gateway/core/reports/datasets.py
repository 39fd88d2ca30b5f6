"""What can be taken out for those who analyse elsewhere: tables of plain columns, without names, addresses, birth dates
or member ids. `patient` tells patients apart and says nothing else about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, Select, select

from ..clock import day_begins
from ..model.money import to_dollars
from ..store.tables import (
    acknowledgments,
    adjustments,
    batches,
    claim_lines,
    claim_payments,
    claims,
    denials,
    holds,
    line_payments,
    remittances,
    submissions,
    touches,
    transfers,
    work_items,
)

PAGE = 5_000
TEXT, WHOLE, DOLLARS, DAY, MOMENT, YES = "text", "whole", "dollars", "day", "moment", "yes"


class Field(NamedTuple):
    """A column: its name outside, where it comes from, and what it holds."""

    name: str
    column: Any
    kind: str


class Dataset(NamedTuple):
    """A table to take out: its rows in the order of `id`, those of a span by `when` (a day or a moment; None: all of
    them always)."""

    name: str
    title: str
    source: FromClause
    id: Any
    when: Any
    fields: tuple[Field, ...]


def _fields(kinds: str, *columns: Any, **named: Any) -> tuple[Field, ...]:
    """Fields of these kinds (words with blanks between) and columns; those that are named go by their names."""
    given = [*((column.name, column) for column in columns), *named.items()]
    shown = [(name.removesuffix("_cents") if kind == DOLLARS else name, column, kind)
             for (name, column), kind in zip(given, kinds.split(), strict=True)]  # fmt: skip
    return tuple(Field(*one) for one in shown)


_c, _l, _s, _b, _a = claims.c, claim_lines.c, submissions.c, batches.c, acknowledgments.c
_r, _p, _lp, _j, _d = remittances.c, claim_payments.c, line_payments.c, adjustments.c, denials.c
_w, _k, _h, _t = work_items.c, touches.c, holds.c, transfers.c

DATASETS: dict[str, Dataset] = {
    one.name: one
    for one in (
        Dataset(
            "claims", "Claims, one row each", claims, _c.id, _c.created_at,
            _fields(
                "whole text text whole text text text text text text dollars day day text moment moment",
                _c.id, _c.source, _c.state, patient=_c.patient_id, number=_c.source_claim_number, partner=_c.partner,
                payer_id=_c.payer_id, payer_name=_c.payer_name, filing_code=_c.filing_code, billing_npi=_c.billing_npi,
                charge=_c.charge_cents, from_date=_c.from_date, thru_date=_c.thru_date, frequency=_c.frequency,
                created_at=_c.created_at, updated_at=_c.updated_at,
            ),
        ),
        Dataset(
            "lines", "Service lines of claims", claim_lines.join(claims, _c.id == _l.claim_id), _l.id, _c.created_at,
            _fields(
                "whole whole whole text text text dollars day day",
                _l.id, _l.claim_id, _l.number, _l.code, _l.modifiers, _l.units, charge=_l.charge_cents,
                from_date=_l.from_date, thru_date=_l.thru_date,
            ),
        ),
        Dataset(
            "submissions", "Sendings of claims", submissions.join(batches, _b.id == _s.batch_id), _s.id, _b.sent_at,
            _fields(
                "whole whole whole text whole dollars whole text moment",
                _s.id, _s.claim_id, _s.batch_id, _s.state, _s.hop, charge=_s.charge_cents, resubmits=_s.resubmits,
                partner=_b.partner, sent_at=_b.sent_at,
            ),
        ),
        Dataset(
            "answers", "Acknowledgments: TA1, 999, 277CA", acknowledgments, _a.id, _a.at,
            _fields("whole whole whole text whole text moment", _a.id, _a.batch_id, _a.submission_id, _a.kind, _a.hop,
                    _a.verdict, _a.at),
        ),
        Dataset(
            "remittances", "Remittances (ST of an 835)", remittances, _r.id, _r.received_at,
            _fields(
                "whole text text text text text text dollars day whole dollars dollars dollars moment moment",
                _r.id, _r.partner, _r.state, _r.payer_id, _r.payer_name, _r.method, _r.trace_number, _r.paid_cents,
                _r.effective_date, _r.claims, _r.posted_cents, _r.exception_cents, _r.provider_level_cents,
                _r.received_at, _r.posted_at,
            ),
        ),
        Dataset(
            "payments", "Claim payments (CLP)", claim_payments, _p.id, _p.at,
            _fields(
                "whole whole whole text text dollars dollars dollars whole moment",
                _p.id, _p.remittance_id, _p.claim_id, _p.status, _p.state, _p.charge_cents, _p.paid_cents,
                _p.patient_cents, _p.reverses, _p.at,
            ),
        ),
        Dataset(
            "postings", "What was posted to lines", line_payments.join(claim_payments, _p.id == _lp.claim_payment_id),
            _lp.id, _p.at,
            _fields(
                "whole whole whole whole text dollars dollars yes moment",
                _lp.id, _lp.claim_payment_id, _p.claim_id, _lp.line_id, _lp.code, _lp.charge_cents, _lp.paid_cents,
                _lp.denied, posted_at=_p.at,
            ),
        ),
        Dataset(
            "adjustments", "Reasons of payments (CAS)",
            adjustments.join(claim_payments, _p.id == _j.claim_payment_id), _j.id, _p.at,
            _fields(
                "whole whole whole whole text text text text dollars",
                _j.id, _j.claim_payment_id, _p.claim_id, _j.line_id, _j.group_code, _j.reason_code, _j.remark_code,
                _j.kind, amount_cents=_j.cents,
            ),
        ),
        Dataset(
            "denials", "Denials", denials, _d.id, _d.opened_at,
            _fields(
                "whole whole whole whole text text text text text dollars text moment",
                _d.id, _d.claim_id, _d.line_id, _d.claim_payment_id, _d.group_code, _d.reason_code, _d.remark_code,
                _d.category, _d.team, amount_cents=_d.cents, state=_d.state, opened_at=_d.opened_at,
            ),
        ),
        Dataset(
            "holds", "Holds", holds, _h.id, _h.opened_at,
            _fields(
                "whole whole text text text text day moment moment",
                _h.id, _h.claim_id, _h.type, _h.rule, _h.plugin, _h.team, _h.due, _h.opened_at, _h.released_at,
            ),
        ),
        Dataset(
            "work", "Work items", work_items, _w.id, _w.opened_at,
            _fields(
                "whole text whole text text text dollars text day day day day text moment moment moment",
                _w.id, _w.kind, _w.claim_id, _w.rule, _w.team, _w.assignee, amount_cents=_w.cents, state=_w.state,
                work_by=_w.work_by, refile_by=_w.refile_by, appeal_by=_w.appeal_by, follow_up=_w.follow_up,
                payer_id=_w.payer_id, opened_at=_w.opened_at, touched_at=_w.touched_at, closed_at=_w.closed_at,
            ),
        ),
        Dataset(
            "touches", "What people did about work items", touches, _k.id, _k.at,
            _fields(
                "whole whole moment text text text day moment dollars",
                _k.id, _k.item_id, _k.at, _k.who, _k.verb, _k.action, _k.follow_up, _k.kept_at,
                amount_cents=_k.cents,
            ),
        ),
        Dataset(
            "ledger", "Transfers of the ledger", transfers, _t.id, _t.on_date,
            _fields(
                "whole text text dollars day text whole whole whole whole moment",
                _t.id, _t.debit, _t.credit, amount_cents=_t.cents, on_date=_t.on_date, kind=_t.kind,
                claim_id=_t.claim_id, line_id=_t.line_id, claim_payment_id=_t.claim_payment_id,
                remittance_id=_t.remittance_id, at=_t.at,
            ),
        ),
    )
}  # fmt: skip


class Span(NamedTuple):
    """The days that are taken out, in the supplier's zone; None: from the beginning, until now."""

    first: dt.date | None
    last: dt.date | None
    zone: str


Row = tuple[Any, ...]


def pages(connection: Connection, dataset: Dataset, span: Span) -> Iterator[list[Row]]:
    """The rows, some thousand at a time, by the fields; dollars are Decimal."""
    statement = _narrowed(dataset, span)
    dollars = [at for at, field in enumerate(dataset.fields) if field.kind == DOLLARS]
    after = -1
    while True:
        found = connection.execute(statement.where(dataset.id > after).order_by(dataset.id).limit(PAGE)).all()
        if found:
            after = found[-1][0]
            yield [_with_dollars(row, dollars) for row in found]
        if len(found) < PAGE:
            return


def _with_dollars(row: Sequence[Any], dollars: Sequence[int]) -> Row:
    values = list(row)
    for at in dollars:
        if values[at] is not None:
            values[at] = to_dollars(values[at])
    return tuple(values)


def _narrowed(dataset: Dataset, span: Span) -> Select[Any]:
    statement: Select[Any] = select(*(field.column for field in dataset.fields)).select_from(dataset.source)
    is_day = isinstance(dataset.when.type.python_type, type) and dataset.when.type.python_type is dt.date
    if span.first is not None:
        begins = span.first if is_day else day_begins(span.first, span.zone)
        statement = statement.where(dataset.when >= begins)
    if span.last is not None:
        ends = span.last + dt.timedelta(days=1)
        statement = statement.where(dataset.when < (ends if is_day else day_begins(ends, span.zone)))
    return statement
