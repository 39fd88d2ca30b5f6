"""The OpenAPI document is served, names every route, and holds: whatever is sent, the answer is one that it tells."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections import Counter
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from gateway.web import openapi
from gateway.web.operations import operation_of

from . import running
from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = 100 if os.environ.get("SOAK") else 3
OPEN = {"/healthz", "/readyz", "/metrics"}


async def served(desk: Desk) -> dict[str, Any]:
    """The document, as anybody with a token gets it."""
    async with desk.http.get("/openapi.json", headers=desk.read) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        return dict(await answer.json())


async def test_the_document_is_for_those_who_have_a_token(desk: Desk) -> None:
    async with desk.http.get("/openapi.json") as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")


async def test_every_route_stands_in_the_document_with_its_scope_and_its_problems(desk: Desk) -> None:
    document = await served(desk)
    runner = desk.gateway._runner
    assert runner is not None
    for route in runner.app.router.routes():
        path = route.resource.canonical if route.resource is not None else ""
        if path.startswith("/console") or path in ("/", "/api/v1/plugins/{plugin}/{path}") or route.method == "HEAD":
            continue
        operation = operation_of(route)
        assert operation is not None, f"{route.method} {path} has no declaration beside it"
        told = document["paths"][path][route.method.lower()]
        assert told["summary"], path
        assert told.get("x-scope", "") == operation.scope, path
        if path not in OPEN:
            assert {"401", "403", "422", "503"} <= told["responses"].keys(), path
        if route.method != "GET":
            assert {"$ref": "#/components/parameters/IdempotencyKey"} in told["parameters"], path
            assert {"400", "409", "413"} <= told["responses"].keys(), path


async def test_the_document_is_one_of_openapi_3_1(desk: Desk) -> None:
    document = await served(desk)
    schemathesis.openapi.from_dict(document).validate()
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert "$defs" not in json.dumps(schema), name
    ids = [one["operationId"] for several in document["paths"].values() for one in several.values()]
    assert len(set(ids)) == len(ids)
    references = set(openapi.references(document))
    assert references
    for reference in references:
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


async def test_whatever_is_sent_is_answered_as_the_document_says_and_never_with_a_fault(desk: Desk) -> None:
    scopes = ("admin", "read", "submit", "work", "post", "metrics")
    token = await running.token(desk.gateway, "anybody", *scopes)
    document = await served(desk)
    address = f"http://127.0.0.1:{desk.gateway.port}"
    answers: Counter[int] = Counter()
    found = await asyncio.to_thread(_try_all, document, address, token, answers)
    assert not found, "\n".join(found)
    assert answers.keys() >= {200, 400, 404, 409, 422}, answers
    assert answers.total() >= EXAMPLES * 50
    failed = [one for one in desk.logged if one["event"] in ("request_failed", "page_failed")]
    assert not failed


def _try_all(document: dict[str, Any], address: str, token: dict[str, str], answers: Counter[int]) -> list[str]:
    found: list[str] = []
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session.hooks["response"].append(lambda answer, **_: answers.update([answer.status_code]))
        for result in schemathesis.openapi.from_dict(document).get_all_operations():
            operation = result.ok()
            # Where anything may be asked, nothing is wrong.
            modes = (GenerationMode.POSITIVE,) if operation.path in OPEN else tuple(GenerationMode)
            for mode in modes:
                try:
                    _try(operation, mode, address, token, session)
                except (Exception, BaseExceptionGroup) as error:
                    found.append(f"{operation.label} {mode.value}: {error}")
    return found


def _try(operation: Any, mode: GenerationMode, address: str, token: dict[str, str], session: requests.Session) -> None:
    """What is as the document says (`mode` positive), and what is not."""
    checks = schemathesis.checks

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not os.environ.get("SOAK"),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        answer = case.call(base_url=address, headers=token, session=session, timeout=30)
        if answer.status_code == 400 and answer.text.startswith("Got more than"):
            return  # an address longer than HTTP takes is answered before there is a route
        case.validate_response(
            answer,
            checks=[
                checks.not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
                checks.negative_data_rejection,
            ],
        )

    holds()
