"""The OpenAPI document, made of what is declared beside each route (`operations`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from ..core.store.tokens import SCOPES
from ..plugins.declared import Route
from ..plugins.declaring import Declared
from . import idempotent
from .answers import Problem
from .operations import Answer, Anything, Nothing, Operation, Raw, operation_of

Json = dict[str, Any]
TAGS = {
    "files": "Files and rows that are handed in, and what became of them.",
    "claims": "Finding claims; those that came back: where the fault is, correcting, sending again.",
    "patients": "Patients who are one person, or are not.",
    "documents": "Papers of patients.",
    "queue": "What waits for a person, and working it.",
    "holds": "Claims that are kept back, and letting them go.",
    "inquiries": "Asking payers how claims stand.",
    "denials": "What payers refused, and what is done about it.",
    "exceptions": "Payments that did not post.",
    "money": "Deposits, bank files, the day's close.",
    "figures": "The figures of the back office, each with its formula.",
    "plugins": "Plugins, and what they declare: worklists, reports, routes, drops.",
    "webhooks": "What is told to other systems, and whether it arrived.",
    "gateway": "The gateway itself.",
}
INTRODUCTION = (
    "What billing systems hand in, and everything that people do in the console. Dollars are text with two decimals, "
    "names that end in `cents` whole cents; days are ISO 8601 in the supplier's time zone, moments are UTC. What goes "
    "wrong is a problem document (RFC 9457) whose `detail` says what to do. Lists come in pages: `after` of one page "
    "asks for the next. A write may name an `Idempotency-Key`; sent again with the same key within 24 hours it is "
    "answered as it was, and done once."
)
_PROBLEMS = {
    400: "The body is no JSON, or cannot be read.",
    401: "No valid token.",
    403: "The token may not do that.",
    404: "There is nothing of that number or name.",
    405: "This address does not take this method.",
    409: "It cannot be done as things stand; the detail says why.",
    413: "The body is larger than is taken here.",
    415: "What was sent is no paper that can be kept.",
    422: "What was sent is not as it must be; the detail says what and where.",
    500: "A fault in a plugin or in what is kept; the detail says which.",
    503: "Not now: it starts, stops, or waits for its disk or database. Send it again in a minute.",
}
_ID = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
_KINDS = {"id": _ID, "file_id": _ID, "date": {"type": "string", "format": "date"}}
_OPEN = {"type": "string", "minLength": 1}


class Twice(ValueError):
    """Two models that are not the same have one name in a document."""


class Parts:
    """The schemas of a document, each under one name."""

    def __init__(self) -> None:
        self.found: Json = {}

    def of(
        self, model: type[BaseModel] | TypeAdapter[Any], tag: str, mode: Literal["validation", "serialization"]
    ) -> Json:
        """Where a model stands in the document. Raises Twice."""
        prefix = tag.title().replace(" ", "")
        template = f"#/components/schemas/{prefix}{{model}}"
        if isinstance(model, TypeAdapter):
            schema = model.json_schema(ref_template=template, mode=mode)
            return self._with_parts(schema, prefix)
        schema = self._with_parts(model.model_json_schema(ref_template=template, mode=mode), prefix)
        return self._put(f"{prefix}{model.__name__}", schema)

    def _with_parts(self, schema: Json, prefix: str) -> Json:
        for name, part in schema.pop("$defs", {}).items():
            self._put(f"{prefix}{name}", part)
        return schema

    def _put(self, name: str, schema: Json) -> Json:
        if self.found.setdefault(name, schema) != schema:
            raise Twice(f"two schemas are called {name}")
        return {"$ref": f"#/components/schemas/{name}"}


def document(routes: Iterable[web.AbstractRoute], declared: Iterable[Declared] = ()) -> Json:
    """The document of an application's routes, and of those that plugins declare."""
    parts = Parts()
    parts.found["Problem"] = Problem.model_json_schema()
    paths: Json = {}
    for route in routes:
        operation, resource = operation_of(route), route.resource
        if operation is None or resource is None or route.method == "HEAD":
            continue
        path = resource.canonical
        if path == "/api/v1/plugins/{plugin}/{path}":
            continue  # what plugins declare stands below, each for itself
        paths.setdefault(path, {})[route.method.lower()] = _described(parts, route.method, path, operation)
    for one in declared:
        for made in one.routes:
            path = f"/api/v1/plugins/{one.plugin.name}{made.path}"
            paths.setdefault(path, {})[made.method.lower()] = _of_plugin(one.plugin.name, made, path)
    tags = {one["tags"][0] for several in paths.values() for one in several.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "HME EDI gateway", "version": version("hme-edi-gateway"), "description": INTRODUCTION,
                 "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items() if name in tags],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(parts.found.items())),
            "responses": {str(status): _problem(words) for status, words in _PROBLEMS.items()},
            "parameters": {"IdempotencyKey": _key()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _token_words()}},
        },
    }  # fmt: skip


def _token_words() -> str:
    scopes = "; ".join(f"`{name}`: {words}" for name, words in SCOPES.items())
    return f"A token of `gateway token add NAME --scope SCOPE`. Scopes: {scopes}."


