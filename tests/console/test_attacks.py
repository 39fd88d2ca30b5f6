"""What somebody sends who means no good: other people's sessions, bodies without end, names with paths in them."""

from __future__ import annotations

import asyncio
import copy
import io
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import yarl
from sqlalchemy import update

from gateway.config.models import Web
from gateway.core.store import users
from gateway.core.store.tables import access_log, documents, files
from gateway.core.store.user_tables import sessions
from gateway.web import bodies
from gateway.web.console import guard
from gateway.web.console.guard import COOKIE
from gateway.web.console.typed_words import MOST, TypedWords
from gateway.web.console.upload import LONGEST_FIELD, MOST_PARTS

from ..web import running
from .conftest import PASSWORD, Office, Prepared

pytestmark = pytest.mark.asyncio(loop_scope="module")
MB = 1 << 20


async def cookie_of(office: Office, old: str = "") -> Any:
    """Sign in as a viewer; the cookie that comes."""
    async with (
        aiohttp.ClientSession(office.address, cookies={COOKIE: old} if old else None) as http,
        http.post(
            "/console/sign-in",
            data={"name": "viewer", "password": PASSWORD},
            headers={"Origin": office.address},
            allow_redirects=False,
        ) as answer,
    ):
        return answer.cookies[COOKIE]


async def looks(office: Office, cookie: str) -> int:
    """What the first page answers to a cookie."""
    async with (
        aiohttp.ClientSession(office.address, cookies={COOKIE: cookie}) as http,
        http.get("/console/", allow_redirects=False) as answer,
    ):
        return answer.status


async def test_each_sign_in_makes_another_session_and_ends_the_one_that_came_with_it(prepared: Prepared) -> None:
    office = prepared.office
    first = await cookie_of(office)
    second = await cookie_of(office, first.value)
    assert first.value != second.value
    assert [await looks(office, one.value) for one in (first, second)] == [303, 200]
    kept = await office.rows(sessions)
    assert users.hash_of(second.value) in {row.hash for row in kept}
    assert not any(value in (row.hash, row.csrf) for row in kept for value in (first.value, second.value))
    assert len({row.csrf for row in kept}) == len(kept)


async def test_a_cookie_is_for_the_console_alone_and_no_script(prepared: Prepared) -> None:
    cookie = await cookie_of(prepared.office)
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console", True, "Lax")
    assert (cookie["domain"], cookie["max-age"], cookie["expires"]) == ("", "", "")
    assert len(cookie.value) >= 43


async def test_a_cookie_goes_over_tls_alone_where_there_is_tls(prepared: Prepared) -> None:
    """Behind a proxy that speaks TLS, or with a certificate of our own; on this machine alone without."""
    office = prepared.office
    gateway = office.gateway
    before = gateway.services.config
    assert not (await cookie_of(office))["secure"]
    where = Web.model_validate(dict(before.gateway.web) | {"behind_proxy": True})
    gateway.services.config = copy.copy(before)
    gateway.services.config.gateway = before.gateway.model_copy(update={"web": where})
    try:
        assert (await cookie_of(office))["secure"]
    finally:
        gateway.services.config = before


async def test_what_was_typed_into_a_search_stands_in_no_address_and_belongs_to_its_session(
    prepared: Prepared,
) -> None:
    office = prepared.office
    async with office.signed_in("viewer") as browser, office.signed_in("viewer") as other:
        form = {"csrf": browser.csrf, "q": "FERNSBY"}
        async with browser.http.post("/console/claims", data=form) as answer:
            assert "FERNSBY" not in str(answer.url).upper()
            assert "find=" in str(answer.url)
            assert "FERNSBY, POSY" in await answer.text()
            address = answer.url.path_qs
        assert "FERNSBY" in (await browser.get(address))[1]
        assert 'value="FERNSBY"' not in (await other.get(address))[1]
    said = [row.what for row in await office.rows(access_log)]
    assert not any("FERNSBY" in one.upper() for one in said)


async def test_searches_that_are_kept_do_not_grow_without_end() -> None:
    kept = TypedWords()
    first = kept.keep("a", "one")
    assert kept.words("a", first) == "one"
    assert kept.words("b", first) == ""
    for number in range(MOST):
        kept.keep("a", str(number))
    assert kept.words("a", first) == ""


# --- bodies ----------------------------------------------------------------------------------------


async def endless(first: bytes, size: int = 1 << 40) -> AsyncIterator[bytes]:
    """Bytes as long as somebody takes them."""
    yield first
    sent = 0
    while sent < size:
        yield b"x" * 65_536
        sent += 65_536
        await asyncio.sleep(0)


