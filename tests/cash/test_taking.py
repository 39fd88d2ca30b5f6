"""Bank files are taken once and whole, and matched: one candidate is a match, two wait."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.ledger import deposits
from gateway.core.ledger.days import NotDone
from gateway.core.store import tables

from ..posting.made import Clp, Era, Plb, Svc
from .banks import Credit, make_bai2
from .conftest import CashDesk


def test_a_file_that_does_not_add_up_books_nothing_and_waits_with_the_line_and_the_sum(desk: CashDesk) -> None:
    taken = desk.take(data=make_bai2(Credit("80.00"), off=1))
    assert taken.refused.startswith("Line 5: the control total of the account is $160.01")
    assert not desk.lines()
    assert not desk.accounts()
    (item,) = desk.items("file_problem")
    assert item.team == "posting"
    assert "$160.01" in item.reason
    assert desk.rows(tables.files)[-1].state == "quarantined"


def test_the_same_file_and_the_same_line_in_another_file_do_nothing(desk: CashDesk) -> None:
    first = desk.take(Credit("80.00", trace="EFT0001"), Credit("5.00"), Credit("5.00"))
    assert (first.new, first.cents) == (3, 9000)
    again = desk.take(Credit("80.00", trace="EFT0001"), Credit("5.00"), Credit("5.00"))
    assert again.duplicate_of == first.file_id
    overlap = desk.take(Credit("80.00", trace="EFT0001"), Credit("5.00"), Credit("7.00"))
    assert (overlap.new, overlap.known) == (1, 2)
    assert desk.accounts() == {"cash:bank": 9700, "cash:unidentified": -9700}


def test_a_file_that_was_refused_is_taken_when_it_comes_right(desk: CashDesk) -> None:
    assert desk.take(data=make_bai2(Credit("80.00"), off=1)).refused
    assert desk.take(data=make_bai2(Credit("80.00"), off=1)).refused
    assert desk.take(Credit("80.00")).new == 1


@pytest.mark.parametrize("money_first", [True, False])
def test_trace_and_amount_match_and_reconcile_whichever_comes_first(desk: CashDesk, money_first: bool) -> None:
    if money_first:
        desk.take(Credit("80.00", trace="EFT0001"))
        assert desk.accounts() == {"cash:bank": 8000, "cash:unidentified": -8000}
        desk.era()
    else:
        desk.era()
        assert desk.accounts("cash:") == {"cash:expected": 8000}
        desk.take(Credit("80.00", trace="EFT0001"))
    assert desk.accounts("cash:") == {"cash:bank": 8000}
    assert sorted(desk.states().values()) == ["matched", "reconciled"]
    assert not desk.items()


def test_a_remittance_of_which_a_part_waits_is_matched_and_not_reconciled_before_all_is_posted(desk: CashDesk) -> None:
    desk.post(Era([Clp("NOBODY", [Svc("E1390", "80", "80")])]))
    desk.take(Credit("80.00", trace="EFT0001"))
    (deposit,) = desk.rows(tables.deposits)
    assert deposit.state == "matched"


def test_two_candidates_wait_and_both_are_told(desk: CashDesk) -> None:
    first, second = desk.era(paid="80"), desk.era(paid="80", number="SW2", date="20260914")
    taken = desk.take(Credit("80.00", trace="EFT0001"))
    assert (taken.matched, taken.waiting) == (0, 1)
    (item,) = desk.items("deposit_match")
    assert f"deposit {first}" in item.reason
    assert f"deposit {second}" in item.reason
    line = desk.lines()[0].id
    assert all("Not matched" in desk.told("deposit", one)[-1] for one in (first, second, line))
    desk.match(line, first, who="petra")
    assert not desk.items("deposit_match")
    assert desk.states() == {first: "reconciled", second: "expected", line: "matched"}


def test_two_lines_for_one_deposit_wait(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("80.00", trace="EFT0001"), Credit("80.00", trace="EFT0001", bank="REF2"))
    assert len(desk.items("deposit_match")) == 2
    assert desk.states()[deposit] == "expected"


def test_without_a_number_amount_payer_and_date_match(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("80.00", text="ORIG CO NAME:NORTHBRIDGE HEAL  ORIG ID:1960000022"))
    assert desk.states()[deposit] == "reconciled"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Credit("80.00", text="ORIG CO NAME:SOMEBODY ELSE  ORIG ID:1960000099"), "another payer"),
        (Credit("80.01", text="ORIG CO NAME:NORTHBRIDGE HEAL  ORIG ID:1960000022"), "another amount"),
        (Credit("80.00", trace="EFT9999"), "another number"),
        (Credit("80.00"), "nothing is said"),
        (Credit("80.00", code="116", customer="77", text="NORTHBRIDGE HEALTH PLAN"), "a check is no transfer"),
    ],
)
def test_what_does_not_fit_is_never_guessed(desk: CashDesk, line: Credit, why: str) -> None:
    deposit = desk.era()
    desk.take(line)
    assert desk.states()[deposit] == "expected", why


def test_money_that_came_four_business_days_apart_is_not_matched_by_payer(desk: CashDesk) -> None:
    deposit = desk.era(date="20260909")
    desk.take(Credit("80.00", text="NORTHBRIDGE HEALTH PLAN HCCLAIMPMT"))
    assert desk.states()[deposit] == "expected"


def test_a_line_with_the_number_and_another_amount_is_a_work_item_at_once(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("79.50", trace="EFT0001"))
    (item,) = desk.items("deposit_match")
    assert "$0.50 apart" in item.reason
    line = desk.lines()[0].id
    with pytest.raises(NotDone, match=r"\$0.50 apart"):
        desk.match(line, deposit, who="petra")
    desk.match(line, deposit, who="petra", difference_reason="The bank kept a fee.")
    assert desk.accounts("cash:") == {"cash:bank": 7950, "cash:difference": 50}
    assert desk.states() == {deposit: "reconciled", line: "matched"}
    assert not desk.items()


def test_checks_match_lockbox_items_by_their_number(desk: CashDesk) -> None:
    one = desk.era(trace="0004411", method="CHK", paid="80")
    other = desk.era(trace="4412", method="CHK", paid="70")
    desk.take(
        Credit("150.00", code="115"),
        Credit("80.00", code="116", customer="4411"),
        Credit("70.00", code="116", customer="4412"),
    )
    states = desk.states()
    assert (states[one], states[other]) == ("reconciled", "reconciled")


def test_a_match_is_taken_back_with_a_reason_and_made_again(desk: CashDesk) -> None:
    deposit = desk.era()
    desk.take(Credit("80.00", trace="EFT0001"))
    line = desk.lines()[0].id
    with pytest.raises(NotDone, match="Say who"):
        desk.do(deposits.unmatch, line, "", "petra")
    desk.do(deposits.unmatch, line, "It was another payer's.", "petra")
    assert desk.accounts("cash:") == {"cash:bank": 8000, "cash:unidentified": -8000, "cash:expected": 8000}
    assert desk.states() == {deposit: "expected", line: "unidentified"}
    with pytest.raises(NotDone, match="is not matched"):
        desk.do(deposits.unmatch, line, "Again.", "petra")
    desk.match(line, deposit, who="petra")
    with pytest.raises(NotDone, match="matched already"):
        desk.match(line, deposit, who="petra")
    assert desk.states()[deposit] == "reconciled"


def test_one_line_may_be_several_deposits(desk: CashDesk) -> None:
    one, other = desk.era(paid="80"), desk.era(trace="EFT0002", paid="70")
    desk.take(Credit("150.00", code="301"))
    line = desk.lines()[0].id
    desk.match(line, one, other, who="petra")
    assert desk.states() == {one: "reconciled", other: "reconciled", line: "matched"}


def test_money_that_is_no_remittance_is_named_with_a_reason(desk: CashDesk) -> None:
    desk.take(Credit("25.00", code="121"))
    (item,) = desk.items("money_unidentified")
    line = desk.lines()[0].id
    with pytest.raises(NotDone, match="no purpose"):
        desk.do_explain(line, "gift", "Why not.")
    desk.do_explain(line, "patient", "Copays at the counter.")
    assert desk.accounts() == {"cash:bank": 2500, "cash:named:patient": -2500}
    assert not desk.items()
    assert item.cents == 2500


def test_what_a_bank_takes_back_is_looked_at_and_what_we_pay_is_only_noted(desk: CashDesk) -> None:
    taken = desk.take(Credit("80.00", code="555"), Credit("9.00", code="698"), Credit("12.00", code="999"))
    assert (taken.new, taken.noted, taken.cents) == (2, 2, 0)
    (item,) = desk.items("bank_review")
    assert "money that was taken back" in item.reason
    assert not desk.accounts()
    line = next(row.id for row in desk.lines() if row.type_code == "698")
    desk.do_take(line, "It was a refund of fees.")
    assert desk.accounts() == {"cash:bank": -900, "cash:unidentified": 900}


def test_alarms_come_after_their_business_days_and_close_when_the_other_half_comes(desk: CashDesk) -> None:
    deposit = desk.era(date="20260916")
    desk.take(Credit("70.00", trace="EFT0002"))
    assert desk.look()["opened"] == 0
    desk.clock.advance(days=5)  # Monday: three business days after Wednesday
    assert desk.look()["opened"] == 0
    desk.clock.advance(days=1)
    assert desk.look()["opened"] == 2
    assert desk.look()["opened"] == 0
    assert {row.kind for row in desk.items()} == {"era_without_money", "money_without_era"}
    data = make_bai2(Credit("80.00", trace="EFT0001"), date="260922")
    desk.take(data=data)
    assert [row.kind for row in desk.items()] == ["money_without_era"]
    desk.era(trace="EFT0002", paid="70")
    assert not desk.items()
    assert desk.states()[deposit] == "reconciled"


def test_an_alarm_comes_again_when_the_match_that_closed_it_is_taken_back(desk: CashDesk) -> None:
    deposit = desk.era(date="20260916")
    desk.clock.advance(days=6)
    assert desk.look()["opened"] == 1
    desk.take(data=make_bai2(Credit("80.00", trace="EFT0001"), date="260922"))
    assert not desk.items()
    desk.do(deposits.unmatch, desk.lines()[0].id, "Another payer's.", "petra")
    assert desk.look()["matched"] == 1, "it is the only candidate still"
    desk.do(deposits.unmatch, desk.lines()[0].id, "Another payer's.", "petra")
    desk.do_explain(desk.lines()[0].id, "refund", "It was a refund.")
    assert desk.look()["opened"] == 1
    assert [(row.kind, row.subject_id) for row in desk.items()] == [("era_without_money", deposit)]


def test_the_remittance_knows_its_provider_level(desk: CashDesk) -> None:
    desk.post(Era([], [Plb("L6", "-12")]))
    desk.take(Credit("12.00", trace="EFT0001"))
    found = desk.figures()
    assert (found.bank, found.posted, found.provider_level, found.variance) == (1200, 0, 1200, 0)
    assert desk.clock.now().date() == dt.date(2026, 9, 16)
