"""Webhooks in the console: who is told, what did not arrive and why, and sending it again."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from gateway.core.store import webhooks as store
from gateway.core.store.api_tables import webhook_deliveries
from gateway.server import Gateway

from ..plugins.alarm_servers import WebServer, serving
from ..web import running
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACE = "/console/admin/webhooks"


class Told(NamedTuple):
    office: Office
    server: WebServer

    async def state_of(self, delivery_id: int) -> str:
        (row,) = await self.office.rows(webhook_deliveries, webhook_deliveries.c.id == delivery_id)
        return str(row.state)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """A gateway with a webhook that is told of files alone."""
    folder = tmp_path_factory.mktemp("webhooks")
    with pytest.MonkeyPatch.context() as patch, serving(WebServer(204)) as server:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        patch.setenv("HOOK", "a secret of tests, long enough")
        url = f"http://127.0.0.1:{server.server_port}/hooks"
        more = (
            f"web: {{port: 0}}\nwebhooks: [{{name: billing, url: '{url}', secret: env:HOOK, events: [file.received]}}]"
        )
        gateway = Gateway(running.read_config(running.write_config(folder, more=more)), executor="webhooks")
        await gateway.start()
        try:
            office = Office(gateway, f"http://127.0.0.1:{gateway.port}")
            await office.user("administrator", "administrator")
            yield Told(office, server)
        finally:
            await gateway.stop()


async def test_nothing_was_told_yet_and_what_is_not_there_is_not_tried(told: Told) -> None:
    async with told.office.signed_in("administrator") as browser:
        status, text = await browser.get(PLACE)
        assert status == 200
        assert "Nothing was told yet." in text
        assert "file.received" in text
        assert (await browser.post(f"{PLACE}/nobody/test"))[0] == 404
        assert (await browser.post(f"{PLACE}/deliveries/1/again"))[0] == 404


async def test_a_ping_arrives_and_one_that_was_given_up_goes_again(told: Told) -> None:
    async with told.office.signed_in("administrator") as browser:
        _, text = await browser.post(f"{PLACE}/billing/test")
        assert "billing is told a ping within a few seconds" in text
        (row,) = await told.office.rows(webhook_deliveries)

        async def arrived() -> bool:
            return await told.state_of(row.id) == store.DELIVERED

        await running.until(arrived, "the ping arrives")
        _, text = await browser.get(PLACE)
        assert "Delivered" in text

        def give_up(connection: object) -> None:
            values = {"state": store.GIVEN_UP, "why": "it answered 500", "status": 500}
            connection.execute(webhook_deliveries.update().values(**values))  # type: ignore[attr-defined]

        await told.office.gateway.write(give_up)
        _, text = await browser.get(PLACE)
        assert f'<a href="{PLACE}?webhook=billing&amp;state=given%20up">1</a>' in text
        assert "it answered 500" in text
        _, text = await browser.post(f"{PLACE}/deliveries/{row.id}/again")
        assert f"Delivery {row.id} goes again." in text
        await running.until(arrived, "it arrives")


async def test_the_list_is_filtered_goes_on_and_comes_as_csv(told: Told) -> None:
    events = [store.Event("file.received", str(9_000_000 + number), {"file_id": number}) for number in range(60)]

    def put(connection: object) -> None:
        store.put(connection, "elsewhere", events, told.office.gateway.clock.now())  # type: ignore[arg-type]

    await told.office.gateway.write(put)
    async with told.office.signed_in("administrator") as browser:
        _, first = await browser.get(f"{PLACE}?webhook=elsewhere&event=file.received")
        assert first.count("<td>elsewhere</td>") == 50
        older = first.split('">Older ones</a>')[0].rsplit('href="', 1)[1].replace("&amp;", "&")
        _, second = await browser.get(older)
        assert second.count("<td>elsewhere</td>") == 10
        assert "Older ones" not in second
        _, none = await browser.get(f"{PLACE}?state=nonsense")
        assert "No delivery fits." in none
        _, text = await browser.get(f"{PLACE}.csv?webhook=elsewhere")
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        assert len(rows) == 60
        assert {row["event"] for row in rows} == {"file.received"}
