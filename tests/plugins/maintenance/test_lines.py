"""Maintenance lines: form, due, visited, once, and while it lasts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plugins.testing import make_delivery, make_document, make_equipment

from .conftest import START, day, decide, line, maintained_on, rented, said, visit

DUE = "2025-07-10"
KNOWN: dict[str, Any] = {"history": rented(), "visits": [visit(DUE)]}


def test_a_maintenance_that_is_due_and_visited_goes_out() -> None:
    assert said(line("E1390", "MS", on=DUE), **KNOWN) == []


# --- O-M1


@pytest.mark.rule("O-M1")
@pytest.mark.parametrize("code", ["E1390", "E1391", "E1392", "E0433", "K0738"])
def test_these_have_maintenance(code: str) -> None:
    assert "O-M1" not in said(line(code, "MS", on=DUE), **KNOWN)


@pytest.mark.rule("O-M1")
@pytest.mark.parametrize("code", ["E0431", "E0434", "E0424", "E0439", "E0601"])
def test_these_have_none(code: str) -> None:
    decision = decide(line(code, "MS", on=DUE), **KNOWN)
    (finding,) = decision.steps[0].findings
    assert finding.rule == "O-M1"
    assert ("contents" in finding.message) == (code != "E0601"), "what else an oxygen system is billed by"
    assert not decision.passes


@pytest.mark.rule("O-M1")
def test_maintenance_is_one_unit_and_no_rental() -> None:
    assert said(line("E1390", "MS", on=DUE, units="2"), **KNOWN) == ["O-M1"]
    assert said(line("E1390", "RR", "MS", on=DUE), **KNOWN) == ["O-M1"]
    assert said(line("E1390", "RR", on=DUE), **KNOWN) == [], "no maintenance at all"


# --- O-M2


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(("on", "wanted"), [("2025-07-09", ["O-M2"]), ("2025-07-10", []), ("2025-12-01", [])])
def test_the_first_is_six_months_after_month_36(on: str, wanted: list[str]) -> None:
    assert said(line("E1390", "MS", on=on), history=rented(), visits=[visit(on)]) == wanted


@pytest.mark.rule("O-M2")
def test_month_36_must_have_ended() -> None:
    delivered = [make_delivery("E1390", delivered_on=START)]
    known: dict[str, Any] = {"history": rented(30), "deliveries": delivered, "visits": [visit("2024-08-10")]}
    assert said(line("E1390", "MS", on="2024-08-10"), **known) == ["O-M2"]


@pytest.mark.rule("O-M2-OPEN")
def test_where_the_record_begins_late_the_months_cannot_be_counted() -> None:
    decision = decide(line("E1390", "MS", on=DUE), visits=[visit(DUE)])
    assert [finding.rule for finding in decision.steps[0].findings] == ["O-M2-OPEN"]
    assert decision.passes
    delivered = [make_delivery("E1390", delivered_on=START)]
    assert said(line("E1390", "MS", on=DUE), deliveries=delivered, visits=[visit(DUE)]) == []


@pytest.mark.rule("O-M2")
def test_what_was_in_use_in_month_36_counts() -> None:
    liquid_then = rented(35) + rented(1, "E0439", start=day("2024-12-10"))
    assert said(line("E1390", "MS", on=DUE), history=liquid_then, visits=[visit(DUE)]) == ["O-M2"]
    concentrator_then = rented(35, "E0439") + rented(1, start=day("2024-12-10"))
    assert said(line("E1390", "MS", on=DUE), history=concentrator_then, visits=[visit(DUE)]) == []


@pytest.mark.rule("O-M2")
def test_the_labor_warranty_comes_first() -> None:
    later = [{"code": "E1390", "labor_until": day("2025-03-31")}]
    assert said(line("E1390", "MS", on=DUE), warranties=later, **KNOWN) == ["O-M2"]
    on = "2025-10-01"
    assert said(line("E1390", "MS", on=on), history=rented(), visits=[visit(on)], warranties=later) == []
    earlier = [{"code": "E1390", "labor_until": day("2023-03-31")}]
    assert said(line("E1390", "MS", on=DUE), warranties=earlier, **KNOWN) == []


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(("on", "wanted"), [("2026-01-19", ["O-M2"]), ("2026-01-20", [])])
def test_the_next_is_six_months_after_the_one_before(on: str, wanted: list[str]) -> None:
    history = rented() + maintained_on("2025-07-20")
    assert said(line("E1390", "MS", on=on), history=history, visits=[visit("2025-07-20"), visit(on)]) == wanted


@pytest.mark.rule("O-M2")
def test_a_maintenance_that_was_denied_counts_for_nothing() -> None:
    history = rented() + maintained_on("2025-07-20", state="denied")
    assert said(line("E1390", "MS", on="2025-08-10"), history=history, visits=[visit("2025-08-10")]) == []


# --- O-M3


@pytest.mark.rule("O-M3")
def test_a_visit_must_be_on_record() -> None:
    decision = decide(line("E1390", "MS", on=DUE), history=rented())
    assert [finding.rule for finding in decision.steps[0].findings] == ["O-M3"]
    assert decision.holds[0].hold.team == "respiratory"
    assert said(line("E1390", "MS", on=DUE), history=rented(), visits=[visit("2025-07-11")]) == ["O-M3"], (
        "it came later"
    )
    assert said(line("E1390", "MS", on="2025-07-20"), history=rented(), visits=[visit(DUE)]) == []


@pytest.mark.rule("O-M3")
def test_a_visit_without_its_checks_is_none() -> None:
    decision = decide(line("E1390", "MS", on=DUE), history=rented(), visits=[visit(DUE, complete=False)])
    assert "lacks some of its checks" in decision.holds[0].hold.reason


@pytest.mark.rule("O-M3")
def test_the_paper_of_a_visit_is_enough() -> None:
    def paper(*codes: str, kind: str = "visit", on: str = DUE) -> Any:
        return [make_document(kind, *codes, dated=day(on))]

    assert said(line("E1390", "MS", on=DUE), history=rented(), documents=paper("E1390")) == []
    assert said(line("E1390", "MS", on=DUE), history=rented(), documents=paper()) == []
    assert said(line("E1390", "MS", on=DUE), history=rented(), documents=paper("E0601")) == ["O-M3"]
    assert said(line("E1390", "MS", on=DUE), history=rented(), documents=paper(kind="order")) == ["O-M3"]


@pytest.mark.rule("O-M3")
def test_one_visit_is_for_one_maintenance() -> None:
    history = rented() + maintained_on("2025-07-10")
    assert said(line("E1390", "MS", on="2026-01-10"), history=history, visits=[visit(DUE)]) == ["O-M3"]
    both = [visit(DUE), visit("2026-01-08")]
    assert said(line("E1390", "MS", on="2026-01-10"), history=history, visits=both) == []


# --- O-M4


@pytest.mark.rule("O-M4")
def test_two_pieces_are_one_maintenance() -> None:
    history = rented() + rented(36, "E1392")
    lines = (line("E1390", "MS", on=DUE), line("E1392", "MS", on=DUE))
    decision = decide(*lines, history=history, visits=[visit(DUE)])
    assert [finding.rule for finding in decision.steps[0].findings] == ["O-M4"]
    assert decision.passes, "it warns as it comes"
    assert not decide(*lines, settings={"hold": ["O-M4"]}, history=history, visits=[visit(DUE)]).passes
    billed = history + maintained_on("2025-07-10", code="E1392")
    known: dict[str, Any] = {"history": billed, "visits": [visit("2025-08-10")]}
    assert said(line("E1390", "MS", on="2025-08-10"), **known) == ["O-M4"]
    assert said(line("E1390", "MS", on=DUE), history=history, visits=[visit(DUE)]) == []


# --- O-M5


@pytest.mark.rule("O-M5")
@pytest.mark.parametrize(("on", "wanted"), [("2027-01-09", []), ("2027-01-10", ["O-M5"])])
def test_maintenance_ends_with_month_60(on: str, wanted: list[str]) -> None:
    assert said(line("E1390", "MS", on=on), history=rented(), visits=[visit(on)]) == wanted


@pytest.mark.rule("O-M5")
def test_maintenance_ends_when_the_equipment_is_given_back() -> None:
    gone = [make_equipment("E1390", started_on=START, ended_on=day("2025-09-01"))]
    on = "2025-09-01"
    assert said(line("E1390", "MS", on=on), history=rented(), equipment=gone, visits=[visit(on)]) == ["O-M5"]
    assert said(line("E1390", "MS", on=DUE), equipment=gone, **KNOWN) == []


@pytest.mark.rule("O-M5")
def test_the_stationary_lifetime_ends_the_portables_maintenance() -> None:
    # The stationary system is liquid, the portable a concentrator that came a year later.
    history = rented(36, "E0439") + rented(36, "E1392", start=day("2023-01-10"))
    on = "2027-01-10"
    assert said(line("E1392", "MS", on=on), history=history, visits=[visit(on)]) == ["O-M5"]
    on = "2026-07-10"
    assert said(line("E1392", "MS", on=on), history=history, visits=[visit(on)]) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"skip": ["O-M9"]}, "there is no rule O-M9"),
        ({"hold": ["O-M1"]}, "does not only warn"),
        ({"check": ["O-M1"]}, "is not off as it comes"),
    ],
)
def test_a_rule_that_there_is_not_is_refused(settings: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        decide(line("E1390", "MS", on=DUE), settings=settings)


def test_a_rule_can_be_switched_off() -> None:
    assert said(line("E1390", "MS", on=DUE), settings={"skip": ["O-M3"]}, history=rented()) == []
