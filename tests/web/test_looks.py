"""Files, batches and claims are found and shown over HTTP, in pages, and each look is noted."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.store.tables import access_log, claims
from gateway.sandbox.write import as_837

from .conftest import Desk
from .test_api import group
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")
TODAY = dt.date(2026, 11, 23)


async def test_a_claim_is_found_by_what_is_known_of_it_and_shown_as_it_stands(desk: Desk) -> None:
    who = await person(desk)
    data = as_837(group(0), TODAY)
    _, told = await desk.send("billing/files", data, name="looks.837")
    await desk.read_to_the_end(told["file_id"])
    rows = await desk.rows(claims, claims.c.file_id == told["file_id"])
    one = rows[0]
    for query in (f"number={one.source_claim_number}", f"number={one.claim_number}", f"member_id={one.member_id}"):
        status, found = await who.get(f"claims?{query}&file_id={told['file_id']}")
        assert status == 200
        assert one.id in [row["claim_id"] for row in found["claims"]], query
        assert one.member_id not in str(found)
    assert (await who.get("claims?number=nothing"))[1] == {"claims": [], "after": ""}
    status, refused = await who.get("claims")
    assert (status, "name one of number" in refused["detail"]) == (422, True)
    status, shown = await who.get(f"claims/{one.id}")
    assert (status, shown["claim_id"], shown["state"]) == (200, one.id, one.state)
    assert shown["lines"]
    assert shown["events"]
    assert (await who.get("claims/999999"))[0] == 404
    looks = await desk.rows(access_log, access_log.c.who == who.name)
    assert f"GET /api/v1/claims/{one.id}" in {row.what for row in looks}


async def test_the_claims_of_a_file_come_in_pages(desk: Desk) -> None:
    who = await person(desk)
    _, told = await desk.send("billing/files", as_837(group(1), TODAY), name="pages.837")
    await desk.read_to_the_end(told["file_id"])
    ids, after = [], ""
    for _ in range(5):
        _, found = await who.get(f"claims?file_id={told['file_id']}&limit=2&after={after}")
        ids += [row["claim_id"] for row in found["claims"]]
        after = found["after"]
        if not after:
            break
    rows = await desk.rows(claims, claims.c.file_id == told["file_id"])
    assert ids == sorted((row.id for row in rows), reverse=True)


async def test_files_are_listed_and_their_bytes_are_for_those_who_work(desk: Desk) -> None:
    who = await person(desk)
    data = as_837(group(2), TODAY)
    _, told = await desk.send("billing/files", data, name='list "a".837')
    await desk.read_to_the_end(told["file_id"])
    status, page = await who.get("files?direction=in&party=billing&limit=1")
    assert (status, page["files"][0]["file_id"]) == (200, told["file_id"])
    assert page["files"][0]["claims"] == 6
    path = f"/api/v1/files/{told['file_id']}/content"
    async with desk.http.get(path, headers=who.headers) as answer:
        assert await answer.read() == data
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''list%20%22a%22")
    async with desk.http.get(path, headers=desk.read) as answer:
        assert answer.status == 403
    assert (await who.get("files/999999/content"))[0] == 404
    assert (await who.get("files?direction=up"))[0] == 422


async def test_batches_are_listed(desk: Desk) -> None:
    who = await person(desk)
    status, page = await who.get("batches?partner=practice&limit=5")
    assert status == 200
    assert {row["partner"] for row in page["batches"]} <= {"practice"}
    assert (await who.get("batches?partner=nobody"))[1] == {"batches": [], "after": ""}
