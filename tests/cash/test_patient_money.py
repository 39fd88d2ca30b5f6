"""What a patient paid by card or cash is posted to what they owe, the oldest first or where a person says; never more
than is owed, and it can be taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from gateway.core.flow import patient_money
from gateway.core.flow.patient_money import Posted
from gateway.core.ledger import deposits
from gateway.core.ledger.days import NotDone
from gateway.core.ledger.slips import Keyed
from gateway.core.store import tables
from gateway.core.store.patient_money_tables import patient_payments
from gateway.plugins.testing import make_other_payer

from ..posting.conftest import Line
from ..posting.made import Cas, Clp, Era, Svc
from .banks import Credit
from .conftest import CashDesk

PATIENT = 1


def owing(desk: CashDesk, number: str, owed: str = "20", **more: Any) -> int:
    """A claim of the patient on which its payer has left so much; returns its id."""
    claim = desk.claim(number, Line("E1390", "150", f"L{number}"), **more)
    paid = f"{100 - float(owed):.2f}"
    service = Svc("E1390", "150", paid, (Cas("CO", "45", "50"), Cas("PR", "2", owed)), ref=f"L{number}")
    desk.post(Era([Clp(number, [service], payer_number=f"ICN{number}")], trace=f"T{number}"))
    with desk.sql.begin() as connection:
        connection.execute(update(tables.claims).where(tables.claims.c.id == claim).values(patient_id=PATIENT))
    return claim


def came(desk: CashDesk, dollars: str) -> int:
    """The bank shows money of a card; returns the number of its line."""
    desk.take(Credit(dollars), name=f"{dollars}.bai")
    return int(desk.lines()[-1].id)


def post(desk: CashDesk, line: int, *claims: int, reason: str = "card at the counter", **more: Any) -> Posted:
    more = {"claim_ids": claims} if claims else ({"patient_id": PATIENT} | more)
    with desk.sql.begin() as connection:
        config, now = desk.services().config, desk.clock.now()
        return patient_money.post(connection, config, line, reason, "pat", desk.today, now, **more)


def test_who_why_and_for_whom_must_be_said(desk: CashDesk) -> None:
    claim, line = owing(desk, "SW1"), came(desk, "20.00")
    for told, more in (
        ("who posts the money, and why", {"reason": " "}),
        ("which patient paid, or for which claims", {"patient_id": None}),
        ("no patient 99", {"patient_id": 99}),
    ):
        with pytest.raises(NotDone, match=told):
            post(desk, line, **more)
    with pytest.raises(NotDone, match="no claim 77"):
        post(desk, line, 77)
    with pytest.raises(NotDone, match="no line 999"):
        post(desk, 999, claim)
    assert (desk.balance(claim), desk.states()[line]) == (2000, "unidentified")


def test_money_that_is_a_remittances_is_no_patients(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("80.00", trace="EFT0001"))
    claim, line = owing(desk, "SW1"), desk.lines()[-1].id
    assert desk.states()[deposit] == "reconciled"
    with pytest.raises(NotDone, match="matched to something else"):
        post(desk, line, claim)


def test_it_posts_to_the_oldest_balance_first_and_closes_what_is_paid(desk: CashDesk) -> None:
    first = owing(desk, "SW1", "20")
    desk.clock.at += dt.timedelta(days=30)
    second = owing(desk, "SW2", "30")
    done = post(desk, came(desk, "35.00"))
    assert done == Posted({first: 2000, second: 1500}, 0)
    assert (desk.balance(first), desk.balance(second)) == (0, 1500)
    assert (desk.state(first), desk.state(second)) == ("closed", "paid")
    assert desk.accounts("receivable:patient") == {"receivable:patient:coinsurance": 1500}
    assert desk.accounts("cash:named") == {}
    assert desk.told("claim", first)[-1] == "patient: Paid by the patient (card at the counter): $20.00."
    assert desk.items("patient_money") == []


def test_it_posts_where_a_person_says(desk: CashDesk) -> None:
    first, second = owing(desk, "SW1"), owing(desk, "SW2", "30")
    assert post(desk, came(desk, "35.00"), second, first) == Posted({second: 3000, first: 500}, 0)
    assert (desk.balance(first), desk.balance(second)) == (1500, 0)


def test_what_nobody_owes_waits_for_a_person_and_posts_when_something_is_owed(desk: CashDesk) -> None:
    first, line = owing(desk, "SW1"), came(desk, "35.00")
    assert post(desk, line) == Posted({first: 2000}, 1500)
    (item,) = desk.items("patient_money")
    assert (item.team, item.cents, item.subject_id) == ("patient", 1500, line)
    assert "they owe nothing for it" in item.reason
    assert desk.accounts("cash:named") == {"cash:named:patient": -1500}
    assert post(desk, line) == Posted({}, 1500), "nothing is owed still"
    second = owing(desk, "SW2", "10")
    assert post(desk, line) == Posted({second: 1000}, 500)
    assert [one.cents for one in desk.items("patient_money")] == [500]
    third = owing(desk, "SW3", "30")
    assert post(desk, line) == Posted({third: 500}, 0)
    assert desk.items("patient_money") == []
    with pytest.raises(NotDone, match="is posted"):
        post(desk, line)


def test_where_nothing_is_owed_nothing_posts(desk: CashDesk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    line = came(desk, "35.00")
    assert post(desk, line, claim) == Posted({}, 3500)
    assert (desk.balance(claim), desk.rows(patient_payments)) == (15000, [])
    assert len(desk.items("patient_money")) == 1


def test_a_claim_on_which_another_payer_decides_is_passed_over_unless_it_is_named(desk: CashDesk) -> None:
    claim = owing(desk, "SW1", other_payers=[make_other_payer()])
    assert post(desk, came(desk, "5.00")) == Posted({}, 500)
    assert post(desk, came(desk, "6.00"), claim) == Posted({claim: 600}, 0)


def test_it_is_taken_back_to_the_cent_and_can_be_posted_otherwise(desk: CashDesk) -> None:
    first, second, line = owing(desk, "SW1"), owing(desk, "SW2"), came(desk, "25.00")
    post(desk, line)
    assert (desk.balance(first), desk.balance(second)) == (0, 1500)
    desk.do(deposits.unmatch, line, "another patient's", "pat")
    assert (desk.balance(first), desk.balance(second)) == (2000, 2000)
    assert (desk.state(first), desk.states()[line]) == ("paid", "unidentified")
    assert desk.accounts("cash:named") == {}
    assert all(row.undone_by == "pat" for row in desk.rows(patient_payments))
    assert "taken back" in desk.told("claim", first)[-1]
    assert post(desk, line, second) == Posted({second: 2000}, 500)
    assert len(desk.items("patient_money")) == 1, "it may be opened a second time"
    desk.do(deposits.unmatch, line, "a refund", "pat")
    assert desk.items("patient_money") == []


def test_money_that_was_named_before_is_posted_from_there(desk: CashDesk) -> None:
    claim, line = owing(desk, "SW1"), came(desk, "20.00")
    desk.do_explain(line, "patient", "card at the counter")
    assert desk.accounts("cash:named") == {"cash:named:patient": -2000}
    assert post(desk, line) == Posted({claim: 2000}, 0)
    assert desk.accounts("cash:named") == {}


def test_cash_in_hand_is_posted_before_the_bank_shows_it(desk: CashDesk) -> None:
    claim = owing(desk, "SW1")
    desk.do_slip([Keyed("cash", 2000, desk.today, "", "", "at the counter")], "S1")
    (line,) = (row.id for row in desk.lines())
    assert post(desk, line) == Posted({claim: 2000}, 0)
    assert desk.accounts("cash:") == {"cash:expected": 8000, "cash:in-hand": 2000}


def test_a_payer_that_corrects_itself_afterwards_leaves_what_the_patient_paid_too_much(desk: CashDesk) -> None:
    claim = owing(desk, "SW1")
    post(desk, came(desk, "20.00"))
    back = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="LSW1")
    right = Svc("E1390", "150", "90", (Cas("CO", "45", "50"), Cas("PR", "2", "10")), ref="LSW1")
    desk.post(
        Era([Clp("SW1", [back], status="22", payer_number="ICNSW1"), Clp("SW1", [right], payer_number="B")], trace="B")
    )
    assert desk.balance(claim) == -1000
    assert desk.items("posting_exception") == []
