"""The follow-up of what payers owe: its order, its filters, its pages, and what is open by payer and age."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, insert, update

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.inquiry_tables import inquiries
from gateway.core.store.keyset import BadCursor
from gateway.core.store.tables import batches, work_items
from gateway.core.work import receivables
from gateway.core.work.priority import Bucket
from gateway.core.work.receivables import Wanted

from .desk import NOW, TODAY, days, put_claim, put_item


def put(sql: Connection, claim_id: int, age: int | None, **values: object) -> int:
    """A claim of a service so many days ago, and its item."""
    put_claim(sql, claim_id, from_date=None if age is None else days(-age))
    given = {"kind": "follow_up", "subject_kind": "claim", "payer_id": "16013", "team": "followup", "cents": 100}
    return put_item(sql, f"f{claim_id}", claim_id=claim_id, subject_id=claim_id, **given | values)


def walked(sql: Connection, wanted: Wanted) -> list[int]:
    found: list[int] = []
    after = ""
    while True:
        page = receivables.page(sql, wanted, TODAY, limit=2, after=after)
        found += [one.id for one in page.items]
        after = page.after
        if not after:
            return found


def test_timely_filing_comes_first_then_the_most_dollars(sql: Connection) -> None:
    poor, rich = put(sql, 1, 10, cents=100), put(sql, 2, 45, cents=900)
    urgent = put(sql, 3, 130, cents=1, refile_by=days(3))
    other = put_item(sql, "hold", kind="hold", cents=10_000)
    assert walked(sql, Wanted()) == [urgent, rich, poor]
    assert other not in walked(sql, Wanted(kind="hold")), "a hold is no balance to follow up"
    with pytest.raises(BadCursor):
        receivables.page(sql, Wanted(), TODAY, after="x")


@pytest.mark.parametrize(
    ("days_ago", "age"),
    [(0, "0-30"), (30, "0-30"), (31, "31-60"), (90, "61-90"), (120, "91-120"), (121, "over 120"), (None, "no date")],
)
def test_an_age_counts_from_the_service(sql: Connection, days_ago: int | None, age: str) -> None:
    one = put(sql, 1, days_ago)
    (found,) = receivables.page(sql, Wanted(age=age), TODAY).items
    assert (found.id, found.age) == (one, age)
    for other in receivables.EVERY_AGE:
        assert bool(walked(sql, Wanted(age=other))) == (other == age)


def test_filters_take_what_they_say(sql: Connection) -> None:
    due, later, resting = put(sql, 1, 10), put(sql, 2, 10, payer_id="P2"), put(sql, 3, 10)
    for one, values in (
        (due, {"follow_up": TODAY, "assignee": "pat"}),
        (later, {"follow_up": days(1)}),
        (resting, {"snoozed_until": days(2)}),
    ):
        sql.execute(update(work_items).where(work_items.c.id == one).values(**values))
    for wanted, found in (
        (Wanted(next_date="due"), [due]),
        (Wanted(next_date="later"), [later]),
        (Wanted(next_date="none"), []),
        (Wanted(next_date="none", snoozed=True), [resting]),
        (Wanted(assignee="pat"), [due]),
        (Wanted(unassigned=True), [later]),
        (Wanted(payer="P2"), [later]),
        (Wanted(team="edi"), []),
        (Wanted(bucket=Bucket.OVERDUE), []),
        (Wanted(kind="underpayment"), []),
    ):
        assert walked(sql, wanted) == found, wanted


def test_what_is_open_is_summed_by_payer_and_age_and_what_is_closed_is_not(database_url: str) -> None:
    engine = make_sync_engine(database_url)
    with engine.begin() as sql:
        _summed(sql)
    engine.dispose()


def _summed(sql: Connection) -> None:
    put(sql, 1, 10, cents=100)
    put(sql, 2, 20, cents=200, kind="underpayment")
    put(sql, 3, 200, payer_id="P2", cents=400)
    closed = put(sql, 4, 200, payer_id="P2", cents=800)
    sql.execute(update(work_items).where(work_items.c.id == closed).values(state="closed"))
    assert set(receivables.totals(sql, TODAY)) == {("16013", "0-30", 2, 300), ("P2", "over 120", 1, 400)}
    assert set(receivables.claims_of(sql, [closed, closed - 1])) == {closed - 1}
    assert walked(sql, Wanted(age="0-30", next_date="none", unassigned=True)) == [closed - 2, closed - 3]


def test_the_last_answer_of_the_payer_stands_beside(sql: Connection) -> None:
    put(sql, 1, 50)
    sql.execute(insert(batches).values(id=1, sets=1, claims=0, cents=0, created_at=NOW, partner="practice"))
    asked = {"claim_id": 1, "batch_id": 1, "asked_by": "pat", "asked_at": NOW}
    old = {"asked_on": days(-9), "answered_at": NOW, "told": "It is pending."}
    sql.execute(insert(inquiries).values(id=1, trace="Q1", **asked, **old))
    (one,) = receivables.page(sql, Wanted(), TODAY).items
    assert (one.asked_on, one.answer) == (days(-9), "It is pending.")
    sql.execute(insert(inquiries).values(id=2, trace="Q2", asked_on=TODAY, **asked))
    (one,) = receivables.page(sql, Wanted(), TODAY).items
    assert (one.asked_on, one.answer) == (dt.date(2026, 11, 23), "No answer yet.")
