"""Steps that fail one call after the other are given a rest: their claims wait at once, with the reason, instead of
each one costing its time limit; after a pause they are tried again, with one chunk.

Counted for each payer by itself: what fails on one payer's claims goes on for everybody else's. A step rests for all
payers only where it has failed for several of them, and for nobody well in between.

Kept in memory by each process that decides; after a restart every step is tried anew.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy import Connection

from ...config import Config
from ...plugins.answers import RESTING
from ...plugins.chains import Step
from ...plugins.runner import EVERY_PAYER
from ..clock import Clock, business_date
from ..store import plugin_calls, plugin_failures, step_calls
from ..store.archive import Archive
from ..store.step_calls import StepCounted
from .post_records import DecidedChunk
from .stored_config import by_hash
from .verdicts import Chunk

log = structlog.get_logger("gateway")

_FAILED = frozenset({"failed", "skipped"})
_KEPT_BACK = frozenset({"hold", "stop", "quarantine"})
WIDESPREAD = 3
"""For so many payers a step must fail, one call after the other, before it rests for those that it has not met, too."""
_MOST = 10_000
"""Counts that are kept; beyond, those of steps that do not rest are forgotten."""


class Call(NamedTuple):
    """One call of a step, as its record tells it. `place`: where it stands at its station, from 0."""

    chain: str
    station: str
    place: int
    plugin: str
    version: str
    outcome: str
    microseconds: int
    payer: str = ""
    note: str = ""

    @property
    def failed(self) -> bool:
        return self.outcome in _FAILED

    @property
    def where(self) -> str:
        """`chain default, scrub`."""
        return f"chain {self.chain}, {self.station}"


class Resting(NamedTuple):
    """A step that is not called for now. `payer`: for whose claims; None for everybody's."""

    chain: str
    station: str
    plugin: str
    payer: str | None
    failures: int
    since: dt.datetime
    until: dt.datetime


class _Count:
    """How often a step failed one call after the other, for which payers, and until when it rests."""

    __slots__ = ("failures", "payers", "since", "until")

    def __init__(self) -> None:
        self.failures = 0
        self.payers: set[str] = set()
        self.since: dt.datetime | None = None
        self.until: dt.datetime | None = None


_Key = tuple[str, int, str | None]
"""The hash of a configuration, the number of a step, and a payer (EVERY_PAYER for the step as a whole)."""


class Breakers:
    """The breakers of all steps, by configuration. From any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[_Key, _Count] = {}

    @property
    def counting(self) -> bool:
        """Whether any step is on its way to a rest, or rests."""
        return bool(self._counts)

    def resting(self, config: Config) -> list[tuple[int, str | None, str]]:
        """The steps (by number) that are not to be called now for the claims of a payer (EVERY_PAYER: of anybody), each
        with the reason that these claims are told."""
        now = self._clock.now()
        with self._lock:
            return [
                (number, payer, _why(count, payer))
                for (config_hash, number, payer), count in self._counts.items()
                if config_hash == config.hash and count.until is not None and now < count.until
            ]

    def note(self, config: Config, calls: Iterable[Call]) -> None:
        """Take notice of calls, in their order."""
        now = self._clock.now()
        with self._lock:
            for call in calls:
                if call.outcome == RESTING or not (self._counts or call.failed):
                    continue  # nothing to count, and nothing that was counted
                step = _step(config, call)
                if step is None or not step.breaker.failures:
                    continue
                for payer in (call.payer, EVERY_PAYER):
                    if call.failed:
                        self._failed((config.hash, step.number, payer), step, call, now)
                    else:
                        self._well((config.hash, step.number, payer), call)
            self._forget()

    def _well(self, key: _Key, call: Call) -> None:
        count = self._counts.pop(key, None)
        if count is not None and count.since is not None:
            _tell(log.info, "breaker_closed", key, call)

    def _failed(self, key: _Key, step: Step, call: Call, now: dt.datetime) -> None:
        count = self._counts.setdefault(key, _Count())
        count.failures += 1
        if len(count.payers) < WIDESPREAD:
            count.payers.add(call.payer)
        if key[2] is EVERY_PAYER and len(count.payers) < WIDESPREAD:
            return
        # One that comes back from a rest has one call to show that it is well.
        if count.failures >= step.breaker.failures or count.since is not None:
            if count.until is None or now >= count.until:
                _tell(log.error, "breaker_opened", key, call, failures=count.failures)
            count.since = count.since or now
            count.until = now + dt.timedelta(seconds=step.breaker.pause)

    def _forget(self) -> None:
        if len(self._counts) > _MOST:
            self._counts = {key: count for key, count in self._counts.items() if count.since is not None}

    def state(self, config: Config) -> list[Resting]:
        """What rests now, for people."""
        steps = {step.number: (chain.name, step) for chain in config.chains for step in _steps(chain)}
        now = self._clock.now()
        with self._lock:
            return [
                Resting(steps[number][0], steps[number][1].station.name, steps[number][1].plugin.name, payer,
                        count.failures, count.since, count.until)
                for (config_hash, number, payer), count in self._counts.items()
                if config_hash == config.hash
                and number in steps
                and count.since is not None
                and count.until is not None
                and now < count.until
            ]  # fmt: skip


def _tell(tell: Callable[..., Any], event: str, key: _Key, call: Call, **more: Any) -> None:
    """A line of the log; `payer` stands in it where the step rests for that payer alone."""
    alone = {} if key[2] is EVERY_PAYER else {"payer": call.payer}
    tell(event, plugin=call.plugin, chain=call.chain, station=call.station, **alone, **more)


def _why(count: _Count, payer: str | None) -> str:
    assert count.until is not None
    whose = "" if payer is EVERY_PAYER else " for this payer"
    return (
        f"it failed {count.failures:,} times in a row{whose} and is not called for now; it is tried again after "
        f"{count.until:%m/%d/%Y %H:%M} UTC"
    )


def _steps(chain: Any) -> Iterable[Step]:
    return (step for steps in chain.stations.values() for step in steps)


def _step(config: Config, call: Call) -> Step | None:
    try:
        steps: Sequence[Step] = config.chains[call.chain].steps(call.station)
    except KeyError:
        return None
    return steps[call.place] if call.place < len(steps) else None


class _Parts(Protocol):
    """What is needed of `services.Services`, which has a `Breakers` itself."""

    config: Config
    archive: Archive
    breakers: Breakers


Made = tuple[str, str, int, Mapping[str, Any], str]
"""One call as it was recorded: the chain, the station, the place in it, the step's record, and the payer."""


