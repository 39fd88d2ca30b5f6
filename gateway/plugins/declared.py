"""What a plugin may declare beside the stations: schedules, worklists, reports, routes, commands, metrics, drops.

Each is a small record with a name, words for people, and mostly a function that is given a desk. Records check
themselves when they are made, so a wrong one is told with its line when the configuration is read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from .settings import parse_seconds

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .desk import Desk

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
METRIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
LONGEST_TIMEOUT = 600.0
SHORTEST_EVERY = 1.0
SCHEDULE_SECONDS = 60.0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BUSINESS_DAYS = "business days"
SCOPES = ("read", "submit", "admin")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
COLUMNS = {
    "id": "id",
    "kind": "kind",
    "team": "team",
    "work_by": "work_by",
    "deadline": "deadline",
    "dollars": "cents",
    "partner": "partner",
    "payer": "payer_id",
    "claim": "claim_id",
    "rule": "rule",
    "reason": "reason",
    "opened": "opened_at",
    "assignee": "assignee",
    "refile_by": "refile_by",
    "appeal_by": "appeal_by",
    "follow_up": "follow_up",
}
"""Columns of a worklist, and what they are in the table of work items."""
ORDER = ("work_by", "-dollars", "id")

Cell = str | int | float | bool | Decimal | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Rows:
    """A table for people: the names of its columns, and rows of as many values. Dollars are Decimal."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


@dataclass(frozen=True)
class RouteRequest:
    """A request as a route of a plugin sees it. `path`: what stands for each `{name}` of its path; `query`: the
    parameters behind the question mark (the first of each name); `body`: the JSON that came with it, None without any;
    `who`: the name of the token."""

    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    who: str


@dataclass(frozen=True)
class RouteAnswer:
    """What a route answers: `body` as JSON (or `text` as it is, with `text_type`), under a status. A status from 400 on
    goes out as a problem document with `detail` as its sentence."""

    body: Any = None
    status: int = 200
    text: str | None = None
    text_type: str = "text/plain"
    detail: str = ""

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599 or 300 <= self.status < 400:
            raise ValueError(f"a route answers with a status of 2xx, 4xx or 5xx, not {self.status}")
        if self.text_type not in ("text/plain", "text/csv"):
            raise ValueError(f"a route's text is text/plain or text/csv, not {self.text_type}")


@dataclass(frozen=True)
class Sample:
    """A value of a metric, with a value for each of its labels. Never anything about a patient."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} is called {name!r}; a name is 1 to 40 small letters, digits, - and _, a letter first")


def _check_function(what: str, function: object) -> None:
    if not callable(function):
        raise ValueError(f"{what} needs a function, not {type(function).__name__}")


def _check_timeout(what: str, seconds: float) -> None:
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(f"{what} has {seconds:g} seconds; its timeout is more than 0 and at most {LONGEST_TIMEOUT:g}")


def _check_words(what: str, words: str) -> None:
    if not words.strip() or len(words) > 200:
        raise ValueError(f"{what} needs words for people: 1 to 200 characters")


def _check_model(what: str, model: object) -> None:
    if model is not None and not (isinstance(model, type) and hasattr(model, "model_validate")):
        raise ValueError(f"{what}: {type(model).__name__} where a pydantic model (the class itself) is wanted")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Work that comes round.

    Either `every` (`15 min`, `4h`; from a second on), or `daily`, at a time of the supplier's day (`06:30`), on all
    days or only those in `on`: weekdays (`mon` ... `sun`), days of the month (1 to 28), or `business days`. A turn that
    was missed because nothing ran is made up for within a day, once; a daily one that is new waits for its time.
    `run(desk)` returns nothing; what it wants done it says to the desk. `timeout`: how many seconds it may take; 60
    unless it comes round sooner.
    """

    what: ClassVar[str] = "schedule"
    name: str
    run: Callable[[Desk[Any]], object]
    every: str | float | None = None
    daily: str = ""
    on: Sequence[str | int] = ()
    timeout: float | None = None

    def __post_init__(self) -> None:
        _check_name("a schedule", self.name)
        what = f"schedule {self.name!r}"
        _check_function(what, self.run)
        if (self.every is None) == (not self.daily):
            raise ValueError(f"{what} needs either every (such as '15 min') or daily (such as '06:30')")
        if self.every is not None:
            if self.on:
                raise ValueError(f"{what}: on goes with daily, not with every")
            if self.seconds < SHORTEST_EVERY:
                raise ValueError(f"{what} comes every {self.seconds:g} seconds; the shortest is {SHORTEST_EVERY:g}")
            if self.limit > self.seconds:
                raise ValueError(f"{what}: its timeout ({self.limit:g} s) is longer than it comes round")
        elif not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.daily):
            raise ValueError(f"{what}: daily is a time of day such as 06:30, not {self.daily!r}")
        if isinstance(self.on, str):
            raise ValueError(f"{what}: on is a list, such as on=({self.on!r},)")
        for one in self.on:
            known = one in WEEKDAYS or one == BUSINESS_DAYS
            if not known and not (isinstance(one, int) and 1 <= one <= 28):
                raise ValueError(f"{what}: on has {one!r}; mon to sun, 1 to 28, or 'business days'")
        _check_timeout(what, self.limit)

    @property
    def limit(self) -> float:
        """How many seconds it may take."""
        return self.timeout if self.timeout is not None else min(SCHEDULE_SECONDS, self.seconds or SCHEDULE_SECONDS)

    @property
    def seconds(self) -> float:
        """How long from one turn to the next; 0 for one that comes daily."""
        return parse_seconds(self.every) if self.every is not None else 0.0

    @property
    def words(self) -> str:
        """When it comes, for people."""
        if self.every is not None:
            return f"every {self.every if isinstance(self.every, str) else f'{self.every:g} s'}"
        days = f" on {', '.join(str(one) for one in self.on)}" if self.on else ""
        return f"daily at {self.daily}{days}"


