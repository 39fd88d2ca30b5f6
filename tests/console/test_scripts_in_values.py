"""Markup in every value that comes from outside (X12, file names, notes, reasons, names, searches) is text on every
page, and a real browser runs none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update

from gateway.core.store.tables import claims, documents, files, patients, work_items

from . import prepared as preparing
from .conftest import CHROMIUM, Browser, Prepared, signed_in
from .examples import EXAMPLES, walk
from .marks import Marks

pytestmark = pytest.mark.asyncio(loop_scope="module")
TAG = "<x-evil"
EVIL = "'\"><x-evil onclick=a()>"
"""Short enough for every element of X12, and of characters that X12 takes."""
LONG = f"{EVIL}<script>window.evil=1</script><img src=x onerror=window.evil=1>{{{{7*7}}}}"
MARKS = Marks(
    last=EVIL, first=EVIL, member=EVIL, street=EVIL, city=EVIL, note=EVIL, payer=EVIL, authorization=EVIL,
    reference="\"'><x-evil>",
)  # fmt: skip
FIELDS = (
    *("q", "find", "note", "reason", "to", "team", "action", "outcome", "until", "follow_up", "full_name", "name"),
    *("role", "teams", "root_cause", "more", "version", "verb", "kind", "f0", "f1", "f3", "f9"),
)
"""What forms send. A name that a form does not know does no harm."""
FILTERS = (
    *("q", "find", "state", "team", "kind", "bucket", "assignee", "payer", "rule", "min", "max", "claim_id", "after"),
    *("before", "direction", "party", "partner", "part", "who", "what", "said", "type", "age", "next", "ended", "from"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spoiled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    """The office with markup in everything that people and partners send."""
    async with preparing.opened(tmp_path_factory.mktemp("spoiled")) as office:
        ids = await preparing.prepare(office, MARKS, reason=LONG)
        tables = ((files, {"name": LONG[:200]}), (documents, {"name": LONG[:200]}), (work_items, {"assignee": EVIL}))

        def spoil(connection: Any) -> None:
            for table, values in tables:
                connection.execute(update(table).values(**values))

        await office.gateway.write(spoil)
        yield Prepared(office, ids)


async def type_everywhere(browser: Browser, spoiled: Prepared) -> None:
    """Every form of the table, with markup in every field."""
    for one in walk(spoiled.ids):
        if one.method != "POST" or one.address.endswith(("/sign-out", "/disable")):
            continue
        fixed = {name: value.format(**spoiled.ids) for name, value in one.example.form.items() if name in ("ids",)}
        for given in ({}, {name: value for name, value in one.example.form.items() if value}):
            form = dict.fromkeys(FIELDS, LONG) | {n: v.format(**spoiled.ids) for n, v in given.items()} | fixed
            async with browser.http.post(one.address, data={"csrf": browser.csrf} | form) as answer:
                assert answer.status < 500, (one.address, answer.status)
                if answer.content_type == "text/html":
                    page = await answer.text()
                    assert TAG not in page, one.address
                    assert "window.evil=1<" not in page, one.address


async def test_the_values_came_in_as_they_were_sent(spoiled: Prepared) -> None:
    """Else nothing would be tried here."""
    office, ids = spoiled
    (claim,) = await office.rows(claims, claims.c.id == int(ids["claim"]))
    (patient,) = await office.rows(patients, patients.c.id == claim.patient_id)
    assert TAG in claim.claim_number
    assert (claim.member_id, claim.payer_name) == (EVIL, EVIL)
    assert (patient.last_name, patient.first_name) == (EVIL, EVIL)
    assert {"item_denial", "item_posting_exception", "item_takeback", "item_faulty_claim"} <= set(ids)


async def test_what_was_sent_and_typed_is_text_on_every_page(spoiled: Prepared) -> None:
    async with spoiled.office.signed_in("administrator") as browser:
        await type_everywhere(browser, spoiled)
        seen = 0
        for one in walk(spoiled.ids, pages=True):
            status, page = await browser.get(one.address)
            assert status in (200, 303), one.address
            assert TAG not in page, one.address
            assert "<script>" not in page, one.address
            assert "<img" not in page, one.address
            assert "49" not in page.partition("{{")[2][:20], one.address
            seen += "&lt;x-evil" in page
        # The marks are there to be seen, on many a page.
        assert seen > 10


async def test_what_stands_in_an_address_is_text_on_the_page(spoiled: Prepared) -> None:
    plain = [key.split(" ")[1] for key, one in EXAMPLES.items() if one.page and "{" not in key]
    assert len(plain) > 8
    async with spoiled.office.signed_in("administrator") as browser:
        for path in [*plain, "/console/sign-in", f"/console/claims/{spoiled.ids['claim']}"]:
            for name in FILTERS:
                async with browser.http.get(path, params={name: LONG}, allow_redirects=False) as answer:
                    page = await answer.text()
                    assert answer.status < 500, (path, name)
                    assert TAG not in page, (path, name)
                    assert "<img" not in page, (path, name)
                    if answer.status == 303:
                        assert answer.headers["Location"].startswith("/console/"), (path, name)


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
async def test_a_browser_runs_none_of_it(chromium: Any, spoiled: Prepared) -> None:
    page, said = await signed_in(chromium, spoiled.office, "administrator")
    for one in walk(spoiled.ids, pages=True):
        await page.goto(f"{spoiled.office.address}{one.address}")
        found = await page.evaluate("[document.querySelectorAll('x-evil').length, typeof window.evil]")
        assert found == [0, "undefined"], one.address
    # Whoever goes on faster than a stream ends is asked to come again for the next.
    assert [one for one in said if "503" not in one] == []
