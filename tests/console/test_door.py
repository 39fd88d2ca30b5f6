"""The door: who comes in, who does not, and what a cookie is worth."""

from __future__ import annotations

import datetime as dt
import re

import aiohttp
import pytest
from sqlalchemy import update

from gateway.core.store import users
from gateway.core.store.tables import access_log
from gateway.core.store.user_tables import sessions
from gateway.core.store.user_tables import users as user_rows
from gateway.web.api import make_app
from gateway.web.console.guard import COOKIE

from .conftest import PASSWORD, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
OPEN = ("/console/sign-in", "/console/static/", "/console", "/console/sso", "/console/sso/back")


def pages(office: Office) -> list[tuple[str, str]]:
    """Every page of the console that is not open to all: method and address, with numbers and names filled in."""
    found = []
    for route in make_app(office.gateway).router.routes():
        resource = route.resource
        path = resource.canonical if resource is not None else ""
        if not path.startswith("/console") or route.method == "HEAD":
            continue
        if path in OPEN or path.startswith("/console/static/"):
            continue
        path = path.replace("{verb}", "claim").replace("{what}", "enable").replace("{name}", "viewer")
        found.append((route.method, re.sub(r"\{[^}]+\}", "1", path)))
    return found


async def sign_in(office: Office, name: str, password: str, **more: str) -> tuple[int, str, str]:
    """Status, where it leads to, and the page."""
    async with (
        aiohttp.ClientSession(office.address) as http,
        http.post(
            "/console/sign-in",
            data={"name": name, "password": password, **more},
            headers={"Origin": office.address},
            allow_redirects=False,
        ) as answer,
    ):
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_no_page_is_shown_to_who_is_not_signed_in(office: Office) -> None:
    every = pages(office)
    assert len(every) > 30
    async with aiohttp.ClientSession(office.address) as http:
        for method, path in every:
            async with http.request(method, path, allow_redirects=False) as answer:
                assert answer.status == 303, (method, path)
                assert answer.headers["Location"].startswith("/console/sign-in"), (method, path)


async def test_a_wrong_password_a_wrong_name_and_one_that_is_disabled_are_answered_alike(office: Office) -> None:
    await office.user("gone", "biller")
    await office.gateway.write(users.disable, "gone", office.gateway.clock.now())
    answers = [
        await sign_in(office, "viewer", "not the password"),
        await sign_in(office, "nobody-of-this-name", "not the password"),
        await sign_in(office, "gone", PASSWORD),
    ]
    assert {status for status, _, _ in answers} == {403}
    assert all(users.WRONG in page for _, _, page in answers)
    assert not any(PASSWORD in page or "not the password" in page for _, _, page in answers)


async def test_after_five_wrong_passwords_the_right_one_waits(office: Office) -> None:
    await office.user("hasty", "biller")
    for _ in range(users.MOST_FAILURES):
        await sign_in(office, "hasty", "wrong wrong wrong")
    status, _, page = await sign_in(office, "hasty", PASSWORD)
    assert status == 403
    assert "Too many wrong passwords" in page
    await office.gateway.write(users.enable, "hasty")
    status, _, _ = await sign_in(office, "hasty", PASSWORD)
    assert status == 303
    said = [row.what for row in await office.rows(access_log, access_log.c.who == "hasty")]
    assert said[-2:] == ["sign-in refused: locked out", "signed in"]


@pytest.mark.parametrize(
    "address", ["https://elsewhere.test/", "//elsewhere.test/console/", "/console/\\evil", "x", ""]
)
async def test_signing_in_leads_nowhere_outside(office: Office, address: str) -> None:
    status, location, _ = await sign_in(office, "viewer", PASSWORD, next=address)
    assert (status, location) == (303, "/console/")


async def test_signing_in_makes_a_new_session_whatever_cookie_was_there(office: Office) -> None:
    async with aiohttp.ClientSession(office.address, cookies={COOKIE: "chosen-by-somebody-else"}) as http:
        form = {"name": "viewer", "password": PASSWORD}
        async with http.post(
            "/console/sign-in", data=form, headers={"Origin": office.address}, allow_redirects=False
        ) as answer:
            cookie = answer.cookies[COOKIE]
    assert cookie.value != "chosen-by-somebody-else"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not await office.rows(sessions, sessions.c.hash == users.hash_of("chosen-by-somebody-else"))
    assert not await office.rows(sessions, sessions.c.hash == cookie.value)


async def test_a_form_of_another_site_is_not_taken(office: Office) -> None:
    form = {"name": "viewer", "password": PASSWORD}
    async with (
        aiohttp.ClientSession(office.address) as http,
        http.post("/console/sign-in", data=form, headers={"Origin": "https://elsewhere.test"}) as answer,
    ):
        assert answer.status == 403
    async with office.signed_in("administrator") as browser:
        for headers, mark in (({"Origin": "https://elsewhere.test"}, browser.csrf), ({}, "wrong"), ({}, "")):
            async with browser.http.post("/console/sign-out", data={"csrf": mark}, headers=headers) as answer:
                assert answer.status == 403
        status, _ = await browser.get("/console/")
        assert status == 200


async def test_who_signs_out_is_out_also_with_a_copy_of_the_cookie(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        (cookie,) = [one for one in browser.http.cookie_jar if one.key == COOKIE]
        await browser.post("/console/sign-out")
        async with (
            aiohttp.ClientSession(office.address, cookies={COOKIE: cookie.value}) as http,
            http.get("/console/", allow_redirects=False) as answer,
        ):
            assert answer.status == 303


async def test_who_does_nothing_for_long_signs_in_again_and_who_is_disabled_is_out_at_once(office: Office) -> None:
    await office.user("idle", "biller")
    async with office.signed_in("idle") as browser:
        long_ago = office.gateway.clock.now() - dt.timedelta(minutes=31)
        mine = user_rows.select().where(user_rows.c.name == "idle")
        ((user_id, *_),) = await office.gateway.read(lambda sql: sql.execute(mine).all())
        of_mine = update(sessions).where(sessions.c.user_id == user_id)
        await office.gateway.write(lambda sql: sql.execute(of_mine.values(seen_at=long_ago)))
        assert (await browser.get("/console/queue"))[0] == 303
        status, page = await browser.get("/console/queue", headers={"HX-Request": "true"})
        assert (status, page) == (200, "")
    async with office.signed_in("idle") as browser:
        await office.gateway.write(users.disable, "idle", office.gateway.clock.now())
        assert (await browser.get("/console/"))[0] == 303


async def test_pages_go_out_with_what_keeps_others_away_from_them(office: Office) -> None:
    async with office.signed_in("viewer") as browser, browser.http.get("/console/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<script>" not in await answer.text()


@pytest.mark.parametrize("name", ["..%2f..%2fentry.py", "..%2Fconsole.css", "nothing.js", "%2e%2e"])
async def test_only_files_of_the_console_are_given_out(office: Office, name: str) -> None:
    import yarl

    address = yarl.URL(f"{office.address}/console/static/{name}", encoded=True)
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        assert answer.status == 404
