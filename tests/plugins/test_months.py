"""Months as rentals are counted, and breaks in use by both readings of the rule."""

from __future__ import annotations

import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins.months import (
    Break,
    BreakKind,
    add_months,
    billed,
    break_between,
    months_between,
    new_period_from,
    rental_month_end,
    uncounted,
    use_periods,
)
from gateway.plugins.testing import make_history, make_line_payment

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))
MONTHS = st.integers(-600, 600)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def months_from(start: dt.date, count: int, first: int = 0) -> list[dt.date]:
    return [add_months(start, number) for number in range(first, first + count)]


# --- the calendar


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 60, "2029-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -13, "2024-12-15"),
    ],
)
def test_the_same_day_so_many_months_later(start: str, months: int, wanted: str) -> None:
    assert add_months(day(start), months) == day(wanted)


@given(DAYS, MONTHS)
def test_adding_months_keeps_the_day_or_takes_the_last_of_the_month(start: dt.date, months: int) -> None:
    later = add_months(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == min(start.day, calendar.monthrange(later.year, later.month)[1])


@given(DAYS, DAYS)
def test_months_between_are_the_most_that_fit(start: dt.date, end: dt.date) -> None:
    months = months_between(start, end)
    assert add_months(start, months) <= end < add_months(start, months + 1)


@pytest.mark.rule("R1.04")
@pytest.mark.parametrize(
    ("start", "anchor", "wanted"),
    [
        ("2026-01-15", None, "2026-02-14"),
        ("2026-01-01", None, "2026-01-31"),
        ("2026-01-31", None, "2026-02-27"),
        ("2026-02-28", 31, "2026-03-30"),
        ("2024-02-29", 31, "2024-03-30"),
        ("2026-04-30", 31, "2026-05-30"),
        ("2025-12-31", 31, "2026-01-30"),
    ],
)
def test_a_rental_month_runs_to_the_day_before(start: str, anchor: int | None, wanted: str) -> None:
    assert rental_month_end(day(start), anchor) == day(wanted)


@given(DAYS, st.integers(1, 84))
def test_months_of_one_rental_leave_no_day_out_and_none_twice(start: dt.date, count: int) -> None:
    (period,) = use_periods(months_from(start, count))
    assert [month.number for month in period.months] == list(range(1, count + 1))
    for one, after in zip(period.months, period.months[1:], strict=False):
        assert one.thru_date + dt.timedelta(days=1) == after.from_date
    assert period.end + dt.timedelta(days=1) == add_months(start, count)
    assert period.breaks == ()


# --- breaks


@pytest.mark.rule("R1.05")
def test_the_contractors_own_example() -> None:
    # Rented from January 15, given back on March 25: its month ends on April 14, then two full months.
    assert new_period_from(day("2026-04-14")) == (day("2026-06-15"), day("2026-06-15"))


@pytest.mark.rule("R1.05")
@pytest.mark.parametrize(
    ("month_end", "resumed", "kind", "days"),
    [
        # April 15 to June 13 are 60 days, to June 14 they are 61 and two full months.
        ("2026-04-14", "2026-06-14", BreakKind.TEMPORARY, 60),
        ("2026-04-14", "2026-06-15", BreakKind.LONG, 61),
        # July and August have 62 days: on the 61st the regulation has passed, the contractors' months have not.
        ("2026-06-30", "2026-08-30", BreakKind.TEMPORARY, 60),
        ("2026-06-30", "2026-08-31", BreakKind.UNCLEAR, 61),
        ("2026-06-30", "2026-09-01", BreakKind.LONG, 62),
        # January and February have 59: the contractors' months have passed, the 60 days have not.
        ("2025-12-31", "2026-02-28", BreakKind.TEMPORARY, 58),
        ("2025-12-31", "2026-03-01", BreakKind.UNCLEAR, 59),
        ("2025-12-31", "2026-03-02", BreakKind.UNCLEAR, 60),
        ("2025-12-31", "2026-03-03", BreakKind.LONG, 61),
    ],
)
def test_breaks_by_both_readings(month_end: str, resumed: str, kind: BreakKind, days: int) -> None:
    found = break_between(day(month_end), day(resumed))
    assert found is not None
    assert (found.kind, found.days) == (kind, days)


def test_no_day_between_is_no_break() -> None:
    assert break_between(day("2026-04-14"), day("2026-04-15")) is None
    assert break_between(day("2026-04-14"), day("2026-04-10")) is None
    assert break_between(day("2026-04-14"), day("2026-04-16")) == Break(
        day("2026-04-15"), day("2026-04-15"), BreakKind.TEMPORARY
    )


@pytest.mark.rule("R1.05")
@given(DAYS, st.integers(2, 200))
def test_kinds_of_breaks_never_go_back_as_they_grow(month_end: dt.date, days: int) -> None:
    order = [BreakKind.TEMPORARY, BreakKind.UNCLEAR, BreakKind.LONG]
    shorter = break_between(month_end, month_end + dt.timedelta(days=days))
    longer = break_between(month_end, month_end + dt.timedelta(days=days + 1))
    assert shorter is not None
    assert longer is not None
    assert order.index(shorter.kind) <= order.index(longer.kind)
    assert (shorter.kind is BreakKind.LONG) == (
        shorter.days > 60
        and shorter.thru_date + dt.timedelta(days=1) >= add_months(month_end + dt.timedelta(days=1), 2)
    )


@pytest.mark.rule("R1.05")
@given(DAYS, st.integers(1, 200))
def test_a_break_is_judged_by_both_readings(month_end: dt.date, days: int) -> None:
    resumed = month_end + dt.timedelta(days=days + 1)
    two_months = resumed >= add_months(month_end + dt.timedelta(days=1), 2)
    long_by = (days > 60) + two_months
    found = break_between(month_end, resumed)
    assert found is not None
    assert found.kind is [BreakKind.TEMPORARY, BreakKind.UNCLEAR, BreakKind.LONG][long_by]


# --- periods


@pytest.mark.rule("R1.05")
def test_the_count_goes_on_over_a_short_break() -> None:
    start = day("2025-01-15")
    (period,) = use_periods(months_from(start, 5) + months_from(start, 3, first=6))
    assert period.length == 8
    assert [(one.from_date, one.days, one.kind) for one in period.breaks] == [
        (day("2025-06-15"), 30, BreakKind.TEMPORARY)
    ]


@pytest.mark.rule("R1.05")
def test_a_long_break_is_told_and_begins_no_new_count_by_itself() -> None:
    start = day("2025-01-15")
    days = months_from(start, 5) + months_from(start, 3, first=9)
    (period,) = use_periods(days)
    assert period.length == 8
    assert [one.kind for one in period.breaks] == [BreakKind.LONG]
    before, after = use_periods(days, restarts=[add_months(start, 9)])
    assert (before.length, before.before, before.breaks) == (5, None, ())
    assert (after.length, after.start, after.breaks) == (3, day("2025-10-15"), ())
    assert after.before is not None
    assert after.before.kind is BreakKind.LONG


def test_a_new_count_begins_with_the_first_month_after_it_was_told() -> None:
    days = months_from(day("2025-01-15"), 6)
    first, second = use_periods(days, restarts=[day("2025-03-20"), day("2030-01-01")])
    assert [first.length, second.length] == [3, 3]
    assert second.start == day("2025-04-15")
    assert second.before is None, "no day was left out"


def test_the_first_month_needs_nobody_to_say_that_it_begins_a_count() -> None:
    days = months_from(day("2025-01-15"), 3)
    assert use_periods(days, restarts=[day("2025-01-15")]) == use_periods(days)
    assert use_periods([]) == ()


@pytest.mark.rule("R1.04")
def test_a_month_that_is_billed_twice_counts_once() -> None:
    days = months_from(day("2025-01-15"), 4)
    (period,) = use_periods([*days, day("2025-01-15"), day("2025-02-20")])
    assert period.length == 4


def test_months_of_thirty_days_are_months() -> None:
    days = [day("2025-01-01") + dt.timedelta(days=30 * number) for number in range(36)]
    (period,) = use_periods(days)
    assert period.length == 36


@given(DAYS, st.integers(1, 48), st.data())
def test_every_month_is_counted_once_whatever_is_left_out(start: dt.date, count: int, data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    restarts = data.draw(st.sets(st.sampled_from(sorted(kept))))
    days = [add_months(start, number) for number in kept]
    periods = use_periods(reversed(days), [add_months(start, number) for number in restarts])
    assert sum(period.length for period in periods) == len(kept)
    assert len(periods) == len(restarts | {min(kept)})
    for period in periods:
        assert [month.number for month in period.months] == list(range(1, period.length + 1))
        assert period.month_end(period.length) == period.end
        assert period.month_end(period.length + 1) is None


@pytest.mark.rule("R1.05")
def test_months_that_were_denied_are_no_break_and_have_no_number() -> None:
    start = day("2025-01-15")
    days = months_from(start, 3) + months_from(start, 2, first=8)
    denied = months_from(start, 5, first=3)
    (period,) = use_periods(days, uncounted=denied)
    assert period.breaks == ()
    assert [month.number for month in period.months] == [1, 2, 3, 4, 5]
    assert period.months[3].from_date == add_months(start, 8)
    # Some of them were not even billed: that is the break.
    (period,) = use_periods(days, uncounted=denied[:2])
    assert [(one.from_date, one.kind) for one in period.breaks] == [(add_months(start, 5), BreakKind.LONG)]


def test_use_goes_on_until_the_last_month_that_was_denied() -> None:
    start = day("2025-01-15")
    (period,) = use_periods(months_from(start, 3), uncounted=months_from(start, 2, first=3))
    assert (period.end, period.used_until) == (day("2025-04-14"), day("2025-06-14"))


@given(DAYS, st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_denied_months_never_make_a_break(start: dt.date, count: int, denied: set[int]) -> None:
    days = months_from(start, count)
    counted = [one for number, one in enumerate(days) if number not in denied]
    for period in use_periods(counted, uncounted=days):
        assert period.breaks == ()
        assert period.length == len(counted)


def test_a_new_count_after_denied_months_knows_the_break_before_it() -> None:
    start = day("2025-01-15")
    denied = months_from(start, 1, first=9)
    first, second = use_periods(months_from(start, 3) + months_from(start, 2, first=10), [add_months(start, 9)], denied)
    assert (first.length, first.breaks, second.length) == (3, (), 2)
    assert second.before is not None
    assert second.before.thru_date == add_months(start, 9) - dt.timedelta(days=1)


@given(DAYS, st.integers(1, 40))
def test_the_anchor_is_the_day_on_which_it_began(start: dt.date, count: int) -> None:
    (period,) = use_periods(months_from(start, count))
    assert period.anchor_day == start.day


# --- which months count


def month(number: int, code: str = "E1390", **more: object) -> object:
    given: dict[str, object] = {"claim_number": f"SW{number}", "from_date": dt.date(2025, number, 15)} | more
    return make_history(code, "RR", **given)  # type: ignore[arg-type]


def numbers(*lines: object, payments: tuple[object, ...] = ()) -> list[int]:
    codes = {"E1390", "E1391"}
    return [one.from_date.month for one in billed(lines, payments, codes) if one.from_date]  # type: ignore[arg-type]


@pytest.mark.rule("R1.04")
def test_denied_and_rejected_months_do_not_count() -> None:
    lines = [month(1), month(2, state="denied"), month(3, state="rejected"), month(4, state="accepted")]
    assert numbers(*lines) == [1, 4]


@pytest.mark.rule("R1.04")
def test_a_refused_line_does_not_count_until_it_is_paid() -> None:
    def decided(paid: str, *reasons: tuple[str, str, str, str]) -> object:
        return make_line_payment(
            "E1390", "RR", from_date=day("2025-02-15"), claim_number="SW2", paid=paid, reasons=reasons
        )

    refused = decided("0.00", ("CO", "50", "100.00", "denial"))
    deductible = decided("0.00", ("PR", "1", "100.00", "deductible"))
    taken_back = decided("0.00", ("CO", "50", "-100.00", "denial"))
    lines = (month(1), month(2))
    assert numbers(*lines, payments=(refused,)) == [1]
    assert numbers(*lines, payments=(deductible,)) == [1, 2], "a month that the patient pays is a month"
    assert numbers(*lines, payments=(refused, taken_back, decided("80.00"))) == [1, 2]


@pytest.mark.rule("R1.04")
def test_a_claim_refused_as_a_whole_does_not_count() -> None:
    whole = make_line_payment(
        "",
        from_date=day("2025-02-15"),
        claim_number="SW2",
        line=0,
        paid="0.00",
        reasons=[("CO", "29", "100", "denial")],
    )
    assert numbers(month(1), month(2), payments=(whole,)) == [1]


@pytest.mark.rule("R1.04")
def test_a_duplicate_that_was_refused_takes_no_month_away() -> None:
    assert numbers(month(1), month(1, claim_number="SW9", state="denied")) == [1]
    assert numbers(month(1, state="denied"), month(1, claim_number="SW9")) == [1], "billed again, it counts"


@pytest.mark.rule("R1.04")
def test_what_does_not_count_and_was_used_all_the_same() -> None:
    lines = [
        month(1),
        month(2, state="denied"),
        month(3, state="rejected"),
        month(4, state="cancelled"),
        month(5, "E0601", state="denied"),
        month(6, state="denied")._replace(frequency="8"),  # type: ignore[attr-defined]
    ]
    found = uncounted(lines, {"E1390"}, {dt.date(2025, 1, 15)})  # type: ignore[arg-type]
    assert found == {dt.date(2025, 2, 15), dt.date(2025, 3, 15)}


def test_one_count_for_several_codes_and_only_for_rentals() -> None:
    bought = make_history("E1390", "NU", from_date=day("2025-04-15"))
    lines = [month(1), month(2, "E1391"), month(3, "E0601"), bought]
    assert numbers(*lines) == [1, 2]


def test_a_void_takes_its_month_out_and_a_replacement_takes_its_place() -> None:
    void = month(1)._replace(frequency="8")  # type: ignore[attr-defined]
    again = month(2, claim_number="SW9")._replace(frequency="7")  # type: ignore[attr-defined]
    lines = [month(1), void, month(2, state="denied"), again]
    assert numbers(*lines) == [2]
