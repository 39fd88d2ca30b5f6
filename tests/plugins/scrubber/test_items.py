"""Payment categories (hme-billing-rules 1.1): rented or sold, purchase options, contents, prices."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.model.decision import Severity
from gateway.plugins.testing import make_claim, make_history, make_line, rules

from .desk import DAY, findings, line, medicare, said, scrubbed, with_table

NOTE = "NTE*ADD*LOST IN A HOUSE FIRE"


@pytest.mark.rule("R1.01")
@pytest.mark.parametrize("code", ["E0601", "E0471", "E0472", "E1390", "E0143", "A7031", "A7037", "A7005"])
def test_an_item_without_rr_nu_or_ue_is_refused(code: str) -> None:
    assert "R1.01" in said(medicare(line(code, "KX")))


@pytest.mark.rule("R1.01")
def test_an_item_both_rented_and_sold_is_refused() -> None:
    assert "R1.01" in said(medicare(line("E0143", "RR", "NU", "KX")))


@pytest.mark.rule("R1.01")
@pytest.mark.parametrize("modifiers", [("RR", "KH", "KX"), ("NU", "KX"), ("UE", "KX")])
def test_an_item_that_says_which_passes(modifiers: tuple[str, ...]) -> None:
    code = "E0601" if "RR" in modifiers else "E0143"
    assert said(medicare(line(code, *modifiers))) == []


@pytest.mark.rule("R1.01")
def test_a_maintenance_visit_is_neither_rented_nor_sold() -> None:
    assert said(medicare(line("E1390", "MS"))) == []


@pytest.mark.rule("R1.01")
@pytest.mark.rule("R1.02")
@pytest.mark.rule("R1.UN-1")
@pytest.mark.parametrize(
    ("modifiers", "units", "rule"),
    [(("BR", "KX"), "1", "R1.01"), (("RR", "BR", "KX"), "1", "R1.02"), (("RR", "KJ", "BR", "KX"), "2", "R1.UN-1")],
)
def test_of_an_item_that_is_not_certain_it_is_only_warned(modifiers: tuple[str, ...], units: str, rule: str) -> None:
    for code, goes in (("B9002", True), ("E0260", False)):
        mine = tuple(one for one in modifiers if one != "BR" or code == "B9002")
        decision, _ = scrubbed(medicare(line(code, *mine, units=units)))
        assert rule in rules(decision)
        assert decision.passes is goes, code


@pytest.mark.rule("R1.FS-1")
def test_what_is_frequently_serviced_is_not_sold() -> None:
    tables = with_table("payment_categories", [{"code": "E0465", "category": "FS"}])
    assert said(medicare(line("E0465", "NU")), tables=tables) == ["R1.FS-1"]


@pytest.mark.rule("R1.FS-1")
def test_what_is_frequently_serviced_is_rented_month_after_month() -> None:
    tables = with_table("payment_categories", [{"code": "E0465", "category": "FS"}])
    months = [make_history("E0465", "RR", from_date=dt.date(2024, 1 + at % 12, 1)) for at in range(12)]
    assert said(medicare(line("E0465", "RR")), tables=tables, history=months) == []


@pytest.mark.rule("R1.OX-1")
def test_contents_are_not_rented() -> None:
    assert said(medicare(line("E0443", "RR", "N1", "KX"))) == ["R1.OX-1"]


@pytest.mark.rule("R1.OX-1")
def test_contents_without_rr_pass() -> None:
    assert said(medicare(line("E0443", "N1", "KX"))) == []


@pytest.mark.rule("R1.PO-1")
def test_an_orthosis_with_nu_is_told() -> None:
    assert said(medicare(line("L4360", "NU"))) == ["R1.PO-1"]


@pytest.mark.rule("R1.PO-1")
def test_an_orthosis_without_it_passes() -> None:
    assert said(medicare(line("L4360", "RT"))) == []


PRICES = [{"code": "E0143", "price": "94.10"}]


@pytest.mark.rule("R1.IN-1")
@pytest.mark.parametrize(("charge", "told"), [("44.11", ["R1.IN-1"]), ("44.10", [])])
def test_rentals_stay_below_the_purchase_price(charge: str, told: list[str]) -> None:
    before = make_history("E0143", "RR", from_date=DAY - dt.timedelta(days=31), charge_cents=5000)
    claim = medicare(line("E0143", "RR", "KX", charge=charge))
    found = findings(claim, tables=with_table("purchase_prices", PRICES), history=[before])
    assert [(one.rule, one.severity) for one in found] == [(rule, Severity.HOLD) for rule in told]


@pytest.mark.rule("R1.IN-1")
def test_without_prices_rentals_are_not_compared() -> None:
    assert said(medicare(line("E0143", "RR", "KX", charge="9999"))) == []


@pytest.mark.rule("R1.BP-1")
def test_a_pump_says_what_the_patient_chose() -> None:
    assert said(medicare(line("B9002", "RR", "KH", "KX"))) == ["R1.BP-1"]


@pytest.mark.rule("R1.BP-1")
@pytest.mark.rule("R1.BP-2")
@pytest.mark.parametrize("modifiers", [("RR", "KH", "BR", "KX"), ("RR", "KH", "BU", "KX"), ("NU", "BP", "KX")])
def test_a_pump_with_its_option_passes(modifiers: tuple[str, ...]) -> None:
    assert said(medicare(line("B9002", *modifiers))) == []


@pytest.mark.rule("R1.BP-2")
@pytest.mark.parametrize("modifiers", [("RR", "KH", "BP", "KX"), ("NU", "BR", "KX"), ("RR", "BP", "BR", "KX")])
def test_an_option_that_does_not_go_with_the_rest_is_told(modifiers: tuple[str, ...]) -> None:
    assert "R1.BP-2" in said(medicare(line("B9002", *modifiers)))


@pytest.mark.rule("R1.BP-2")
def test_an_item_without_an_option_has_none() -> None:
    assert said(medicare(line("E0143", "NU", "BP", "KX"))) == ["R1.BP-2"]


@pytest.mark.rule("R1.KH-1")
def test_a_month_modifier_on_what_is_no_capped_rental_is_told() -> None:
    assert said(medicare(line("E1390", "RR", "KJ", "KX"))) == ["R1.KH-1"]


@pytest.mark.rule("R1.KH-1")
def test_kh_also_marks_a_purchase() -> None:
    assert said(medicare(line("E0143", "NU", "KH", "KX"))) == []


def test_which_items_have_maintenance_is_the_plugin_maintenances_to_say() -> None:
    # It says so once (O-M1), for whatever item.
    assert said(medicare(line("E0260", "MS"))) == []
    assert said(medicare(line("E1390", "MS"))) == []


@pytest.mark.rule("R1.TE-1")
@pytest.mark.parametrize(("months", "told"), [(1, []), (2, ["R1.TE-1"])])
def test_a_trial_of_two_months_and_then_the_purchase(months: int, told: list[str]) -> None:
    tables = with_table("payment_categories", [{"code": "E0730", "category": "TE"}])
    before = [make_history("E0730", "RR", from_date=dt.date(2025, 11 + at, 1)) for at in range(2 - months, 2)]
    claim = medicare(line("E0730", "RR", from_date=dt.date(2026, 1, 1)))
    assert said(claim, tables=tables, history=before) == told


def test_medicaid_is_not_asked_what_only_medicare_asks() -> None:
    rented = make_line("E0601", "RR", thru_date=DAY + dt.timedelta(days=29))
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999018",)
    assert said(make_claim(rented, filing_code="MC", payer_id="00751", providers=doctor)) == []
