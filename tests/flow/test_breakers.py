"""A step that fails again and again rests, and comes back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from gateway.config import Config, load
from gateway.core.clock import FixedClock
from gateway.core.flow.breakers import Breakers, Call, called
from gateway.core.store import plugin_calls, step_calls

from ..config.conftest import CARRIER, DEFAULT, ENV, GATEWAY, PARTNER, RULES

PAYER = "90101"


class Parts(NamedTuple):
    """What counting needs of the services. No configuration but the one in force is asked for."""

    config: Config
    breakers: Breakers
    archive: Any = None


NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    files = {
        "gateway.yaml": GATEWAY,
        "partners/practice.yaml": PARTNER,
        "chains/default.yaml": DEFAULT + "      breaker: {failures: 3, pause: 10 min}\n    - rules\n",
        "plugins/carrier.py": CARRIER,
        "plugins/rules.py": RULES,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = load(tmp_path, ENV)
    assert isinstance(found, Config), found
    return found


def calls(*outcomes: str, place: int = 0, chain: str = "default", payer: str = PAYER) -> list[Call]:
    return [Call(chain, "scrub", place, "rules", "1.0", outcome, 100, payer) for outcome in outcomes]


def test_it_opens_after_so_many_failures_in_a_row(config: Config) -> None:
    breakers = Breakers(FixedClock(NOW))
    breakers.note(config, calls("failed", "failed", "continue", "failed", "failed"))
    assert breakers.resting(config) == []
    breakers.note(config, calls("skipped"))
    ((number, payer, why),) = breakers.resting(config)
    assert payer == PAYER
    assert number == config.chains["default"].steps("scrub")[0].number
    assert why == (
        "it failed 3 times in a row for this payer and is not called for now; "
        "it is tried again after 11/23/2026 15:10 UTC"
    )
    (rests,) = breakers.state(config)
    assert rests[:5] == ("default", "scrub", "rules", PAYER, 3)
    assert (rests.since, rests.until) == (NOW, NOW + dt.timedelta(minutes=10))


@pytest.mark.parametrize(("hour", "day"), [(3, dt.date(2026, 11, 22)), (15, dt.date(2026, 11, 23))])
def test_calls_are_counted_on_the_offices_day(config: Config, engine: Engine, hour: int, day: dt.date) -> None:
    now = NOW.replace(hour=hour)
    parts = Parts(config, Breakers(FixedClock(now)))
    step = {"plugin": "rules", "version": "1.0", "microseconds": 40}
    made = [("default", "scrub", 1, step | {"outcome": outcome}, PAYER) for outcome in ("continue", "hold", "failed")]
    with engine.begin() as sql:
        called(sql, parts, config.hash, made, now)
        assert plugin_calls.by_day(sql, "rules", dt.date.min) == {day: plugin_calls.Counted("rules", 3, 1, 120e-6)}
        (counted,) = step_calls.since(sql, day).values()
        assert counted == (3, 1, 1, 120)
        assert step_calls.since(sql, day + dt.timedelta(days=1)) == {}
    assert parts.breakers.counting


def test_it_comes_back_and_one_call_shows_whether_it_is_well(config: Config) -> None:
    clock = FixedClock(NOW)
    breakers = Breakers(clock)
    breakers.note(config, calls("failed", "failed", "failed", "resting", "resting"))
    clock.advance(minutes=10)
    assert breakers.resting(config) == [], "it is tried"
    breakers.note(config, calls("failed"))
    assert len(breakers.resting(config)) == 1, "one failure sends it back"
    clock.advance(minutes=10)
    breakers.note(config, calls("continue"))
    breakers.note(config, calls("failed", "failed"))
    assert breakers.resting(config) == [], "well again, it has all its tries"


def test_each_step_of_each_chain_has_its_own(config: Config) -> None:
    breakers = Breakers(FixedClock(NOW))
    breakers.note(config, calls("failed", "failed", "failed", place=1))
    assert breakers.resting(config) == [], "this step has the default of twenty"
    breakers.note(config, calls(*["failed"] * 17, place=1))
    assert [number for number, _, _ in breakers.resting(config)] == [1]
    breakers.note(config, calls("failed", chain="gone"))
    breakers.note(config, calls("failed", place=7))


def test_another_configuration_begins_anew(config: Config, tmp_path: Path) -> None:
    breakers = Breakers(FixedClock(NOW))
    breakers.note(config, calls("failed", "failed", "failed"))
    chain = tmp_path / "chains/default.yaml"
    chain.write_text(chain.read_text().replace("days: 3", "days: 4"))
    other: Any = load(tmp_path, ENV)
    assert breakers.resting(other) == []
    assert breakers.state(other) == []


def test_a_step_that_fails_for_one_payer_is_called_for_the_others(config: Config) -> None:
    breakers = Breakers(FixedClock(NOW))
    breakers.note(config, calls(*["failed"] * 50, payer="90102"))
    ((_, payer, _),) = breakers.resting(config)
    assert payer == "90102"
    breakers.note(config, [*calls("failed", payer="90103"), *calls("continue"), *calls("failed", payer="90103")])
    breakers.note(config, calls("failed", payer="90104"))
    assert [payer for _, payer, _ in breakers.resting(config)] == ["90102"], "it was well in between"


def test_a_step_that_fails_for_several_payers_rests_for_those_that_it_has_not_met_too(config: Config) -> None:
    clock = FixedClock(NOW)
    breakers = Breakers(clock)
    breakers.note(config, [*calls("failed", payer="90102"), *calls("failed", payer="90103")])
    assert breakers.resting(config) == []
    breakers.note(config, calls("failed", payer="90104"))
    ((number, payer, why),) = breakers.resting(config)
    assert (number, payer) == (0, None)
    assert why.startswith("it failed 3 times in a row and is not called")
    assert [one.payer for one in breakers.state(config)] == [None]
    clock.advance(minutes=10)
    breakers.note(config, calls("continue", payer="90105"))
    assert breakers.resting(config) == []


def test_payers_that_failed_once_are_not_kept_for_ever(config: Config) -> None:
    breakers = Breakers(FixedClock(NOW))
    breakers.note(config, calls("failed", "failed", "failed", payer="90102"))
    for number in range(10_001):
        breakers.note(config, [*calls("failed", payer=f"X{number}"), *calls("continue")])
    assert len(breakers._counts) < 10_000
    assert [payer for _, payer, _ in breakers.resting(config)] == ["90102"]
