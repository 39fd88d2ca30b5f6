"""Answers for what a plugin calls in a test. Nothing goes out. Part of the kit, see `testing`."""

from __future__ import annotations

import json as json_text
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .http import Call, HttpAnswer, HttpFailed

Answer = HttpAnswer | HttpFailed | Callable[[Call], HttpAnswer]


def make_answer(body: Any = None, *, status: int = 200) -> HttpAnswer:
    """What a host answers: JSON, or bytes as they are."""
    if isinstance(body, bytes):
        return HttpAnswer(status, body, "application/octet-stream")
    return HttpAnswer(status, json_text.dumps(body).encode(), "application/json")


class FakeHttp:
    """Answers by URL without its query: an `HttpAnswer`, an `HttpFailed` to raise, or a function of the `Call`. `calls`
    are those that were made."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = dict(answers)
        self.calls: list[Call] = []

    @property
    def places(self) -> tuple[str, ...]:
        """The addresses that are answered: what a chain would name under `http`."""
        return tuple(self._answers)

    async def send(self, call: Call) -> HttpAnswer:
        """The answer that the test gives. Raises HttpFailed."""
        self.calls.append(call)
        found = self._answers.get(urlsplit(call.url)._replace(query="").geturl())
        if found is None:
            raise HttpFailed("the test has no answer for this address")
        if isinstance(found, HttpFailed):
            raise found
        return found if isinstance(found, HttpAnswer) else found(call)
