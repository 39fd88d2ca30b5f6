"""Reports and productivity: every figure with its formula and what is behind it; whose work is seen by whom."""

from __future__ import annotations

import csv
import io
import re
import time
from decimal import Decimal
from types import SimpleNamespace

import pytest

from gateway.core.reports import catalogue
from gateway.core.reports.measure import Unit
from gateway.core.store.tables import work_items
from gateway.core.work import verbs
from gateway.web.console import figure_pages, kept
from gateway.web.console.figure_pages import in_unit

from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/console/reports/no-such-figure", 404, "No such figure"),
        ("/console/reports/dso?from=soon", 422, "That is no date"),
        ("/console/reports/dso?from=2026-02-01&to=2026-01-01", 422, "The last day lies before the first."),
        ("/console/reports/dso?by=payer", 422, "is not grouped by payer"),
        ("/console/reports/hold-days?source=billing", 422, "cannot be narrowed so"),
        ("/console/reports/hold-days/claims?source=billing", 422, "cannot be narrowed so"),
        ("/console/productivity?from=2026-02-01&to=2026-01-01", 422, "The last day lies before the first."),
        ("/console/productivity?from=2024-02-01&to=2026-01-01", 422, "At most 366 days"),
        ("/console/productivity/worked?to=never", 422, "That is no date"),
    ],
)
async def test_what_cannot_be_told_is_said_in_words(office: Office, path: str, status: int, words: str) -> None:
    async with office.signed_in("manager") as browser:
        answered, page = await browser.get(path)
    assert (answered, words in page) == (status, True)


async def test_every_figure_is_there_with_its_formula_and_its_number(office: Office) -> None:
    await office.held(8601)
    async with office.signed_in("viewer") as browser:
        _, page = await browser.get("/console/reports")
        for name, report in catalogue.REPORTS.items():
            assert f"/console/reports/{name}/headline" in page
            status, part = await browser.get(f"/console/reports/{name}/headline")
            assert (status, "<html" in part) == (200, False), name
            status, one = await browser.get(f"/console/reports/{name}")
            assert status == 200, name
            assert report.definition.title in one
            for address in re.findall(r'data-href="([^"]+)"', one):
                assert (await browser.get(address.replace("&amp;", "&")))[0] == 200, address
        status, text = await browser.get("/console/reports.csv")
    assert status == 200
    assert {row["figure"].partition(":")[0] for row in csv.DictReader(io.StringIO(text))} == set(catalogue.REPORTS)


async def test_behind_a_number_stand_its_claims(office: Office) -> None:
    row, _ = await office.held(8602)
    async with office.signed_in("viewer") as browser:
        _, page = await browser.get("/console/reports/hold-days/claims?group=MAN")
        _, none = await browser.get("/console/reports/hold-days/claims?group=RX")
        _, text = await browser.get("/console/reports/hold-days/claims.csv?group=MAN")
    assert f"/console/claims/{row.id}" in page
    assert f"/console/claims/{row.id}" not in none
    rows = {int(one["claim"]): one for one in csv.DictReader(io.StringIO(text))}
    assert Decimal(rows[row.id]["dollars"]) == Decimal(row.charge_cents) / 100


async def test_a_figure_is_worked_out_once_for_all_who_look_within_a_minute(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = catalogue.work_out

    def counted(connection: object, report: object, scope: object) -> object:
        asked.append(scope)
        return real(connection, report, scope)  # type: ignore[arg-type]

    monkeypatch.setattr(catalogue, "work_out", counted)
    async with office.signed_in("viewer") as browser:
        for _ in range(3):
            await browser.get("/console/reports/over-90/headline?from=2026-01-01&to=2026-01-31")
        assert len(asked) == 1
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + figure_pages.KEPT_S)
        monkeypatch.setattr(kept, "time", later)
        await browser.get("/console/reports/over-90/headline?from=2026-01-01&to=2026-01-31")
        assert len(asked) == 2


