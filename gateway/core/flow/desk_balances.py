"""What is owed on claims, for a plugin's desk: the ledger's sums, a page at a time, with what a follow-up needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from ...config import Config
from ...plugins.desk_views import BalanceView
from ..clock import business_date
from ..ledger.accounts import DENIED, PATIENT, RECEIVABLE
from ..model.money import to_dollars
from ..store.tables import (
    acknowledgments,
    batches,
    claim_payments,
    claims,
    denials,
    submissions,
    transfers,
)
from ..work.deadlines import Deadlines
from ..x12.claim import Claim
from ..x12.stored import StoredClaim

PAGE = 500
KINDS = ("deductible", "coinsurance", "copay")
OTHER = "other"
_LEVELS = {"P": 1, "S": 2, "T": 3}
_SPOKEN = {"1": 1, "19": 1, "2": 2, "20": 2, "3": 3, "21": 3}
"""Which payer has spoken, by CLP02 (5.4)."""

_t = transfers.c


class Days(NamedTuple):
    """How moments become days, and what tells the last day to file (None: nothing does)."""

    zone: str
    deadlines: Deadlines | None

    def of(self, at: dt.datetime | None) -> dt.date | None:
        """The day of a moment."""
        return business_date(at, self.zone) if at is not None else None


def days_of(config: Config) -> Days:
    """Those of a configuration."""
    return Days(config.gateway.organisation.time_zone, Deadlines.of(config.tables))


class Owed(NamedTuple):
    """Which balances: owed by `payer`, `patient` or anybody (empty); of claims in these states, payers and ids (none:
    all)."""

    by: str
    states: Sequence[str]
    payer_ids: Sequence[str]
    claim_ids: Collection[int]


def _on(prefix: str) -> ColumnElement[int]:
    """The balance of the accounts whose names begin so."""
    size = len(prefix)
    debit = case((func.substr(_t.debit, 1, size) == prefix, _t.cents), else_=0)
    credit = case((func.substr(_t.credit, 1, size) == prefix, _t.cents), else_=0)
    return func.sum(debit - credit)


def balances(connection: Connection, days: Days, owed: Owed) -> Iterator[BalanceView]:
    """What is owed on claims, in the order of their ids."""
    last = 0
    if owed.claim_ids:
        ids = sorted(set(owed.claim_ids))
        for start in range(0, len(ids), PAGE):
            yield from _views(connection, days, owed, _sums(connection, owed, ids[start : start + PAGE], 0))
        return
    while True:
        page = _sums(connection, owed, [], last)
        yield from _views(connection, days, owed, page)
        if len(page) < PAGE:
            return
        last = page[-1].claim_id


def _sums(connection: Connection, owed: Owed, ids: Sequence[int], after: int) -> list[Any]:
    total, denied, patient = _on(RECEIVABLE), _on(DENIED), _on(PATIENT)
    by_kind = [_on(f"{PATIENT}{kind}").label(kind) for kind in KINDS]
    since = func.min(case((func.substr(_t.debit, 1, len(PATIENT)) == PATIENT, _t.on_date)))
    statement: Select[Any] = select(
        _t.claim_id,
        total.label("total"),
        denied.label("denied"),
        patient.label("patient"),
        since.label("since"),
        *by_kind,
    ).where(_t.claim_id > after)
    if ids:
        statement = statement.where(_t.claim_id.in_(ids))
    wanted = {"payer": total - denied - patient > 0, "patient": patient > 0}.get(
        owed.by, (total != 0) | (denied != 0) | (patient != 0)
    )
    statement = statement.group_by(_t.claim_id).having(wanted).order_by(_t.claim_id).limit(PAGE)
    return list(connection.execute(statement))


def _views(connection: Connection, days: Days, owed: Owed, sums: Sequence[Any]) -> Iterator[BalanceView]:
    ids = [row.claim_id for row in sums]
    if not ids:
        return
    known = _claims(connection, owed, ids)
    sent, denied = _sent(connection, ids), _denied(connection, ids)
    owing = [row.claim_id for row in sums if row.patient > 0 and row.claim_id in known]
    waiting = _wait_for_more(connection, owing)
    for row in sums:
        claim = known.get(row.claim_id)
        if claim is None:
            continue
        sent_at, acked_at = sent.get(row.claim_id, (None, None))
        file_by = None
        if days.deadlines is not None:
            file_by = days.deadlines.refile_by(claim.filing_code, claim.payer_id, claim.from_date)
        yield BalanceView(
            row.claim_id,
            claim.source_claim_number,
            claim.state,
            claim.payer_id,
            claim.payer_name,
            claim.filing_code,
            claim.partner,
            claim.patient_id,
            to_dollars(claim.charge_cents),
            claim.from_date,
            claim.created_at,
            days.of(sent_at),
            days.of(acked_at),
            file_by,
            denied.get(row.claim_id, 0),
            row.claim_id in waiting,
            row.since,
            to_dollars(int(row.total - row.denied - row.patient)),
            to_dollars(int(row.denied)),
            _of_patient(row),
        )


def _of_patient(row: Any) -> dict[str, Decimal]:
    found = {kind: int(getattr(row, kind)) for kind in KINDS}
    found[OTHER] = int(row.patient) - sum(found.values())
    return {kind: to_dollars(cents) for kind, cents in found.items() if cents}


def _claims(connection: Connection, owed: Owed, ids: Sequence[int]) -> dict[int, Any]:
    c = claims.c
    statement = select(
        *(c.id, c.source_claim_number, c.state, c.payer_id, c.payer_name, c.filing_code, c.partner, c.patient_id),
        *(c.charge_cents, c.from_date, c.created_at),
    ).where(c.id.in_(ids))
    if owed.states:
        statement = statement.where(c.state.in_(owed.states))
    if owed.payer_ids:
        statement = statement.where(c.payer_id.in_(owed.payer_ids))
    return {row.id: row for row in connection.execute(statement)}


def _sent(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[dt.datetime | None, dt.datetime | None]]:
    """When each claim was last sent, and when that sending was first answered."""
    s, a = submissions.c, acknowledgments.c
    first = func.min(a.at).label("acked_at")
    rows = connection.execute(
        select(s.claim_id, s.id, batches.c.sent_at, first)
        .select_from(
            submissions.join(batches, batches.c.id == s.batch_id).outerjoin(
                acknowledgments, (a.submission_id == s.id) & a.verdict.in_(("accepted", "received"))
            )
        )
        .where(s.claim_id.in_(ids))
        .group_by(s.claim_id, s.id, batches.c.sent_at)
        .order_by(s.id)
    )
    return {row.claim_id: (row.sent_at, row.acked_at) for row in rows}


def _denied(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    c = denials.c
    rows = connection.execute(
        select(c.claim_id, func.count()).where(c.claim_id.in_(ids), c.state == "open").group_by(c.claim_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _wait_for_more(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of which a payer that the claim names has not decided yet."""
    if not ids:
        return set()
    p = claim_payments.c
    reversed_ids = select(p.reverses).where(p.claim_id.in_(ids), p.reverses.is_not(None))
    spoken: dict[int, int] = dict.fromkeys(ids, 0)
    for row in connection.execute(
        select(p.claim_id, p.status).where(
            p.claim_id.in_(ids), p.state == "posted", p.reverses.is_(None), p.id.not_in(reversed_ids)
        )
    ):
        spoken[row.claim_id] = max(spoken[row.claim_id], _SPOKEN.get(row.status, 1))
    found = set()
    for claim_id, content in connection.execute(select(claims.c.id, claims.c.content).where(claims.c.id.in_(ids))):
        own, last = _levels(content)
        level = spoken[claim_id]
        # What a payer says of a claim that was billed to it as the second is the second's word.
        if max(level, own if level else 0) < last:
            found.add(claim_id)
    return found


def _levels(content: bytes) -> tuple[int, int]:
    """Which payer a claim is billed to, and the last that it names: 1 the first, 2 the second ..."""
    claim = Claim(StoredClaim.unpack(content), "desk")
    own = _LEVELS.get(claim.payer_responsibility, 1)
    others = [_LEVELS.get(one.responsibility, 4) for one in claim.other_subscribers]
    return own, max([own, *others])
