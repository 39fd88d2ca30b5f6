"""What did not post, over HTTP: who may look and act, what is answered, and that doing it twice does it once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.ledger.proof import prove

from ..posting.waiting import a_payment_that_waits
from . import running
from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(desk: Desk, path: str, body: Any, who: dict[str, str]) -> tuple[int, Any]:
    async with desk.http.post(f"/api/v1/{path}", json=body, headers=who) as answer:
        return answer.status, await answer.json(content_type=None)


async def look(desk: Desk, path: str) -> tuple[int, Any]:
    async with desk.http.get(f"/api/v1/{path}", headers=desk.read) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_what_is_wrong_is_told_and_nothing_is_done(desk: Desk) -> None:
    worker = await running.token(desk.gateway, "pat-wrong", "post")
    assert (await ask(desk, "exceptions/1/set-aside", {"reason": "x"}, desk.read))[0] == 403
    assert (await look(desk, "exceptions/99999"))[0] == 404
    assert (await look(desk, "exceptions?limit=0"))[0] == 422
    for path, body, status, words in (
        ("exceptions/99999/assign", {"claim_id": 1, "reason": "x"}, 409, "no claim payment 99999"),
        ("exceptions/99999/assign", {"reason": "x"}, 422, "claim_id"),
        ("exceptions/99999/set-aside", {"reason": ""}, 409, "needs who asks for it, and why"),
        ("exceptions/99999/set-aside", {"why": "x"}, 422, "why"),
        ("remittances/99999/accept", {"reason": "x"}, 409, "no remittance 99999"),
        ("remittances/99999/dismiss", {"reason": "x"}, 409, "no remittance 99999"),
    ):
        found, told = await ask(desk, path, body, worker)
        assert (found, words in told["detail"]) == (status, True), (path, told)


async def test_a_payment_is_listed_shown_set_aside_and_taken_back(desk: Desk) -> None:
    worker = await running.token(desk.gateway, "pat-aside", "post")
    _, payment_id = await desk.gateway.write(a_payment_that_waits)
    _, listed = await look(desk, "exceptions?payer=90101")
    (one,) = [row for row in listed["exceptions"] if row["id"] == payment_id]
    assert (one["dollars"], one["reason"]) == ("80.00", "No claim of ours.")
    _, shown = await look(desk, f"exceptions/{payment_id}")
    assert (shown["charge"], shown["candidates"]) == ("150.00", [])
    for act, new in (("set-aside", True), ("set-aside", False), ("take-back", True), ("take-back", False)):
        status, told = await ask(desk, f"exceptions/{payment_id}/{act}", {"reason": "checked"}, worker)
        assert (status, told["new"]) == (200, new)
        assert (await desk.gateway.read(prove)).ok
    status, told = await ask(desk, f"exceptions/{payment_id}/assign", {"claim_id": 99999, "reason": "x"}, worker)
    assert status == 409
    assert "no claim 99999" in told["detail"]
