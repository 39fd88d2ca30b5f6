"""Rental months against the patient's own past (hme-billing-rules 1.1): R1.02 to R1.06."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.x12.claim import Claim
from gateway.plugins import HistoryLine
from gateway.plugins.testing import make_claim, make_history, make_line, make_line_payment, make_order

from .desk import MAC, MBI, ORDERER, line, medicare, said, scrubbed

FIRST = dt.date(2024, 11, 15)


def month(number: int) -> dt.date:
    """The first day of a rental month that began on November 15, 2024."""
    year, of_year = divmod(FIRST.year * 12 + FIRST.month - 2 + number, 12)
    return dt.date(year, of_year + 1, FIRST.day)


def modifier(number: int) -> str:
    return "KH" if number == 1 else "KI" if number <= 3 else "KJ"


def billed(*numbers: int, code: str = "E0260", **others: Any) -> list[HistoryLine]:
    """Rental months of a bed that were billed, each on a claim of its own."""
    return [
        make_history(
            code,
            "RR",
            *((modifier(number),) if code == "E0260" else ()),
            "KX",
            from_date=month(number),
            claim_number=f"SW09{number:02d}",
            **{"payer_id": MAC, **others},
        )
        for number in numbers
    ]


def claim(day: dt.date, *modifiers: str, code: str = "E0260", note: str = "") -> Claim:
    more = (f"NTE*ADD*{note}", ORDERER) if note else (ORDERER,)
    return medicare(line(code, "RR", *modifiers, "KX", from_date=day, more=more))


def of(number: int, *modifiers: str, past: list[HistoryLine], **others: Any) -> list[str]:
    """What is said of a month's claim, in the time in which it may be filed."""
    day = month(number)
    return said(claim(day, *modifiers), history=past, today=day + dt.timedelta(days=5), **others)


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize("modifiers", [(), ("KH", "KI")])
def test_a_capped_rental_has_exactly_one_month_modifier(modifiers: tuple[str, ...]) -> None:
    assert said(claim(month(15), *modifiers)) == ["R1.02"]


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize("given", ["KH", "KI", "KJ"])
def test_a_patient_without_a_past_here_is_believed(given: str) -> None:
    assert said(claim(month(15), given)) == []


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize(("number", "given"), [(2, "KH"), (2, "KJ"), (3, "KJ"), (4, "KI"), (4, "KH"), (13, "KI")])
def test_the_month_of_the_record_decides(number: int, given: str) -> None:
    assert of(number, given, past=billed(*range(1, number))) == ["R1.02"]


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 12, 13])
def test_the_right_month_passes(number: int) -> None:
    assert of(number, modifier(number), past=billed(*range(1, number))) == []


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize(("given", "told"), [("KI", []), ("KJ", []), ("KH", ["R1.02"])])
def test_who_came_to_us_in_month_two_or_three_goes_on_with_either(given: str, told: list[str]) -> None:
    came = [make_history("E0260", "RR", "KI", from_date=month(2), payer_id=MAC)]
    assert of(3, given, past=came) == told


@pytest.mark.rule("R1.02")
def test_a_replacing_item_begins_with_month_one() -> None:
    lost = claim(month(6), "KH", "RA", note="STOLEN 04/01, POLICE REPORT")
    assert said(lost, history=billed(1, 2, 3, 4, 5), today=month(6) + dt.timedelta(days=5)) == []


@pytest.mark.rule("R1.02")
def test_a_payer_that_takes_over_may_begin_anew() -> None:
    """Months of the plan before do not make month 1 of Medicare a certain refusal; the next of both passes too."""
    before = billed(1, 2, payer_id="90101")
    assert of(3, "KH", past=before) == []
    assert of(3, "KI", past=before) == []
    assert of(3, "KJ", past=before) == ["R1.02"]


@pytest.mark.rule("R1.06")
def test_a_move_to_another_contractors_state_begins_no_new_period() -> None:
    before = billed(1, 2, payer_id="16013")
    assert of(3, "KH", past=before) == ["R1.06"]
    assert of(3, "KI", past=before) == []


