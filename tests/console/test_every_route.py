"""Every route of the console, along the table of examples: without sign-in, with each role, with another team's work,
with forms that are not ours; and how much a page weighs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from gateway.core.store.tables import access_log, holds, requests, touches, work_items
from gateway.web.console.guard import COOKIE
from gateway.web.console.render import FOLDER

from .conftest import ROLES, Browser, Prepared
from .example import LOOK, MAY, POST, WORK
from .examples import EXAMPLES, NO_SIGN_IN, Walk, missing, routes, walk

pytestmark = pytest.mark.asyncio(loop_scope="module")
API_OPEN = frozenset({"GET /healthz", "GET /readyz"})
IN_PATHS = {"{date}": "2026-11-02", "{verb}": "claim"}
"""What stands in an address of the API where a number does not do."""
LARGEST_PAGE = 100_000
_DATA = re.compile(r"<tbody.*?</tbody>|<ol class=\"timeline\">.*?</ol>|<details class=\"loop\".*?</details>|<dl.*?</dl>", re.S)  # fmt: skip # noqa: E501


def form_of(one: Walk, ids: Mapping[str, str], csrf: str) -> aiohttp.FormData:
    """The fields of an example, with a mark or without one; the mark before a file."""
    fields = {name: value.format(**ids) for name, value in one.example.form.items()}
    form = aiohttp.FormData({"csrf": csrf, **fields} if csrf else fields)
    if one.example.file:
        form.add_field("file", b"%PDF-1.4 no paper", filename="x.pdf", content_type="application/pdf")
    return form


async def go(browser: Browser, one: Walk, ids: Mapping[str, str], csrf: str | None = None, **more: Any) -> Any:
    """The status, the headers and the page."""
    mark = browser.csrf if csrf is None else csrf
    data = form_of(one, ids, mark) if one.method == "POST" else None
    async with browser.http.request(one.method, one.address, data=data, allow_redirects=False, **more) as answer:
        return answer.status, answer.headers, await answer.text(errors="replace")


async def test_every_route_has_an_example(prepared: Prepared) -> None:
    assert missing(prepared.office) == ""


async def test_without_sign_in_no_route_says_anything(prepared: Prepared) -> None:
    every = walk(prepared.ids)
    assert len(every) > 60
    async with aiohttp.ClientSession(prepared.office.address) as http:
        for one in every:
            nobody = Browser(http, "", "")
            status, headers, page = await go(nobody, one, prepared.ids)
            assert (status, page) == (303, ""), one
            assert headers["Location"].startswith("/console/sign-in"), one
            status, headers, page = await go(nobody, one, prepared.ids, headers={"HX-Request": "true"})
            assert (status, page) == (200, ""), one
            assert headers["HX-Redirect"].startswith("/console/sign-in"), one


async def test_the_stream_says_nothing_without_sign_in(prepared: Prepared) -> None:
    async with (
        aiohttp.ClientSession(prepared.office.address) as http,
        http.get("/console/live", headers={"Accept": "text/event-stream"}, allow_redirects=False) as answer,
    ):
        said = await answer.text()
    assert "ended" in said
    assert len(said) < 100


async def test_without_a_token_no_route_of_the_api_says_anything(prepared: Prepared) -> None:
    """Beside the console: everything else that the router knows, and what plugins bring."""
    of_plugins = [
        f"{route.method} /api/v1/plugins/{one.plugin.name}{route.path}"
        for one in prepared.office.gateway.config.declared.values()
        for route in one.routes
    ]
    assert of_plugins
    async with aiohttp.ClientSession(prepared.office.address) as http:
        for route in [*routes(prepared.office), *of_plugins]:
            method, path = route.split(" ")
            if path.startswith("/console") or route in API_OPEN | NO_SIGN_IN:
                continue
            if path == "/api/v1/plugins/{plugin}/{path}":
                continue  # a name and a path of nobody's: those that there are follow
            for headers in ({}, {"Authorization": "Bearer hme_nobody"}, {"Cookie": f"{COOKIE}=x"}):
                address = re.sub(r"\{[^}]+\}", lambda name: IN_PATHS.get(name[0], "1"), path)
                async with http.request(method, address, headers=headers, allow_redirects=False) as answer:
                    assert answer.status == 401, (route, answer.status)


async def test_each_role_comes_to_what_the_table_says_and_nowhere_else(prepared: Prepared) -> None:
    """Allowed forms are sent with little in them: they are understood, refused or done, and fail nowhere."""
    every = [one for one in walk(prepared.ids) if one.address != "/console/sign-out"]
    for role in ROLES:
        async with prepared.office.signed_in(role) as browser:
            for one in every:
                status, _, page = await go(browser, one, prepared.ids)
                if role in MAY[one.example.right]:
                    fine = (200, 303) if one.method == "GET" and one.example.there else (200, 303, 404, 409, 422)
                    assert status in fine, (role, one, status)
                    assert "Not for your role" not in page, (role, one)
                else:
                    assert status == 403, (role, one)
                    assert "Not for your role" in page, (role, one)


async def test_who_may_only_look_changes_nothing_by_any_route(prepared: Prepared) -> None:
    """Nothing that looks is a POST but what is looked for; and every POST of the table wants more than looking."""
    looking = {key for key, one in EXAMPLES.items() if key.startswith("POST") and one.right == LOOK}
    assert looking == {"POST /console/sign-out", "POST /console/claims", "POST /console/files/{id}/laid"}


async def test_another_teams_item_is_not_touched_by_any_verb(prepared: Prepared) -> None:
    office, ids = prepared
    every = [one for one in walk(ids) if one.example.teams]
    assert len(every) >= 9
    before = [await office.rows(table) for table in (holds, touches, work_items)]
    for who, right in (("elsewhere", WORK), ("afar", POST)):
        async with office.signed_in(who) as browser:
            for one in every:
                if one.example.right == right:
                    status, _, page = await go(browser, one, ids)
                    assert status == 403, one
                    assert "Another team" in page, one
    assert [await office.rows(table) for table in (holds, touches, work_items)] == before


async def test_no_form_is_taken_without_the_mark_of_its_session(prepared: Prepared) -> None:
    """No mark, a wrong one, another session's; in fields, in a header, in a form with a file that the page expects or
    does not; and the right mark from another site."""
    office, ids = prepared
    every = [one for one in walk(ids) if one.method == "POST"]
    before = [await office.rows(table) for table in (holds, touches, work_items, requests)]
    async with office.signed_in("administrator") as other, office.signed_in("administrator") as browser:
        for one in every:
            for mark in ("", "wrong", other.csrf):
                status, _, page = await go(browser, one, ids, csrf=mark)
                assert status == 403, (one, mark)
                assert "Try again" in page
            status, _, _ = await go(browser, one, ids, csrf="", headers={"X-CSRF": other.csrf})
            assert status == 403, one
            with aiohttp.MultipartWriter("form-data") as body:
                body.append("claim", {"Content-Disposition": 'form-data; name="verb"'})
            async with browser.http.post(one.address, data=body, allow_redirects=False) as answer:
                assert answer.status == 403, (one, "a form with parts")
            for site in ({"Origin": "https://elsewhere.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
                status, _, _ = await go(browser, one, ids, headers=site)
                assert status == 403, (one, site)
        status, page = await browser.get("/console/")
        assert (status, "Where things stand" in page) == (200, True)
    assert [await office.rows(table) for table in (holds, touches, work_items, requests)] == before


async def test_every_look_at_every_address_is_in_the_access_log(prepared: Prepared) -> None:
    office, ids = prepared
    async with office.signed_in("administrator") as browser:
        for one in walk(ids):
            if one.method != "GET" or not one.example.noted:
                continue
            path = one.address.partition("?")[0]
            before = len(await office.rows(access_log, access_log.c.what == f"GET {path}"))
            await go(browser, one, ids)
            looks = await office.rows(access_log, access_log.c.what == f"GET {path}")
            assert len(looks) == before + 1, one
            assert (looks[-1].who, looks[-1].source) == ("administrator", "127.0.0.1")


async def test_a_page_weighs_less_than_100_kb_besides_its_data(prepared: Prepared) -> None:
    """With scripts, styles and pictures, none of it packed; what lists show is data."""
    kept = sum(path.stat().st_size for path in (FOLDER / "static").iterdir())
    heaviest = {}
    async with prepared.office.signed_in("administrator") as browser:
        for one in walk(prepared.ids, pages=True):
            _, _, page = await go(browser, one, prepared.ids)
            heaviest[one.address] = kept + len(_DATA.sub("", page).encode())
    assert {address: size for address, size in heaviest.items() if size > LARGEST_PAGE} == {}


async def test_pages_go_out_with_what_keeps_others_away_from_them(prepared: Prepared) -> None:
    """Also pages that say no, files, and what is sent to sign in."""
    kept = ("Cache-Control", "X-Content-Type-Options")
    async with prepared.office.signed_in("viewer") as browser:
        for one in walk(prepared.ids):
            if one.address == "/console/sign-out":
                continue
            status, headers, page = await go(browser, one, prepared.ids)
            assert headers["Cache-Control"] == "no-store", one
            if status == 303 or not one.example.there:
                continue
            assert all(name in headers for name in kept), one
            if headers["Content-Type"].startswith("text/html"):
                assert "default-src 'none'" in headers["Content-Security-Policy"], one
                assert "unsafe" not in headers["Content-Security-Policy"], one
                assert not re.search(r"<script(?! src)|<style|\sstyle=|\son[a-z]+=|javascript:", page), one
                assert "://" not in re.sub(r"http://www\.w3\.org\S*", "", page.partition("<body")[0]), one
            else:
                assert "attachment" in headers["Content-Disposition"], one
