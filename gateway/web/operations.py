"""What a route takes and answers, declared once, beside the route.

From the declaration come both its guard (who may, what is understood of query and body, writes that are done once,
problems in plain words) and its place in the OpenAPI document (`openapi`): so the two cannot say different things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter, ValidationError

from ..core.flow.again import CannotBeDone
from ..core.ledger import days
from ..core.model.papers import NoPaper
from ..core.store.keyset import BadCursor
from ..core.work import verbs
from . import idempotent
from .admission import WHO, admitted
from .bodies import read_bounded, too_large
from .problems import Handler, problem
from .queue_bodies import Asked, NotUnderstood, told_in_words

M = TypeVar("M", bound=BaseModel)
MOST_JSON = 4 << 20
QUERY: web.RequestKey[Any] = web.RequestKey("query", object)
BODY: web.RequestKey[Any] = web.RequestKey("body", object)


class Nothing(Asked):
    """A query or body in which nothing can stand."""


class Anything(BaseModel):
    """A query that is not ours to know: a plugin's."""


class Raw(NamedTuple):
    """A body, or an answer, that is no JSON of ours. `types`: its kinds of content; `words`: what it is."""

    types: tuple[str, ...]
    words: str
    schema: Mapping[str, Any] = {"type": "string", "format": "binary"}


CSV = Raw(("text/csv",), "The same as a table.", {"type": "string"})
PAPER = Raw(("application/pdf", "image/tiff", "image/jpeg", "image/png"), "A paper, as it was scanned.")
Answer = type[BaseModel] | TypeAdapter[Any] | Raw


class Operation(NamedTuple):
    """One route. `scope`: what its token may (empty: open to all). `query`: None where any may stand. `answers`: what
    is answered when it went well, by status. `also`: problems that it answers beside those that every one may."""

    tag: str
    scope: str
    words: str
    query: type[BaseModel]
    body: type[BaseModel] | Raw | None
    answers: Mapping[int, Sequence[Answer]]
    also: tuple[int, ...]
    writes: bool


class _NotJson(Exception):
    """A body is no JSON."""


_TOLD: tuple[tuple[type[Exception], int, str], ...] = (
    (_NotJson, 400, "Not JSON"),
    (NotUnderstood, 422, "Not as it must be"),
    (BadCursor, 422, "No such page"),
    (verbs.NotDone, 409, "That cannot be done"),
    (days.NotDone, 409, "That cannot be done"),
    (CannotBeDone, 409, "That cannot be done"),
    (NoPaper, 415, "Nothing was added"),
)
"""What routes raise to say no, and how that is answered."""


def get(path: str, handler: Handler, *, answers: Any, tag: str, scope: str = "read", **more: Any) -> web.RouteDef:
    """A route that looks; see `declared`."""
    return declared(hdrs.METH_GET, path, handler, answers=answers, tag=tag, scope=scope, **more)


def post(path: str, handler: Handler, *, answers: Any, tag: str, scope: str = "work", **more: Any) -> web.RouteDef:
    """A route that does something; see `declared`."""
    return declared(hdrs.METH_POST, path, handler, answers=answers, tag=tag, scope=scope, **more)


def declared(
    method: str,
    path: str,
    handler: Handler,
    *,
    tag: str,
    scope: str,
    answers: Any,
    query: type[BaseModel] = Nothing,
    body: type[BaseModel] | Raw | None = None,
    also: Sequence[int] = (),
    words: str = "",
) -> web.RouteDef:
    """A route with its declaration. `answers`: a model, a Raw, several of them for one status, or all by status.
    `words`: what it does, where the docstring of its handler does not say it."""
    by_status = answers if isinstance(answers, Mapping) else {200: answers}
    operation = Operation(
        tag,
        scope,
        words or re.sub(r"\s+", " ", handler.__doc__ or "").strip(),
        query,
        body,
        {status: one if isinstance(one, tuple) and not isinstance(one, Raw) else (one,)
         for status, one in by_status.items()},
        tuple(also),
        method != hdrs.METH_GET,
    )  # fmt: skip
    guarded = _guarded(handler, operation)
    vars(guarded)["operation"] = operation
    return web.get(path, guarded) if method == hdrs.METH_GET else web.route(method, path, guarded)


