"""What plugins do beside the chains, on a running gateway: one that works, and one that raises, hangs and exits."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from gateway.core.flow import receive
from gateway.core.store import plugin_calls
from gateway.core.store.tables import claims, timeline, work_items
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = dt.date(2026, 11, 23)
WELL = '''\
"""Does something beside the chains."""

from decimal import Decimal

from gateway.plugins import Desk, PluginSettings, Schedule, hookimpl

gateway_api = 1


class Settings(PluginSettings):
    dollars: int = 100


@hookimpl
def desk_settings():
    return Settings


def look(desk: Desk[Settings]) -> None:
    for claim in desk.claims():
        if claim.charge >= desk.settings.dollars:
            desk.open_item(
                kind="well_large",
                key=f"large:{claim.id}",
                reason=f"A claim over ${desk.settings.dollars}. Look at it.",
                team="billing",
                claim_id=claim.id,
                amount=claim.charge,
                work_by=desk.today,
            )
            desk.note(claim.id, "It is large.")
    desk.note(999_999_999, "nobody")


@hookimpl
def plugin_schedules(settings):
    return [Schedule(name="large", run=look, every="10s", timeout=5)]


@hookimpl
def gateway_started(desk):
    desk.open_item(kind="well_life", key="started", reason="It runs.", team="edi")


@hookimpl
def configuration_taken(desk):
    dollars = desk.settings.dollars
    desk.open_item(kind="well_life", key=f"taken:{dollars}", reason=f"From ${dollars} on.", team="edi")


@hookimpl
def gateway_stopping(desk):
    desk.close_item("started", "It stops.")
'''
ILL = '''\
"""Harms itself, and nobody else."""

import os
import time

from gateway.plugins import Schedule, hookimpl

gateway_api = 1


def hangs(desk):
    desk.open_item(kind="ill", key="hangs", reason="Never.", team="edi")
    time.sleep(60)


def exits(desk):
    os._exit(3)


def raises(desk):
    desk.open_item(kind="ill", key="raises", reason="Never.", team="edi")
    raise RuntimeError("POSY FERNSBY")


@hookimpl
def plugin_schedules():
    return [
        Schedule(name="hangs", run=hangs, every="1h", timeout=0.5),
        Schedule(name="exits", run=exits, every="1h", timeout=5),
        Schedule(name="raises", run=raises, every="1h", timeout=5),
    ]


@hookimpl
def gateway_started(desk):
    raise RuntimeError("POSY FERNSBY")


@hookimpl
def gateway_stopping(desk):
    raise RuntimeError("POSY FERNSBY")
'''


class House(NamedTuple):
    gateway: Gateway
    http: aiohttp.ClientSession
    read: dict[str, str]
    admin: dict[str, str]
    config: Path

    async def items(self, *where: Any) -> list[Any]:
        return await self.gateway.read(running.rows, work_items, *where)

    async def one_item(self, key: str) -> Any:
        """The work item whose key begins so, as soon as it is there."""

        async def look() -> Any:
            return await self.items(work_items.c.key.startswith(key, autoescape=True))

        return (await running.until(look, f"a work item {key}"))[0]

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.http.get(path, headers=self.read, params=query) as answer:
            return answer.status, await answer.json(content_type=None)

    async def take_in(self, seed: int, count: int) -> int:
        data = as_837(list(generate_claims(count, seed, TODAY)), TODAY)
        gateway = self.gateway
        got = await receive.receive(
            gateway.write, gateway.archive, "billing", f"{seed}.837", io.BytesIO(data), gateway.clock.now()
        )
        gateway.engine.poke()
        await running.read_to_the_end(gateway, got.file_id)
        return got.file_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("desk")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    more = "web: {port: 0}\nplugins_dir: plugins\ndesk:\n  well: {dollars: 50}\n  ill:\n"
    config = running.write_config(folder, more=more)
    (config / "plugins").mkdir()
    (config / "plugins/well.py").write_text(WELL)
    (config / "plugins/ill.py").write_text(ILL)
    gateway = Gateway(running.read_config(config), executor="desk")
    await gateway.start()
    try:
        read = await running.token(gateway, "reader", "read")
        admin = await running.token(gateway, "administrator", "admin")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield House(gateway, http, read, admin, config)
    finally:
        await gateway.stop()
        patch.undo()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (
            "plugin_schedules:raises",
            "its schedule 'raises' failed: RuntimeError at ill.py:22 in raises. It comes again",
        ),
        ("plugin_schedules:hangs", "its schedule 'hangs' failed: it did not end in its time (over 0.5 s)"),
        ("plugin_schedules:exits", "its schedule 'exits' failed: it ended the process in which it ran"),
        ("gateway_started", "gateway_started failed: RuntimeError at ill.py:36 in gateway_started. The gateway runs"),
    ],
)
async def test_one_that_fails_is_a_work_item_in_plain_words_and_writes_nothing(
    house: House, what: str, why: str
) -> None:
    item = await house.one_item(f"desk_failure:ill:{what}:")
    assert (item.kind, item.team, item.subject_kind, item.state) == ("plugin_failure", "edi", "plugin", "open")
    assert why in item.reason
    assert "take it out of the configuration" in item.reason
    assert "FERNSBY" not in item.reason
    assert not await house.items(work_items.c.kind == "ill"), "what it wanted done is dropped"


async def test_its_calls_and_failures_are_counted(house: House) -> None:
    for what in ("plugin_schedules:raises", "plugin_schedules:hangs", "plugin_schedules:exits", "gateway_started"):
        await house.one_item(f"desk_failure:ill:{what}:")
    counted = await house.gateway.read(plugin_calls.since, dt.date(2000, 1, 1))
    assert counted["ill"].calls == counted["ill"].failures == 4
    status, told = await house.get("/api/v1/plugins")
    (ill,) = [one for one in told["plugins"] if one["name"] == "ill"]
    assert (status, ill["failures"]) == (200, 4)


async def test_a_schedule_opens_work_items_and_notes_once_for_each_cause(house: House) -> None:
    file_id = await house.take_in(31, 6)
    large = await house.gateway.read(running.rows, claims, claims.c.file_id == file_id, claims.c.charge_cents >= 50_00)
    assert large

    async def opened() -> list[Any]:
        found = await house.items(work_items.c.kind == "well_large")
        return found if len(found) >= len(large) else []

    items = await running.until(opened, "an item for each large claim")
    first = {item.claim_id: item for item in items}[large[0].id]
    assert (first.key, first.team, first.cents, first.subject_kind) == (
        f"desk:well:large:{large[0].id}",
        "billing",
        large[0].charge_cents,
        "claim",
    )
    notes = await house.gateway.read(
        running.rows, timeline, timeline.c.subject_id == large[0].id, timeline.c.station == "plugin"
    )
    assert {(note.what, note.who) for note in notes} == {("It is large.", "plugin well")}

    async def again() -> bool:
        rows = await house.gateway.read(
            running.rows, timeline, timeline.c.subject_id == large[0].id, timeline.c.station == "plugin"
        )
        return len(rows) > len(notes)

    await running.until(again, "its next turn")
    assert len(await house.items(work_items.c.kind == "well_large")) == len(items), "the same key again is once"


async def test_the_gateways_life_is_told_and_a_reload_takes_settings_and_schedules_anew(house: House) -> None:
    await house.one_item("desk:well:started")
    main = house.config / "gateway.yaml"
    main.write_text(main.read_text().replace("well: {dollars: 50}", "well: {dollars: 60}"))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        assert answer.status == 200
    assert "From $60 on." in (await house.one_item("desk:well:taken:60")).reason
    main.write_text(main.read_text().replace("  ill:\n", ""))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        assert answer.status == 200
    assert [name for name in house.gateway.engine._scheduled if name.startswith("plugin:")] == ["plugin:well:large"]


async def test_a_reload_with_a_declaration_that_is_wrong_is_refused_with_its_place(house: House) -> None:
    before = house.gateway.config.hash
    main = house.config / "gateway.yaml"
    text = main.read_text()
    main.write_text(text.replace("well: {dollars: 60}", "well: {dollars: many}"))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        told = await answer.json(content_type=None)
        assert answer.status == 422
    assert "dollars: 'many' cannot be used; expected a whole number" in told["detail"]
    assert house.gateway.config.hash == before
    main.write_text(text)
