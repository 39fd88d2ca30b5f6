"""Follow-up and analysis in the console: what is open by payer and age, asking the payer; months and reasons as charts
whose bars lead to the list that they count."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import insert, update

from gateway.core.flow import trends
from gateway.core.model.states import ClaimState
from gateway.core.store.denial_tables import denial_cases
from gateway.core.store.inquiry_tables import inquiries
from gateway.core.store.tables import acknowledgments, batches, claims, outbox, submissions, work_items
from gateway.core.work.items import WorkItem, open_items
from gateway.web.console import analysis_pages, charts, followup_pages
from gateway.web.console.kept import Kept

from ..web import running
from .conftest import Office
from .denied import denied, denying

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    patch = pytest.MonkeyPatch()
    for module in (analysis_pages, followup_pages):
        patch.setattr(module, "FRESH_S", 0.0)
    try:
        async with denying(tmp_path_factory.mktemp("analysis")) as found:
            yield found
    finally:
        patch.undo()


# --- follow-up -------------------------------------------------------------------------------------


async def silent(office: Office, seed: int, days: int, **item: object) -> tuple[int, int]:
    """A claim of a service so many days ago on which its payer is silent; its id, and its item's."""
    claim = await office.claim(seed)
    now = office.gateway.clock.now()
    given = {"cents": 4600, "payer_id": claim.payer_id, "team": "followup"} | item

    def write(sql: object) -> None:
        service = now.date() - dt.timedelta(days=days)
        values = {"from_date": service, "state": ClaimState.ACCEPTED, "partner": "practice"}
        sql.execute(update(claims).where(claims.c.id == claim.id).values(values))  # type: ignore[attr-defined]
        made = WorkItem(
            kind="follow_up", key=f"follow_up:{claim.id}:{service}", reason="The payer has not decided.",
            subject_kind="claim", subject_id=claim.id, claim_id=claim.id, **given,
        )  # type: ignore[arg-type]  # fmt: skip
        open_items(sql, [made], now)  # type: ignore[arg-type]

    await office.gateway.write(write)
    (row,) = await office.rows(work_items, work_items.c.claim_id == claim.id, work_items.c.kind == "follow_up")
    return claim.id, row.id


async def test_follow_up_is_by_payer_and_age_and_narrowed_down(office: Office) -> None:
    _, young = await silent(office, 9501, 10, payer_id="P1")
    _, old = await silent(office, 9502, 200, payer_id="P2")
    async with office.signed_in("viewer") as browser:
        for query in ("age=young", "next_date=soon", "kind=hold", "bucket=x"):
            status, page = await browser.get(f"/console/follow-up?{query}")
            assert (status, "That filter cannot be used" in page) == (422, True), query
        for query, shown in (
            ("", {young, old}),
            ("age=0-30", {young}),
            ("age=over+120", {old}),
            ("payer=P2", {old}),
            ("payer=P2&age=0-30", set()),
            ("next_date=none", {young, old}),
            ("next_date=due", set()),
            ("mine=true", set()),
        ):
            status, page = await browser.get(f"/console/follow-up?{query}")
            found = {int(number) for number in re.findall(r'data-href="/console/items/(\d+)"', page)}
            assert (status, found & {young, old}) == (200, shown), query
            _, text = await browser.get(f"/console/follow-up.csv?{query}")
            rows = {int(row["id"]): row for row in csv.DictReader(io.StringIO(text))}
            assert set(rows) & {young, old} == shown, query
        _, page = await browser.get("/console/follow-up")
        assert "/console/follow-up?payer=P2&amp;age=over%20120" in page
        assert rows == {} or "dollars" in next(iter(rows.values()))


async def test_a_next_date_is_noted_for_many_and_shown(office: Office) -> None:
    _, item = await silent(office, 9503, 40)
    next_ = running.office_day(office.gateway) + dt.timedelta(days=5)
    async with office.signed_in("biller") as browser:
        fields = {"verb": "touch", "ids": str(item), "action": "called_payer", "note": "In process."}
        _, page = await browser.post("/console/queue/many", **fields)
        assert "needs the next date" in page
        _, page = await browser.post("/console/queue/many", **fields, follow_up=next_.isoformat())
        assert "Done for 1" in page
        _, page = await browser.get("/console/follow-up?next_date=later")
        assert f'data-href="/console/items/{item}"' in page
        assert f"{next_:%m/%d/%Y}" in page


