"""The follow-up queue: what comes into it, in which order, and when it leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.desk_views import AskStatus
from gateway.plugins.testing import DeskContext, make_balance_view, make_item_view, make_table, plugin_desk

from ..shipped import TABLES, shipped

RECEIVABLES = shipped("receivables")
TODAY = dt.date(2026, 3, 2)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def desk(*balances: Any, settings: Any = None, items: Any = (), tables: Any = TABLES) -> DeskContext:
    return plugin_desk(
        RECEIVABLES, settings, name="receivables", tables=tables, today=TODAY, balances=balances, items=items
    )


def opened(*balances: Any, **more: Any) -> list[int | None]:
    """The claims that the turn of the morning opens items for, in their order."""
    at = desk(*balances, **more)
    at.schedule("queues")
    return [item.claim_id for item in at.opened if item.kind == "follow_up"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "rejected"}, {"state": "denied"}, {"state": "held"}, {"state": "ready"}, {"state": "cancelled"},
        {"open_denials": 1}, {"denied": "10"}, {"payer": "0"}, {"payer": "-5"}, {"sent_on": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused_denied_paid_or_not_sent_is_not_followed_up(wrong: dict[str, Any]) -> None:
    assert opened(make_balance_view(**{"sent_on": ago(300), **wrong})) == []


@pytest.mark.parametrize(("code", "days"), [("MB", 21), ("MA", 21), ("MC", 45), ("CI", 30), ("", 30)])
def test_each_class_of_payers_has_its_time(code: str, days: int) -> None:
    assert opened(make_balance_view(filing_code=code, sent_on=ago(days - 1))) == []
    assert opened(make_balance_view(filing_code=code, sent_on=ago(days))) == [1]


def test_a_payers_own_row_goes_first_and_may_count_from_the_acknowledgment() -> None:
    rows = make_table("follow_up", [{"payer": "90101", "days": "10", "after": "acknowledgment"}], key="payer")
    asked = {"tables": {"follow_up": rows}}
    assert opened(make_balance_view(sent_on=ago(40), acknowledged_on=ago(9)), **asked) == []
    assert opened(make_balance_view(sent_on=ago(40), acknowledged_on=ago(10)), **asked) == [1]
    assert opened(make_balance_view(sent_on=ago(10)), **asked) == [1], "no answer came: from the sending"
    assert opened(make_balance_view(payer_id="777", sent_on=ago(99)), **asked) == [], "no row tells"


def test_the_nearest_filing_date_comes_first_then_the_most_dollars() -> None:
    found = opened(
        make_balance_view("10", id=1),
        make_balance_view("900", id=2),
        make_balance_view("20", id=3, file_by=ago(-50)),
        make_balance_view("30", id=4, file_by=ago(-50)),
        make_balance_view("1", id=5, file_by=ago(-3)),
    )
    assert found == [5, 4, 3, 2, 1]
    few = desk(*(make_balance_view(str(n), id=n) for n in range(1, 6)), settings={"most_items": "2"})
    few.schedule("queues")
    assert [item.claim_id for item in few.opened] == [5, 4]


def test_an_item_says_what_is_owed_since_when_and_names_nobody() -> None:
    at = desk(make_balance_view("80", charge="100", sent_on=ago(50), acknowledged_on=ago(48), file_by=ago(-9)))
    at.schedule("queues")
    (item,) = at.opened
    assert (item.cents, item.refile_by, item.work_by, item.team) == (8_000, ago(-9), TODAY, "followup")
    assert item.reason == (
        "NORTHBRIDGE HEALTH PLAN has not decided on $80.00 of $100.00: sent 01/11/2026, acknowledged 01/13/2026, and "
        "should have by 02/10/2026. Ask for its status, and write down what was said and when to look again."
    )


def test_balances_below_the_least_are_left() -> None:
    assert opened(make_balance_view("9.99"), settings={"least": "10"}) == []
    assert opened(make_balance_view("10"), settings={"least": "10"}) == [1]


def key(sent: int, claim: int = 1) -> str:
    return f"follow_up:{claim}:{ago(sent)}"


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        ({"payer": "0"}, "Nothing is owed"),
        ({"open_denials": 1}, "The payer has denied it"),
        ({"state": "rejected"}, "It was refused on the way"),
        ({"sent_on": ago(2)}, "The claim was sent again"),
        ({"state": "held"}, "not with the payer any more"),
        (None, "Nothing is owed"),
    ],
)
def test_an_item_closes_when_the_payer_has_decided(now: dict[str, Any] | None, outcome: str) -> None:
    stock = [] if now is None else [make_balance_view(**{"sent_on": ago(50), **now})]
    at = desk(*stock, items=[make_item_view("follow_up", key(50), claim_id=1)])
    for turn in ("closing", "queues"):
        at.schedule(turn)
        (closed,) = at.closed
        assert closed.key == key(50)
        assert outcome in closed.outcome
        assert at.opened == []


def test_an_open_item_stays_and_is_not_opened_again() -> None:
    at = desk(make_balance_view(sent_on=ago(200)), items=[make_item_view("follow_up", key(200), claim_id=1)])
    at.schedule("queues")
    assert at.acts == []


def test_others_items_are_left_alone() -> None:
    at = desk(items=[make_item_view("follow_up", "not ours", own=False, claim_id=1)])
    at.schedule("closing")
    assert at.acts == []


def test_what_was_closed_by_hand_comes_again_in_its_next_turn() -> None:
    def keys(sent: int) -> list[str]:
        at = desk(make_balance_view(sent_on=ago(sent)))
        at.schedule("queues")
        return [item.key for item in at.opened]

    assert [keys(30), keys(59), keys(60), keys(90)] == [[key(30)], [key(59)], [f"{key(60)}:1"], [f"{key(90)}:2"]]


def test_the_report_counts_by_payer_the_most_dollars_first() -> None:
    at = desk(
        make_balance_view("10", id=1, sent_on=ago(40)),
        make_balance_view("20", id=2, sent_on=ago(35), file_by=ago(-20)),
        make_balance_view("99", id=3, payer_id="16013", payer_name="MEDICARE", filing_code="MB", sent_on=ago(21)),
    )
    assert [tuple(row.values()) for row in at.report("follow-ups")] == [
        ("16013", "MEDICARE", 1, "99", 0, 0),
        ("90101", "NORTHBRIDGE HEALTH PLAN", 2, "30", 10, 1),
    ]
    assert len(at.report("follow-ups", payer="90101")) == 1


def test_a_table_that_cannot_be_used_is_told() -> None:
    rows = make_table("follow_up", [{"payer": "x", "days": "ten", "after": "noon"}], key="payer")
    told = list(RECEIVABLES.check_settings({"follow_up": rows}))
    assert ["days of x" in told[0], "after of x" in told[1]] == [True, True]


def test_the_payer_is_asked_about_what_is_new_in_the_queue_unless_people_do_that() -> None:
    balance = make_balance_view(sent_on=ago(200))
    for settings, asked in (({}, [1]), ({"ask": "no"}, [])):
        at = desk(balance, settings=settings)
        at.schedule("queues")
        assert [act.claim_id for act in at.acts if isinstance(act, AskStatus)] == asked
    stands = desk(balance, items=[make_item_view("follow_up", key(200), claim_id=1)])
    stands.schedule("queues")
    assert stands.acts == [], "it was asked about when it came"
