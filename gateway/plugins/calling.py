"""Calling what a plugin declares: its arguments by their models, its answer as plain data.

The decide children call it so, and the kit with which a plugin is tested.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from .alarms import AlarmMessage
from .declared import Command, Drop, Metric, Report, Route, RouteAnswer, RouteRequest, Rows, Schedule
from .declaring import LIFE, LIFE_SECONDS, SEND_ALARMS, SEND_SECONDS, Declared, NotDeclared

if TYPE_CHECKING:
    from .desk import Desk

MOST_ROWS = 100_000
MOST_BYTES = 8 << 20
"""Of what a route answers."""
MOST_SAMPLES = 1_000
LONGEST_LABEL = 100


class NotTaken(Exception):
    """What was asked for cannot be: a parameter or option is not as its model wants it. Plain sentences."""


class BadAnswer(Exception):
    """A plugin's function returned something else than it may. The message is ours and has no data."""


def limit_of(declared: Declared, hook: str, name: str) -> float:
    """How many seconds a call may take.

    Raises:
        NotDeclared: there is no such declaration.
    """
    if hook in LIFE:
        return LIFE_SECONDS
    if hook == SEND_ALARMS:
        return SEND_SECONDS
    one = find_one(declared, hook, name)
    return float(one.limit if isinstance(one, Schedule) else one.timeout)


def find_one(declared: Declared, hook: str, name: str) -> Any:
    """One declaration by its hook and name.

    Raises:
        NotDeclared: there is none.
    """
    for one in getattr(declared, hook.removeprefix("plugin_")):
        if one.name == name:
            return one
    raise NotDeclared(f"Plugin {declared.plugin.name!r} declares no {name!r} (any more).")


def looks_only(hook: str, name: str) -> bool:
    """Whether a call may only look."""
    return hook in ("plugin_reports", "plugin_metrics") or (hook == "plugin_routes" and name.startswith("GET "))


async def call(declared: Declared, hook: str, name: str, argument: Any, desk: Desk[Any]) -> Any:
    """Call a declaration's function, or a hook of the gateway's life.

    Args:
        declared: what the plugin declares.
        hook: under which hook, and `name`, which of its declarations.
        argument: plain data: the parameters of a report or options of a command (name to text), a route's request as
            the fields of `RouteRequest`, the bytes of a document for a drop, a message of alarms as data; None
            elsewhere.
        desk: what it works with; what it wants done is in `desk.acts` afterwards.

    Returns:
        Plain data: rows as {columns, rows}, the text of a command or drop, a route's {status, text, type, detail}, a
        metric's samples as a list of [value, labels]; None elsewhere.

    Raises:
        NotTaken, BadAnswer, NotDeclared, and whatever the plugin raises.
    """
    if hook in LIFE:
        implemented = declared.plugin.hooks[hook]
        await _awaited(implemented.function(*[desk for _ in implemented.argnames]))
        return None
    if hook == SEND_ALARMS:
        given: dict[str, Any] = {"message": AlarmMessage.read(argument), "desk": desk}
        sends = declared.plugin.hooks[hook]
        await _awaited(sends.function(*[given[argument] for argument in sends.argnames]))
        return None
    one = find_one(declared, hook, name)
    if isinstance(one, Schedule):
        await _awaited(one.run(desk))
        return None
    if isinstance(one, Report):
        return rows_of(await _awaited(one.run(desk, checked(one.parameters, argument))), one.what)
    if isinstance(one, Command):
        return _said(await _awaited(one.run(desk, checked(one.options, argument))), one.what)
    if isinstance(one, Drop):
        return _said(await _awaited(one.run(rows_in(one, argument), desk)), one.what)
    if isinstance(one, Metric):
        return _samples(one, await _awaited(one.read(desk)))
    assert isinstance(one, Route)
    return _answer(await _awaited(one.run(RouteRequest(**argument), desk)))


def rows_in(drop: Drop, data: bytes) -> Sequence[BaseModel]:
    """The rows of a document.

    Raises:
        NotTaken: it cannot be read, or a row in it is not as the drop's model wants it; a line for each fault.
    """
    from gateway.core.model.rows_file import Document, DocumentRefused

    try:
        return Document(drop.row).read(data)
    except DocumentRefused as refused:
        raise NotTaken(str(refused)) from None


def _said(given: Any, what: str) -> Any:
    """What a command or drop returned: a text, rows as plain data, or None."""
    return given if given is None or isinstance(given, str) else rows_of(given, what)


async def _awaited(given: Any) -> Any:
    return await given if inspect.isawaitable(given) else given


def checked(model: type[BaseModel] | None, given: Mapping[str, Any] | None) -> BaseModel | None:
    """Parameters or options by their model.

    Raises:
        NotTaken: they are not as it wants them.
    """
    given = given or {}
    if model is None:
        if given:
            raise NotTaken(f"It takes no {', '.join(given)}: nothing can be set here.")
        return None
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise NotTaken(" ".join(_words(one, model) for one in error.errors(include_url=False))) from None


def _words(one: Any, model: type[BaseModel]) -> str:
    """One error of pydantic's, in a sentence without the value: it may be anybody's."""
    name = ".".join(str(part) for part in one["loc"]) or "what was given"
    if one["type"] == "extra_forbidden":
        return f"There is no {name!r}; there are: {', '.join(model.model_fields) or 'none'}."
    if one["type"] == "missing":
        return f"{name} is missing."
    message = str(one["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}."


def rows_of(given: Any, what: str) -> dict[str, Any]:
    """Rows as plain data: {columns, rows}; Decimal as text with its decimals, dates as ISO.

    Raises:
        BadAnswer: they are no rows, or too many.
    """
    if not isinstance(given, Rows):
        raise BadAnswer(f"a {what} returns Rows, not {type(given).__name__}")
    columns = [str(one) for one in given.columns]
    made: list[list[Any]] = []
    for row in given.rows:
        if len(made) >= MOST_ROWS:
            raise BadAnswer(f"a {what} has at most {MOST_ROWS:,} rows; narrow it with parameters")
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != len(columns):
            raise BadAnswer(f"each row of a {what} has a value for each of its {len(columns)} columns")
        made.append([_cell(value, what) for value in row])
    return {"columns": columns, "rows": made}


def _cell(value: Any, what: str) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    raise BadAnswer(f"a value of a {what} is text, a number or a date, not {type(value).__name__}")


def _samples(metric: Metric, given: Any) -> list[Any]:
    try:
        samples = metric.samples(given)
    except ValueError as error:
        raise BadAnswer(str(error)) from None
    if len(samples) > MOST_SAMPLES:
        raise BadAnswer(f"a metric has at most {MOST_SAMPLES:,} samples")
    return [
        [float(one.value), {name: str(value)[:LONGEST_LABEL] for name, value in one.labels.items()}] for one in samples
    ]


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _answer(given: Any) -> dict[str, Any]:
    answer = given if isinstance(given, RouteAnswer) else RouteAnswer(body=given)
    body = answer.body
    if isinstance(body, Rows):
        body = rows_of(body, "route")
    try:
        text = answer.text if answer.text is not None else json.dumps(body, default=_json, allow_nan=False)
    except (TypeError, ValueError):
        raise BadAnswer("a route answers with what JSON can hold") from None
    if not isinstance(text, str) or len(text.encode()) > MOST_BYTES:
        raise BadAnswer(f"a route answers with text of at most {MOST_BYTES >> 20} MB")
    kind = "application/json" if answer.text is None else answer.text_type
    return {"status": answer.status, "text": text, "type": kind, "detail": answer.detail}