async def test_the_payer_is_asked_and_the_answer_stands_in_the_list(office: Office) -> None:
    claim_id, item = await silent(office, 9504, 50)
    _, theirs = await silent(office, 9505, 50, team="edi")
    await office.user("caller", "biller", "followup")
    async with office.signed_in("caller") as browser:
        assert (await browser.post("/console/follow-up/ask"))[0] == 422
        status, page = await browser.post("/console/follow-up/ask", ids=str(theirs))
        assert (status, "Another team" in page) == (403, True)
        _, page = await browser.post("/console/follow-up/ask", ids=str(item))
    partner = office.gateway.services.config.partner("practice")
    assert partner is not None
    if partner.claim_status:
        assert "1 claim is asked about" in page
        assert any(str(claim_id) in str(row.payload) for row in await office.rows(outbox, outbox.c.kind == "inquire"))
    else:
        assert "practice answers no inquiry" in page
    now = office.gateway.clock.now()

    def answered(sql: object) -> None:
        sql.execute(insert(batches).values(id=990, sets=1, claims=0, cents=0, created_at=now, partner="practice"))  # type: ignore[attr-defined]
        values = {"id": 990, "claim_id": claim_id, "batch_id": 990, "trace": "Q990", "asked_by": "caller"}
        values |= {"asked_on": now.date() + dt.timedelta(days=1), "asked_at": now, "answered_at": now}
        sql.execute(insert(inquiries).values(**values, told="It waits for records."))  # type: ignore[attr-defined]

    await office.gateway.write(answered)
    async with office.signed_in("viewer") as browser:
        _, page = await browser.get("/console/follow-up")
        assert "It waits for records." in page
        assert (await browser.post("/console/follow-up/ask", ids=str(item)))[0] == 403
    async with office.signed_in("biller") as browser:
        _, page = await browser.get(f"/console/items/{item}")
        assert ("Ask how the claim stands (276)" in page, "It waits for records." in page) == (True, True)


# --- analysis --------------------------------------------------------------------------------------


async def test_what_cannot_be_analysed_is_told(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        for query in (
            *("of=weather", "by=edit", "of=rejections&by=reason", "first=2026-13", "last=now"),
            *("first=2026-05&last=2026-04", "first=2001-01&last=2026-04"),
            "of=rejections&first=2025-01&last=2026-04",
        ):
            assert (await browser.get(f"/console/analysis?{query}"))[0] == 422, query
        for query in ("by=reason", "first=x", "first=2026-05-02&last=2026-05-01"):
            assert (await browser.get(f"/console/analysis/rejections?{query}"))[0] == 422, query
        status, page = await browser.get("/console/analysis?first=2001-01&last=2001-02")
        assert (status, "No denial came in these months" in page) == (200, True)


async def test_denials_by_month_and_reason_lead_to_the_list_that_they_count(office: Office) -> None:
    march = {"received_on": dt.date(2025, 3, 31), "noticed_on": dt.date(2025, 3, 31)}
    april = {"received_on": dt.date(2025, 4, 1), "noticed_on": dt.date(2025, 4, 1), "recovered_cents": 100}
    _, first = await denied(office, 9601, march)
    _, second = await denied(office, 9602, april)
    _, third = await denied(office, 9603, april, reason_code="16", category="MISSING_INFO")
    _, taken_back = await denied(office, 9604, april, state="reversed")
    cents = {row.denial_id: row for row in await office.rows(denial_cases)}
    assert {first, second, third, taken_back} <= set(cents)
    async with office.signed_in("viewer") as browser:
        span = "first=2025-03&last=2025-04"
        status, page = await browser.get(f"/console/analysis?{span}")
        assert (status, "3 denials" in page, "$2.00 recovered" in page) == (200, True, True)
        assert page.count('class="dot"') == 2
        _, text = await browser.get(f"/console/analysis.csv?{span}&table=months")
        assert [(row["month"], row["count"]) for row in csv.DictReader(io.StringIO(text))] == [
            ("2025-03", "1"),
            ("2025-04", "2"),
        ]
        _, text = await browser.get(f"/console/analysis.csv?{span}&by=reason")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["reason"]: row["count"] for row in rows} == {"50": "2", "16": "1"}
        assert rows[-1]["cumulative"] == "100.0"
        for reason, shown in (("50", {first, second}), ("16", {third})):
            link = re.search(rf'href="(/console/denials\?[^"]*reason={reason}[^"]*)"', page)
            assert link is not None
            _, listed = await browser.get(link[1].replace("&amp;", "&"))
            assert {int(one) for one in re.findall(r'data-href="/console/denials/(\d+)"', listed)} == shown
        for by in ("category", "payer", "code"):
            status, page = await browser.get(f"/console/analysis?{span}&by={by}")
            assert (status, 'class="bar"' in page) == (200, True), by
        _, page = await browser.get(f"/console/analysis?{span}&reason=16")
        assert "1 denials" in page


