"""Alarms from end to end: a channel that fails is tried again, a test is sent, and the page says what came of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from gateway.core.flow import alarm_send, lines
from gateway.core.store.admin_tables import alarm_messages
from gateway.core.store.tables import work_items
from gateway.server import Gateway

from ..plugins.alarm_servers import WebServer, serving
from ..web import running
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
MORE = """\
web: {port: 0}
alarms: {leave_out: [archive]}
desk:
  alarm_webhook: {url: 'http://127.0.0.1:%d/alarms', secret: env:HOOK}
"""


class Watched(NamedTuple):
    office: Office
    server: WebServer

    async def messages(self) -> list[Any]:
        return await self.office.rows(alarm_messages)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """A gateway with a webhook that answers 500 once and 204 from then on."""
    folder = tmp_path_factory.mktemp("alarms")
    with pytest.MonkeyPatch.context() as patch, serving(WebServer(500, 204)) as server:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        patch.setenv("HOOK", "a secret of a test")
        patch.setattr(alarm_send, "PAUSES", (0.1, 0.1))
        config = running.write_config(folder, more=MORE % server.server_port)
        gateway = Gateway(running.read_config(config), executor="alarms")
        await gateway.start()
        try:
            office = Office(gateway, f"http://127.0.0.1:{gateway.port}")
            for role in ("manager", "administrator"):
                await office.user(role, role)
            yield Watched(office, server)
        finally:
            await gateway.stop()


async def test_only_an_administrator_tries_a_channel_and_only_one_that_there_is(watched: Watched) -> None:
    async with watched.office.signed_in("manager") as browser:
        assert (await browser.post("/console/admin/alarms/alarm_webhook/test"))[0] == 403
    async with watched.office.signed_in("administrator") as browser:
        assert (await browser.post("/console/admin/alarms/scrubber/test"))[0] == 404
    assert await watched.messages() == []


async def test_a_message_that_does_not_go_out_is_tried_again_and_told(watched: Watched) -> None:
    async with watched.office.signed_in("administrator") as browser:
        status, text = await browser.post("/console/admin/alarms/alarm_webhook/test")
        assert status == 200
        assert "A test is on its way by alarm_webhook." in text

        async def sent() -> Any:
            return next((one for one in await watched.messages() if one.state == "sent"), None)

        message = await running.until(sent, "the message goes out")
        assert message.tries == 2
        _, text = await browser.get("/console/admin/alarms")
        assert "Sent" in text
        _, text = await browser.get("/console/admin/plugins/alarm_webhook")
        assert "the webhook at 127.0.0.1 answered 500; it must answer with 2xx" in text
    first, second = (json.loads(body) for _, _, body in watched.server.posts)
    assert first == second, "the same message under the same number"
    assert "asked for by administrator" in first["alarms"][0]["words"]
    (item,) = await watched.office.rows(work_items, work_items.c.kind == "plugin_failure")
    assert "sending alarms failed: the webhook at 127.0.0.1 answered 500" in item.reason
    assert item.state == "closed"


async def test_a_line_that_is_stopped_is_told_by_the_watch(watched: Watched) -> None:
    gateway = watched.office.gateway
    wrong = {"kind": "host_key", "what": "another key"}
    await gateway.write(lines.went_wrong, "practice", wrong, gateway.clock.now())
    await gateway.engine.submit("watch", "by hand", {})

    async def told() -> Any:
        return [body for _, _, body in watched.server.posts if b"is stopped" in body]

    (body,) = await running.until(told, "the webhook is called")
    assert json.loads(body)["alarms"][0]["key"] == "partner:practice"
    async with watched.office.signed_in("administrator") as browser:
        _, text = await browser.get("/console/admin/alarms")
        assert "The line to partner practice is stopped" in text
        _, table = await browser.get("/console/admin/alarms.csv")
        assert table.splitlines()[1].startswith("partner,")


async def test_a_message_whose_channel_is_gone_or_never_answers_is_given_up(watched: Watched) -> None:
    watched.server.statuses[:] = [503]
    gateway = watched.office.gateway
    for channel in ("alarm_webhook", "alarm_mail"):
        await gateway.write(alarm_send_by, channel, gateway.clock.now())

    async def over() -> Any:
        found = [one for one in await watched.messages() if one.state == "given up"]
        return found if len(found) == 2 else None

    tried, gone = await running.until(over, "both are given up")
    assert (tried.tries, "answered 503" in tried.error) == (3, True)
    assert (gone.tries, "alarm_mail" in gone.error) == (1, True)


def alarm_send_by(connection: Any, channel: str, now: Any) -> None:
    from gateway.core.flow import alarms

    alarms.try_out(connection, channel, "sam", now)
