"""Every answer that a test gets is held against the OpenAPI document: its status, its kind of content, its shape."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from gateway.web import openapi
from gateway.web.operations import operation_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FAULTS: list[str] = []
"""What did not stand in the document."""
_HOME = "urn:document"


def closed(schema: Any) -> Any:
    """The same schema, in which an object has nothing that is not named: an answer with a new field is told."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(one) for name, one in schema.items()}
    if "properties" in found and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


class Document:
    """An application's document, ready to be asked."""

    def __init__(self, app: web.Application) -> None:
        self.data = openapi.document(app.router.routes())
        schemas = closed({"components": {"schemas": self.data["components"]["schemas"]}})
        self._registry: Any = Registry().with_resource(_HOME, Resource.from_contents(schemas, DRAFT202012))
        self._validator = lru_cache(maxsize=None)(self._validator_of)

    def _validator_of(self, text: str) -> Any:
        schema = json.loads(text.replace("#/components", f"{_HOME}#/components"))
        return Draft202012Validator(closed(schema), registry=self._registry)

    def fault(self, method: str, path: str, status: int, kind: str, body: bytes) -> str:
        """What of an answer does not stand in the document; empty where all does."""
        declared = self.data["paths"][path][method.lower()]["responses"].get(str(status))
        if declared is None:
            return f"{method} {path} answers {status}, which is not declared"
        if "$ref" in declared:
            declared = self.data["components"]["responses"][declared["$ref"].rpartition("/")[2]]
        content = declared["content"].get(kind)
        if content is None:
            return f"{method} {path} answers {status} as {kind}, which is not declared"
        if "json" not in kind:
            return ""
        faults = list(self._validator(json.dumps(content["schema"])).iter_errors(json.loads(body)))
        places = sorted({f"{list(one.absolute_path)} {one.validator}: {one.message[:120]}" for one in faults})
        return f"{method} {path} answers {status} otherwise: {'; '.join(places[:4])}" if places else ""


def watched(make_app: Callable[[Any], web.Application]) -> Callable[[Any], web.Application]:
    """Makes applications whose answers are held against their document."""

    def made(server: Any) -> web.Application:
        app = make_app(server)
        kept: list[Document] = []

        @web.middleware
        async def conforms(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            route, operation = request.match_info.route, operation_of(request.match_info.route)
            if operation is None or route.resource is None or answer.status >= 500 or request.method == "HEAD":
                return answer
            path = route.resource.canonical
            if path != "/api/v1/plugins/{plugin}/{path}" and isinstance(answer, web.Response):
                kept[:] = kept or [Document(app)]
                body = answer.body if isinstance(answer.body, bytes) else b""
                if fault := kept[0].fault(request.method, path, answer.status, answer.content_type, body):
                    FAULTS.append(fault)
            return answer

        app.middlewares.insert(0, conforms)
        return app

    return made
