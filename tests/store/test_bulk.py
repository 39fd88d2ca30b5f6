"""Many rows at once: the same on both databases, also when something is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Date, Engine, Integer, LargeBinary, MetaData, String, Table, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.core.engine.faults import passing
from gateway.core.store.bulk import INSERT, insert_bulk
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import UtcDateTime

NOW = dt.datetime(2026, 11, 23, 17, 30, 1, 250_000, tzinfo=dt.UTC)
SHELF = Table(
    "shelf",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", String(80)),
    Column("amount", Integer, nullable=False),
    Column("day", Date),
    Column("at", UtcDateTime),
    Column("data", JSON),
    Column("content", LargeBinary),
)
COLUMNS = ("id", "text", "amount", "day", "at", "data", "content")
TEXTS = ["", "plain", "tab\tand\nline", "back\\slash", "\\N", "'quoted'", "ÄÖ ~*:^", " blanks "]


@pytest.fixture
def engine(empty_database_urls: Any) -> Iterator[Engine]:
    made = make_sync_engine(empty_database_urls.business)
    SHELF.metadata.create_all(made)
    yield made
    made.dispose()


def row(number: int, words: str | None = "x") -> tuple[Any, ...]:
    return (number, words, -number, NOW.date(), NOW, {"n": [number, None], "t": words}, bytes(range(256)))


def test_every_value_comes_back_as_it_went_in(engine: Engine) -> None:
    rows = [row(number, words) for number, words in enumerate([*TEXTS, None])]
    with engine.begin() as connection:
        assert insert_bulk(connection, SHELF, COLUMNS, rows) == len(rows)
    with engine.connect() as connection:
        assert [tuple(found) for found in connection.execute(select(SHELF).order_by(SHELF.c.id))] == rows


def test_more_than_one_call_of_the_driver(engine: Engine) -> None:
    count = 2 * INSERT + 17
    with engine.begin() as connection:
        assert insert_bulk(connection, SHELF, COLUMNS, (row(number) for number in range(count))) == count
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM shelf")).scalar_one() == count


def test_what_is_kept_is_not_written_over(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_bulk(connection, SHELF, COLUMNS, [row(1, "first")])
        assert insert_bulk(connection, SHELF, COLUMNS, [row(1, "second"), row(2)], keep=["id"]) == 1
        assert connection.execute(select(SHELF.c.text).where(SHELF.c.id == 1)).scalar_one() == "first"


def test_a_row_that_is_there_already_is_refused_and_nothing_stays(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_bulk(connection, SHELF, COLUMNS, [row(1)])
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        insert_bulk(connection, SHELF, COLUMNS, [row(2), row(1)])
    assert not passing(refused.value)
    assert "back" not in str(refused.value)
    with engine.begin() as connection:
        assert insert_bulk(connection, SHELF, COLUMNS, [row(2)]) == 1, "the connection is good for more"


@pytest.mark.postgres
def test_a_lost_connection_is_a_fault_that_passes(postgres_url: str) -> None:
    engine = make_sync_engine(postgres_url)
    SHELF.metadata.create_all(engine)
    other = make_sync_engine(postgres_url)
    with engine.connect() as connection:
        own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.begin() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": own})
        with pytest.raises(DBAPIError) as lost:
            insert_bulk(connection, SHELF, COLUMNS, [row(1)])
    assert passing(lost.value) == "the connection was lost"
    with engine.begin() as connection:
        assert insert_bulk(connection, SHELF, COLUMNS, [row(1)]) == 1, "the pool has another one"
    engine.dispose()
    other.dispose()
