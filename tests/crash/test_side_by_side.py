"""Two pieces of work that touch the same file at the same time, on both databases."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

from gateway.core.flow import drop
from gateway.core.flow.acknowledge import apply
from gateway.core.flow.turns import PATIENCE, next_to_post, one_at_a_time
from gateway.core.model.answers import ClaimAnswer, StatusCode, status_verdict
from gateway.core.model.states import Hop
from gateway.core.store import files as file_store
from gateway.core.store.archive import Stored
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import claims, files, outbox, remote_files, submissions

from ..flow.rows import add_batch, add_file, services

NOON = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)


@pytest.fixture
def sql(database_url: str) -> Iterator[Engine]:
    engine = make_sync_engine(database_url)
    yield engine
    engine.dispose()


def side_by_side(sql: Engine, first: Callable[[Connection], Any], second: Callable[[Connection], Any]) -> list[Any]:
    """Two transactions; the second begins when the first has done everything but commit. Returns what each gave."""
    done, go_on = threading.Event(), threading.Event()
    gave: list[Any] = [None, None]

    def in_first() -> None:
        with sql.begin() as connection:
            gave[0] = first(connection)
            done.set()
            go_on.wait(10)

    def in_second() -> None:
        assert done.wait(10)
        with sql.begin() as connection:
            gave[1] = second(connection)

    threads = [threading.Thread(target=in_first), threading.Thread(target=in_second)]
    for thread in threads:
        thread.start()
    threads[1].join(0.3)  # until it waits for the first, which nothing tells
    go_on.set()
    for thread in threads:
        thread.join(20)
    return gave


def remittances_of(sql: Engine, *states: str, at: dt.datetime = NOON) -> list[int]:
    """Files of a partner that came one after the other, in these states."""
    with sql.begin() as connection:
        return [
            file_store.add(
                connection,
                file_store.NewFile("in", "partner", "practice", f"{n}.835", Stored(f"{n:064d}", 1), "835", state),
                at,
            )
            for n, state in enumerate(states)
        ]


def finish(connection: Connection, file_id: int, state: str) -> int | None:
    """What a station does when it has read (`reading`) or posted (`read`) a file."""
    one_at_a_time(connection, "practice")
    connection.execute(update(files).where(files.c.id == file_id).values(state=state))
    return next_to_post(connection, "practice", NOON)


def begun(sql: Engine) -> list[int]:
    with sql.connect() as connection:
        return [int(key) for key in connection.execute(select(outbox.c.key).order_by(outbox.c.id)).scalars()]


def test_remittances_that_were_read_in_another_order_post_in_the_order_in_which_they_came(sql: Engine) -> None:
    first, second, third = remittances_of(sql, "received", "received", "received")
    for file_id, state, starts in (
        (third, "reading", None),
        (first, "reading", first),
        (second, "reading", None),
        (first, "read", second),
        (second, "read", third),
        (third, "read", None),
    ):
        with sql.begin() as connection:
            assert finish(connection, file_id, state) == starts
    assert begun(sql) == [first, second, third]


def test_a_file_that_is_read_while_the_one_before_ends_still_has_its_turn(sql: Engine) -> None:
    first, second = remittances_of(sql, "reading", "received")
    with sql.begin() as connection:
        assert next_to_post(connection, "practice", NOON) == first
    gave = side_by_side(
        sql, lambda connection: finish(connection, first, "read"), lambda c: finish(c, second, "reading")
    )
    assert gave == [None, second]
    assert begun(sql) == [first, second]


def test_a_file_that_never_ends_does_not_hold_up_the_others_for_ever(sql: Engine) -> None:
    stuck, _ = remittances_of(sql, "received", "reading", at=NOON - PATIENCE / 2)
    with sql.begin() as connection:
        assert next_to_post(connection, "practice", NOON) is None
        assert next_to_post(connection, "practice", NOON + PATIENCE) == stuck + 1


def test_an_answer_that_comes_while_a_payment_posts_never_puts_its_submission_back(sql: Engine) -> None:
    with sql.begin() as connection:
        batch = add_batch(connection, ["A1", "A2"])
        file_id = add_file(connection)

    def post(connection: Connection) -> None:
        connection.execute(update(claims).values(state="paid", version=claims.c.version + 1))
        connection.execute(update(submissions).values(state="adjudicated", hop=int(Hop.REMITTANCE)))

    accepted = (StatusCode("A2", "20"),)
    answers = [
        ClaimAnswer(f"BATCH{batch}", number, Hop.PAYER, status_verdict(accepted), accepted) for number in ("A2", "A1")
    ]
    side_by_side(sql, post, lambda connection: apply(connection, services(), file_id, answers))
    with sql.connect() as connection:
        found = connection.execute(select(submissions.c.state, submissions.c.hop)).all()
        assert found == [("adjudicated", Hop.REMITTANCE)] * 2
        assert set(connection.execute(select(claims.c.state)).scalars()) == {"paid"}


def test_two_looks_at_a_drop_folder_take_a_file_once(sql: Engine) -> None:
    file = {"path": "/in/a.837", "name": "a.837", "size": 9, "mtime": 1, "refused": "", "stored": ["a" * 64, 9]}
    found = {"taken": [file], "looked_at": NOON.isoformat()}

    def register(connection: Connection) -> list[int]:
        return drop._register(connection, services(), "desk", "source:desk", found)

    first, second = side_by_side(sql, register, register)
    assert (len(first), second) == (1, [])
    with sql.connect() as connection:
        assert len(connection.execute(select(remote_files)).all()) == 1
