"""Rentals derived from lines and payments: facts, counted as the back office counts months."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from gateway.plugins import Gap
from gateway.plugins.context import HistoryLine
from gateway.plugins.rentals import rentals_of
from gateway.plugins.testing import make_history, make_line_payment


def month(number: int, *more: str, day: int = 15, **other: object) -> HistoryLine:
    """The rental of a bed in a month of 2025."""
    given: dict[str, object] = {"claim_number": f"SW{number}", "from_date": dt.date(2025, number, day)} | other
    return make_history("E0260", "RR", *more, **given)  # type: ignore[arg-type]


def test_what_no_payer_has_is_not_counted() -> None:
    lines = [month(1, state="faulty"), month(2, state="cancelled"), month(3, state="rejected")]
    assert rentals_of(lines, []) == ()
    assert rentals_of([make_history("E0260", "NU", from_date=dt.date(2025, 1, 1))], []) == ()


def test_months_billed_and_paid_with_modifiers_and_payers() -> None:
    lines = [month(1, "KH"), month(2, "KI"), month(3, "KI", payer_id="90201")]
    payments = [
        make_line_payment("E0260", "RR", from_date=dt.date(2025, 1, 15), claim_number="SW1", paid="80.00"),
        make_line_payment("E0260", "RR", from_date=dt.date(2025, 2, 15), claim_number="SW2", paid="80.00"),
        make_line_payment("E0260", "RR", from_date=dt.date(2025, 2, 15), claim_number="SW2", paid="-80.00"),
    ]
    (rental,) = rentals_of(lines, payments)
    assert (rental.code, rental.first_date) == ("E0260", dt.date(2025, 1, 15))
    assert (rental.months_billed, rental.months_paid) == (3, 1), "what was taken back is not paid"
    assert rental.last_month_modifier == "KI"
    assert rental.payers == ("90101", "90201")
    assert rental.last.thru_date == dt.date(2025, 4, 14), "from day D to the day before D of the next month"
    assert rental.gaps == ()
    assert rental.months[0].paid == Decimal("80.00")


def test_the_same_month_twice_is_one_and_a_void_takes_it_out() -> None:
    again = month(1, claim_number="SW9")._replace(frequency="7")
    void = month(2, claim_number="SW2V")._replace(frequency="8")
    (rental,) = rentals_of([month(1), again, month(2), void], [])
    assert [one.claim_number for one in rental.months] == ["SW9"]
    assert rentals_of([month(2), void], []) == ()


def test_days_that_no_month_covers_are_a_gap() -> None:
    (rental,) = rentals_of([month(1), month(2), month(5)], [])
    assert rental.gaps == (Gap(dt.date(2025, 3, 15), dt.date(2025, 5, 14)),)
    assert rental.gaps[0].days == 61


def test_a_month_from_its_last_day_ends_before_the_last_of_the_next() -> None:
    (rental,) = rentals_of([month(1, day=31)], [])
    assert rental.last.thru_date == dt.date(2025, 2, 27)


def test_each_item_has_its_own() -> None:
    other = make_history("E1390", "RR", from_date=dt.date(2025, 1, 1))
    assert [one.code for one in rentals_of([month(1), other], [])] == ["E0260", "E1390"]
