"""Signing in through a provider: who comes in and as what, and everything that is not believed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from gateway.config.sign_on import Role, SignOn
from gateway.core.store import sign_on, users
from gateway.core.store.sign_on_tables import user_logins
from gateway.core.store.tables import access_log
from gateway.core.store.user_tables import users as user_rows
from gateway.web.console import provider as provider_module

from ..web import running
from ..work.desk import NOW
from .conftest import PASSWORD, Office
from .provider_process import CLIENT, SECRET, WRONG

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROLES = {"office": "biller", "leads": "manager", "it": "administrator"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settings(issuer: str, address: str, **more: Any) -> SignOn:
    given = {
        "issuer": issuer,
        "client_id": CLIENT,
        "address": address,
        "roles": ROLES,
        "teams": {"denial-team": "denials"},
    }
    return SignOn.model_validate(given | {"name": "Stillwater", "client_secret": "env:SIGN_ON_SECRET"} | more)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(office: Office) -> AsyncIterator[str]:
    """A provider that runs, which the office's gateway is told of; its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.console.provider_process", str(port), office.address,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    issuer = f"http://127.0.0.1:{port}"
    patch = pytest.MonkeyPatch()
    patch.setenv("SIGN_ON_SECRET", SECRET)
    use(office, settings(issuer, office.address))

    async def answers() -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as http, http.get(f"{issuer}/keys") as answer:
                return answer.status == 200
        return False

    try:
        await running.until(answers, "the provider answers")
        yield issuer
    finally:
        use(office, None)
        process.terminate()
        await process.wait()
        patch.undo()


def use(office: Office, found: SignOn | None) -> None:
    """The running gateway's configuration, with this provider."""
    services = office.gateway.services
    gateway = services.config.gateway
    web = gateway.web.model_copy(update={"sign_on": found})
    object.__setattr__(services.config, "gateway", gateway.model_copy(update={"web": web}))


@contextlib.asynccontextmanager
async def somebody() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield http


