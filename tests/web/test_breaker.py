"""A plugin that fails for every claim: its claims wait with the reason, it is given a rest, and comes back well."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.flow import receive
from gateway.core.store.tables import claims, holds, plugin_calls
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = dt.date(2026, 11, 23)
ILL = """\
from pathlib import Path
from gateway.plugins import hookimpl

gateway_api = 1
here = Path(__file__).parent

@hookimpl
def hold_claim(claim):
    with open(here / "calls", "a") as calls:
        calls.write(".")
    if not (here / "well").exists():
        raise RuntimeError("ill")
"""


class House(NamedTuple):
    gateway: Gateway
    http: aiohttp.ClientSession
    reader: dict[str, str]
    plugins: Path

    async def take_in(self, seed: int, count: int) -> list[str]:
        """Take in claims; the reasons of the plugin's holds on them, in their order."""
        data = as_837(list(generate_claims(count, seed, TODAY)), TODAY)
        gateway = self.gateway
        got = await receive.receive(
            gateway.write, gateway.archive, "billing", f"{seed}.837", io.BytesIO(data), gateway.clock.now()
        )
        gateway.engine.poke()
        await running.read_to_the_end(gateway, got.file_id)

        def look(connection: Any) -> list[str]:
            rows = connection.execute(
                select(holds.c.reason)
                .join(claims, claims.c.id == holds.c.claim_id)
                .where(claims.c.file_id == got.file_id, holds.c.plugin == "ill")
                .order_by(claims.c.ordinal)
            )
            return list(rows.scalars())

        return await gateway.read(look)

    def called(self) -> int:
        path = self.plugins / "calls"
        return len(path.read_text()) if path.exists() else 0

    async def told(self) -> dict[str, Any]:
        async with self.http.get("/api/v1/plugins", headers=self.reader) as answer:
            told: dict[str, Any] = await answer.json()
            return told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("breaker")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    config = running.write_config(folder, more="web: {port: 0}\nworkers: {chunk: 10}\nplugins_dir: plugins")
    (config / "plugins").mkdir()
    (config / "plugins/ill.py").write_text(ILL)
    (config / "chains/medicare-dme.yaml").unlink()
    chain = config / "chains/default.yaml"
    chain.write_text(chain.read_text() + "  hold:\n    - {plugin: ill, breaker: {failures: 10, pause: 2s}}\n")
    gateway = Gateway(running.read_config(config), executor="breaker")
    await gateway.start()
    try:
        reader = await running.token(gateway, "reader", "read")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield House(gateway, http, reader, config / "plugins")
    finally:
        await gateway.stop()
        patch.undo()


async def test_it_rests_and_comes_back(house: House) -> None:
    reasons = await house.take_in(21, 100)
    assert len(reasons) == 100, "every claim waits"
    assert reasons[0] == "Plugin ill failed in hold: RuntimeError at ill.py:12 in hold_claim."
    assert reasons[-1].startswith("Plugin ill rests: it failed ")
    called = house.called()
    resting = sum(reason.startswith("Plugin ill rests") for reason in reasons)
    assert called + resting == 100
    # Chunks that were under way when it opened are what may still call it.
    assert 10 <= called <= 60
    told = await house.told()
    (plugin,) = [one for one in told["plugins"] if one["name"] == "ill"]
    assert (plugin["calls"], plugin["failures"], plugin["origin"]) == (called, called, "folder")
    assert plugin["seconds"] > 0
    (house.plugins / "well").touch()

    async def over() -> bool:
        return not (await house.told())["resting"]

    await running.until(over, "its rest is over")
    assert await house.take_in(22, 20) == []
    assert house.called() == called + 20
    assert (await house.told())["resting"] == []


async def test_a_call_that_was_not_made_is_not_counted(house: House) -> None:
    rows = await house.gateway.read(running.rows, plugin_calls, plugin_calls.c.plugin == "ill")
    assert sum(row.calls for row in rows) == house.called()
