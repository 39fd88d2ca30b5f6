"""Tables of plugins in the database: made, widened, refused, written and read, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, inspect, text

from gateway.core.store import plugin_rows
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.plugin_rows import Kept, PluginTablesRefused
from gateway.plugins.rows import DeclaredTable, RowTable

NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
COLUMNS: dict[str, type] = {"serial": str, "count": int, "fee": Decimal, "done_on": dt.date, "passed": bool}
CHECKS = DeclaredTable("upkeep", RowTable("checks", COLUMNS, key=("serial",)))
NOBODY = DeclaredTable("upkeep", RowTable("marks", {"name": str}, key=("name",), of="none"))
ALONE = DeclaredTable("upkeep", RowTable("state", {"count": int}))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_sync_engine(database_url)
    yield made
    with made.begin() as connection:
        for plugin in ("upkeep", "a_b", "a"):
            plugin_rows.drop(connection, plugin)
    made.dispose()


def changed(**columns: type) -> DeclaredTable:
    return CHECKS._replace(table=CHECKS.table._replace(columns=columns))


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (changed(**{name: kind for name, kind in COLUMNS.items() if name != "count"}), "not declared any more"),
        (changed(**COLUMNS | {"count": str}), "has int in the column count, not text"),
        (
            CHECKS._replace(table=CHECKS.table._replace(key=("serial", "count"))),
            "has the key (serial), not (serial, count",
        ),
        (CHECKS._replace(table=CHECKS.table._replace(of="claim")), "belongs to patient, not to claim"),
        (DeclaredTable("p" * 50, CHECKS.table), "needs a name of at most 4 characters"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(engine: Engine, again: DeclaredTable, told: str) -> None:
    with engine.begin() as connection:
        plugin_rows.prepare(connection, [CHECKS], NOW)
    with engine.connect() as connection, pytest.raises(PluginTablesRefused) as refused:
        plugin_rows.prepare(connection, [again, NOBODY], NOW)
    assert told in str(refused.value)
    with engine.connect() as connection:
        assert set(plugin_rows.known(connection)) == {("upkeep", "checks")}


def test_made_once_and_widened_with_its_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        assert plugin_rows.prepare(connection, [CHECKS, NOBODY], NOW) == [
            "plugin_upkeep__checks",
            "plugin_upkeep__marks",
        ]
        assert plugin_rows.prepare(connection, [CHECKS, NOBODY], NOW) == []
        values = ("S1", 3, Decimal("2.50"), dt.date(2026, 1, 2), True)
        assert plugin_rows.write(connection, [Kept(CHECKS, 7, values)], NOW) == 1
    wider = changed(**{"reason": str} | COLUMNS)
    with engine.begin() as connection:
        assert plugin_rows.prepare(connection, [wider], NOW) == ["plugin_upkeep__checks"]
        (row,) = plugin_rows.rows_by_owner(connection, wider, {7: 7})[7]
    assert row == {"reason": None, "serial": "S1", "count": 3, "fee": Decimal("2.50"),
                   "done_on": dt.date(2026, 1, 2), "passed": True}  # fmt: skip
    assert type(row["passed"]) is bool


def test_two_plugins_never_share_a_table(engine: Engine) -> None:
    one, two = DeclaredTable("a_b", RowTable("c", {"x": int})), DeclaredTable("a", RowTable("b_c", {"x": int}))
    with engine.begin() as connection:
        plugin_rows.prepare(connection, [one, two], NOW)
        plugin_rows.write(connection, [Kept(one, 1, (1,)), Kept(two, 1, (2,))], NOW)
        assert plugin_rows.rows_by_owner(connection, one, {1: 1}) == {1: [{"x": 1}]}
        assert plugin_rows.rows_by_owner(connection, two, {1: 1}) == {1: [{"x": 2}]}


def test_a_row_of_the_same_key_is_changed_and_the_later_of_two_counts(engine: Engine) -> None:
    with engine.begin() as connection:
        plugin_rows.prepare(connection, [CHECKS, ALONE], NOW)
        plugin_rows.write(connection, [Kept(CHECKS, 1, ("S1", 1, None, None, None))], NOW)
        rows = [("S1", 2, None, None, None), ("S2", 1, None, None, None), ("S1", 3, None, None, None)]
        assert plugin_rows.write(connection, [Kept(CHECKS, 1, row) for row in rows], NOW) == 2
        plugin_rows.write(connection, [Kept(ALONE, 1, (number,)) for number in (1, 2)], NOW)
        found = plugin_rows.rows_by_owner(connection, CHECKS, {1: 1})[1]
        assert sorted((row["serial"], row["count"]) for row in found) == [("S1", 3), ("S2", 1)]
        assert plugin_rows.rows_by_owner(connection, ALONE, {1: 1}) == {1: [{"count": 2}]}


def test_of_two_merged_patients_the_row_of_who_remains_counts(engine: Engine) -> None:
    with engine.begin() as connection:
        plugin_rows.prepare(connection, [CHECKS], NOW)
        later = NOW + dt.timedelta(days=1)
        plugin_rows.write(connection, [Kept(CHECKS, 1, ("S1", 1, None, None, None))], NOW)
        others = [Kept(CHECKS, 2, (serial, 2, None, None, None)) for serial in ("S1", "S2")]
        plugin_rows.write(connection, others, later)
        found = plugin_rows.rows_by_owner(connection, CHECKS, {1: 1, 2: 1})
    assert sorted((row["serial"], row["count"]) for row in found[1]) == [("S1", 1), ("S2", 2)]


def test_a_table_that_is_gone_is_missed_and_one_not_made_yet_has_no_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        assert plugin_rows.rows_by_owner(connection, CHECKS, {1: 1}) == {}
        assert plugin_rows.rows_of_nobody(connection, NOBODY) == []
        plugin_rows.prepare(connection, [NOBODY], NOW)
        plugin_rows.write(connection, [Kept(NOBODY, "", ("once",))], NOW)
        assert plugin_rows.rows_of_nobody(connection, NOBODY) == [{"name": "once"}]
        assert plugin_rows.missing(connection, []) == []
        connection.execute(text("ALTER TABLE plugin_upkeep__marks RENAME TO elsewhere"))
        assert plugin_rows.missing(connection, []) == ["plugin_upkeep__marks"]
        connection.execute(text("ALTER TABLE elsewhere RENAME TO plugin_upkeep__marks"))
        assert "plugin_upkeep__marks" in inspect(connection).get_table_names()
