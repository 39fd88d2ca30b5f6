"""Deposits, bank files and days over HTTP: who may, what is refused, and that asking twice does it once."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from gateway.core.ledger.proof import prove
from gateway.core.store.cash_tables import money_lines
from gateway.core.store.tables import access_log

from ..cash.banks import Credit, make_bai2
from ..papers import PDF
from .conftest import Desk
from .test_queue import Person, person

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = "2026-11-20"
LINE = {"method": "check", "amount": "80.00", "date": DAY, "number": "4411", "payer": "NORTHBRIDGE"}


async def send(desk: Desk, path: str, data: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    async with desk.http.post(f"/api/v1/{path}", data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_banks_file_is_taken_once_and_one_that_does_not_add_up_not_at_all(desk: Desk) -> None:
    off = make_bai2(Credit("80.00"), date="261120", off=1)
    status, told = await send(desk, "banks/bank/files?name=a.bai", off, desk.submit)
    assert (status, told["title"]) == (422, "Nothing was taken")
    assert "$0.01 apart" in told["detail"]
    good = make_bai2(Credit("80.00", bank="HTTP1"), date="261120")
    status, told = await send(desk, "banks/bank/files?name=a.bai", good, desk.submit)
    assert (status, told["new"], told["cents"]) == (200, 1, 8000)
    status, again = await send(desk, "banks/bank/files?name=b.bai", good, desk.submit)
    assert (status, again["duplicate_of"]) == (200, told["file_id"])
    assert (await send(desk, "banks/other/files", good, desk.submit))[0] == 404
    assert (await send(desk, "banks/bank/files", good, desk.read))[0] == 403


async def keyed(who: Person, **more: Any) -> dict[str, Any]:
    status, told = await who.post("deposits", {"lines": [LINE | more]})
    assert status == 201, told
    return dict(told)


async def test_a_slip_is_keyed_once_and_its_check_named_and_taken_back(desk: Desk) -> None:
    petra = await person(desk)
    told = await keyed(petra)
    (line,) = told["line_ids"]
    status, again = await petra.post("deposits", {"lines": [LINE]})
    assert (status, again["title"]) == (409, "That cannot be done")
    assert (await petra.post(f"deposits/{line}/explain", {"purpose": "gift", "reason": "x"}))[0] == 409
    status, shown = await petra.post(f"deposits/{line}/explain", {"purpose": "other", "reason": "A rebate."})
    assert (status, shown["state"], shown["dollars"]) == (200, "matched", "80.00")
    assert [(one["what"], one["who"]) for one in shown["matches"]] == [
        ("cash: other money that is no remittance", petra.name)
    ]
    assert (await petra.post(f"deposits/{line}/unmatch", {"reason": ""}))[0] == 422
    status, shown = await petra.post(f"deposits/{line}/unmatch", {"reason": "It is a payer's."})
    assert (status, shown["state"]) == (200, "unidentified")
    assert (await petra.post(f"deposits/{line}/match", {"deposits": [told["deposit_id"]]}))[0] == 409
    assert (await petra.post(f"deposits/{line}/match", {"deposits": []}))[0] == 422
    assert (await desk.gateway.read(prove)).ok


async def test_the_register_is_read_with_filters_and_pages_and_each_look_is_noted(desk: Desk) -> None:
    petra = await person(desk)
    told = await keyed(petra, number="5001")
    status, page = await petra.get("deposits?number=5001&kind=in+hand&from=2026-11-20&to=2026-11-20&amount=80.00")
    assert (status, [one["id"] for one in page["deposits"]]) == (200, told["line_ids"])
    assert (await petra.get("deposits?state=lost"))[0] == 422
    status, first = await petra.get("deposits?limit=1")
    status, second = await petra.get(f"deposits?limit=1&after={first['after']}")
    assert first["deposits"][0]["id"] > second["deposits"][0]["id"]
    async with desk.http.get("/api/v1/deposits?number=5001&format=csv", headers=petra.desk.read) as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["dollars"] for row in rows] == ["80.00"]
    assert (await petra.get("deposits/99999999"))[0] == 404
    status, sums = await petra.get("deposits/summary")
    assert ("unidentified", "in hand", "check") in {
        (one["state"], one["kind"], one["method"]) for one in sums["deposits"]
    }
    looks = await desk.rows(access_log, access_log.c.who == petra.name)
    assert any("/api/v1/deposits" in row.what for row in looks)


async def test_a_paper_is_attached_once_and_fetched(desk: Desk) -> None:
    petra = await person(desk)
    (line,) = (await keyed(petra, number="5002"))["line_ids"]
    where = f"deposits/{line}/papers?kind=check&name=check.pdf"
    status, told = await send(desk, where, PDF, petra.headers)
    assert (status, told["new"]) == (201, True)
    assert (await send(desk, where, PDF, petra.headers)) == (200, told | {"new": False})
    assert (await send(desk, where, b"no paper", petra.headers))[0] == 415
    assert (await send(desk, f"deposits/{line}/papers?kind=letter", PDF, petra.headers))[0] == 409
    assert (await send(desk, "deposits/99999999/papers", PDF, petra.headers))[0] == 409
    async with desk.http.get(f"/api/v1/deposits/papers/{told['paper_id']}", headers=desk.read) as answer:
        assert (answer.status, await answer.read()) == (200, PDF)


async def test_a_day_closes_with_a_reason_and_lets_nothing_in_until_it_is_reopened(desk: Desk) -> None:
    petra = await person(desk)
    line = {"method": "eft", "amount": "9.00", "date": "2026-11-19", "number": "LATE1"}
    assert (await petra.post("deposits", {"at_bank": True, "lines": [line]}))[0] == 201
    status, told = await petra.get("days/2026-11-19")
    assert (status, told["bank"], told["variance"], told["closed"]) == (200, "9.00", "9.00", False)
    status, refused = await petra.post("days/2026-11-19/close", {})
    assert (status, "has a variance" in refused["detail"]) == (409, True)
    status, told = await petra.post("days/2026-11-19/close", {"reason": "The payer looks for it."})
    assert (status, told["closed"], told["closings"][0]["who"]) == (200, True, petra.name)
    assert (await petra.post("deposits", {"at_bank": True, "lines": [line | {"number": "LATE2"}]}))[0] == 201
    late = (await desk.rows(money_lines, money_lines.c.trace_number == "LATE2"))[0]
    assert late.counts_on > late.on_date
    assert (await petra.get("days/2026-11-19"))[1]["bank"] == "9.00"
    assert (await petra.post("days/2026-11-19/reopen", {}))[0] == 422
    status, told = await petra.post("days/2026-11-19/reopen", {"reason": "A check was late."})
    assert (status, told["closed"]) == (200, False)
    assert (await petra.get("days/2026-02-31"))[0] == 422
    looker = await person(desk, "read")
    assert (await looker.post("days/2026-11-19/close", {"reason": "x"}))[0] == 403
    assert (await desk.gateway.read(prove)).ok


async def test_a_keyed_paper_that_does_not_come_out_is_refused(desk: Desk) -> None:
    petra = await person(desk)
    paper = {"payer": "P", "payer_id": "90101", "number": "1", "amount": "1.00", "date": DAY, "claims": []}
    status, told = await petra.post("deposits/eobs?partner=practice", paper)
    assert (status, told["detail"]) == (422, "Nothing stands on it.")
    paper["claims"] = [{"claim_number": "NOBODY", "lines": [{"code": "E1390", "charge": "1.00", "paid": "1.00"}]}]
    status, told = await petra.post("deposits/eobs?partner=practice", paper)
    assert status == 202
    status, again = await petra.post("deposits/eobs?partner=practice", paper)
    assert (status, again["duplicate_of"]) == (200, told["file_id"])
