"""What patients owe: only after the last payer, by kind and age, stated once, and kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.plugins.testing import DeskContext, make_balance_view, make_claim, make_item_view, make_line, plugin_desk

from ..shipped import TABLES, shipped

TODAY = dt.date(2026, 3, 2)
WHOLE = {1: make_claim(make_line("E1390"), claim_number="SW1001")}


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def owes(amount: str = "20", id: int = 1, since: int = 10, **more: Any) -> Any:
    given = {"payer": "0", "state": "paid", "patient": {"coinsurance": amount}, "patient_since": ago(since), **more}
    return make_balance_view(id=id, **given)


def desk(
    *balances: Any, settings: Any = None, stated: Any = (), items: Any = (), today: dt.date = TODAY
) -> DeskContext:
    rows = {"stated": [{"owner": claim, "stated_on": day, "dollars": None} for claim, day in stated]}
    return plugin_desk(
        shipped("receivables"), settings, name="receivables", tables=TABLES, today=today, balances=balances,
        items=items, rows=rows, whole=WHOLE,
    )  # fmt: skip


def queued(*balances: Any, **more: Any) -> list[int]:
    """Cents of the items that the turn of the morning opens."""
    at = desk(*balances, **more)
    at.schedule("queues")
    return [item.cents for item in at.opened if item.kind == "patient_balance"]


@pytest.mark.parametrize(
    "wrong",
    [{"more_payers": True}, {"payer": "5"}, {"denied": "5"}, {"open_denials": 1}, {"patient_id": None}],
    ids=str,
)
def test_nothing_is_stated_while_a_payer_may_still_decide(wrong: dict[str, Any]) -> None:
    assert queued(owes(**wrong)) == []
    assert desk(owes(**wrong)).command("statements", every=True) == []
    assert desk(owes(**wrong)).command("print") == "No statement is due."


def test_one_item_for_a_patient_with_all_that_they_owe() -> None:
    assert queued(owes("20", 1), owes("30.50", 2), owes("7", 3, patient_id=2)) == [5_050, 700]
    assert queued(owes("4.99")) == [], "too little for a letter"


def test_a_statement_comes_again_after_its_days() -> None:
    assert queued(owes(), stated=[(1, ago(29))]) == []
    assert queued(owes(), stated=[(1, ago(30))]) == [2_000]


def test_what_was_stated_or_paid_closes_its_item() -> None:
    item = make_item_view("patient_balance", "statement:1:20000")
    at = desk(items=[item])
    at.schedule("queues")
    assert [one.key for one in at.closed] == ["statement:1:20000"]
    at = desk(owes(), items=[item])
    at.schedule("queues")
    assert at.acts == [], "it stands already"


def test_a_statement_is_kept_for_each_claim_and_said_on_its_timeline() -> None:
    at = desk(owes("20", 1), owes("30", 2), items=[make_item_view("patient_balance", "statement:1:20000")])
    rows = at.command("statements")
    assert [(row["claim"], row["coinsurance"], row["owed"], row["age"]) for row in rows] == [
        ("SW1001", "20", "20", "0-30"), ("SW1001", "30", "30", "0-30")
    ]  # fmt: skip
    assert [(row.claim_id, row.values["stated_on"]) for row in at.kept] == [(1, TODAY), (2, TODAY)]
    assert [note.what for note in at.notes] == [
        "Stated to the patient: $20.00 owed.",
        "Stated to the patient: $30.00 owed.",
    ]
    assert len(at.closed) == 1
    # The same day again: none is due any more, and nothing is noted twice.
    assert at.command("statements") == []
    again = at.command("statements", patient=1)
    assert len(again) == 2
    assert at.notes == []


def test_looking_without_marking_keeps_nothing() -> None:
    at = desk(owes())
    assert len(at.command("statements", mark=False)) == 1
    assert at.acts == []


@pytest.mark.parametrize(
    ("days", "age"), [(0, "0-30"), (30, "0-30"), (31, "31-60"), (90, "61-90"), (120, "91-120"), (121, "over 120")]
)
def test_amounts_age_from_the_day_on_which_they_were_left_to_the_patient(days: int, age: str) -> None:
    (row,) = desk(owes(since=days)).command("statements")
    assert row["age"] == age


def test_the_page_has_the_patient_the_kinds_the_ages_and_the_sum() -> None:
    claim = WHOLE[1]
    at = desk(owes("1234.50", patient={"deductible": "1200", "copay": "34.50"}, payer_name="PLAN <A> & CO"))
    page = at.command("print")
    assert claim.patient.last in page
    assert "Please pay <b>$1,234.50</b> by 03/23/2026" in page
    assert "PLAN &lt;A&gt; &amp; CO" in page
    assert [kind in page for kind in ("Deductible", "Copay", "Coinsurance")] == [True, True, False]
    assert [word in page for word in ("<script", "http")] == [False, False]
    assert page.count("<section") == 1
    assert len(at.kept) == 1
