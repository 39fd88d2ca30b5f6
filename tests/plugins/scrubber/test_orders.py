"""Orders, encounters and certificates (hme-billing-rules 1.5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.model.belongings import Order
from gateway.core.model.decision import HoldType
from gateway.plugins.testing import (
    TODAY,
    make_claim,
    make_delivery,
    make_equipment,
    make_history,
    make_line,
    make_order,
)

from .desk import DAY, MAC, ORDERER, UTN, bed, findings, line, medicare, said, scrubbed

ORDERED = DAY - dt.timedelta(days=10)
LONG_AGO = {"skip": ["R1.TF-1", "R1.50"]}


def order(*codes: str, **others: Any) -> Order:
    """A complete order of the practitioner whom the claim names."""
    return make_order(*(codes or ("E0260",)), **{"ordered_on": ORDERED, "practitioner_npi": ORDERER[-10:], **others})


@pytest.mark.rule("R1.SWO-1")
def test_an_item_without_an_order_waits_for_documentation() -> None:
    decision, _ = scrubbed(medicare(bed()), orders=[order("E0601")])
    (opened,) = decision.holds
    assert (opened.hold.rule, opened.hold.type, opened.hold.team) == (
        "R1.SWO-1",
        HoldType.PRESCRIPTION,
        "documentation",
    )


@pytest.mark.rule("R1.SWO-1")
@pytest.mark.rule("R1.SWO-2")
@pytest.mark.rule("R1.SWO-3")
def test_an_item_with_its_complete_order_passes() -> None:
    assert said(medicare(bed()), orders=[order("E0601", "E0260")]) == []


@pytest.mark.rule("R1.SWO-1")
def test_while_no_order_of_the_patient_is_known_nothing_is_asked() -> None:
    assert said(medicare(bed())) == []


@pytest.mark.rule("R1.SWO-1")
def test_a_house_that_keeps_every_order_here_asks_for_each() -> None:
    assert said(medicare(bed()), {"orders": "required"}) == ["R1.SWO-1"]


@pytest.mark.rule("R1.SWO-1")
def test_a_house_that_keeps_them_elsewhere_asks_for_none() -> None:
    assert said(medicare(bed()), {"orders": "off"}, orders=[order("E0601")]) == []


@pytest.mark.rule("R1.SWO-1")
@pytest.mark.parametrize(("days", "told"), [(0, []), (-1, ["R1.SWO-1"])])
def test_an_order_is_good_until_its_last_day(days: int, told: list[str]) -> None:
    assert said(medicare(bed()), orders=[order(ends_on=DAY + dt.timedelta(days=days))]) == told


@pytest.mark.rule("R1.SWO-1")
@pytest.mark.parametrize("repair", [line("K0739", units="2"), line("E1390", "MS")])
def test_labor_and_maintenance_need_no_order_of_their_own(repair: list[str]) -> None:
    assert said(medicare(repair), {"orders": "required"}) == []


@pytest.mark.rule("R1.SWO-2")
@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ({"patient_named": False}, "the patient's name"),
        ({"description": " "}, "the description"),
        ({"practitioner": "", "practitioner_npi": ""}, "the practitioner's name or NPI"),
        ({"signed_on": TODAY + dt.timedelta(days=1)}, "the practitioner's signature"),
        ({"received_on": TODAY + dt.timedelta(days=1)}, "not received"),
    ],
)
def test_an_order_that_is_not_complete_says_what_it_lacks(lacks: dict[str, Any], words: str) -> None:
    (finding,) = findings(medicare(bed()), orders=[order(**lacks)])
    assert finding.rule == "R1.SWO-2"
    assert words in finding.message


@pytest.mark.rule("R1.SWO-2")
def test_an_unsigned_order_is_not_complete_and_another_may_be() -> None:
    unsigned = order()._replace(signed_on=None)
    assert said(medicare(bed()), orders=[unsigned]) == ["R1.SWO-2"]
    assert said(medicare(bed()), orders=[unsigned, order()]) == []


@pytest.mark.rule("R1.SWO-2")
@pytest.mark.parametrize(
    ("supply", "quantity", "told"),
    [
        (line("A7032", "NU", "KX", units="2", from_date=DAY), None, ["R1.SWO-2"]),
        (line("A7032", "NU", "KX", units="2", from_date=DAY), Decimal(2), []),
        (line("A7034", "NU", "KX", from_date=DAY), None, []),
        (bed(), None, []),
    ],
)
def test_an_order_of_several_says_how_many(supply: list[str], quantity: Decimal | None, told: list[str]) -> None:
    written = order("A7032", "A7034", "E0260", quantity=quantity)
    assert said(medicare(supply), {"skip": ["R1.32-2"]}, orders=[written]) == told


@pytest.mark.rule("R1.SWO-3")
def test_another_practitioner_than_the_orders_is_told() -> None:
    assert said(medicare(bed()), orders=[order(practitioner_npi="1999999026")]) == ["R1.SWO-3"]


# --- before the delivery, and after an encounter ---------------------------------------------------


def chair(*modifiers: str, day: dt.date = DAY) -> list[str]:
    return line("K0823", *(modifiers or ("RR", "KH", "KX")), from_date=day, more=(f"REF*G1*{UTN}", ORDERER))


def chair_order(**others: Any) -> Order:
    return order("K0823", **{"encounter_on": ORDERED - dt.timedelta(days=20), **others})


@pytest.mark.rule("R1.WOPD-1")
@pytest.mark.parametrize(("days", "told"), [(0, []), (1, ["R1.WOPD-1"])])
def test_the_order_of_a_power_wheelchair_came_before_it_was_delivered(days: int, told: list[str]) -> None:
    came = chair_order(received_on=DAY + dt.timedelta(days=days))
    assert said(medicare(chair()), orders=[came]) == told


@pytest.mark.rule("R1.WOPD-1")
def test_the_day_of_the_delivery_counts_where_it_is_known() -> None:
    delivered = make_delivery("K0823", delivered_on=DAY - dt.timedelta(days=3))
    came = chair_order(received_on=DAY - dt.timedelta(days=2))
    assert said(medicare(chair()), orders=[came], deliveries=[delivered]) == ["R1.WOPD-1"]


@pytest.mark.rule("R1.WOPD-1")
def test_a_later_month_is_judged_by_the_first_delivery() -> None:
    has = make_equipment("K0823", started_on=DAY - dt.timedelta(days=122))
    late = chair_order(ordered_on=DAY - dt.timedelta(days=100), encounter_on=DAY - dt.timedelta(days=110))
    assert said(medicare(chair("RR", "KJ", "KX")), orders=[late], equipment=[has]) == ["R1.WOPD-1"]
    assert said(medicare(chair("RR", "KJ", "KX")), orders=[late]) == []


@pytest.mark.rule("R1.WOPD-1")
@pytest.mark.parametrize(("serial", "told"), [("B", ["R1.WOPD-1"]), ("A", [])])
def test_the_month_for_which_another_concentrator_came_is_judged_by_that_delivery(serial: str, told: list[str]) -> None:
    day = dt.date(2030, 1, 27)
    before = make_history("E1390", "RR", "KX", from_date=dt.date(2025, 1, 27), payer_id=MAC)
    pieces = [
        make_equipment("E1390", started_on=dt.date(2025, 1, 27), ended_on=dt.date(2029, 9, 1), serial="A"),
        make_equipment("E1390", started_on=day, serial=serial),
    ]
    late = order("E1390", ordered_on=day, received_on=day + dt.timedelta(days=3), encounter_on=day)
    one = medicare(line("E1390", "RR", "N1", "KX", from_date=day))
    today = day + dt.timedelta(days=9)
    found = said(one, orders=[late], equipment=pieces, history=[before], today=today)
    assert [rule for rule in found if rule == "R1.WOPD-1"] == told


@pytest.mark.rule("R1.WOPD-1")
def test_a_bed_may_be_delivered_before_its_written_order() -> None:
    assert said(medicare(bed("RR", "KH", "KX")), orders=[order(received_on=DAY + dt.timedelta(days=9))]) == []


@pytest.mark.rule("R1.WOPD-1")
@pytest.mark.parametrize(("day", "told"), [(dt.date(2026, 4, 12), []), (dt.date(2026, 4, 13), ["R1.WOPD-1"])])
def test_oxygen_is_listed_from_april_13_2026_on(day: dt.date, told: list[str]) -> None:
    came = order(
        "E1390",
        ordered_on=day - dt.timedelta(days=9),
        received_on=day + dt.timedelta(days=9),
        encounter_on=day - dt.timedelta(days=30),
    )
    delivered = make_delivery("E1390", delivered_on=day)
    claim = medicare(line("E1390", "RR", "N1", "KX", from_date=day))
    later = day + dt.timedelta(days=30)
    assert said(claim, orders=[came], deliveries=[delivered], today=later) == told


@pytest.mark.rule("R1.F2F-1")
@pytest.mark.parametrize("seen", [None, dt.date(2026, 1, 22), dt.date(2025, 7, 20)])
def test_an_encounter_that_is_missing_late_or_too_old_waits(seen: dt.date | None) -> None:
    came = chair_order(ordered_on=dt.date(2026, 1, 21), encounter_on=seen)
    assert said(medicare(chair()), orders=[came]) == ["R1.F2F-1"]


@pytest.mark.rule("R1.F2F-1")
@pytest.mark.parametrize("seen", [dt.date(2026, 1, 21), dt.date(2025, 7, 21)])
def test_an_encounter_on_the_day_or_six_months_before_is_good(seen: dt.date) -> None:
    came = chair_order(ordered_on=dt.date(2026, 1, 21), encounter_on=seen)
    assert said(medicare(chair()), orders=[came]) == []


@pytest.mark.rule("R1.F2F-1")
@settings(max_examples=40)
@given(st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 30)), st.integers(-30, 400))
def test_the_encounter_lies_in_the_six_months_before_the_order(ordered: dt.date, before: int) -> None:
    """Counted in months: to the same day six months before, or the last of that month."""
    seen = ordered - dt.timedelta(days=before)
    month = ordered.year * 12 + ordered.month - 1 - 6
    earliest_day = ordered.day
    while True:
        try:
            earliest = dt.date(month // 12, month % 12 + 1, earliest_day)
            break
        except ValueError:
            earliest_day -= 1
    came = chair_order(ordered_on=ordered, received_on=ordered, signed_on=ordered, encounter_on=seen)
    assert ("R1.F2F-1" in said(medicare(chair()), LONG_AGO, orders=[came])) == (not earliest <= seen <= ordered)


# --- certificates ----------------------------------------------------------------------------------

FORM = ("LQ*UT*484.03", "FRM*1A**86")


@pytest.mark.rule("R1.40")
def test_a_certificate_on_the_claim_is_refused_from_2023_on() -> None:
    assert said(medicare(line("E1390", "RR", "KX", more=(ORDERER, *FORM)))) == ["R1.40"]
    assert said(medicare(line("E1390", "RR", "KX", ahead=("CR3*I*MO*12",)))) == ["R1.40"]


@pytest.mark.rule("R1.40")
def test_before_it_had_to_be_there() -> None:
    old = line("E1390", "RR", "KX", more=(ORDERER, *FORM), from_date=dt.date(2022, 12, 31))
    assert said(medicare(old), LONG_AGO) == []


@pytest.mark.rule("R1.40")
def test_other_payers_may_want_one() -> None:
    claim = make_claim(make_line("E1390", "RR", more=(ORDERER, *FORM)))
    assert said(claim) == []
