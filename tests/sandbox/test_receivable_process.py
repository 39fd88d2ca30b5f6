"""The demo's last table names a real claim of each kind of what is owed, with its dollars and why."""

from __future__ import annotations

import pytest

from gateway.sandbox.receivable_process import receivables

from ..posting.conftest import Desk, desk
from ..posting.made import Cas, Svc
from ..posting.test_next_payers import Office
from ..work.desk import put_item

__all__ = ["desk"]


def told(desk: Desk) -> str:
    with desk.sql.connect() as connection:
        return receivables(connection).example


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


def test_where_nothing_is_owed_there_is_no_example(desk: Desk) -> None:
    assert told(desk) == ""


def test_a_claim_with_its_payer_is_named_and_one_to_follow_up_before_it(office: Office) -> None:
    first = office.claim("SW1", other_payers=[])
    assert told(office.desk) == "SW1, $150.00: it is accepted, and 90101 has not decided."
    with office.desk.sql.begin() as sql:
        put_item(sql, "f", kind="follow_up", claim_id=first, cents=15000, reason="It has not decided on $150.00.")
    assert told(office.desk).startswith("SW1, $150.00: It has not decided on $150.00.")


def test_what_waits_for_a_second_payer_is_named_with_what_becomes_of_it(office: Office) -> None:
    office.claim("SW1")
    office.pay("SW1", status="19")
    assert (
        "left $20.00 and sent the claim on itself; if nothing comes by 10/07/2026, the next payer is billed."
        in told(office.desk)
    )
    office.claim("SW2")
    office.pay("SW2", trace="B")
    office.turn()
    words = told(office.desk)
    assert "SW2: " in words
    assert "is asked for it as SW2-S, which is ready." in words


def test_the_patient_who_owes_most_is_named_by_the_claim(office: Office) -> None:
    office.claim("SW1", other_payers=[])
    office.pay("SW1", Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1"))
    office.claim("SW2", other_payers=[])
    office.pay("SW2", Svc("E1390", "150", "60", (Cas("CO", "45", "50"), Cas("PR", "1", "40")), ref="L1"), trace="B")
    assert told(office.desk) == "SW2 is paid: its patient owes $40.00 as deductible."
