"""RS-4 and RS-5: an order that is still good, and the equipment that the supplies are for."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.model.decision import HoldType
from gateway.plugins.testing import (
    make_claim,
    make_delivery,
    make_equipment,
    make_history,
    make_line,
    make_order,
    plugin_context,
)

from .shipped import RESUPPLY, SHIPPED, TABLES, days_before, held, supplies, told

MASK = supplies("A7030", "NU")


@pytest.mark.rule("RS-4")
def test_supplies_on_an_order_that_has_ended_wait_for_a_new_one() -> None:
    ended = make_order("A7030", "A7038", ordered_on=days_before(400), ends_on=days_before(1))
    with plugin_context(RESUPPLY, tables=TABLES, orders=[ended]) as context:
        decision = context.hold(MASK)
    (opened,) = decision.holds
    assert (opened.hold.rule, opened.hold.type, opened.hold.team) == ("RS-4", HoldType.PRESCRIPTION, "documentation")


@pytest.mark.rule("RS-4")
def test_an_order_is_good_on_its_last_day() -> None:
    assert held(MASK, orders=[make_order("A7030", ordered_on=days_before(400), ends_on=SHIPPED)]) == []


@pytest.mark.rule("RS-4")
def test_a_renewed_order_is_enough() -> None:
    ended = make_order("A7030", ordered_on=days_before(400), ends_on=days_before(35))
    renewed = make_order("A7030", ordered_on=days_before(30), order_number="RX-2")
    assert held(MASK, orders=[ended, renewed]) == []
    for_another = make_order("A7034", ordered_on=days_before(30), order_number="RX-2")
    assert held(MASK, orders=[ended, for_another]) == ["RS-4"]
    too_late = make_order("A7030", ordered_on=SHIPPED + dt.timedelta(days=1), order_number="RX-2")
    assert held(MASK, orders=[ended, too_late]) == ["RS-4"]


@pytest.mark.rule("RS-4")
def test_an_order_without_an_end_lasts_as_long_as_the_payer_says() -> None:
    order = make_order("A7030", ordered_on=dt.date(2025, 6, 1))
    assert held(MASK, orders=[order]) == []
    assert held(MASK, {"order_months": "12"}, orders=[order]) == ["RS-4"]
    assert held(MASK, {"order_months": "12"}, orders=[order._replace(ordered_on=dt.date(2025, 6, 2))]) == []


@pytest.mark.rule("RS-4")
def test_where_no_order_is_known_this_rule_says_nothing() -> None:
    assert held(MASK, {"order_months": "12"}) == []


@pytest.mark.rule("RS-5")
def test_supplies_without_their_equipment_are_told() -> None:
    assert told(MASK) == ["RS-5"]
    assert held(MASK) == []


@pytest.mark.rule("RS-5")
@pytest.mark.parametrize("kind", ["history", "equipment", "deliveries", "claim"])
def test_supplies_of_equipment_that_is_known_are_not(kind: str) -> None:
    day = days_before(100)
    if kind == "history":
        assert told(MASK, history=[make_history("E0601", "RR", "KH", from_date=day)]) == []
        assert told(MASK, history=[make_history("E0570", "RR", "KH", from_date=day)]) == ["RS-5"]
        assert told(MASK, history=[make_history("E0601", "RR", from_date=day, state="rejected")]) == ["RS-5"]
    elif kind == "equipment":
        assert told(MASK, equipment=[make_equipment("E0601", started_on=day)]) == []
        assert told(MASK, equipment=[make_equipment("E0601", started_on=SHIPPED + dt.timedelta(days=1))]) == ["RS-5"]
    elif kind == "deliveries":
        assert told(MASK, deliveries=[make_delivery("E0470", delivered_on=day)]) == []
    else:
        both = make_claim(make_line("E0601", "RR", "KH"), make_line("A7030", "NU"), filing_code="MB")
        assert told(both) == []


@pytest.mark.rule("RS-5")
def test_a_note_that_names_the_equipment_is_enough() -> None:
    noted = make_line("A7030", "NU", from_date=SHIPPED, more=["NTE*ADD*E0601 BOUGHT ABOUT 03/2021"])
    assert told(make_claim(noted, filing_code="MB")) == []
    for_all = make_claim(make_line("A7030", "NU", from_date=SHIPPED), more=["NTE*ADD*HAS E0601 SINCE 2021"])
    assert told(for_all) == []
    other = make_line("A7030", "NU", from_date=SHIPPED, more=["NTE*ADD*90 DAY SUPPLY"])
    assert told(make_claim(other, filing_code="MB")) == ["RS-5"]


@pytest.mark.rule("RS-5")
def test_supplies_that_need_no_equipment_are_not_asked_for_it() -> None:
    assert told(supplies("A4414", units="10")) == []
