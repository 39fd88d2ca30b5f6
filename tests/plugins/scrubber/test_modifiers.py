"""Modifiers (hme-billing-rules 1.2): order, doubles, too many, sides, repairs, replacements, policies, bidding."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.model.decision import Severity
from gateway.plugins.testing import make_claim, make_line

from .desk import DAY, ORDERER, bed, findings, line, medicare, said, scrubbed, with_table

LOST = ("NTE*ADD*LOST IN A HOUSE FIRE 01/15/2026", ORDERER)


@pytest.mark.rule("R1.10")
def test_modifiers_are_put_in_order() -> None:
    decision, claim = scrubbed(medicare(line("E1390", "KX", "N1", "RR", "QE")))
    assert claim.lines[0].modifiers == ("RR", "QE", "KX", "N1")
    assert decision.passes
    assert [edit.place for edit in decision.edits] == ["2400 SV101"]


@pytest.mark.rule("R1.10")
@pytest.mark.parametrize("modifiers", [("RR", "N1", "KX"), ("RR", "KX", "N1"), ("NU", "KX", "LT")])
def test_modifiers_in_order_are_left(modifiers: tuple[str, ...]) -> None:
    decision, _ = scrubbed(medicare(line("E1390" if "RR" in modifiers else "E0143", *modifiers)))
    assert not decision.edits


@pytest.mark.rule("R1.10")
def test_a_line_with_a_modifier_that_nobody_ranks_is_left() -> None:
    decision, claim = scrubbed(medicare(line("E0143", "KX", "KF", "NU")))
    assert claim.lines[0].modifiers == ("KX", "KF", "NU")
    assert not decision.edits


@pytest.mark.rule("R1.10")
def test_the_order_of_other_payers_is_their_own() -> None:
    decision, _ = scrubbed(make_claim(make_line("E0143", "KX", "NU")))
    assert not decision.edits


@pytest.mark.rule("R1.10")
def test_a_house_that_corrects_nothing_by_itself_is_told() -> None:
    (finding,) = findings(medicare(line("E0143", "KX", "NU")), {"corrections": "tell"})
    assert (finding.rule, finding.severity) == ("R1.10", Severity.WARN)
    decision, _ = scrubbed(medicare(line("E0143", "KX", "NU")), {"corrections": "tell"})
    assert not decision.edits


@pytest.mark.rule("R1.10")
def test_99_stays_last() -> None:
    _, claim = scrubbed(medicare(line("E0260", "KX", "RR", "KJ", "99", more=("NTE*ADD*RT KF", ORDERER))))
    assert claim.lines[0].modifiers == ("RR", "KJ", "KX", "99")


@pytest.mark.rule("R1.11")
def test_a_modifier_that_stands_twice_is_refused() -> None:
    assert said(medicare(line("E1390", "RR", "KX", "KX"))) == ["R1.11"]


@pytest.mark.rule("R1.11")
def test_each_modifier_once_passes() -> None:
    assert said(medicare(line("E1390", "RR", "KX"))) == []


@pytest.mark.rule("R1.12")
def test_a_fifth_modifier_without_99_is_refused() -> None:
    squeezed = line("E0260", "RR", "KJ", "KX", "RT", description="RA")
    assert "R1.12" in said(medicare(squeezed))


@pytest.mark.rule("R1.12")
def test_four_modifiers_and_a_note_about_more_are_refused() -> None:
    told = line("E0260", "RR", "KJ", "KX", "RT", more=("NTE*ADD*MORE MODIFIERS KF GK", ORDERER))
    assert said(medicare(told)) == ["R1.12"]


@pytest.mark.rule("R1.12")
@pytest.mark.rule("R1.99-1")
def test_99_in_the_fourth_place_with_the_rest_in_the_note_passes() -> None:
    noted = line("E0260", "RR", "KJ", "KX", "99", more=("NTE*ADD*RT KF", ORDERER))
    assert said(medicare(noted)) == []


@pytest.mark.rule("R1.12")
def test_four_modifiers_with_a_description_pass() -> None:
    assert said(medicare(line("E0260", "RR", "KJ", "KX", "RT", description="HOSPITAL BED"))) == []


@pytest.mark.rule("R1.99-1")
@pytest.mark.parametrize(
    "wrong",
    [
        line("E0143", "NU", "KX", "99", more=("NTE*ADD*RT", ORDERER)),
        line("E0260", "RR", "KJ", "KX", "99"),
    ],
)
def test_99_elsewhere_or_without_a_note_waits(wrong: list[str]) -> None:
    assert said(medicare(wrong)) == ["R1.99-1"]


@pytest.mark.rule("R1.KX-1")
@pytest.mark.parametrize("other", ["GA", "GZ", "GY"])
def test_kx_beside_a_modifier_that_says_otherwise_is_refused(other: str) -> None:
    assert said(medicare(line("E1390", "RR", "KX", other))) == ["R1.KX-1"]


@pytest.mark.rule("R1.KX-1")
@pytest.mark.rule("R1.KX-2")
@pytest.mark.rule("R1.GA-1")
@pytest.mark.parametrize("one", ["KX", "GA", "GZ", "GY"])
def test_one_of_the_four_alone_passes(one: str) -> None:
    assert said(medicare(line("E1390", "RR", one))) == []


@pytest.mark.rule("R1.KX-2")
@pytest.mark.parametrize("code", ["E1390", "E0601", "K0001", "E0163", "A7030", "L0648"])
def test_an_item_whose_policy_wants_one_of_the_four_is_refused_without(code: str) -> None:
    modifiers = {"E1390": ("RR",), "E0601": ("RR", "KJ"), "K0001": ("RR", "KJ"), "L0648": ()}.get(code, ("NU",))
    assert "R1.KX-2" in said(medicare(line(code, *modifiers)))


@pytest.mark.rule("R1.KX-2")
def test_an_item_without_such_a_policy_needs_none() -> None:
    assert said(medicare(line("E0570", "RR", "KJ"))) == []


@pytest.mark.rule("R1.KX-2")
def test_nutrition_needs_one_from_july_2023_on() -> None:
    def fed(day: dt.date) -> list[str]:
        return said(
            medicare(line("B4035", from_date=day, thru_date=day + dt.timedelta(days=29))), {"skip": ["R1.TF-1"]}
        )

    assert fed(dt.date(2023, 7, 1)) == []
    assert fed(dt.date(2023, 7, 2)) == ["R1.KX-2"]


@pytest.mark.rule("R1.KX-2")
def test_where_the_item_is_not_certain_it_is_a_warning() -> None:
    (finding,) = findings(medicare(line("A4351", units="30")))
    assert (finding.rule, finding.severity) == ("R1.KX-2", Severity.WARN)


@pytest.mark.rule("R1.GA-1")
def test_two_that_say_different_things_are_told() -> None:
    assert said(medicare(line("E1390", "RR", "GA", "GZ"))) == ["R1.GA-1"]


@pytest.mark.rule("R1.EY-1")
def test_a_line_without_an_order_waits_for_a_person() -> None:
    assert said(medicare(line("E0260", "RR", "KJ", "EY"))) == ["R1.EY-1"]


@pytest.mark.rule("R1.EY-1")
def test_a_line_with_an_order_does_not() -> None:
    assert said(medicare(bed())) == []


def strips(*modifiers: str) -> list[str]:
    until = DAY + dt.timedelta(days=89)
    return line("A4253", "NU", *modifiers, units="2", from_date=DAY, thru_date=until, more=("NTE*ADD*90 DAYS", ORDERER))


@pytest.mark.rule("R1.GL-1")
@pytest.mark.parametrize("modifiers", [(), ("KX", "KS")])
def test_strips_say_how_the_patient_is_treated(modifiers: tuple[str, ...]) -> None:
    assert said(medicare(strips(*modifiers))) == ["R1.GL-1"]


@pytest.mark.rule("R1.GL-1")
@pytest.mark.parametrize("modifier", ["KX", "KS", "GY"])
def test_strips_that_say_it_pass(modifier: str) -> None:
    assert said(medicare(strips(modifier))) == []


@pytest.mark.rule("R1.AU-1")
def test_tape_says_what_it_is_used_with() -> None:
    assert said(medicare(line("A4450", units="40"))) == ["R1.AU-1"]


@pytest.mark.rule("R1.AU-1")
@pytest.mark.parametrize("modifier", ["AU", "AV", "AW"])
def test_tape_that_says_it_passes(modifier: str) -> None:
    assert said(medicare(line("A4450", modifier, units="40"))) == []


@pytest.mark.rule("R1.CG-1")
@pytest.mark.parametrize(("modifiers", "told"), [(("KX",), ["R1.CG-1"]), (("KX", "CG"), [])])
def test_cg_is_asked_for_once_the_table_names_an_item(modifiers: tuple[str, ...], told: list[str]) -> None:
    rows = [{"rule": "R1.CG-1", "code": "L4360", "one_of": "CG"}]
    tables = with_table("required_modifiers", rows, ("rule", "code"))
    assert said(medicare(line("L4360", *modifiers)), tables=tables) == told


@pytest.mark.rule("R1.CG-1")
def test_cg_is_asked_for_on_no_item_as_shipped() -> None:
    assert said(medicare(line("L4360", "KX"))) == []


@pytest.mark.rule("R1.BO-1")
def test_nutrition_by_mouth_waits() -> None:
    day = DAY + dt.timedelta(days=29)
    assert said(medicare(line("B4150", "KX", "BO", from_date=DAY, thru_date=day))) == ["R1.BO-1"]


@pytest.mark.rule("R1.BO-1")
def test_nutrition_by_tube_does_not() -> None:
    day = DAY + dt.timedelta(days=29)
    assert said(medicare(line("B4150", "KX", from_date=DAY, thru_date=day))) == []


@pytest.mark.rule("R1.BA-1")
def test_ba_without_nutrition_is_told() -> None:
    assert said(medicare(line("E0776", "NU", "BA"))) == ["R1.BA-1"]


@pytest.mark.rule("R1.BA-1")
def test_ba_beside_nutrition_passes() -> None:
    feeding = line("B4150", "KX", from_date=DAY, thru_date=DAY + dt.timedelta(days=29))
    assert said(medicare(line("E0776", "NU", "BA"), feeding)) == []


@pytest.mark.rule("R1.LT-1")
def test_both_sides_on_one_line_wait() -> None:
    assert said(medicare(line("L4360", "RT", "LT"))) == ["R1.LT-1"]


@pytest.mark.rule("R1.LT-2")
def test_two_units_of_one_side_wait() -> None:
    assert said(medicare(line("L4360", "RT", units="2"))) == ["R1.LT-2"]


@pytest.mark.rule("R1.LT-1")
@pytest.mark.rule("R1.LT-2")
def test_both_sides_on_two_lines_pass() -> None:
    assert said(medicare(line("L4360", "RT"), line("L4360", "LT"))) == []


@pytest.mark.rule("R1.KR-1")
def test_a_part_of_a_month_needs_from_and_to() -> None:
    assert said(medicare(bed("RR", "KJ", "KR", "KX"))) == ["R1.KR-1"]


@pytest.mark.rule("R1.KR-1")
def test_a_part_of_a_month_with_its_dates_passes() -> None:
    assert said(medicare(bed("RR", "KJ", "KR", "KX", thru_date=DAY + dt.timedelta(days=11)))) == []


@pytest.mark.rule("R1.KR-1")
def test_a_part_of_a_month_is_a_rental() -> None:
    dates = {"from_date": DAY, "thru_date": DAY + dt.timedelta(days=11)}
    assert said(medicare(line("E0143", "NU", "KR", "KX", **dates))) == ["R1.KR-1"]


@pytest.mark.rule("R1.RA-1")
def test_ra_on_a_later_month_waits() -> None:
    assert said(medicare(bed("RR", "KI", "KX", "RA", more=LOST))) == ["R1.RA-1"]


@pytest.mark.rule("R1.RA-2")
def test_ra_without_a_note_waits() -> None:
    assert said(medicare(bed("RR", "KH", "KX", "RA"))) == ["R1.RA-2"]


@pytest.mark.rule("R1.RA-3")
def test_ra_on_a_refill_waits() -> None:
    assert said(medicare(line("A7030", "NU", "KX", "RA", more=LOST))) == ["R1.RA-3"]


@pytest.mark.rule("R1.RA-1")
@pytest.mark.rule("R1.RA-2")
@pytest.mark.rule("R1.RA-3")
def test_ra_on_the_first_month_with_its_story_passes() -> None:
    assert said(medicare(bed("RR", "KH", "KX", "RA", more=LOST))) == []


def repaired(*more: str) -> list[str]:
    return line("E2601", "NU", "RB", more=(*more, ORDERER))


LABOR = line("K0739", units="2")


@pytest.mark.rule("R1.RB-1")
def test_a_repair_part_without_a_note_waits() -> None:
    assert said(medicare(repaired(), LABOR)) == ["R1.RB-1"]


@pytest.mark.rule("R1.RB-2")
def test_a_repair_part_without_labor_is_told() -> None:
    assert said(medicare(repaired("NTE*ADD*CUSHION TORN"))) == ["R1.RB-2"]


@pytest.mark.rule("R1.RB-1")
@pytest.mark.rule("R1.RB-2")
def test_a_repair_with_note_and_labor_passes() -> None:
    assert said(medicare(repaired("NTE*ADD*CUSHION TORN"), LABOR)) == []


@pytest.mark.rule("R1.CB-1")
def test_a_bidding_modifier_between_two_rounds_is_told() -> None:
    assert said(medicare(line("E0143", "NU", "KG", "KX"))) == ["R1.CB-1"]


@pytest.mark.rule("R1.CB-1")
@pytest.mark.parametrize(("modifier", "day"), [("KG", dt.date(2023, 12, 31)), ("KU", DAY)])
def test_a_bidding_modifier_in_its_time_passes(modifier: str, day: dt.date) -> None:
    claim = medicare(line("E0143", "NU", modifier, "KX", from_date=day))
    assert said(claim, {"skip": ["R1.TF-1"]}) == []
