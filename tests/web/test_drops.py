"""Documents for plugins, from a folder and by the API, and the claims that plugins make, on a running gateway."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from gateway.core.flow import receive
from gateway.core.flow.plugin_drop import STATION
from gateway.core.flow.replay import replay_file
from gateway.core.model.belongings_file import DELIVERIES
from gateway.core.store import take_belongings
from gateway.core.store.archive import record
from gateway.core.store.files import NewFile, add
from gateway.core.store.tables import access_log, claims, files, made_claims, timeline, work_items
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running
from .test_plugin_desk import PLUGINS, TODAY

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = "patient,serial,signed_on\nP1,S1,2026-11-02\nP1,S2,2026-11-03\n"
BAD = "patient,serial,signed_on,hours\nP1,S1,11/02/2026,2\n,S2,2026-11-03,many\n"
FAULTS = [
    "line 2, signed_on: It must be a date like 2026-03-31.",
    "line 3, patient: It is missing.",
    "line 3, hours: It must be a whole number.",
]


class House(NamedTuple):
    gateway: Gateway
    http: aiohttp.ClientSession
    submit: dict[str, str]
    read: dict[str, str]
    folder: Path

    @property
    def dropped(self) -> Path:
        """The folder of the source that brings tickets."""
        return self.folder / "data/in/vans"

    async def send(self, data: str, *, to: str = "tickets/drops/tickets", **query: str) -> tuple[int, Any]:
        address = f"/api/v1/plugins/{to}"
        async with self.http.post(address, data=data, params=query, headers=self.submit) as answer:
            return answer.status, await answer.json(content_type=None)

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        return await self.gateway.read(running.rows, table, *where)

    async def kept(self) -> list[str]:
        """The serial numbers on tickets."""

        def look(connection: Any) -> list[str]:
            asked = "SELECT serial FROM plugin_tickets__tickets ORDER BY serial"
            return [row[0] for row in connection.exec_driver_sql(asked)]

        return await self.gateway.read(look)

    async def forget(self) -> None:
        def clear(connection: Any) -> None:
            connection.exec_driver_sql("DELETE FROM plugin_tickets__tickets")

        await self.gateway.write(clear)

    async def moved(self, name: str, into: str) -> Path:
        """Where a file of the folder is, once it is moved there."""
        path = self.dropped / into / name

        async def there() -> bool:
            return path.exists()

        await running.until(there, f"{name} is in {into}")
        return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("drops")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    config = running.write_config(folder, more="web: {port: 0}\nplugins_dir: plugins")
    main = config / "gateway.yaml"
    source = "sources:\n  - {name: vans, drop: tickets/tickets, patients_of: billing, patterns: ['*.csv', '*.json']}\n"
    main.write_text(main.read_text().replace("sources:\n", source, 1))
    (config / "plugins").mkdir()
    shutil.copy(PLUGINS / "tickets.py", config / "plugins/tickets.py")
    gateway = Gateway(running.read_config(config), executor="drops")
    await gateway.start()
    try:
        await gateway.write(_a_patient, gateway)
        submit = await running.token(gateway, "vans", "submit")
        read = await running.token(gateway, "reader", "read")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
            yield House(gateway, http, submit, read, folder)
    finally:
        await gateway.stop()
        patch.undo()


def _a_patient(connection: Any, gateway: Gateway) -> None:
    """P1 of the billing system, to whom something was delivered once."""
    now = gateway.clock.now()
    stored = gateway.archive.put(b"deliveries")
    record(connection, stored, "inbound", now)
    file_id = add(connection, NewFile("in", "upload", "billing", "d.csv", stored, "DELIVERIES", "read"), now)
    row = b'[{"patient_id": "P1", "order_number": "SO-1", "code": "E0601", "delivered_on": "2026-01-05"}]'
    take_belongings.take_deliveries(connection, "billing", file_id, DELIVERIES.read(row), now)


# --- by the API ------------------------------------------------------------------------------------


async def test_a_document_is_taken_kept_as_it_came_and_told_on_its_timeline(house: House) -> None:
    await house.forget()
    status, told = await house.send(GOOD, name="monday.csv")
    assert (status, told["state"], told["said"], told["done"]) == (200, "read", "2 tickets of billing.", "2 rows kept")
    assert await house.kept() == ["S1", "S2"]
    (row,) = await house.rows(files, files.c.id == told["file_id"])
    assert (row.kind, row.state, row.party, row.name) == ("DROP", "read", "billing", "monday.csv")
    assert house.gateway.archive.read(row.sha256) == GOOD.encode()
    (said,) = await house.rows(timeline, timeline.c.subject_kind == "file", timeline.c.subject_id == row.id)
    assert (said.station, said.what) == (STATION, "Taken by tickets/tickets: 2 rows kept.")
    assert await house.rows(access_log, access_log.c.who == "vans")


async def test_the_same_document_again_does_nothing(house: House) -> None:
    document = GOOD.replace("S1", "S7")
    _, first = await house.send(document)
    await house.forget()
    status, told = await house.send(document, name="again.csv")
    assert (status, told["state"], told["duplicate_of"]) == (200, "duplicate", first["file_id"])
    assert await house.kept() == []
    status, told = await house.send(document, source="orders")
    assert (status, told["state"]) == (200, "read"), "of another source they are other patients"


async def test_a_faulty_document_is_refused_whole_with_every_fault_at_its_line(house: House) -> None:
    await house.forget()
    status, told = await house.send(BAD)
    assert status == 422
    assert told["detail"].splitlines()[:3] == FAULTS
    assert await house.kept() == []
    (row,) = await house.rows(files, files.c.kind == "DROP", files.c.state == "quarantined")
    assert house.gateway.archive.read(row.sha256) == BAD.encode(), "as it was sent"
    (item,) = await house.rows(work_items, work_items.c.key == f"file:{row.id}")
    assert (item.kind, item.team, item.state) == ("file_problem", "intake", "open")
    assert item.reason.splitlines()[1:4] == FAULTS
    await house.send(BAD)
    found = await house.rows(files, files.c.kind == "DROP", files.c.state == "quarantined")
    assert [one.id for one in found] == [row.id], "a sender that tries again and again is one work item"


async def test_a_dry_run_says_what_would_be_done_and_does_none_of_it(house: House) -> None:
    await house.forget()
    before = len(await house.rows(files))
    document = GOOD.replace("P1,S2", "P9,S9")
    status, told = await house.send(document, dry_run="true")
    assert (status, told["dry_run"], told["said"]["rows"]) == (200, True, [["S9"]])
    assert [(row["does"], row["what"]) for row in told["would_do"]] == [
        ("keep a row", "tickets"),
        ("open a work item", "tickets_unknown"),
    ]
    status, told = await house.send(BAD, dry_run="true")
    assert (status, told["detail"].splitlines()) == (422, FAULTS)
    assert await house.kept() == []
    assert len(await house.rows(files)) == before
    assert not await house.rows(work_items, work_items.c.key == "desk:tickets:S9")


@pytest.mark.parametrize(("serial", "why"), [("RAISES", "RuntimeError at tickets.py"), ("HANGS", "did not end in its")])
async def test_a_plugin_that_fails_does_nothing_and_its_document_is_read_again_when_it_is_mended(
    house: House, serial: str, why: str
) -> None:
    await house.forget()
    ill = house.folder / "config/plugins/ill"
    ill.touch()
    document = f"patient,serial,signed_on\nP1,A1,2026-11-02\nP1,{serial},2026-11-03\n"
    status, told = await house.send(document)
    assert status == 500
    assert why in told["detail"]
    assert "P1" not in told["detail"]
    assert await house.kept() == []
    (row,) = await house.rows(files, files.c.state == "quarantined", files.c.reason.contains(why))
    assert f"gateway replay file {row.id}" in row.reason
    ill.unlink()
    await house.gateway.write(replay_file, row.id, "Ann Biller", "It is mended.", house.gateway.clock.now())
    house.gateway.engine.poke()
    assert (await running.read_to_the_end(house.gateway, row.id)).state == "read"
    assert await house.kept() == sorted(["A1", serial])
    assert not await house.rows(work_items, work_items.c.key == f"file:{row.id}", work_items.c.state == "open")


@pytest.mark.parametrize(
    ("to", "query", "status", "words"),
    [
        ("tickets/drops/tikets", {}, 404, "There are: tickets/tickets"),
        ("nobody/drops/tickets", {}, 404, "There are: tickets/tickets"),
        ("tickets/drops/tickets", {"source": "vens"}, 422, "No source is called 'vens'"),
        ("tickets/drops/tickets", {"dryrun": "true"}, 422, "dryrun is not known"),
        ("tickets/drops/tickets", {"dry_run": "maybe"}, 422, "true or false"),
    ],
)
async def test_what_cannot_be_taken_is_told(
    house: House, to: str, query: dict[str, str], status: int, words: str
) -> None:
    if "tikets" in to or "nobody" in to:
        query = {"source": "billing"}
    got, told = await house.send(GOOD, to=to, **query)
    assert got == status
    assert words in told["detail"]


async def test_a_token_that_only_reads_hands_nothing_in(house: House) -> None:
    async with house.http.post("/api/v1/plugins/tickets/drops/tickets", data=GOOD, headers=house.read) as answer:
        assert answer.status == 403


async def test_claims_are_not_sent_to_a_source_of_documents(house: House) -> None:
    async with house.http.post("/api/v1/sources/vans/files", data=b"ISA", headers=house.submit) as answer:
        assert answer.status == 422
        assert "/api/v1/plugins/tickets/drops/tickets?source=billing" in (await answer.json())["detail"]


# --- from a folder ---------------------------------------------------------------------------------


async def test_a_file_of_the_folder_is_taken_once_and_put_away(house: House) -> None:
    await house.forget()
    document = GOOD.replace("S1", "F1").replace("S2", "F2")
    (house.dropped / "good.csv").write_text(document)
    await house.moved("good.csv", "processed")
    assert await house.kept() == ["F1", "F2"]
    await house.forget()
    (house.dropped / "same.csv").write_text(document)
    await house.moved("same.csv", "processed")
    (row,) = await house.rows(files, files.c.name == "same.csv")
    assert row.state == "duplicate"
    assert await house.kept() == []


async def test_a_refused_file_of_the_folder_has_every_fault_beside_it(house: House) -> None:
    (house.dropped / "bad.csv").write_text(BAD.replace("S1", "F8"))
    await house.moved("bad.csv", "failed")
    assert (house.dropped / "failed/bad.csv.reason.txt").read_text().splitlines() == FAULTS
    (row,) = await house.rows(files, files.c.name == "bad.csv")
    (item,) = await house.rows(work_items, work_items.c.key == f"file:{row.id}")
    assert (row.state, row.party, item.team) == ("quarantined", "vans", "intake")


async def test_a_json_document_that_does_not_end_is_set_aside(house: House) -> None:
    (house.dropped / "half.json").write_text('[{"patient": "P1", "serial": "F9"')
    await house.moved("half.json", "failed")
    assert "not whole" in (house.dropped / "failed/half.json.reason.txt").read_text()


async def test_two_that_hand_in_the_same_at_once_do_it_once(house: House) -> None:
    import asyncio

    document = "patient,serial,signed_on\nP8,TWICE,2026-11-02\n"
    told = await asyncio.gather(*(house.send(document) for _ in range(3)))
    assert sorted(one["state"] for _, one in told) == ["duplicate", "duplicate", "read"]


# --- claims that a plugin makes --------------------------------------------------------------------


async def make(house: House, **options: str) -> tuple[Any, list[Any]]:
    """Run the command that makes claims; what it said, and the claims once all of its documents are read."""
    from gateway.core.flow.desk_calls import ask_and_take, call_of

    services = house.gateway.services
    call = call_of(services.config, "tickets", "plugin_commands", "again")
    answer = await ask_and_take(services, house.gateway.write, call, options)
    assert answer.outcome == "done", answer.why
    house.gateway.engine.poke()

    async def settled() -> bool:
        found = await house.rows(files, files.c.origin == "plugin")
        return all(one.state not in ("received", "reading") for one in found)

    await running.until(settled, "the made claims are taken in")
    return answer.result, await house.rows(claims, claims.c.source == "plugin:tickets")


async def test_claims_that_are_made_go_the_way_of_all_claims(house: House) -> None:
    data = as_837(list(generate_claims(3, 7, TODAY)), TODAY)
    gateway = house.gateway
    got = await receive.receive(
        gateway.write, gateway.archive, "billing", "7.837", io.BytesIO(data), gateway.clock.now()
    )
    gateway.engine.poke()
    await running.read_to_the_end(gateway, got.file_id)
    first = await house.rows(claims, claims.c.source == "billing")
    preview, found = await make(house, start="M", preview="true")
    assert [row[0] for row in preview["rows"]] == ["make a claim"] * len(first)
    assert found == []
    said, found = await make(house, start="M")
    assert said == f"{len(first)} claims."
    assert sorted(one.claim_number for one in found) == sorted(f"M{one.id}" for one in first)
    assert {one.patient_id for one in found} == {one.patient_id for one in first}
    assert {one.chain for one in found} == {one.chain for one in first}
    for one in found:
        (why,) = await house.rows(
            timeline,
            timeline.c.subject_kind == "claim",
            timeline.c.subject_id == one.id,
            timeline.c.station == "plugin",
        )
        assert why.what == "Made by plugin tickets: The next month began."
    noted = await house.rows(made_claims)
    assert sorted(one.claim_id for one in noted) == sorted(one.id for one in found)
    said, again = await make(house, start="M")
    assert said == "0 claims."
    assert len(again) == len(found)


async def test_a_made_claim_that_its_guide_refuses_is_faulty_like_any_sources(house: House) -> None:
    before = {one.id for one in await house.rows(claims, claims.c.source == "plugin:tickets")}
    said, found = await make(house, start="N", payer="X" * 81)
    made = [one for one in found if one.id not in before]
    documents = await house.rows(files, files.c.origin == "plugin")
    assert said == f"{len(made)} claims.", [(one.name, one.state, one.reason) for one in documents]
    assert made, [(one.source, one.state) for one in await house.rows(claims)]
    assert {one.state for one in made} == {"faulty"}
