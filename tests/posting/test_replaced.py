"""A claim that was replaced or voided: what it was charged is taken back when its payer has reversed it, or has decided
on what came in its place. Until then both are owed."""

from __future__ import annotations

import pytest

from gateway.core.store import tables

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc

FIRST = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
BACK = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
DENIED = Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1")
NOT_DENIED = Svc("E1390", "-150", "0", (Cas("CO", "50", "-150"),), ref="L1")
ANEW = Svc("E1390", "300", "200", (Cas("CO", "45", "60"), Cas("PR", "2", "40")), ref="L1")
BIG = Clp("BIG", [Svc("E1390", "500", "500", ref="B1")])


def replaced(desk: Desk, *decisions: Svc, frequency: str = "7", state: str = "accepted") -> tuple[int, int]:
    """A claim, what its payer decided on it, and the claim that came in its place."""
    desk.claim("BIG", Line("E1390", "500", "B1"))
    old = desk.claim("SW1", Line("E1390", "150", "L1"))
    for number, one in enumerate(decisions):
        money = {} if one.paid != "0" else {"handling": "H"}
        desk.post(Era([Clp("SW1", [one], payer_number="A")], trace=f"T{number}", **money))
    charge = "150" if frequency == "8" else "300"
    new = desk.claim("SW1", Line("E1390", charge, "L1"), frequency=frequency, state=state)
    return old, new


def reverse(desk: Desk, back: Svc = BACK, *more: Clp, trace: str = "R") -> None:
    desk.post(Era([Clp("SW1", [back], status="22", payer_number="A"), *more, BIG], trace=trace))
    assert desk.items("posting_exception") == []


def decide(desk: Desk, service: Svc = ANEW, trace: str = "N") -> None:
    desk.post(Era([Clp("SW1", [service], frequency="7", payer_number="B")], trace=trace))
    assert desk.items("posting_exception") == []


def test_a_claim_that_was_reversed_for_its_replacement_is_owed_no_more(desk: Desk) -> None:
    old, new = replaced(desk, FIRST)
    assert (desk.balance(old), desk.balance(new)) == (2000, 30000)
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (0, "closed")
    decide(desk)
    assert (desk.balance(new), desk.state(new)) == (4000, "paid")
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 4000}
    assert desk.accounts("income:charges") == {"income:charges": -80000}
    assert desk.prove().ok
    (told,) = [one for one in desk.told("claim", old) if "is taken back" in one]
    assert told == f"post: What it was charged, $150.00, is taken back: its replacement is claim {new}."


def test_both_in_one_remittance_are_the_same(desk: Desk) -> None:
    old, new = replaced(desk, FIRST)
    reverse(desk, BACK, Clp("SW1", [ANEW], frequency="7", payer_number="B"))
    assert (desk.balance(old), desk.balance(new)) == (0, 4000)
    assert desk.prove().ok


def test_a_denial_whose_claim_was_replaced_is_over_when_the_replacement_is_decided(desk: Desk) -> None:
    old, _ = replaced(desk, DENIED)
    (denial,) = desk.denials()
    assert desk.balance(old) == 15000
    decide(desk)
    assert (desk.balance(old), desk.state(old), desk.accounts("receivable:denied")) == (0, "closed", {})
    assert desk.denials()[0].state == "superseded"
    with desk.sql.connect() as connection:
        (case,) = connection.execute(tables.metadata.tables["denial_cases"].select()).all()
    assert (case.denial_id, case.status, case.recovered_cents) == (denial.id, "paid", 15000)
    assert [one.kind for one in desk.items()] == []
    assert desk.prove().ok


def test_a_replacement_that_is_denied_leaves_one_denial(desk: Desk) -> None:
    old, _ = replaced(desk, DENIED)
    again = Svc("E1390", "300", "0", (Cas("CO", "16", "300"),), ref="L1")
    desk.post(Era([Clp("SW1", [again], frequency="7", payer_number="B")], trace="N", handling="H"))
    assert desk.items("posting_exception") == []
    assert [(one.reason_code, one.state) for one in desk.denials()] == [("50", "superseded"), ("16", "open")]
    assert (desk.balance(old), desk.accounts("receivable")) == (0, {"receivable:denied": 30000, **_big(desk)})
    assert desk.prove().ok


def _big(desk: Desk) -> dict[str, int]:
    return {"receivable:insurance": 50000} if desk.balance(1) else {}


def test_a_claim_that_was_voided_is_owed_no_more_and_its_void_is_closed(desk: Desk) -> None:
    old, void = replaced(desk, FIRST, frequency="8")
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (0, "closed")
    assert (desk.balance(void), desk.state(void)) == (0, "closed")
    assert desk.accounts("receivable") == {}
    assert desk.prove().ok


@pytest.mark.parametrize("state", ["held", "ready", "batched", "rejected", "faulty", "cancelled"])
def test_nothing_is_taken_back_while_the_replacement_has_not_left_or_was_refused(desk: Desk, state: str) -> None:
    old, _ = replaced(desk, FIRST, state=state)
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (15000, "accepted")
    assert desk.prove().ok


def test_a_reversal_without_a_replacement_leaves_the_claim_with_its_payer(desk: Desk) -> None:
    desk.claim("BIG", Line("E1390", "500", "B1"))
    old = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [FIRST], payer_number="A")], trace="T"))
    reverse(desk)
    assert desk.balance(old) == 15000


def test_a_claim_that_is_paid_stays_as_it_is_until_its_payer_reverses_it(desk: Desk) -> None:
    old, new = replaced(desk, FIRST)
    decide(desk)
    assert (desk.balance(old), desk.state(old), desk.balance(new)) == (2000, "paid", 4000)
    reverse(desk)
    assert (desk.balance(old), desk.state(old), desk.balance(new)) == (0, "closed", 4000)
    assert desk.prove().ok


def test_where_another_decision_stands_on_the_old_claim_a_person_looks(desk: Desk) -> None:
    desk.claim("BIG", Line("E1390", "500", "B1"))
    old = desk.claim("SW1", Line("E1390", "75", "L1"), Line("E1390", "75", "L2"))
    first = Svc("E1390", "75", "40", (Cas("CO", "45", "35"),), ref="L1")
    second = Svc("E1390", "75", "30", (Cas("CO", "45", "45"),), ref="L2")
    desk.post(Era([Clp("SW1", [first], payer_number="A")], trace="T1"))
    desk.post(Era([Clp("SW1", [second], payer_number="C")], trace="T2"))
    new = desk.claim("SW1", Line("E1390", "300", "L1"), frequency="7")
    gone = Svc("E1390", "-75", "-40", (Cas("CO", "45", "-35"),), ref="L1")
    desk.post(Era([Clp("SW1", [gone], status="22", payer_number="A"), BIG], trace="R"))
    (item,) = desk.items("payment_review")
    assert (item.claim_id, item.cents, item.rule) == (old, 7500, "replaced")
    assert f"has a replacement (claim {new})" in item.reason
    assert desk.balance(old) == 7500
    assert desk.prove().ok
