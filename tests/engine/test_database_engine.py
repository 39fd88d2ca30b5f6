"""How the database behaves under the engines we make: one state for a reader, one writer after the other."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.core.store.engine import make_sync_engine, reading, sync_url, system_url


@pytest.fixture
def engine(database_url: str):
    made = make_sync_engine(database_url)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE drawer (id INTEGER PRIMARY KEY, cents INTEGER)"))
        connection.execute(text("INSERT INTO drawer VALUES (1, 100)"))
    yield made
    made.dispose()


def _cents(connection) -> int:
    return connection.execute(text("SELECT cents FROM drawer WHERE id = 1")).scalar_one()


def _pay(engine: Engine, cents: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE drawer SET cents = cents + :more WHERE id = 1"), {"more": cents})


def test_two_reads_in_one_transaction_see_the_same_data(engine: Engine) -> None:
    with reading(engine).begin() as connection:
        before = _cents(connection)
        _pay(engine, 50)
        assert _cents(connection) == before == 100
    with reading(engine).begin() as connection:
        assert _cents(connection) == 150


def test_a_read_only_engine_sees_one_state_and_cannot_write(engine: Engine, database_url: str) -> None:
    reader = make_sync_engine(database_url, read_only=True)
    with reader.connect() as connection, connection.begin():
        assert _cents(connection) == 100
        _pay(engine, 50)
        assert _cents(connection) == 100
    with pytest.raises(DBAPIError):
        _pay(reader, 1)
    reader.dispose()


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with engine.begin() as writer:
        writer.execute(text("UPDATE drawer SET cents = 0"))
        with reading(engine).begin() as connection:
            assert _cents(connection) == 100


def test_a_transaction_that_reads_before_it_writes_loses_no_update(sqlite_url: str) -> None:
    # On PostgreSQL the writers lock the rows they decide on; SQLite has to hold this by itself.
    engine = make_sync_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE drawer (id INTEGER PRIMARY KEY, cents INTEGER)"))
        connection.execute(text("INSERT INTO drawer VALUES (1, 0)"))
    faults: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(25):
                with engine.begin() as connection:
                    seen = _cents(connection)
                    connection.execute(text("UPDATE drawer SET cents = :cents"), {"cents": seen + 1})
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with reading(engine).begin() as connection:
        assert _cents(connection) == 100
    engine.dispose()


def test_an_error_message_never_shows_a_patients_data(engine: Engine) -> None:
    with pytest.raises(IntegrityError) as raised, engine.begin() as connection:
        connection.execute(text("INSERT INTO drawer (id, cents) VALUES (:id, :cents)"), [{"id": 1, "cents": 987654}])
    assert "987654" not in str(raised.value)


def test_foreign_keys_hold_and_commits_reach_the_disk(sqlite_url: str) -> None:
    engine = make_sync_engine(sqlite_url)
    with engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
        }
    engine.dispose()
    assert values == {"foreign_keys": 1, "synchronous": 2, "journal_mode": "wal", "busy_timeout": 30_000}


def test_addresses_are_taken_as_people_write_them() -> None:
    assert sync_url("sqlite:///var/gateway.db").drivername == "sqlite"
    assert sync_url("postgresql://gateway@db/hme").drivername == "postgresql+psycopg"
    assert system_url("sqlite:///var/gateway.db") == "sqlite:///var/gateway-engine.db"
    assert system_url("postgresql://gateway:secret@db/hme") == "postgresql://gateway:secret@db/hme"
    with pytest.raises(ValueError, match="needs a file"):
        sync_url("sqlite://")
    with pytest.raises(ValueError, match="not on mysql"):
        sync_url("mysql://db/hme")