@pytest.mark.rule("R1.06")
def test_without_a_move_it_is_the_wrong_month() -> None:
    assert of(3, "KH", past=billed(1, 2)) == ["R1.02"]


@pytest.mark.rule("R1.02")
def test_a_commercial_plan_counts_its_months_too() -> None:
    rented = make_line("E0601", "RR", more=(ORDERER,))
    assert said(make_claim(rented, filing_code="CI", member_id=MBI)) == ["R1.02"]


@pytest.mark.rule("R1.04")
def test_a_denied_month_does_not_count() -> None:
    past = [*billed(1), *billed(2, state="denied")]
    assert of(3, "KI", past=past) == []
    assert of(4, "KI", past=[*past, *billed(3)]) == []


@pytest.mark.rule("R1.04")
def test_a_line_that_was_denied_on_a_paid_claim_does_not_count() -> None:
    denied = make_line_payment(
        "E0260", from_date=month(3), paid="0", claim_number="SW0903", reasons=[("CO", "50", "100", "denial")]
    )
    paid = [make_line_payment("E0260", from_date=month(number), claim_number=f"SW09{number:02d}") for number in (1, 2)]
    assert of(4, "KI", past=billed(1, 2, 3), payments=[*paid, denied]) == []
    assert of(4, "KI", past=billed(1, 2, 3), payments=paid) == ["R1.02"]


@pytest.mark.rule("R1.04")
def test_the_same_month_for_a_second_payer_counts_once() -> None:
    past = [*billed(1, 2), *billed(1, 2, payer_id="90201")]
    assert of(3, "KI", past=past) == []


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(("days", "told"), [(-1, ["R1.04"]), (0, [])])
def test_the_next_month_begins_when_the_last_has_ended(days: int, told: list[str]) -> None:
    day = month(3) + dt.timedelta(days=days)
    assert said(claim(day, "KI"), history=billed(1, 2), today=day + dt.timedelta(days=5)) == told


@pytest.mark.rule("R1.03")
def test_a_fourteenth_month_is_not_billed() -> None:
    assert of(14, "KJ", past=billed(*range(1, 14))) == ["R1.03"]


@pytest.mark.rule("R1.03")
def test_the_thirteenth_is() -> None:
    assert of(13, "KJ", past=billed(*range(1, 13))) == []


@pytest.mark.rule("R1.03")
def test_months_before_our_time_count_when_a_modifier_tells_of_them() -> None:
    """Ten months with KJ: the first was month 4 at least, so this is the fourteenth."""
    came = [make_history("E0260", "RR", "KJ", from_date=month(number), payer_id=MAC) for number in range(4, 14)]
    assert of(14, "KJ", past=came) == ["R1.03"]
    assert of(14, "KJ", past=came[1:]) == []


@pytest.mark.rule("R1.03")
def test_the_months_of_oxygen_are_counted_elsewhere() -> None:
    day = month(37)
    past = billed(*range(1, 37), code="E1390")
    assert said(claim(day, code="E1390"), history=past, today=day + dt.timedelta(days=5)) == []


@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(("months", "told"), [(14, []), (15, ["R1.03"])])
def test_a_pump_is_rented_for_15_months(months: int, told: list[str]) -> None:
    past = [
        make_history("B9002", "RR", modifier(number), "BR", from_date=month(number), payer_id=MAC)
        for number in range(1, months + 1)
    ]
    day = month(months + 1)
    rented = claim(day, "KJ", "BR", code="B9002")
    assert said(rented, history=past, today=day + dt.timedelta(days=5)) == told
    decision, _ = scrubbed(rented, history=past, today=day + dt.timedelta(days=5))
    assert decision.passes, "the items are not certain: it is only warned"


# Two months are billed; the second ends on January 14, 2025. A new period begins on March 15 as the contractors read it
# (two full months), and on March 17 by the regulation (60 days beside the rest of the month).
PAST = billed(1, 2)


