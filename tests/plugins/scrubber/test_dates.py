"""Units, dates of service, spans and supplies (hme-billing-rules 1.4): R1.UN, R1.DOS, R1.30 to R1.33."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.model.decision import Severity
from gateway.plugins.testing import TODAY, make_claim, make_history, make_line

from .desk import DAY, MAC, ORDERER, bed, findings, line, medicare, said, scrubbed, with_table

NINETY = ("NTE*ADD*90 DAY SUPPLY", ORDERER)


def strips(days: int = 90, day: dt.date = DAY, more: tuple[str, ...] = NINETY) -> list[str]:
    until = day + dt.timedelta(days=days - 1)
    return line("A4253", "NU", "KS", units="2", from_date=day, thru_date=until, more=more)


@pytest.mark.rule("R1.UN-1")
def test_two_units_of_a_rental_month_wait() -> None:
    assert said(medicare(bed(units="2"))) == ["R1.UN-1"]
    assert said(medicare(line("E0143", "RR", "KX", units="2"))) == ["R1.UN-1"]


@pytest.mark.rule("R1.UN-1")
def test_one_unit_passes() -> None:
    assert said(medicare(bed(units="1"))) == []
    assert said(medicare(line("E0143", "RR", "KX", units="1"))) == []
    assert said(medicare(line("A7030", "NU", "KX", units="2", more=NINETY))) == [], "it is sold"


@pytest.mark.rule("R1.UN-2")
@pytest.mark.parametrize("units", ["0", "1.5"])
def test_units_that_cannot_be_wait(units: str) -> None:
    assert said(medicare(line("A7035", "NU", "KX", units=units))) == ["R1.UN-2"]


@pytest.mark.rule("R1.UN-2")
@pytest.mark.parametrize("units", ["1", "1.0"])
def test_whole_units_pass(units: str) -> None:
    assert said(medicare(line("A7035", "NU", "KX", units=units))) == []


@pytest.mark.rule("R1.UN-3")
@pytest.mark.parametrize(("units", "told"), [("1", []), ("2", ["R1.UN-3"])])
def test_a_month_of_sensors_is_one_unit(units: str, told: list[str]) -> None:
    assert said(medicare(line("A4239", "KX", units=units))) == told


@pytest.mark.rule("R1.DOS-1")
@pytest.mark.parametrize(("days", "told"), [(0, []), (1, ["R1.DOS-1"])])
def test_a_day_that_has_not_come_waits(days: int, told: list[str]) -> None:
    assert said(medicare(bed(day=TODAY + dt.timedelta(days=days)))) == told


@pytest.mark.rule("R1.DOS-1")
def test_the_end_of_a_supply_may_lie_ahead() -> None:
    assert said(medicare(strips(day=TODAY))) == []


@pytest.mark.rule("R1.DOS-2")
def test_dates_that_end_before_they_begin_are_refused() -> None:
    assert said(medicare(bed(thru_date=DAY - dt.timedelta(days=1)))) == ["R1.DOS-2"]


@pytest.mark.rule("R1.DOS-2")
def test_a_line_without_dates_is_refused() -> None:
    undated = [segment for segment in bed() if not segment.startswith("DTP")]
    assert said(medicare(undated)) == ["R1.DOS-2"]


@pytest.mark.rule("R1.DOS-2")
def test_a_line_with_its_day_passes() -> None:
    assert said(medicare(bed())) == []


@pytest.mark.rule("R1.30")
def test_strips_without_their_span_wait() -> None:
    assert said(medicare(line("A4253", "NU", "KS", units="2"))) == ["R1.30"]


@pytest.mark.rule("R1.30")
def test_strips_with_their_span_pass() -> None:
    assert said(medicare(strips())) == []


@pytest.mark.rule("R1.30")
def test_a_kit_for_one_day_is_a_span_of_one_day() -> None:
    assert said(medicare(line("B4035", "KX", from_date=DAY, thru_date=DAY))) == []
    assert said(medicare(line("B4035", "KX", from_date=DAY))) == ["R1.30"]


@pytest.mark.rule("R1.30")
def test_a_medicaid_that_wants_spans_of_rentals_gets_them() -> None:
    rows = [{"payer": "00751", "code": "*", "modifier": "RR", "span": "required"}]
    tables = with_table("span_dates", rows, ("payer", "code"))
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999018",)

    def asked(rented: list[str], payer: str = "00751") -> list[str]:
        return said(make_claim(rented, filing_code="MC", payer_id=payer, providers=doctor), tables=tables)

    assert asked(make_line("E0601", "RR")) == ["R1.30"]
    assert asked(make_line("E0601", "RR", thru_date=DAY + dt.timedelta(days=27))) == []
    assert asked(make_line("E0143", "NU")) == []
    assert asked(make_line("E0601", "RR"), payer="00752") == []


@pytest.mark.rule("R1.30-2")
def test_a_rental_of_medicare_has_one_day() -> None:
    assert said(medicare(bed(thru_date=DAY + dt.timedelta(days=27)))) == ["R1.30-2"]


@pytest.mark.rule("R1.30-2")
def test_a_span_of_the_same_day_is_one_day() -> None:
    assert said(medicare(bed(thru_date=DAY))) == []


@pytest.mark.rule("R1.31")
@pytest.mark.parametrize(("early", "told"), [(10, []), (11, ["R1.31"])])
def test_a_refill_may_overlap_the_supply_before_by_ten_days(early: int, told: list[str]) -> None:
    until = DAY + dt.timedelta(days=early)
    before = make_history(
        "A4253", "NU", "KS", from_date=until - dt.timedelta(days=89), thru_date=until, units="2", payer_id=MAC
    )
    assert said(medicare(strips()), history=[before]) == told


@pytest.mark.rule("R1.31")
def test_a_supply_that_was_denied_is_not_overlapped() -> None:
    before = make_history("A4253", "NU", from_date=DAY - dt.timedelta(days=9), thru_date=TODAY, state="denied")
    assert said(medicare(strips()), history=[before]) == []


@pytest.mark.rule("R1.32")
def test_a_span_of_three_months_is_told_in_the_note() -> None:
    decision, claim = scrubbed(medicare(strips(more=(ORDERER,))))
    assert decision.passes
    assert [note.text for note in claim.lines[0].notes] == ["90 DAY SUPPLY"]
    assert [edit.place for edit in decision.edits] == ["2400 NTE"]


@pytest.mark.rule("R1.32")
def test_a_note_that_is_there_is_kept() -> None:
    _, claim = scrubbed(medicare(strips(more=("NTE*ADD*TESTS THREE TIMES A DAY", ORDERER))))
    assert [note.text for note in claim.lines[0].notes] == ["TESTS THREE TIMES A DAY 90 DAY SUPPLY"]


@pytest.mark.rule("R1.32")
def test_a_note_that_is_full_is_for_a_person() -> None:
    full = ("NTE*ADD*" + "TESTS OFTEN " * 6, ORDERER)
    decision, _ = scrubbed(medicare(strips(more=full)))
    assert not decision.edits
    (finding,) = decision.steps[0].findings
    assert (finding.rule, finding.severity) == ("R1.32", Severity.WARN)


@pytest.mark.rule("R1.32")
@pytest.mark.parametrize("note", ["90 DAY SUPPLY", "3 MONTH SUPPLY", "THREE MONTHS"])
def test_a_note_that_says_it_is_enough(note: str) -> None:
    decision, _ = scrubbed(medicare(strips(more=(f"NTE*ADD*{note}", ORDERER))))
    assert not decision.edits


@pytest.mark.rule("R1.32")
@settings(max_examples=40)
@given(st.integers(2, 120))
def test_only_more_than_a_month_is_told(days: int) -> None:
    _, claim = scrubbed(medicare(strips(days, more=(ORDERER,))))
    assert [note.text for note in claim.lines[0].notes] == ([f"{days} DAY SUPPLY"] if days > 31 else [])


@pytest.mark.rule("R1.32-2")
def test_three_months_of_filters_without_a_note_are_told() -> None:
    assert said(medicare(line("A7038", "NU", "KX", units="6"))) == ["R1.32-2"]


@pytest.mark.rule("R1.32-2")
@pytest.mark.parametrize(("units", "more"), [("2", (ORDERER,)), ("6", NINETY)])
def test_one_month_or_a_note_passes(units: str, more: tuple[str, ...]) -> None:
    assert said(medicare(line("A7038", "NU", "KX", units=units, more=more))) == []


@pytest.mark.rule("R1.33")
@pytest.mark.parametrize(
    ("within", "first", "days", "told"),
    [
        ("year", dt.date(2025, 12, 15), 90, ["R1.33"]),
        ("year", dt.date(2025, 6, 15), 90, []),
        ("month", dt.date(2025, 12, 15), 30, ["R1.33"]),
        ("month", dt.date(2025, 12, 1), 31, []),
    ],
)
def test_a_payer_that_wants_no_span_over_the_end(within: str, first: dt.date, days: int, told: list[str]) -> None:
    rows = [{"payer": "medicare", "code": "A4253", "span": "required", "within": within}]
    tables = with_table("span_dates", rows, ("payer", "code"))
    assert said(medicare(strips(days, day=first)), tables=tables) == told


@pytest.mark.rule("R1.33")
def test_no_payer_wants_it_as_shipped() -> None:
    assert said(medicare(strips(day=dt.date(2025, 12, 15)))) == []


def test_the_units_are_told_as_they_are() -> None:
    (finding,) = findings(medicare(bed(units="30")))
    assert "not 30" in finding.message


@pytest.mark.rule("R1.32-2")
def test_the_maximum_of_other_payers_is_not_medicares() -> None:
    """The table belongs to resupply, which may keep several rows for a code; the largest of Medicare's counts."""
    rows = [
        {"code": "A7038", "family": "pap", "payer_class": "medicaid", "units": "9", "months": "1"},
        {"code": "A7038", "family": "pap", "payer_class": "medicare", "units": "2", "months": "1"},
        {"code": "A7038", "family": "other", "payer_class": "medicare", "units": "4", "months": "1"},
    ]
    tables = with_table("supply_limits", rows, ("code", "family", "payer_class"))
    assert said(medicare(line("A7038", "NU", "KX", units="4")), tables=tables) == []
    assert said(medicare(line("A7038", "NU", "KX", units="5")), tables=tables) == ["R1.32-2"]
