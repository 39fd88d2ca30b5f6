"""Partners, their tests and alarms over HTTP and at the command line: the same as in the console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from click.testing import CliRunner

from gateway.cli import cli
from gateway.core.flow import alarms, lines
from gateway.server import Gateway

from . import running

pytestmark = pytest.mark.asyncio(loop_scope="module")
MORE = """\
web: {port: 0}
alarms: {leave_out: [archive], quiet: [{}], urgent: []}
desk:
  alarm_webhook: {url: 'http://127.0.0.1:9/alarms', secret: env:HOOK}
"""


class Asks:
    """A gateway, and somebody who asks it with tokens."""

    def __init__(self, gateway: Gateway, http: aiohttp.ClientSession, read: dict[str, str], admin: dict[str, str]):
        self.gateway, self.http, self.read, self.admin = gateway, http, read, admin

    async def get(self, path: str, *, admin: bool = False) -> tuple[int, Any]:
        async with self.http.get(path, headers=self.admin if admin else self.read) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, *, admin: bool = True) -> tuple[int, Any]:
        async with self.http.post(path, headers=self.admin if admin else self.read) as answer:
            return answer.status, await answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asks]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        patch.setenv("HOOK", "a secret of a test")
        folder = running.write_config(tmp_path_factory.mktemp("asks"), more=MORE)
        gateway = Gateway(running.read_config(folder), executor="asks")
        await gateway.start()
        try:
            read = await running.token(gateway, "reads", "read")
            admin = await running.token(gateway, "admin", "admin", "read")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
                yield Asks(gateway, http, read, admin)
        finally:
            await gateway.stop()


async def test_tests_and_channels_are_an_administrators_and_must_be_there(asks: Asks) -> None:
    assert (await asks.post("/api/v1/partners/practice/test", admin=False))[0] == 403
    assert (await asks.get("/api/v1/partners/practice/test"))[0] == 403
    assert (await asks.post("/api/v1/alarms/alarm_webhook/test", admin=False))[0] == 403
    assert (await asks.post("/api/v1/partners/nobody/test"))[0] == 404
    assert (await asks.get("/api/v1/partners/nobody/test", admin=True))[0] == 404
    status, told = await asks.post("/api/v1/alarms/scrubber/test")
    assert (status, told["detail"]) == (404, "The channels are: alarm_webhook.")


async def test_a_test_begins_at_once_and_tells_later_what_came_of_it(asks: Asks) -> None:
    status, told = await asks.get("/api/v1/partners/practice/test", admin=True)
    assert status == 404
    status, told = await asks.post("/api/v1/partners/practice/test")
    assert (status, told["by"]) == (202, "admin")

    async def done() -> Any:
        _, found = await asks.get("/api/v1/partners/practice/test", admin=True)
        return found if found["state"] == "done" else None

    told = await running.until(done, "the test ends")
    assert (told["ok"], told["trouble"]) == (False, "unreachable")
    assert "practice.yaml:" in told["faults"][0]


async def test_a_line_that_is_stopped_is_told_as_an_alarm_and_of_its_partner(asks: Asks) -> None:
    gateway = asks.gateway
    wrong = {"kind": "host_key", "what": "another key"}
    await gateway.write(lines.went_wrong, "practice", wrong, gateway.clock.now())
    await gateway.write(alarms.look_after, gateway.services)
    _, told = await asks.get("/api/v1/partners")
    (one,) = told["partners"]
    assert (one["next_look"], one["batches_waiting"]) == (None, {})
    assert one["stopped"].startswith(
        "Stopped: another key After the change have the gateway read its configuration again"
    )
    _, told = await asks.get("/api/v1/alarms")
    assert [(row["kind"], row["told_at"]) for row in told["standing"]] == [("partner", None)], "all hours are quiet"
    assert told["channels"] == ["alarm_webhook"]


async def test_a_test_of_a_channel_is_a_message(asks: Asks) -> None:
    status, told = await asks.post("/api/v1/alarms/alarm_webhook/test")
    assert status == 202
    _, found = await asks.get("/api/v1/alarms")
    assert [row["id"] for row in found["messages"]] == [told["message_id"]]


async def test_the_command_line_says_and_does_the_same(asks: Asks) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, ["--config", str(asks.gateway.config.root), "alarm", *words])

    listed = await asyncio.to_thread(run, "list", "--csv")
    assert listed.exit_code == 0, listed.output
    assert listed.output.splitlines()[1].startswith("partner,")
    refused = await asyncio.to_thread(run, "test", "scrubber")
    assert (refused.exit_code, "No channel is called 'scrubber'" in refused.output) == (2, True)
    tried = await asyncio.to_thread(run, "test", "alarm_webhook")
    assert tried.exit_code == 0, tried.output
    told = await asyncio.to_thread(run, "messages")
    assert told.output.count("alarm_webhook") == 2
