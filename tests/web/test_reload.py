"""A new configuration without a restart: taken as a whole, or not at all; what is under way ends on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.store.tables import claims, configurations, timeline
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

from . import running
from .house import TODAY, House, claims_of, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = """\
import time
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def scrub_claim(claim):
    time.sleep(0.05)
"""
STATIONS = """\
  scrub:
    - plugin: scrubber
    - slow
  post: [autoposting]
"""


async def reload(house: House) -> tuple[int, Any]:
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        return answer.status, await answer.json(content_type=None)


async def state(house: House) -> dict[str, Any]:
    told: dict[str, Any] = await house.ask("/api/v1/configuration")
    return told


async def decided_under(house: House, file_id: int) -> list[str]:
    """The hash under which each claim of a file was decided, one for each claim."""
    rows = await house.rows(
        select(timeline.c.config_hash)
        .join(claims, claims.c.id == timeline.c.subject_id)
        .where(timeline.c.subject_kind == "claim", timeline.c.station == "scrub", claims.c.file_id == file_id)
    )
    return [row.config_hash for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("reload")
    async with opened(folder, "reload", {"slow": SLOW}, STATIONS, workers="{chunk: 5}") as made:
        yield made


async def upload(house: House, seed: int, count: int) -> int:
    return await house.hand_in(claims_of(seed, count), f"{seed}.837")


async def test_a_faulty_configuration_is_refused_and_the_old_one_stays(house: House) -> None:
    before = (await state(house))["hash"]
    house.edit("chains/default.yaml", "plugin: scrubber", "plugin: scruber")
    status, told = await reload(house)
    assert status == 422
    assert "chains/default.yaml:3:15: There is no plugin 'scruber'. Did you mean 'scrubber'?" in told["detail"]
    told = await state(house)
    assert told["hash"] == before
    assert told["reloads"] == 0
    assert len(told["refused_for"]) == 1
    assert told["asked_at"]
    house.edit("chains/default.yaml", "plugin: scruber", "plugin: scrubber")
    status, told = await reload(house)
    assert (status, told["refused_for"], told["reloads"]) == (200, [], 0), "the same as before: nothing is taken"


async def test_what_is_under_way_ends_on_the_configuration_it_began_with(house: House) -> None:
    old = (await state(house))["hash"]
    file_id = await upload(house, 11, 60)

    async def some() -> bool:
        return len(await decided_under(house, file_id)) >= 5

    await running.until(some, "some claims are decided")
    house.edit("chains/default.yaml", "    - slow\n", "")
    status, told = await reload(house)
    assert status == 200
    assert told["reloads"] == 1
    new = told["hash"]
    assert new != old
    under_way = await decided_under(house, file_id)
    assert len(under_way) < 60, "the file was read before the configuration was taken"
    await running.read_to_the_end(house.gateway, file_id)
    assert await decided_under(house, file_id) == [old] * 60
    after = await upload(house, 12, 10)
    await running.read_to_the_end(house.gateway, after)
    assert await decided_under(house, after) == [new] * 10
    noted = await house.gateway.read(running.rows, configurations)
    assert {old, new} <= {row.hash for row in noted}


async def test_a_source_and_a_partner_come_and_go(house: House) -> None:
    house.edit("gateway.yaml", "sources:\n", "sources:\n  - name: second\n    format: 837\n")
    partner = (house.config / "partners/practice.yaml").read_text()
    (house.config / "partners/other.yaml").write_text(partner.replace('- "*"', "- OTHER"))
    status, _ = await reload(house)
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
    status, _ = await reload(house)
    assert status == 200
    with pytest.raises(LookupError):
        house.gateway.services.transports.describe("other")
    late = drop / "late.837"
    late.write_bytes(as_837(list(generate_claims(3, 14, TODAY)), TODAY))
    await asyncio.sleep(1)
    assert late.exists(), "nobody looks there any more"


async def test_what_only_a_restart_can_change_is_said(house: House) -> None:
    before = (await state(house))["hash"]
    house.edit("gateway.yaml", "data_dir: ../data", "data_dir: ../elsewhere")
    status, told = await reload(house)
    assert status == 422
    assert "data_dir cannot change while the gateway runs" in told["detail"]
    assert (await state(house))["hash"] == before
    house.edit("gateway.yaml", "data_dir: ../elsewhere", "data_dir: ../data")
    house.edit("gateway.yaml", "workers: {chunk: 5}", "workers: {chunk: 6, decide_processes: 1}")
    status, told = await reload(house)
    assert status == 200
    assert told["after_restart"] == ["workers"]


async def test_reloading_needs_an_administrator(house: House) -> None:
    reader = await running.token(house.gateway, "reader", "read")
    async with house.http.post("/api/v1/configuration/reload", headers=reader) as answer:
        assert answer.status == 403
    async with house.http.get("/api/v1/configuration", headers=reader) as answer:
        assert answer.status == 200
