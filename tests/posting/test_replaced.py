"""A claim that was replaced or voided: what it was charged is taken back when its payer has taken what came in its
place. Until then both are owed; where it is not clear, both stay."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert, update

from gateway.core.flow import replaced
from gateway.core.ledger import transfers
from gateway.core.ledger.transfers import Transfer
from gateway.core.store import tables
from gateway.core.store.denial_tables import denial_cases

from .conftest import NOON, Desk, Line
from .made import Cas, Clp, Era, Svc

FIRST = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
BACK = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
CORRECTED = Svc("E1390", "150", "90", (Cas("CO", "45", "60"),), ref="L1")
DENIED = Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1")
ANEW = Svc("E1390", "300", "200", (Cas("CO", "45", "60"), Cas("PR", "2", "40")), ref="L1")
DUPLICATE = Svc("E1390", "300", "0", (Cas("OA", "18", "300"),), ref="L1")
BIG = Clp("BIG", [Svc("E1390", "500", "500", ref="B1")])


def posted(desk: Desk, service: Svc, trace: str, number: str = "A", frequency: str = "1") -> None:
    """The payer decides on a claim of the number SW1, under its own number."""
    handling = {"handling": "H"} if service.paid == "0" else {}
    claim = Clp("SW1", [service], payer_number=number, frequency=frequency)
    desk.post(Era([claim], trace=trace, **handling))
    assert desk.items("posting_exception") == []


def claims_of(desk: Desk, *decisions: Svc, frequency: str = "7", state: str = "accepted") -> tuple[int, int]:
    """A claim, what its payer decided on it, and the claim that came in its place."""
    desk.claim("BIG", Line("E1390", "500", "B1"))
    old = desk.claim("SW1", Line("E1390", "150", "L1"), payer_number="A")
    for number, one in enumerate(decisions):
        posted(desk, one, f"T{number}")
    charge = "150" if frequency == "8" else "300"
    instead = {"frequency": frequency, "state": state, "instead_of": "A", "patient": old}
    return old, desk.claim("SW1", Line("E1390", charge, "L1"), **instead)


def reverse(desk: Desk, *more: Clp, trace: str = "R") -> None:
    desk.post(Era([Clp("SW1", [BACK], status="22", payer_number="A"), *more, BIG], trace=trace))


def decide(desk: Desk, service: Svc = ANEW, trace: str = "N") -> None:
    posted(desk, service, trace, number="B", frequency="7")


def test_what_was_reversed_is_owed_no_more_once_its_replacement_is_paid(desk: Desk) -> None:
    old, new = claims_of(desk, FIRST)
    assert (desk.balance(old), desk.balance(new)) == (2000, 30000)
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (15000, "accepted"), "nothing is decided on the replacement yet"
    decide(desk)
    assert (desk.balance(old), desk.state(old)) == (0, "closed")
    assert (desk.balance(new), desk.state(new)) == (4000, "paid")
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 4000}
    assert desk.accounts("income:charges") == {"income:charges": -80000}
    assert desk.items("posting_exception") == []
    assert desk.prove().ok
    (told,) = [one for one in desk.told("claim", old) if "is taken back" in one]
    assert told == f"post: What it was charged, $150.00, is taken back: its replacement is claim {new}."


def test_both_in_one_remittance_are_the_same(desk: Desk) -> None:
    old, new = claims_of(desk, FIRST)
    reverse(desk, Clp("SW1", [ANEW], frequency="7", payer_number="B"))
    assert (desk.balance(old), desk.balance(new)) == (0, 4000)
    assert desk.prove().ok


def test_a_claim_that_is_paid_stays_as_it_is_until_its_payer_reverses_it(desk: Desk) -> None:
    old, new = claims_of(desk, FIRST)
    decide(desk)
    assert (desk.balance(old), desk.state(old), desk.balance(new)) == (2000, "paid", 4000)
    reverse(desk)
    assert (desk.balance(old), desk.state(old), desk.balance(new)) == (0, "closed", 4000)
    assert desk.prove().ok


def test_a_denial_whose_claim_was_replaced_is_over_when_the_replacement_is_paid(desk: Desk) -> None:
    old, _ = claims_of(desk, DENIED)
    (denial,) = desk.denials()
    decide(desk)
    assert (desk.balance(old), desk.state(old), desk.accounts("receivable:denied")) == (0, "closed", {})
    assert desk.denials()[0].state == "superseded"
    with desk.sql.connect() as connection:
        (case,) = connection.execute(denial_cases.select()).all()
    assert (case.denial_id, case.status, case.recovered_cents) == (denial.id, "paid", 15000)
    assert [one.kind for one in desk.items()] == []
    assert desk.prove().ok


@pytest.mark.parametrize("decided", [DENIED, None])
def test_a_replacement_that_is_refused_leaves_the_old_claim_and_its_denial_as_they_are(
    desk: Desk, decided: Svc | None
) -> None:
    old, _ = claims_of(desk, *([decided] if decided else []))
    decide(desk, DUPLICATE)
    assert (desk.balance(old), desk.state(old)) == (15000, "denied" if decided else "accepted")
    assert [one.state for one in desk.denials()] == ["open"] * len(desk.denials())
    if decided is None:  # the payer pays the first after all
        posted(desk, FIRST, "L")
        assert desk.balance(old) == 2000
    assert desk.prove().ok


def test_where_the_payer_corrects_the_first_claim_while_its_replacement_is_under_way_that_posts(desk: Desk) -> None:
    old, new = claims_of(desk, FIRST)
    reverse(desk, Clp("SW1", [CORRECTED], payer_number="A"))
    assert desk.items("posting_exception") == []
    assert (desk.balance(old), desk.balance(new)) == (0, 30000)
    assert [row.paid_cents for row in desk.payments() if row.claim_id == old] == [8000, -8000, 9000]
    assert desk.prove().ok


def test_a_claim_that_was_voided_is_owed_no_more_and_its_void_is_closed(desk: Desk) -> None:
    old, void = claims_of(desk, FIRST, frequency="8")
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (0, "closed")
    assert (desk.balance(void), desk.state(void)) == (0, "closed")
    assert desk.accounts("receivable") == {}
    assert desk.prove().ok


@pytest.mark.parametrize("state", ["held", "ready", "batched", "sent", "rejected", "faulty", "cancelled"])
def test_a_void_that_was_not_acknowledged_takes_nothing_back(desk: Desk, state: str) -> None:
    old, _ = claims_of(desk, FIRST, frequency="8", state=state)
    reverse(desk)
    assert (desk.balance(old), desk.state(old)) == (15000, "accepted")
    assert desk.prove().ok


@pytest.mark.parametrize("other", ["payer", "payer's number", "patient"])
def test_another_claim_of_the_same_number_keeps_what_it_was_charged(desk: Desk, other: str) -> None:
    """The first claim is another payer's or patient's, or has another number at the payer than REF*F8 says."""
    old, _ = claims_of(desk, DENIED)
    with desk.sql.begin() as connection:
        if other == "patient":
            person = {"last_name": "OTHER", "first_name": "UNA", "created_at": NOON, "birth_date": dt.date(1940, 1, 1)}
            connection.execute(insert(tables.patients).values(id=77, **person))
        values = {
            "payer": {"payer_id": "55555"},
            "payer's number": {"payer_claim_number": "Z"},
            "patient": {"patient_id": 77},
        }[other]
        connection.execute(update(tables.claims).where(tables.claims.c.id == old).values(**values))
        if other == "payer's number":
            payments = update(tables.claim_payments).where(tables.claim_payments.c.claim_id == old)
            connection.execute(payments.values(payer_claim_number="Z"))
    desk.post(Era([Clp("SW1", [ANEW], frequency="7", payer_number="B")], trace="N"))
    assert (desk.balance(old), desk.state(old)) == (15000, "denied")
    assert desk.prove().ok


def test_what_a_person_has_cleared_is_taken_back_afterwards(desk: Desk) -> None:
    """Money of the patient stands on the old claim: a person looks, and the rest goes by itself."""
    old, new = claims_of(desk, FIRST)
    decide(desk)
    (line,) = desk.rows(tables.claim_lines, tables.claim_lines.c.claim_id == old)
    day = NOON.date()
    paid = Transfer(
        "cash:named:patient", "receivable:patient:coinsurance", 2000, day, "patient payment", "patient:9", "",
        claim_id=old, line_id=line.id,
    )  # fmt: skip
    with desk.sql.begin() as connection:
        paid_id = transfers.write(connection, [paid], NOON)
    reverse(desk)
    (item,) = desk.items("payment_review")
    assert (item.claim_id, item.rule, item.cents, desk.balance(old)) == (old, "replaced", 13000, 13000)
    assert f"has a replacement (claim {new})" in item.reason
    with desk.sql.begin() as connection:
        assert replaced.look_after(connection, desk.services()) == 0
        back = paid._replace(debit=paid.credit, credit=paid.debit, key=f"reverse:{paid_id}", reverses=paid_id)
        transfers.write(connection, [back], NOON)
        assert replaced.look_after(connection, desk.services()) == 1
        assert replaced.look_after(connection, desk.services()) == 0
    assert (desk.balance(old), desk.state(old), desk.items("payment_review")) == (0, "closed", [])
    assert desk.prove().ok