@pytest.mark.parametrize("what", ["", "/claims"])
async def test_a_page_that_takes_long_asks_for_itself(
    office: Office, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(figure_pages, "PATIENCE_S", 0)
    address = f"/console/reports/over-90{what}?from=2026-02-01&to=2026-02-2{len(what)}"
    async with office.signed_in("viewer") as browser:
        _, at_first = await browser.get(address)
        assert "It is being worked out." in at_first
        assert f'hx-get="{address.replace("&", "&amp;")}"' in at_first
        _, whole = await browser.get(address, headers={"HX-Request": "true"})
        assert "It is being worked out." not in whole
        assert "CSV" in whole


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (Decimal("1234.5"), Unit.DOLLARS, "$1,234.50"),
        (Decimal("-0.5"), Unit.DOLLARS, "-$0.50"),
        (Decimal("12.30"), Unit.PERCENT, "12.30 %"),
        (Decimal("56.00"), Unit.DAYS, "56.00 days"),
        (None, Unit.HOURS, "nothing to tell"),
    ],
)
async def test_a_value_stands_with_its_unit(value: Decimal | None, unit: Unit, told: str) -> None:
    assert in_unit(value, unit) == told


async def worked(office: Office, who: str, seed: int) -> int:
    """A hold that somebody takes and notes something on; the number of its item."""
    from gateway.core.work.actions import Actions

    _, hold_id = await office.held(seed)
    (item,) = await office.rows(work_items, work_items.c.key == f"hold:{hold_id}")
    now, tables = office.gateway.clock.now(), office.gateway.services.config.tables
    acts = Actions.of(tables, now.date())

    def work(connection: object) -> None:
        verbs.claim(connection, [item.id], who, now)  # type: ignore[arg-type]
        verbs.touch(connection, [item.id], who, now, acts, now.date(), action="note", note=f"By {who}.")  # type: ignore[arg-type]

    await office.gateway.write(work)
    return int(item.id)


async def test_everybody_sees_their_own_work_and_a_manager_everybodys(office: Office) -> None:
    await office.user("dora", "biller")
    await office.user("zeno", "biller")
    items = {who: await worked(office, who, seed) for who, seed in (("dora", 8603), ("zeno", 8604))}
    async with office.signed_in("dora") as browser:
        for path in ("/console/productivity", "/console/productivity.csv", "/console/productivity/worked"):
            _, page = await browser.get(path)
            assert "dora" in page
            assert "zeno" not in page, path
            for more in ("", ".csv"):
                status, page = await browser.get(f"/console/productivity{more}?who=zeno")
                assert (status, "Another person" in page) == (403, True)
        assert (await browser.get("/console/productivity/worked?who=zeno"))[0] == 403
    async with office.signed_in("manager") as browser:
        _, page = await browser.get("/console/productivity")
        assert "By person" in page
        assert ">dora</a>" in page
        assert ">zeno</a>" in page
        _, text = await browser.get("/console/productivity.csv?who=zeno")
        (day,) = csv.DictReader(io.StringIO(text))
        assert (day["who"], day["team"], day["touches"]) == ("zeno", "documentation", "1")
        _, page = await browser.get("/console/productivity/worked?who=dora")
        assert f"/console/items/{items['dora']}" in page
        assert f"/console/items/{items['zeno']}" not in page
        assert "By dora." in page
        _, page = await browser.get("/console/productivity?team=appeals")
        assert "Nobody has worked an item in these days." in page


async def test_what_was_worked_is_shown_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.web.console import productivity_pages

    monkeypatch.setattr(productivity_pages, "SHOWN", 1)
    await office.user("fay", "biller")
    await worked(office, "fay", 8605)
    async with office.signed_in("fay") as browser:
        _, page = await browser.get("/console/productivity/worked")
        found = re.search(r'hx-get="([^"]+before=\d+)"', page)
        assert found is not None
        assert "Took it" not in page
        _, rows = await browser.get(found[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
        assert "Took it" in rows
        assert "<html" not in rows
