"""Where claims and work stand: by stage, who has how much, how far files have come."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, Engine, event, update

from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import files
from gateway.core.work import verbs
from gateway.core.work.queue import Counted
from gateway.core.work.standing import NEWEST, STAGES, FileNow, stands

from ..conftest import create_tables
from .desk import NOW, TODAY, many_items, put_claim, put_item

MIDNIGHT = dt.datetime(2026, 11, 23, 6, 0, tzinfo=dt.UTC)


def test_nothing_stands_anywhere_before_the_first_claim(sql: Connection) -> None:
    found = stands(sql, TODAY, MIDNIGHT)
    assert set(found.stages) == {*(name for name, _ in STAGES), "in", "follow_up"}
    assert set(found.stages.values()) == {Counted(0, 0)}
    assert (found.waiting, found.having, found.files) == ([], {}, [])


def test_claims_are_counted_where_they_stand_and_what_came_since_the_day_began(engine: Engine) -> None:
    yesterday = MIDNIGHT - dt.timedelta(seconds=1)
    with engine.begin() as sql:
        for number, (state, cents, at) in enumerate(
            [
                ("held", 100, MIDNIGHT),
                ("ready", 200, yesterday),
                ("batched", 300, yesterday),
                ("closed", 4_000, yesterday),
                ("paid", 5_000, yesterday),
                ("denied", 700, NOW),
                ("cancelled", 9, yesterday),
            ],
            1,
        ):
            put_claim(sql, number, state=state, charge_cents=cents, created_at=at)
        put_item(sql, "a", kind="follow_up", cents=55)
        stages = stands(sql, TODAY, MIDNIGHT).stages
    assert {name: one for name, one in stages.items() if one.items} == {
        "held": Counted(1, 100),
        "ready": Counted(2, 500),
        "paid": Counted(2, 9_000),
        "denied": Counted(1, 700),
        "in": Counted(2, 800),
        "follow_up": Counted(1, 55),
    }


def test_work_is_counted_by_who_has_it_and_not_what_is_done(engine: Engine) -> None:
    with engine.begin() as sql:
        one, two, three = (put_item(sql, key, cents=100) for key in "abc")
        verbs.claim(sql, [one, two], "maria", NOW)
        verbs.claim(sql, [three], "sam", NOW)
        verbs.close(sql, [two], "maria", NOW, "Done.")
        assert stands(sql, TODAY, MIDNIGHT).having == {"maria": Counted(1, 100), "sam": Counted(1, 100)}


def test_a_file_that_is_being_read_tells_how_many_of_its_claims_are_in(engine: Engine) -> None:
    with engine.begin() as sql:
        for number in (1, 2, 3):
            put_claim(sql, number)
        assert stands(sql, TODAY, MIDNIGHT).files == [FileNow(1, "read", 0, 0)]
        sql.execute(update(files).values(state="reading"))
        assert stands(sql, TODAY, MIDNIGHT).files == [FileNow(1, "reading", 3, 0)]
        assert NEWEST >= 50, "a page of files is told"


@pytest.mark.parametrize(("wide", "by"), [("work_items", "INDEX ix_work_items_assignee"), ("claims", "COVERING INDEX")])
def test_a_look_reads_indexes_and_no_table_as_a_whole(sqlite_url: str, wide: str, by: str) -> None:
    create_tables(sqlite_url)
    made = make_sync_engine(sqlite_url)
    seen: list[tuple[str, object]] = []
    with made.begin() as sql:
        put_claim(sql)
        many_items(sql, 500)

    @event.listens_for(made, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: object, _context: object, _many: bool) -> None:
        seen.append((statement, parameters))

    with made.begin() as sql:
        stands(sql, TODAY, MIDNIGHT)
        for statement, parameters in list(seen):
            if not statement.startswith("SELECT"):
                continue
            plan = [row[3] for row in sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            whole = [one for one in plan if one.startswith(f"SCAN {wide}") and by not in one]
            assert not whole, plan
    made.dispose()
