"""A gateway that stops while somebody looks: it is not held up, and the page goes on when it is there again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from gateway.server import Gateway

from ..web import running
from .conftest import CHROMIUM, Office, signed_in
from .test_sign_on import free_port
from .test_work_browser import put

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium"),
]


async def test_a_gateway_that_stops_lets_go_of_its_streams_and_the_tab_finds_it_again(
    chromium: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    folder = running.write_config(tmp_path, more=f"web: {{port: {free_port()}}}")
    gateway = Gateway(running.read_config(folder), executor="restarts")
    await gateway.start()
    try:
        office = Office(gateway, f"http://127.0.0.1:{gateway.port}")
        await office.user("biller", "biller")
        page, _ = await signed_in(chromium, office, "biller")
        await page.wait_for_selector("html[data-live-on]", state="attached")
    finally:
        began = time.monotonic()
        await gateway.stop()
    # A stream that nobody ends would be waited for: a minute.
    assert time.monotonic() - began < 30
    again = Gateway(running.read_config(folder), executor="restarts")
    await again.start()
    try:
        await put(Office(again, office.address), "after", 12_300)
        await page.locator('[data-live="waiting.contracts.claim_review.cents"]', has_text="$123.00").wait_for()
    finally:
        await page.close()
        await again.stop()