async def stalling(first: bytes) -> AsyncIterator[bytes]:
    """Some bytes, and then nothing for long."""
    yield first
    await asyncio.sleep(60)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOUND = "----part"
PARTS = {"Content-Type": f"multipart/form-data; boundary={BOUND}"}


def part(name: str, value: str, more: str = "") -> bytes:
    return f'--{BOUND}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


async def send(http: aiohttp.ClientSession, path: str, body: Any, headers: dict[str, str]) -> int:
    """The status of an answer; 413 where the connection is closed on a sender who does not stop."""
    try:
        async with http.post(path, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientConnectionError, ConnectionError):
        return 413


async def test_a_form_without_end_is_refused_before_it_fills_anything(prepared: Prepared) -> None:
    office, ids = prepared
    paper = f"/console/holds/{ids['hold']}/document"
    async with office.signed_in("biller") as browser:
        mark = part("csrf", browser.csrf)
        for path, body, headers in (
            ("/console/queue/many", endless(b"verb=claim&note="), FORM),
            ("/console/queue/many", io.BytesIO(b"a" * (2 * MB)), FORM),
            ("/console/queue/many", io.BytesIO(b"&".join(b"ids=1" for _ in range(300_000))), FORM),
            ("/console/queue/many", endless(part("note", "")[:-2]), PARTS),
            ("/console/sign-in", endless(b"name=viewer&password="), FORM),
            (paper, endless(mark + part("file", "", '; filename="x.pdf"')[:-2]), PARTS),
            (paper, endless(mark + part("kind", "")[:-2]), PARTS),
            (paper, mark + part("file", "x" * (LONGEST_FIELD + 1), "")[:10] + part("a", "x" * 5_000), PARTS),
            (paper, mark + b"".join(part(f"f{n}", "x") for n in range(MOST_PARTS + 1)), PARTS),
        ):
            assert await send(browser.http, path, body, headers) in (400, 403, 413), path
        assert (await browser.get("/console/"))[0] == 200


async def test_what_is_no_form_is_told_in_words(prepared: Prepared) -> None:
    office, ids = prepared
    async with office.signed_in("biller") as browser:
        for body, headers in (
            (b"\xff\xfe=\xff", FORM),
            (b"a=b", {"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}),
            (b"{}", {"Content-Type": "application/json"}),
            (b"no parts at all", PARTS),
            (b"x", {"Content-Type": "multipart/form-data"}),
        ):
            for path in ("/console/queue/many", f"/console/holds/{ids['hold']}/document", "/console/sign-in"):
                async with browser.http.post(path, data=body, headers=headers, allow_redirects=False) as answer:
                    assert answer.status in (400, 403, 413), (path, body, answer.status)


async def test_a_body_that_stops_coming_is_not_waited_for(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    office, ids = prepared
    monkeypatch.setattr(bodies, "SLOW_BODY_S", 0.3)
    submit = await running.token(office.gateway, "slow-sender", "submit", "work")
    async with office.signed_in("biller") as browser:
        paper = part("csrf", browser.csrf) + part("file", "%PDF", '; filename="x.pdf"')[:-2]
        slow = [
            ("/console/queue/many", b"verb=cl", FORM),
            ("/console/queue/many", part("verb", "claim")[:-2], PARTS),
            ("/console/sign-in", b"name=vie", FORM),
            (f"/console/holds/{ids['hold']}/document", paper, PARTS),
            ("/api/v1/sources/billing/files", b"ISA*00*", submit),
            ("/api/v1/documents", b"%PDF", submit | {"Document-Kind": "order"}),
            (f"/api/v1/claims/{ids['rejected']}/resubmit", b'{"reason"', submit),
        ]
        begun = time.monotonic()
        told = asyncio.gather(*(send(browser.http, path, stalling(body), headers) for path, body, headers in slow))
        # Meanwhile somebody else is served.
        assert (await browser.get("/console/queue"))[0] == 200
        assert set(await told) <= {408, 413}
        assert time.monotonic() - begun < 20


# --- names and numbers -----------------------------------------------------------------------------

TRICKS = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    'a"; filename="b.exe',
    "a\r\nSet-Cookie: hme_session=chosen",
    "ünïcode \u202egnp.exe",
    "",
)


async def test_a_download_has_a_name_without_a_path_whatever_was_sent(prepared: Prepared) -> None:
    office, ids = prepared
    async with office.signed_in("viewer") as browser:
        for name in TRICKS:
            for table, number in ((files, ids["file"]), (documents, ids["document"])):
                spoil = update(table).where(table.c.id == int(number)).values(name=name)
                await office.gateway.write(lambda sql, spoil=spoil: sql.execute(spoil))
            for path in (f"/console/files/{ids['file']}/raw", f"/console/documents/{ids['document']}"):
                async with browser.http.get(path) as answer:
                    assert answer.status == 200
                    told = answer.headers["Content-Disposition"]
                    kind, _, rest = told.partition('; filename="')
                    assert kind == "attachment"
                    assert rest.endswith('"'), told
                    assert rest[:-1], told
                    assert not set(rest[:-1]) & set('"/\\\r\n;'), told
                    assert "Set-Cookie" not in answer.headers
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/console/files/..%2f..%2fetc%2fpasswd/raw",
        "/console/files/1%2f..%2f..%2fgateway.db/raw",
        "/console/documents/..%2f..%2fengine.db",
        "/console/static/..%2f..%2f..%2fserver.py",
        "/console/static/%2e%2e/guard.py",
        "/console/static/..%5cguard.py",
        "/console/static/templates",
        "/console/static/console.css%00.html",
    ],
)
async def test_no_address_leads_to_a_file_that_is_not_given_out(prepared: Prepared, path: str) -> None:
    office = prepared.office
    address = yarl.URL(f"{office.address}{path}", encoded=True)
    async with office.signed_in("administrator") as browser, browser.http.get(address) as answer:
        assert answer.status in (400, 404)
        assert "import" not in await answer.text()


