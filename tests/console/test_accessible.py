"""Every page in light and dark before axe-core: no fault that keeps somebody out (a third of the pages by seed; in a
soak all of them)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from ..soak import chosen
from .conftest import CHROMIUM, Prepared, signed_in
from .examples import walk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium"),
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
EVERY_RULE = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
COLOURS = "{type: 'rule', values: ['color-contrast', 'link-in-text-block']}"
RUN = (
    "axe.run(document, {resultTypes: ['violations'], runOnly: %s}).then(found => found.violations.map(one => "
    "[one.impact, one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160) + ' | ' + "
    "(node.any[0] || node.all[0] || node.none[0] || {}).message)]))"
)
HARD = ("serious", "critical")


async def faults(page: Any, where: str) -> list[str]:
    """What axe finds on the page that is shown, of the grave kinds: all rules in light, those of colours in dark."""
    await page.evaluate(AXE)
    found = await page.evaluate(RUN % EVERY_RULE)
    await page.emulate_media(color_scheme="dark")
    found += [(impact, f"dark {name}", *more) for impact, name, *more in await page.evaluate(RUN % COLOURS)]
    await page.emulate_media(color_scheme="light")
    return [f"{where}: {name} ({impact}): {words}: {nodes}" for impact, name, words, nodes in found if impact in HARD]


@pytest.mark.timeout(900)
async def test_no_page_has_a_fault_that_keeps_somebody_out(chromium: Any, prepared: Prepared) -> None:
    office, ids = prepared
    page, _ = await signed_in(chromium, office, "administrator")
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found: list[str] = []
    every = list(walk(ids, pages=True))
    for one in chosen("pages for axe", every, of=len(every) // 3):
        await page.goto(f"{office.address}{one.address}")
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found += await faults(page, one.address)
    assert found == []


async def test_a_page_that_is_hard_to_read_is_found(chromium: Any, prepared: Prepared) -> None:
    """Else the walk would find nothing on any."""
    page, _ = await signed_in(chromium, prepared.office, "viewer")
    await page.evaluate(
        "document.querySelector('main').innerHTML = '<p>Some words to read</p><input><a href=\"/\"></a>';"
        "document.querySelector('main p').style.color = 'light-dark(#eee, #111)'"
    )
    found = await faults(page, "page")
    named = {one.removeprefix("page: ").partition(" (")[0] for one in found}
    assert {"label", "link-name", "color-contrast", "dark color-contrast"} <= named


async def test_pages_that_say_no_have_none_either(chromium: Any, prepared: Prepared) -> None:
    office = prepared.office
    page, _ = await signed_in(chromium, office, "viewer")
    found: list[str] = []
    for path in ("/console/admin", "/console/claims/999999", "/console/queue?min=x", "/console/queue?kind=none"):
        await page.goto(f"{office.address}{path}")
        found += await faults(page, path)
    await page.context.clear_cookies()
    for path in ("/console/sign-in", "/console/sign-in?ended=1"):
        await page.goto(f"{office.address}{path}")
        found += await faults(page, path)
    assert found == []


@pytest.mark.timeout(900)
async def test_nothing_is_wider_than_the_screen_of_a_tablet(chromium: Any, prepared: Prepared) -> None:
    """What is wide scrolls in its own place; the page does not."""
    office, ids = prepared
    page, _ = await signed_in(chromium, office, "administrator")
    wide = []
    for width in (768, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        every = list(walk(ids, pages=True))
        for one in chosen(f"pages {width} wide", every, of=len(every) // 3):
            await page.goto(f"{office.address}{one.address}")
            if (over := await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")) > 0:
                wide.append((width, one.address, over))
    assert wide == []
