"""A payer decides again on what was denied without a cent, and a later payer before the first: what an independent
checker of a whole quarter found."""

from __future__ import annotations

from gateway.core.store import tables
from gateway.plugins.testing import make_other_payer

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc
from .test_replay import ask
from .test_replay import run as run_again

OTHER = ("SBR*S*18*******CI", "OI***Y***Y", "NM1*IL*1*FERNSBY*POSY****MI*X1", "NM1*PR*2*OTHER PLAN*****PI*90202")
DENIED = Svc("E1390", "150", "0", (Cas("CO", "45", "50"), Cas("CO", "16", "100")), ref="L1")
PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
BACK = Svc("E1390", "-150", "-118", (Cas("CO", "45", "-30"), Cas("CO", "253", "-2")), ref="L1")


def decided_again(desk: Desk, *cas: Cas, paid: str) -> dict[str, int]:
    """A denied line is paid when it comes again: what stands, without the bank's and the charge's side."""
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [DENIED], payer_number="A")], trace="A", handling="H"))
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", paid, cas, ref="L1")], payer_number="B")], trace="B"))
    assert desk.items("posting_exception") == []
    return desk.accounts("receivable") | desk.accounts("adjustment")


def test_a_reduction_that_becomes_smaller_is_given_back(desk: Desk) -> None:
    stands = decided_again(desk, Cas("CO", "45", "30"), Cas("PR", "2", "20"), paid="100")
    assert stands == {"receivable:patient:coinsurance": 2000, "adjustment:contractual": 3000}
    assert [row.state for row in desk.denials()] == ["superseded"]


def test_a_reduction_that_is_not_said_any_more_is_given_back(desk: Desk) -> None:
    assert decided_again(desk, Cas("PR", "2", "20"), paid="130") == {"receivable:patient:coinsurance": 2000}


def test_a_reduction_of_another_kind_goes_to_its_own_account(desk: Desk) -> None:
    stands = decided_again(desk, Cas("CO", "45", "48"), Cas("CO", "253", "2"), Cas("PR", "2", "20"), paid="80")
    assert stands == {
        "receivable:patient:coinsurance": 2000,
        "adjustment:contractual": 4800,
        "adjustment:sequestration": 200,
    }


def test_a_denied_line_may_be_paid_in_two_parts(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [DENIED])], trace="A", handling="H"))
    half = Svc("E1390", "75", "40", (Cas("CO", "45", "15"), Cas("PR", "2", "20")), ref="L1")
    rest = Svc("E1390", "75", "45", (Cas("CO", "45", "10"), Cas("PR", "2", "20")), ref="L1")
    desk.post(Era([Clp("SW1", [half, rest])], trace="B"))
    assert desk.items("posting_exception") == []
    assert desk.accounts("adjustment") == {"adjustment:contractual": 2500}
    assert desk.balance(claim) == 4000


def test_a_line_that_is_denied_again_otherwise_has_one_denial(desk: Desk) -> None:
    stands = decided_again(desk, Cas("CO", "45", "20"), Cas("CO", "50", "130"), paid="0")
    assert stands == {"receivable:denied": 13000, "adjustment:contractual": 2000}
    assert [(row.reason_code, row.state) for row in desk.denials()] == [("16", "superseded"), ("50", "open")]


def test_a_new_decision_can_be_reversed_like_any_other(desk: Desk) -> None:
    decided_again(desk, Cas("CO", "45", "30"), Cas("CO", "253", "2"), paid="118")
    desk.claim("BIG", Line("E1390", "500", "B1"))
    big = Clp("BIG", [Svc("E1390", "500", "500", ref="B1")])
    desk.post(Era([Clp("SW1", [BACK], status="22", payer_number="B"), big], trace="C"))
    assert desk.items("posting_exception") == []
    # Exactly what the second decision did is taken back: the first one stands again.
    assert desk.accounts("receivable") | desk.accounts("adjustment") == {
        "receivable:denied": 10000,
        "adjustment:contractual": 5000,
    }


def test_a_denial_that_was_decided_on_again_is_not_taken_back(desk: Desk) -> None:
    decided_again(desk, Cas("CO", "45", "30"), Cas("PR", "2", "20"), paid="100")
    gone = Svc("E1390", "-150", "0", (Cas("CO", "45", "-50"), Cas("CO", "16", "-100")), ref="L1")
    desk.post(Era([Clp("SW1", [gone], status="22", payer_number="A")], trace="C", handling="H"))
    (item,) = desk.items("posting_exception")
    assert "left to take back" in item.reason
    assert desk.accounts("receivable:denied") == {}


def test_the_first_payer_does_not_decide_again_on_what_it_left_to_the_patient(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    first = Svc("E1390", "150", "0", (Cas("CO", "45", "50"), Cas("PR", "1", "100")), ref="L1")
    other = Svc("E1390", "150", "0", (Cas("CO", "45", "60"), Cas("PR", "1", "90")), ref="L1")
    again = Svc("E1390", "150", "0", (Cas("CO", "45", "50"), Cas("CO", "18", "100")), ref="L1")
    desk.post(Era([Clp("SW1", [first], payer_number="A")], trace="A", handling="H"))
    for number, service in enumerate((other, again)):
        desk.post(Era([Clp("SW1", [service], payer_number=f"B{number}")], trace=f"B{number}", handling="H"))
    assert all("more than is open" in item.reason for item in desk.items("posting_exception"))
    assert len(desk.items("posting_exception")) == 2
    assert desk.accounts("receivable") == {"receivable:patient:deductible": 10000}
    assert desk.balance(claim) == 10000


def test_a_later_payer_before_the_first_waits_and_posts_after_it(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"), more=OTHER)
    second = Svc("E1390", "150", "0", (Cas("OA", "23", "130"), Cas("CO", "96", "20")), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="B", payer="OTHER PLAN", handling="H"))
    (item,) = desk.items("posting_exception")
    assert "nothing of that payer has been posted" in item.reason
    assert desk.balance(claim) == 15000
    desk.post(Era([Clp("SW1", [PAID])], trace="A"))
    (waiting,) = desk.rows(tables.claim_payments, tables.claim_payments.c.state == "exception")
    ask(desk, waiting.id)
    run_again(desk)
    assert desk.items("posting_exception") == []
    # What the second payer refused is a denial, and not the patient's.
    assert desk.accounts("receivable") == {"receivable:denied": 2000}


def test_a_claim_that_we_sent_to_the_second_payer_needs_nothing_of_the_first(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"), other_payers=[make_other_payer("P"), make_other_payer("T")])
    second = Svc("E1390", "150", "20", (Cas("OA", "23", "130"),), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="B"))
    assert [row.state for row in desk.payments()] == ["posted"]


def test_a_crossover_to_a_payer_that_the_claim_does_not_name_waits_for_the_first_one(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    second = Svc("E1390", "150", "15", (Cas("OA", "23", "130"), Cas("PR", "3", "5")), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="B", payer="OTHER PLAN"))
    (item,) = desk.items("posting_exception")
    assert "nothing of that payer has been posted" in item.reason
    assert desk.balance(claim) == 15000
    desk.post(Era([Clp("SW1", [PAID], status="19")], trace="A"))
    run_again(desk)
    assert desk.items("posting_exception") == []
    assert desk.accounts("receivable") == {"receivable:patient:copay": 500}
