"""Chains: which plugins run at each station, in which order, with which settings, for which claims and payments.

`ChainSpec` is a chain as its file has it. `Chains` is all of them compiled: steps in order, ready to be run, and
the choice of the first that matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .answers import RESTING, Answered, StepRecord
from .context import Prepared
from .host import HOOKS, Plugin
from .http import place_fault
from .matching import NOTHING_KNOWN, Details, Groups, MatchSpec, why_not_base, why_not_details
from .settings import Seconds
from .tables import Tables

INHERITED = "inherited"
"""Stands in a station's list for the steps of the chain that this one extends."""


@cache
def _answer_type(name: str) -> type:
    from gateway.core.model import posting

    found: type = getattr(posting, name)
    return found


class Station(NamedTuple):
    """A place at which a chain runs. `edits`: what its steps set on the claim is kept. `decides`: the record of
    `core.model.posting` with which the first step that answers decides; without it every step is asked."""

    name: str
    hook: str
    edits: bool = False
    decides: str = ""

    def answer_type(self) -> type:
        """The class that `decides` names."""
        return _answer_type(self.decides)


STATIONS: dict[str, Station] = {
    "confirm": Station("confirm", "confirm_claim", edits=True),
    "scrub": Station("scrub", "scrub_claim", edits=True),
    "hold": Station("hold", "hold_claim"),
    "post": Station("post", "post_payment", decides="PostingPlan"),
    "route": Station("route", "route_denial", decides="WorkItemDraft"),
}
"""Every station of a chain, in the order in which a claim and its answers meet them."""

