"""Business days, terms and the dates that tables say, by the calendar's edges."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.tables import read_table
from gateway.config.yaml_source import parse_yaml
from gateway.core.model.terms import Term, add_months, parse_term
from gateway.core.work.calendar import add_business_days, business_days_between, is_business_day
from gateway.core.work.deadlines import Deadlines
from gateway.core.work.priority import Bucket, bucket_of, priority_date
from gateway.plugins.tables import Tables

DAYS = st.dates(dt.date(1999, 1, 1), dt.date(2045, 12, 31))
TODAY = dt.date(2026, 11, 23)


# --- business days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2021-12-31", "New Year's Day 2022 is a Saturday, kept on the last day of the year before"),
        ("2023-01-02", "New Year's Day 2023 is a Sunday, kept on the Monday"),
        ("2022-12-26", "Christmas 2022 is a Sunday, kept on the Monday"),
        ("2027-12-24", "Christmas 2027 is a Saturday, kept on the Friday"),
        ("2026-07-03", "Independence Day 2026 is a Saturday, kept on the Friday"),
        ("2026-06-19", "Juneteenth"),
        ("2026-11-26", "Thanksgiving"),
        ("2026-11-28", "a Saturday"),
    ],
)
def test_nobody_works_on(day: str, why: str) -> None:
    assert not is_business_day(dt.date.fromisoformat(day)), why


@pytest.mark.parametrize("day", ["2021-12-30", "2023-01-03", "2026-07-02", "2027-12-23", "2026-11-27", "2020-06-19"])
def test_people_work_on(day: str) -> None:
    assert is_business_day(dt.date.fromisoformat(day)), "Juneteenth is a holiday only since 2021"


def test_two_business_days_over_the_end_of_a_year() -> None:
    assert add_business_days(dt.date(2021, 12, 30), 2) == dt.date(2022, 1, 4)
    assert add_business_days(dt.date(2022, 1, 4), -2) == dt.date(2021, 12, 30)


@given(DAYS, st.integers(1, 60))
def test_going_on_and_back_is_where_one_began(day: dt.date, count: int) -> None:
    on = add_business_days(day, count)
    assert is_business_day(on)
    assert business_days_between(day, on) == count
    back = add_business_days(on, -count)
    assert back <= day
    assert business_days_between(back, on) == count
    if is_business_day(day):
        assert back == day


@given(DAYS, st.integers(0, 500), st.integers(0, 500))
def test_business_days_add_up_along_the_way(first: dt.date, on: int, further: int) -> None:
    second = first + dt.timedelta(days=on)
    third = second + dt.timedelta(days=further)
    whole = business_days_between(first, third)
    assert whole == business_days_between(first, second) + business_days_between(second, third)
    assert business_days_between(third, first) == (0 if third >= first else whole)


@given(st.integers(1999, 2045))
def test_a_year_has_ten_or_so_holidays_between_its_weekdays(year: int) -> None:
    days = business_days_between(dt.date(year - 1, 12, 31), dt.date(year, 12, 31))
    assert 248 <= days <= 253


# --- terms -----------------------------------------------------------------------------------------


def test_a_year_from_the_leap_day_ends_on_the_last_of_february() -> None:
    assert parse_term("1 year").after(dt.date(2024, 2, 29)) == dt.date(2025, 2, 28)
    assert parse_term("1 year").after(dt.date(2023, 2, 28)) == dt.date(2024, 2, 28)
    assert parse_term("4 years").after(dt.date(2024, 2, 29)) == dt.date(2028, 2, 29)


@given(DAYS)
def test_a_year_is_the_same_day_of_the_next_but_for_the_leap_day(day: dt.date) -> None:
    ends = Term(1, "year").after(day)
    wanted = (2, 28) if (day.month, day.day) == (2, 29) else (day.month, day.day)
    assert (ends.year, ends.month, ends.day) == (day.year + 1, *wanted)


@given(DAYS, st.integers(0, 120))
def test_months_end_where_a_month_does(day: dt.date, months: int) -> None:
    ends = add_months(day, months)
    assert (ends.year * 12 + ends.month) - (day.year * 12 + day.month) == months
    assert ends.day == day.day or (ends + dt.timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    "text", ["", "1", "year", "0 days", "11 years", "1 year and a day", "1.5 years", "-1 days", "1 week"]
)
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a span"):
        parse_term(text)


# --- timely filing ---------------------------------------------------------------------------------


def deadlines(text: str = "") -> Deadlines:
    """The shipped tables, or a table of payers of one's own."""
    if not text:
        return Deadlines.of(Tables())
    document, faults = parse_yaml(text, "timely_filing.yaml")
    assert document is not None
    table = read_table("timely_filing", document, faults)
    assert not faults
    return Deadlines.of(Tables({"timely_filing": table}))


