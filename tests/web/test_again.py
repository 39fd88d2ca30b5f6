"""The three verbs over HTTP: who may ask, what is answered, and that asking twice does it once."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from gateway.core.store.tables import batches, claims, submissions, timeline
from gateway.sandbox.write import as_837

from . import running
from .conftest import Desk
from .test_api import TODAY, group

pytestmark = pytest.mark.asyncio(loop_scope="module")


_numbers = count()


async def post(desk: Desk, path: str, body: Any, who: dict[str, str]) -> tuple[int, Any]:
    async with desk.http.post(f"/api/v1/{path}", json=body, headers=who) as answer:
        return answer.status, await answer.json(content_type=None)


async def workers(desk: Desk) -> dict[str, str]:
    """A token for the verbs; each test makes its own."""
    return await running.token(desk.gateway, f"pat-{next(_numbers)}", "work", "read")


async def taken_in(desk: Desk, number: int) -> list[Any]:
    """Some claims of the generated ones."""
    _, told = await desk.send("billing/files", as_837(group(number), TODAY), name=f"again-{number}.837")
    row = await desk.read_to_the_end(told["file_id"])
    return await desk.rows(claims, claims.c.file_id == row.id)


async def test_a_body_that_says_nothing_or_something_else_is_told_what_is_wanted(desk: Desk) -> None:
    who = await workers(desk)
    for body, wanted in (
        ([], (422, "must be a JSON object")),
        ({}, (409, "who asks for it, and why")),
        ({"reson": "x"}, (422, "reson is not known here (there are reason, payer_has_it_not)")),
        ({"reason": "x", "payer_has_it_not": "yes"}, (422, "payer_has_it_not must be true or false")),
    ):
        status, told = await post(desk, "claims/1/resubmit", body, who)
        assert (status, wanted[1] in told["detail"]) == (wanted[0], True), told
    async with desk.http.post("/api/v1/claims/1/replay", data=b"{", headers=who) as answer:
        assert answer.status == 400
        assert "no JSON" in (await answer.json(content_type=None))["detail"]


async def test_only_who_may_work_may_ask(desk: Desk) -> None:
    status, told = await post(desk, "claims/1/replay", {"reason": "x"}, desk.read)
    assert status == 403
    assert "'work'" in told["detail"]


async def test_what_is_not_there_is_told(desk: Desk) -> None:
    who = await workers(desk)
    for path, wanted in (
        ("claims/987654/resubmit", "no claim 987654"),
        ("claims/987654/replay", "no claim 987654"),
        ("payments/987654/replay", "no claim payment 987654"),
        ("files/987654/replay", "no received file 987654"),
    ):
        status, told = await post(desk, path, {"reason": "x"}, who)
        assert (status, wanted in told["detail"]) == (409, True), told
    assert (await post(desk, "batches/987654/retransmit", {"reason": "x"}, who))[0] == 404
    async with desk.http.get("/api/v1/requests/987654", headers=who) as answer:
        assert answer.status == 404


async def test_a_claim_is_replayed_once_and_says_what_came_of_it(desk: Desk) -> None:
    who = await workers(desk)
    claim = (await taken_in(desk, 4))[0]
    await desk.gateway.write(_state, claim.id, "rejected")
    body = {"reason": "the table was corrected", "from": "scrub"}
    status, told = await post(desk, f"claims/{claim.id}/replay", body, who)
    assert (status, told["asked_before"]) == (202, False)

    async def done() -> Any:
        async with desk.http.get(f"/api/v1/requests/{told['request_id']}", headers=who) as answer:
            found = await answer.json()
        return found if found["done_at"] else None

    found = await running.until(done, "the replay is done")
    assert (found["verb"], found["subject_id"], found["reason"]) == ("replay", claim.id, "the table was corrected")
    assert "resubmit sends it again" in found["outcome"]
    status, second = await post(desk, f"claims/{claim.id}/replay", body, who)
    assert (status, second["asked_before"], second["request_id"]) == (200, True, told["request_id"])
    (entry,) = await desk.rows(timeline, timeline.c.subject_id == claim.id, timeline.c.station == "replay")
    assert entry.who.startswith("pat-")


async def test_a_claim_is_resubmitted_once(desk: Desk) -> None:
    who = await workers(desk)
    claim = (await taken_in(desk, 5))[0]
    await desk.gateway.write(_refused, claim.id)
    status, told = await post(desk, f"claims/{claim.id}/resubmit", {"reason": "corrected at the payer"}, who)
    assert (status, told["what"]) == (202, "It goes with the next batch.")
    status, second = await post(desk, f"claims/{claim.id}/resubmit", {"reason": "corrected at the payer"}, who)
    assert (status, second["asked_before"]) == (200, True)


async def test_a_batch_that_is_on_its_way_is_not_sent_again(desk: Desk) -> None:
    who = await workers(desk)
    batch_id = await desk.gateway.write(_sent_batch)
    status, told = await post(desk, f"batches/{batch_id}/retransmit", {"reason": "to be sure"}, who)
    assert status == 409
    assert "never written" in told["detail"]
    status, told = await post(desk, f"batches/{batch_id}/retransmit", {"reason": " "}, who)
    assert "needs a reason" in told["detail"]


def _state(connection: Connection, claim_id: int, state: str) -> None:
    connection.execute(update(claims).where(claims.c.id == claim_id).values(state=state))


def _sent_batch(connection: Connection) -> int:
    known = connection.execute(select(batches.c.id).order_by(batches.c.id.desc())).scalars().first()
    batch_id = max(known or 0, 5000) + 1
    now = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
    connection.execute(
        insert(batches).values(
            id=batch_id,
            partner="practice",
            state="sent",
            isa13=str(batch_id),
            sets=1,
            claims=1,
            cents=1,
            created_at=now,
        )
    )
    return batch_id


def _refused(connection: Connection, claim_id: int) -> None:
    """The claim was sent, and refused on the way."""
    batch_id = _sent_batch(connection)
    now = connection.execute(select(claims.c.created_at).where(claims.c.id == claim_id)).scalar_one()
    connection.execute(
        insert(submissions).values(
            id=batch_id, claim_id=claim_id, batch_id=batch_id, position=0, state="rejected", charge_cents=1,
            created_at=now, updated_at=now,
        )
    )  # fmt: skip
    _state(connection, claim_id, "rejected")