async def test_rejections_lead_to_the_claims_that_were_refused(office: Office) -> None:
    row = await office.refused(9701)
    # Where the gateway was quick, the claim had gone out by itself before it was refused.
    (submission,) = await office.rows(submissions, submissions.c.claim_id == row.id, submissions.c.state == "rejected")
    said = {"kind": "277CA", "hop": 3, "verdict": "rejected", "details": {"codes": ["A7:164:IL"]}}
    now = office.gateway.clock.now()
    values = {"id": 990, "file_id": row.file_id, "submission_id": submission.id, "batch_id": submission.batch_id}
    await office.gateway.write(
        lambda sql: sql.execute(insert(acknowledgments).values(**values, **said, at=now)).rowcount
    )
    async with office.signed_in("viewer") as browser:
        for by in trends.REJECTION_BY:
            status, page = await browser.get(f"/console/analysis?of=rejections&by={by}")
            assert (status, 'class="bar"' in page) == (200, True), by
        _, page = await browser.get("/console/analysis?of=rejections&by=edit")
        link = re.search(r'href="(/console/analysis/rejections\?[^"]*key=A7%3A164%3AIL[^"]*)"', page)
        assert link is not None
        status, listed = await browser.get(link[1].replace("&amp;", "&"))
        assert (status, f'data-href="/console/claims/{row.id}"' in listed) == (200, True)
        _, text = await browser.get(link[1].replace("&amp;", "&").replace("/rejections?", "/rejections.csv?"))
        assert str(row.id) in [one["claim_id"] for one in csv.DictReader(io.StringIO(text))]
        _, text = await browser.get("/console/analysis.csv?of=rejections&by=payer")
        assert sum(int(one["count"]) for one in csv.DictReader(io.StringIO(text))) >= 1
        status, page = await browser.get("/console/analysis/rejections?by=edit&key=A9:999")
        assert (status, "Nothing was refused that fits" in page) == (200, True)


async def test_a_chart_has_round_numbers_and_places_within_its_sheet() -> None:
    months = [trends.Month(dt.date(2026, month, 1), month, month * 12_345) for month in range(1, 7)]
    found = charts.trend(months, ["#"] * 6)
    assert [one.label for one in found.ticks] == ["$0", "$250", "$500", "$750", "$1,000"]
    assert all(0 <= one.x <= found.width and 0 <= one.y <= found.foot for one in found.points)
    assert found.points[0].y > found.points[5].y
    assert [one.label for one in found.points][:2] == ["Jan 2026", "Feb"]
    groups = [trends.Group(f"K{at}", "", 1, 100 - at, 0, 1.0, at * 5.0) for at in range(20)]
    bars = charts.pareto(groups, ["#"] * 20).bars
    assert len(bars) == charts.BARS
    assert bars[0].width == max(bar.width for bar in bars)
    assert charts.trend([trends.Month(dt.date(2026, 1, 1), 0, 0)], ["#"]).points[0].y == found.foot


async def test_figures_are_worked_out_once_for_all_who_look() -> None:
    import asyncio

    worked = 0

    async def make() -> int:
        nonlocal worked
        worked += 1
        await asyncio.sleep(0)
        return worked

    kept = Kept(60.0)
    assert await asyncio.gather(*(kept.get("a", make) for _ in range(5))) == [1] * 5
    assert await kept.get("b", make) == 2
    assert await kept.get("a", make) == 1
    stale = Kept(0.0)
    assert [await stale.get("a", make), await stale.get("a", make)] == [3, 4]

    async def fails() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await kept.get("c", fails)
    assert await kept.get("c", make) == 5
