"""Claims that a billing system sent, against what is known of their deliveries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.model.belongings import Proof
from gateway.plugins.testing import make_claim, make_delivery, make_line, plugin_context, rules

from .shipped import CONFIRMATION, TABLES

DAY = dt.date(2026, 6, 8)
DEVICE = make_delivery("E0601", delivered_on=DAY, serial="SN1")
FILTERS = make_delivery("A7038", delivered_on=DAY, quantity="2")


def held(*lines: list[str], settings: dict[str, Any] | None = None, frequency: str = "1", **past: Any) -> list[str]:
    claim = make_claim(*lines, filing_code="MB", frequency=frequency)
    with plugin_context(CONFIRMATION, settings, tables=TABLES, today=dt.date(2026, 6, 10), **past) as context:
        return rules(context.confirm(claim))


def device(*modifiers: str, day: dt.date = DAY, **more: Any) -> list[str]:
    return make_line("E0601", *(modifiers or ("RR", "KH")), from_date=day, **more)


def filters(units: str = "2", day: dt.date = DAY) -> list[str]:
    return make_line("A7038", "NU", units=units, from_date=day)


def test_a_claim_that_says_what_its_deliveries_say_passes() -> None:
    assert held(device(), filters(), deliveries=[DEVICE, FILTERS]) == []


def test_where_no_delivery_is_known_nothing_is_said() -> None:
    assert held(device(), filters()) == []
    far = FILTERS._replace(delivered_on=DAY - dt.timedelta(days=60))
    assert held(filters("4"), deliveries=[far]) == []


@pytest.mark.rule("OC-2")
def test_a_delivery_without_its_serial_number_waits_for_the_warehouse() -> None:
    bare = DEVICE._replace(serial="")
    assert held(device(), deliveries=[bare]) == ["OC-2"]
    with plugin_context(CONFIRMATION, tables=TABLES, deliveries=[bare]) as context:
        (opened,) = context.confirm(make_claim(device(), filing_code="MB")).holds
    assert opened.hold.team == "fulfilment"


@pytest.mark.rule("OC-4")
def test_units_that_were_not_delivered_wait() -> None:
    assert held(filters("3"), deliveries=[FILTERS]) == ["OC-4"]
    assert held(filters("4"), deliveries=[FILTERS, FILTERS._replace(lot="2")]) == []


@pytest.mark.rule("OC-4")
def test_two_lines_of_an_item_count_together() -> None:
    sides = [make_line("L1832", "NU", side, from_date=DAY) for side in ("RT", "LT")]
    assert held(*sides, deliveries=[make_delivery("L1832", delivered_on=DAY, quantity="2")]) == []
    assert held(*sides, deliveries=[make_delivery("L1832", delivered_on=DAY, quantity="1")]) == ["OC-4"]


@pytest.mark.rule("OC-4")
def test_contents_are_billed_by_the_month_whatever_was_delivered() -> None:
    cylinders = make_delivery("E0443", delivered_on=DAY - dt.timedelta(days=5), quantity="6")
    assert held(make_line("E0443", from_date=DAY), deliveries=[cylinders]) == []


@pytest.mark.rule("OC-5")
def test_a_delivery_that_is_not_proven_waits() -> None:
    assert held(filters(), deliveries=[FILTERS._replace(proof=Proof.NONE)]) == ["OC-5"]
    assert held(filters(), deliveries=[FILTERS._replace(proof=Proof.PICKUP)]) == []


@pytest.mark.rule("OC-5")
@pytest.mark.parametrize(("months", "waits"), [("3", False), ("2", True)])
def test_what_is_billed_by_the_month_waits_only_for_what_it_lasts_from(months: str, waits: bool) -> None:
    # The contents of June are from April; that the delivery for July is not proven yet is another month's matter.
    brought = make_delivery("E0443", delivered_on=dt.date(2026, 4, 5), quantity=months)
    late = make_delivery("E0443", delivered_on=dt.date(2026, 6, 7), quantity="1", proof=Proof.NONE)
    contents = make_line("E0443", from_date=dt.date(2026, 6, 8))
    assert held(contents, deliveries=[brought, late]) == (["OC-5"] if waits else [])


@pytest.mark.rule("OC-6")
@pytest.mark.parametrize(
    ("days", "proof", "waits"),
    [
        (0, Proof.SIGNED, False),
        (1, Proof.SIGNED, True),
        (-1, Proof.SIGNED, False),
        (-2, Proof.SIGNED, False),
        (-3, Proof.SIGNED, True),
        (10, Proof.CARRIER, False),
        (11, Proof.CARRIER, False),
        (-3, Proof.CARRIER, True),
    ],
)
def test_the_date_of_service_is_that_of_the_delivery(days: int, proof: Proof, waits: bool) -> None:
    """A carrier may bring it days later; who left a facility two days after is billed with that day. What lies farther
    away is another delivery."""
    there = FILTERS._replace(delivered_on=DAY + dt.timedelta(days=days), proof=proof)
    assert held(filters(), deliveries=[there]) == (["OC-6"] if waits else [])


@pytest.mark.rule("OC-6")
def test_a_delivery_that_names_the_claim_is_meant_however_far_it_lies() -> None:
    named = FILTERS._replace(delivered_on=DAY - dt.timedelta(days=60), claim_number="SW1001")
    assert held(filters(), deliveries=[named]) == ["OC-6"]


@pytest.mark.rule("OC-6")
def test_later_months_of_a_rental_have_no_delivery() -> None:
    assert held(device("RR", "KI", day=DAY + dt.timedelta(days=1)), deliveries=[DEVICE]) == []
    assert held(device("RR", "KH", day=DAY - dt.timedelta(days=1)), deliveries=[DEVICE]) == ["OC-6"]


@pytest.mark.rule("OC-7")
def test_a_line_without_a_charge_waits() -> None:
    assert held(device(charge="0")) == ["OC-7"]
    assert held(device(charge="1")) == []


@pytest.mark.rule("OC-9")
def test_a_delivery_that_another_claim_has_billed_waits() -> None:
    assert held(filters(), deliveries=[FILTERS._replace(claim_number="SW0900")]) == ["OC-9"]
    assert held(filters(), deliveries=[FILTERS._replace(claim_number="SW1001")]) == []


def test_a_rule_can_be_switched_off_in_a_chain() -> None:
    assert held(filters("3"), settings={"skip": ["OC-4"]}, deliveries=[FILTERS]) == []


def test_a_claim_that_voids_one_is_not_looked_at() -> None:
    assert held(filters("3"), deliveries=[FILTERS], frequency="8") == []
