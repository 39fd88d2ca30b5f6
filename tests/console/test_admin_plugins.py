"""An administrator reads a plugin's error, and sees on the chains where it happens."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.core.store import alarms
from gateway.core.store import plugin_failures as failures
from gateway.core.store.admin_tables import plugin_failures, step_calls
from gateway.web.console.chain_picture import short

from ..web.house import claims_of, opened
from .conftest import CHROMIUM, ROLES, Office, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
ILL = """\
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def hold_claim(claim):
    raise ValueError(f"a name that nobody may read: {claim.subscriber.last}")
"""
STATIONS = """\
  scrub: [scrubber]
  hold:
    - {plugin: ill, breaker: {failures: 10, pause: 1h}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ill(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A gateway whose chain has a plugin that fails for every claim, after forty of them."""
    async with opened(tmp_path_factory.mktemp("ill"), "ill", {"ill": ILL}, STATIONS) as house:
        office = Office(house.gateway, f"http://127.0.0.1:{house.gateway.port}")
        for role in ROLES:
            await office.user(role, role)
        await house.take_in(claims_of(8401, 40), "ill.837")
        yield office


async def test_an_error_is_one_line_with_its_place_and_its_times_and_nobodys_data(ill: Office) -> None:
    (row,) = await ill.rows(plugin_failures, plugin_failures.c.plugin == "ill")
    assert re.fullmatch(r"ValueError at ill\.py:7 in hold_claim", row.what)
    assert row.place.startswith("chain ")
    assert row.place.endswith(", hold")
    (counted,) = await ill.rows(step_calls, step_calls.c.plugin == "ill")
    assert (counted.station, counted.failures, counted.calls) == ("hold", row.times, row.times)
    async with ill.signed_in("administrator") as browser:
        _, text = await browser.get("/console/admin/plugins/ill")
        assert "ValueError at ill.py:7 in hold_claim" in text
        assert "nobody may read" not in text
        assert re.search(r"times in a row, tried again after \d\d/", text)
        _, table = await browser.get("/console/admin/plugins/ill/errors.csv")
        (told,) = csv.DictReader(io.StringIO(table))
        assert (told["what"], int(told["times"])) == (row.what, row.times)
        _, table = await browser.get("/console/admin/plugins.csv")
        of_ill = next(one for one in csv.DictReader(io.StringIO(table)) if one["plugin"] == "ill")
        assert int(of_ill["failures"]) == row.times


async def test_the_chains_show_what_each_step_did_in_the_picture_and_in_the_table(ill: Office) -> None:
    async with ill.signed_in("administrator") as browser:
        _, page = await browser.get("/console/admin/chains")
        assert '<svg class="chains"' in page
        assert re.search(
            r'<rect class="step wait".*?<text class="name"[^>]*>ill</text>.*?rests, \d+ calls, ', page, re.S
        )
        _, table = await browser.get("/console/admin/chains.csv?days=1")
        rows = list(csv.DictReader(io.StringIO(table)))
        scrubbed = [one for one in rows if one["plugin"] == "scrubber" and int(one["calls"])]
        assert (
            30 < sum(int(one["calls"]) for one in scrubbed) <= 40
        )  # a claim that an earlier station stops is not scrubbed
        failed = next(one for one in rows if one["plugin"] == "ill" and int(one["failed"]))
        assert failed["station"] == "hold"
        assert (await browser.get("/console/admin/chains?days=8"))[0] == 422
        assert (await browser.get("/console/admin/chains?chain=none"))[0] == 404


async def test_words_of_a_failure_are_text_on_every_page(ill: Office) -> None:
    evil = "<script>alert(1)</script>"
    now = ill.gateway.clock.now()
    await ill.gateway.write(failures.note, [("scrubber", evil, evil, evil)], now)
    await ill.gateway.write(alarms.stand, [alarms.Standing("partner", "evil", evil)], now)
    async with ill.signed_in("administrator") as browser:
        for path in ("", "/plugins", "/plugins/scrubber", "/alarms", f"/configuration?find={evil}&part={evil}"):
            status, text = await browser.get(f"/console/admin{path}")
            assert status == 200
            assert evil not in text, path


async def test_settings_are_shown_with_their_source(ill: Office) -> None:
    async with ill.signed_in("administrator") as browser:
        _, text = await browser.get("/console/admin/plugins/clearinghouse_sftp")
        assert "partners/practice" in text
        assert "env:PRACTICE_PASSWORD" in text
        assert re.search(r"practice\.yaml:\d+", text)
        assert (await browser.get("/console/admin/plugins/none"))[0] == 404
        assert (await browser.get("/console/admin/plugins/ill?page=9999999"))[0] == 200


async def test_a_long_name_is_cut_to_its_box() -> None:
    assert short("x" * 40, 10) == "x" * 9 + "…"
    assert short("scrubber") == "scrubber"


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium")
async def test_a_plugins_error_is_read_in_the_browser(chromium: Any, ill: Office) -> None:
    page, said = await signed_in(chromium, ill, "administrator")
    await page.get_by_role("link", name="Administration").click()
    await page.get_by_role("link", name="Plugins", exact=True).click()
    row = page.get_by_role("row", name="ill")
    await row.get_by_text("Rests").wait_for()
    await row.get_by_role("link", name="ill").click()
    await page.get_by_role("heading", name="Its errors").wait_for()
    told = page.locator("#errors table")
    await told.get_by_role("cell", name="ValueError at ill.py:7 in hold_claim").wait_for()
    await page.get_by_role("link", name="Chains").click()
    await page.get_by_role("img", name="The chains, their stations and steps").wait_for()
    assert said == []