async def off(http: aiohttp.ClientSession, office: Office, who: str, to: str = "/console/queue") -> str:
    """Off to the provider as this person; the address with which it sends the browser back."""
    async with http.get(f"{office.address}/console/sso", params={"next": to}, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        where = answer.headers["Location"]
    async with http.get(f"{where}&as={who}", allow_redirects=False) as answer:
        assert answer.status == 303
        return answer.headers["Location"]


async def came_in(http: aiohttp.ClientSession, office: Office, who: str) -> tuple[int, str, str]:
    """Status, where it leads to, and the page."""
    async with http.get(await off(http, office, who), allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


# --- what is not believed --------------------------------------------------------------------------


@pytest.mark.parametrize("who", WRONG)
async def test_what_the_provider_did_not_sign_for_us_and_for_now_lets_nobody_in(
    office: Office, there: str, who: str
) -> None:
    async with somebody() as http:
        status, _, page = await came_in(http, office, who)
        assert (status, "cannot be believed" in page or "for somebody else" in page) == (403, True)
        async with http.get(f"{office.address}/console/", allow_redirects=False) as answer:
            assert answer.status == 303


async def test_a_state_of_another_browser_or_none_lets_nobody_in(office: Office, there: str) -> None:
    async with somebody() as victim, somebody() as thief:
        back = await off(thief, office, "maria")
        for address in (back, f"{office.address}/console/sso/back?code=x", f"{office.address}/console/sso/back"):
            async with victim.get(address, allow_redirects=False) as answer:
                assert answer.status == 403
                assert "not begun in this browser" in await answer.text()
        await off(victim, office, "maria")
        async with victim.get(back, allow_redirects=False) as answer:
            assert answer.status == 403


async def test_a_code_is_taken_once_and_with_the_proof_of_who_asked_alone(office: Office, there: str) -> None:
    async with somebody() as http:
        back = await off(http, office, "boss")
        kept = next(one for one in http.cookie_jar if one.key == "hme_sign_on")
        asking = json.loads(urlsafe_b64decode(kept.value))
        forged = urlsafe_b64encode(json.dumps([*asking[:2], "another verifier", asking[3]]).encode()).decode()
        async with (
            aiohttp.ClientSession(cookies={"hme_sign_on": forged}) as other,
            other.get(back, allow_redirects=False) as answer,
        ):
            assert answer.status == 403
            assert "does not take the code" in await answer.text()
        async with http.get(back, allow_redirects=False) as answer:
            assert answer.status == 403, "it was used up"


async def test_who_is_in_no_group_with_a_role_or_was_refused_there_does_not_come_in(office: Office, there: str) -> None:
    async with somebody() as http:
        assert (await came_in(http, office, "guest"))[0] == 403
        status, _, page = await came_in(http, office, "nobody")
        assert (status, "You were not signed in at Stillwater" in page) == (403, True)
        status, _, page = await came_in(http, office, "nameless")
        assert (status, "A name has small letters" in page) == (403, True)
    assert await office.rows(user_rows, user_rows.c.name == "guest") == []


async def test_a_name_that_somebody_has_here_is_not_taken_over(office: Office, there: str) -> None:
    async with somebody() as http:
        status, _, page = await came_in(http, office, "thief")
    assert (status, "Somebody here has your name already" in page) == (403, True)
    assert await office.rows(user_logins, user_logins.c.subject == "6666") == []


async def test_a_provider_that_is_away_or_calls_itself_otherwise_is_told_without_details(
    office: Office, there: str
) -> None:
    async with somebody() as http:
        for issuer, words in ((f"http://127.0.0.1:{free_port()}", "cannot be reached"), (f"{there}/", "otherwise")):
            use(office, settings(issuer, office.address))
            async with http.get(f"{office.address}/console/sso", allow_redirects=False) as answer:
                assert (answer.status, words in await answer.text()) == (403, True)
    use(office, settings(there, office.address))


# --- who comes in ----------------------------------------------------------------------------------


async def test_somebody_comes_in_with_the_role_and_teams_of_their_groups(office: Office, there: str) -> None:
    async with somebody() as http:
        async with http.get(f"{office.address}/console/sign-in") as answer:
            assert "Sign in with Stillwater" in await answer.text()
        assert (await came_in(http, office, "maria"))[:2] == (303, "/console/queue")
        async with http.get(f"{office.address}/console/") as answer:
            page = await answer.text()
        assert "Maria Doe" in page
        assert "biller · Denials" in page
    said = [row.what for row in await office.rows(access_log, access_log.c.who == "maria")]
    assert said[0] == "signed in through the provider"
    async with somebody() as http:
        assert (await came_in(http, office, "maria-promoted"))[0] == 303
    (row,) = await office.rows(user_rows, user_rows.c.name == "maria")
    assert (row.role, row.teams) == ("manager", "")
    assert len(await office.rows(user_logins, user_logins.c.subject == "1001")) == 1


async def test_who_has_no_password_here_does_not_sign_in_with_one(office: Office, there: str) -> None:
    async with somebody() as http:
        await came_in(http, office, "boss")
    for password in ("", PASSWORD):
        form = {"name": "the.boss", "password": password}
        async with (
            somebody() as http,
            http.post(f"{office.address}/console/sign-in", data=form, headers={"Origin": office.address}) as answer,
        ):
            assert answer.status == 403


async def test_who_is_disabled_here_does_not_come_in_through_the_provider(office: Office, there: str) -> None:
    async with somebody() as http:
        await came_in(http, office, "boss")
        await office.gateway.write(users.disable, "the.boss", office.gateway.clock.now())
        status, _, page = await came_in(http, office, "boss")
        assert (status, "may not come in here any more" in page) == (403, True)
        await office.gateway.write(users.enable, "the.boss")


async def test_keys_that_the_provider_has_changed_are_asked_for_again(
    office: Office, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "KEYS_AGAIN_S", 0.0)
    async with somebody() as http:
        assert (await came_in(http, office, "maria"))[0] == 303
        async with http.post(f"{there}/rotate"):
            pass
        assert (await came_in(http, office, "maria"))[0] == 303


async def test_what_goes_to_the_provider_has_proof_and_no_secret(office: Office, there: str) -> None:
    async with somebody() as http:
        async with http.get(f"{office.address}/console/sso?next=//evil.test/", allow_redirects=False) as answer:
            asked = parse_qs(urlsplit(answer.headers["Location"]).query)
            cookie = answer.cookies["hme_sign_on"]
        assert asked["redirect_uri"] == [f"{office.address}/console/sso/back"]
        assert asked["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= set(asked)
        assert SECRET not in str(asked)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/console/sso")
        assert json.loads(urlsafe_b64decode(cookie.value))[3] == "/console/"


async def test_without_a_provider_in_the_configuration_there_is_no_such_door(office: Office) -> None:
    use(office, None)
    async with somebody() as http:
        for path in ("/console/sso", "/console/sso/back?code=x&state=y"):
            async with http.get(f"{office.address}{path}", allow_redirects=False) as answer:
                assert answer.status == 404
        async with http.get(f"{office.address}/console/sign-in") as answer:
            assert "/console/sso" not in await answer.text()


# --- what may be configured ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.org"},
        {"address": "http://gateway.example.org"},
        {"issuer": "https://me:pw@login.example.org"},
        {"issuer": "https://login.example.org/?tenant=1"},
        {"roles": {}},
        {"roles": {"office": "owner"}},
        {"scopes": ("profile",)},
        {"teams": {"x": "No Team"}},
        {"client_secret": "the secret itself"},
    ],
)
async def test_a_provider_that_is_not_over_tls_or_gives_no_role_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**{"issuer": "https://login.example.org", "address": "https://gateway.example.org"} | wrong)


async def test_roles_of_a_provider_are_those_of_users() -> None:
    assert set(get_args(Role)) == set(users.ROLES)
    assert sign_on.strongest(["office", "leads", "x"], ROLES) == "manager"
    assert sign_on.strongest(["x"], ROLES) == ""


async def test_the_only_one_who_administers_is_not_taken_that_by_a_group(engine: Engine) -> None:
    who = sign_on.Vouched("https://login.example.org", "7", "root", "", "administrator", ())

    def enter(connection: Connection, role: str) -> users.User:
        return sign_on.enter(connection, who._replace(role=role), NOW)

    with engine.begin() as sql:
        assert enter(sql, "administrator").role == "administrator"
        with pytest.raises(users.NoUser):
            enter(sql, "viewer")
