"""A gateway that runs: a claim waits for its order, the order comes by the API, and the claim leaves by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.store.tables import claims, holds, patient_ids, patients, requests

from ..papers import PDF
from . import running
from .house import House, claims_of, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAITS = """\
from gateway.core.model.decision import Hold
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def hold_claim(claim, context):
    if not any(one.signed_on for one in context.orders()):
        yield Hold(reason="Get the signed order.", rule="ORDER")
    if not any(one.kind == "visit" for one in context.documents()):
        yield Hold(reason="Get the visit note.", rule="VISIT")
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with opened(tmp_path_factory.mktemp("look"), "look", {"waits": WAITS}, "  hold: [waits]\n") as made:
        yield made


async def test_a_claim_leaves_when_the_last_of_what_it_waits_for_has_come(house: House) -> None:
    await house.take_in(claims_of(61, 12), "looks.837")
    held = await house.rows(select(claims).where(claims.c.state == "held").order_by(claims.c.id))
    claim = next(row for row in held if [one.patient_id for one in held].count(row.patient_id) == 1 and row.patient_id)
    ids = select(patient_ids.c.value, patients.c.birth_date, patients.c.first_name, patient_ids.c.scheme)
    (who,) = await house.rows(ids.join(patients).where(patients.c.id == claim.patient_id))
    order = {
        "member_id": who.value.partition("/")[0],
        "birth_date": who.birth_date.isoformat(),
        "first_name": who.first_name,
        "dependent": who.scheme == "dependent",
        "order_number": "RX-1",
        "codes": "E1390",
        "ordered_on": "2026-11-02",
        "signed_on": "2026-11-03",
    }
    submit = await running.token(house.gateway, "records", "submit")
    url = "/api/v1/sources/billing/orders"
    async with house.http.post(url, data=json.dumps([order]).encode(), headers=submit) as answer:
        told = await answer.json()
    assert (told["new"], told["new_patients"], told["again"]) == (1, 0, 1), told

    async def looked() -> bool:
        return not await house.rows(select(requests.c.id).where(requests.c.done_at.is_(None)))

    await running.until(looked, "the claim is decided again")
    standing = select(holds.c.rule).where(holds.c.claim_id == claim.id, holds.c.released_at.is_(None))
    assert [row.rule for row in await house.rows(standing)] == ["VISIT"]
    said = {"Document-Kind": "visit", "Document-Claim": str(claim.id)}
    async with house.http.post("/api/v1/documents", data=PDF, headers=submit | said) as answer:
        assert (answer.status, (await answer.json())["again"]) == (201, 1)

    async def gone() -> bool:
        (row,) = await house.rows(select(claims.c.state).where(claims.c.id == claim.id))
        return bool(row.state in ("ready", "batched", "sent"))

    await running.until(gone, "the claim goes on its way")
    others = select(claims.c.id).where(claims.c.state == "held", claims.c.id != claim.id)
    assert len(await house.rows(others)) == len(held) - 1
