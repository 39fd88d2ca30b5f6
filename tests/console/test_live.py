"""Streams: what they tell, that they end with their session, and that they keep nobody signed in."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from gateway.core.store import users
from gateway.core.store.tables import access_log, files, work_items
from gateway.core.store.user_tables import sessions
from gateway.core.work import verbs
from gateway.core.work.items import WorkItem, open_items
from gateway.core.work.standing import FileNow, Standing
from gateway.web.console import live as live_module
from gateway.web.console import live_pages
from gateway.web.console.home import SHARED
from gateway.web.console.live import Live, seen

from ..web import running
from .conftest import Browser, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
STREAM = {"Accept": "text/event-stream"}
Event = tuple[str, Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "LOOK_S", 0.05)
    monkeypatch.setattr(live_pages, "BEAT_S", 0.1)


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """What a stream tells, an event after the other, until it ends."""
    name, number = "", ""
    async for line in answer.content:
        word, _, rest = line.decode().rstrip("\n").partition(": ")
        if word == "event":
            name = rest
        elif word == "id":
            number = rest
        elif word == "data" and name:
            yield name, json.loads(rest)
            yield "id", number
            name = ""


async def until(several: AsyncIterator[Event], fits: Any) -> Any:
    """What the first event that fits tells."""
    async with asyncio.timeout(20):
        async for name, data in several:
            if fits(name, data):
                return data
    raise AssertionError("the stream ended")


async def put(office: Office, key: str, **values: Any) -> int:
    given = {"kind": "claim_review", "reason": "Look.", "team": "enrollment", "subject_kind": "plugin", **values}
    await office.gateway.write(lambda sql: open_items(sql, [WorkItem(key=key, **given)], office.gateway.clock.now()))
    (row,) = await office.rows(work_items, work_items.c.key == key)
    return int(row.id)


async def test_who_is_not_signed_in_is_told_that_it_has_ended_and_nothing_else(office: Office) -> None:
    async with (
        aiohttp.ClientSession(office.address) as http,
        http.get("/console/live", headers=STREAM, allow_redirects=False) as answer,
    ):
        assert answer.status == 200
        assert await answer.text() == "event: ended\ndata: true\n\n"


async def test_a_count_that_changes_is_told_and_what_a_page_may_ask_for_again(office: Office) -> None:
    await put(office, "live-1", cents=100)
    async with office.signed_in("biller") as browser, browser.http.get("/console/live", headers=STREAM) as answer:
        several = events(answer)
        first = await until(several, lambda name, _: name == "figures")
        assert first["waiting.enrollment.claim_review.items"] == "1"
        assert first["mine.items"] == "0"
        number = await put(office, "live-2", cents=250)
        told = await until(several, lambda name, data: name == "figures" and "queue.items" in data)
        assert told["waiting.enrollment.claim_review.items"] == "2"
        assert told["waiting.enrollment.claim_review.cents"] == "$3.50"
        assert "stage.paid.items" not in told
        assert "queue" in await until(several, lambda name, _: name == "changed")
        await office.gateway.write(lambda sql: verbs.claim(sql, [number], "biller", office.gateway.clock.now()))
        mine = await until(several, lambda name, data: name == "figures" and "mine.items" in data)
        assert (mine["mine.items"], mine["mine.cents"]) == ("1", "$2.50")


async def test_a_tab_that_comes_again_is_told_what_changed_meanwhile(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        async with browser.http.get("/console/live", headers=STREAM) as answer:
            number = await until(events(answer), lambda name, data: name == "id" and data)
        await put(office, "live-3")
        await asyncio.sleep(0.2)
        async with browser.http.get(f"/console/live?seen={number}", headers=STREAM) as answer:
            assert await until(events(answer), lambda name, _: name == "changed") == ["queue"]


def stands(told: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(one["id"], one["state"]) for one in told]


async def test_how_far_a_file_has_come_is_told(office: Office) -> None:
    row = await office.claim(8501)
    async with office.signed_in("viewer") as browser, browser.http.get("/console/live", headers=STREAM) as answer:
        several = events(answer)
        await until(several, lambda name, data: name == "files" and (row.file_id, "Read") in stands(data))
        await office.gateway.write(
            lambda sql: sql.execute(update(files).where(files.c.id == row.file_id).values(state="reading"))
        )
        moved = await until(several, lambda name, data: name == "files" and (row.file_id, "Reading") in stands(data))
        (told,) = [one for one in moved if one["id"] == row.file_id]
        assert (told["tone"], told["claims"]) == ("wait", "2 so far")
        await office.gateway.write(
            lambda sql: sql.execute(update(files).where(files.c.id == row.file_id).values(state="read"))
        )


async def test_a_stream_ends_with_its_session(office: Office) -> None:
    async with office.signed_in("poster") as browser, browser.http.get("/console/live", headers=STREAM) as answer:
        several = events(answer)
        await until(several, lambda name, _: name == "figures")
        await browser.post("/console/sign-out")
        assert await until(several, lambda name, _: name == "ended") is True
        async with asyncio.timeout(5):
            assert [one async for one in several if one[0] != "id"] == []


async def test_neither_a_stream_nor_what_a_page_asks_for_by_itself_keeps_somebody_signed_in(office: Office) -> None:
    await office.user("asleep", "biller")
    long_ago = office.gateway.clock.now() - dt.timedelta(minutes=29)
    async with office.signed_in("asleep") as browser:
        mine = await _session(office, browser)
        await office.gateway.write(lambda sql: sql.execute(update(sessions).where(mine).values(seen_at=long_ago)))
        async with browser.http.get("/console/live", headers=STREAM) as answer:
            several = events(answer)
            await until(several, lambda name, _: name == "figures")
            status, _ = await browser.get("/console/", headers={"HX-Request": "true", "X-Live": "1"})
            assert status == 200
            (row,) = await office.rows(sessions, mine)
            assert row.seen_at == long_ago
            idle = long_ago - dt.timedelta(minutes=2)
            await office.gateway.write(lambda sql: sql.execute(update(sessions).where(mine).values(seen_at=idle)))
            assert await until(several, lambda name, _: name == "ended") is True


async def _session(office: Office, browser: Browser) -> Any:
    (cookie,) = [one for one in browser.http.cookie_jar if one.key == "hme_session"]
    return sessions.c.hash == users.hash_of(cookie.value)


async def test_one_session_has_so_many_streams_and_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_EACH", 1)
    async with office.signed_in("manager") as browser:
        async with browser.http.get("/console/live", headers=STREAM) as answer:
            await until(events(answer), lambda name, _: name == "figures")
            async with browser.http.get("/console/live", headers=STREAM) as refused:
                assert refused.status == 503

        async def again() -> bool:
            async with browser.http.get("/console/live", headers=STREAM) as answer:
                return answer.status == 200

        assert await running.until(again, "the stream that went away has made room")


async def test_what_a_stream_tells_has_nothing_of_a_patient_and_is_no_look(office: Office) -> None:
    row = await office.claim(8502)
    await put(office, "live-4", reason="MARKER-OF-A-PATIENT", claim_id=row.id)
    async with office.signed_in("viewer") as browser:
        status, text = await browser.get("/console/live")
        assert status == 200
        assert json.loads(text)["queue.items"]
        for secret in ("MARKER-OF-A-PATIENT", row.member_id, row.source_claim_number):
            assert secret not in text
    assert await office.rows(access_log, access_log.c.what == "GET /console/live") == []


class _Books:
    """A server whose database says what it is told to."""

    def __init__(self, office: Office) -> None:
        self.services = office.gateway.services
        self.reads = 0

    async def read(self, *_: object) -> Standing:
        self.reads += 1
        if self.reads == 2:
            raise ConnectionError("away")
        return Standing({}, [], {}, [FileNow(1, "read", self.reads, 0)])


async def test_a_database_that_is_away_for_a_moment_ends_no_stream(office: Office) -> None:
    books = _Books(office)
    live = Live(books)  # type: ignore[arg-type]
    known = await live.now()
    assert live.enter("s")
    fresh = await live.wait(known, 10)
    assert books.reads >= 3
    assert fresh.standing.files[0].claims >= 3
    live.leave("s")
    await live.close(None)  # type: ignore[arg-type]
    assert not live.enter("s")


async def test_the_same_look_twice_is_no_news() -> None:
    one, other = (seen(Standing({}, [], {}, [FileNow(1, "read", 2, 300)]), {}) for _ in range(2))
    assert one == other


async def test_a_page_does_not_wait_for_a_look_that_takes_long(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Live(office.gateway)
    first = await looks.now()
    await put(office, "live-long")
    monkeypatch.setattr(live_module, "FRESH_S", 0.0)
    monkeypatch.setattr(live_module, "LONG_S", -1.0)
    assert await looks.now() is first, "what was seen before, at once"
    assert looks._beside is not None
    await looks._beside
    fresh = await looks.now()
    assert fresh is not first
    await asyncio.gather(looks._beside)
    monkeypatch.setattr(live_module, "OLD_S", 0.0)
    await put(office, "live-longer")
    assert await looks.now() is not fresh, "but not for ever"


async def _has_all(browser: Browser) -> bool:
    _, page = await browser.get("/console/")
    return "load delay" not in page


async def test_a_first_page_that_shows_older_figures_asks_once_more_until_it_has_what_changed(office: Office) -> None:
    kept = office.gateway._runner.app[SHARED]  # type: ignore[union-attr]
    async with office.signed_in("viewer") as browser:
        kept._good_for = 0.0
        await running.until(lambda: _has_all(browser), "the page has all that has changed")
        kept._good_for = 300.0
        await put(office, "live-5", team="intake")
        async with browser.http.get("/console/live", headers=STREAM) as answer:
            await until(events(answer), lambda _, data: "waiting.intake.claim_review.items" in data)
        part = {"HX-Request": "true", "X-Live": "1"}
        _, page = await browser.get("/console/", headers=part)
        assert "load delay" in page
        kept._good_for = 0.0
        _, page = await browser.get("/console/", headers=part)
        assert "waiting.intake.claim_review.items" in page
        assert "load delay" not in page
