"""The same pages on the other database: what it takes more strictly fails nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .. import postgres
from . import prepared as preparing
from .conftest import Prepared
from .examples import walk
from .test_attacks import ODD
from .test_every_route import go

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.PostgresServer
) -> AsyncIterator[Prepared]:
    folder = tmp_path_factory.mktemp("there")
    with postgres_server.database() as url:
        (folder / "url").write_text(url)
        more = f"web: {{port: 0}}\ndatabase: {{url: 'file:{folder / 'url'}'}}"
        async with preparing.opened(folder, more) as office:
            yield Prepared(office, await preparing.prepare(office))


async def test_every_page_and_form_is_answered(there: Prepared) -> None:
    async with there.office.signed_in("administrator") as browser:
        for one in walk(there.ids):
            if one.address != "/console/sign-out":
                status, _, _ = await go(browser, one, there.ids)
                assert status < 500, one


async def test_searches_find_as_they_do_there(there: Prepared) -> None:
    async with there.office.signed_in("viewer") as browser:
        for words in ("FERNSBY", "FERNSBY, PO", "SWT900112233", "AUTH55120", "NOBODY AT ALL", "²", "9" * 18):
            status, page = await browser.post("/console/claims", q=words)
            assert status == 200, words
            assert ("No claim fits" in page) == (words in ("NOBODY AT ALL", "²", "9" * 18)), words


@pytest.mark.parametrize("address", ODD)
async def test_an_odd_number_or_letter_is_told_in_words(there: Prepared, address: str) -> None:
    async with there.office.signed_in("administrator") as browser:
        status, _ = await browser.get(address)
        assert status in (200, 400, 404, 422), (address, status)
        for name in ("note", "reason", "q", "to", "min"):
            for path in ("/console/queue/many", "/console/claims", f"/console/items/{there.ids['item']}/touch"):
                status, _ = await browser.post(path, **{"verb": "claim", "ids": "9" * 18, name: "\x00"})
                assert status == 400