def operation_of(route: web.AbstractRoute) -> Operation | None:
    """What is declared of a route; None where nothing is."""
    found = getattr(route.handler, "operation", None)
    return found if isinstance(found, Operation) else None


def query_of(request: web.Request, model: type[M]) -> M:
    """The query of a request, as its route has declared it."""
    found = request[QUERY]
    if not isinstance(found, model):
        raise TypeError(f"the route declares another query than {model.__name__}")
    return found


def body_of(request: web.Request, model: type[M]) -> M:
    """The body of a request, as its route has declared it."""
    found = request[BODY]
    if not isinstance(found, model):
        raise TypeError(f"the route declares another body than {model.__name__}")
    return found


def _guarded(handler: Handler, operation: Operation) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if operation.scope:
            who = await admitted(request, operation.scope)
            if isinstance(who, web.Response):
                return who
            request[WHO] = who
        return await in_words(request, lambda asking: _done(asking, handler, operation))

    return guarded


async def _done(request: web.Request, handler: Handler, operation: Operation) -> web.StreamResponse:
    if operation.query is not Anything:
        request[QUERY] = _understood_query(operation.query, request)
    for value in request.match_info.values():
        check_letters(value, "the address")
    if operation.writes and operation.scope:
        return await idempotent.once(request, lambda asking: _with_body(asking, handler, operation))
    return await _with_body(request, handler, operation)


async def _with_body(request: web.Request, handler: Handler, operation: Operation) -> web.StreamResponse:
    if operation.writes and not isinstance(operation.body, Raw):
        data = await read_bounded(request, MOST_JSON)
        if data is None:
            return too_large(MOST_JSON)
        request[BODY] = understood_json(operation.body or Nothing, data)
        await idempotent.begin(request, data)
    return await handler(request)


async def in_words(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """What a handler refuses, as a problem document."""
    try:
        answer: web.StreamResponse = await handler(request)
    except tuple(kind for kind, _, _ in _TOLD) as error:
        status, title = next((status, title) for kind, status, title in _TOLD if isinstance(error, kind))
        words = str(error)
        return problem(status, title, words if words.endswith((".", "?")) else f"{words}.")
    return answer


def _understood_query(model: type[BaseModel], request: web.Request) -> BaseModel:
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise NotUnderstood(f"{_named(name)} stands there twice")
        check_letters(value, _named(name))
        given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise NotUnderstood(told_in_words(error, model)) from None


def _named(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_-]{1,40}", name) else "a parameter"


def understood_json(model: type[M], data: bytes) -> M:
    """A body of JSON as a model; one that is empty is an empty object.

    Raises:
        NotUnderstood: it is not as it must be.
    """
    try:
        found = model.model_validate_json(data if data.strip() else b"{}", strict=True)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_input=False, include_url=False)):
            raise _NotJson("The body is no JSON. Send one object, in UTF-8.") from None
        raise NotUnderstood(told_in_words(error, model)) from None
    if b"\\u0000" in data:
        check_value(found.model_dump())
    return found


def check_value(value: Any) -> None:
    if isinstance(value, str):
        check_letters(value, "the body")
    elif isinstance(value, Mapping):
        for name, one in value.items():
            check_value(name)
            check_value(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            check_value(one)


def check_letters(text: str, where: str) -> None:
    """Raises NotUnderstood where a text has what no database keeps: NUL, or bytes that are no letters."""
    if "\x00" in text:
        raise NotUnderstood(f"{where} has a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotUnderstood(f"{where} is not UTF-8") from None
