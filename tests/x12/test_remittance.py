"""A remittance: the payment, its claims and lines, what was adjusted and why, and whether it adds up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.x12.balance import Balance, claim_imbalances, patient_difference_cents
from gateway.core.x12.items import ReadPayment, RemittanceEnd, RemittanceStart
from gateway.core.x12.loop import Adjustment
from gateway.core.x12.remittance import ProviderAdjustment, provider_adjustments
from gateway.core.x12.segment import Delimiters, Segment
from gateway.core.x12.service_line import Procedure
from gateway.core.x12.values import Period, x12_amount

from .build import PAYMENT, SAMPLES, changed, items, payment_of, payments_of, remittance_file

JANUARY = Period(dt.date(2026, 1, 5), dt.date(2026, 2, 4))


def test_a_remittance_tells_what_was_paid_by_whom_to_whom() -> None:
    start = items(remittance_file())[0]
    assert isinstance(start, RemittanceStart)
    remittance = start.remittance
    assert (remittance.handling, remittance.paid, remittance.paid_cents) == ("I", Decimal("290.00"), 29000)
    assert (remittance.credit_debit, remittance.method) == ("C", "ACH")
    assert (remittance.originating_company, remittance.effective_date) == ("1999000002", dt.date(2026, 2, 15))
    assert (remittance.trace_number, remittance.trace_company) == ("EFT0001", "1999000002")
    assert (remittance.production_date, remittance.receiver, remittance.currency) == (
        dt.date(2026, 2, 14),
        "RECEIVER1",
        "",
    )
    payer, payee = remittance.payer, remittance.payee
    assert (payer.name, payer.id, payer.reference("2U")) == ("PRACTICE MEDICARE", "16013", "16013")
    assert (payer.contacts[0].function, payer.address.city) == ("BL", "CAPITAL")
    assert (payee.npi, payee.tax_id) == ("1999999018", "999000001")
    assert remittance.faults() == []


def test_a_debit_is_less_than_nothing() -> None:
    start = items(remittance_file().replace("*290*C*", "*290*D*"))[0]
    assert isinstance(start, RemittanceStart)
    assert start.remittance.paid_cents == -29000


def test_a_claim_payment_tells_what_the_payer_decided() -> None:
    (read,) = payments_of(remittance_file())
    payment = read.payment
    assert (payment.claim_id, payment.status, payment.is_reversal) == ("A1001", "1", False)
    assert (payment.charge, payment.paid, payment.patient_responsibility) == (
        Decimal("615.50"),
        Decimal("300.00"),
        Decimal("100.50"),
    )
    assert (payment.filing_code, payment.payer_control_number) == ("MB", "ICN0001")
    assert (payment.facility_code, payment.frequency) == ("12", "1")
    assert (payment.patient.last, payment.member_id, payment.corrected.first) == ("ABELSON", "1EG4TE5MK73", "ADAH")
    assert payment.crossover_carrier.id == "CROSS1"
    assert not payment.corrected_payer
    assert payment.remark_codes == ("MA01", "MA18")
    assert payment.outpatient is not None
    assert payment.outpatient.cents(2) == 1234
    assert payment.inpatient is None
    assert payment.dates == JANUARY
    assert (payment.received_date, payment.coverage_end_date) == (dt.date(2026, 2, 10), None)
    assert payment.amount_cents("AU") == 40050
    assert payment.adjustments == ()
    assert payment.faults() == []
    assert read.header is not None
    assert (read.header.number, read.header.claims, read.header.charge_cents) == ("1", 1, 61550)


def test_a_line_s_payment_tells_every_adjustment() -> None:
    first, second = payment_of().lines
    assert (first.code, first.modifiers, first.charge, first.paid) == (
        "E1390",
        ("RR", "KH"),
        Decimal("461.10"),
        Decimal("250.00"),
    )
    assert (first.units, first.original_units) == (1, 2)
    assert first.original_procedure == Procedure("HC", "E1391", ("RR",))
    assert first.dates == JANUARY
    assert first.adjustments == (
        Adjustment("CO", "45", 10060),
        Adjustment("CO", "253", 1000, Decimal(1)),
        Adjustment("PR", "1", 5050, Decimal(1)),
        Adjustment("PR", "2", 5000),
    )
    assert (first.control_number, first.allowed_cents, first.remark_codes) == ("L1", 35050, ("N115",))
    assert second.dates == Period(dt.date(2026, 1, 5), dt.date(2026, 1, 5))
    assert second.original_procedure is None
    assert second.adjustments[0].amount == Decimal("104.40")


def test_a_cas_holds_six_adjustments_and_a_claim_several_cas() -> None:
    full = "CAS*CO*" + "*".join(f"{number}*{number}.5*{number}" for number in range(1, 7))
    payment = payment_of([PAYMENT[0], full, "CAS*PR*3*9", "CAS*OA*23*-5.25"])
    found = payment.adjustments
    assert [one.reason for one in found] == ["1", "2", "3", "4", "5", "6", "3", "23"]
    assert found[5] == Adjustment("CO", "6", 650, Decimal(6))
    assert found[-1].cents == -525


def test_the_payment_itself_is_adjusted_by_the_plb() -> None:
    end = items(remittance_file(plb=("WO:ICN0001", "10", "L6", "-2.5")))[-1]
    assert isinstance(end, RemittanceEnd)
    day = dt.date(2026, 12, 31)
    assert end.adjustments == (
        ProviderAdjustment("1999999018", day, "WO", "ICN0001", 1000),
        ProviderAdjustment("1999999018", day, "L6", "", -250),
    )
    assert (end.sound, end.payments, end.faults) == (True, 1, ())


def test_a_plb_holds_six_adjustments() -> None:
    pairs = "*".join(f"WO:R{number}*{number}" for number in range(1, 7))
    found = provider_adjustments(Segment(f"PLB*1999999018*20261231*{pairs}", Delimiters()))
    assert [(one.reference, one.cents) for one in found] == [(f"R{n}", n * 100) for n in range(1, 7)]


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (PAYMENT[0], "CLP*A1001*1*6l5.5*300*100.5*MB*ICN0001*12*1", ("2100", "CLP", 3)),
        (PAYMENT[0], "CLP*A1001*1*615.5**100.5*MB*ICN0001*12*1", ("2100", "CLP", 4)),
        (PAYMENT[0], "CLP*A1001**615.5*300*100.5*MB*ICN0001*12*1", ("2100", "CLP", 2)),
        (PAYMENT[7], "DTM*232*20260230", ("2100", "DTM", 2)),
        (PAYMENT[12], "SVC*HC:E1390*461.1*25O**1", ("2110", "SVC", 3)),
        (PAYMENT[15], "CAS*CO*45*100,6", ("2110", "CAS", 3)),
        (PAYMENT[15], "CAS*CO*45", ("2110", "CAS", 3)),
        (PAYMENT[15], "CAS*CO**100.6", ("2110", "CAS", 2)),
        (PAYMENT[16], "CAS*PR*1*50.5*1*2*5E1", ("2110", "CAS", 6)),
        (PAYMENT[18], "AMT*B6*", ("2110", "AMT", 2)),
    ],
)
def test_an_amount_that_cannot_be_read_is_a_fault_with_its_place(
    before: str, after: str, place: tuple[str, str, int]
) -> None:
    (read,) = payments_of(remittance_file([changed(PAYMENT, before, after)]))
    (fault,) = read.payment.faults()
    assert (fault.loop, fault.segment_id, fault.element) == place
    assert fault.segment_number == read.segment_number + PAYMENT.index(before)


def test_a_plb_that_cannot_be_read_is_a_fault_of_the_remittance() -> None:
    end = items(remittance_file(plb=("WO:ICN0001", "1O")))[-1]
    assert isinstance(end, RemittanceEnd)
    assert [(fault.segment_id, fault.element) for fault in end.faults] == [("PLB", 4)]


def test_two_payments_in_one_file_stay_two() -> None:
    one, other = remittance_file(), remittance_file().replace("EFT0001", "EFT0002")
    found = items(one + other)
    starts = [item.remittance for item in found if isinstance(item, RemittanceStart)]
    assert [start.trace_number for start in starts] == ["EFT0001", "EFT0002"]
    assert [item.set.ordinal for item in found if isinstance(item, ReadPayment)] == [1, 2]


def test_a_remittance_without_header_or_claims_still_begins_and_ends() -> None:
    text = remittance_file([])
    kinds = [type(item).__name__ for item in items(text)]
    assert kinds == ["RemittanceStart", "RemittanceEnd"]
    start, end = text.index("BPR*"), text.index("PLB*")
    kinds = [type(item).__name__ for item in items(text[:start] + text[end:])]
    assert kinds[-2:] == ["RemittanceStart", "RemittanceEnd"]


# --- does it add up


def balanced(text: str) -> Balance:
    """Feed a remittance as the posting station does."""
    balance: Balance | None = None
    for item in items(text):
        if isinstance(item, RemittanceStart):
            balance = Balance(item.remittance.paid_cents)
        elif isinstance(item, ReadPayment):
            assert balance is not None
            balance.add(item.payment)
        elif isinstance(item, RemittanceEnd):
            assert balance is not None
            for adjustment in item.adjustments:
                balance.adjust(adjustment)
    assert balance is not None
    return balance


def test_a_remittance_that_adds_up_balances_at_every_level() -> None:
    result = balanced(remittance_file()).result()
    assert (result.balances, result.unbalanced, result.claims) == (True, (), 1)
    assert (result.paid_cents, result.adjusted_cents, result.stated_cents) == (30000, 1000, 29000)
    assert patient_difference_cents(payment_of()) == 0


def test_a_cent_too_many_is_seen_where_it_is() -> None:
    payment = payment_of(changed(PAYMENT, PAYMENT[22], "CAS*CO*45*104.41"))
    line, claim = claim_imbalances(payment)
    assert (line.rule, line.line, line.difference_cents) == ("line", 2, 1)
    assert (claim.rule, claim.stated_cents, claim.computed_cents) == ("claim", 30000, 29999)


def test_a_claim_that_does_not_balance_leaves_the_payment_as_a_whole_alone() -> None:
    broken = changed(PAYMENT, PAYMENT[22], "CAS*CO*45*104.41")
    result = balanced(remittance_file([PAYMENT, broken], paid="590")).result()
    assert result.balances
    assert [one.ordinal for one in result.unbalanced] == [2]


def test_lines_that_are_not_the_claim_s_charge_do_not_balance() -> None:
    payment = payment_of(["CLP*A*1*100*50*0*MB*I", "CAS*CO*45*10", "SVC*HC:X*90*50", "CAS*CO*45*40"])
    assert [found.rule for found in claim_imbalances(payment)] == ["charges"]


def test_a_payment_that_is_not_the_sum_of_its_claims_does_not_balance() -> None:
    result = balanced(remittance_file(paid="290.01")).result()
    assert (result.balances, result.difference_cents) == (False, 1)


def test_a_predetermination_pays_nothing() -> None:
    prediction = ["CLP*P1*25*100*100*0*MB*ICN9", "SVC*HC:E0601*100*100"]
    result = balanced(remittance_file([PAYMENT, prediction])).result()
    assert (result.balances, result.claims) == (True, 2)


def test_a_reversal_takes_back() -> None:
    reversal = ["CLP*A1*22*-100*-80*0*MB*ICN1", "SVC*HC:E0601*-100*-80", "CAS*CO*45*-20"]
    result = balanced(remittance_file([PAYMENT, reversal], paid="210")).result()
    assert (result.balances, result.unbalanced_count) == (True, 0)


AMOUNTS = st.integers(-(10**9), 10**9)


@settings(deadline=None)
@given(st.lists(st.tuples(AMOUNTS, st.lists(AMOUNTS, max_size=8)), min_size=1, max_size=4), st.integers(-3, 3))
def test_only_what_adds_up_balances(lines: list[tuple[int, list[int]]], error: int) -> None:
    """Charges less adjustments are payments, whatever the amounts; and one cent off is never overlooked."""
    segments, charge, paid = [], 0, 0
    for charged, adjusted in lines:
        got = charged - sum(adjusted)
        charge, paid = charge + charged, paid + got
        segments.append(f"SVC*HC:E1390*{x12_amount(charged)}*{x12_amount(got)}")
        segments += [f"CAS*CO*45*{x12_amount(one)}" for one in adjusted]
    clp = f"CLP*A*1*{x12_amount(charge)}*{x12_amount(paid + error)}*0*MB*I"
    payment = payment_of([clp, *segments])
    assert payment.faults() == []
    assert [found.difference_cents for found in claim_imbalances(payment)] == ([error] if error else [])


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of real samples is not here")
class TestRealFiles:
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_the_dental_payer_s_remittances_balance(self, number: int) -> None:
        text = (SAMPLES / f"tigershark/5010-835-example-{number}.txt").read_bytes().decode("latin-1")
        result = balanced(text).result()
        assert (result.balances, result.unbalanced) == (True, ())
        assert result.claims > 0

    def test_a_remittance_that_contradicts_itself_is_caught(self) -> None:
        text = (SAMPLES / "moov/example_5010_835/sample2.txt").read_bytes().decode("latin-1")
        (found,) = balanced(text).result().unbalanced
        assert found.ordinal == 1