@dataclass(frozen=True, kw_only=True)
class Worklist:
    """A list of open work items for people. `kinds`: which it shows; the gateway's own among them, if wanted. `team`:
    only those of one. `columns`: some of id, kind, team, work_by, deadline, dollars, partner, payer, claim, rule,
    reason, opened, assignee, refile_by, appeal_by, follow_up, in their order; `order`: by which it is sorted, with `-`
    in front for the other way round. `empty`: what is said when there is nothing in it. `schedule`: the schedule of the
    same plugin that fills it, if one does: people see when it did, and may have it done now."""

    what: ClassVar[str] = "worklist"
    name: str
    title: str
    kinds: Sequence[str]
    team: str = ""
    columns: Sequence[str] = ("id", "kind", "team", "work_by", "deadline", "dollars", "payer", "reason")
    order: Sequence[str] = ORDER
    empty: str = "Nothing waits here."
    schedule: str = ""

    def __post_init__(self) -> None:
        _check_name("a worklist", self.name)
        what = f"worklist {self.name!r}"
        _check_words(f"the title of {what}", self.title)
        _check_words(f"the empty text of {what}", self.empty)
        if isinstance(self.kinds, str) or not self.kinds or not all(isinstance(one, str) for one in self.kinds):
            raise ValueError(f"{what} needs the kinds of work items that it shows, as a list")
        for part, names in (("columns", self.columns), ("order", [one.removeprefix("-") for one in self.order])):
            unknown = [name for name in names if name not in COLUMNS]
            if unknown or not names:
                raise ValueError(f"{what}: its {part} are some of {', '.join(COLUMNS)}; not {unknown or 'none'}")


