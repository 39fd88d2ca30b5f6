"""What plugins do beside the chains, on a running gateway: one that works, and one that raises, hangs and exits."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from gateway.core.flow import receive
from gateway.core.store import plugin_calls
from gateway.core.store.tables import access_log, claims, timeline, work_items
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running

# One gateway for all of them, also where several processes test.
pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = dt.date(2026, 11, 23)
PLUGINS = Path(__file__).parent / "desk_plugins"


class House(NamedTuple):
    gateway: Gateway
    http: aiohttp.ClientSession
    read: dict[str, str]
    admin: dict[str, str]
    work: dict[str, str]
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
    shutil.copytree(PLUGINS, config / "plugins")
    gateway = Gateway(running.read_config(config), executor="desk")
    await gateway.start()
    try:
        read = await running.token(gateway, "reader", "read")
        admin = await running.token(gateway, "administrator", "admin")
        work = await running.token(gateway, "biller", "work")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield House(gateway, http, read, admin, work, config)
    finally:
        await gateway.stop()
        patch.undo()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (
            "plugin_schedules:raises",
            "its schedule 'raises' failed: RuntimeError at ill.py:45 in raises. It comes again",
        ),
        ("plugin_schedules:hangs", "its schedule 'hangs' failed: it did not end in its time (over 0.5 s)"),
        ("plugin_schedules:exits", "its schedule 'exits' failed: it ended the process in which it ran"),
        ("gateway_started", "gateway_started failed: RuntimeError at ill.py:59 in gateway_started. The gateway runs"),
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
    assert counted["ill"].calls == counted["ill"].failures >= 4
    status, told = await house.get("/api/v1/plugins")
    (ill,) = [one for one in told["plugins"] if one["name"] == "ill"]
    assert status == 200
    assert ill["failures"] >= 4


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


async def test_a_worklist_shows_its_items_as_it_says_narrowed_or_as_a_table(house: House) -> None:
    for key in ("one", "two"):
        async with house.http.post("/api/v1/plugins/well/looks", json={"key": key}, headers=house.admin) as answer:
            assert (answer.status, await answer.json()) == (201, {"opened": key})
    status, told = await house.get("/api/v1/worklists/well/asked")
    assert (status, told["title"], told["columns"]) == (200, "What was asked for", ["team", "payer", "reason"])
    assert told["items"] == [{"team": "billing", "payer": "P1", "reason": "Somebody asked."}] * 2
    assert (await house.get("/api/v1/worklists/well/asked", team="edi"))[1]["items"] == []
    status, told = await house.get("/api/v1/worklists/well/asked", team="biling")
    assert (status, "Did you mean billing" in told["detail"]) == (422, True)
    async with house.http.get("/api/v1/worklists/well/asked?format=csv&payer=P1", headers=house.read) as answer:
        assert answer.content_type == "text/csv"
        assert (await answer.text()).splitlines() == ["team,payer,reason", *["billing,P1,Somebody asked."] * 2]
    status, told = await house.get("/api/v1/worklists/well/askd")
    assert status == 404
    assert told["detail"].startswith("The worklists are: well/asked, well/large, ")
    status, told = await house.get("/api/v1/worklists/well/asked", teem="edi")
    assert (status, told["detail"]) == (
        422,
        "teem is not known here (there are after, limit, team, kind, payer, format).",
    )
    _, every = await house.get("/api/v1/worklists")
    assert [one["items"] for one in every["worklists"] if one["name"] == "asked"] == [2]
    async with house.http.get("/api/v1/worklists") as answer:
        assert answer.status == 401


async def test_a_list_that_a_schedule_fills_says_when_it_was_and_is_filled_when_somebody_asks(house: House) -> None:
    async def filled(name: str) -> Any:
        return (await house.get(f"/api/v1/worklists/{name}"))[1]["filled"]

    assert await filled("well/asked") is None, "its items come as they come"
    before = await filled("rul/ending")
    assert (before["schedule"], before["comes"][:9], before["at"]) == ("ending", "daily at ", None)
    status, told = await house.get("/api/v1/worklists/rul/ending")
    assert told["detail"] == f"This list has not been worked out yet: that comes {before['comes']}."
    for name, status in (("ending", 202), ("endign", 404)):
        async with house.http.post(f"/api/v1/schedules/rul/{name}/turn", headers=house.work) as answer:
            assert answer.status == status, await answer.text()

    async def done() -> Any:
        return (await filled("rul/ending"))["at"]

    at = await running.until(done, "the list is worked out")
    _, told = await house.get("/api/v1/worklists/rul/ending")
    assert told["detail"] == "No equipment reaches the end of its lifetime soon."
    _, every = await house.get("/api/v1/schedules")
    found = {(one["plugin"], one["name"]): one for one in every["schedules"]}
    assert found["rul", "ending"] == {"plugin": "rul", "name": "ending", "comes": before["comes"], "last_done": at}
    assert found["maintenance", "calendar"]["last_done"] is None
    async with house.http.post("/api/v1/schedules/rul/ending/turn", headers=house.read) as answer:
        assert answer.status == 403


async def test_a_worklist_is_sorted_by_dollars_where_it_says_so(house: House) -> None:
    await house.take_in(32, 6)

    async def large() -> list[Any]:
        _, told = await house.get("/api/v1/worklists/well/large")
        return told["items"] if len(told["items"]) > 2 else []

    dollars = [float(item["dollars"]) for item in await running.until(large, "large claims")]
    assert dollars == sorted(dollars, reverse=True)


async def test_a_report_is_worked_out_with_its_parameters(house: House) -> None:
    file_id = await house.take_in(33, 8)
    rows = await house.gateway.read(running.rows, claims, claims.c.file_id == file_id)
    largest = max(rows, key=lambda row: row.charge_cents)
    least = f"{largest.charge_cents / 100:.2f}"
    status, told = await house.get("/api/v1/reports/well/charges", least=least, payer=largest.payer_id)
    assert (status, told["columns"]) == (200, ["claim", "day", "dollars"])
    assert [largest.source_claim_number, largest.from_date.isoformat(), least] in told["rows"]
    async with house.http.get(f"/api/v1/reports/well/charges?least={least}&format=csv", headers=house.read) as answer:
        assert f"{largest.source_claim_number},{largest.from_date},{least}" in await answer.text()
    status, told = await house.get("/api/v1/reports/well/charges", least="much", payr="x")
    assert status == 422
    assert told["detail"].startswith("least: input should be a valid decimal. There is no 'payr'; there are: least, ")
    _, every = await house.get("/api/v1/reports")
    (one,) = [report for report in every["reports"] if report["name"] == "charges"]
    assert set(one["parameters"]["properties"]) == {"least", "payer"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs", "it did not end in its time (over 0.3 s)"),
        ("words", "a report returns Rows, not str"),
    ],
)
async def test_a_report_that_fails_is_told_and_opens_a_work_item(house: House, name: str, why: str) -> None:
    status, told = await house.get(f"/api/v1/reports/ill/{name}")
    assert (status, told["title"]) == (500, "A fault in a plugin")
    assert f"Plugin ill failed here: {why}" in told["detail"]
    assert why in (await house.one_item(f"desk_failure:ill:plugin_reports:{name}:")).reason


async def test_a_route_is_behind_its_scope_and_in_the_access_log(house: House) -> None:
    file_id = await house.take_in(34, 1)
    (claim,) = await house.gateway.read(running.rows, claims, claims.c.file_id == file_id)
    status, told = await house.get(f"/api/v1/plugins/well/claims/{claim.id}")
    assert (status, told["number"], told["who"]) == (200, claim.id, "reader")
    assert Decimal(told["charge"]) * 100 == claim.charge_cents
    entries = await house.gateway.read(running.rows, access_log, access_log.c.what.like("%/well/claims/%"))
    assert (entries[-1].who, entries[-1].what) == ("reader", f"GET /api/v1/plugins/well/claims/{claim.id}")
    path = "/api/v1/plugins/well/looks"
    none: dict[str, str] = {}
    for headers, status in ((none, 401), (house.read, 403)):
        async with house.http.post(path, json={"key": "no"}, headers=headers) as answer:
            assert answer.status == status
    assert not await house.items(work_items.c.key == "desk:well:no")


async def test_what_a_route_cannot_answer_is_a_problem_in_plain_words(house: House) -> None:
    assert (await house.get("/api/v1/plugins/well/claims/0"))[1]["detail"] == "No claim has this id."
    for path in ("/api/v1/plugins/well/nothing", "/api/v1/plugins/nobody/claims/1"):
        assert (await house.get(path))[0] == 404
    async with house.http.delete("/api/v1/plugins/well/looks", headers=house.admin) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    async with house.http.post("/api/v1/plugins/well/looks", data=b"{", headers=house.admin) as answer:
        assert (answer.status, (await answer.json(content_type=None))["title"]) == (400, "Not JSON")
    big = b'"' + b"x" * (1 << 20) + b'"'
    async with house.http.post("/api/v1/plugins/well/looks", data=io.BytesIO(big), headers=house.admin) as answer:
        assert answer.status == 413
    status, told = await house.get("/api/v1/plugins/well/claims/greedy")
    assert status == 500
    assert "ReadOnly" in told["detail"]
    assert not await house.items(work_items.c.key == "desk:well:never"), "a GET only looks"


async def test_a_route_that_fails_again_and_again_rests(house: House) -> None:
    for _ in range(5):
        status, told = await house.get("/api/v1/plugins/ill/raises")
        assert status == 500
        assert "KeyError" in told["detail"]
        assert "FERNSBY" not in told["detail"]
    async with house.http.get("/api/v1/plugins/ill/raises", headers=house.read) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "300")
        assert "it failed 5 times in a row" in (await answer.json(content_type=None))["detail"]


async def test_the_metrics_tell_of_the_gateway_and_of_its_plugins(house: House) -> None:
    for what in ("plugin_schedules:raises", "plugin_schedules:hangs", "plugin_schedules:exits", "gateway_started"):
        await house.one_item(f"desk_failure:ill:{what}:")
    file_id = await house.take_in(35, 3)
    taken = await house.gateway.read(running.rows, claims, claims.c.file_id == file_id)
    none: dict[str, str] = {}
    for headers, status in ((none, 401), (house.read, 403)):
        async with house.http.get("/metrics", headers=headers) as answer:
            assert answer.status == status
    scrape = await running.token(house.gateway, "monitoring", "metrics")
    async with house.http.get("/metrics", headers=scrape) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["plugin_well_claims", taken[0].payer_id] >= 1
    assert found["plugin_well_dollars",] == house.gateway.config.gateway.desk["well"].dollars
    assert not [name for name in found if name[0].startswith("plugin_ill")], "one that raises is left out"
    assert found["gateway_plugin_failures_total", "ill"] >= 4
    assert found["gateway_plugin_calls_total", "scrubber"] >= len(taken)
    assert found["gateway_work_items_open", "plugin_failure", "edi"] >= 1
    assert sum(value for name, value in found.items() if name[0] == "gateway_claims") >= len(taken)
    assert found["gateway_ready",] == 1
    assert found["gateway_configuration_refused",] == 0
    assert not await house.gateway.read(running.rows, access_log, access_log.c.who == "monitoring")
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text()
    assert not [name for name, *_ in found if name.startswith("gateway_") and f"`{name}`" not in page]
    told = re.findall(r"`(gateway_\w+)`", page[page.index("`/metrics` has") : page.index("## A changed")])
    assert set(told) == set(re.findall(r"^# HELP (gateway_\w+)", text, flags=re.M))


async def test_the_stop_is_told_and_one_that_fails_then_holds_up_nothing(house: House) -> None:
    await house.one_item("desk:well:started")
    await house.gateway.life.stop()
    assert (await house.one_item("desk:well:started")).outcome == "It stops."
    assert "Nothing was changed" in (await house.one_item("desk_failure:ill:gateway_stopping")).reason


async def test_a_reload_is_told_and_takes_settings_and_schedules_anew(house: House) -> None:
    main = house.config / "gateway.yaml"
    main.write_text(re.sub(r"well: \{dollars: \d+\}", "well: {dollars: 60}", main.read_text()))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        assert answer.status == 200
    assert "From $60 on." in (await house.one_item("desk:well:taken:60")).reason
    main.write_text(main.read_text().replace("  ill:\n", ""))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        assert answer.status == 200
    scheduled = [name for name in house.gateway.engine._scheduled if name.startswith(("plugin:well", "plugin:ill"))]
    assert scheduled == ["plugin:well:large"]


async def test_a_reload_with_a_declaration_that_is_wrong_is_refused_with_its_place(house: House) -> None:
    before = house.gateway.config.hash
    main = house.config / "gateway.yaml"
    text = main.read_text()
    main.write_text(re.sub(r"well: \{dollars: \d+\}", "well: {dollars: many}", text))
    async with house.http.post("/api/v1/configuration/reload", headers=house.admin) as answer:
        told = await answer.json(content_type=None)
        assert answer.status == 422
    assert "dollars: 'many' cannot be used; expected a whole number" in told["detail"]
    assert house.gateway.config.hash == before
    main.write_text(text)


async def test_a_write_of_a_plugin_that_names_a_key_is_done_once(house: House) -> None:
    named = house.admin | {"Idempotency-Key": "look-1"}
    path, answers = "/api/v1/plugins/well/looks", []
    for body in ({"key": "keyed"}, {"key": "keyed"}, {"key": "other"}):
        async with house.http.post(path, json=body, headers=named) as answer:
            answers.append((answer.status, answer.headers.get("Idempotency-Replayed", ""), await answer.json()))
    assert answers[0][:2] == (201, "")
    assert answers[1] == (201, "true", answers[0][2])
    assert (answers[2][0], answers[2][2]["title"]) == (409, "Another request")


async def test_its_routes_stand_in_the_document(house: House) -> None:
    status, document = await house.get("/openapi.json")
    told = document["paths"]["/api/v1/plugins/well/claims/{claim}"]["get"]
    assert (status, told["x-scope"], told["tags"]) == (200, "read", ["plugins"])
    assert document["paths"]["/api/v1/plugins/well/looks"]["post"]["x-scope"] == "admin"
