"""RS-1 and RS-2: a refill leaves when the patient asked for it in time, and it did not come too soon."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.model.belongings import Proof
from gateway.core.x12.claim import Claim
from gateway.plugins import HistoryLine
from gateway.plugins.testing import make_claim, make_delivery, make_document, make_history, make_line, plugin_context

from .shipped import RESUPPLY, SHIPPED, TABLES, days_before, held, said_yes, supplies

MASK = supplies("A7030", "NU")
LAST = make_history("A7030", "NU", from_date=days_before(85))
"""A mask for 90 days: its supply ends five days after the refill was shipped."""


@pytest.mark.rule("RS-1")
def test_a_refill_that_nobody_asked_for_waits() -> None:
    assert held(MASK, history=[LAST]) == ["RS-1"]


@pytest.mark.rule("RS-1")
def test_a_refill_that_the_patient_asked_for_leaves() -> None:
    assert held(MASK, history=[LAST], rows=said_yes("A7030", days_before(10))) == []


@pytest.mark.rule("RS-1")
@pytest.mark.parametrize(("asked", "waits"), [(26, True), (25, False), (0, False), (-1, True)])
def test_the_answer_counts_from_thirty_days_before_the_supply_ends_to_the_day_of_shipping(
    asked: int, waits: bool
) -> None:
    rows = said_yes("A7030", days_before(asked))
    assert held(MASK, history=[LAST], rows=rows) == (["RS-1"] if waits else [])


@pytest.mark.rule("RS-1")
def test_no_is_no_request() -> None:
    assert held(MASK, history=[LAST], rows=said_yes("A7030", days_before(10), answer=False)) == ["RS-1"]


@pytest.mark.rule("RS-1")
def test_a_request_for_another_item_is_none_for_this_one() -> None:
    assert held(MASK, history=[LAST], rows=said_yes("A7034", days_before(10))) == ["RS-1"]


@pytest.mark.rule("RS-1")
def test_the_first_supply_of_an_item_is_no_refill() -> None:
    assert held(MASK) == []
    assert held(MASK, history=[make_history("A7034", "NU", from_date=days_before(85))]) == []


@pytest.mark.rule("RS-1")
def test_a_request_on_paper_counts_as_well() -> None:
    paper = make_document("refill_request", "A7030", dated=days_before(10))
    assert held(MASK, history=[LAST], documents=[paper]) == []
    assert held(MASK, history=[LAST], documents=[paper._replace(kind="other")]) == ["RS-1"]


@pytest.mark.rule("RS-1")
def test_who_picks_it_up_in_the_store_has_asked_for_it() -> None:
    there = make_delivery("A7030", delivered_on=SHIPPED, proof=Proof.PICKUP)
    assert held(MASK, history=[LAST], deliveries=[there]) == []
    assert held(MASK, history=[LAST], deliveries=[there._replace(proof=Proof.CARRIER)]) == ["RS-1"]


@pytest.mark.rule("RS-1")
@pytest.mark.parametrize("code", ["B4035", "A4239"])
def test_allowances_need_no_request(code: str) -> None:
    last = make_history(code, from_date=days_before(31), thru_date=days_before(1), units="1")
    claim = supplies(code, "KX", units="1")
    assert held(claim, history=[last]) == []


WITHOUT_MAXIMUM = ["B4150", "B4161", "B4185", "A6222", "A6402", "A7044", "A7045"]
"""Nutrients, dressings and what Medicare's table does not have: refills, for which no usual maximum is known."""


def spanned(code: str, begun: int, days: int) -> list[HistoryLine]:
    """What was dispensed so many days ago, for so many days."""
    return [make_history(code, from_date=days_before(begun), thru_date=days_before(begun - days + 1), units="300")]


@pytest.mark.rule("RS-1")
@pytest.mark.parametrize("code", WITHOUT_MAXIMUM)
def test_a_refill_without_a_usual_maximum_is_asked_for_as_well(code: str) -> None:
    claim, last = supplies(code, units="300"), spanned(code, 25, 30)
    assert held(claim, history=last) == ["RS-1"]
    assert held(claim, history=last, rows=said_yes(code, days_before(10))) == []
    assert held(claim) == []


@pytest.mark.rule("RS-2")
@pytest.mark.parametrize("code", WITHOUT_MAXIMUM)
def test_a_refill_without_a_usual_maximum_comes_not_too_soon(code: str) -> None:
    claim, asked = supplies(code, units="300"), said_yes(code, days_before(1))
    assert held(claim, history=spanned(code, 15, 30), rows=asked) == ["RS-2"]
    assert held(claim, history=spanned(code, 19, 30), rows=asked) == ["RS-2"]
    assert held(claim, history=spanned(code, 20, 30), rows=asked) == []


@pytest.mark.rule("RS-1")
@pytest.mark.rule("RS-2")
@pytest.mark.parametrize("code", WITHOUT_MAXIMUM)
def test_where_no_span_says_how_long_it_lasts_nothing_is_said(code: str) -> None:
    assert held(supplies(code, units="300"), history=spanned(code, 15, 1)) == []


