"""A write that names a key is done once: asked again it is answered as it was, and another body is refused."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from gateway.core.store import idempotency
from gateway.core.store.api_tables import idempotent_requests
from gateway.core.store.cash_tables import money_lines

from ..papers import PDF
from . import running
from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = {"method": "check", "amount": "80.00", "date": "2026-11-20", "number": "7001", "payer": "NORTHBRIDGE"}


async def poster(desk: Desk, name: str) -> dict[str, str]:
    return await running.token(desk.gateway, name, "post", "submit", "work", "read")


async def send(
    desk: Desk, path: str, body: Any, who: dict[str, str], key: str = "", **headers: str
) -> tuple[int, Any, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Idempotency-Key": key} if key else {}
    async with desk.http.post(f"/api/v1/{path}", data=data, headers=who | named | headers) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers.get("Idempotency-Replayed", "")


async def lines(desk: Desk, number: str) -> int:
    def count(connection: Connection) -> int:
        wanted = select(func.count()).select_from(money_lines).where(money_lines.c.trace_number == number)
        return int(connection.execute(wanted).scalar_one())

    return await desk.gateway.read(count)


async def test_the_same_write_again_is_answered_as_it_was_and_done_once(desk: Desk) -> None:
    who = await poster(desk, "keys-once")
    body = {"lines": [LINE]}
    first = await send(desk, "deposits", body, who, "k-1")
    again = await send(desk, "deposits", body, who, "k-1")
    assert (first[0], first[2]) == (201, "")
    assert again == (first[0], first[1], "true")
    assert await lines(desk, "7001") == 1


async def test_another_body_or_address_under_the_same_key_is_refused(desk: Desk) -> None:
    who = await poster(desk, "keys-other")
    await send(desk, "deposits", {"lines": [LINE | {"number": "7002"}]}, who, "k-2")
    status, told, _ = await send(desk, "deposits", {"lines": [LINE | {"number": "7003"}]}, who, "k-2")
    assert (status, "Take a new key" in told["detail"]) == (409, True)
    assert await lines(desk, "7003") == 0
    status, told, _ = await send(desk, "claims/1/void", {"reason": "x"}, who, "k-2")
    assert (status, told["title"]) in ((409, "Another request"), (404, "No such claim"))


async def test_the_key_of_another_token_is_another_key(desk: Desk) -> None:
    one, two = await poster(desk, "keys-one"), await poster(desk, "keys-two")
    assert (await send(desk, "deposits", {"lines": [LINE | {"number": "7004"}]}, one, "k-3"))[0] == 201
    status, _, replayed = await send(desk, "deposits", {"lines": [LINE | {"number": "7005"}]}, two, "k-3")
    assert (status, replayed) == (201, "")


async def test_what_did_nothing_leaves_its_key_free(desk: Desk) -> None:
    who = await poster(desk, "keys-free")
    assert (await send(desk, "deposits", {"lines": []}, who, "k-4"))[0] == 422
    assert (await send(desk, "deposits/1/match", {"deposits": [2]}, who, "k-4"))[0] == 409
    assert (await send(desk, "deposits", {"lines": [LINE | {"number": "7006"}]}, who, "k-4"))[0] == 201


async def test_two_at_once_are_done_once(desk: Desk) -> None:
    who = await poster(desk, "keys-race")
    body = {"lines": [LINE | {"number": "7007"}]}
    found = await asyncio.gather(*(send(desk, "deposits", body, who, "k-5") for _ in range(5)))
    assert {status for status, _, _ in found} <= {201, 409}
    assert [status for status, _, replayed in found if not replayed].count(201) == 1
    assert await lines(desk, "7007") == 1


async def test_one_that_was_done_when_the_gateway_died_is_not_done_again(desk: Desk) -> None:
    who = await poster(desk, "keys-died")
    body = {"lines": [LINE | {"number": "7008"}]}
    assert (await send(desk, "deposits", body, who, "k-6"))[0] == 201

    def died(connection: Connection) -> None:
        mine = idempotent_requests.c.who == "keys-died"
        assert connection.execute(select(idempotent_requests.c.written).where(mine)).scalar_one() is True
        connection.execute(update(idempotent_requests).where(mine).values(status=None, answer=None))

    await desk.gateway.write(died)
    status, told, _ = await send(desk, "deposits", body, who, "k-6")
    assert (status, told["title"]) == (409, "It was done")
    assert await lines(desk, "7008") == 1


async def test_one_that_had_not_begun_to_write_when_the_gateway_died_is_tried(desk: Desk) -> None:
    who = await poster(desk, "keys-begun")
    body = {"lines": [LINE | {"number": "7009"}]}
    assert (await send(desk, "deposits", body, who, "k-7"))[0] == 201

    def died(connection: Connection) -> None:
        mine = idempotent_requests.c.who == "keys-begun"
        long_ago = dt.datetime.now(dt.UTC) - idempotency.UNDER_WAY - dt.timedelta(seconds=1)
        values = {"status": None, "answer": None, "written": False, "begun_at": long_ago}
        connection.execute(update(idempotent_requests).where(mine).values(**values))

    await desk.gateway.write(died)
    # Nothing says that it was done: it is tried now, and here the register knows that check.
    status, told, _ = await send(desk, "deposits", body, who, "k-7")
    assert (status, told["title"]) == (409, "That cannot be done")


async def test_a_key_is_forgotten_after_a_day(desk: Desk) -> None:
    who = await poster(desk, "keys-old")
    assert (await send(desk, "deposits", {"lines": [LINE | {"number": "7010"}]}, who, "k-8"))[0] == 201
    later = dt.datetime.now(dt.UTC) + idempotency.KEPT_FOR + dt.timedelta(minutes=1)

    def forget(connection: Connection) -> int:
        with connection.begin_nested() as undone:
            gone = idempotency.forget(connection, later)
            undone.rollback()
        return gone

    assert await desk.gateway.write(forget) >= 1


async def test_files_and_forms_with_a_key_are_taken_once(desk: Desk) -> None:
    who = await poster(desk, "keys-files")
    order = {"patient_id": "P-K", "order_number": "RX-K", "codes": ["E1390"], "ordered_on": "2026-11-02"}
    first = await send(desk, "sources/billing/orders?name=a.json", [order], who, "k-9")
    again = await send(desk, "sources/billing/orders?name=a.json", [order], who, "k-9")
    assert (first[0], first[1]["new"], first[2]) == (200, 1, "")
    assert again == (200, first[1], "true")
    other = await send(desk, "sources/billing/orders?name=a.json", [order | {"codes": ["E0601"]}], who, "k-9")
    assert other[0] == 409
    paper = {"Document-Kind": "order", "Document-Source": "billing", "Document-Patient-Id": "P-K"}
    first = await send(desk, "documents", PDF + b"1%%EOF", who, "k-10", **paper)
    assert first[0] == 201, first[1]
    assert await send(desk, "documents", PDF + b"1%%EOF", who, "k-10", **paper) == (201, first[1], "true")


@pytest.mark.parametrize("key", ["x" * 201, "two words", "é"])
async def test_a_key_that_is_none_is_told(desk: Desk, key: str) -> None:
    who = await poster(desk, f"keys-{len(key)}-{ord(key[0])}")
    status, told, _ = await send(desk, "deposits", {"lines": [LINE | {"number": "7011"}]}, who, key)
    assert (status, "visible ASCII" in told["detail"]) == (422, True)
    assert await lines(desk, "7011") == 0
