"""A biller's morning in a real browser: signing in, finding a claim, correcting one that came back, releasing a hold
with its document, seeing why. No address is typed but the gateway's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.store.tables import claims, corrections, documents, holds

from ..web import running
from .conftest import CHROMIUM, Office, signed_in

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium"),
]
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


async def test_a_claim_that_came_back_is_found_corrected_and_goes_again(chromium: Any, office: Office) -> None:
    row = await office.refused(8301)
    page, said = await signed_in(chromium, office, "biller")
    await page.get_by_role("link", name="Rejections").click()
    await page.get_by_role("row", name=row.source_claim_number).get_by_role("link", name="Correct").click()
    await page.get_by_text("fields").first.click()
    field = page.get_by_label("Subscriber id")
    if not await field.is_visible():
        await page.locator("summary").first.click()
    await field.fill("1EG4TE5MK73")
    await page.locator("#preview .said").wait_for()
    assert "subscriber id" in (await page.locator("#preview").inner_text()).lower()
    await page.get_by_label("Why").fill("As on the card.")
    await page.get_by_role("button", name="Correct and send").click()
    await page.get_by_text("It is corrected").first.wait_for()

    async def made() -> Any:
        found = await office.rows(corrections, corrections.c.claim_id == row.id)
        return found if found and found[0].state == "made" else None

    (correction,) = await running.until(made, "the correction is made")
    assert correction.who == "biller"
    (now,) = await office.rows(claims, claims.c.id == row.id)
    assert now.member_id == "1EG4TE5MK73"
    assert now.state != "rejected"
    assert said == []


async def test_a_hold_is_seen_with_its_reason_and_released_with_its_document(
    chromium: Any, office: Office, tmp_path: Path
) -> None:
    row, hold_id = await office.held(8302)
    paper = tmp_path / "order.pdf"
    paper.write_bytes(PAPER)
    page, said = await signed_in(chromium, office, "biller")
    await page.get_by_label("Find a claim").fill(row.source_claim_number)
    await page.get_by_label("Find a claim").press("Enter")
    await page.get_by_text("The order is not signed.").first.wait_for()
    await page.get_by_role("link", name="Hold", exact=True).first.click()
    await page.get_by_label("The document that it waits for").select_option("order")
    await page.locator("input[type=file]").set_input_files(paper)
    await page.get_by_role("button", name="Attach it and release the hold").click()
    await page.get_by_text("The document is kept").wait_for()
    (hold,) = await office.rows(holds, holds.c.id == hold_id)
    assert hold.released_by == "biller"
    (document,) = await office.rows(documents, documents.c.claim_id == row.id)
    assert (document.kind, document.added_by) == ("order", "biller")
    assert said == []


async def test_the_queue_is_worked_with_the_keyboard(chromium: Any, office: Office) -> None:
    await office.held(8303)
    page, said = await signed_in(chromium, office, "biller")
    await page.get_by_role("link", name="Queue", exact=True).click()
    await page.locator("tr[data-href]").first.wait_for()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    assert await page.locator("tr.here input[type=checkbox]").is_checked()
    await page.get_by_role("button", name="Do it").click()
    await page.get_by_text("Done for 1").wait_for()
    await page.keyboard.press("Escape")
    await page.locator("h1").click()
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "find"
    assert said == []


async def test_an_administrator_sees_partners_plugins_and_who_looked(chromium: Any, office: Office) -> None:
    page, said = await signed_in(chromium, office, "administrator")
    await page.get_by_role("link", name="Administration").click()
    await page.get_by_role("cell", name="practice", exact=True).wait_for()
    await page.get_by_role("cell", name="scrubber", exact=True).first.wait_for()
    await page.get_by_role("link", name="Access log").click()
    await page.get_by_text("GET /console/admin").first.wait_for()
    await page.get_by_role("link", name="Users").click()
    await page.get_by_label("Name", exact=True).fill("new.person")
    await page.get_by_label("Password (at least 12 characters)").fill("one more long phrase")
    await page.get_by_role("button", name="Let them sign in").click()
    await page.get_by_text("new.person may sign in as viewer.").wait_for()
    assert said == []
