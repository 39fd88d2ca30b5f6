"""When a plugin's schedule is due: in the supplier's own time, once a turn, and what was missed."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.flow.plugin_schedule import turn
from gateway.plugins import Schedule

ZONE = "America/New_York"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def daily(clock: str, *on: str | int) -> Schedule:
    return Schedule(name="daily", run=print, daily=clock, on=on)


def test_before_its_time_yesterdays_turn_is_the_latest_and_later_todays_is() -> None:
    # 06:30 in New York in March is 10:30 UTC (daylight saving time).
    assert turn(daily("06:30"), at("2026-03-17 10:29"), ZONE) == at("2026-03-16 10:30")
    assert turn(daily("06:30"), at("2026-03-17 10:30"), ZONE) == at("2026-03-17 10:30")


def test_a_turn_of_more_than_a_day_ago_is_not_made_up_for() -> None:
    monday = daily("06:30", "mon")
    assert turn(monday, at("2026-03-16 10:30"), ZONE) == at("2026-03-16 10:30")
    assert turn(monday, at("2026-03-17 10:29"), ZONE) == at("2026-03-16 10:30"), "within a day it is"
    assert turn(monday, at("2026-03-17 10:31"), ZONE) is None


def test_the_office_keeps_its_time_over_the_change_of_the_clocks() -> None:
    # The clocks go forward on 03/08/2026, and 02:30 does not come: the turn is taken all the same, once.
    before, on, after = (turn(daily("02:30"), at(f"2026-03-{day} 20:00"), ZONE) for day in ("07", "08", "09"))
    assert before == at("2026-03-07 07:30")
    assert on == at("2026-03-08 07:30")
    assert after == at("2026-03-09 06:30")


def test_business_days_leave_out_weekends_and_federal_holidays() -> None:
    work = daily("08:00", "business days")
    assert turn(work, at("2026-07-02 13:00"), ZONE) == at("2026-07-02 12:00")
    # Independence Day on a Saturday is kept on the Friday before.
    assert turn(work, at("2026-07-03 13:00"), ZONE) is None
    assert turn(daily("08:00", 15, "fri"), at("2026-07-15 13:00"), ZONE) == at("2026-07-15 12:00")


def test_every_so_often_is_one_turn_whoever_looks() -> None:
    often = Schedule(name="often", run=print, every="15 min")
    assert turn(often, at("2026-03-17 10:29:59"), ZONE) == at("2026-03-17 10:15")
    assert turn(often, at("2026-03-17 10:30"), ZONE) == at("2026-03-17 10:30")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "needs either every"),
        ({"every": "1h", "daily": "06:30"}, "needs either every"),
        ({"every": "500ms"}, "the shortest is 1"),
        ({"every": "20s", "timeout": 30}, "longer than it comes round"),
        ({"every": "soon"}, "a time with its unit"),
        ({"daily": "6:30"}, "a time of day such as 06:30"),
        ({"daily": "06:30", "on": "mon"}, "on is a list"),
        ({"daily": "06:30", "on": (31,)}, "on has 31"),
        ({"every": "1h", "on": ("mon",)}, "on goes with daily"),
        ({"every": "1h", "timeout": 0}, "its timeout is more than 0"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_told(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Schedule(name="wrong", run=print, **more)  # type: ignore[arg-type]
