"""Places, contractors and diagnoses (hme-billing-rules 1.4, 1.7)."""

from __future__ import annotations

import pytest

from gateway.plugins.testing import make_claim, make_line

from .desk import bed, line, medicare, said


@pytest.mark.rule("R1.POS-1")
@pytest.mark.parametrize("place", ["11", "99"])
def test_a_place_that_is_no_home_is_told(place: str) -> None:
    assert said(medicare(bed(), place_of_service=place)) == ["R1.POS-1"]


@pytest.mark.rule("R1.POS-1")
@pytest.mark.rule("R1.POS-2")
@pytest.mark.parametrize("place", ["12", "04", "13", "14", "33", "54", "65"])
def test_what_counts_as_home_passes(place: str) -> None:
    assert said(medicare(bed(), place_of_service=place)) == []


@pytest.mark.rule("R1.POS-2")
@pytest.mark.parametrize("place", ["21", "31", "32"])
def test_equipment_in_a_facility_waits(place: str) -> None:
    assert said(medicare(bed(), place_of_service=place)) == ["R1.POS-2"]


@pytest.mark.rule("R1.POS-2")
@pytest.mark.parametrize("code", ["A7030", "A7037", "A7005"])
def test_accessories_of_equipment_in_a_nursing_facility_wait_as_it_does(code: str) -> None:
    assert said(medicare(line(code, "NU", "KX"), place_of_service="31")) == ["R1.POS-2"]


@pytest.mark.rule("R1.POS-2")
def test_an_orthosis_in_a_nursing_facility_passes() -> None:
    assert said(medicare(line("L4360", "RT"), place_of_service="31")) == []


@pytest.mark.rule("R1.POS-2")
def test_the_place_of_the_line_goes_before_that_of_the_claim() -> None:
    claim = medicare(bed())
    claim.lines[0].set("SV105", "31")
    assert said(claim) == ["R1.POS-2"]


@pytest.mark.rule("R1.JUR-1")
def test_the_wrong_contractor_waits() -> None:
    assert said(medicare(bed(), payer_id="16013")) == ["R1.JUR-1"]


@pytest.mark.rule("R1.JUR-1")
@pytest.mark.parametrize(("state", "payer"), [("OH", "17013"), ("NY", "16013"), ("TX", "18003"), ("AZ", "19003")])
def test_the_contractor_of_the_state_passes(state: str, payer: str) -> None:
    claim = medicare(bed(), payer_id=payer)
    claim.set("2010BA N402", state)
    assert said(claim) == []


@pytest.mark.rule("R1.JUR-1")
def test_a_payer_that_is_no_contractor_is_not_asked() -> None:
    assert said(medicare(bed(), payer_id="MEDB")) == []


@pytest.mark.rule("R1.DX-1")
def test_a_pointer_to_no_diagnosis_is_refused() -> None:
    assert said(medicare(bed(pointers=(1, 2)))) == ["R1.DX-1"]


@pytest.mark.rule("R1.DX-1")
@pytest.mark.rule("R1.DX-4")
def test_pointers_to_what_is_there_pass() -> None:
    codes = ("J449", "I10", "E669", "M6281")
    assert said(medicare(bed(pointers=(1, 2, 3, 4)), diagnoses=codes)) == []


@pytest.mark.rule("R1.DX-2")
def test_a_claim_without_a_diagnosis_is_refused() -> None:
    assert "R1.DX-2" in said(medicare(bed(), diagnoses=()))


@pytest.mark.rule("R1.DX-2")
@pytest.mark.parametrize(("count", "told"), [(12, []), (13, ["R1.DX-2"])])
def test_twelve_diagnoses_have_room(count: int, told: list[str]) -> None:
    assert said(medicare(bed(), diagnoses=[f"J{40 + at}" for at in range(count)])) == told


@pytest.mark.rule("R1.DX-3")
@pytest.mark.parametrize("code", ["J44.9", "4912", "J4", "J44912345", "j449"])
def test_what_is_no_icd_10_code_is_refused(code: str) -> None:
    assert said(medicare(bed(), diagnoses=(code,))) == ["R1.DX-3"]


@pytest.mark.rule("R1.DX-3")
@pytest.mark.parametrize("code", ["J449", "I10", "G20A1", "S72001A", "C7A00", "U071"])
def test_the_form_of_icd_10_passes(code: str) -> None:
    assert said(medicare(bed(), diagnoses=(code,))) == []


@pytest.mark.rule("R1.DX-3")
def test_an_icd_9_code_of_today_is_refused() -> None:
    claim = medicare(bed())
    claim.set("HI01", "BK:4912")
    assert said(claim) == ["R1.DX-3"]


@pytest.mark.rule("R1.DX-4")
@pytest.mark.parametrize("pointers", [(), (1, 2, 3, 4, 5)])
def test_a_line_points_to_one_to_four(pointers: tuple[int, ...]) -> None:
    codes = ("J449", "I10", "E669", "M6281", "G4733")
    assert said(medicare(bed(pointers=pointers), diagnoses=codes)) == ["R1.DX-4"]


def test_a_commercial_plan_is_not_asked_where_the_patient_lives() -> None:
    doctor = ("NM1*DN*1*ALDERMAN*IVO****XX*1999999018",)
    claim = make_claim(make_line("E0143", "NU"), place_of_service="31", providers=doctor)
    assert said(claim) == []
