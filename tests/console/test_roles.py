"""Who may do what: each page with each role, and another team's work."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.core.store.tables import access_log, holds, touches, work_items

from .conftest import Office
from .test_door import pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_sending_files_again_is_a_managers(office: Office) -> None:
    for role in ("biller", "poster"):
        async with office.signed_in(role) as browser:
            for path in ("/console/files/1/replay", "/console/batches/1/retransmit"):
                assert (await browser.post(path, reason="because"))[0] == 403


async def test_no_page_fails_for_an_administrator_whatever_number_is_asked_for(office: Office) -> None:
    async with office.signed_in("administrator") as browser:
        for method, path in pages(office):
            if method == "GET":
                status, page = await browser.get(path)
                assert status in (200, 404, 409, 410), (path, status)
                assert "Traceback" not in page


async def test_another_teams_work_is_looked_at_and_not_touched(office: Office) -> None:
    _, hold_id = await office.held(8101)
    (item,) = await office.rows(work_items, work_items.c.key == f"hold:{hold_id}")
    assert item.team == "documentation"
    await office.user("other", "biller", "billing")
    await office.user("own", "biller", "documentation")
    async with office.signed_in("other") as browser:
        assert (await browser.get(f"/console/items/{item.id}"))[0] == 200
        for path, fields in (
            (f"/console/items/{item.id}/claim", {}),
            (f"/console/items/{item.id}/assign", {"to": "other"}),
            (f"/console/holds/{hold_id}/release", {"reason": "because"}),
            ("/console/queue/many", {"verb": "claim", "ids": str(item.id)}),
        ):
            status, page = await browser.post(path, **fields)
            assert status == 403, path
            assert "Another team" in page
    (same,) = await office.rows(work_items, work_items.c.id == item.id)
    assert same.assignee == ""
    async with office.signed_in("own") as browser:
        status, page = await browser.post(f"/console/items/{item.id}/claim")
        assert (status, "It is yours." in page) == (200, True)
    async with office.signed_in("manager") as browser:
        status, page = await browser.post(f"/console/items/{item.id}/assign", to="other", team="billing")
        assert status == 200
    (moved,) = await office.rows(work_items, work_items.c.id == item.id)
    assert (moved.team, moved.assignee) == ("billing", "other")
    assert [row.who for row in await office.rows(touches, touches.c.item_id == item.id)] == ["own", "manager"]


async def test_every_look_is_in_the_access_log_before_the_page_is_there(office: Office) -> None:
    row = await office.claim(8102)
    async with office.signed_in("viewer") as browser:
        path = f"/console/claims/{row.id}"
        before = len(await office.rows(access_log, access_log.c.what == f"GET {path}"))
        assert (await browser.get(path))[0] == 200
        looks = await office.rows(access_log, access_log.c.what == f"GET {path}")
        assert len(looks) == before + 1
        assert (looks[-1].who, looks[-1].source) == ("viewer", "127.0.0.1")
        # What was typed into a search may be a patient's name: it is not written down.
        await browser.get("/console/claims?q=FERNSBY")
    kept = await office.gateway.read(lambda sql: list(sql.execute(select(access_log.c.what)).scalars()))
    assert not any("FERNSBY" in what for what in kept)


async def test_a_hold_is_released_once_and_with_a_reason(office: Office) -> None:
    row, hold_id = await office.held(8103)
    async with office.signed_in("biller") as browser:
        status, page = await browser.post(f"/console/holds/{hold_id}/release", reason="")
        assert status == 409
        status, page = await browser.post(f"/console/holds/{hold_id}/release", reason="The order came.")
        assert (status, "The hold is released." in page) == (200, True)
        status, page = await browser.post(f"/console/holds/{hold_id}/release", reason="Again.")
        assert "released before" in page
    (hold,) = await office.rows(holds, holds.c.id == hold_id)
    assert (hold.released_by, hold.claim_id) == ("biller", row.id)
