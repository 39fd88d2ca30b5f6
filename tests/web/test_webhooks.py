"""Other systems are told what happens: signed, once each, again until they take it, and never of a patient."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from sqlalchemy import Connection, Engine, select, update

from gateway.config import load
from gateway.core.flow import receive
from gateway.core.flow import webhooks as flow
from gateway.core.store import webhooks as store
from gateway.core.store.api_tables import webhook_deliveries
from gateway.core.store.tables import claims, patients, work_items
from gateway.core.work.items import WorkItem, open_items
from gateway.server import Gateway

from . import running
from .house import claims_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "a secret of tests, long enough"
NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


class Listener:
    """Another system that is told: it keeps what comes, and answers as it is bidden."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)

    def of(self, event: str) -> list[dict[str, Any]]:
        told = [json.loads(body) for _, body in self.came]
        return [one for one in told if one["event"] == event]


class Place(NamedTuple):
    gateway: Gateway
    listener: Listener
    http: aiohttp.ClientSession
    admin: dict[str, str]

    async def ask(self, method: str, path: str) -> tuple[int, Any]:
        async with self.http.request(method, f"/api/v1/{path}", headers=self.admin) as answer:
            return answer.status, await answer.json()

    async def item(self, key: str) -> None:
        def write(connection: Connection) -> None:
            values = {"reason": "x", "team": "edi", "subject_kind": "file"}
            open_items(connection, [WorkItem(kind="file_problem", key=key, **values)], self.gateway.clock.now())

        await self.gateway.write(write)

    async def hurry(self) -> None:
        """What waits for its next try is due now."""
        at = webhook_deliveries.c
        past = self.gateway.clock.now() - dt.timedelta(seconds=1)
        await self.gateway.write(
            lambda sql: sql.execute(update(webhook_deliveries).where(at.state == "waiting").values(next_at=past))
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder: Path = tmp_path_factory.mktemp("webhooks")
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hooks", listener.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        patch.setenv("HOOK_SECRET", SECRET)
        patch.setattr(flow, "LOOK_SECONDS", 0.2)
        hooks = f"[{{name: billing, url: '{address}', secret: 'env:HOOK_SECRET'}}]"
        config = running.write_config(folder, more=f"web: {{port: 0}}\nwebhooks: {hooks}")
        gateway = Gateway(running.read_config(config), executor="hooks")
        await gateway.start()
        try:
            admin = await running.token(gateway, "administrator", "admin")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
                here = Place(gateway, listener, http, admin)
                # What was there before is not told: it begins with what comes from now on.
                await running.until(lambda: _begun(here), "it begins")
                yield here
        finally:
            await gateway.stop()
            await runner.cleanup()


async def _begun(place: Place) -> bool:
    return await place.gateway.read(lambda sql: store.place(sql, "billing", "items") is not None)


async def told(place: Place, event: str, count: int = 1) -> list[dict[str, Any]]:
    """So many events, as soon as they were told."""

    async def look() -> Any:
        found = place.listener.of(event)
        return found if len(found) >= count else None

    return list(await running.until(look, f"{event} is told"))


async def test_what_happens_to_a_file_and_its_claims_is_told_by_numbers_alone(place: Place) -> None:
    gateway = place.gateway
    got = await receive.receive(
        gateway.write, gateway.archive, "billing", "hooks.837", io.BytesIO(claims_of(77, 8)), gateway.clock.now()
    )
    gateway.engine.poke()
    await running.read_to_the_end(gateway, got.file_id)
    (file,) = [one for one in await told(place, "file.received") if one["data"]["file_id"] == got.file_id]
    assert file["data"] == {"file_id": got.file_id, "origin": "upload", "party": "billing"}
    people = await gateway.read(running.rows, patients)
    rows = await gateway.read(running.rows, claims, claims.c.file_id == got.file_id)
    said = b" ".join(body for _, body in place.listener.came).decode().upper()
    words = set(re.findall(r"[A-Z0-9]+", said))
    assert people
    assert not words & {name for one in people for name in (one.last_name.upper(), one.first_name.upper())}
    assert not words & {row.member_id.upper() for row in rows} | words & {row.claim_number.upper() for row in rows}


async def test_each_is_signed_so_that_a_library_can_tell(place: Place) -> None:
    await place.item("signed")
    await told(place, "work.opened")
    headers, body = place.listener.came[-1]
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{wanted}"
    assert json.loads(body)["id"] == headers["Webhook-Id"]
    age = place.gateway.clock.now().timestamp() - int(headers["Webhook-Timestamp"])
    assert -2 < age < 60


async def test_one_that_is_not_taken_comes_again_under_the_same_id_and_the_others_wait_for_it(place: Place) -> None:
    await running.until(lambda: _quiet(place), "everything is told")
    place.listener.came.clear()
    place.listener.answers[:] = [503]
    await place.item("first")
    await told(place, "work.opened")
    await place.item("second")
    await running.until(lambda: _waiting(place, 2), "the second one waits too")
    assert len(place.listener.came) == 1
    (_, failed) = (await place.ask("GET", "webhooks/deliveries?state=waiting"))[1]["deliveries"]
    assert (failed["attempts"], failed["status"], failed["why"]) == (1, 503, "it answered 503")
    await place.hurry()
    await told(place, "work.opened", 3)
    ids = [json.loads(body)["id"] for _, body in place.listener.came]
    assert ids[0] == ids[1] != ids[2]


async def _quiet(place: Place) -> bool:
    return not await place.gateway.read(lambda sql: store.listed(sql, state="waiting"))


async def _waiting(place: Place, count: int) -> bool:
    return len(await place.gateway.read(lambda sql: store.listed(sql, state="waiting"))) == count


async def test_deliveries_are_listed_in_pages_and_sent_again(place: Place) -> None:
    place.listener.came.clear()
    await place.item("third")
    await told(place, "work.opened")
    await running.until(lambda: _quiet(place), "everything is told")
    status, page = await place.ask("GET", "webhooks/deliveries?limit=2")
    assert (status, len(page["deliveries"])) == (200, 2)
    _, more = await place.ask("GET", f"webhooks/deliveries?limit=2&after={page['after']}")
    assert {one["id"] for one in page["deliveries"]}.isdisjoint(one["id"] for one in more["deliveries"])
    newest = page["deliveries"][0]
    before = len(place.listener.came)
    assert (await place.ask("POST", f"webhooks/deliveries/{newest['id']}/send-again"))[0] == 202
    await running.until(lambda: _more(place, before), "it comes again")
    assert json.loads(place.listener.came[-1][1])["id"] == f"evt_{newest['id']}"
    assert (await place.ask("POST", "webhooks/deliveries/999999/send-again"))[0] == 404


async def _more(place: Place, before: int) -> bool:
    return len(place.listener.came) > before


async def test_a_webhook_is_tried_out_and_its_secret_never_told(place: Place) -> None:
    assert (await place.ask("POST", "webhooks/nobody/test"))[0] == 404
    assert (await place.ask("POST", "webhooks/billing/test"))[0] == 202
    assert (await told(place, "ping"))[0]["data"] == {}
    status, known = await place.ask("GET", "webhooks")
    assert (status, known["webhooks"][0]["name"]) == (200, "billing")
    assert SECRET not in json.dumps(known)


# --- the table of deliveries, on both databases ------------------------------------------------------


def _put(sql: Connection, count: int = 3) -> list[int]:
    store.put(sql, "a", [store.Event("ping", str(at), {}) for at in range(count)], NOW)
    return sorted(sql.execute(select(webhook_deliveries.c.id)).scalars())


async def test_what_is_being_delivered_is_nobody_elses_until_its_lease_ends(engine: Engine) -> None:
    with engine.begin() as sql:
        ids = _put(sql)
        assert store.put(sql, "a", [store.Event("ping", "0", {})], NOW) == 0
        assert store.take(sql, "a", NOW, 2) == ids[:2]
        assert store.take(sql, "a", NOW, 2) == []
        assert store.take(sql, "b", NOW, 2) == []
        later = NOW + store.LEASE + dt.timedelta(seconds=1)
        assert store.take(sql, "a", later, 5) == ids


async def test_it_is_tried_with_back_off_and_given_up_after_two_days(engine: Engine) -> None:
    with engine.begin() as sql:
        (one,) = _put(sql, 1)
        now, waits = NOW, []
        for _ in range(20):
            if store.take(sql, "a", now, 1) != [one]:
                break
            given_up = store.record(sql, [store.Result(one, None, "it did not answer")], now)
            (row,) = store.listed(sql)
            if given_up:
                break
            assert not store.due(sql, "a", row.next_at - dt.timedelta(seconds=1))
            waits.append((row.next_at - now).total_seconds())
            now = row.next_at
        assert waits == list(store.WAITS)
        assert (row.state, row.attempts) == ("given up", len(store.WAITS) + 1)
        assert dt.timedelta(days=1) < now - NOW < dt.timedelta(days=2)
        assert store.send_again(sql, [one, 99], now) == [one]
        assert store.take(sql, "a", now, 1) == [one]


async def test_one_that_the_other_side_calls_wrong_keeps_nobody_waiting(engine: Engine) -> None:
    with engine.begin() as sql:
        ids = _put(sql)
        assert store.take(sql, "a", NOW, 1) == ids[:1]
        store.record(sql, [store.Result(ids[0], 400, "it answered 400")], NOW)
        assert store.take(sql, "a", NOW, 5) == ids[1:]


async def test_a_webhook_that_is_gone_is_told_nothing_more(engine: Engine) -> None:
    with engine.begin() as sql:
        _put(sql, 2)
        store.set_place(sql, "a", "items", 5)
        store.forget_others(sql, ["b"])
        assert store.place(sql, "a", "items") is None
        assert {row.state for row in store.listed(sql)} == {"given up"}
        assert store.forget(sql, NOW + store.KEPT_FOR + dt.timedelta(days=1)) == 2


async def test_giving_up_is_a_work_item(engine: Engine) -> None:
    class Config:
        class gateway:
            class organisation:
                time_zone = "America/New_York"

    class Services:
        config = Config
        clock = type("C", (), {"now": staticmethod(lambda: NOW)})

    with engine.begin() as sql:
        (one,) = _put(sql, 1)
        sql.execute(update(webhook_deliveries).values(attempts=len(store.WAITS) + 1))
        flow._record(sql, Services, "a", [one], [(one, 500, "it answered 500")])  # type: ignore[arg-type]
        (item,) = sql.execute(select(work_items)).all()
    assert (item.kind, item.team) == ("webhook_failed", "edi")
    assert "it answered 500" in item.reason


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("{name: x, url: 'http://billing.example/a', secret: 'env:S'}", "https://"),
        ("{name: x, url: 'https://jo:pw@billing.example/a', secret: 'env:S'}", "without a user or password"),
        ("{name: x, url: 'https://billing.example/a', secret: plain}", "secret"),
        ("{name: x, url: 'https://billing.example/a', secret: 'env:S', events: [claim.lost]}", "claim.held"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(tmp_path: Path, hook: str, words: str) -> None:
    config = running.write_config(tmp_path, more=f"webhooks: [{hook}]")
    found = load(config, secrets=False)
    assert isinstance(found, list)
    assert any(words in str(fault) for fault in found), [str(one) for one in found]
