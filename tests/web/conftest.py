"""One running gateway for each module of tests here: starting it is what takes long."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
import structlog

from gateway.server import Gateway
from gateway.web import api

from . import conforming, running


class Desk(NamedTuple):
    """A gateway that runs, a client that talks to it, its tokens, and everything that it has logged so far."""

    gateway: Gateway
    http: aiohttp.ClientSession
    submit: dict[str, str]
    read: dict[str, str]
    logged: list[Any]
    folder: Path

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        """The rows of a table."""
        return await self.gateway.read(running.rows, table, *where)

    async def read_to_the_end(self, file_id: int) -> Any:
        """The row of a file that has been worked through."""
        return await running.read_to_the_end(self.gateway, file_id)

    async def send(self, what: str, data: Any, **query: str) -> tuple[int, Any]:
        """Hand in a body; gives the status and the answer."""
        async with self.http.post(f"/api/v1/sources/{what}", data=data, params=query, headers=self.submit) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest.fixture(scope="session", autouse=True)
def _answers_are_watched() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "make_app", conforming.watched(api.make_app))
        yield


@pytest.fixture(autouse=True)
def _answers_are_as_the_document_says(_answers_are_watched: None) -> Iterator[None]:
    conforming.FAULTS.clear()
    yield
    assert not conforming.FAULTS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    os.environ["PRACTICE_PASSWORD"] = running.PASSWORD
    logged: list[Any] = []

    def keep(_logger: Any, _method: str, event: Any) -> Any:
        logged.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[keep])
    config = running.read_config(running.write_config(folder, more="web: {port: 0, max_upload_mb: 1}"))
    gateway = Gateway(config, executor="desk")
    await gateway.start()
    try:
        submit = await running.token(gateway, "billing-system", "submit")
        read = await running.token(gateway, "dashboard", "read")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield Desk(gateway, http, submit, read, logged, folder)
    finally:
        await gateway.stop()
        structlog.reset_defaults()
        del os.environ["PRACTICE_PASSWORD"]