OnError = Literal["hold", "retry", "skip", "stop"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class BreakerSpec(_Model):
    """When a step that fails one call after the other is given a rest: after so many `failures` in a row (0: never),
    for so long (`pause`); then it is tried again."""

    failures: int = Field(default=20, ge=0, le=10_000)
    pause: Seconds = Field(default=300.0, gt=0)


def _place(value: str) -> str:
    why = place_fault(value)
    if why:
        raise ValueError(f"an address that may be called, such as https://host/path: {why}")
    return value


class StepSpec(_Model):
    """One step. `timeout`: the longest that it may take for one claim or payment. `on_error`: what happens to the
    claim or payment where the step fails: `hold` it and ask the other steps all the same; `retry` up to `retries`
    times, then hold; `skip` the step; `stop`: hold it and ask no further step of this station. A step at rest
    (`breaker`) counts as one that fails. `http`: the addresses that it may call."""

    plugin: str
    settings: Any = Field(default_factory=dict)
    timeout: Seconds = Field(default=2.0, gt=0, le=300)
    on_error: OnError = "hold"
    retries: int = Field(default=2, ge=0, le=10)
    http: tuple[Annotated[str, AfterValidator(_place)], ...] = ()
    breaker: BreakerSpec = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _plain_name_too(cls, value: object) -> object:
        """A step may be written as the plugin's name alone."""
        return {"plugin": value} if isinstance(value, str) else value


class StationSteps(_Model):
    """The steps of each station, in their order. A station that is not named is inherited as a whole."""

    confirm: tuple[StepSpec, ...] | None = None
    scrub: tuple[StepSpec, ...] | None = None
    hold: tuple[StepSpec, ...] | None = None
    post: tuple[StepSpec, ...] | None = None
    route: tuple[StepSpec, ...] | None = None

    def of(self, station: str) -> tuple[StepSpec, ...] | None:
        steps: tuple[StepSpec, ...] | None = getattr(self, station)
        return steps


class ChainSpec(_Model):
    """A file of config/chains. Without `match` it is for everything that no other chain matches."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
    description: str = ""
    match: MatchSpec | None = None
    extends: str | None = None
    stations: StationSteps = Field(default_factory=dict, validate_default=True)


class Step:
    """A step, compiled. `number` is its own among all steps of all chains (what a mark in shared memory says);
    `call` takes the hook's arguments in their order."""

    __slots__ = (
        "_quiet", "breaker", "call", "http", "number", "on_error", "plugin", "prepared", "retries", "settings",
        "station", "timeout",
    )  # fmt: skip

    def __init__(
        self, number: int, plugin: Plugin, station: Station, spec: StepSpec, settings: Any, tables: Tables
    ) -> None:
        self.number = number
        self.plugin = plugin
        self.station = station
        self.settings = settings
        self.timeout = spec.timeout
        self.on_error: OnError = spec.on_error
        self.retries = spec.retries if spec.on_error == "retry" else 0
        self.breaker = spec.breaker
        self.http = spec.http
        self.prepared = Prepared(tables)
        hook = plugin.hooks[station.hook]
        self.call = _in_order(hook.function, hook.argnames, HOOKS[station.hook])

    def record(
        self, answered: Answered | None, edits: int, microseconds: int, notes: tuple[str, ...] = (), calls: int = 0
    ) -> StepRecord:
        """The record of a step that answered."""
        if answered is None:
            name, version = self.plugin.name, self.plugin.version
            return StepRecord(name, version, "continue", (), "", edits, microseconds, notes, calls)
        return StepRecord(
            self.plugin.name,
            self.plugin.version,
            answered.outcome,
            answered.findings,
            answered.note,
            edits,
            microseconds,
            notes,
            calls,
        )

    def failed(self, why: str, microseconds: int, calls: int = 0, *, resting: bool) -> StepRecord:
        """The record of a step that failed, or was not called because it rests."""
        outcome = RESTING if resting else "skipped" if self.on_error == "skip" else "failed"
        return StepRecord(self.plugin.name, self.plugin.version, outcome, (), why, 0, microseconds, (), calls)


def _in_order(function: Callable[..., Any], taken: Sequence[str], given: Sequence[str]) -> Callable[..., Any]:
    """The function as one that takes all arguments of the hook, whichever of them it wants."""
    if tuple(taken) == tuple(given):
        return function
    places = [given.index(name) for name in taken]
    if len(places) == 1:
        (only,) = places
        return lambda *arguments: function(arguments[only])
    return lambda *arguments: function(*[arguments[place] for place in places])


class Chain:
    """A chain, compiled: the steps of each station in their order."""

    __slots__ = ("match", "name", "stations")

    def __init__(self, name: str, match: MatchSpec | None, stations: Mapping[str, tuple[Step, ...]]) -> None:
        self.name = name
        self.match = match
        self.stations = dict(stations)

    def steps(self, station: str) -> tuple[Step, ...]:
        """The steps of a station; none where the chain has nothing to do there."""
        return self.stations.get(station, ())


class Considered(NamedTuple):
    """A chain that was looked at for a claim or payment, and why it does or does not match."""

    chain: str
    matches: bool
    why: str


class Chains:
    """All chains of a configuration, in the order in which they are tried: as given, those without `match` last.

    The last one must be without `match`, so that every claim and payment has its chain.
    """

    __slots__ = ("_chains", "_groups", "_last", "_short", "asks_details", "steps")

    _REMEMBERED = 10_000

    def __init__(self, chains: Sequence[Chain], groups: Groups | None = None) -> None:
        ordered = [c for c in chains if c.match is not None] + [c for c in chains if c.match is None]
        if not ordered or ordered[-1].match is not None:
            raise ValueError("one chain must be without match")
        self._chains = tuple(ordered)
        self._groups = groups or Groups()
        self._last = ordered[-1]
        self.asks_details = any(c.match is not None and c.match.asks_details for c in ordered)
        """Whether any chain asks for more than payer, partner and filing code."""
        numbered = {s.number: s for c in ordered for steps in c.stations.values() for s in steps}
        self.steps = tuple(numbered[number] for number in sorted(numbered))
        """Every step of every chain; `steps[n].number == n`."""
        # For payer, partner and filing code: the chains that may match, up to the first that surely does.
        self._short: dict[tuple[str, str, str], tuple[Chain, ...]] = {}

    def __iter__(self) -> Iterator[Chain]:
        return iter(self._chains)

    def __len__(self) -> int:
        return len(self._chains)

    def __getitem__(self, name: str) -> Chain:
        for chain in self._chains:
            if chain.name == name:
                return chain
        raise KeyError(name)

    @property
    def limits(self) -> list[float]:
        """The time limit of each step, in seconds, by its number."""
        return [step.timeout for step in self.steps]

    def choose(
        self, payer_id: str, partner: str, filing_code: str = "", details: Callable[[], Details] = Details
    ) -> Chain:
        """The first chain that matches a claim (or a payment: its payer, the partner that brought it, CLP06).

        `details` is called where the chains that may match differ in more than these three.
        """
        short = self._short.get((payer_id, partner, filing_code))
        if short is None:
            short = self._shorten(payer_id, partner, filing_code)
        if len(short) == 1:
            return short[0]
        known = details()
        for chain in short:
            if chain.match is None or not why_not_details(chain.match, known, self._groups):
                return chain
        raise AssertionError("the last one takes everything")

    def _shorten(self, payer_id: str, partner: str, filing_code: str) -> tuple[Chain, ...]:
        short: list[Chain] = []
        for chain in self._chains:
            match = chain.match
            if match is not None and why_not_base(match, payer_id, partner, filing_code):
                continue
            short.append(chain)
            if match is None or not match.asks_details:
                break
        if len(self._short) >= self._REMEMBERED:
            self._short.clear()
        found = self._short[payer_id, partner, filing_code] = tuple(short)
        return found

    def explain(
        self, payer_id: str, partner: str, filing_code: str, details: Details = NOTHING_KNOWN
    ) -> list[Considered]:
        """Every chain up to the one that is chosen, with why the others are not."""
        considered = []
        for chain in self._chains:
            match = chain.match
            why = ""
            if match is not None:
                why = why_not_base(match, payer_id, partner, filing_code)
                why = why or why_not_details(match, details, self._groups)
            if not why:
                what = "it is for everything" if match is None else "everything it asks for fits"
                considered.append(Considered(chain.name, True, what))
                break
            considered.append(Considered(chain.name, False, why))
        return considered
