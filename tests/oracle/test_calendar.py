"""The calendar, and the long break, against counting day by day in another way."""

from __future__ import annotations

import os
from datetime import date
from random import Random

from .days import ONE, add_days, add_months, last_of_month
from .life import Decided, Delivered, Month, PickedUp
from .rules.rentals import first_day_of_new_need
from .telling import claims, day, kept, lived, rented

SEED = int(os.environ.get("GATEWAY_TEST_SEED", "1"))


def some_days(count: int) -> list[date]:
    """Days of ten years, with the awkward ones among them."""
    rng = Random(SEED)
    awkward = ["2024-01-29", "2024-01-30", "2024-01-31", "2024-02-29", "2023-02-28", "2024-12-31", "2027-08-31"]
    return [day(each) for each in awkward] + [add_days(day("2022-01-01"), rng.randrange(3650)) for _ in range(count)]


def test_months_are_added_by_hand() -> None:
    for begin, months, expected in (
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-02-29", 60, "2029-02-28"),
        ("2024-08-31", -6, "2024-02-29"),
        ("2024-01-15", -1, "2023-12-15"),
        ("2024-12-31", 2, "2025-02-28"),
        ("2024-05-05", 0, "2024-05-05"),
    ):
        assert add_months(day(begin), months) == day(expected)


def test_the_months_between_are_as_many_as_were_added() -> None:
    for begin in some_days(300):
        for months in (1, 11, 13, 36, 60):
            walked, first_days = begin, 0
            while walked < add_months(begin, months):
                walked = walked + ONE
                first_days = first_days + (walked.day == 1)
            assert first_days == months, f"{begin} and {months} months (seed {SEED})"
            assert walked.day == min(begin.day, last_of_month(walked).day)


def test_a_long_break_missed_more_than_sixty_days_and_two_whole_months() -> None:
    for begin in some_days(200):
        for step in (0, 3, 11):
            ends = add_months(begin, step + 1)
            missed, back = 0, ends
            # One day more is missed with each day that it stays away.
            while missed <= 60 or back < add_months(begin, step + 3):
                missed, back = missed + 1, back + ONE
            assert first_day_of_new_need(Month("E0601", add_months(begin, step), begin, step, 1)) == back, begin


def test_around_the_long_break_one_day_decides() -> None:
    for begin in some_days(40):
        serial = f"serial E0260 {begin}"
        gone = add_days(add_months(begin, 2), 7)
        first = first_day_of_new_need(Month("E0260", add_months(begin, 2), begin, 2, 3))
        for back, held in ((add_days(first, -1), False), (first, True)):
            found = lived(
                rented("E0260", begin.isoformat()),
                PickedUp(gone, "E0260", serial),
                Delivered(back, "E0260", serial, "again", modifiers=("KX",)),
                Decided(add_days(back, 2), "E0260", back, "new"),
                upto=add_days(back, 3).isoformat(),
            )
            assert bool(kept(found)) == held, f"{begin}, back on {back} (seed {SEED})"
            assert claims(found)[-1] == (back.isoformat(), "RR-KH-KX" if held else "RR-KJ-KX")


def test_a_plain_rental_is_thirteen_months_from_whichever_day() -> None:
    for begin in some_days(60):
        found = claims(lived(rented("E0260", begin.isoformat()), upto=add_months(begin, 20).isoformat()))
        assert [dos for dos, _ in found] == [add_months(begin, number).isoformat() for number in range(13)], begin