def _problem(words: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _key() -> Json:
    return {
        "name": idempotent.HEADER,
        "in": "header",
        "required": False,
        "description": "A key of the sender's own for this request; sent again, it is done once.",
        "schema": {"type": "string", "pattern": f"^{idempotent.FORM}$"},
    }


def _described(parts: Parts, method: str, path: str, operation: Operation) -> Json:
    names = re.findall(r"\{(\w+)\}", path)
    found: Json = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}_{path.removeprefix('/api/v1')}").strip("_"),
        "tags": [operation.tag],
        "summary": re.split(r"(?<=\w)[.:;] ", operation.words)[0].rstrip("."),
        "description": operation.words,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _KINDS.get(name, _OPEN)} for name in names
        ],
    }
    if operation.query not in (Nothing, Anything):
        found["description"] += f" {_words(operation.query)}"
    if operation.scope:
        found["security"] = [{"token": []}]
        found["description"] += f" Needs a token of the scope `{operation.scope}`."
        found["x-scope"] = operation.scope
    found["parameters"] += _query(parts, operation)
    if operation.writes and operation.scope:
        found["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    if operation.writes:
        found["requestBody"] = _body(parts, operation)
    found["responses"] = {
        str(status): _answer(parts, operation.tag, answers) for status, answers in sorted(operation.answers.items())
    } | {str(status): {"$ref": f"#/components/responses/{status}"} for status in _statuses(operation, names)}
    return found


def _statuses(operation: Operation, names: Sequence[str]) -> list[int]:
    found = {503, *operation.also}
    if operation.scope:
        found |= {401, 403, 422}
    if names:
        found |= {404, 422}
    if operation.writes and operation.scope:
        found |= {400, 409, 413}
    return sorted(found)


def _query(parts: Parts, operation: Operation) -> list[Json]:
    if operation.query in (Nothing, Anything):
        return []
    prefix = operation.tag.title()
    schema = operation.query.model_json_schema(ref_template=f"#/components/schemas/{prefix}{{model}}")
    parts._with_parts(schema, prefix)
    found = []
    for name, one in schema["properties"].items():
        kind = _without_null(one)
        words = {"description": kind.pop("description")} if "description" in kind else {}
        required = name in schema.get("required", ())
        found.append({"name": name, "in": "query", "required": required, **words, "schema": kind})
    return found


def _without_null(schema: Mapping[str, Any]) -> Json:
    """A parameter is left out, never null."""
    found = {name: value for name, value in schema.items() if name != "title"}
    kinds = [one for one in found.get("anyOf", ()) if one.get("type") != "null"]
    if kinds and len(kinds) < len(found["anyOf"]):
        del found["anyOf"]
        found |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if found.get("default", ...) is None:
        del found["default"]
    return found


def _body(parts: Parts, operation: Operation) -> Json:
    body = operation.body
    if isinstance(body, Raw):
        return {"required": True, "description": body.words, "content": _raw(body)}
    model = body or Nothing
    empty = all(not field.is_required() for field in model.model_fields.values())
    schema = parts.of(model, operation.tag if body else "", "validation")
    about = {"description": _words(body)} if body is not None else {}
    return {"required": not empty, **about, "content": {"application/json": {"schema": schema}}}


def _words(model: type[BaseModel]) -> str:
    return re.sub(r"\s+", " ", model.__doc__ or "").strip()


def _raw(raw: Raw) -> Json:
    return {kind: {"schema": dict(raw.schema)} for kind in raw.types}


def _answer(parts: Parts, tag: str, answers: Sequence[Answer]) -> Json:
    content: Json = {}
    models = [one for one in answers if not isinstance(one, Raw)]
    schemas = [parts.of(one, tag, "serialization") for one in models]
    if schemas:
        content["application/json"] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    words = [_words(one) for one in models if isinstance(one, type)]
    for one in answers:
        if isinstance(one, Raw):
            content |= _raw(one)
            words.append(one.words)
    return {"description": " Or: ".join(word for word in words if word), "content": content}


def _of_plugin(plugin: str, route: Route, path: str) -> Json:
    names = re.findall(r"\{(\w+)\}", path)
    found: Json = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}_{path.removeprefix('/api/v1')}").strip("_"),
        "tags": ["plugins"],
        "summary": route.help or f"A route of the plugin {plugin}",
        "description": f"{route.help or 'A route of its own'} (plugin {plugin}). "
        f"Needs a token of the scope `{route.scope}`.",
        "parameters": [{"name": name, "in": "path", "required": True, "schema": dict(_OPEN)} for name in names],
        "security": [{"token": []}],
        "x-scope": route.scope,
        "responses": {
            "200": {"description": "What the plugin answers.", "content": {"application/json": {"schema": {}}}},
            "default": {"$ref": "#/components/responses/422"},
        },
    }
    if route.method != "GET":
        found["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
        found["requestBody"] = {"required": False, "content": {"application/json": {"schema": {}}}}
    return found


def references(part: Any) -> Iterator[str]:
    """Every place of the document to which a part of it refers."""
    if isinstance(part, Mapping):
        for name, one in part.items():
            if name == "$ref":
                yield one
            else:
                yield from references(one)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)
