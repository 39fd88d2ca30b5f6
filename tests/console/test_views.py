"""Queues as people want them: by worklist, by saved view, in another order; and items worked from their row."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from gateway.core.store.tables import touches, work_items
from gateway.core.store.view_tables import queue_views
from gateway.core.work.items import WorkItem, open_items
from gateway.web.console.render import FOLDER

from ..web import running
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def item(office: Office, key: str, **values: Any) -> int:
    """A work item of a plugin; returns its id."""
    given = {
        "kind": "rul_ending",
        "reason": f"Reason of {key}.",
        "team": "resupply",
        "subject_kind": "plugin",
        **values,
    }

    def put(connection: Any) -> None:
        open_items(connection, [WorkItem(key=key, **given)], office.gateway.clock.now())

    await office.gateway.write(put)
    (row,) = await office.rows(work_items, work_items.c.key == key)
    return int(row.id)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("list=nobody/nothing", 404, "No such list"),
        ("order=backwards", 422, "No such order"),
        ("order=dollars&after=WyIyMDI2LTExLTIzIiwidXJnZW50IiwxLDIsIjMiLDRd", 422, "No such page"),
    ],
)
async def test_a_queue_that_cannot_be_shown_is_told_in_words(
    office: Office, query: str, status: int, words: str
) -> None:
    async with office.signed_in("viewer") as browser:
        answered, page = await browser.get(f"/console/queue?{query}")
    assert (answered, words in page) == (status, True)


async def test_lists_of_plugins_show_what_is_due_with_its_date_and_dollars_soonest_first(office: Office) -> None:
    today = running.office_day(office.gateway)
    for key, days, cents in (("later", 9, 12_345), ("sooner", 2, 700)):
        await item(office, f"list-{key}", work_by=today + dt.timedelta(days=days), cents=cents)
    await item(office, "list-other", kind="claim_review")
    async with office.signed_in("biller") as browser:
        _, page = await browser.get("/console/queue?list=rul/ending")
        _, text = await browser.get("/console/queue.csv?list=rul/ending")
        _, empty = await browser.get("/console/queue?list=maintenance/visits")
    assert page.index("Reason of list-sooner") < page.index("Reason of list-later")
    assert "$123.45" in page
    assert f"{today + dt.timedelta(days=9):%m/%d/%Y}" in page
    assert "Reason of list-other" not in page
    assert [row["reason"] for row in csv.DictReader(io.StringIO(text))] == [
        "Reason of list-sooner.", "Reason of list-later.",
    ]  # fmt: skip
    assert "This list has not been worked out yet: that comes daily at " in empty


async def test_a_list_is_worked_out_when_somebody_who_works_asks_for_it(office: Office) -> None:
    place, button = "/console/queue?list=maintenance/visits", "Work it out now"
    async with office.signed_in("viewer") as browser:
        assert button not in (await browser.get(place))[1]
        assert (await browser.post("/console/queue/work-out", list="maintenance/visits"))[0] == 403
    async with office.signed_in("biller") as browser:
        assert button in (await browser.get(place))[1]
        assert (await browser.post("/console/queue/work-out", list="order_confirmation/orders"))[0] == 422
        status, page = await browser.post("/console/queue/work-out", list="maintenance/visits")
        assert (status, "It is being worked out" in page, button in page) == (200, True, False)

        async def done() -> bool:
            return "Worked out " in (await browser.get(place))[1]

        await running.until(done, "the list says when it was worked out")
        _, page = await browser.get(place)
    assert "No visit is due." in page


async def test_a_view_is_saved_shared_shown_and_removed(office: Office) -> None:
    await office.user("ann", "biller", "resupply")
    await office.user("ben", "biller", "denials")
    async with office.signed_in("ann") as browser:
        status, page = await browser.post(
            "/console/views", name="Ours, big", shared="resupply", filters="team=resupply&order=dollars&min=5&evil=1"
        )
        assert status == 200
        assert "<h1>Ours, big" in page
        status, page = await browser.post("/console/views", name="Theirs", shared="denials", filters="")
        assert (status, "Not your team" in page) == (403, True)
        status, page = await browser.post("/console/views", name="", filters="")
        assert (status, "It was not saved" in page) == (422, True)
        status, page = await browser.post("/console/views", name="Bad", filters="bucket=soon")
        assert (status, "That filter cannot be used" in page) == (422, True)
    (view,) = await office.rows(queue_views)
    assert (view.owner, view.name, view.shared, view.filters) == (
        "ann", "Ours, big", "resupply", "team=resupply&min=5&order=dollars",
    )  # fmt: skip
    async with office.signed_in("ben") as browser:
        assert "Ours, big" not in (await browser.get("/console/queue"))[1]
        assert (await browser.post(f"/console/views/{view.id}/remove"))[0] == 404
    async with office.signed_in("viewer") as browser:
        assert "Ours, big" in (await browser.get("/console/queue"))[1]
        assert (await browser.post("/console/views", name="Mine", filters=""))[0] == 403
    async with office.signed_in("manager") as browser:
        assert (await browser.post(f"/console/views/{view.id}/remove"))[0] == 200
    assert await office.rows(queue_views) == []


async def test_the_name_of_a_view_is_text(office: Office) -> None:
    name = "<script>alert(1)</script>"
    async with office.signed_in("manager") as browser:
        _, page = await browser.post("/console/views", name=name, shared="all", filters="team=billing")
        assert "<script>alert" not in page
        (view,) = await office.rows(queue_views)
        await browser.post(f"/console/views/{view.id}/remove")


async def test_an_item_is_worked_from_its_row_and_what_is_wrong_is_said_beside_the_form(office: Office) -> None:
    number = await item(office, "row-1", kind="denial", team="denials", cents=5_000)
    tomorrow = running.office_day(office.gateway) + dt.timedelta(days=2)
    async with office.signed_in("biller") as browser:
        status, form = await browser.get(f"/console/items/{number}/do/touch", headers={"HX-Request": "true"})
        assert status == 200
        assert 'name="action"' in form
        assert "<html" not in form
        fields = {"csrf": browser.csrf, "action": "called_payer", "note": "They look."}
        path = f"/console/items/{number}/do/touch"
        async with browser.http.post(path, data=fields) as answer:
            assert answer.headers["HX-Retarget"] == "#doing .trouble"
            assert "next date" in await answer.text()
        async with browser.http.post(path, data=fields | {"follow_up": tomorrow.isoformat()}) as answer:
            assert json.loads(answer.headers["HX-Trigger"]) == {"item-done": {"id": number, "who": "", "gone": False}}
        async with browser.http.post(f"/console/items/{number}/do/claim", data={"csrf": browser.csrf}) as answer:
            assert json.loads(answer.headers["HX-Trigger"])["item-done"]["who"] == "biller"
        async with browser.http.post(f"/console/items/{number}/do/snooze", data={"csrf": browser.csrf}) as answer:
            assert "on which day" in await answer.text()
        until = {"csrf": browser.csrf, "until": tomorrow.isoformat()}
        async with browser.http.post(f"/console/items/{number}/do/snooze", data=until) as answer:
            assert json.loads(answer.headers["HX-Trigger"])["item-done"]["gone"] is True
    done = [row.verb for row in await office.rows(touches, touches.c.item_id == number)]
    assert done == ["touch", "claim", "snooze"]


async def test_another_teams_item_is_not_worked_from_its_row(office: Office) -> None:
    number = await item(office, "row-2", team="appeals")
    await office.user("cleo", "biller", "posting")
    async with office.signed_in("cleo") as browser:
        _, form = await browser.get(f"/console/items/{number}/do/touch")
        assert "This is work of the team Appeals" in form
        assert (await browser.post(f"/console/items/{number}/do/claim"))[0] == 403
    async with office.signed_in("viewer") as browser:
        assert (await browser.post(f"/console/items/{number}/do/claim"))[0] == 403


async def test_rows_of_every_queue_name_their_item(office: Office) -> None:
    _, hold_id = await office.held(8401)
    refused = await office.refused(8402)
    asked = await item(office, "row-3", kind="rejection", team="billing", subject_kind="claim", claim_id=refused.id)
    (held,) = await office.rows(work_items, work_items.c.key == f"hold:{hold_id}")
    async with office.signed_in("biller") as browser:
        for path in ("/console/holds", f"/console/queue?claim_id={held.claim_id}"):
            assert f'data-item="{held.id}"' in (await browser.get(path))[1], path
        _, page = await browser.get("/console/rejections")
    assert f'data-item="{asked}"' in page


async def test_the_count_of_a_queue_is_asked_for_with_its_filters(office: Office) -> None:
    await item(office, "count-1", team="contracts", cents=150)
    async with office.signed_in("biller") as browser:
        _, part = await browser.get("/console/queue/counted?team=contracts")
        assert "1 items, $1.50" in part
        assert "Show them as they are now" not in part
        _, part = await browser.get("/console/queue/counted?team=contracts&was=0x0")
        assert f"/console/queue?{quote('team=contracts', safe='=')}" in part
        assert "Show them as they are now" in part


async def test_no_page_asks_again_and_again_where_the_stream_tells() -> None:
    for path in (FOLDER / "templates").glob("*.html"):
        assert "every " not in "".join(re.findall(r'hx-trigger="([^"]*)"', path.read_text())), path.name
