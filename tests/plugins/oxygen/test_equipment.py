"""Equipment lines: 36 months, breaks, another kind of system."""

from __future__ import annotations

import pytest

from gateway.plugins.testing import make_delivery, make_order, rules

from .conftest import Asks, claim, day, line, rented

QUIET = {"skip": ["O-N1"]}


@pytest.mark.rule("R1.03")
def test_month_37_is_not_billed_and_month_36_is(scrub: Asks) -> None:
    said = scrub(claim(line("E1390", "RR", on="2026-01-10")), QUIET, history=rented("2023-01-10", 36))
    assert rules(said) == ["R1.03"]
    assert not said.passes
    assert "month 36 ended on 01/09/2026" in said.steps[0].findings[0].message
    assert rules(scrub(claim(line("E1390", "RR", on="2026-01-10")), QUIET, history=rented("2023-02-10", 35))) == []


@pytest.mark.rule("R1.03")
def test_the_portable_has_a_count_of_its_own(scrub: Asks) -> None:
    history = rented("2023-01-10", 36) + rented("2025-01-10", 12, "E0431")
    assert rules(scrub(claim(line("E0431", "RR", on="2026-01-10")), QUIET, history=history)) == []
    history = rented("2023-01-10", 36, "E0431")
    assert rules(scrub(claim(line("E0434", "RR", on="2026-01-10")), QUIET, history=history)) == ["R1.03"]


@pytest.mark.rule("R1.04")
def test_a_denied_month_is_billed_later_instead(scrub: Asks) -> None:
    history = rented("2023-01-10", 36)
    history[20] = history[20]._replace(state="denied")
    assert rules(scrub(claim(line("E1390", "RR", on="2026-01-10")), QUIET, history=history)) == []


@pytest.mark.rule("R1.03")
def test_months_before_the_record_count_where_the_delivery_is_known(scrub: Asks) -> None:
    history = rented("2025-10-10", 3)
    one = claim(line("E1390", "RR", on="2026-01-10"))
    assert rules(scrub(one, QUIET, history=history)) == []
    assert rules(
        scrub(one, QUIET, history=history, deliveries=[make_delivery("E1390", delivered_on=day("2023-01-10"))])
    ) == ["R1.03"]


@pytest.mark.rule("R1.03")
def test_what_is_no_rental_is_not_counted(scrub: Asks) -> None:
    history = rented("2023-01-10", 36)
    assert rules(scrub(claim(line("E1390", "MS", on="2026-07-10")), QUIET, history=history)) == []
    assert rules(scrub(claim(line("E0601", "RR", on="2026-01-10")), QUIET, history=history)) == []


@pytest.mark.rule("R1.05")
def test_the_first_month_after_a_long_break_waits_for_a_person(scrub: Asks) -> None:
    history = rented("2025-01-10", 5)
    said = scrub(claim(line("E1390", "RR", on="2025-10-10")), QUIET, history=history)
    assert rules(said) == ["R1.05"]
    assert said.holds[0].hold.team == "documentation"
    assert "so the count goes on: this is month 6" in said.holds[0].hold.reason
    # The month after it says nothing more, nor does a short break.
    assert (
        rules(scrub(claim(line("E1390", "RR", on="2025-11-10")), QUIET, history=[*history, *rented("2025-10-10", 1)]))
        == []
    )
    assert rules(scrub(claim(line("E1390", "RR", on="2025-07-10")), QUIET, history=history)) == []


@pytest.mark.rule("R1.05")
def test_the_two_readings_of_a_break_wait_for_a_person_even_with_a_new_order(scrub: Asks) -> None:
    history = rented("2025-01-01", 6)
    ordered = [make_order("E1390", ordered_on=day("2025-08-20"))]
    unclear = claim(line("E1390", "RR", on="2025-08-31", note="BIN"))
    said = scrub(unclear, QUIET, history=history, orders=ordered)
    assert rules(said) == ["R1.05"]
    assert "this is month 7" in said.holds[0].hold.reason


@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(("note", "told"), [("BIB HOSPITAL", []), ("BIN", ["R1.05"])])
def test_after_a_break_of_unclear_length_the_count_goes_on_when_a_person_says_so(
    scrub: Asks, note: str, told: list[str]
) -> None:
    # By the later of the two dates it is no long break, also where an order was written meanwhile.
    ordered = [make_order("E1390", ordered_on=day("2025-08-20"))]
    unclear = claim(line("E1390", "RR", on="2025-08-31", note=note))
    assert rules(scrub(unclear, QUIET, history=rented("2025-01-01", 6), orders=ordered)) == told


