"""Calls of steps and failures of plugins, on both databases."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine

from gateway.core.store import plugin_failures, step_calls
from gateway.core.store.step_calls import StepCounted, StepKey

NOW = dt.datetime(2026, 11, 26, 15, tzinfo=dt.UTC)
DAY = NOW.date()
STEP = StepKey("default", "scrub", 0, "scrubber")


def call(calls: int = 1, holds: int = 0, failures: int = 0, place: int = 0) -> tuple[StepKey, StepCounted]:
    return STEP._replace(place=place), StepCounted(calls, holds, failures, 40 * calls)


def test_calls_of_a_step_add_up_over_transactions_and_days(engine: Engine) -> None:
    for day, calls in (
        (DAY - dt.timedelta(days=40), [call()]),
        (DAY, [call(), call(holds=1), call(failures=1)]),
        (DAY, [call(), call(place=1)]),
        (DAY, []),
    ):
        with engine.begin() as connection:
            step_calls.add(connection, calls, day)
    with engine.connect() as connection:
        found = step_calls.since(connection, DAY - dt.timedelta(days=30))
        assert found == {STEP: StepCounted(4, 1, 1, 160), STEP._replace(place=1): StepCounted(1, 0, 0, 40)}
        assert found[STEP].each == 40
        assert step_calls.since(connection, DAY + dt.timedelta(days=1)) == {}


def test_the_same_failure_is_one_line_with_its_first_and_its_last_time(engine: Engine) -> None:
    later = NOW + dt.timedelta(hours=1)
    for at, version, times in ((NOW, "1", 2), (later, "2", 1)):
        with engine.begin() as connection:
            same = [("scrubber", version, "chain default, scrub", "KeyError at rules.py:4 in check")] * times
            plugin_failures.note(connection, [*same, ("scrubber", version, f"other {at:%H}", "x" * 400)], at)
    with engine.connect() as connection:
        first, other, oldest = plugin_failures.of_plugin(connection, "scrubber", 10)
        assert (first.times, first.version, first.first_at, first.last_at) == (3, "2", NOW, later)
        assert (len(other.what), other.place, oldest.place) == (300, "other 16", "other 15")
        assert plugin_failures.last_of_each(connection) == {"scrubber": later}
    with engine.begin() as connection:
        assert plugin_failures.forget(connection, later) == 1
