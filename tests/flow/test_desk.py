"""A plugin's desk on both databases: what it looks up, and what becomes of what it wants done."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

import gateway
from gateway.core.flow import desk_lookups
from gateway.core.flow.desk_calls import take
from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.flow.desk_records import DONE, FAILED, NOT_TAKEN, DeskAnswer, pack_answer, read_answer
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.make_claims import Makes
from gateway.core.store import plugin_calls
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.ids import allocate
from gateway.core.store.tables import claim_lines, claims, holds, timeline, work_items
from gateway.plugins import Desk, Tables
from gateway.plugins.desk import OWN_KINDS
from gateway.plugins.testing_desk import Stock
from gateway.plugins.testing_patients import PatientStock

from .rows import NOW, add_batch

TODAY = NOW.date()
MAKES: Any = Makes(None, "T", "America/New_York")  # type: ignore[arg-type]  # no claim is made here
CALL = Call("watch", "1.0", "plugin_schedules", "look")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def desk(connection: Connection | None = None, *, may_change: bool = True) -> Desk:
    lookups: Any = StoreLookups(connection, "watch") if connection is not None else Stock(PatientStock({}))
    return Desk("watch", None, NOW, TODAY, Tables(), lookups, may_change=may_change)


def done(connection: Connection, made: Desk) -> None:
    """Commit what it wants done, by way of the bytes in which it travels."""
    answer = read_answer(pack_answer(DeskAnswer(DONE, acts=made.acts, microseconds=5)))
    take(connection, CALL, answer, MAKES, NOW)


def items(connection: Connection) -> dict[str, tuple[str, str]]:
    rows = connection.execute(select(work_items).order_by(work_items.c.id))
    return {row.key: (row.state, row.outcome) for row in rows}


def add_claims(connection: Connection, *numbers: str) -> list[int]:
    add_batch(connection, list(numbers), charge_cents=12_345)
    statement = select(claims.c.id).where(claims.c.claim_number.in_(numbers)).order_by(claims.c.id)
    return list(connection.execute(statement).scalars())


def test_claims_come_page_by_page_in_their_order_with_their_lines(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_lookups, "PAGE", 2)
    ids = add_claims(connection, *(f"A{number}" for number in range(5)))
    day = dt.date(2026, 10, 1)
    for number, claim_id in enumerate(ids):
        connection.execute(
            insert(claim_lines).values(
                id=allocate(connection, "claim_lines", 1),
                claim_id=claim_id,
                number=1,
                code="E0601",
                modifiers="RR:KJ" if number else "",
                charge_cents=12_345,
                units="1",
                from_date=day,
            )
        )
        connection.execute(
            claims.update().where(claims.c.id == claim_id).values(from_date=day + dt.timedelta(days=number))
        )
    found = list(desk(connection).claims())
    assert [claim.id for claim in found] == ids
    assert [claim.lines[0].modifiers for claim in found[:2]] == [(), ("RR", "KJ")]
    assert found[0].charge == Decimal("123.45")
    late = desk(connection).claims(from_day=day + dt.timedelta(days=2), to_day=day + dt.timedelta(days=3))
    assert [claim.number for claim in late] == ["A2", "A3"]
    for wanted in ({"states": ["held"]}, {"payer_ids": ["1"]}, {"partner": "x"}, {"number": "B"}, {"patient_id": 9}):
        assert list(desk(connection).claims(**wanted)) == [], wanted  # type: ignore[arg-type]
    assert [claim.number for claim in desk(connection).claims(states="sent", number="A4")] == ["A4"]
    assert desk(connection).claim(10**9) is None


def test_what_it_wants_done_is_done_in_its_order(connection: Connection) -> None:
    (claim_id,) = add_claims(connection, "A1")
    made = desk(connection)
    made.open_item(kind="large", key="one", reason="Look.", team="billing", claim_id=claim_id, amount=Decimal("5.50"))
    made.open_item(kind="large", key="gone", reason="Look.", team="billing", claim_id=10**9)
    made.open_item(kind="large", key="two", reason="Look.", team="billing")
    made.close_item("two", "At once.")
    made.close_item("never", "It was never open.")
    made.note(claim_id, "Looked at.")
    made.note(10**9, "Of nobody.")
    done(connection, made)
    assert items(connection) == {
        "desk:watch:one": ("open", ""),
        "desk:watch:gone": ("open", ""),
        "desk:watch:two": ("closed", "At once."),
    }
    one, gone = connection.execute(select(work_items).order_by(work_items.c.id).limit(2)).all()
    assert (one.claim_id, one.subject_kind, one.cents) == (claim_id, "claim", 550)
    assert (gone.claim_id, gone.subject_kind) == (None, "plugin")
    (note,) = connection.execute(select(timeline).where(timeline.c.station == "plugin")).all()
    assert (note.subject_id, note.what, note.who) == (claim_id, "Looked at.", "plugin watch")
    seen = list(desk(connection).items(kinds=["large"]))
    assert [(item.key, item.own, item.amount) for item in seen] == [
        ("one", True, Decimal("5.50")),
        ("gone", True, Decimal("0.00")),
    ]
    theirs = next(StoreLookups(connection, "another").items((), (), None, "open"))
    assert (theirs.key, theirs.own) == ("desk:watch:one", False)


def test_the_same_key_again_changes_nothing_even_after_it_was_closed(connection: Connection) -> None:
    for _ in range(2):
        made = desk(connection)
        made.open_item(kind="large", key="one", reason="Look.", team="billing")
        done(connection, made)
    made = desk(connection)
    made.close_item("one", "Done.")
    done(connection, made)
    made = desk(connection)
    made.open_item(kind="large", key="one", reason="Look.", team="billing")
    done(connection, made)
    assert items(connection) == {"desk:watch:one": ("closed", "Done.")}


def test_a_plugin_cannot_close_what_is_not_its_own(connection: Connection) -> None:
    other = DeskAnswer(DONE, acts=list(_opened("one")))
    take(connection, CALL._replace(plugin="other"), other, MAKES, NOW)
    made = desk(connection)
    made.close_item("one", "Mine?")
    made.close_item("desk:other:one", "Mine?")
    done(connection, made)
    assert items(connection) == {"desk:other:one": ("open", "")}


def _opened(key: str) -> Iterator[Any]:
    made = desk()
    made.open_item(kind="large", key=key, reason="Look.", team="billing")
    yield from made.acts


def test_a_failure_is_one_work_item_a_day_and_closes_when_it_works_again(connection: Connection) -> None:
    failed = DeskAnswer(FAILED, "KeyError at watch.py:3 in look", microseconds=7)
    for call in (CALL, CALL, CALL._replace(name="look_2"), CALL._replace(plugin="other")):
        take(connection, call, failed, MAKES, NOW)
    assert len(items(connection)) == 3
    take(connection, CALL, DeskAnswer(NOT_TAKEN, "days is missing."), MAKES, NOW)
    take(connection, CALL, DeskAnswer(DONE), MAKES, NOW)
    states = {key.removesuffix(f":{TODAY}"): state for key, (state, _) in items(connection).items()}
    assert states == {
        "desk_failure:watch:plugin_schedules:look": "closed",
        "desk_failure:watch:plugin_schedules:look_2": "open",
        "desk_failure:other:plugin_schedules:look": "open",
    }
    counted = plugin_calls.since(connection, TODAY)["watch"]
    assert (counted.calls, counted.failures) == (4, 3), "what was not taken is no call"


def test_every_kind_that_the_gateway_opens_itself_is_its_own() -> None:
    opened = set()
    for path in (Path(gateway.__file__).parent / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "WorkItem":
                words = [key.value for key in node.keywords if key.arg == "kind"]
                opened |= {word.value for word in words if isinstance(word, ast.Constant)}
    assert len(opened) > 8
    assert opened <= OWN_KINDS


def test_holds_stand_until_they_are_released(connection: Connection) -> None:
    one, other = add_claims(connection, "A1", "A2")
    for claim_id, rule, released in ((one, "BG-1", None), (one, "BG-2", NOW), (other, "BG-1", None)):
        connection.execute(
            insert(holds).values(
                id=allocate(connection, "holds", 1),
                claim_id=claim_id,
                type="SYS",
                rule=rule,
                plugin="bluegrass",
                reason="Look.",
                team="billing",
                opened_at=NOW,
                released_at=released,
            )
        )
    found = desk(connection)
    assert [(hold.claim_number, hold.rule) for hold in found.holds()] == [("A1", "BG-1"), ("A2", "BG-1")]
    assert [hold.rule for hold in found.holds(standing=False, claim_id=one)] == ["BG-1", "BG-2"]
    assert [hold.charge for hold in found.holds(rules=["BG-2"], standing=False)] == [Decimal("123.45")]
    assert list(found.holds(plugin="rul")) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kind": "Large"}, "small letters"),
        *(({"kind": kind}, "the gateway's own") for kind in sorted(OWN_KINDS)[:2]),
        ({"reason": " "}, "1 to 1000"),
        ({"reason": "x" * 1001}, "1 to 1000"),
        ({"team": ""}, "a team has one at least"),
        ({"team": "x" * 31}, "at most 30"),
        ({"key": "x" * 101}, "1 to 100"),
        ({"amount": Decimal("1.001")}, "two decimals"),
    ],
)
def test_a_work_item_that_cannot_be_is_refused_where_it_is_made(more: dict[str, Any], words: str) -> None:
    made = desk()
    with pytest.raises(ValueError, match=words):
        made.open_item(**{"kind": "large", "key": "one", "reason": "Look.", "team": "edi", **more})
    assert made.acts == []