def called(connection: Connection, services: _Parts, config_hash: str, made: Sequence[Made], now: dt.datetime) -> None:
    """Take notice of the calls of a chunk that is committed: in the books, and for the breakers."""
    # Summed as they were recorded: there are thousands in a chunk, and hardly one that is told by itself.
    sums: dict[tuple[str, str, int, str, str], list[int]] = {}
    failed: list[Call] = []
    for chain, station, place, step, payer in made:
        outcome = step["outcome"]
        if outcome == RESTING:
            continue
        key = (chain, station, place, step["plugin"], step["version"])
        one = sums.get(key)
        if one is None:
            one = sums[key] = [0, 0, 0, 0]
        one[0] += 1
        one[3] += int(step.get("microseconds", 0))
        if outcome in _KEPT_BACK:
            one[1] += 1
        elif outcome in _FAILED:
            one[2] += 1
            failed.append(_call(chain, station, place, step, payer))
    day = business_date(now, services.config.gateway.organisation.time_zone)
    plugin_calls.add(connection, ((key[3], key[4], one[0], one[2], one[3]) for key, one in sums.items()), day)
    step_calls.add(connection, ((step_calls.StepKey(*key[:4]), StepCounted(*one)) for key, one in sums.items()), day)
    plugin_failures.note(connection, ((one.plugin, one.version, one.where, one.note) for one in failed), now)
    if not (failed or services.breakers.counting):
        return
    config = services.config
    if config.hash != config_hash:
        config = by_hash(str(services.archive.root), str(config.root), config_hash)
    services.breakers.note(config, (_call(*one) for one in made))


def calls_of_claims(chunk: Chunk) -> list[Made]:
    """The calls that deciding a chunk of claims took."""
    return [
        (verdict.chain, row.station, place, step, verdict.columns.payer_id)
        for verdict in chunk.verdicts
        for row in verdict.stations
        for place, step in enumerate(row.steps)
    ]


def calls_of_payments(chunk: DecidedChunk) -> list[Made]:
    """The calls that deciding a chunk of payments took."""
    found: list[Made] = []
    for decided in chunk.payments:
        payer = decided.payer_id
        found += [(decided.chain, "post", place, step, payer) for place, step in enumerate(decided.steps)]
        for steps in decided.routed:
            found += [(decided.chain, "route", place, step, payer) for place, step in enumerate(steps)]
    return found


def _call(chain: str, station: str, place: int, step: Mapping[str, Any], payer: str) -> Call:
    took = int(step.get("microseconds", 0))
    return Call(
        chain, station, place, step["plugin"], step["version"], step["outcome"], took, payer, step.get("note", "")
    )
