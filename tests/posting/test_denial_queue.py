"""The queue of denials a page at a time, what waits in all, and trends: on both databases, over denials that payments
opened."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.flow import denial_claims, denial_letters, denial_money, denial_queue, trends
from gateway.core.flow.denial_list import Which
from gateway.core.store import tables
from gateway.core.store.denial_tables import denial_cases
from gateway.core.store.keyset import BadCursor
from gateway.core.work.priority import Bucket

from .conftest import Desk
from .test_denial_acts import TODAY, Worked

EVERYTHING = Which()


@pytest.fixture
def worked(desk: Desk) -> Worked:
    return Worked(desk)


def walked(worked: Worked, which: Which, limit: int = 2, day: dt.date = TODAY) -> list[int]:
    """All that a filter takes, a page at a time."""
    found: list[int] = []
    after = ""
    with worked.desk.sql.connect() as connection:
        while True:
            page = denial_queue.page(connection, which, day, limit=limit, after=after)
            found += [one.id for one in page.denials]
            after = page.after
            if not after:
                return found
            assert len(page.denials) == limit


def test_pages_are_in_the_order_of_the_work_and_what_is_over_the_newest_first(worked: Worked) -> None:
    small, big, middle = worked.deny(amount="20"), worked.deny(amount="900"), worked.deny(amount="100")
    with worked.desk.sql.begin() as connection:
        soon = tables.work_items.update().where(tables.work_items.c.key == f"denial:{small}")
        connection.execute(soon.values(priority_date=TODAY, assignee="pat"))
    assert walked(worked, EVERYTHING) == [small, big, middle]
    assert walked(worked, Which(everything=True)) == [middle, big, small]
    worked.do(denial_money.write_off, middle, who="maria")
    assert walked(worked, EVERYTHING) == [small, big]
    assert walked(worked, Which(status="written off")) == [middle]
    assert walked(worked, Which(everything=True), limit=1) == [middle, big, small]
    for which, found in (
        (Which(assignee="pat"), [small]),
        (Which(unassigned=True), [big]),
        (Which(status="in progress"), [small]),
        (Which(least=2_001), [big]),
        (Which(most=2_000), [small]),
        (Which(code="E1390", reason="50"), [small, big]),
        (Which(code="E0601"), []),
        (Which(remark="N115"), []),
        (Which(first=TODAY, last=TODAY), [small, big]),
        (Which(last=TODAY - dt.timedelta(days=1)), []),
    ):
        assert walked(worked, which) == found, which
    with worked.desk.sql.connect() as connection, pytest.raises(BadCursor):
        denial_queue.page(connection, EVERYTHING, TODAY, after="x")


def test_what_waits_is_counted_by_category_payer_and_date_and_for_whom_it_waits(worked: Worked) -> None:
    one, other = worked.deny(), worked.deny(reason="4", amount="20")
    with worked.desk.sql.connect() as connection:
        parts = denial_queue.summary(connection, TODAY)
        assert denial_queue.waiting(connection) == {"sending": 0, "approval": 0}
    assert {(part.category, part.payer, part.denials, part.cents) for part in parts} == {
        ("MEDICAL_NECESSITY", "90101", 1, 15_000),
        ("CODING_MODIFIER", "90101", 1, 2_000),
    }
    assert {part.bucket for part in parts} == {Bucket.LATER}
    worked.do(denial_claims.appeal, one)
    worked.do(denial_money.write_off, other)
    assert walked(worked, Which(waits_for="sending")) == [one]
    assert walked(worked, Which(waits_for="approval")) == [other]
    worked.do(denial_letters.sent, one, TODAY)
    with worked.desk.sql.connect() as connection:
        assert denial_queue.waiting(connection) == {"sending": 0, "approval": 1}


def test_trends_count_what_came_and_not_what_the_payer_took_back(worked: Worked) -> None:
    one, other, gone = worked.deny(), worked.deny(amount="50"), worked.deny(reason="4", amount="30")
    with worked.desk.sql.begin() as connection:
        august = denial_cases.update().where(denial_cases.c.denial_id == other)
        connection.execute(august.values(received_on=dt.date(2026, 8, 31), recovered_cents=1_000))
        connection.execute(tables.denials.update().where(tables.denials.c.id == gone).values(state="reversed"))
        which = trends.Denied(dt.date(2026, 7, 1), dt.date(2026, 9, 30))
        months = trends.denied_by_month(connection, which)
        assert [(month.first.month, *month[1:]) for month in months] == [
            (7, 0, 0, 0),
            (8, 1, 5_000, 1_000),
            (9, 1, 15_000, 0),
        ]
        (reason,) = trends.denied_by(connection, worked.desk.config(), which, "reason")
        assert reason[:1] + reason[2:] == ("50", 2, 20_000, 1_000, 100.0, 100.0)
        assert "medically necessary" in reason.words
        (payer,) = trends.denied_by(connection, worked.desk.config(), which._replace(code="E1390"), "payer")
        assert (payer.key, payer.number) == ("90101", 2)
        assert trends.denied_by(connection, worked.desk.config(), which._replace(reason="4"), "category") == []
    assert walked(worked, Which(everything=True, counted=True)) == [other, one]


def test_months_follow_each_other_over_the_year() -> None:
    found = trends.months(dt.date(2026, 11, 26), dt.date(2027, 2, 1))
    assert [f"{one:%Y-%m}" for one in found] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert trends.Month(dt.date(2028, 2, 1), 0, 0).last == dt.date(2028, 2, 29)
    assert len(trends.months(dt.date(2000, 1, 1), dt.date(2027, 1, 1))) == trends.MOST_MONTHS
