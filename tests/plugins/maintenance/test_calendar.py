"""The calendar of visits: due, open, done, lapsed."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.months import add_months
from gateway.plugins.rental_clock import Facts
from gateway.plugins.testing import make_equipment

from ..shipped import TABLES
from .conftest import MAINTENANCE, START, day, rented

calendar = sys.modules[f"{MAINTENANCE.__name__}.calendar"]
ITEMS = sys.modules[f"{MAINTENANCE.__name__}.items"].items_of(TABLES["oxygen_items"])
STARTS = st.dates(dt.date(2005, 1, 1), dt.date(2020, 12, 31))


def maintained(on: dt.date, history: Any, **known: Any) -> Any:
    return calendar.maintained(Facts(history=history, **known), ITEMS, on)


def windows(start: dt.date, today: dt.date, *done: dt.date) -> list[tuple[dt.date, str]]:
    found = maintained(today, rented(36, start=start))
    assert found is not None
    return [(one.due, str(one.state)) for one in calendar.windows(found, done, today)]


@pytest.mark.rule("O-M5")
@given(STARTS)
def test_three_visits_fit_between_month_36_and_month_60(start: dt.date) -> None:
    # The first days of months 43, 49 and 55; a fourth would fall in month 61.
    due = [one for one, _ in windows(start, add_months(start, 70))]
    assert [(one.year * 12 + one.month) - (start.year * 12 + start.month) for one in due] == [42, 48, 54]
    # On the day on which the months begin, also where month 37 begins on February 28.
    assert due == [add_months(start, months) for months in (42, 48, 54)]


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(
    ("today", "wanted"),
    [
        ("2025-06-01", ["coming", "coming", "coming"]),
        ("2025-07-09", ["coming", "coming", "coming"]),
        ("2025-07-10", ["open", "coming", "coming"]),
        ("2026-01-09", ["open", "coming", "coming"]),
        ("2026-01-10", ["lapsed", "open", "coming"]),
        ("2027-01-09", ["lapsed", "lapsed", "open"]),
        ("2027-01-10", ["lapsed", "lapsed", "lapsed"]),
    ],
)
def test_a_window_is_open_until_the_next_is_due(today: str, wanted: list[str]) -> None:
    assert windows(START, day(today)) == list(
        zip([day("2025-07-10"), day("2026-01-10"), day("2026-07-10")], wanted, strict=True)
    )


@pytest.mark.rule("O-M2")
def test_the_day_on_which_the_next_opens_is_in_no_other_window() -> None:
    # Months from the 31st on: the window of September 30 lasts until March 31 unless there was a visit, and then until
    # March 30, when the next may be made.
    start = day("2022-03-31")
    found = maintained(day("2026-04-01"), rented(36, start=start))
    first, second, *_ = calendar.windows(found, [day("2025-09-30")], day("2026-04-01"))
    assert (first.due, first.until, second.due) == (day("2025-09-30"), day("2026-03-30"), day("2026-03-30"))
    first, second, *_ = calendar.windows(found, [], day("2026-04-01"))
    assert (first.due, first.until, second.due) == (day("2025-09-30"), day("2026-03-31"), day("2026-03-31"))


@pytest.mark.rule("O-M2")
@pytest.mark.parametrize(
    ("gone", "state", "is_the_olds"),
    [("", "held", True), ("2025-09-02", "held", True), ("2025-09-01", "held", False), ("", "sent", False)],
)
def test_a_replacement_that_is_held_ends_no_calendar_while_the_old_one_is_there(
    gone: str, state: str, is_the_olds: bool
) -> None:
    # It came too early, perhaps, and is taken back.
    pieces = [
        make_equipment("E1390", started_on=START, ended_on=day(gone) if gone else None, serial="A"),
        make_equipment("E1390", started_on=day("2025-09-01"), serial="B"),
    ]
    history = [*rented(), *rented(1, "E1390", "RA", start=day("2025-09-01"))[:1]]
    history[-1] = history[-1]._replace(state=state, claim_number="NEW")
    found = maintained(day("2025-09-03"), history, equipment=pieces)
    assert (found is not None) == is_the_olds


@pytest.mark.rule("O-M2")
def test_a_late_visit_puts_the_next_off() -> None:
    found = windows(START, day("2025-11-01"), day("2025-09-20"))
    assert found == [(day("2025-07-10"), "done"), (day("2026-03-20"), "coming"), (day("2026-09-20"), "coming")]
    # So late that the next would fall behind month 60.
    assert windows(START, day("2026-12-01"), day("2026-11-20")) == [
        (day("2025-07-10"), "lapsed"),
        (day("2026-01-10"), "lapsed"),
        (day("2026-07-10"), "done"),
    ]


@pytest.mark.rule("O-M2")
def test_a_visit_before_it_was_due_is_none() -> None:
    assert windows(START, day("2025-08-01"), day("2025-07-01"))[0] == (day("2025-07-10"), "open")


@given(STARTS, st.lists(st.integers(1000, 1900), max_size=8), st.integers(1000, 2200))
def test_six_months_lie_between_two_visits_and_no_day_is_in_two_windows(
    start: dt.date, offsets: list[int], now: int
) -> None:
    today = start + dt.timedelta(days=now)
    done = [start + dt.timedelta(days=offset) for offset in offsets]
    found = maintained(add_months(start, 70), rented(36, start=start))
    made = calendar.windows(found, done, today)
    for one, after in itertools.pairwise(made):
        assert after.due >= max([one.until, *(add_months(day, 6) for day in (one.done,) if day is not None)])
    visits = [one.done for one in made if one.done is not None]
    assert all(add_months(one, 6) <= after for one, after in itertools.pairwise(visits))
    assert all(found.first <= one.due < one.until <= found.end for one in made)
    assert len(visits) <= 3
    for one in made:
        if one.done is None:
            wanted = "coming" if today < one.due else "open" if today < one.until else "lapsed"
            assert one.state == wanted


@pytest.mark.rule("O-M2")
def test_maintenance_is_for_what_was_in_use_in_month_36() -> None:
    on = day("2026-01-01")
    assert maintained(on, rented(36, "E0439")) is None
    assert maintained(on, rented(35)) is None
    assert maintained(on, rented(36)).code == "E1390"
    both = rented(36) + rented(36, "E1392")
    assert maintained(on, both).code == "E1390", "one is paid for both"
    portable = rented(36, "E0439") + rented(36, "K0738")
    assert maintained(on, portable).code == "K0738"


@pytest.mark.rule("O-M5")
def test_nothing_is_due_once_the_equipment_is_gone() -> None:
    gone = [make_equipment("E1390", started_on=START, ended_on=day("2025-12-01"))]
    found = maintained(day("2026-03-01"), rented(36), equipment=gone)
    assert [(one.due, one.until) for one in calendar.windows(found, [], day("2026-03-01"))] == [
        (day("2025-07-10"), day("2025-12-01"))
    ]


def test_after_a_replacement_the_36_months_begin_anew() -> None:
    anew = [one._replace(modifiers=("RR", "RA")) for one in rented(1, start=day("2025-09-01"))]
    history = [*rented(36), *anew, *rented(4, start=day("2025-10-01"))]
    assert maintained(day("2026-02-01"), history) is None