OWN = """
key: payer
rows:
  - {payer: "60054", within: 120 days, valid_to: 2026-06-30}
  - {payer: "60054", within: 90 days, valid_from: 2026-07-01}
  - {payer: commercial, within: 180 days}
  - {payer: medicaid, within: 6 months}
"""


def test_medicare_takes_a_claim_for_a_year_from_the_line() -> None:
    assert deadlines().refile_by("MB", "16013", dt.date(2026, 11, 2)) == dt.date(2027, 11, 2)
    assert deadlines().refile_by("MB", "16013", dt.date(2024, 2, 29)) == dt.date(2025, 2, 28)


def test_a_payer_that_no_row_fits_has_no_date() -> None:
    assert deadlines().refile_by("CI", "60054", dt.date(2026, 11, 2)) is None
    assert deadlines().refile_by("MB", "16013", None) is None


def test_the_row_of_the_payer_goes_before_the_row_of_its_class() -> None:
    own = deadlines(OWN)
    day = dt.date(2026, 3, 1)
    assert own.refile_by("CI", "60054", day) == day + dt.timedelta(days=120)
    assert own.refile_by("CI", "87726", day) == day + dt.timedelta(days=180)
    assert own.refile_by("MC", "77001", day) == dt.date(2026, 9, 1)
    assert own.refile_by("MB", "16013", day) is None
    assert own.refile_by("CI", "60054", dt.date(2026, 7, 1)) == dt.date(2026, 9, 29), "the row of July"


def test_a_hold_is_due_by_its_type() -> None:
    found = {one: deadlines().hold_due(one, dt.date(2026, 11, 23)).isoformat() for one in ("RX", "PAR", "SYS", "MAN")}
    # Thanksgiving lies between.
    assert found == {"RX": "2026-12-01", "PAR": "2026-12-01", "SYS": "2026-11-25", "MAN": "2026-11-25"}


# --- buckets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "bucket"),
    [
        (-1, "overdue"),
        (0, "7"),
        (7, "7"),
        (8, "14"),
        (14, "14"),
        (15, "30"),
        (30, "30"),
        (31, "later"),
    ],
)
def test_a_date_falls_into_its_bucket(left: int, bucket: str) -> None:
    assert bucket_of(TODAY + dt.timedelta(days=left), TODAY) == bucket


def test_what_has_no_date_is_for_later() -> None:
    assert bucket_of(None, TODAY) is Bucket.LATER


def test_the_earliest_date_that_costs_money_counts() -> None:
    early, middle, late = (TODAY + dt.timedelta(days=one) for one in (3, 5, 9))
    assert priority_date(late, middle, early, work_by=TODAY, kind="denial") == early
    assert priority_date(None, middle, None, work_by=TODAY, kind="denial") == middle


def test_a_stopped_line_goes_by_the_day_it_should_be_worked_and_a_claim_does_not() -> None:
    assert priority_date(None, None, None, work_by=TODAY, kind="partner_stopped") == TODAY
    assert priority_date(None, None, None, work_by=TODAY, kind="denial") is None
