"""What is denied, what is taken off, what is the patient's; reversals, later payers, provider-level money."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.store import tables

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc

PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
REVERSED = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")


def denied(*cas: Cas, charge: str = "150", remarks: tuple[str, ...] = ()) -> Svc:
    return Svc("E1390", charge, "0", cas, ref="L1", remarks=remarks)


def test_a_denial_is_not_written_off_and_goes_to_its_team_by_two_business_days(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "50", "150"))])]))
    assert desk.accounts("receivable") == {"receivable:denied": 15000}
    assert desk.state(claim) == "denied"
    (denial,) = desk.denials()
    assert (denial.group_code, denial.reason_code, denial.category, denial.team, denial.cents, denial.state) == (
        "CO",
        "50",
        "MEDICAL_NECESSITY",
        "appeals",
        15000,
        "open",
    )
    (item,) = desk.items("denial")
    assert item.work_by == dt.date(2026, 9, 18)
    assert item.reason == (
        "Denied: $150.00 on line 1 (E1390), CO-50: not medically necessary by the payer's rules. Gather records and "
        "appeal."
    )
    assert desk.told("claim", claim)[1] == "route: Denials: $150.00 CO-50 to appeals."


def test_a_holiday_moves_the_day_by_which_a_denial_is_worked(desk: Desk) -> None:
    desk.clock.at = dt.datetime(2026, 11, 25, 17, tzinfo=dt.UTC)
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "50", "150"))])]))
    # Thanksgiving, Friday, the weekend, Monday.
    assert desk.items("denial")[0].work_by == dt.date(2026, 11, 30)


def test_the_remark_refines_the_reason(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "16", "150"), remarks=("N265",))])]))
    (denial,) = desk.denials()
    assert (denial.remark_code, denial.team, denial.category) == ("N265", "enrollment", "PROVIDER")
    assert "NPI is missing or not enrolled" in desk.items("denial")[0].reason


def test_a_reason_nobody_knows_is_a_denial_for_posting_not_a_write_off(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "100", (Cas("CO", "ZZ9", "50"),), ref="L1")])]))
    (denial,) = desk.denials()
    assert (denial.category, denial.team, denial.cents) == ("UNMAPPED", "posting", 5000)


def test_the_allowed_part_of_a_denied_line_is_taken_off_and_the_rest_denied(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "45", "30"), Cas("CO", "151", "120"), remarks=("M3",))])]))
    assert desk.accounts("receivable") == {"receivable:denied": 12000}
    assert desk.balance(claim) == 12000
    assert desk.denials()[0].team == "resupply"


def test_a_contractual_reduction_of_the_whole_charge_is_reviewed(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "45", "150"))])]))
    assert desk.accounts("receivable") == {"receivable:insurance": 15000}
    assert "was it underpaid?" in desk.items("underpayment")[0].reason
    assert desk.state(claim) == "accepted"


def test_a_whole_deductible_is_no_denial(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("PR", "1", "150"))])]))
    assert desk.accounts("receivable") == {"receivable:patient:deductible": 15000}
    assert desk.denials() == []
    assert desk.state(claim) == "paid"


def test_sequestration_is_no_denial(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    service = Svc(
        "E1390", "150", "78.40", (Cas("CO", "45", "50"), Cas("PR", "2", "20"), Cas("CO", "253", "1.60")), "L1"
    )
    desk.post(Era([Clp("SW1", [service])]))
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000, "adjustment:sequestration": 160}
    assert desk.denials() == []


def test_a_pended_line_stays_open_and_is_watched(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("OA", "133", "150"))])]))
    assert desk.accounts("receivable") == {"receivable:insurance": 15000}
    assert desk.denials() == []
    assert "wait and follow up" in desk.items("payment_review")[0].reason
    assert desk.state(claim) == "accepted"


def test_a_payer_initiated_reduction_is_reviewed_and_never_the_patients(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "100", (Cas("PI", "45", "50"),), ref="L1")])]))
    assert desk.accounts("receivable") == {"receivable:denied": 5000}
    assert desk.denials()[0].category == "UNDERPAYMENT"


def test_a_resubmission_that_is_paid_ends_the_denial(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "45", "50"), Cas("CO", "16", "100"))])], trace="A", handling="H"))
    desk.post(Era([Clp("SW1", [PAID])], trace="B"))
    assert desk.accounts("receivable") == {"receivable:patient:coinsurance": 2000}
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    assert desk.denials()[0].state == "superseded"
    assert desk.items("denial") == []
    assert desk.balance(claim) == 2000


def test_a_secondary_payer_pays_what_the_first_left(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="A"))
    second = Svc("E1390", "150", "15", (Cas("OA", "23", "130"), Cas("PR", "3", "5")), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="B", payer="OTHER PLAN", originator="1960000033"))
    assert desk.accounts("receivable") == {"receivable:patient:copay": 500}
    assert desk.balance(claim) == 500


def test_a_secondary_payer_that_says_the_reduction_again_does_not_take_it_off_twice(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], trace="A"))
    second = Svc("E1390", "150", "20", (Cas("OA", "23", "80"), Cas("CO", "45", "50")), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="B"))
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    assert desk.balance(claim) == 0
    assert desk.state(claim) == "closed"


def test_a_crossed_over_claim_is_watched_and_not_billed(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], status="19")]))
    (item,) = desk.items("payment_review")
    assert item.team == "coordination"
    assert item.work_by == dt.date(2026, 10, 7)  # 15 business days, without Columbus Day, which is later


def test_what_is_left_goes_to_the_next_payer_of_the_claim(desk: Desk) -> None:
    other = ("SBR*S*18*******CI", "OI***Y***Y", "NM1*IL*1*FERNSBY*POSY****MI*X1", "NM1*PR*2*OTHER PLAN*****PI*90202")
    claim = desk.claim("SW1", Line("E1390", "150", "L1"), more=other)
    desk.post(Era([Clp("SW1", [PAID])]))
    assert "goes to the next payer" in desk.told("claim", claim)[0]


@pytest.mark.parametrize("status", ["5", "13", "99", ""])
def test_a_status_nobody_uses_any_more_waits(desk: Desk, status: str) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], status=status)]))
    assert "CLP02" in desk.items("posting_exception")[0].reason


def test_a_predetermination_posts_nothing_and_is_no_money(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "99", ref="L1")], status="25")]))
    (remittance,) = desk.remittances()
    assert (remittance.state, remittance.paid_cents) == ("posted", 0)
    assert desk.payments()[0].state == "information"
    assert desk.balance(claim) == 15000


def test_a_claim_sent_on_to_another_payer_is_watched(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", charge="150", paid="0", status="23", cas=(Cas("OA", "B11", "150"),))]))
    assert desk.payments()[0].state == "information"
    assert desk.items("payment_review")[0].team == "coordination"
    assert desk.balance(claim) == 15000


# --- reversals -------------------------------------------------------------------------------------


def test_a_reversal_that_is_not_exactly_what_was_posted_waits(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    wrong = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-60"), Cas("PR", "2", "-10")), ref="L1")
    desk.post(Era([Clp("SW1", [wrong], status="22", payer_number="ICN1"), _other(desk)], trace="B"))
    (item,) = desk.items("posting_exception")
    assert "none that stands on the claim is exactly that" in item.reason
    assert item.cents == -8000
    assert desk.balance(claim) == 2000


def _other(desk: Desk) -> Clp:
    """A payment that keeps the check above zero."""
    desk.claim("BIG", Line("E1390", "500", "B1"))
    return Clp("BIG", [Svc("E1390", "500", "500", ref="B1")])


def test_a_reversal_takes_back_every_transfer_and_the_claim_is_open_again(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    desk.post(Era([Clp("SW1", [REVERSED], status="22", payer_number="ICN1"), _other(desk)], trace="B"))
    assert desk.balance(claim) == 15000
    assert desk.state(claim) == "accepted"
    assert desk.accounts("adjustment") == {}
    assert desk.payments()[1].reverses == desk.payments()[0].id
    assert desk.items() == []
    assert len(desk.rows(tables.transfers, tables.transfers.c.reverses.is_not(None))) == 3


def test_a_reversal_and_its_correction_in_one_remittance_post_in_order(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    correct = Svc("E1390", "150", "90", (Cas("CO", "45", "50"), Cas("PR", "2", "10")), ref="L1")
    desk.post(
        Era(
            [
                Clp("SW1", [REVERSED], status="22", payer_number="ICN1"),
                Clp("SW1", [correct], payer_number="ICN2"),
            ],
            trace="B",
        )
    )
    assert desk.balance(claim) == 1000
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5000}
    assert [row.posted_cents for row in desk.remittances()] == [8000, 1000]
    assert desk.items() == []


def test_a_payment_is_reversed_once(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    again = [Clp("SW1", [REVERSED], status="22", payer_number="ICN1")] * 2
    desk.post(Era([*again, _other(desk)], trace="B"))
    assert [row.state for row in desk.payments()] == ["posted", "posted", "exception", "posted"]


def test_the_reversal_of_a_denial_ends_it(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [denied(Cas("CO", "50", "150"))], payer_number="ICN1")], trace="A", handling="H"))
    back = Svc("E1390", "-150", "0", (Cas("CO", "50", "-150"),), ref="L1")
    desk.post(Era([Clp("SW1", [back], status="22", payer_number="ICN1")], trace="B", handling="H"))
    assert desk.denials()[0].state == "reversed"
    assert desk.items("denial") == []
    assert desk.accounts("receivable") == {"receivable:insurance": 15000}
    assert desk.balance(claim) == 15000


# --- provider level --------------------------------------------------------------------------------


def test_a_forwarding_balance_nets_to_zero_over_two_remittances(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], [Plb("FB", "-30")], trace="A"))
    assert desk.accounts("payer:") == {"payer:1960000022:forward": -3000}
    desk.post(Era([Clp("SW2", [PAID])], [Plb("FB", "30")], trace="B"))
    assert desk.accounts("payer:") == {}
    assert [(row.paid_cents, row.posted_cents, row.provider_level_cents) for row in desk.remittances()] == [
        (11000, 8000, 3000),
        (5000, 8000, -3000),
    ]
    assert desk.items() == []


def test_a_take_back_that_is_postponed_stands_as_what_we_owe_the_payer(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    reversal = Clp("SW1", [REVERSED], status="22", payer_number="ICN1")
    desk.post(Era([reversal], [Plb("WO", "-80", "ICN1")], trace="B", handling="H"))
    assert desk.accounts("payer:") == {"payer:1960000022:recovery": -8000}
    desk.claim("SW2", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW2", [PAID])], [Plb("WO", "80", "ICN1")], trace="C", handling="H"))
    assert desk.accounts("payer:") == {}


def test_interest_is_income_and_an_unknown_reason_is_looked_at(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID])], [Plb("L6", "-1.25"), Plb("QQ", "2")]))
    assert desk.accounts("income:interest") == {"income:interest": -125}
    (item,) = desk.items("provider_level")
    assert (item.cents, item.team) == (200, "posting")
    (remittance,) = desk.remittances()
    assert (remittance.paid_cents, remittance.posted_cents, remittance.provider_level_cents) == (7925, 8000, -75)


def test_what_a_person_takes_off_beside_the_lines_lessens_the_payment(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], cas=(Cas("CO", "131", "5"),))]))
    assert desk.remittances()[0].posted_cents == 7500
    assert desk.accounts("adjustment") == {"adjustment:contractual": 5500}
    assert desk.balance(claim) == 2000