@dataclass(frozen=True, kw_only=True)
class Report:
    """A table that is worked out when somebody asks for it. It only looks. `parameters`: a pydantic model of what may
    be asked, None for nothing; `run(desk, parameters)` returns `Rows`."""

    what: ClassVar[str] = "report"
    name: str
    title: str
    run: Callable[[Desk[Any], Any], Rows]
    parameters: type[BaseModel] | None = None
    timeout: float = 30.0

    def __post_init__(self) -> None:
        _check_name("a report", self.name)
        what = f"report {self.name!r}"
        _check_words(f"the title of {what}", self.title)
        _check_function(what, self.run)
        _check_model(f"the parameters of {what}", self.parameters)
        _check_timeout(what, self.timeout)


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address of the HTTP API below `/api/v1/plugins/<plugin>`. `path`: such as `/rentals/{code}`; a `{name}` is one
    part between slashes. `scope`: what the token must be for: read, submit or admin. `run(request, desk)` returns a
    `RouteAnswer`, or what is answered as JSON. A GET only looks.

    `page`: a title, under which a GET of the scope read is a page of the console too, for everybody who signs in: a
    field for each `{name}`, and the answer below it: `Rows` as a table, an object by its names, text as it is."""

    what: ClassVar[str] = "route"
    method: str
    path: str
    run: Callable[[RouteRequest, Desk[Any]], object]
    scope: str = "read"
    help: str = ""
    timeout: float = 10.0
    page: str = ""

    def __post_init__(self) -> None:
        what = f"route {self.method} {self.path}"
        if self.page:
            _check_words(f"the page of {what}", self.page)
            if (self.method, self.scope) != ("GET", "read"):
                raise ValueError(f"{what}: only a GET of the scope read is a page")
        if self.method not in METHODS:
            raise ValueError(f"{what}: its method is one of {', '.join(METHODS)}")
        if not re.fullmatch(r"(/([a-z0-9_-]+|\{[a-z_]+\}))+", self.path) or len(self.path) > 200:
            raise ValueError(f"{what}: a path is like /rentals/{{code}}, in small letters")
        if self.path.split("/")[1] == "drops":
            raise ValueError(f"{what}: addresses below /drops are those of its drops; take another")
        names = re.findall(r"\{([a-z_]+)\}", self.path)
        if len(set(names)) != len(names):
            raise ValueError(f"{what}: a name stands twice in its path")
        if self.scope not in SCOPES:
            raise ValueError(f"{what}: its scope is one of {', '.join(SCOPES)}, not {self.scope!r}")
        _check_function(what, self.run)
        _check_timeout(what, self.timeout)

    @property
    def name(self) -> str:
        """`GET /rentals/{code}`."""
        return f"{self.method} {self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        """What is asked for in its path."""
        return tuple(re.findall(r"\{([a-z_]+)\}", self.path))

    @property
    def slug(self) -> str:
        """Its path without what is asked for, in one word: the address of its page."""
        return "-".join(part for part in self.path.split("/") if part and not part.startswith("{")) or "page"

    @property
    def shape(self) -> str:
        """The same for two routes that take the same addresses."""
        return f"{self.method} {re.sub(r'{[a-z_]+}', '{}', self.path)}"

    def match(self, path: str) -> dict[str, str] | None:
        """What stands for each name of its path; None where the address is another."""
        pattern = re.sub(r"\{([a-z_]+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of the command line: `gateway plugin run <plugin> <name>`. `options`: a pydantic model of what may be
    set, None for nothing; `run(desk, options)` returns a text, `Rows`, or nothing."""

    what: ClassVar[str] = "command"
    name: str
    help: str
    run: Callable[[Desk[Any], Any], str | Rows | None]
    options: type[BaseModel] | None = None
    timeout: float = 60.0

    def __post_init__(self) -> None:
        _check_name("a command", self.name)
        what = f"command {self.name!r}"
        _check_words(f"the help of {what}", self.help)
        _check_function(what, self.run)
        _check_model(f"the options of {what}", self.options)
        _check_timeout(what, self.timeout)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number for the monitoring: `plugin_<plugin>_<name>` at `/metrics`. `kind`: gauge, or counter for one that only
    grows. `read(desk)` is asked each time it is scraped, and returns a number, or a `Sample` for each combination of
    `labels`. Never anything about a patient."""

    what: ClassVar[str] = "metric"
    name: str
    help: str
    read: Callable[[Desk[Any]], float | Iterable[Sample]]
    kind: str = "gauge"
    labels: Sequence[str] = ()
    timeout: float = 5.0

    def __post_init__(self) -> None:
        if not METRIC_NAME.fullmatch(self.name):
            raise ValueError(f"a metric is called {self.name!r}; a name is 1 to 60 small letters, digits and _")
        what = f"metric {self.name!r}"
        _check_words(f"the help of {what}", self.help)
        _check_function(what, self.read)
        _check_timeout(what, self.timeout)
        if self.kind not in ("gauge", "counter"):
            raise ValueError(f"{what}: its kind is gauge or counter, not {self.kind!r}")
        if isinstance(self.labels, str) or not all(METRIC_NAME.fullmatch(one) for one in self.labels):
            raise ValueError(f"{what}: its labels are a list of names of small letters, digits and _")

    def samples(self, given: object) -> list[Sample]:
        """What its function returned, as samples.

        Raises:
            ValueError: it is neither a number nor samples with its labels.
        """
        if isinstance(given, int | float | Decimal) and not isinstance(given, bool):
            given = [Sample(float(given))]
        made = list(given) if isinstance(given, Iterable) and not isinstance(given, str | Mapping) else None
        if made is None or not all(isinstance(one, Sample) for one in made):
            raise ValueError(f"metric {self.name!r} must give a number or samples")
        if any(set(one.labels) != set(self.labels) for one in made):
            raise ValueError(f"metric {self.name!r}: each of its samples has a value for {', '.join(self.labels)}")
        return made


@dataclass(frozen=True)
class Drop:
    """Documents that another system, or a person, hands in: CSV or JSON, a `row` (a pydantic model) after the other.

    They come by `gateway drop <plugin> <name> FILE`, by `POST /api/v1/plugins/<plugin>/drops/<name>`, and from a source
    of gateway.yaml that names it (`drop: <plugin>/<name>`). A document is taken whole or not at all: with a fault in
    one row nothing of it is, and every fault is told by line and column. `run(rows, desk)` is given the rows, and
    returns a text, `Rows`, or nothing. `team` hears of documents that a folder brought and that were refused.
    """

    what: ClassVar[str] = "drop"
    name: str
    help: str
    row: type[BaseModel]
    run: Callable[[Sequence[Any], Desk[Any]], object]
    team: str = field(default="edi", kw_only=True)
    timeout: float = field(default=300.0, kw_only=True)

    def __post_init__(self) -> None:
        _check_name("a drop", self.name)
        what = f"drop {self.name!r}"
        _check_words(f"the help of {what}", self.help)
        _check_function(what, self.run)
        _check_timeout(what, self.timeout)
        if self.row is None:
            raise ValueError(f"{what} needs the pydantic model of its rows")
        _check_model(f"the row of {what}", self.row)
        renamed = [name for name, one in self.row.model_fields.items() if one.alias or one.validation_alias]
        if not self.row.model_fields or renamed:
            raise ValueError(f"the row of {what} needs fields, which are its columns, none of them with an alias")
        if not self.team.strip() or len(self.team) > 30:
            raise ValueError(f"the team of {what} has 1 to 30 characters")


Declaration = Schedule | Worklist | Report | Route | Command | Metric | Drop
