"""A new configuration without a restart: taken as a whole, or not at all; what is under way ends on its own."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.flow import receive
from gateway.core.store.tables import claims, configurations, timeline
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = dt.date(2026, 11, 23)
SLOW = """\
import time
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def scrub_claim(claim):
    time.sleep(0.05)
"""


class House(NamedTuple):
    """A gateway that runs, and its configuration's folder."""

    gateway: Gateway
    http: aiohttp.ClientSession
    admin: dict[str, str]
    config: Path

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.config / file
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))

    async def reload(self) -> tuple[int, Any]:
        async with self.http.post("/api/v1/configuration/reload", headers=self.admin) as answer:
            return answer.status, await answer.json(content_type=None)

    async def state(self) -> dict[str, Any]:
        async with self.http.get("/api/v1/configuration", headers=self.admin) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def decided_under(self, file_id: int) -> list[str]:
        """The hash under which each claim of a file was decided, one for each claim."""

        def look(connection: Any) -> list[str]:
            rows = connection.execute(
                select(timeline.c.config_hash)
                .join(claims, claims.c.id == timeline.c.subject_id)
                .where(timeline.c.subject_kind == "claim", timeline.c.station == "scrub", claims.c.file_id == file_id)
            )
            return list(rows.scalars())

        return await self.gateway.read(look)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("reload")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    config = running.write_config(folder, more="web: {port: 0}\nworkers: {chunk: 5}\nplugins_dir: plugins")
    (config / "plugins").mkdir()
    (config / "plugins/slow.py").write_text(SLOW)
    chain = config / "chains/default.yaml"
    chain.write_text(chain.read_text().replace("    - plugin: scrubber\n", "    - plugin: scrubber\n    - slow\n"))
    gateway = Gateway(running.read_config(config), executor="reload")
    await gateway.start()
    try:
        admin = await running.token(gateway, "administrator", "admin")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield House(gateway, http, admin, config)
    finally:
        await gateway.stop()
        patch.undo()


async def upload(house: House, seed: int, count: int) -> int:
    import io

    data = as_837(list(generate_claims(count, seed, TODAY)), TODAY)
    gateway = house.gateway
    got = await receive.receive(
        gateway.write, gateway.archive, "billing", f"{seed}.837", io.BytesIO(data), gateway.clock.now()
    )
    gateway.engine.poke()
    return got.file_id


async def test_a_faulty_configuration_is_refused_and_the_old_one_stays(house: House) -> None:
    before = (await house.state())["hash"]
    house.edit("chains/default.yaml", "plugin: scrubber", "plugin: scruber")
    status, told = await house.reload()
    assert status == 422
    assert "chains/default.yaml:6:15: There is no plugin 'scruber'. Did you mean 'scrubber'?" in told["detail"]
    state = await house.state()
    assert state["hash"] == before
    assert state["reloads"] == 0
    assert len(state["refused_for"]) == 1
    assert state["asked_at"]
    house.edit("chains/default.yaml", "plugin: scruber", "plugin: scrubber")
    status, told = await house.reload()
    assert (status, told["refused_for"], told["reloads"]) == (200, [], 0), "the same as before: nothing is taken"


async def test_what_is_under_way_ends_on_the_configuration_it_began_with(house: House) -> None:
    old = (await house.state())["hash"]
    file_id = await upload(house, 11, 60)

    async def some() -> bool:
        return len(await house.decided_under(file_id)) >= 5

    await running.until(some, "some claims are decided")
    house.edit("chains/default.yaml", "    - slow\n", "")
    status, told = await house.reload()
    assert status == 200
    assert told["reloads"] == 1
    new = told["hash"]
    assert new != old
    under_way = await house.decided_under(file_id)
    assert len(under_way) < 60, "the file was read before the configuration was taken"
    await running.read_to_the_end(house.gateway, file_id)
    assert await house.decided_under(file_id) == [old] * 60
    after = await upload(house, 12, 10)
    await running.read_to_the_end(house.gateway, after)
    assert await house.decided_under(after) == [new] * 10
    noted = await house.gateway.read(running.rows, configurations)
    assert {old, new} <= {row.hash for row in noted}


async def test_a_source_and_a_partner_come_and_go(house: House) -> None:
    house.edit("gateway.yaml", "sources:\n", "sources:\n  - name: second\n    format: 837\n")
    partner = (house.config / "partners/practice.yaml").read_text()
    (house.config / "partners/other.yaml").write_text(partner.replace('- "*"', "- OTHER"))
    status, _ = await house.reload()
    assert status == 200
    drop = house.config.parent / "data/in/second"
    drop.mkdir(parents=True, exist_ok=True)
    beside = drop / ".one.837"
    beside.write_bytes(as_837(list(generate_claims(3, 13, TODAY)), TODAY))
    beside.rename(drop / "one.837")

    async def taken() -> bool:
        rows = await house.gateway.read(running.rows, claims, claims.c.source == "second")
        return len(rows) == 3

    await running.until(taken, "the new source's file is taken in")
    assert house.gateway.services.transports.describe("other").partner == "other"
    (house.config / "partners/other.yaml").unlink()
    house.edit("gateway.yaml", "sources:\n  - name: second\n    format: 837\n", "sources:\n")
    status, _ = await house.reload()
    assert status == 200
    with pytest.raises(LookupError):
        house.gateway.services.transports.describe("other")
    late = drop / "late.837"
    late.write_bytes(as_837(list(generate_claims(3, 14, TODAY)), TODAY))
    await asyncio.sleep(1)
    assert late.exists(), "nobody looks there any more"


async def test_what_only_a_restart_can_change_is_said(house: House) -> None:
    before = (await house.state())["hash"]
    house.edit("gateway.yaml", "data_dir: ../data", "data_dir: ../elsewhere")
    status, told = await house.reload()
    assert status == 422
    assert "data_dir cannot change while the gateway runs" in told["detail"]
    assert (await house.state())["hash"] == before
    house.edit("gateway.yaml", "data_dir: ../elsewhere", "data_dir: ../data")
    house.edit("gateway.yaml", "workers: {chunk: 5}", "workers: {chunk: 6, decide_processes: 1}")
    status, told = await house.reload()
    assert status == 200
    assert told["after_restart"] == ["workers"]


async def test_reloading_needs_an_administrator(house: House) -> None:
    reader = await running.token(house.gateway, "reader", "read")
    async with house.http.post("/api/v1/configuration/reload", headers=reader) as answer:
        assert answer.status == 403
    async with house.http.get("/api/v1/configuration", headers=reader) as answer:
        assert answer.status == 200
