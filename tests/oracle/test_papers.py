"""1.5 and 1.6: orders, encounters, prior authorization."""

from __future__ import annotations

from dataclasses import replace

from .life import COMMERCIAL, Authorized, Delivered, Event, Order
from .telling import claims, day, kept, lived, order, rented


def machine(code: str, on: str) -> Delivered:
    return Delivered(day(on), code, "one", modifiers=("KX",))


def written(code: str, on: str, ordered: str, encounter: str | None) -> Order:
    seen = None if encounter is None else day(encounter)
    return Order(day(on), "paper", (code,), day(ordered), encounter=seen)


def test_nothing_is_claimed_without_an_order() -> None:
    assert kept(lived(machine("E0601", "2024-01-15"), upto="2024-01-20")) == [("2024-01-15", "hold", "SWO")]


def test_a_claim_leaves_when_the_order_arrives() -> None:
    late = written("E0601", "2024-01-22", "2024-01-12", "2024-01-02")
    found = lived(machine("E0601", "2024-01-15"), late, upto="2024-01-31")
    assert kept(found) == [("2024-01-15", "hold", "SWO")]
    assert (found[-1].kind, found[-1].date, found[-1].dos) == ("claim", day("2024-01-22"), day("2024-01-15"))


def test_an_order_that_lacks_anything_is_none() -> None:
    whole = order("E0601", "2024-01-15")
    for flawed in (
        replace(whole, signed=False),
        replace(whole, patient_named=False),
        replace(whole, practitioner_named=False),
        replace(whole, described=False),
    ):
        found = lived(flawed, machine("E0601", "2024-01-15"), upto="2024-01-20")
        assert kept(found) == [("2024-01-15", "hold", "SWO")]


def test_an_order_for_something_else_is_none() -> None:
    found = lived(order("E0470", "2024-01-15"), machine("E0601", "2024-01-15"), upto="2024-01-20")
    assert kept(found) == [("2024-01-15", "hold", "SWO")]


def test_oxygen_needs_its_order_before_delivery_since_april_2026() -> None:
    def late(on: str, arrives: str) -> list[Event]:
        return [machine("E1390", on), written("E1390", arrives, on, on)]

    before = lived(late("2026-04-12", "2026-04-14"), upto="2026-04-20")
    assert kept(before) == [("2026-04-12", "hold", "SWO")]
    assert claims(before) == [("2026-04-12", "RR-KX")]
    since = lived(late("2026-04-13", "2026-04-15"), upto="2026-04-20")
    assert kept(since) == [("2026-04-13", "hold", "SWO"), ("2026-04-13", "hold", "WOPD")]
    assert claims(since) == []


def test_the_eighth_oxygen_code_is_only_warned_of() -> None:
    told = [written("E1392", "2026-05-02", "2026-05-01", None), machine("E1392", "2026-05-02")]
    assert kept(lived(told, upto="2026-05-10")) == [("2026-05-02", "warn", "WOPD")]


def test_a_power_chair_needs_an_encounter_in_the_six_months_before_its_order() -> None:
    # Ordered on 31 August 2024: six months before is 29 February.
    for encounter, expected in (
        ("2024-02-29", []),
        ("2024-02-28", [("2024-09-02", "hold", "WOPD")]),
        ("2024-09-01", [("2024-09-02", "hold", "WOPD")]),
        (None, [("2024-09-02", "hold", "WOPD")]),
    ):
        told = [
            written("K0823", "2024-08-31", "2024-08-31", encounter),
            Authorized(day("2024-08-31"), "utn", "K0823", True),
            machine("K0823", "2024-09-02"),
        ]
        assert kept(lived(told, upto="2024-09-05")) == expected


def test_a_manual_chair_needs_no_encounter() -> None:
    told = [written("K0001", "2024-08-31", "2024-08-31", None), machine("K0001", "2024-09-02")]
    assert kept(lived(told, upto="2024-09-05")) == []


def test_a_decision_on_a_power_chair_is_good_for_six_months() -> None:
    # Decided on 31 August 2024: good until 28 February 2025.
    for delivered, expected in (("2025-02-28", []), ("2025-03-01", [("2025-03-01", "hold", "R1.50")])):
        told = [
            order("K0823", delivered),
            Authorized(day("2024-08-31"), "utn", "K0823", True),
            machine("K0823", delivered),
        ]
        assert kept(lived(told, upto="2025-03-05")) == expected


def test_a_decision_on_a_support_surface_is_good_for_a_month() -> None:
    for delivered, expected in (("2024-06-10", []), ("2024-06-11", [("2024-06-11", "hold", "R1.50")])):
        told = [
            order("E0277", delivered),
            Authorized(day("2024-05-10"), "utn", "E0277", True),
            machine("E0277", delivered),
        ]
        assert kept(lived(told, upto="2024-06-15")) == expected


def test_no_decision_or_a_denied_one_holds() -> None:
    told: list[Event] = [order("E0277", "2024-06-10"), machine("E0277", "2024-06-10")]
    assert kept(lived(told, upto="2024-06-15")) == [("2024-06-10", "hold", "R1.50")]
    denied = Authorized(day("2024-06-01"), "utn", "E0277", False)
    assert kept(lived(told, denied, upto="2024-06-15")) == [("2024-06-10", "hold", "R1.50")]


def test_a_bed_needs_no_authorization() -> None:
    assert kept(lived(rented("E0260", "2024-06-10"), upto="2024-06-15")) == []


def test_of_another_payer_the_page_says_nothing() -> None:
    assert kept(lived(machine("K0823", "2024-06-10"), payer=COMMERCIAL, upto="2024-06-15")) == []
