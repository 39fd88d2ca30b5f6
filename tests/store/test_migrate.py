"""Migrations end at exactly the schema that the code has, on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from gateway.core.store import migrate
from gateway.core.store.engine import make_sync_engine, prepare_sqlite
from gateway.core.store.tables import counters, metadata, work_items

from ..conftest import DatabaseUrls


def test_an_empty_database_is_brought_to_the_schema_of_this_version(empty_database_urls: DatabaseUrls) -> None:
    prepare_sqlite(empty_database_urls.business)
    engine = make_sync_engine(empty_database_urls.business)
    assert migrate.upgrade(engine)
    assert not migrate.upgrade(engine), "asking twice is once"
    with engine.connect() as connection:

        def here(thing: Any, _name: object, kind: str, _reflected: object, _other: object) -> bool:
            """Not what is made on the other database alone."""
            alone = getattr(thing, "_ddl_if", None) if kind == "index" else None
            return alone is None or alone.dialect == connection.dialect.name

        options = {"compare_type": False, "include_object": here}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert migrate.current(connection) == migrate.head()
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_with_what_to_do(empty_database_urls: DatabaseUrls) -> None:
    prepare_sqlite(empty_database_urls.business)
    engine = make_sync_engine(empty_database_urls.business)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.NewerDatabase, match="restore a backup"):
        migrate.upgrade(engine)
    engine.dispose()


def test_a_database_of_an_older_version_keeps_its_rows(empty_database_urls: DatabaseUrls) -> None:
    prepare_sqlite(empty_database_urls.business)
    engine = make_sync_engine(empty_database_urls.business)
    assert migrate.upgrade(engine, to="0001")
    with engine.begin() as connection:
        assert migrate.current(connection) == "0001"
        connection.execute(insert(counters).values(name="claims", next=41))
    assert migrate.upgrade(engine)
    with engine.connect() as connection:
        assert migrate.current(connection) == migrate.head()
        assert connection.execute(select(counters.c.next).where(counters.c.name == "claims")).scalar_one() == 41
    engine.dispose()


def test_items_that_were_open_before_have_their_place_in_the_queue(empty_database_urls: DatabaseUrls) -> None:
    prepare_sqlite(empty_database_urls.business)
    engine = make_sync_engine(empty_database_urls.business)
    migrate.upgrade(engine, to="0005")
    names = "id, kind, key, subject_kind, reason, rule, team, assignee, cents, state, payer_id, partner, outcome"
    with engine.begin() as connection:
        for number, kind, deadline in (
            (1, "denial", "'2026-12-01'"),
            (2, "denial", "NULL"),
            (3, "overdue_ack", "NULL"),
        ):
            connection.execute(
                text(
                    f"INSERT INTO work_items ({names}, opened_at, work_by, deadline) VALUES ({number}, '{kind}', "
                    f"'{number}', 'claim', '', '', '', '', 0, 'open', '', '', '', '2026-11-23', '2026-11-25', "
                    f"{deadline})"
                )
            )
    assert migrate.upgrade(engine)
    with engine.connect() as connection:
        dates = connection.execute(select(work_items.c.priority_date).order_by(work_items.c.id)).scalars().all()
    assert dates == [dt.date(2026, 12, 1), None, dt.date(2026, 11, 25)]
    engine.dispose()
