"""A biller's queue in a real browser: rows by keys, an item taken, noted and snoozed, a view saved, a count that
changes while one looks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.store.tables import touches, work_items
from gateway.core.store.view_tables import queue_views
from gateway.core.work.items import WorkItem, open_items

from ..web import running
from .conftest import CHROMIUM, Office, signed_in

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium"),
]


async def put(office: Office, key: str, cents: int) -> None:
    """An item of the team contracts, which nobody else works for here."""
    item = WorkItem(
        kind="claim_review", key=key, reason=f"Reason of {key}.", team="contracts", subject_kind="plugin", cents=cents
    )
    await office.gateway.write(lambda sql: open_items(sql, [item], office.gateway.clock.now()))


async def verbs_of(office: Office, key: str) -> list[str]:
    (item,) = await office.rows(work_items, work_items.c.key == key)
    return [row.verb for row in await office.rows(touches, touches.c.item_id == item.id)]


async def test_the_morning_queue_is_worked_by_keys_and_counts_move_by_themselves(chromium: Any, office: Office) -> None:
    for key, cents in (("first", 90_000), ("second", 80_000), ("third", 70_000)):
        await put(office, key, cents)
    page, said = await signed_in(chromium, office, "biller")
    await page.get_by_role("link", name="Queue", exact=True).click()

    # A view of one's own.
    await page.locator("form.filters").get_by_label("From $").fill("500")
    await page.locator("form.filters").get_by_label("Team").select_option("contracts")
    await page.get_by_role("button", name="Show", exact=True).click()
    await page.get_by_text("Save this view").click()
    await page.get_by_label("Name", exact=True).fill("Contracts over $500")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("heading", name="Contracts over $500").wait_for()
    (view,) = await office.rows(queue_views)
    assert view.owner == "biller"
    assert "3 items, $2,400.00" in await page.locator("#counted").inner_text()

    # The list of keys, and out of it again.
    await page.keyboard.press("?")
    await page.get_by_role("heading", name="Keys").wait_for()
    await page.keyboard.press("Escape")

    # Down, down, up: take it.
    await page.keyboard.press("n")
    await page.get_by_text("Choose a row first").wait_for()
    for key in ("j", "j", "k"):
        await page.keyboard.press(key)
    assert "Reason of first." in await page.locator("tr.here").inner_text()
    await page.keyboard.press("t")
    await page.get_by_text("It is yours.").wait_for()
    assert await page.locator("tr.here [data-who]").inner_text() == "biller"

    # Note what was done.
    await page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What was done").select_option("called_payer")
    await dialog.get_by_label("Note", exact=True).fill("They look for the chart.")
    await dialog.get_by_role("button", name="Note it").click()
    await page.get_by_text("Called the payer.").wait_for()
    assert await dialog.count() == 0

    # Snooze it: a day that has passed is refused beside the form, and then the row makes room for the next.
    await page.keyboard.press("s")
    await dialog.get_by_label("Snooze until").fill("2020-01-01")
    await dialog.get_by_role("button", name="Snooze", exact=True).click()
    await dialog.get_by_text("must be after today").wait_for()
    later = running.office_day(office.gateway) + dt.timedelta(days=5)
    await dialog.get_by_label("Snooze until").fill(later.isoformat())
    await dialog.get_by_role("button", name="Snooze", exact=True).click()
    await page.get_by_text(f"It rests until {later:%m/%d/%Y}").wait_for()
    assert await verbs_of(office, "first") == ["claim", "touch", "snooze"]
    assert "Reason of second." in await page.locator("tr.here").inner_text()

    # What others bring is counted without loading the page again.
    await page.locator("#counted", has_text="2 items, $1,500.00").wait_for()
    await put(office, "fourth", 60_000)
    await page.locator("#counted", has_text="3 items, $2,100.00").wait_for()
    await page.get_by_role("link", name="Show them as they are now").click()
    await page.get_by_text("Reason of fourth.").wait_for()
    assert said == []


async def test_the_picture_of_the_first_page_moves_while_one_looks_and_leaves_with_the_session(
    chromium: Any, office: Office
) -> None:
    page, said = await signed_in(chromium, office, "poster")
    held = page.locator(".at-held b")
    before = int(await held.inner_text())
    await office.held(8701)

    # Of the two claims that came with it, one or both are held.
    async def more() -> bool:
        return int(await held.inner_text()) > before

    assert await running.until(more, "the picture shows one more")
    await held.click()
    await page.get_by_role("heading", name="Holds").wait_for()
    await page.go_back()
    await page.get_by_role("heading", name="Where things stand").wait_for()
    other = await page.context.new_page()
    await other.goto(f"{office.address}/console/")
    await other.get_by_role("button", name="Sign out").click()
    await page.bring_to_front()
    await page.get_by_text("You were signed out").wait_for()
    assert said == []
