"""The order of the morning's queue, its filters and its pages; what waits in all."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, event

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import work_items
from gateway.core.work import queue, verbs, worklists
from gateway.core.work.orders import Order
from gateway.core.work.priority import Bucket, bucket_of
from gateway.core.work.queue import BadCursor, Wanted
from gateway.plugins.declared import Worklist

from ..conftest import create_tables
from .desk import ACTS, NOW, TODAY, days, many_items, put_claim, put_item

EVERYTHING = Wanted()


def keys(connection: Connection, wanted: Wanted = EVERYTHING, day: dt.date = TODAY) -> list[str]:
    """The reasons of what a filter takes, in the order of the queue."""
    return [item.reason for item in queue.page(connection, wanted, day).items]


def put(connection: Connection, reason: str, **values: object) -> int:
    """An item of a claim that is known by its reason."""
    return put_item(connection, reason, reason=reason, claim_id=1, subject_kind="claim", subject_id=1, **values)


# --- the order -------------------------------------------------------------------------------------


def test_the_nearest_deadline_comes_first_then_the_most_dollars_then_the_oldest(sql: Connection) -> None:
    put_claim(sql)
    put(sql, "later, rich", cents=900_000, deadline=days(40))
    put(sql, "no date", cents=950_000)
    put(sql, "week, poor", cents=100, deadline=days(1))
    put(sql, "week, rich", cents=5_000, deadline=days(7))
    put(sql, "fortnight", cents=700_000, deadline=days(8))
    put(sql, "month", cents=800_000, deadline=days(30))
    put(sql, "overdue", cents=1, refile_by=days(-1))
    put(sql, "week, poor, older", cents=100, appeal_by=days(7), at=NOW - dt.timedelta(days=9))
    assert keys(sql) == [
        "overdue",
        "week, rich",
        "week, poor, older",
        "week, poor",
        "fortnight",
        "month",
        "no date",
        "later, rich",
    ]


def test_what_should_have_been_worked_and_was_not_touched_is_late(sql: Connection) -> None:
    item = put_item(sql, work_by=days(-1))
    on_time = put_item(sql, "b", work_by=TODAY)
    assert {one.id: one.late for one in queue.page(sql, EVERYTHING, TODAY).items} == {item: True, on_time: False}
    verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="note")
    assert not any(one.late for one in queue.page(sql, EVERYTHING, TODAY).items)


# --- filters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(team="denials"), ["denial"]),
        (Wanted(kind="hold"), ["hold"]),
        (Wanted(payer="60054"), ["denial"]),
        (Wanted(rule="R1.40"), ["hold"]),
        (Wanted(bucket=Bucket.WEEK), ["denial"]),
        (Wanted(bucket=Bucket.LATER), ["hold"]),
        (Wanted(least=5_000), ["denial"]),
        (Wanted(most=4_999), ["hold"]),
        (Wanted(least=4_000, most=5_000), ["denial", "hold"]),
        (Wanted(claim_id=2), ["denial"]),
        (Wanted(assignee="maria"), ["denial"]),
        (Wanted(unassigned=True), ["hold"]),
        (Wanted(team="denials", kind="hold"), []),
    ],
)
def test_a_filter_takes_its_own_and_no_others(sql: Connection, wanted: Wanted, found: list[str]) -> None:
    put_claim(sql, 1)
    put_claim(sql, 2)
    put(sql, "hold", kind="hold", rule="R1.40", cents=4_000)
    denial = put_item(
        sql, "denial", kind="denial", reason="denial", team="denials", payer_id="60054", cents=5_000,
        deadline=days(3), subject_kind="claim", subject_id=2, claim_id=2,
    )  # fmt: skip
    verbs.claim(sql, [denial], "maria", NOW)
    assert keys(sql, wanted) == found
    counted = queue.counted(sql, wanted, TODAY)
    assert counted.items == len(found)
    assert not wanted.everything
    assert sorted(queue.ids(sql, wanted, TODAY, limit=10)) == sorted(i.id for i in queue.page(sql, wanted, TODAY).items)


def test_the_mornings_work_is_what_is_new_and_what_has_come_due(sql: Connection) -> None:
    put_claim(sql)
    for reason, on in (("came due", days(2)), ("not yet", days(3))):
        item = put(sql, reason, kind="denial")
        verbs.touch(sql, [item], "maria", NOW, ACTS, TODAY, action="called_payer", follow_up=on)
    put(sql, "new", cents=1)
    morning = days(2)
    assert keys(sql, Wanted(for_today=True), morning) == ["new", "came due"]
    assert keys(sql, Wanted(follow_up_due=True), morning) == ["came due"]
    assert len(keys(sql, EVERYTHING, morning)) == 3


def test_what_rests_is_not_shown_before_its_day(sql: Connection) -> None:
    item = put_item(sql, reason="rests")
    verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(2))
    assert keys(sql, EVERYTHING, days(1)) == []
    assert keys(sql, Wanted(snoozed=True), days(1)) == ["rests"]
    assert keys(sql, EVERYTHING, days(2)) == ["rests"]


def test_what_is_closed_is_in_no_queue_but_can_be_looked_at(sql: Connection) -> None:
    item = put_item(sql)
    verbs.close(sql, [item], "maria", NOW, "Done.")
    assert keys(sql) == []
    told = queue.one(sql, item, TODAY)
    assert told is not None
    assert (told.item.state, told.item.outcome) == ("closed", "Done. (maria)")
    assert [one["verb"] for one in told.touches] == ["close"]
    assert queue.one(sql, 99, TODAY) is None


def test_what_rests_is_on_no_worklist_of_a_plugin_before_its_day(sql: Connection) -> None:
    own = Worklist(name="own", title="Own", kinds=("claim_review",), columns=("id", "refile_by"), order=("id",))
    item = put_item(sql, cents=100, refile_by=days(30))
    assert worklists.listed(sql, own, TODAY).rows == [(item, days(30))]
    assert worklists.waiting(sql, own, TODAY) == (1, 100)
    verbs.snooze(sql, [item], "maria", NOW, TODAY, until=days(2))
    assert worklists.listed(sql, own, days(1)).rows == []
    assert worklists.waiting(sql, own, days(1)) == (0, 0)
    assert worklists.waiting(sql, own, days(2)) == (1, 100)


# --- pages -----------------------------------------------------------------------------------------


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(st.none() | st.integers(-5, 40), st.integers(0, 3), st.integers(0, 3)), min_size=0, max_size=30
    ),
    size=st.integers(1, 7),
)
def test_pages_make_the_whole_in_its_order(sql: Connection, rows: list[tuple[int | None, int, int]], size: int) -> None:
    sql.execute(delete(work_items))
    for at, (left, cents, age) in enumerate(rows):
        opened = NOW - dt.timedelta(hours=age)
        put_item(sql, f"k{at}", deadline=None if left is None else days(left), cents=cents, at=opened)
    whole = [item.id for item in queue.page(sql, EVERYTHING, TODAY, limit=100).items]
    assert len(set(whole)) == len(rows)
    walked: list[int] = []
    after = ""
    while True:
        page = queue.page(sql, EVERYTHING, TODAY, limit=size, after=after)
        walked += [item.id for item in page.items]
        after = page.after
        if not after:
            break
        assert len(page.items) == size
    assert walked == whole


def test_each_date_is_found_in_its_own_bucket_and_in_no_other(engine: Engine) -> None:
    with engine.begin() as sql:
        dates = [None, *(days(left) for left in range(-2, 33))]
        for date in dates:
            put_item(sql, f"on {date}", reason=f"on {date}", deadline=date)
        found = {bucket: keys(sql, Wanted(bucket=bucket)) for bucket in Bucket}
    expected: dict[Bucket, set[str]] = {bucket: set() for bucket in Bucket}
    for date in dates:
        expected[bucket_of(date, TODAY)].add(f"on {date}")
    assert {bucket: set(some) for bucket, some in found.items()} == expected
    assert sum(map(len, found.values())) == len(dates)


def test_a_walk_that_goes_on_after_midnight_misses_nothing(engine: Engine) -> None:
    with engine.begin() as sql:
        for at in range(6):
            put_item(sql, f"k{at}", deadline=days(at % 2 + 7), cents=at)
        first = queue.page(sql, EVERYTHING, TODAY, limit=3)
        rest = queue.page(sql, EVERYTHING, days(1), limit=10, after=first.after)
        assert len({item.id for item in (*first.items, *rest.items)}) == 6


@pytest.mark.parametrize(
    "after", ["x", "WzFd", "bnVsbA==", "é", "W10=", "WyIyMDI2LTExLTIzIiw5LDAsIjIwMjYtMTEtMjMiLDFd"]
)
def test_a_page_that_is_none_of_ours_is_told(sql: Connection, after: str) -> None:
    with pytest.raises(BadCursor):
        queue.page(sql, EVERYTHING, TODAY, after=after)


# --- other orders ----------------------------------------------------------------------------------

ORDERED = {
    Order.DOLLARS: ["rich, old", "rich", "due today", "no date", "due soon"],
    Order.DUE: ["due today", "due soon", "rich", "rich, old", "no date"],
    Order.OLDEST: ["rich, old", "due soon", "due today", "no date", "rich"],
    Order.NEWEST: ["rich", "no date", "due today", "due soon", "rich, old"],
}


@pytest.mark.parametrize("order", ORDERED)
@pytest.mark.parametrize("limit", [1, 2, 10])
def test_a_queue_in_another_order_is_walked_whole_whatever_the_page_holds(
    engine: Engine, order: Order, limit: int
) -> None:
    with engine.begin() as sql:
        put_item(sql, "1", reason="due soon", work_by=days(2), cents=100)
        put_item(sql, "2", reason="due today", work_by=days(0), cents=500, deadline=days(90))
        put_item(sql, "3", reason="no date", cents=400)
        put_item(sql, "4", reason="rich", work_by=days(9), cents=900)
        put_item(sql, "5", reason="rich, old", work_by=days(9), cents=900, at=NOW - dt.timedelta(days=3))
        found: list[str] = []
        after = ""
        while True:
            page = queue.page(sql, EVERYTHING, TODAY, limit=limit, after=after, order=order)
            found += [item.reason for item in page.items]
            after = page.after
            if not after:
                break
        assert found == ORDERED[order]


def test_a_page_of_one_order_does_not_go_on_in_another(sql: Connection) -> None:
    for key in "abc":
        put_item(sql, key, cents=100)
    after = queue.page(sql, EVERYTHING, TODAY, limit=1, order=Order.DOLLARS).after
    for other in (Order.URGENT, Order.DUE, Order.OLDEST):
        with pytest.raises(BadCursor):
            queue.page(sql, EVERYTHING, TODAY, limit=1, after=after, order=other)


def test_a_queue_of_several_kinds_has_these_and_no_others(sql: Connection) -> None:
    for key, kind in (("a", "rul_ending"), ("b", "maintenance_due"), ("c", "denial")):
        put_item(sql, key, kind=kind, reason=kind)
    assert sorted(keys(sql, Wanted(kinds=("rul_ending", "maintenance_due")))) == ["maintenance_due", "rul_ending"]


# --- what waits in all -----------------------------------------------------------------------------


def test_the_summary_counts_by_team_and_kind(engine: Engine) -> None:
    with engine.begin() as sql:
        put_item(sql, "a", team="billing", kind="hold", cents=100, work_by=days(-1), deadline=days(-1))
        put_item(sql, "b", team="billing", kind="hold", cents=200)
        rests = put_item(sql, "c", team="denials", kind="denial", cents=300)
        verbs.claim(sql, [rests], "maria", NOW)
        verbs.snooze(sql, [rests], "maria", NOW, TODAY, until=days(1))
        done = put_item(sql, "d", team="denials", kind="denial", cents=400)
        verbs.close(sql, [done], "maria", NOW, "Done.")
        assert queue.summary(sql, TODAY) == [
            queue.Waiting("billing", "hold", 2, 300, overdue=1, late=1, unassigned=2, resting=0),
            queue.Waiting("denials", "denial", 1, 300, overdue=0, late=0, unassigned=0, resting=1),
        ]


# --- speed -----------------------------------------------------------------------------------------


DATES = "ix_work_items_open_dates (state=?"


@pytest.mark.parametrize(
    ("wanted", "shown", "counted"),
    [
        (EVERYTHING, f"COVERING INDEX {DATES}", "COVERING INDEX ix_work_items_"),
        (Wanted(team="denials", kind="denial"), "COVERING INDEX ix_work_items_", "COVERING INDEX ix_work_items_"),
        (Wanted(bucket=Bucket.WEEK), f"{DATES} AND priority_date", DATES),
        (Wanted(assignee="maria"), "ix_work_items_assignee (assignee=?", "ix_work_items_assignee (assignee=?"),
        (Wanted(claim_id=1), "ix_work_items_claim_id (claim_id=?", "ix_work_items_claim_id (claim_id=?"),
    ],
)
def test_a_page_is_found_by_an_index_and_not_among_everything_closed(
    sqlite_url: str, wanted: Wanted, shown: str, counted: str
) -> None:
    create_tables(sqlite_url)
    made = make_sync_engine(sqlite_url)
    seen: list[tuple[str, object]] = []

    @event.listens_for(made, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: object, _context: object, _many: bool) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    with made.begin() as sql:
        queue.page(sql, wanted, TODAY)
        queue.counted(sql, wanted, TODAY)
        for statement, parameters in list(seen):
            plan = [row[3] for row in sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            index = counted if "count(*)" in statement else shown
            assert any(index in line for line in plan), plan
            assert not [line for line in plan if line.startswith("SCAN work_items")], plan
    made.dispose()


def test_a_page_of_a_long_queue_comes_at_once(sql: Connection) -> None:
    many_items(sql, 30_000)
    many_items(sql, 30_000, first=30_001, state="closed")
    began = time.perf_counter()
    page = queue.page(sql, Wanted(team="denials"), TODAY)
    took = time.perf_counter() - began
    assert len(page.items) == 100
    # Some 50 ms on a quiet machine; a walk through each row by hand takes several times as long.
    assert took < 2
