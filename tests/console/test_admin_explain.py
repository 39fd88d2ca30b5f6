"""A file is dropped, and everything in it is told; nothing is taken in, and no patient is named."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import func, select

from gateway.core.store.tables import blobs, claims, files, timeline
from gateway.web.console import explain_pages

from ..web.house import claims_of
from .conftest import Browser, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def drop(
    browser: Browser, data: bytes, name: str = "monday.837", csrf: str = "", **fields: str
) -> tuple[int, str]:
    form = aiohttp.FormData({"csrf": csrf or browser.csrf, **fields})
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    async with browser.http.post("/console/admin/explain", data=form) as answer:
        return answer.status, await answer.text()


async def rows(office: Office) -> list[int]:
    return [
        await office.gateway.read(
            lambda sql, table=table: sql.execute(select(func.count()).select_from(table)).scalar()
        )
        for table in (claims, files, timeline, blobs)
    ]


async def test_what_is_no_claim_is_told_in_words(office: Office) -> None:
    async with office.signed_in("administrator") as browser:
        assert (await drop(browser, b""))[0] == 422
        status, text = await drop(browser, b"%PDF-1.4 nothing", "scan.pdf")
        assert status == 200
        assert "No transaction set can be read in it" in text
        status, text = await drop(browser, claims_of(8501, 1), source="nobody")
        assert status == 409
        assert "No source is called" in text


async def test_only_a_form_of_ours_by_an_administrator_is_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.signed_in("manager") as browser:
        assert (await drop(browser, claims_of(8501, 1)))[0] == 403
    async with office.signed_in("administrator") as browser:
        assert (await drop(browser, claims_of(8501, 1), csrf="another"))[0] == 403
        monkeypatch.setattr(explain_pages, "LARGEST", 1000)
        assert (await drop(browser, claims_of(8501, 1)))[0] == 413


async def test_every_claim_is_told_with_its_chain_and_its_steps_and_nothing_is_written(office: Office) -> None:
    data = claims_of(8502, 3)
    before = await rows(office)
    incoming = sorted((office.gateway.archive.root / "incoming").iterdir())
    async with office.signed_in("administrator") as browser:
        status, text = await drop(browser, data, "../../monday.837")
        assert status == 200
        assert text.count('class="card explained"') == 3
        assert "Nothing was written." in text
        assert "<dt>Chain</dt>" in text
        assert "scrubber" in text
        names = {part.split(b"*")[3].decode() for part in data.split(b"~") if b"NM1*IL*1*" in part}
        assert names
        assert not [name for name in names if name in text]
        number = next(part.split(b"*")[1].decode() for part in data.split(b"~") if part.strip().startswith(b"CLM*"))
        _, one = await drop(browser, data, claim=number)
        assert one.count('class="card explained"') == 1
        assert number in one
    assert await rows(office) == before
    assert sorted((office.gateway.archive.root / "incoming").iterdir()) == incoming


async def test_of_many_the_first_are_shown_and_it_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_pages, "SHOWN", 2)
    async with office.signed_in("administrator") as browser:
        _, text = await drop(browser, claims_of(8503, 4))
    assert text.count('class="card explained"') == 2
    assert "The first 2 are shown." in text
