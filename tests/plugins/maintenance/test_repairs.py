"""Repairs: none of oxygen equipment, labor with its note, its item and its units."""

from __future__ import annotations

import pytest

from gateway.core.model.belongings import Ownership
from gateway.plugins.months import add_months
from gateway.plugins.testing import (
    make_claim,
    make_delivery,
    make_equipment,
    make_history,
    make_table,
    plugin_context,
    rules,
)

from ..shipped import TABLES
from .conftest import MAINTENANCE, day, decide, line, said

ON = "2026-03-02"
BED = "E0260, RECEIVED 01/2020, PENDANT REPLACED, 20 MINUTES"


@pytest.mark.rule("O-M6")
def test_labor_beside_oxygen_is_refused() -> None:
    decision = decide(line("E1390", "RR", on=ON), line("K0739", on=ON))
    assert rules(decision) == ["O-M6"]
    assert not decision.passes
    assert said(line("E1390", "RR", on=ON), line("K0739", on=ON, note="E1390 COMPRESSOR")) == ["O-M6"]
    assert said(line("K0739", on=ON, note="E1390 COMPRESSOR")) == ["O-M6"]
    assert said(line("E1390", "RR", on=ON), line("K0739", on=ON, note=BED)) == [], "the bed was repaired"
    assert said(line("K0739", on=ON, note=BED)) == []


CONCENTRATOR = "CONCENTRATOR COMPRESSOR"


@pytest.mark.rule("O-M6")
@pytest.mark.parametrize("word", ["J9611", "SN A1234", "S/N: K0823", "SERIAL NO. E0260", "E9999", "K0739", "K0462", ""])
def test_what_looks_like_a_code_is_no_other_item(word: str) -> None:
    labor = line("K0739", on=ON, note=f"{word} {CONCENTRATOR}".strip())
    assert said(line("E1390", "RR", on=ON), labor) == ["O-M6"]
    assert said(labor) == ["O-M6"]


@pytest.mark.rule("O-M6")
def test_a_code_that_is_the_claims_diagnosis_is_no_other_item() -> None:
    for diagnosis, wanted in (("K0821", ["O-M6"]), ("J9611", [])):
        claim = make_claim(
            line("E1390", "RR", on=ON), line("K0739", on=ON, note="K0821 COMPRESSOR"), diagnoses=[diagnosis]
        )
        with plugin_context(MAINTENANCE, tables=TABLES) as context:
            assert rules(context.scrub(claim)) == wanted


@pytest.mark.rule("O-M6")
@pytest.mark.parametrize("known", ["equipment", "deliveries", "history", "line"])
def test_an_item_of_the_claim_or_of_the_patients_record_is_one(known: str) -> None:
    lines = [line("E1390", "RR", on=ON), line("K0739", on=ON, note="E0465 FAN")]
    assert said(*lines) == ["O-M6"], "no table has it"
    if known == "line":
        assert said(*lines, line("E0465", "RR", on=ON)) == []
        return
    record = {
        "equipment": make_equipment("E0465", started_on=day("2020-01-01")),
        "deliveries": make_delivery("E0465", delivered_on=day("2020-01-01")),
        "history": make_history("E0465", "NU", from_date=day("2020-01-01")),
    }
    assert said(*lines, **{known: [record[known]]}) == []


@pytest.mark.rule("O-M6")
@pytest.mark.parametrize(
    ("note", "wanted"),
    [
        ("CONCENTRATOR COMPRESSOR", ["O-M6"]),
        ("TWO CONCENTRATORS CHECKED", ["O-M6"]),
        ("CONCENTRATION OF WORK: PENDANT", []),
        ("E0260 PENDANT, BESIDE THE CONCENTRATOR", []),
        ("K0823 JOYSTICK; CONCENTRATOR WAS NOT TOUCHED", []),
    ],
)
def test_labor_whose_note_says_concentrator_is_that_of_oxygen(note: str, wanted: list[str]) -> None:
    assert said(line("K0739", on=ON, note=note)) == wanted


