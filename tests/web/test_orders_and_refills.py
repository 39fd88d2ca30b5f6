"""A gateway that runs: an order is billed, one that is wrong waits and is mended, and a refill leaves when the patient
has asked for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.store.tables import claims, equipment, holds, work_items

from ..plugins.order_confirmation.shipped import SUPPLIER, line, order, supply
from . import running
from .house import House, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

DELIVERED = {"delivered_on": "2025-06-02"}
SENT = {"patient_id": "P-9", "member_id": "1A23C45DE67", "birth_date": "1950-06-15"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    stations = "  confirm: [order_confirmation]\n  hold: [resupply]\n"
    async with opened(tmp_path_factory.mktemp("orders"), "orders", {}, stations) as made:
        yield made._replace(admin=await running.token(made.gateway, "warehouse", "submit"))


async def dropped(house: House, drop: str, rows: list[dict[str, Any]]) -> list[str]:
    """What is said of each row of a document that was handed in over the API."""
    url = f"/api/v1/plugins/{drop.replace('/', '/drops/')}?source=billing"
    async with house.http.post(url, data=json.dumps(rows).encode(), headers=house.admin) as answer:
        told = await answer.json()
    assert answer.status < 300, told
    said = told["said"]
    return [row[said["columns"].index("said")] for row in said["rows"]]


async def states(house: House, number: str) -> list[str]:
    return [row.state for row in await house.rows(select(claims).where(claims.c.source_claim_number == number))]


async def standing(house: House) -> dict[str, list[str]]:
    """The rules of the holds that stand, by claim."""
    wanted = select(claims.c.source_claim_number, holds.c.rule).join_from(holds, claims)
    found: dict[str, list[str]] = {}
    for number, rule in await house.rows(wanted.where(holds.c.released_at.is_(None)).order_by(holds.c.id)):
        found.setdefault(number, []).append(rule)
    return found


async def released(house: House) -> bool:
    return await standing(house) == {}


async def problems(house: House) -> list[tuple[str, str]]:
    wanted = select(work_items.c.state, work_items.c.team).where(work_items.c.kind == "order_problem")
    return [tuple(row) for row in await house.rows(wanted.order_by(work_items.c.id))]


async def test_from_the_order_to_the_refill(house: House) -> None:
    mask = supply("A7030", price="150", **DELIVERED)
    good = order(line(**DELIVERED), mask, billing_provider=SUPPLIER, order_number="SO-1")
    wrong = order(supply(ordered=2, **DELIVERED), billing_provider=SUPPLIER, order_number="SO-2")
    assert await dropped(house, "order_confirmation/orders", [good, wrong]) == ["billed", "waits"]
    await running.until(lambda: states(house, "SO-1"), "the order is a claim")
    assert await problems(house) == [("open", "fulfilment")]
    pieces = await house.rows(select(equipment.c.code, equipment.c.serial, equipment.c.ended_on))
    assert [tuple(piece) for piece in pieces] == [("E0601", "SN100", None)]

    mended = order(supply(ordered=2, delivered=2, **DELIVERED), billing_provider=SUPPLIER, order_number="SO-2")
    assert await dropped(house, "order_confirmation/orders", [mended]) == ["billed"]
    assert await problems(house) == [("closed", "fulfilment")]
    await running.until(lambda: states(house, "SO-2"), "the mended order is a claim")
    assert await standing(house) == {}

    unasked = {**SENT, "code": "A7030", "quantity": 1, "shipped_on": "2025-08-25"}
    (said,) = await dropped(house, "resupply/shipments", [unasked])
    first = said.removeprefix("billed as ")
    await running.until(lambda: standing(house), "the refill that nobody asked for waits")
    assert await standing(house) == {first: ["RS-1"]}

    asked = {**SENT, "code": "A7038", "contacted_on": "2025-06-20", "answer": True}
    assert await dropped(house, "resupply/refills", [asked]) == ["kept"]
    filters = {**SENT, "code": "A7038", "quantity": 2, "shipped_on": "2025-06-25"}
    (said,) = await dropped(house, "resupply/shipments", [filters])
    second = said.removeprefix("billed as ")
    await running.until(lambda: states(house, second), "the refill that was asked for is a claim")
    assert await standing(house) == {first: ["RS-1"]}

    found_late = {**asked, "code": "A7030", "contacted_on": "2025-08-20"}
    assert await dropped(house, "resupply/refills", [found_late]) == ["kept"]
    await running.until(lambda: released(house), "the hold releases itself when its request is on record")
