"""A good order becomes claims, with the modifiers, sides, spans and notes that its items need."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from gateway.core.x12.claim import Claim
from gateway.core.x12.service_line import ServiceLine

from .shipped import DELIVERED, desk, line, order, supply


def made(*lines: dict[str, Any], settings: dict[str, Any] | None = None, **head: Any) -> list[Claim]:
    kit = desk(settings)
    kit.drop("orders", [order(*lines, **head)])
    assert not kit.opened, [item.reason for item in kit.opened]
    return [one.claim for one in kit.made]


def lines_of(*lines: dict[str, Any], **head: Any) -> tuple[ServiceLine, ...]:
    (claim,) = made(*lines, **head)
    return claim.lines


def test_a_claim_has_everything_of_its_order() -> None:
    (claim,) = made(line(modifiers=["KX"], authorization="A1234567890123"))
    assert (claim.id, claim.charge, claim.frequency, claim.place_of_service) == ("SO-100", Decimal("95.50"), "1", "12")
    assert (claim.patient.name, claim.patient.birth_date) == ("FERNSBY, POSY", dt.date(1950, 6, 15))
    assert (claim.subscriber.member_id, claim.filing_code, claim.payer.id) == ("1A23C45DE67", "MB", "17013")
    assert (claim.billing_provider.npi, claim.billing_provider.tax_id) == ("1999999000", "960000017")
    assert [diagnosis.code for diagnosis in claim.diagnoses] == ["G4733"]
    (one,) = claim.lines
    assert (one.code, one.units, one.charge, one.dates.start) == ("E0601", 1, Decimal("95.50"), DELIVERED)
    assert (one.ordering_provider.npi, one.reference("G1")) == ("1999999018", "A1234567890123")
    assert not claim.faults()


@pytest.mark.rule("R1.02")
def test_the_first_month_of_a_capped_rental_is_kh() -> None:
    assert lines_of(line(modifiers=["KX"]))[0].modifiers == ("RR", "KH", "KX")
    assert lines_of(line("E1390", modifiers="N1 KX"))[0].modifiers == ("RR", "KX", "N1")


@pytest.mark.rule("R1.02")
def test_medicaid_wants_no_month() -> None:
    assert lines_of(line(), filing_code="MC", payer_id="00751")[0].modifiers == ("RR",)


@pytest.mark.rule("R1.01")
def test_what_is_bought_is_new_unless_the_order_says_used() -> None:
    assert lines_of(line("E0562", kind="purchase"))[0].modifiers == ("NU",)
    assert lines_of(line("E0562", kind="purchase", modifiers="UE"))[0].modifiers == ("UE",)
    assert lines_of(supply("A7030"))[0].modifiers == ("NU",)
    assert lines_of(supply("A4414"))[0].modifiers == ()


PAP_ACCESSORIES = ("A4604", *(f"A70{at}" for at in range(27, 40)), "A7044", "A7045", "A7046")
NEBULIZER_ACCESSORIES = ("A7003", "A7005", "A7015")


@pytest.mark.rule("R1.01")
@pytest.mark.parametrize("code", [*PAP_ACCESSORIES, *NEBULIZER_ACCESSORIES])
def test_every_accessory_of_a_pap_device_or_nebulizer_is_bought(code: str) -> None:
    assert lines_of(supply(code, modifiers="KX"))[0].modifiers == ("NU", "KX")


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize("code", ["E0470", "E0471", "E0472"])
def test_respiratory_assist_devices_are_capped_rentals(code: str) -> None:
    assert lines_of(line(code, modifiers="KX"))[0].modifiers == ("RR", "KH", "KX")


def test_both_sides_are_two_lines_of_a_unit_each() -> None:
    both = lines_of(
        supply(
            "L1832",
            kind="purchase",
            modifiers="KX RT LT",
            ordered=2,
            delivered=2,
            price="400",
            authorization="AB123456789012",
        )
    )
    assert [(one.modifiers, one.units, one.charge) for one in both] == [
        (("NU", "KX", "RT"), 1, 400),
        (("NU", "KX", "LT"), 1, 400),
    ]


@pytest.mark.rule("R1.12")
def test_more_than_four_modifiers_are_three_and_99_with_the_rest_in_the_note() -> None:
    (one,) = lines_of(line("E1390", modifiers="QF KX N1 RA", note="CALL FIRST"))
    assert one.modifiers == ("RR", "QF", "KX", "99")
    assert [note.text for note in one.notes] == ["MODIFIERS N1 RA; CALL FIRST"]


@pytest.mark.rule("R1.30")
def test_a_span_reaches_to_the_last_day_that_the_supply_should_last() -> None:
    strips = supply("A4253", modifiers="KS", ordered=2, delivered=2, days=90)
    (one,) = lines_of(strips)
    assert tuple(one.dates) == (DELIVERED, DELIVERED + dt.timedelta(days=89))
    (other,) = lines_of({**strips, "code": "A7038", "modifiers": ""})
    assert tuple(other.dates) == (DELIVERED, DELIVERED)


@pytest.mark.rule("R1.30")
def test_a_payer_that_wants_rentals_with_spans_gets_the_month() -> None:
    (one,) = lines_of(line(), filing_code="MC", payer_id="00751")
    assert tuple(one.dates) == (DELIVERED, dt.date(2026, 7, 7))


@pytest.mark.rule("R1.32")
@pytest.mark.parametrize(("days", "notes"), [(30, []), (31, []), (90, ["90 DAY SUPPLY"])])
def test_more_than_a_month_is_said_in_a_note(days: int, notes: list[str]) -> None:
    assert [note.text for note in lines_of(supply(days=days))[0].notes] == notes


def test_what_was_delivered_on_two_days_is_two_claims() -> None:
    found = made(line(), supply(delivered_on="2026-06-09"))
    assert [(claim.id, claim.from_date, len(claim.lines)) for claim in found] == [
        ("SO-100-1", DELIVERED, 1),
        ("SO-100-2", dt.date(2026, 6, 9), 1),
    ]


def test_a_long_order_number_becomes_one_that_a_claim_can_bear() -> None:
    (claim,) = made(order_number="WAREHOUSE-7-ORDER-0000123")
    assert claim.id.startswith("OC")
    assert len(claim.id) == 16


def test_a_child_is_billed_under_the_subscriber() -> None:
    (claim,) = made(relationship="19", subscriber_last="FERNSBY", subscriber_first="OLLIE")
    assert (claim.patient.is_subscriber, claim.patient.relationship) == (False, "19")
    assert (claim.patient.first, claim.subscriber.first) == ("POSY", "OLLIE")


def test_a_second_payer_stands_on_the_claim() -> None:
    second = {
        "subscriber": {
            "last": "FERNSBY",
            "first": "POSY",
            "member_id": "SWT900000077",
            "responsibility": "S",
            "filing_code": "CI",
        },
        "payer": {"name": "LANTERN SUPPLEMENT", "id": "90201"},
    }
    (claim,) = made(other_payers=[second])
    assert [other.payer.id for other in claim.other_subscribers] == ["90201"]
