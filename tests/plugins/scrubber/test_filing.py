"""Filing time, claim frequency, unlisted codes, duplicates, same and similar (hme-billing-rules 1.4, 1.6, 1.7)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Config, load
from gateway.plugins.testing import make_claim, make_history, make_line, make_line_payment

from .desk import DAY, MAC, ORDERER, bed, findings, line, medicare, said, with_table

# --- in time ---------------------------------------------------------------------------------------


@pytest.mark.rule("R1.TF-1")
@pytest.mark.parametrize(
    ("served", "last"),
    [("2025-01-15", "2026-01-15"), ("2024-02-29", "2025-02-28"), ("2023-02-28", "2024-02-28")],
)
def test_medicare_is_billed_within_a_calendar_year(served: str, last: str) -> None:
    claim = medicare(bed(day=dt.date.fromisoformat(served)))
    end = dt.date.fromisoformat(last)
    assert said(claim, today=end) == ["R1.TF-2"]
    assert said(claim, today=end + dt.timedelta(days=1)) == ["R1.TF-1"]


@pytest.mark.rule("R1.TF-1")
@settings(max_examples=40)
@given(st.dates(dt.date(2018, 1, 1), dt.date(2025, 1, 1)), st.integers(14, 800))
def test_late_means_after_the_same_day_of_the_next_year(served: dt.date, after: int) -> None:
    today = served + dt.timedelta(days=after)
    leap = (served.month, served.day) == (2, 29)
    last = dt.date(served.year + 1, 2, 28) if leap else served.replace(year=served.year + 1)
    assert ("R1.TF-1" in said(medicare(bed(day=served)), {"skip": ["R1.21"]}, today=today)) == (today > last)


@pytest.mark.rule("R1.TF-1")
def test_the_earliest_line_decides() -> None:
    claim = medicare(bed(day=dt.date(2025, 6, 1)), line("E0143", "NU", "KX", from_date=dt.date(2025, 1, 15)))
    (finding,) = findings(claim, {"skip": ["R1.TF-2"]}, today=dt.date(2026, 1, 20))
    assert (finding.rule, finding.line) == ("R1.TF-1", 2)


@pytest.mark.rule("R1.TF-1")
def test_a_delay_reason_is_an_answer() -> None:
    claim = medicare(bed(day=dt.date(2025, 1, 15)))
    claim.set("CLM20", "3")
    assert said(claim, today=dt.date(2026, 3, 2)) == []


@pytest.mark.rule("R1.TF-1")
def test_a_plan_has_the_time_of_its_contract() -> None:
    rows = [{"payer": "90101", "within": "90 days"}]
    tables = with_table("timely_filing", rows, "payer")
    rented = make_line("E0601", "RR", "KJ", from_date=dt.date(2025, 12, 1), more=(ORDERER,))
    assert said(make_claim(rented), tables=tables, today=dt.date(2026, 3, 2)) == ["R1.TF-1"]
    assert said(make_claim(rented, payer_id="90102"), tables=tables, today=dt.date(2026, 3, 2)) == []


@pytest.mark.rule("R1.TF-2")
@pytest.mark.parametrize(("before", "told"), [(31, []), (30, ["R1.TF-2"])])
def test_a_month_before_the_end_it_is_told(before: int, told: list[str]) -> None:
    claim = medicare(bed(day=dt.date(2025, 3, 2)))
    assert said(claim, today=dt.date(2026, 3, 2) - dt.timedelta(days=before)) == told


# --- replaced, voided, unlisted --------------------------------------------------------------------


@pytest.mark.rule("R1.60")
@pytest.mark.parametrize("filing_code", ["MA", "MB"])
@pytest.mark.parametrize("frequency", ["7", "8"])
def test_medicare_takes_originals_only(frequency: str, filing_code: str) -> None:
    claim = medicare(bed(), filing_code=filing_code, frequency=frequency, more=("REF*F8*PCN123",))
    assert said(claim) == ["R1.60"]


@pytest.mark.rule("R1.60")
@pytest.mark.parametrize("filing_code", ["MA", "MB"])
def test_an_original_passes(filing_code: str) -> None:
    assert said(medicare(bed(), filing_code=filing_code, frequency="1")) == []


@pytest.mark.parametrize(("filing_code", "chain"), [("MA", "medicare-dme"), ("MB", "medicare-dme"), ("16", "default")])
def test_what_is_medicares_by_its_filing_code_goes_its_way(filing_code: str, chain: str) -> None:
    config = load(Path(__file__).parents[3] / "config", secrets=False)
    assert isinstance(config, Config)
    assert config.chains.choose(MAC, "practice", filing_code).name == chain


@pytest.mark.rule("R1.60")
@pytest.mark.rule("R1.60-1")
def test_a_plan_takes_a_replacement_with_its_number() -> None:
    rented = make_line("E0601", "RR", "KJ", more=(ORDERER,))
    assert said(make_claim(rented, frequency="7", more=("REF*F8*PCN123",))) == []


@pytest.mark.rule("R1.60-1")
def test_a_replacement_without_the_payers_number_waits() -> None:
    rented = make_line("E0601", "RR", "KJ", more=(ORDERER,))
    assert said(make_claim(rented, frequency="7")) == ["R1.60-1"]


@pytest.mark.rule("R1.60")
def test_a_plan_that_takes_none_has_its_row() -> None:
    rows = [{"filing_code": "*", "payer": "90101", "takes": "8", "instead": "Call the plan."}]
    tables = with_table("payer_frequency", rows, ("filing_code", "payer"))
    rented = make_line("E0601", "RR", "KJ", more=(ORDERER,))

    def sent(frequency: str) -> list[str]:
        return said(make_claim(rented, frequency=frequency, more=("REF*F8*PCN123",)), tables=tables)

    assert sent("7") == ["R1.60"]
    assert sent("8") == []


@pytest.mark.rule("R1.NOC-1")
def test_an_unlisted_item_is_described() -> None:
    assert said(medicare(line("E1399"))) == ["R1.NOC-1"]
    assert said(medicare(line("E1399", description="CUSTOM BRACKET"))) == []
    assert said(medicare(line("E1399", more=("NTE*ADD*CUSTOM BRACKET, ACME 7, 120 DOLLARS", ORDERER)))) == []


# --- billed before ---------------------------------------------------------------------------------

BEFORE = make_history("E0260", "RR", "KJ", "KX", from_date=DAY, payer_id=MAC, state="sent", claim_number="SW0900")


@pytest.mark.rule("R1.DUP-1")
def test_what_was_sent_on_another_claim_waits() -> None:
    assert said(medicare(bed()), history=[BEFORE]) == ["R1.DUP-1"]


@pytest.mark.rule("R1.DUP-1")
@pytest.mark.parametrize(
    "other",
    [
        BEFORE._replace(state="rejected"),
        BEFORE._replace(state="denied"),
        BEFORE._replace(state="cancelled"),
        BEFORE._replace(payer_id="90201"),
        BEFORE._replace(modifiers=("RR", "KJ", "KX", "LT")),
        BEFORE._replace(code="E0163", modifiers=("NU", "KX")),
        BEFORE._replace(claim_number="SW1001"),
    ],
)
def test_what_differs_or_came_back_may_be_billed(other: object) -> None:
    assert said(medicare(bed()), history=[other]) == []


@pytest.mark.rule("R1.DUP-1")
def test_what_was_voided_may_be_billed_again() -> None:
    void = BEFORE._replace(frequency="8", claim_number="SW0901")
    assert said(medicare(bed()), history=[BEFORE, void]) == []


@pytest.mark.rule("R1.DUP-1")
def test_a_line_that_was_denied_may_be_billed_again() -> None:
    paid = BEFORE._replace(state="paid")
    denial = make_line_payment(
        "E0260", from_date=DAY, paid="0", claim_number="SW0900", reasons=[("CO", "16", "100", "denial")]
    )
    assert said(medicare(bed()), history=[paid]) == ["R1.DUP-1"]
    assert said(medicare(bed()), history=[paid], payments=[denial]) == []


@pytest.mark.rule("R1.DUP-1")
def test_a_denial_that_was_taken_back_or_paid_after_all_is_none() -> None:
    paid = BEFORE._replace(state="paid")
    denial = make_line_payment(
        "E0260", from_date=DAY, paid="0", claim_number="SW0900", reasons=[("CO", "16", "100", "denial")]
    )
    back = denial._replace(denied=-denial.denied, status="22")
    after_all = denial._replace(denied=denial.denied * 0, paid=denial.charge)
    assert said(medicare(bed()), history=[paid], payments=[denial, back]) == ["R1.DUP-1"]
    assert said(medicare(bed()), history=[paid], payments=[denial, after_all]) == ["R1.DUP-1"]


@pytest.mark.rule("R1.DUP-2")
def test_a_line_that_stands_twice_waits() -> None:
    assert said(medicare(bed(), bed())) == ["R1.DUP-2"]


@pytest.mark.rule("R1.DUP-2")
def test_two_lines_that_differ_do_not() -> None:
    assert said(medicare(line("L4360", "RT"), line("L4360", "LT"))) == []


CHAIR = make_history("K0001", "RR", "KJ", "KX", from_date=DAY - dt.timedelta(days=10), payer_id=MAC)


@pytest.mark.rule("R1.SS-1")
def test_two_wheelchairs_rented_in_one_month_wait() -> None:
    assert said(medicare(line("K0004", "RR", "KH", "KX")), history=[CHAIR]) == ["R1.SS-1"]
    both = medicare(line("K0001", "RR", "KJ", "KX"), line("K0004", "RR", "KH", "KX"))
    assert said(both) == ["R1.SS-1"]
    power = CHAIR._replace(code="K0823")
    assert said(medicare(line("K0004", "RR", "KH", "KX")), history=[CHAIR._replace(code="K0006")]) == ["R1.SS-1"]
    assert "R1.SS-1" in said(medicare(line("K0861", "RR", "KH", "KX")), history=[power])


@pytest.mark.rule("R1.SS-1")
@pytest.mark.parametrize(
    "earlier",
    [
        CHAIR._replace(from_date=DAY - dt.timedelta(days=31), thru_date=DAY - dt.timedelta(days=31)),
        CHAIR._replace(state="denied"),
        CHAIR._replace(code="K0823"),
        CHAIR._replace(code="K0009"),
    ],
)
def test_one_after_the_other_or_another_group_does_not(earlier: object) -> None:
    assert said(medicare(line("K0004", "RR", "KH", "KX")), history=[earlier]) == []