def after_a_break(day: dt.date, *modifiers: str, note: str = "", **others: Any) -> list[str]:
    return said(claim(day, *modifiers, note=note), history=PAST, today=day + dt.timedelta(days=5), **others)


@pytest.mark.rule("R1.05")
@pytest.mark.parametrize("given", ["KH", "KI", "KJ"])
@pytest.mark.parametrize("number", [15, 16])
def test_where_the_two_readings_differ_a_person_decides(given: str, number: int) -> None:
    assert after_a_break(dt.date(2025, 3, number), given) == ["R1.05"]


@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(("given", "told"), [("KI", []), ("KH", ["R1.02"])])
def test_who_says_that_the_need_did_not_change_has_decided(given: str, told: list[str]) -> None:
    # By the later reading the count goes on.
    assert after_a_break(dt.date(2025, 3, 16), given, note="BIB 011525 TO 031525 SNF STAY") == told


@pytest.mark.rule("R1.05")
def test_a_short_break_goes_on_with_the_count() -> None:
    day = dt.date(2025, 3, 14)
    assert after_a_break(day, "KI") == []
    assert after_a_break(day, "KH") == ["R1.02"]


@pytest.mark.rule("R1.05")
def test_month_one_after_a_long_break_needs_its_narrative() -> None:
    day = dt.date(2025, 3, 18)
    assert after_a_break(day, "KH") == ["R1.05"]
    assert after_a_break(day, "KH", note="BIN 011525 TO 031725 NEW NEED") == []


@pytest.mark.rule("R1.05")
def test_a_new_period_needs_an_order_after_the_break_where_orders_are_known() -> None:
    day, note = dt.date(2025, 3, 18), "BIN 011525 TO 031725"
    old = make_order("E0260", ordered_on=dt.date(2024, 11, 10), practitioner_npi=ORDERER[-10:])
    new = make_order("E0260", ordered_on=dt.date(2025, 3, 10), practitioner_npi=ORDERER[-10:])
    assert after_a_break(day, "KH", note=note, orders=[old]) == ["R1.05"]
    assert after_a_break(day, "KH", note=note, orders=[old, new]) == []


@pytest.mark.rule("R1.05-BIB")
def test_a_count_that_goes_on_after_a_long_break_says_why() -> None:
    day = dt.date(2025, 3, 18)
    assert after_a_break(day, "KI") == ["R1.05-BIB"]
    assert after_a_break(day, "KI", note="BIB 011525 TO 031725 SNF STAY") == []


@pytest.mark.rule("R1.05")
def test_after_a_new_period_the_count_begins_with_it() -> None:
    again = make_history("E0260", "RR", "KH", from_date=dt.date(2025, 3, 18), payer_id=MAC)
    day = dt.date(2025, 4, 18)
    assert said(claim(day, "KI"), history=[*PAST, again], today=day + dt.timedelta(days=5)) == []
    assert said(claim(day, "KJ"), history=[*PAST, again], today=day + dt.timedelta(days=5)) == ["R1.02"]


@pytest.mark.rule("R1.03")
def test_no_break_begins_a_new_period_once_all_months_are_billed() -> None:
    again = claim(dt.date(2026, 6, 15), "KH", note="BIN 121525 TO 061426 NEW NEED")
    assert said(again, history=billed(*range(1, 14)), today=dt.date(2026, 6, 20)) == ["R1.03"]


@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(("day", "told"), [(dt.date(2029, 11, 15), []), (dt.date(2029, 11, 14), ["R1.03"])])
def test_when_its_lifetime_is_over_a_new_item_begins_with_month_one(day: dt.date, told: list[str]) -> None:
    # No RA: at the end of the lifetime only oxygen has it (RUL-3).
    assert said(claim(day, "KH"), history=billed(*range(1, 14)), today=dt.date(2029, 11, 20)) == told


