"""What the flow opens has its dates: a rejection, by when the claim must be with the payer."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, select, update

from gateway.core.flow.acknowledge import apply
from gateway.core.model.answers import ClaimAnswer, StatusCode, status_verdict
from gateway.core.model.states import Hop
from gateway.core.store.tables import claims, work_items

from ..flow.rows import add_batch, add_file, services


def test_a_rejection_opens_with_the_last_day_to_file(engine: Engine) -> None:
    codes = (StatusCode("A7", "562", "85"),)
    with engine.begin() as sql:
        batch = add_batch(sql, ["A1"])
        sql.execute(update(claims).values(filing_code="MB", from_date=dt.date(2024, 2, 29)))
        answer = ClaimAnswer(f"BATCH{batch}", "A1", Hop.PAYER, status_verdict(codes), codes)
        apply(sql, services(), add_file(sql), [answer])
        row = sql.execute(select(work_items)).one()
    assert (row.kind, row.refile_by, row.priority_date) == ("rejection", dt.date(2025, 2, 28), dt.date(2025, 2, 28))
