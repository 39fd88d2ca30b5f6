"""Since when equipment is at home again."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model.belongings import Equipment
from gateway.plugins.at_home import back_since
from gateway.plugins.testing import make_equipment

TODAY = dt.date(2026, 3, 2)
BEGAN = dt.date(2024, 1, 1)


def piece(came: int, went: int | None, code: str = "E0601") -> Equipment:
    """A piece, by days since the first of January 2024."""
    ended = BEGAN + dt.timedelta(days=went) if went is not None else None
    return make_equipment(code, started_on=BEGAN + dt.timedelta(days=came), ended_on=ended, serial=f"{came}")


@pytest.mark.parametrize(
    ("pieces", "back"),
    [
        ([], None),
        ([piece(0, None)], None),
        ([piece(0, 10)], None),
        ([piece(0, 10), piece(10, None)], None),
        ([piece(0, 10), piece(11, None)], 11),
        ([piece(11, None), piece(0, 10)], 11),
        ([piece(0, 10), piece(20, 30), piece(40, None)], 40),
        ([piece(0, 50), piece(10, 20), piece(30, None)], None),
        ([piece(0, 10), piece(5, 25), piece(12, 20), piece(26, None)], 26),
        ([piece(0, 10), piece(20, None, "E0260")], None),
        ([piece(0, 10), piece(2000, None)], None),
    ],
)
def test_it_is_back_when_there_was_none_of_it_for_a_day(pieces: list[Equipment], back: int | None) -> None:
    assert back_since(pieces, {"E0601", "E0470"}, TODAY) == (BEGAN + dt.timedelta(days=back) if back else None)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=6), st.integers(0, 90))
def test_the_day_is_the_last_one_with_it_after_one_without(stays: list[tuple[int, int]], now: int) -> None:
    """On the day on which a piece goes it is not there any more."""
    there = {day for came, days in stays for day in range(came, came + days)}
    first = min((came for came, _ in stays), default=0)
    begun = [came for came, _ in stays if first < came <= now and came - 1 not in there]
    found = back_since([piece(came, came + days) for came, days in stays], {"E0601"}, BEGAN + dt.timedelta(days=now))
    assert found == (BEGAN + dt.timedelta(days=max(begun)) if begun else None)
