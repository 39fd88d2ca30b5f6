"""How much of what reached the end of its useful lifetime was replaced."""

from __future__ import annotations

from typing import Any

from gateway.plugins.testing import make_equipment, make_patient_view

from .test_ending import day, delivered, desk


def captured(*patients: Any, **asked: Any) -> tuple[Any, ...]:
    (row,) = desk(*patients).report("capture", **asked)
    return row["percent"], row["replaced"], row["eligible"]


def test_what_is_still_in_its_lifetime_or_was_replaced_early_is_not_eligible() -> None:
    young = make_patient_view(1, deliveries=[delivered("E1390", "2022-01-01")])
    assert captured(young) == (None, 0, 0)


def test_a_replacement_after_the_end_is_captured_and_none_is_missed() -> None:
    missed = make_patient_view(1, deliveries=[delivered("E1390", "2020-12-01")])
    replaced = make_patient_view(2, deliveries=[delivered("E1390", "2020-12-01"), delivered("E1390", "2025-12-15")])
    assert captured(missed, replaced) == ("50.00", 1, 2)
    assert captured(missed, replaced, last="2025-11-30") == (None, 0, 0)
    listed = desk(missed, replaced).report("capture", missed=True)
    assert [(row["patient"], row["code"], row["lifetime ended"]) for row in listed] == [(1, "E1390", "2025-12-01")]


def test_what_was_given_back_before_the_end_is_not_eligible() -> None:
    piece = make_equipment("E1390", started_on=day("2020-12-01"), ended_on=day("2025-05-01"))
    assert captured(make_patient_view(equipment=[piece])) == (None, 0, 0)
    assert captured(make_patient_view(equipment=[piece._replace(ended_on=day("2025-12-20"))])) == ("0.00", 0, 1)


def test_the_portable_counts_with_its_stationary() -> None:
    both = make_patient_view(deliveries=[delivered("E1390", "2020-12-01"), delivered("E0431", "2020-12-01")])
    assert captured(both) == ("0.00", 0, 1)