@pytest.mark.rule("R1.05")
def test_a_break_that_the_biller_has_explained_goes_on(scrub: Asks) -> None:
    history = rented("2025-01-10", 5)
    ordered = [make_order("E1390", ordered_on=day("2025-10-01"))]
    new_need = claim(line("E1390", "RR", on="2025-10-10", note="BIN NEW ORDER 100125"))
    assert rules(scrub(new_need, QUIET, history=history, orders=ordered)) == []
    assert rules(scrub(new_need, QUIET, history=history)) == ["R1.05"], "new need without its order"
    same_need = claim(line("E1390", "RR", on="2025-10-10", note="BIB HOSPITAL"))
    assert rules(scrub(same_need, QUIET, history=history)) == []
    assert rules(scrub(same_need, QUIET, history=history, orders=ordered)) == ["R1.05"], "the order says otherwise"


@pytest.mark.rule("R1.05")
def test_months_that_were_denied_are_no_break(scrub: Asks) -> None:
    history = rented("2025-01-10", 10)
    refused = [*history[:4], *(one._replace(state="denied") for one in history[4:9])]
    one = claim(line("E1390", "RR", on="2025-10-10"))
    assert rules(scrub(one, QUIET, history=refused)) == []
    assert rules(scrub(one, QUIET, history=history[:4])) == ["R1.05"]


@pytest.mark.rule("R1.05")
def test_after_month_36_a_break_changes_nothing(scrub: Asks) -> None:
    said = scrub(claim(line("E1390", "RR", on="2026-01-10")), QUIET, history=rented("2021-01-10", 36))
    assert rules(said) == ["R1.03"]


@pytest.mark.rule("R1.06")
@pytest.mark.rule("O-SWITCH")
def test_another_system_needs_a_new_order_and_begins_no_new_count(scrub: Asks) -> None:
    history = rented("2025-01-10", 5, "E0439")
    said = scrub(claim(line("E1390", "RR", on="2025-06-10")), QUIET, history=history)
    assert rules(said) == ["R1.06", "O-SWITCH"]
    assert "this is month 6" in said.steps[0].findings[0].message
    ordered = [make_order("E1390", ordered_on=day("2025-06-01"))]
    said = scrub(claim(line("E1390", "RR", on="2025-06-10")), QUIET, history=history, orders=ordered)
    assert rules(said) == ["R1.06"]
    assert said.passes
    upgraded = claim(line("E1390", "RR", "GA", on="2025-06-10"))
    assert rules(scrub(upgraded, QUIET, history=history)) == ["R1.06"]


@pytest.mark.rule("R1.06")
def test_a_second_concentrator_is_no_other_system(scrub: Asks) -> None:
    history = rented("2025-01-10", 5, "E1390")
    assert rules(scrub(claim(line("E1391", "RR", on="2025-06-10")), QUIET, history=history)) == []


@pytest.mark.rule("O-PURCHASE")
def test_oxygen_equipment_is_not_sold(scrub: Asks) -> None:
    said = scrub(claim(line("E0435", "NU", on="2026-01-10")), QUIET)
    assert rules(said) == ["O-PURCHASE"]
    assert not said.passes
    assert rules(scrub(claim(line("E0435", "NU", "GY", on="2026-01-10")), QUIET)) == [], "a denial is wanted"
    assert rules(scrub(claim(line("E0434", "RR", on="2026-01-10")), QUIET)) == []


def test_a_claim_without_oxygen_looks_nothing_up(scrub: Asks) -> None:
    said = scrub(claim(line("E0601", "RR", "KH", on="2026-01-10")))
    assert rules(said) == []
    assert not said.steps[0].findings


def test_a_rule_can_be_switched_off_and_another_made_to_hold(scrub: Asks) -> None:
    one = claim(line("E1390", "RR", on="2026-01-10"))
    history = rented("2023-01-10", 36)
    assert rules(scrub(one, {"skip": ["R1.03", "O-N1"]}, history=history)) == []
    said = scrub(one, {"hold": ["O-N1"]})
    assert rules(said) == ["O-N1"]
    assert not said.passes


@pytest.mark.parametrize(
    ("settings", "told"), [({"skip": ["O-C9"]}, "there is no rule O-C9"), ({"hold": ["R1.03"]}, "does not only warn")]
)
def test_a_rule_that_there_is_not_is_refused(scrub: Asks, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        scrub(claim(), settings)
