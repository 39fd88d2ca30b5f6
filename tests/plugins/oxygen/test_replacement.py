"""Replacement of oxygen equipment, at the end of its lifetime and inside it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plugins.testing import make_delivery, make_document, make_equipment, make_order, rules

from .conftest import Asks, claim, day, line, rented

QUIET = {"skip": ["O-N1"]}
OLD = rented("2021-01-10", 36)
"""Its lifetime ends on January 10, 2026."""
ORDERED = [make_order("E1390", ordered_on=day("2025-12-20"))]
STATEMENT = [make_document("other", "E1390", dated=day("2025-06-02"), name="police report.pdf")]
ENDED = "RUL ENDED, INITIAL DATE 20210110"


def said(scrub: Asks, *lines: list[str], settings: dict[str, Any] | None = None, **known: Any) -> list[str]:
    return rules(scrub(claim(*lines), settings or QUIET, **{"history": OLD, **known}))


@pytest.mark.rule("O-R1")
def test_a_replacement_after_five_years_begins_36_new_months(scrub: Asks) -> None:
    first = line("E1390", "RR", "RA", on="2026-01-10", note=ENDED)
    assert said(scrub, first, orders=ORDERED) == []
    again = [*OLD, *rented("2026-01-10", 1, "E1390", "RA")]
    assert said(scrub, line("E1390", "RR", on="2026-02-10"), history=again, orders=ORDERED) == []


@pytest.mark.rule("O-R1")
def test_it_needs_a_note_and_a_new_order(scrub: Asks) -> None:
    assert said(scrub, line("E1390", "RR", "RA", on="2026-01-10", note=ENDED)) == ["O-R1"]
    assert said(scrub, line("E1390", "RR", "RA", on="2026-01-10"), orders=ORDERED) == ["O-R1"]
    old = [make_order("E1390", ordered_on=day("2021-01-05"))]
    assert said(scrub, line("E1390", "RR", "RA", on="2026-01-10", note=ENDED), orders=old) == ["O-R1"]


@pytest.mark.rule("O-R1")
def test_new_equipment_after_five_years_without_ra_waits(scrub: Asks) -> None:
    delivered = [make_delivery("E1390", delivered_on=day(on)) for on in ("2021-01-10", "2026-01-12")]
    decision = scrub(
        claim(line("E1390", "RR", on="2026-01-12", note=ENDED)),
        QUIET,
        history=OLD,
        deliveries=delivered,
        orders=ORDERED,
    )
    assert rules(decision) == ["O-R1"]
    assert "lacks RA" in decision.holds[0].hold.reason


@pytest.mark.rule("R1.03")
def test_the_old_equipment_after_five_years_is_still_not_billed(scrub: Asks) -> None:
    assert said(scrub, line("E1390", "RR", on="2026-01-10"), orders=ORDERED) == ["R1.03"]


@pytest.mark.rule("O-R1")
@pytest.mark.rule("O-R2")
@pytest.mark.parametrize(("on", "wanted"), [("2026-01-09", ["O-R2"]), ("2026-01-10", [])])
def test_the_first_replaceable_day_is_the_same_day_five_years_later(scrub: Asks, on: str, wanted: list[str]) -> None:
    assert said(scrub, line("E1390", "RR", "RA", on=on, note=ENDED), orders=ORDERED) == wanted


@pytest.mark.rule("O-R2")
def test_lost_equipment_is_replaced_with_ra_a_note_and_a_statement(scrub: Asks) -> None:
    history = rented("2024-06-01", 12)
    lost = line("E1390", "RR", "RA", on="2025-06-01", note="STOLEN, POLICE REPORT ON FILE")
    assert said(scrub, lost, history=history, documents=STATEMENT) == []
    assert said(scrub, lost, history=history) == ["O-R2"]
    assert said(scrub, lost, history=history, settings={**QUIET, "statement_wanted": "no"}) == []
    worn = line("E1390", "RR", "RA", on="2025-06-01", note="WORN OUT")
    assert said(scrub, worn, history=history, documents=STATEMENT) == ["O-R2"]


@pytest.mark.rule("O-R2")
def test_a_statement_about_something_else_does_not_count(scrub: Asks) -> None:
    history = rented("2024-06-01", 12)
    lost = line("E1390", "RR", "RA", on="2025-06-01", note="STOLEN")
    for other in (
        make_document("other", "E0601", dated=day("2025-06-02")),
        make_document("other", "E1390", dated=day("2022-06-02")),
        make_document("order", "E1390", dated=day("2025-06-02")),
        make_document("other", claim_number="ANOTHER", dated=day("2025-06-02")),
    ):
        assert said(scrub, lost, history=history, documents=[other]) == ["O-R2"]
    for its_own in (make_document("other", claim_number="SW1001"), make_document("medical_record")):
        assert said(scrub, lost, history=history, documents=[its_own]) == []


@pytest.mark.rule("O-R2")
def test_ra_stands_on_the_first_month_only(scrub: Asks) -> None:
    history = rented("2024-06-01", 12) + rented("2025-06-01", 1, "E1390", "RA")
    second = line("E1390", "RR", "RA", on="2025-07-01", note="STOLEN")
    assert said(scrub, second, history=history, documents=STATEMENT) == ["O-R2"]
    assert said(scrub, line("E1390", "RR", on="2025-07-01"), history=history, documents=STATEMENT) == []


@pytest.mark.rule("O-R3")
def test_the_portable_waits_for_the_stationary(scrub: Asks) -> None:
    # The portable came two years before; the stationary's lifetime ends in 2028.
    history = rented("2023-01-10", 36) + rented("2021-01-10", 36, "E0431")
    ordered = [make_order("E0431", ordered_on=day("2026-01-02"))]
    early = line("E0431", "RR", "RA", on="2026-01-10", note=ENDED)
    assert "O-R3" in said(scrub, early, history=history, orders=ordered)
    lost = line("E0431", "RR", "RA", on="2026-01-10", note="LOST IN A FIRE")
    statement = [make_document("other", dated=day("2026-01-02"))]
    assert said(scrub, lost, history=history, orders=ordered, documents=statement) == []


@pytest.mark.rule("O-R3")
def test_both_are_replaced_together(scrub: Asks) -> None:
    # The portable came a year after the stationary, and goes with it all the same.
    history = OLD + rented("2022-01-10", 36, "E0431")
    ordered = [make_order("E1390", "E0431", ordered_on=day("2025-12-20"))]
    stationary = line("E1390", "RR", "RA", on="2026-01-10", note=ENDED)
    portable = line("E0431", "RR", "RA", on="2026-01-10", note=ENDED)
    assert said(scrub, stationary, portable, history=history, orders=ordered) == []
    running = OLD + rented("2025-03-10", 10, "E0431")
    left = line("E0431", "RR", on="2026-01-10")
    assert said(scrub, stationary, left, history=running, orders=ordered) == ["O-R3"]


@pytest.mark.rule("O-R3")
def test_a_portable_of_its_own_runs_on_where_the_stationary_was_lost(scrub: Asks) -> None:
    history = rented("2024-06-01", 12) + rented("2024-06-01", 12, "E0431")
    lost = line("E1390", "RR", "RA", on="2025-06-01", note="STOLEN")
    portable = line("E0431", "RR", on="2025-06-01")
    assert said(scrub, lost, portable, history=history, documents=STATEMENT) == []


@pytest.mark.rule("O-R1")
@pytest.mark.rule("R1.03")
def test_where_the_first_month_of_a_replacement_was_denied_the_next_needs_no_ra(scrub: Asks) -> None:
    denied = rented("2026-01-10", 1, "E1390", "RA", state="denied")
    delivered = [make_delivery("E1390", delivered_on=day(on)) for on in ("2021-01-10", "2026-01-10")]
    second = line("E1390", "RR", on="2026-02-10")
    assert said(scrub, second, history=[*OLD, *denied], deliveries=delivered, orders=ORDERED) == []
    assert said(scrub, second, deliveries=delivered, orders=ORDERED) == ["O-R1"]


@pytest.mark.rule("O-R1")
@pytest.mark.rule("O-R3")
@pytest.mark.parametrize(
    ("on", "modifiers", "note", "wanted"),
    [
        ("2026-01-10", (), "", ["O-R1"]),
        ("2026-01-10", ("RA",), ENDED, []),
        ("2026-01-09", (), "", ["R1.03"]),
    ],
)
def test_a_portable_that_came_later_is_replaced_from_the_stationarys_date_on(
    scrub: Asks, on: str, modifiers: tuple[str, ...], note: str, wanted: list[str]
) -> None:
    # It came in March; a new one is brought when the stationary's five years end, in January. Without RA it is not the
    # old one's month 37.
    history = OLD + rented("2021-03-10", 36, "E0431")
    delivered = [make_delivery("E0431", delivered_on=day(one)) for one in ("2021-03-10", on)]
    ordered = [make_order("E1390", "E0431", ordered_on=day("2025-12-20"))]
    new = line("E0431", "RR", *modifiers, on=on, note=note)
    assert said(scrub, new, history=history, deliveries=delivered, orders=ordered) == wanted


def back(*on: str, code: str = "E1390") -> list[Any]:
    """A concentrator that came, went and came back, and another that took its place."""
    came, gone, again, new = map(day, on)
    first = make_equipment(code, started_on=came, ended_on=gone, serial="A")
    return [first, first._replace(started_on=again, ended_on=new), make_equipment(code, started_on=new, serial="B")]


RESTARTED = rented("2021-01-10", 20) + rented("2023-03-20", 34)
"""After a break a new need began 36 new months, but no new lifetime: it ends on January 10, 2026."""
NEEDED = [make_order("E1390", ordered_on=day(on)) for on in ("2023-03-10", "2025-12-20")]


@pytest.mark.rule("O-R1")
@pytest.mark.parametrize(
    ("modifiers", "note", "wanted"), [((), "", ["O-R1"]), (("RA",), ENDED, [])], ids=["without RA", "with RA"]
)
def test_what_came_back_after_a_break_has_the_lifetime_that_it_had(
    scrub: Asks, modifiers: tuple[str, ...], note: str, wanted: list[str]
) -> None:
    equipment = back("2021-01-10", "2022-09-12", "2023-03-20", "2026-01-22")
    new = line("E1390", "RR", *modifiers, on="2026-01-22", note=note)
    assert said(scrub, new, history=RESTARTED, equipment=equipment, orders=NEEDED) == wanted


@pytest.mark.rule("O-R1")
def test_a_month_that_began_before_the_new_equipment_came_is_the_old_ones(scrub: Asks) -> None:
    old = line("E1390", "RR", on="2026-01-20")
    known = {"history": RESTARTED, "orders": NEEDED}
    came_later = back("2021-01-10", "2022-09-12", "2023-03-20", "2026-01-22")
    assert said(scrub, old, equipment=came_later, **known) == []
    came_then = back("2021-01-10", "2022-09-12", "2023-03-20", "2026-01-20")
    assert said(scrub, old, equipment=came_then, **known) == ["O-R1"]
