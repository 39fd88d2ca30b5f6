"""Pages by place: every row once, in order, whatever is empty and whatever comes in between; on both databases."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select

from gateway.core.store import idempotency, keyset
from gateway.core.store.keyset import BadCursor, Key
from gateway.core.store.tables import work_items

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 26)
w = work_items.c
ORDERS = {
    "date first, empty last": (Key(w.work_by, dt.date, nullable=True), Key(w.cents, descending=True), Key(w.id)),
    "late date first, empty last": (Key(w.work_by, dt.date, descending=True, nullable=True), Key(w.id)),
    "moments": (Key(w.opened_at, dt.datetime, descending=True), Key(w.team, str), Key(w.id)),
}


def fill(sql: Connection, first: int, count: int, chance: random.Random) -> None:
    rows = [
        {
            "id": first + at,
            "kind": "x",
            "key": f"k{first + at}",
            "subject_kind": "file",
            "reason": "x",
            "rule": "",
            "team": chance.choice(("billing", "edi")),
            "state": "open",
            "cents": chance.choice((0, 100, 100, 5000)),
            "work_by": chance.choice((None, DAY, DAY + dt.timedelta(days=1))),
            "opened_at": NOW - dt.timedelta(seconds=chance.randrange(3)),
        }
        for at in range(count)
    ]
    sql.execute(insert(work_items), rows)


def page(sql: Connection, order: tuple[Key, ...], after: str, limit: int) -> tuple[list[int], str]:
    """The ids of a page, and where the next one begins."""
    columns = [key.column.label(f"k{at}") for at, key in enumerate(order)]
    statement = select(*columns).order_by(*keyset.order(order)).limit(limit + 1)
    if after:
        statement = statement.where(keyset.behind(order, keyset.read("x", after, [key.of for key in order])))
    rows = sql.execute(statement).all()
    return [row[-1] for row in rows[:limit]], keyset.written("x", rows[limit - 1]) if rows[limit:] else ""


@pytest.mark.parametrize("name", ORDERS)
def test_every_row_is_on_one_page_in_order(engine: Engine, name: str) -> None:
    order, chance = ORDERS[name], random.Random(7)
    with engine.begin() as sql:
        fill(sql, 1, 60, chance)
        wanted = [row.id for row in sql.execute(select(w.id).order_by(*keyset.order(order)))]
        found, after = [], ""
        for _ in range(30):
            ids, after = page(sql, order, after, 7)
            found += ids
            if not after:
                break
    assert found == wanted
    assert sorted(found) == list(range(1, 61))


def test_what_comes_in_between_moves_nothing(engine: Engine) -> None:
    order, chance = ORDERS["date first, empty last"], random.Random(8)
    with engine.begin() as sql:
        fill(sql, 1, 20, chance)
        found, after = page(sql, order, "", 5)
        fill(sql, 101, 20, chance)
        while after:
            ids, after = page(sql, order, after, 5)
            found += ids
    assert len(found) == len(set(found))
    assert set(range(1, 21)) <= set(found)


@pytest.mark.parametrize("text", ["", "x", "e30", "WyJ4Il0", "é", "WyJ4IiwgMV0=" * 500])
def test_a_word_that_is_none_of_ours_is_told(text: str) -> None:
    with pytest.raises(BadCursor):
        keyset.read("x", text, (int,))


@pytest.mark.parametrize(
    ("kind", "value"),
    [(int, 5), (str, "a"), (dt.date, DAY), (dt.datetime, NOW), (dt.date, None), (str, "\u00e9")],
)
def test_a_place_comes_back_as_it_was(kind: type, value: Any) -> None:
    assert keyset.read("x", keyset.written("x", [value]), (kind,)) == [value]


def test_a_write_is_begun_once_on_both_databases(engine: Engine) -> None:
    answer = idempotency.Answer(201, "application/json", b"{}")
    with engine.begin() as sql:
        assert idempotency.begin(sql, "jo", "k", "hash", NOW) is None
    for asked, why in (("hash", "runs"), ("another", "other")):
        with engine.begin() as sql, pytest.raises(idempotency.Refused, match=why):
            idempotency.begin(sql, "jo", "k", asked, NOW)
    idempotency.UNDER.set(("jo", "k"))
    try:
        with engine.begin() as sql:
            idempotency.note_written(sql)
    finally:
        idempotency.UNDER.set(None)
    with engine.begin() as sql, pytest.raises(idempotency.Refused, match="done"):
        idempotency.begin(sql, "jo", "k", "hash", NOW + dt.timedelta(hours=1))
    with engine.begin() as sql:
        idempotency.end(sql, "jo", "k", answer)
    with engine.begin() as sql:
        assert idempotency.begin(sql, "jo", "k", "hash", NOW) == answer
        assert idempotency.begin(sql, "jo", "k", "other", NOW + idempotency.KEPT_FOR) is None
    with engine.begin() as sql:
        idempotency.end(sql, "jo", "k", None)
        assert idempotency.begin(sql, "jo", "k", "hash", NOW) is None