ODD = [
    "/console/files?before=²",
    "/console/files?before=९९",
    "/console/batches?before=²",
    "/console/admin/access?before=²",
    "/console/claims?q=²",
    "/console/claims?q=99999999999999999999999999",
    "/console/queue?claim_id=99999999999999999999999999",
    "/console/queue?min=1e400",
    "/console/queue?min=NaN",
    "/console/queue?after=%00",
    "/console/claims?q=%00",
    "/console/files?party=%00",
    "/console/items/१",
    "/console/claims/999999999999999999",
    "/console/admin/access?before=999999999999999999",
    "/console/files?before=999999999999999999",
    "/console/files?kind=%F0%9F%92%8A",
]


@pytest.mark.parametrize("address", ODD)
async def test_an_odd_number_or_letter_is_told_in_words(prepared: Prepared, address: str) -> None:
    async with prepared.office.signed_in("administrator") as browser:
        status, page = await browser.get(address)
    assert status in (200, 400, 404, 422), (address, status)
    assert "<h1>" in page


async def test_ticked_numbers_that_are_none_are_not_looked_for(prepared: Prepared) -> None:
    async with prepared.office.signed_in("poster") as browser:
        for odd in ("²", "9" * 30, "-1", "1e3", "\x00"):
            for path in ("/console/queue/many", "/console/exceptions/again"):
                status, _ = await browser.post(path, verb="claim", ids=odd)
                assert status in (400, 422), (path, odd)


async def test_a_name_locked_out_says_so_alike_for_all_and_leaves_others_in(prepared: Prepared) -> None:
    """Wrong passwords lock the name they were typed for, in every spelling, and nobody else."""
    office = prepared.office
    await office.user("victim", "biller")
    headers = {"Origin": office.address}
    async with aiohttp.ClientSession(office.address) as http:
        for spelling in ("victim", "VICTIM", " victim ", "Victim", "victim"):
            form = {"name": spelling, "password": "wrong wrong wrong"}
            async with http.post("/console/sign-in", data=form, headers=headers) as answer:
                assert answer.status == 403
        form = {"name": "victim", "password": PASSWORD}
        async with http.post("/console/sign-in", data=form, headers=headers) as answer:
            assert "Too many wrong passwords" in await answer.text()
    assert (await cookie_of(office)).value
    refused = await office.rows(access_log, access_log.c.who == "victim")
    assert len(refused) == 6


async def test_who_sends_a_form_says_where_from(prepared: Prepared) -> None:
    """A page of another site with the same name and another port is another site."""
    office = prepared.office
    host = office.address.removeprefix("http://")
    form = {"name": "viewer", "password": PASSWORD}
    async with aiohttp.ClientSession(office.address) as http:
        for origin in (f"{office.address}1", f"http://{host}.elsewhere.test", f"http://elsewhere.test/{host}", "null"):
            async with http.post("/console/sign-in", data=form, headers={"Origin": origin}) as answer:
                assert answer.status == 403, origin
    assert guard.COOKIE == COOKIE
