"""What comes in otherwise than it must be is told as a problem, and never as a fault; pages keep their place."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
from typing import Any

import pytest
from sqlalchemy import Connection
from yarl import URL

from gateway.core.store import keyset, tokens
from gateway.core.store.tables import claims
from gateway.sandbox.write import as_837

from ..papers import PDF
from . import running
from .conftest import Desk
from .test_api import group
from .test_queue import Person, person, put

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def asked(desk: Desk, method: str, path: str, who: dict[str, str], data: Any = None) -> tuple[int, Any]:
    """The problem that is answered; the path goes as it stands here."""
    address = URL(f"http://127.0.0.1:{desk.gateway.port}{path}", encoded=True)
    async with desk.http.request(method, address, headers=who, data=data) as answer:
        assert answer.content_type == "application/problem+json", await answer.text()
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "words"),
    [
        ("GET", "/api/v1/nothing", None, 404, "nothing at this address"),
        ("GET", "/nothing", None, 404, "nothing at this address"),
        ("DELETE", "/api/v1/queue", None, 405, "does not take this method"),
        ("GET", "/api/v1/queue/x", None, 404, "nothing at this address"),
        ("GET", f"/api/v1/queue/{10**18}", None, 404, "nothing at this address"),
        ("POST", "/api/v1/queue/claim", b"{", 400, "no JSON"),
        ("POST", "/api/v1/queue/claim", b'{"ids": [1], "note": "\xff"}', 400, "no JSON"),
        ("POST", "/api/v1/queue/claim", b"[" * 100_000, 400, "no JSON"),
        ("POST", "/api/v1/queue/claim", b'{"ids": [' + b"9" * 5000 + b"]}", 400, "no JSON"),
        ("POST", "/api/v1/queue/claim", b'{"ids": [9223372036854775808]}', 422, "ids.0: Input should be less than"),
        ("POST", "/api/v1/queue/claim", b'{"ids": ["1"]}', 422, "ids.0 must be a whole number"),
        ("POST", "/api/v1/queue/claim", b'{"ids": [1.5]}', 422, "ids.0 must be a whole number"),
        ("POST", "/api/v1/queue/claim", b'{"ids": [true]}', 422, "ids.0 must be a whole number"),
        ("POST", "/api/v1/queue/claim", None, 413, "At most 4 MB"),
        ("POST", "/api/v1/queue/touch", b'{"ids": [1], "action": "x\\u0000"}', 422, "NUL"),
        ("POST", "/api/v1/queue/snooze", b'{"ids": [1], "until": "2026-02-30"}', 422, "until: a date such as"),
        ("POST", "/api/v1/queue/snooze", b'{"ids": [1], "until": "0001-01-01"}', 422, "1900-01-01"),
        ("POST", "/api/v1/queue/snooze", b'{"ids": [1], "until": 5}', 422, "until: a date such as"),
        ("GET", "/api/v1/queue?payer=%00", None, 422, "payer has a NUL"),
        ("GET", "/api/v1/queue?payer=a&payer=b", None, 422, "payer stands there twice"),
        ("GET", "/api/v1/queue?colour=red", None, 422, "colour is not known here"),
        ("GET", "/api/v1/queue?min=NaN", None, 422, "min"),
        ("GET", "/api/v1/queue?limit=99999999999999999999", None, 422, "limit"),
        ("GET", "/api/v1/queue?after=e30", None, 422, "none of ours"),
        ("GET", "/api/v1/days/2026-02-30", None, 422, "no such day"),
        ("GET", "/api/v1/days/0001-01-01", None, 422, "a day lies between"),
        ("GET", "/api/v1/reports/rejections?week=0001-W01", None, 422, "a week lies between"),
        ("GET", "/api/v1/figures/%00", None, 422, "NUL"),
        ("GET", "/api/v1/figures/dso?from=26-11-01", None, 422, "from: a date such as"),
        ("GET", "/api/v1/worklists/receivables/nothing", None, 404, "The worklists are"),
        ("POST", "/api/v1/sources/%00/files", b"x", 422, "NUL"),
        ("GET", "/api/v1/denials?team=denial", None, 422, "Did you mean denials"),
        ("GET", "/api/v1/holds?team=biling", None, 422, "Did you mean billing"),
        ("GET", "/api/v1/reports/holds?team=biling", None, 422, "Did you mean billing"),
        (
            *("POST", "/api/v1/holds/release"),
            *(b'{"where": {"team": "biling"}, "reason": "They came."}', 422, "Did you mean billing"),
        ),
    ],
)
async def test_what_is_not_as_it_must_be(
    desk: Desk, method: str, path: str, data: Any, status: int, words: str
) -> None:
    who = await running.token(desk.gateway, f"edge-{abs(hash((method, path, data)))}", "admin")
    data = io.BytesIO(b" " * (5 << 20)) if status == 413 else data
    got, told = await asked(desk, method, path, who, data)
    assert (got, words in told["detail"]) == (status, True), told
    assert told["status"] == status
    assert set(told) == {"type", "title", "status", "detail"}


async def test_a_paper_whose_headers_are_no_letters_is_told(desk: Desk) -> None:
    who = desk.submit | {"Document-Kind": "order", "Document-Name": "x" * 1001}
    status, told = await asked(desk, "POST", "/api/v1/documents", who, data=PDF + b"%%EOF")
    assert (status, "name has at most" in told["detail"]) == (422, True)


async def test_a_token_opens_nothing_once_its_time_is_over(desk: Desk) -> None:
    now = desk.gateway.clock.now()

    def make(connection: Connection) -> list[str]:
        soon, long_ago = now + dt.timedelta(hours=1), now - dt.timedelta(hours=1)
        with pytest.raises(ValueError, match="in the future"):
            tokens.add(connection, "over-before", ["read"], now, long_ago)
        return [
            tokens.add(connection, "for-an-hour", ["read"], now, soon),
            tokens.add(connection, "was-for-an-hour", ["read"], long_ago - dt.timedelta(hours=1), long_ago),
        ]

    good, old = await desk.gateway.write(make)
    for secret, status in ((good, 200), (old, 401)):
        async with desk.http.get("/api/v1/queues", headers={"Authorization": f"Bearer {secret}"}) as answer:
            assert answer.status == status


async def test_money_asks_for_a_token_of_its_own(desk: Desk) -> None:
    worker = await running.token(desk.gateway, "no-poster", "work", "read", "submit")
    for path in ("deposits", "deposits/1/match", "days/2026-11-20/close", "exceptions/1/assign"):
        status, told = await asked(desk, "POST", f"/api/v1/{path}", worker, data=b"{}")
        assert (status, "'post'" in told["detail"]) == (403, True), path


# --- pages -----------------------------------------------------------------------------------------


async def walked(who: Person, path: str, name: str, between: Any = None) -> list[Any]:
    """All pages of a list, one after the other; `between`: what happens between two of them."""
    found, after = [], ""
    for _ in range(50):
        mark = f"{path}{'&' if '?' in path else '?'}limit=2{f'&after={after}' if after else ''}"
        status, told = await who.get(mark)
        assert status == 200, told
        assert len(told[name]) <= 2
        found += told[name]
        after = told["after"]
        if not after:
            return found
        if between is not None:
            await between()
    raise AssertionError("it has no end")


async def test_pages_of_holds_keep_their_place_while_holds_are_put(desk: Desk) -> None:

    who = await person(desk)
    _, told = await desk.send("billing/files", as_837(group(8), dt.date(2026, 11, 23)), name="pages.837")
    await desk.read_to_the_end(told["file_id"])
    rows = await desk.rows(claims, claims.c.file_id == told["file_id"])

    def keep(connection: Connection) -> None:
        # Whatever was found wrong with them; none may go out before its hold is put.
        connection.execute(claims.update().where(claims.c.file_id == told["file_id"]).values(state="held"))

    await desk.gateway.write(keep)
    for at, row in enumerate(rows[:5]):
        due = {"due": f"2027-01-0{at % 3 + 1}"} if at % 2 else {}
        status, made = await who.post(f"claims/{row.id}/holds", {"reason": "x", "team": "respiratory", **due})
        assert status == 201, made
    extra = iter(rows[5:6])

    async def one_more() -> None:
        for row in extra:
            await who.post(f"claims/{row.id}/holds", {"reason": "y", "team": "respiratory", "due": "2020-01-01"})

    held = await walked(who, "holds?team=respiratory", "holds", one_more)
    ids = [one["id"] for one in held]
    assert len(ids) == len(set(ids)) >= 5
    assert {row.id for row in rows[:5]} <= {one["claim_id"] for one in held}
    every = (await who.get("holds?team=respiratory&limit=1000"))[1]["holds"]
    order = [one["id"] for one in every if one["id"] in ids]
    assert ids == order


async def test_pages_of_a_plugins_worklist(desk: Desk) -> None:
    who = await person(desk)
    _, every = await who.get("worklists")
    shown = every["worklists"][0]
    name = f"{shown['plugin']}/{shown['name']}"
    for at in range(5):
        values = {"kind": shown["kinds"][0], "team": shown["team"] or "billing", "cents": 100 * (at % 2)}
        await put(desk, f"worklist:{at}", **values)
    rows = await walked(who, f"worklists/{name}", "items")
    _, at_once = await who.get(f"worklists/{name}?limit=1000")
    assert rows == at_once["items"]
    assert len(rows) >= 5


async def test_a_place_in_one_list_is_none_in_another(desk: Desk) -> None:
    who = await person(desk)
    cursor = keyset.written("deposits", [5])
    assert (await who.get(f"deposits?after={cursor}"))[0] == 200
    for path in ("holds", "exceptions", "denials", "inquiries", "rejections", "documents", "figures/dso/claims"):
        status, told = await who.get(f"{path}?after={cursor}")
        assert (status, told["title"]) == (422, "No such page"), path


@pytest.mark.parametrize("values", [["x"], [None, 1], [1 << 70], [True], [1.5], [{}], ["2026-11-26"]], ids=repr)
async def test_a_place_that_somebody_made_up_is_none(desk: Desk, values: list[Any]) -> None:
    who = await person(desk)
    made = base64.urlsafe_b64encode(json.dumps(["deposits", *values]).encode()).decode()
    assert (await who.get(f"deposits?after={made}"))[0] == 422