@pytest.mark.rule("R1.03")
def test_a_month_that_goes_on_is_no_new_item_however_old_the_rental_is() -> None:
    late = claim(dt.date(2029, 11, 15), "KJ")
    assert said(late, history=billed(*range(1, 14)), today=dt.date(2029, 11, 20)) == ["R1.03"]


@pytest.mark.rule("R1.03")
def test_the_months_of_the_new_item_are_its_own() -> None:
    again = make_history("E0260", "RR", "KH", "KX", from_date=dt.date(2029, 11, 15), payer_id=MAC)
    second = claim(dt.date(2029, 12, 15), "KI")
    assert said(second, history=[*billed(*range(1, 14)), again], today=dt.date(2029, 12, 20)) == []


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(("first", "told"), [("KH", []), ("KI", ["R1.04"])])
def test_the_months_of_a_new_item_have_a_day_of_their_own(first: str, told: list[str]) -> None:
    # February 28 is the short month of a rental from the 29th, unless a new rental begins on it.
    before = make_history("E0260", "RR", "KH", "KX", from_date=dt.date(2024, 2, 29), payer_id=MAC)
    last = make_history("E0260", "RR", first, "KX", from_date=dt.date(2029, 2, 28), payer_id=MAC, claim_number="SW2")
    after = claim(dt.date(2029, 3, 28), "KI")
    found = said(after, history=[before, last], today=dt.date(2029, 4, 2))
    assert [rule for rule in found if rule == "R1.04"] == told


@pytest.mark.rule("R1.02")
@pytest.mark.parametrize(("given", "told"), [("KH", []), ("KI", ["R1.02"])])
def test_where_the_first_month_of_a_replacement_was_denied_the_next_is_month_one(given: str, told: list[str]) -> None:
    replaced = make_history(
        "E0260", "RR", "KH", "RA", from_date=dt.date(2025, 2, 3), payer_id=MAC, state="denied", claim_number="SW2"
    )
    day = dt.date(2025, 3, 3)
    assert said(claim(day, given), history=[*billed(1, 2), replaced], today=day + dt.timedelta(days=5)) == told


@pytest.mark.rule("R1.02")
def test_month_one_by_mistake_that_was_denied_begins_nothing() -> None:
    wrong = [line._replace(modifiers=("RR", "KH", "KX"), state="denied") for line in billed(4)]
    assert of(5, "KJ", past=[*billed(1, 2, 3), *wrong]) == []
    assert of(5, "KH", past=[*billed(1, 2, 3), *wrong]) == ["R1.02"]


@pytest.mark.rule("R1.05")
def test_months_that_were_denied_are_no_break() -> None:
    denied = [line._replace(state="denied") for line in billed(3, 4, 5, 6)]
    assert of(7, "KI", past=[*billed(1, 2), *denied]) == []


@pytest.mark.rule("R1.03")
@pytest.mark.parametrize(("state", "told"), [("denied", []), ("paid", ["R1.03"])])
def test_a_first_month_that_was_paid_in_the_end_counts(state: str, told: list[str]) -> None:
    # It was denied at first, so the second was month 1 as well.
    first, *others = billed(*range(1, 14))
    again = others[0]._replace(modifiers=("RR", "KH", "KX"))
    assert of(14, "KJ", past=[first._replace(state=state), again, *others[1:]]) == told


@pytest.mark.rule("R1.03")
@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(
    ("missed", "state", "told"), [(1, "denied", []), (1, "paid", ["R1.03"]), (4, "paid", [])], ids=str
)
def test_month_one_again_after_a_break_that_is_not_long_begins_no_count(
    missed: int, state: str, told: list[str]
) -> None:
    # The first was denied when its item came back, and paid in the end. After a long break a new count begins.
    (first,) = billed(1, state=state)
    again, *others = billed(*range(2 + missed, 14 + missed))
    again = again._replace(modifiers=("RR", "KH", "KX"))
    others = [one._replace(modifiers=("RR", modifier(at), "KX")) for at, one in enumerate(others, start=2)]
    assert of(14 + missed, "KJ", past=[first, again, *others]) == told