@pytest.mark.rule("O-M6")
def test_it_says_what_to_do_if_another_item_was_repaired() -> None:
    (told,) = decide(line("K0739", on=ON, note="E9999 CONCENTRATOR")).steps[0].findings
    assert "If another item was repaired, name its HCPCS code in the note." in told.message
    assert "Not known as an item: E9999 (" in told.message


@pytest.mark.rule("O-M6")
def test_neither_labor_nor_parts_of_oxygen_are_paid() -> None:
    assert said(line("K0740", on=ON, note="E1390")) == ["O-M6"]
    assert said(line("E1390", "RB", on=ON)) == ["O-M6"]
    assert said(line("E2601", "RB", on=ON)) == []


@pytest.mark.rule("REPAIR-NOTE")
def test_labor_needs_a_note() -> None:
    assert said(line("K0739", on=ON)) == ["REPAIR-NOTE"]
    assert said(line("K0739", on=ON, note=BED)) == []
    of_claim = make_claim(line("K0739", on=ON), more=[f"NTE*ADD*{BED}"])
    with plugin_context(MAINTENANCE, tables=TABLES) as context:
        assert rules(context.scrub(of_claim)) == []


@pytest.mark.rule("REPAIR-OWNED")
def test_what_is_still_rented_is_repaired_in_the_rent() -> None:
    def rented(count: int) -> list[object]:
        start = add_months(day(ON), -count)
        return [make_history("E0260", "RR", from_date=add_months(start, number)) for number in range(count)]

    labor = line("K0739", on=ON, note=BED)
    assert said(labor, history=rented(12)) == ["REPAIR-OWNED"]
    assert said(labor, history=rented(13)) == []
    long_ago = [one._replace(from_date=add_months(one.from_date, -24)) for one in rented(6)]  # type: ignore[attr-defined]
    assert said(labor, history=long_ago) == [], "it is no longer rented"
    chair = [one._replace(code="K0823") for one in rented(5)]  # type: ignore[attr-defined]
    joystick = line("K0739", on=ON, note="K0823 JOYSTICK")
    assert said(joystick, history=chair) == ["REPAIR-OWNED"], "its category stands in the table as a pattern"
    owned = [make_equipment("E0260", started_on=day("2019-01-01"), ownership=Ownership.OWNED)]
    assert said(labor, history=rented(5), equipment=owned) == []


@pytest.mark.rule("REPAIR-OWNED")
def test_what_is_frequently_serviced_has_no_repairs() -> None:
    categories = make_table(
        "payment_categories", [{"code": "E0465", "category": "FS"}, {"code": "E0260", "category": "CR"}]
    )
    tables = {**{name: TABLES[name] for name in TABLES}, "payment_categories": categories}
    for code, wanted in (("E0465", ["REPAIR-OWNED"]), ("E0260", [])):
        with plugin_context(MAINTENANCE, tables=tables) as context:
            assert rules(context.scrub(make_claim(line("K0739", on=ON, note=f"{code} FAN")))) == wanted


@pytest.mark.rule("REPAIR-UNITS")
@pytest.mark.parametrize(
    ("units", "note", "wanted"),
    [
        ("2", BED, []),
        ("3", BED, ["REPAIR-UNITS"]),
        ("4", "K0823 JOYSTICK AND BATTERIES", []),
        ("5", "K0823 JOYSTICK AND BATTERIES", ["REPAIR-UNITS"]),
        ("9", "K0823 FRAME", []),
    ],
)
def test_labor_has_the_units_that_are_usual(units: str, note: str, wanted: list[str]) -> None:
    decision = decide(line("K0739", on=ON, units=units, note=note))
    assert rules(decision) == wanted
    assert decision.passes


@pytest.mark.rule("REPAIR-LOANER")
def test_a_loaner_stands_beside_a_repair_where_a_chain_wants_it() -> None:
    alone, on = line("K0462", on=ON), {"check": ["REPAIR-LOANER"]}
    assert said(alone) == [], "it is off as it comes"
    assert said(alone, settings=on) == ["REPAIR-LOANER"]
    assert said(line("K0462", on=ON, units="2"), line("K0739", on=ON, note=BED), settings=on) == ["REPAIR-LOANER"]
    assert said(alone, line("K0739", on=ON, note=BED), settings=on) == []
