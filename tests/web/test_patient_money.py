"""What a patient paid, posted over HTTP: who may, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, insert

from gateway.core.ledger.proof import prove
from gateway.core.store.tables import patients

from .conftest import Desk
from .test_deposits import keyed
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _a_patient(connection: Connection, now: dt.datetime) -> None:
    connection.execute(insert(patients).values(id=4242, last_name="FERNSBY", first_name="POSY", created_at=now))


async def test_money_is_posted_for_a_claim_and_what_nobody_owes_is_told(desk: Desk) -> None:
    petra = await person(desk)
    (line,) = (await keyed(petra, method="card", number="7001", amount="12.00"))["line_ids"]
    at = f"deposits/{line}/post-patient"
    assert (await petra.post(at, {"claims": [1]}))[0] == 422, "without a reason"
    status, told = await petra.post(at, {"reason": "Copay."})
    assert (status, told["title"]) == (409, "That cannot be done")
    assert (await petra.post(at, {"reason": "Copay.", "patient": 987654}))[0] == 409
    assert (await petra.post(at, {"reason": "Copay.", "claims": [987654]}))[0] == 409
    await desk.gateway.write(_a_patient, desk.gateway.services.clock.now())
    status, told = await petra.post(at, {"reason": "Copay.", "patient": 4242})
    assert (status, told) == (200, {"posted": [], "left": "12.00"})
    status, page = await petra.get("queue?kind=patient_money")
    assert (status, [one["dollars"] for one in page["items"]]) == (200, ["12.00"])
    assert (await desk.gateway.read(prove)).ok
    assert (await petra.post(f"deposits/{line}/unmatch", {"reason": "Another patient."}))[0] == 200
    assert (await desk.gateway.read(prove)).ok


async def test_who_may_only_read_posts_nothing(desk: Desk) -> None:
    async with desk.http.post("/api/v1/deposits/1/post-patient", json={}, headers=desk.read) as answer:
        assert answer.status == 403