@pytest.mark.rule("RS-1")
@pytest.mark.rule("RS-2")
def test_parenteral_kits_are_allowances() -> None:
    assert held(supplies("B4220", units="1"), history=spanned("B4220", 15, 30)) == []


@pytest.mark.rule("RS-1")
def test_a_delivery_that_is_not_billed_yet_makes_the_next_one_a_refill() -> None:
    unbilled = make_delivery("A7030", delivered_on=days_before(85))
    assert held(MASK, deliveries=[unbilled]) == ["RS-1"]
    assert held(MASK, deliveries=[unbilled._replace(code="A7034")]) == []


@pytest.mark.rule("RS-1")
def test_what_never_reached_a_payer_was_no_supply() -> None:
    assert held(MASK, history=[LAST._replace(state="cancelled")]) == []
    void = LAST._replace(frequency="8", claim_number="SW0901")
    assert held(MASK, history=[LAST, void]) == []


@pytest.mark.rule("RS-1")
def test_before_2024_the_answer_counted_from_fourteen_days_before_shipping() -> None:
    day = dt.date(2023, 12, 1)
    mask, last = supplies("A7030", "NU", day=day), make_history("A7030", "NU", from_date=days_before(85, day))
    assert held(mask, history=[last], rows=said_yes("A7030", days_before(14, day))) == []
    assert held(mask, history=[last], rows=said_yes("A7030", days_before(15, day))) == ["RS-1"]


@pytest.mark.rule("RS-2")
@pytest.mark.parametrize(("days", "waits"), [(79, True), (80, False), (200, False)])
def test_a_refill_is_not_delivered_sooner_than_ten_days_before_the_supply_ends(days: int, waits: bool) -> None:
    last = make_history("A7030", "NU", from_date=days_before(days))
    rules = held(MASK, {"skip": ["RS-3"]}, history=[last], rows=said_yes("A7030", SHIPPED))
    assert rules == (["RS-2"] if waits else [])


@pytest.mark.rule("RS-2")
@pytest.mark.parametrize(("units", "days", "waits"), [("2", 19, True), ("2", 20, False), ("6", 79, True)])
def test_how_long_a_supply_lasts_comes_from_its_units(units: str, days: int, waits: bool) -> None:
    filters, last = supplies("A7038", "NU"), make_history("A7038", "NU", from_date=days_before(days), units=units)
    rules = held(filters, {"skip": ["RS-3"]}, history=[last], rows=said_yes("A7038", SHIPPED))
    assert rules == (["RS-2"] if waits else [])


@pytest.mark.rule("RS-2")
@pytest.mark.parametrize(("days_left", "waits"), [(0, False), (9, False), (10, True)])
def test_a_span_says_itself_how_long_the_supply_lasts(days_left: int, waits: bool) -> None:
    """However many strips there are: the supply ends on the day after the span's last, as it does without a span."""
    thru = SHIPPED + dt.timedelta(days=days_left)
    spanned = make_history("A4253", "KX", from_date=days_before(40), thru_date=thru, units="6")
    strips = supplies("A4253", "KX", units="1", thru=SHIPPED + dt.timedelta(days=29))
    assert held(strips, {"skip": ["RS-1", "RS-3"]}, history=[spanned]) == (["RS-2"] if waits else [])


@pytest.mark.rule("RS-6")
def test_a_payer_with_ten_days_of_grace_takes_the_refill_ten_days_sooner() -> None:
    grace = {"payer_classes": ["regence", "medicare"], "skip": ["RS-3"]}
    for days, rules in ((69, ["RS-2"]), (70, [])):
        last = make_history("A7030", "NU", from_date=days_before(days))
        assert held(MASK, grace, history=[last]) == rules, days


def test_a_claim_that_voids_one_is_not_looked_at() -> None:
    void = make_claim(make_line("A7030", "NU", from_date=SHIPPED), frequency="8", filing_code="MB")
    assert held(void, history=[LAST]) == []


@pytest.mark.rule("RS-1")
def test_the_message_says_between_which_days_to_look_and_names_nobody() -> None:
    with plugin_context(RESUPPLY, tables=TABLES, history=[LAST]) as context:
        hold = context.hold(MASK).holds[0].hold
    assert "between 05/07/2026 and 06/01/2026" in hold.reason
    assert hold.team == "resupply"
    assert_names_nobody(hold.reason, MASK)


@pytest.mark.rule("RS-1")
def test_what_was_dispensed_before_one_may_ask_says_so() -> None:
    early = LAST._replace(from_date=days_before(20))
    with plugin_context(RESUPPLY, tables=TABLES, history=[early]) as context:
        reasons = {opened.hold.rule: opened.hold.reason for opened in context.hold(MASK).holds}
    assert "before the patient may be asked (from 07/11/2026)" in reasons["RS-1"]
    assert set(reasons) == {"RS-1", "RS-2", "RS-3"}


def assert_names_nobody(text: str, claim: Claim) -> None:
    assert claim.patient.last not in text
    assert claim.subscriber.member_id not in text
