"""Refused claims over HTTP: who may, what is answered, and that a preview leaves no trace."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from gateway.core.store.tables import access_log, claims, corrections, metadata, outbox, requests
from gateway.core.x12.claim import Claim
from gateway.core.x12.stored import StoredClaim

from . import running
from .conftest import Desk
from .house import claims_of
from .test_again import _refused as refused
from .test_again import post

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count()
SEED = 9100


async def worker(desk: Desk, *scopes: str) -> dict[str, str]:
    return await running.token(desk.gateway, f"sam-{next(_numbers)}", *(scopes or ("work", "read")))


async def a_claim(desk: Desk, number: int) -> Any:
    """A claim that a clearinghouse has refused."""
    _, told = await desk.send("billing/files", claims_of(SEED + number, 2), name=f"refused-{number}.837")
    await desk.read_to_the_end(told["file_id"])
    claim = (await desk.rows(claims, claims.c.file_id == told["file_id"]))[0]
    await desk.gateway.write(refused, claim.id)
    (row,) = await desk.rows(claims, claims.c.id == claim.id)
    return row


async def get(desk: Desk, path: str, who: dict[str, str]) -> tuple[int, Any]:
    async with desk.http.get(f"/api/v1/{path}", headers=who) as answer:
        return answer.status, await answer.json(content_type=None)


async def done(desk: Desk, request_id: int, who: dict[str, str]) -> str:
    async def look() -> Any:
        _, found = await get(desk, f"requests/{request_id}", who)
        return found if found["done_at"] else None

    found = await running.until(look, "the correction is decided")
    return str(found["outcome"])


def place_of(row: Any) -> str:
    return Claim(StoredClaim.unpack(row.content)).place_of_service


async def test_a_preview_says_what_would_come_of_it_and_leaves_nothing_behind(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 0)
    before = await _at_rest(desk)
    kept = _files(desk)
    for value in ("12", "13", "99", "XX"):
        body = {"set": {"place of service": value, "subscriber sex": "X"}}
        status, told = await post(desk, f"claims/{claim.id}/correct?preview=true", body, who)
        assert status == 200
    assert told["changes"][0].startswith("place of service (2300 CLM05-1): ")
    assert [one["place"] for one in told["guide"] if "sex" in one["message"]] == ["2010BA DMG03"]
    assert (told["goes"], told["version"]) == (False, claim.version)
    after = await desk.gateway.read(_everything)
    assert after == before
    assert _files(desk) == kept


async def _at_rest(desk: Desk) -> dict[str, int]:
    """What there is, as soon as nothing of what came before adds to it."""
    seen: list[dict[str, int]] = [{}]

    async def look() -> Any:
        await asyncio.sleep(0.5)
        seen.append(await desk.gateway.read(_everything))
        waits = await desk.rows(outbox, outbox.c.submitted_at.is_(None))
        return not waits and len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]

    await running.until(look, "nothing is under way")
    return seen[-1]


def _everything(connection: Connection) -> dict[str, int]:
    """Rows by table, but for the log of who looked and the token's last use; and the sum of the claims' versions."""
    found = {
        name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for name, table in metadata.tables.items()
        if name not in ("access_log", "executors", "schedules", "outbox")
    }
    return found | {"versions": int(connection.execute(select(func.sum(claims.c.version))).scalar_one())}


def _files(desk: Desk) -> set[Path]:
    return {path for path in desk.gateway.archive.root.rglob("*") if path.is_file() and "incoming" not in path.parts}


async def test_fields_come_with_the_version_that_a_correction_sends_back(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 1)
    status, told = await get(desk, f"claims/{claim.id}/fields", who)
    assert (status, told["version"], told["can_be_corrected"]) == (200, claim.version, True)
    by_name = {one["name"]: one for one in told["fields"]}
    assert by_name["subscriber id"]["value"] == claim.member_id
    assert by_name["place of service"]["place"] == "2300 CLM05-1"
    body = {"set": ["place of service=13"], "reason": "at home", "version": told["version"]}
    status, asked = await post(desk, f"claims/{claim.id}/correct", body, who)
    assert (status, asked["asked_before"]) == (202, False)
    await done(desk, asked["request_id"], who)
    (row,) = await desk.rows(claims, claims.c.id == claim.id)
    assert place_of(row) == "13"
    status, told = await post(desk, f"claims/{claim.id}/correct", body | {"set": ["place of service=14"]}, who)
    assert status == 409
    assert "has changed since you looked at it" in told["detail"]


async def test_what_is_asked_wrongly_is_told(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 2)
    path = f"claims/{claim.id}/correct"
    for body, expected, wanted in (
        ([], 422, "must be a JSON object"),
        ({"sett": {}}, 422, "sett is not known here"),
        ({"set": {"charge": 5}}, 422, "an object of texts"),
        ({"set": ["charge"]}, 409, "a name or place, ="),
        ({"set": {"charge": "5"}, "version": "1"}, 422, "version must be a whole number"),
        ({"set": {"charge": "5"}}, 409, "who asks for it, and why: reason is missing."),
        ({"set": {"no such": "5"}, "reason": "x"}, 409, "neither a field of a claim nor a place"),
        ({"set": {"charge": "5"}, "reason": "x", "root_cause": "moon"}, 409, "no root cause 'moon'"),
        ({"add": ["NOT A SEGMENT"], "reason": "x"}, 409, "written with stars"),
        ({"set": {f"line 1 REF[{n}]02": "1" for n in range(300)}, "reason": "x"}, 422, "at most 200"),
    ):
        status, told = await post(desk, path, body, who)
        assert (status, wanted in told["detail"]) == (expected, True), told
    async with desk.http.post(f"/api/v1/{path}", data=b"{", headers=who) as answer:
        assert "no JSON" in (await answer.json(content_type=None))["detail"]
    assert await desk.rows(corrections, corrections.c.claim_id == claim.id) == []


async def test_a_claim_that_is_not_there_is_told(desk: Desk) -> None:
    who = await worker(desk)
    for path in ("fields", "rejections"):
        assert (await get(desk, f"claims/987654/{path}", who))[0] == 404
    for path in ("correct", "correct?preview=true", "replace", "void"):
        assert (await post(desk, f"claims/987654/{path}", {"reason": "x"}, who))[0] == 404


async def test_values_are_for_who_may_work_and_each_look_is_noted(desk: Desk) -> None:
    who = await worker(desk)
    reader = await worker(desk, "read")
    claim = await a_claim(desk, 3)
    for path in (f"claims/{claim.id}/fields", f"claims/{claim.id}/rejections"):
        status, told = await get(desk, path, reader)
        assert (status, "'work'" in told["detail"]) == (403, True)
        assert (await get(desk, path, who))[0] == 200
        noted = await desk.rows(access_log, access_log.c.what == f"GET /api/v1/{path}")
        assert len(noted) == 2
    status, told = await get(desk, "rejections", reader)
    assert status == 200
    assert claim.member_id not in json.dumps(told)
    assert claim.id in {one["claim_id"] for one in told["rejections"]}


async def test_nothing_of_a_claim_stands_in_the_log(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 4)
    secret = "ZZTOP4711"
    await post(desk, f"claims/{claim.id}/correct?preview=true", {"set": {"subscriber id": secret}}, who)
    _, asked = await post(desk, f"claims/{claim.id}/correct", {"set": {"subscriber id": secret}, "reason": "card"}, who)
    await done(desk, asked["request_id"], who)
    assert secret not in str(desk.logged)
    rows = await desk.rows(requests, requests.c.subject_id == claim.id)
    assert secret not in str(rows)


async def test_a_claim_that_the_payer_never_took_is_not_replaced(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 5)
    status, told = await post(desk, f"claims/{claim.id}/replace", {"reason": "x", "set": {"line 1 units": "2"}}, who)
    assert (status, "correct it in place" in told["detail"]) == (409, True)
    status, told = await post(desk, f"claims/{claim.id}/void", {"reason": "x", "set": {}}, who)
    assert (status, "set is not known here" in told["detail"]) == (422, True)


async def test_a_paid_claim_is_sent_to_the_replacement_by_the_preview_too(desk: Desk) -> None:
    who = await worker(desk)
    claim = await a_claim(desk, 6)
    await desk.gateway.write(_paid, claim.id)
    status, told = await post(desk, f"claims/{claim.id}/correct?preview=true", {"set": {"charge": "5"}}, who)
    assert (status, "gateway claim replace" in told["detail"]) == (409, True)


def _paid(connection: Connection, claim_id: int) -> None:
    connection.execute(update(claims).where(claims.c.id == claim_id).values(state="paid"))


async def test_the_weeks_report_is_asked_by_what_and_week(desk: Desk) -> None:
    who = await worker(desk, "read")
    status, told = await get(desk, "reports/rejections?by=payer&week=2026-W12", who)
    assert (status, told["by"], told["from"], told["rows"]) == (200, "payer", "2026-03-16", [])
    for query, wanted in (("by=moon", "'edit', 'payer'"), ("week=soon", "no week")):
        status, told = await get(desk, f"reports/rejections?{query}", who)
        assert (status, wanted in told["detail"]) == (422, True)
