"""A gateway with claims in it (some refused, some held), and people of every role who sign in to it."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from gateway.core.flow.manual_holds import add_hold
from gateway.core.store import users
from gateway.core.store.tables import claims
from gateway.core.work.deadlines import Deadlines
from gateway.server import Gateway
from gateway.web.console import figure_pages, kept_figure, live, queue_pages

from ..web import running
from ..web.house import claims_of
from ..web.test_again import _refused as refuse

PASSWORD = "a long pass phrase for tests"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
ROLES = ("viewer", "biller", "poster", "manager", "administrator")
KEPT = users.hashed(PASSWORD)


class Browser(NamedTuple):
    """Somebody who is signed in: a client with their cookie, and the mark that their forms carry."""

    http: aiohttp.ClientSession
    csrf: str
    name: str

    async def get(self, path: str, **more: Any) -> tuple[int, str]:
        async with self.http.get(path, allow_redirects=False, **more) as answer:
            return answer.status, await answer.text(errors="replace")

    async def post(self, path: str, **fields: Any) -> tuple[int, str]:
        data = aiohttp.FormData({"csrf": self.csrf, **fields})
        async with self.http.post(path, data=data) as answer:
            return answer.status, await answer.text(errors="replace")


class Office(NamedTuple):
    """A gateway that runs, and where it listens."""

    gateway: Gateway
    address: str

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        return await self.gateway.read(running.rows, table, *where)

    async def user(self, name: str, role: str, *teams: str) -> users.User:
        now = self.gateway.clock.now()
        return await self.gateway.write(lambda sql: users.add(sql, name, KEPT, role, now, teams=teams))

    @contextlib.asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[Browser]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.address, cookie_jar=jar) as http:
            form = {"name": name, "password": PASSWORD}
            async with http.post("/console/sign-in", data=form, headers={"Origin": self.address}) as answer:
                assert answer.status == 200, await answer.text()
                found = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
            assert found is not None
            yield Browser(http, found[1], name)

    async def claim(self, seed: int) -> Any:
        """The first of two invented claims that have come in."""
        import io

        from gateway.core.flow import receive

        gateway = self.gateway
        data = claims_of(seed, 2)
        got = await receive.receive(
            gateway.write, gateway.archive, "billing", f"{seed}.837", io.BytesIO(data), gateway.clock.now()
        )
        gateway.engine.poke()
        await running.read_to_the_end(gateway, got.file_id)
        return (await self.rows(claims, claims.c.file_id == got.file_id))[0]

    async def refused(self, seed: int) -> Any:
        """A claim that a clearinghouse has refused."""
        row = await self.claim(seed)
        await self.gateway.write(refuse, row.id)
        (found,) = await self.rows(claims, claims.c.id == row.id)
        return found

    async def held(self, seed: int) -> tuple[Any, int]:
        """A claim that waits for a paper, and its hold."""
        row = await self.claim(seed)
        services = self.gateway.services
        now = self.gateway.clock.now()

        def hold(connection: Any) -> Any:
            connection.execute(claims.update().where(claims.c.id == row.id).values(state="ready"))
            return add_hold(
                connection, row.id, "sam", "The order is not signed.", now, now.date(),
                Deadlines.of(services.config.tables), team="documentation",
            )  # fmt: skip

        done = await self.gateway.write(hold)
        return row, done.hold_id


@pytest.fixture(scope="session", autouse=True)
def _pages_wait_for_what_they_show() -> Iterator[None]:
    """However busy the machine is, they show what is so now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_pages, "PATIENCE_S", 60)
        patch.setattr(kept_figure, "PATIENCE_S", 60)
        patch.setattr(queue_pages, "COUNTED_S", 0.0)
        patch.setattr(live, "LONG_S", 60)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    gateway = Gateway(running.read_config(running.write_config(folder)), executor="office")
    await gateway.start()
    try:
        found = Office(gateway, f"http://127.0.0.1:{gateway.port}")
        for role in ROLES:
            await found.user(role, role)
        yield found
    finally:
        await gateway.stop()
        patch.undo()


class Prepared(NamedTuple):
    """An office in the middle of its day, and the ids of what is in it."""

    office: Office
    ids: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    from . import prepared as preparing

    async with preparing.opened(tmp_path_factory.mktemp("prepared")) as office:
        yield Prepared(office, await preparing.prepare(office))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def signed_in(chromium: Any, office: Office, name: str) -> tuple[Any, list[str]]:
    """A page of somebody who has signed in, and what the browser complains of."""
    page = await (await chromium.new_context(viewport={"width": 1280, "height": 860})).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(f"{office.address}/")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Where things stand").wait_for()
    return page, said
