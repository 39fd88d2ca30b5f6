"""A poster's afternoon in a real browser: a claim is found by its check, a payment that did not post is fixed, money is
matched and the day is closed. No address is typed but the gateway's own."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.core.ledger.proof import prove
from gateway.core.reports import catalogue
from gateway.core.store.cash_tables import day_closings
from gateway.core.store.tables import claim_payments, remittances
from gateway.web.console import figure_pages

from ..cash.banks import Credit, make_bai2
from ..posting.made import Era, dollars
from ..web import running
from . import money_desk as desk
from .conftest import PASSWORD, Office

CHROME = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROME, reason="no Chromium on this machine: apt install chromium"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def poster(office: Office) -> AsyncIterator[tuple[Any, list[str]]]:
    """A page of a poster who has signed in, and what the browser complains of."""
    from playwright.async_api import async_playwright

    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROME, args=["--no-sandbox"])
        page = await (await browser.new_context(viewport={"width": 1280, "height": 860})).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(f"{office.address}/")
        await page.get_by_label("Name").fill("poster")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Where things stand").wait_for()
        yield page, said
        await browser.close()


async def test_a_claim_is_found_by_the_number_of_its_check(office: Office, poster: tuple[Any, list[str]]) -> None:
    page, said = poster
    row = await desk.sent_claim(office, 8501)
    await desk.remitted(office, Era([await desk.paid(office, row, row.claim_number)], trace="CK-90417"), name="a.835")
    await page.get_by_label("Find a claim").fill("CK-90417")
    await page.get_by_label("Find a claim").press("Enter")
    await page.get_by_role("heading", name=f"Claim {row.source_claim_number}").wait_for()
    assert await page.get_by_role("cell", name="CK-90417").count() == 1
    assert said == []


async def test_a_payment_that_did_not_post_is_fixed(office: Office, poster: tuple[Any, list[str]]) -> None:
    page, said = poster
    row = await desk.sent_claim(office, 8502)
    clp = await desk.paid(office, row, "THEIRS-77", by_name=False)
    (remittance,) = await desk.remitted(office, Era([clp], trace="FIX1"), name="fix.835")
    (payment,) = await desk.payments_of(office, remittance.id)
    await page.get_by_role("link", name="Exceptions").click()
    await page.get_by_role("link", name=f"Payment {payment.id}", exact=True).click()
    await page.get_by_text("No claim of ours fits.").wait_for()
    await page.get_by_label("Another claim, by its number").fill(row.source_claim_number)
    await page.get_by_role("button", name="Hold it beside").last.click()
    await page.get_by_role("columnheader", name="Our claim").wait_for()
    assert await page.get_by_label("Our line for service 1").input_value() == "1"
    await page.get_by_label("How you know").fill("The payer read us the name.")
    await page.get_by_role("button", name="Post it to this claim").click()
    await page.get_by_text("Posted:").first.wait_for()
    (now,) = await office.rows(claim_payments, claim_payments.c.id == payment.id)
    assert (now.state, now.claim_id) == ("posted", row.id)
    assert said == []


async def test_the_banks_money_is_taken_matched_and_the_day_closed(
    office: Office, poster: tuple[Any, list[str]], tmp_path: Path
) -> None:
    page, said = poster
    today = running.office_day(office.gateway)
    row = await desk.sent_claim(office, 8503)
    era = Era([await desk.paid(office, row, row.claim_number)], trace="DAY-A", date=f"{today:%Y%m%d}")
    (remittance,) = await desk.remitted(office, era, name="day.835")
    assert remittance.state == "posted"
    # The bank names another number: what it is, a person says.
    paid = dollars(remittance.paid_cents)
    statement = tmp_path / "today.bai"
    statement.write_bytes(
        make_bai2(Credit(paid, trace="BANK-9"), Credit("25.00", code="174", bank="R2"), date=f"{today:%y%m%d}")
    )
    await page.get_by_role("link", name="Deposits").click()
    await page.locator("input[name=file]").set_input_files(statement)
    await page.get_by_role("button", name="Take it").click()
    await page.get_by_text("Taken: 2 new").wait_for()
    await page.get_by_role("row", name="BANK-9").get_by_role("radio").check()
    await page.get_by_role("row", name="DAY-A").get_by_role("checkbox").check()
    await page.get_by_role("button", name="Match the chosen").click()
    await page.get_by_text("is deposit").first.wait_for()
    await page.get_by_role("link", name="The day's close").click()
    await page.get_by_role("row", name="today").get_by_role("link").click()
    await page.get_by_role("heading", name="What it waits for").wait_for()
    await page.locator("section", has_text="Money that nobody has identified").get_by_role("link").first.click()
    await page.get_by_label("The money is").select_option("patient")
    await page.get_by_label("How you know").fill("Paid at the counter.")
    await page.get_by_role("button", name="Name it").click()
    await page.get_by_text("It is noted what the money is for.").wait_for()
    await page.get_by_role("link", name="The day's close").click()
    await page.get_by_role("row", name="today").get_by_role("link").click()
    await page.get_by_role("button", name="Prove it now").click()
    await page.get_by_text("The ledger proves:").wait_for()
    await page.get_by_role("button", name=f"Close {today:%m/%d/%Y}").click()
    await page.get_by_text(f"{today:%m/%d/%Y} is closed at $0.00.").wait_for()
    (closing,) = await office.rows(day_closings, day_closings.c.day == today)
    assert (closing.variance_cents, closing.who) == (0, "poster")
    (done,) = await office.rows(remittances, remittances.c.id == remittance.id)
    assert done.state == "posted"
    assert (await office.gateway.read(prove)).ok
    assert said == []


async def test_a_report_that_takes_long_says_so_and_then_shows_itself(
    poster: tuple[Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, said = poster
    real = catalogue.work_out

    def slow(*given: Any) -> Any:
        time.sleep(1)
        return real(*given)

    monkeypatch.setattr(catalogue, "work_out", slow)
    monkeypatch.setattr(figure_pages, "PATIENCE_S", 0.05)
    await page.get_by_role("link", name="Reports").click()
    await page.get_by_role("heading", name="Reports").wait_for()
    link = page.get_by_role("link", name=catalogue.named("dso").definition.title).first
    await page.goto(f"{await link.evaluate('one => one.href')}?from=2026-01-02&to=2026-03-01")
    await page.get_by_text("It is being worked out.").wait_for()
    await page.get_by_role("link", name="CSV").first.wait_for()
    assert await page.get_by_text("It is being worked out.").count() == 0
    assert await page.get_by_role("heading", level=1).count() == 1
    assert said == []
