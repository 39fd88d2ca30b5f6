"""Denials in the console: the list, one with its ways out, letters that are seen, made and sent, money that nobody
gives up alone; and a real browser that works a denial to an appeal letter."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from pypdf import PdfReader, PdfWriter
from sqlalchemy import update

from gateway.core.ledger.balances import claim_balances
from gateway.core.store.denial_tables import denial_acts, denial_cases, write_offs
from gateway.core.store.tables import access_log, documents, work_items

from ..web import running
from .conftest import CHROMIUM, PASSWORD, Office
from .denied import denied, denying

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with denying(tmp_path_factory.mktemp("denials")) as found:
        yield found


async def status_of(office: Office, number: int) -> str:
    (case,) = await office.rows(denial_cases, denial_cases.c.denial_id == number)
    return str(case.status)


# --- the list --------------------------------------------------------------------------------------


async def test_a_filter_that_cannot_be_used_is_told(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        for query in ("bucket=soon", "min=much", "first=tomorrow", "waits_for=rain"):
            status, page = await browser.get(f"/console/denials?{query}")
            assert (status, "That filter cannot be used" in page) == (422, True), query
        assert (await browser.get("/console/denials?after=nonsense"))[0] == 422
        assert (await browser.get("/console/denials/999999"))[0] == 404


async def test_the_list_is_narrowed_down_and_is_the_same_as_a_file(office: Office) -> None:
    _, one = await denied(office, 9101)
    _, other = await denied(office, 9102, {"payer_id": "77777"}, reason_code="16", category="MISSING_INFO")
    _, over = await denied(office, 9103, {"status": "paid", "ended_on": dt.date(2026, 11, 1), "recovered_cents": 5})
    async with office.signed_in("viewer") as browser:
        for query, shown in (
            ("", {one, other}),
            ("all=true", {one, other, over}),
            ("payer=77777", {other}),
            ("reason=CO-16", {other}),
            ("category=MISSING_INFO", {other}),
            ("status=paid", {over}),
            ("last=2001-01-01", set()),
            ("min=9999999", set()),
            ("unassigned=true&payer=77777", {other}),
            ("mine=true", set()),
            ("waits_for=approval", set()),
        ):
            status, page = await browser.get(f"/console/denials?{query}")
            assert status == 200, query
            found = {int(number) for number in re.findall(r'data-href="/console/denials/(\d+)"', page)}
            assert found & {one, other, over} == shown, query
            _, text = await browser.get(f"/console/denials.csv?{query}")
            rows = {int(row["id"]) for row in csv.DictReader(io.StringIO(text))}
            assert rows & {one, other, over} == shown, query


async def test_pages_of_the_list_follow_each_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.web.console import denial_pages

    for seed in (9111, 9112, 9113):
        await denied(office, seed)
    monkeypatch.setattr(denial_pages, "SHOWN", 2)
    seen: list[str] = []
    async with office.signed_in("viewer") as browser:
        _, page = await browser.get("/console/denials?all=true")
        while True:
            seen += re.findall(r'data-href="/console/denials/(\d+)"', page)
            more = re.search(r'hx-get="(/console/denials\?[^"]+)"', page)
            if more is None:
                break
            _, page = await browser.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
            assert "<h1>" not in page
    assert len(seen) == len(set(seen)) == len(await office.rows(denial_cases))


async def test_many_are_taken_at_once(office: Office) -> None:
    numbers = [(await denied(office, seed))[1] for seed in (9121, 9122)]
    items = await office.rows(work_items, work_items.c.key.in_([f"denial:{number}" for number in numbers]))
    async with office.signed_in("biller") as browser:
        fields = [("csrf", browser.csrf), ("verb", "claim"), *(("ids", str(item.id)) for item in items)]
        async with browser.http.post("/console/queue/many", data=fields) as answer:
            assert "Done for 2" in await answer.text()
        _, page = await browser.get("/console/denials?mine=true")
        assert all(f'data-href="/console/denials/{number}"' in page for number in numbers)


# --- one -------------------------------------------------------------------------------------------


async def test_one_says_why_in_the_payers_codes_and_our_words(office: Office) -> None:
    claim, one = await denied(office, 9201)
    async with office.signed_in("viewer") as browser:
        status, page = await browser.get(f"/console/denials/{one}")
    assert status == 200
    for words in ("CO", "Contractual", "50", "Not medically necessary", "N115", f"ICN{one}", claim.source_claim_number):
        assert words in page, words
    assert "<form method" not in page.split("<main")[1], "who looks has nothing to send"
    looks = await office.rows(access_log, access_log.c.what == f"GET /console/denials/{one}")
    assert [look.who for look in looks] == ["viewer"]


async def test_another_teams_denial_is_looked_at_and_not_worked(office: Office) -> None:
    _, one = await denied(office, 9202)
    await office.user("coder", "biller", "billing")
    async with office.signed_in("coder") as browser:
        status, page = await browser.get(f"/console/denials/{one}")
        assert (status, "A manager can give it to yours" in page, "Make the letter" in page) == (200, True, False)
        for verb, fields in (
            ("letter", {"letter": "appeal", "reason": "x"}),
            ("write-off", {"reason": "x"}),
            ("preview", {"letter": "appeal", "reason": "x"}),
            ("correct", {"reason": "x"}),
            ("approve", {"reason": "x"}),
        ):
            status, page = await browser.post(f"/console/denials/{one}/{verb}", **fields)
            assert (status, "Another team" in page) == (403, True), verb
    assert await office.rows(denial_acts, denial_acts.c.denial_id == one) == []


async def test_a_letter_is_seen_made_had_and_marked_as_sent(office: Office) -> None:
    _, one = await denied(office, 9203)
    today = running.office_day(office.gateway).isoformat()
    async with office.signed_in("biller") as browser:
        status, page = await browser.post(f"/console/denials/{one}/letter", letter="appeal", reason="")
        assert (status, "and why" in page) == (200, True)
        data = {"csrf": browser.csrf, "letter": "appeal", "reason": f"The study shows it. {EVIL}"}
        async with browser.http.post(
            f"/console/denials/{one}/preview", data=data, headers={"HX-Request": "true"}
        ) as answer:
            text = await answer.text()
            assert ("The study shows it." in text, "<script>alert" in text, "<h1>" in text) == (True, False, False)
        async with browser.http.post(f"/console/denials/{one}/preview", data=data) as answer:
            assert answer.content_type == "application/pdf"
            assert "The study shows it." in PdfReader(io.BytesIO(await answer.read())).pages[0].extract_text()
        assert await status_of(office, one) == "new"
        status, page = await browser.post(f"/console/denials/{one}/letter", letter="appeal", reason=f"It shows. {EVIL}")
        assert (status, "Appealed, level 1" in page, "<script>alert" in page) == (200, True, False)
        href = re.search(rf'href="(/console/denials/{one}/letters/\d+)"', page)
        assert href is not None
        async with browser.http.get(f"{href[1]}?save=1") as answer:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "It shows." in PdfReader(io.BytesIO(await answer.read())).pages[0].extract_text()
        assert (await browser.get(href[1].replace(f"/{one}/", "/1/")))[0] == 404
        _, page = await browser.get("/console/denials?waits_for=sending")
        assert f'data-href="/console/denials/{one}"' in page
        status, page = await browser.post(f"/console/denials/{one}/sent", on="never", reason="Mail")
        assert (status, "On which day?" in page) == (422, True)
        _, page = await browser.post(f"/console/denials/{one}/sent", on=today, reason="Certified mail")
        assert "The letter went out on" in page
        _, page = await browser.get("/console/denials?waits_for=sending")
        assert f'data-href="/console/denials/{one}"' not in page
        _, page = await browser.post(f"/console/denials/{one}/decided", on=today, won="no", reason="They keep it.")
        assert "The payer keeps its decision." in page


async def test_what_the_payer_does_not_hear_has_no_letter(office: Office) -> None:
    _, one = await denied(office, 9204, {"way": "none"}, reason_code="29")
    async with office.signed_in("biller") as browser:
        _, page = await browser.get(f"/console/denials/{one}")
        assert ("Make the letter" in page, "it came too late" in page) == (False, True)
        _, page = await browser.post(f"/console/denials/{one}/letter", letter="appeal", reason="please")
        assert "there is no appeal" in page


async def test_a_write_off_waits_for_who_may_and_is_undone(office: Office) -> None:
    claim, one = await denied(office, 9205)
    (before,) = (await office.gateway.read(claim_balances, [claim.id])).values()
    async with office.signed_in("biller") as browser:
        _, page = await browser.post(f"/console/denials/{one}/write-off", reason="too old", rule="tiny")
        assert "does not allow this" in page
        _, page = await browser.post(f"/console/denials/{one}/write-off", reason="too old")
        assert "waits for somebody who may approve it" in page
        _, page = await browser.post(f"/console/denials/{one}/approve", reason="I think so")
        assert "may not approve" in page
    assert (await office.gateway.read(claim_balances, [claim.id]))[claim.id] == before
    (item,) = await office.rows(work_items, work_items.c.kind == "write_off_request", work_items.c.state == "open")
    async with office.signed_in("manager") as browser:
        _, page = await browser.get(f"/console/items/{item.id}")
        assert f'href="/console/denials/{one}"' in page
        _, page = await browser.get("/console/denials?waits_for=approval")
        assert f'data-href="/console/denials/{one}"' in page
        _, page = await browser.post(f"/console/denials/{one}/approve", reason="Not worth it")
        assert "is written off, approved by manager" in page
        assert "Undo the write-off" in page
        assert (await office.gateway.read(claim_balances, [claim.id]))[claim.id] < before
        for _ in range(2):
            _, page = await browser.post(f"/console/denials/{one}/undo-write-off", reason="It will pay")
            assert "is undone; the denial is worked on again" in page
    assert (await office.gateway.read(claim_balances, [claim.id]))[claim.id] == before
    assert [row.state for row in await office.rows(write_offs, write_offs.c.denial_id == one)] == ["undone"]


async def test_a_denial_is_not_closed_over_its_money_from_either_page(office: Office) -> None:
    _, one = await denied(office, 9206)
    (item,) = await office.rows(work_items, work_items.c.key == f"denial:{one}")
    async with office.signed_in("biller") as browser:
        _, page = await browser.post(f"/console/items/{item.id}/close", note="done", outcome="no_action")
        assert f"gateway denial close {one}" in page
        _, page = await browser.post(f"/console/denials/{one}/close", reason="done", outcome="no_action")
        assert "still stand as denied" in page
        _, page = await browser.get(f"/console/items/{item.id}")
        assert f'href="/console/denials/{one}"' in page
    assert await status_of(office, one) == "new"


async def test_a_touch_leads_back_to_the_denial_and_nowhere_else(office: Office) -> None:
    _, one = await denied(office, 9207)
    (item,) = await office.rows(work_items, work_items.c.key == f"denial:{one}")
    next_ = (running.office_day(office.gateway) + dt.timedelta(days=9)).isoformat()
    async with office.signed_in("biller") as browser:
        fields = {"csrf": browser.csrf, "action": "called_payer", "note": "They look again.", "follow_up": next_}
        for back, status in ((f"/console/denials/{one}", 303), ("https://elsewhere.example/", 200)):
            async with browser.http.post(
                f"/console/items/{item.id}/touch", data=fields | {"back": back}, allow_redirects=False
            ) as answer:
                assert answer.status == status
        _, page = await browser.get(f"/console/denials/{one}?said=noted")
        assert ("They look again." in page, "It is written down." in page) == (True, True)


async def test_a_document_is_attached_and_goes_behind_the_letter(office: Office) -> None:
    claim, one = await denied(office, 9210)
    out = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(out)

    def form(**fields: str) -> aiohttp.FormData:
        made = aiohttp.FormData()
        for name, value in fields.items():
            made.add_field(name, value)
        made.add_field("file", out.getvalue(), filename="study.pdf", content_type="application/pdf")
        return made

    async with office.signed_in("biller") as browser:
        where = f"/console/denials/{one}/document"
        async with browser.http.post(where, data=form(csrf="nobody's", kind="medical_record")) as answer:
            assert answer.status == 403
        async with browser.http.post(where, data=form(csrf=browser.csrf, kind="poem")) as answer:
            assert answer.status == 422
        async with browser.http.post(where, data=form(csrf=browser.csrf, kind="medical_record")) as answer:
            page = await answer.text()
            assert (answer.status, "The document is kept" in page, "study.pdf" in page) == (200, True, True)
        (paper,) = await office.rows(documents, documents.c.claim_id == claim.id)
        assert (paper.kind, paper.added_by) == ("medical_record", "biller")
        data = {"csrf": browser.csrf, "letter": "appeal", "reason": "It shows.", "documents": str(paper.id)}
        async with browser.http.post(f"/console/denials/{one}/preview", data=data) as answer:
            pages = PdfReader(io.BytesIO(await answer.read())).pages
            assert len(pages) == 2
            assert "study.pdf" in pages[0].extract_text()
        data["documents"] = "999999"
        async with browser.http.post(f"/console/denials/{one}/preview", data=data) as answer:
            assert (answer.status, "not one of this patient" in await answer.text()) == (409, True)


async def test_a_claim_is_corrected_and_goes_as_a_replacement(office: Office) -> None:
    for seed in range(9220, 9240):
        claim, one = await denied(office, seed, {"filing_code": "CI"}, reason_code="4", remark_code="N519")
        if claim.filing_code == "CI":
            break
    async with office.signed_in("biller") as browser:
        _, page = await browser.get(f"/console/denials/{one}/correct")
        field = re.search(r'name="(f\d+)" value="([^"]*)"', page[page.index("modifiers") :])
        assert field is not None
        _, page = await browser.post(
            f"/console/denials/{one}/correct", **{field[1]: "RR, KX"}, reason="It is a rental."
        )
        assert "replacement enters" in page
    assert await status_of(office, one) == "resubmitted"


async def test_a_correction_without_a_change_is_told(office: Office) -> None:
    _, one = await denied(office, 9208)
    async with office.signed_in("biller") as browser:
        status, page = await browser.get(f"/console/denials/{one}/correct")
        assert (status, "Correct and send" in page) == (200, True)
        _, page = await browser.post(f"/console/denials/{one}/correct", reason="x")
        assert "Nothing was changed yet" in page


async def test_free_text_is_text_on_every_page(office: Office) -> None:
    _, one = await denied(office, 9209)
    (item,) = await office.rows(work_items, work_items.c.key == f"denial:{one}")
    await office.gateway.write(
        lambda sql: (
            sql.execute(
                update(work_items).where(work_items.c.id == item.id).values(reason=EVIL, assignee=EVIL[:80])
            ).rowcount
        )
    )
    async with office.signed_in("administrator") as browser:
        await browser.post(f"/console/denials/{one}/write-off", reason=EVIL)
        for path in (
            *(f"/console/denials/{one}", f"/console/denials/{one}/correct", "/console/denials", "/console/follow-up"),
            *(f"/console/denials?payer={EVIL}", f"/console/follow-up?payer={EVIL}", f"/console/analysis?payer={EVIL}"),
            f"/console/analysis/rejections?key={EVIL}",
        ):
            status, page = await browser.get(path)
            assert status == 200, path
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path


# --- in a browser ----------------------------------------------------------------------------------


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium")
async def test_a_denial_is_worked_to_an_appeal_letter(office: Office) -> None:
    from playwright.async_api import async_playwright

    claim, one = await denied(office, 9301)
    async with async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await (await chromium.new_context(viewport={"width": 1280, "height": 860})).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        await page.goto(f"{office.address}/")
        await page.get_by_label("Name").fill("biller")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="Denials", exact=True).click()
        await page.get_by_role("row", name=claim.source_claim_number).get_by_role("link", name=str(one)).click()
        await page.get_by_role("heading", name="Why").wait_for()
        await page.get_by_label("What the letter argues").fill("The sleep study of March shows an AHI of 31.")
        await page.get_by_role("button", name="See the letter").click()
        await page.get_by_role("region", name="The letter").wait_for()
        assert "AHI of 31" in await page.get_by_role("region", name="The letter").inner_text()
        await page.get_by_role("button", name="Make the letter").click()
        await page.get_by_text("Appealed, level 1").first.wait_for()
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="Save it (PDF)").click()
        letter = PdfReader(await (await coming.value).path())
        assert "AHI of 31" in letter.pages[0].extract_text()
        await page.get_by_label("How").fill("Certified mail")
        await page.get_by_role("button", name="Mark as sent").click()
        await page.get_by_text("The letter went out on").first.wait_for()
        await chromium.close()
    assert said == []
    acts = await office.rows(denial_acts, denial_acts.c.denial_id == one)
    assert [(act.verb, act.who) for act in acts] == [("appeal", "biller"), ("sent", "biller")]
    assert await status_of(office, one) == "appealed"
