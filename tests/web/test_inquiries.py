"""Asking a payer over HTTP: who may, and what is said where the partner does not offer it."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from gateway.core.store.tables import outbox

from ..work.desk import put_claim
from .conftest import Desk
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_who_may_only_read_asks_nobody(desk: Desk) -> None:
    reader = await person(desk, "read")
    assert (await reader.post("inquiries", {"claims": [1]}))[0] == 403
    assert (await reader.get("inquiries"))[1] == {"inquiries": [], "after": ""}
    assert (await reader.get("inquiries?moon=1"))[0] == 422


async def test_a_partner_that_does_not_offer_it_is_named(desk: Desk) -> None:
    worker = await person(desk, "work")
    assert (await worker.post("inquiries", {"claims": []}))[0] == 422

    claim_id = await desk.gateway.write(put_claim, 900_001)
    status, body = await worker.post("inquiries", {"claims": [claim_id, 999_999]})
    assert (status, body) == (200, {"claims": [], "not_offered_by": ["practice"]})

    def begun(connection: Connection) -> list[str]:
        return list(connection.execute(select(outbox.c.key).where(outbox.c.kind == "inquire")).scalars())

    assert await desk.gateway.read(begun) == []
