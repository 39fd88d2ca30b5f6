"""Which claim and which line a payment is for: the sure ways, the fall-backs, and what waits."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.flow.match import Service, match_lines
from gateway.core.model.posting import How, OpenLine
from gateway.core.store import tables

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Svc

PAID = Svc("E1390", "150", "130", (Cas("PR", "2", "20"),))
DAY = dt.date(2026, 9, 1)


def line(
    number: int, code: str, charge: int, *modifiers: str, control: str = "", day: dt.date | None = DAY
) -> OpenLine:
    return OpenLine(number * 10, number, control, code, modifiers, charge, day)


def service(
    code: str, charge: int, *modifiers: str, control: str = "", original: str = "", day: dt.date | None = DAY
) -> Service:
    return Service(control, original, code, frozenset(modifiers), charge, day, day)


def found(services: list[Service], lines: list[OpenLine]) -> list[tuple[int, How]]:
    return [(match.line_number, match.how) for match in match_lines(services, lines)]


def test_two_lines_alike_and_no_control_number_wait() -> None:
    lines = [line(1, "A7030", 4000), line(2, "A7030", 4000)]
    matches = match_lines([service("A7030", 4000), service("A7030", 4000)], lines)
    assert [match.line_id for match in matches] == [None, None]
    assert matches[0].candidates == (1, 2)
    assert "may be line 1 or 2" in matches[0].why


def test_a_service_of_another_code_and_charge_fits_nothing() -> None:
    (match,) = match_lines([service("K0001", 999)], [line(1, "E1390", 15000)])
    assert match.line_id is None
    assert "fits no open line" in match.why


def test_the_control_number_comes_before_everything_else() -> None:
    lines = [line(1, "A7030", 4000, control="X1"), line(2, "A7030", 4000, control="X2")]
    services = [service("A7030", 4000, control="X2"), service("A7030", 4000, control="X1")]
    assert found(services, lines) == [(2, How.LINE_NUMBER), (1, How.LINE_NUMBER)]


def test_several_services_with_one_control_number_are_one_line() -> None:
    services = [service("A4253", 2000, control="X1"), service("A4253", 3000, control="X1")]
    assert found(services, [line(1, "A4253", 5000, control="X1")]) == [(1, How.LINE_NUMBER), (1, How.LINE_NUMBER)]


def test_a_changed_code_is_found_by_the_code_as_billed() -> None:
    services = [service("E0601", 9000, original="E0470")]
    assert found(services, [line(1, "E0470", 9000), line(2, "E0601", 8000)]) == [(1, How.ORIGINAL_CODE)]


def test_modifiers_tell_two_lines_of_one_code_apart() -> None:
    lines = [line(1, "E1390", 9000, "RR", "KX"), line(2, "E1390", 9000, "RR", "QG")]
    assert found([service("E1390", 9000, "QG", "RR")], lines) == [(2, How.CODE_MODIFIERS)]


def test_a_payer_that_drops_the_modifiers_is_still_understood() -> None:
    assert found([service("E1390", 9000)], [line(1, "E1390", 9000, "RR", "KX")]) == [(1, How.CODE)]


def test_dates_tell_two_lines_of_one_code_apart() -> None:
    later = dt.date(2026, 9, 2)
    lines = [line(1, "E1390", 9000), line(2, "E1390", 9000, day=later)]
    services = [service("E1390", 9000, day=later), service("E1390", 9000)]
    assert found(services, lines) == [(2, How.CODE_MODIFIERS), (1, How.CODE_MODIFIERS)]


def test_parts_without_a_control_number_are_added_up_to_their_line() -> None:
    services = [service("A4253", 2000), service("A4253", 3000)]
    assert found(services, [line(1, "A4253", 5000), line(2, "A4259", 700)]) == [(1, How.SPLIT), (1, How.SPLIT)]


def test_the_only_line_with_that_charge_is_the_last_resort() -> None:
    assert found([service("K0001", 5000)], [line(1, "E1130", 5000), line(2, "E0973", 600)]) == [(1, How.CHARGE)]


def test_a_line_is_never_given_twice() -> None:
    services = [service("E1390", 9000, control="X1"), service("E1390", 9000)]
    assert [n for n, _ in found(services, [line(1, "E1390", 9000, control="X1")])] == [1, 0]


def test_a_payment_whose_services_fit_two_lines_waits(desk: Desk) -> None:
    desk.claim("SW1", Line("A7030", "40"), Line("A7030", "40"))
    desk.post(Era([Clp("SW1", [Svc("A7030", "40", "40"), Svc("A7030", "40", "40")])]))
    (item,) = desk.items("posting_exception")
    assert "may be line 1 or 2" in item.reason
    assert item.cents == 8000


def test_a_service_without_a_date_takes_the_claims(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), Line("E1390", "150", date="20261001"))
    desk.post(Era([Clp("SW1", [PAID._replace(date="")], dates=("20260901", "20260930"))]))
    (row,) = desk.rows(tables.line_payments)
    assert row.line_id == 1


def test_the_payers_number_finds_a_claim_whose_own_number_was_lost(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150"), payer_number="ICN77")
    desk.post(Era([Clp("0", [PAID], payer_number="ICN77")]))
    (payment,) = desk.payments()
    assert (payment.claim_id, payment.state) == (claim, "posted")
    assert "ICN77" in payment.match


def test_the_payers_number_learnt_from_an_earlier_payment_counts(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"), Line("A7030", "40", "L2"))
    desk.post(Era([Clp("SW1", [PAID._replace(ref="L1")], payer_number="ICN77")], trace="A"))
    desk.post(Era([Clp("LOST", [Svc("A7030", "40", "40", ref="L2")], payer_number="ICN77")], trace="B"))
    assert [row.claim_id for row in desk.payments()] == [claim, claim]


def test_member_date_and_charge_find_a_claim_without_numbers(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150"), member="SWT7")
    desk.claim("SW2", Line("E1390", "160"), member="SWT7")
    desk.post(Era([Clp("0", [PAID], member="SWT7")]))
    assert desk.payments()[0].claim_id == claim


def test_a_name_alone_is_only_a_suggestion(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150"), member="SWT7", last="Fernsby", first="Posy")
    desk.post(Era([Clp("0", [PAID])]))
    (payment,) = desk.payments()
    assert (payment.state, payment.claim_id) == ("exception", None)
    assert "may fit by name" in desk.items("posting_exception")[0].reason
    assert desk.balance(claim) == 15000


def test_two_claims_by_member_date_and_charge_wait(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), member="SWT7")
    desk.claim("SW2", Line("E1390", "150"), member="SWT7")
    desk.post(Era([Clp("0", [PAID], member="SWT7")]))
    assert "2 claims fit by member id" in desk.items("posting_exception")[0].reason


def test_of_a_rejected_claim_and_its_correction_the_correction_is_paid(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), state="rejected")
    second = desk.claim("SW1", Line("E1390", "150"))
    desk.post(Era([Clp("SW1", [PAID])]))
    assert desk.payments()[0].claim_id == second


def test_the_payers_number_tells_two_claims_of_one_number_apart(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1")
    second = desk.claim("SW1", Line("E1390", "150"), payer_number="ICN2")
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN2")]))
    assert desk.payments()[0].claim_id == second


def taken_back(paid: Svc) -> Svc:
    return paid._replace(
        charge=f"-{paid.charge}", paid=f"-{paid.paid}", cas=[one._replace(amount=f"-{one.amount}") for one in paid.cas]
    )


def test_a_reversal_is_for_the_claim_on_which_that_payment_is_posted(desk: Desk) -> None:
    first = desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1")
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    # A void of the same number and charge, which the payer's 277CA gave the number of what it voids.
    desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1", frequency="8")
    other = Clp("SW9", [Svc("A7030", "400", "400")])
    desk.claim("SW9", Line("A7030", "400"))
    desk.post(Era([Clp("SW1", [taken_back(PAID)], status="22", payer_number="ICN1"), other], trace="B"))
    assert [(row.claim_id, row.state) for row in desk.payments()][:2] == [(first, "posted"), (first, "posted")]
    assert "is posted on this one" in desk.payments()[1].match
    assert desk.balance(first) == 15000


def test_a_reversal_of_what_is_posted_on_two_claims_or_on_none_waits(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1")
    desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1", frequency="7")
    other = Clp("SW9", [Svc("A7030", "400", "400")])
    desk.claim("SW9", Line("A7030", "400"))
    desk.post(Era([Clp("SW1", [taken_back(PAID)], status="22", payer_number="ICN1"), other], trace="A"))
    assert [row.state for row in desk.payments()] == ["exception", "posted"]
    assert "nothing tells which" in desk.items("posting_exception")[0].reason


@pytest.mark.parametrize(
    ("charge", "frequency", "found"),
    [
        ("300", "7", 2),
        ("150", "1", 1),
        # Facts that contradict each other single out nobody, and neither do none.
        ("300", "1", None),
        ("150", "7", None),
        ("300", "", None),
        ("200", "7", None),
    ],
)
def test_charge_and_frequency_tell_an_original_and_its_replacement_apart(
    desk: Desk, charge: str, frequency: str, found: int | None
) -> None:
    desk.claim("SW1", Line("E1390", "150"), payer_number="ICN1")
    desk.claim("SW1", Line("E1390", "300"), payer_number="ICN1", frequency="7")
    paid = Svc("E1390", charge, charge)
    desk.post(Era([Clp("SW1", [paid], payer_number="ICN1", frequency=frequency)]))
    (payment,) = desk.payments()
    assert (payment.claim_id, payment.state) == (found, "posted" if found else "exception")


def test_two_replacements_alike_wait(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150"), frequency="7")
    desk.claim("SW1", Line("E1390", "150"), frequency="7")
    desk.post(Era([Clp("SW1", [PAID], frequency="7")]))
    assert "nothing tells which" in desk.items("posting_exception")[0].reason
