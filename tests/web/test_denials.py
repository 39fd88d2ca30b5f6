"""Denials over HTTP: who may look and do, what is refused and why, the letter as it was made."""

from __future__ import annotations

import datetime as dt
import io
from itertools import count
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import Connection, insert, select

from gateway.core.store import tables
from gateway.core.store.denial_tables import denial_cases

from . import running
from .conftest import Desk
from .house import claims_of
from .test_queue import person

pytestmark = pytest.mark.asyncio(loop_scope="module")
_numbers = count(1)


async def denial(desk: Desk, **case: Any) -> int:
    """A denial of a claim that was taken in."""
    number = next(_numbers)
    if number == 1:
        _, told = await desk.send("billing/files", claims_of(31, 2), name="monday.837")
        await desk.read_to_the_end(told["file_id"])

    def write(connection: Connection) -> int:
        now = desk.gateway.clock.now()
        claim = connection.execute(select(tables.claims).order_by(tables.claims.c.id).limit(1)).one()
        remittance = {"id": 900 + number, "file_id": claim.file_id, "ordinal": 900 + number, "paid_cents": 0}
        connection.execute(insert(tables.remittances).values(**remittance, received_at=now, state="posted"))
        payment = {
            "claim_id": claim.id,
            "remittance_id": 900 + number,
            "ordinal": 1,
            "charge_cents": 0,
            "paid_cents": 0,
        }
        connection.execute(
            insert(tables.claim_payments).values(
                id=900 + number, **payment, patient_cents=0, state="posted", content=b"", at=now
            )
        )
        connection.execute(
            insert(tables.denials).values(
                id=900 + number, claim_id=claim.id, claim_payment_id=900 + number, group_code="CO", reason_code="50",
                remark_code="", category="MEDICAL_NECESSITY", team="appeals", cents=4600, opened_at=now,
            )
        )  # fmt: skip
        today = running.office_day(desk.gateway)
        given = {"payer_id": "16013", "filing_code": "MB", "code": "", "received_on": today, "noticed_on": today}
        connection.execute(insert(denial_cases).values(denial_id=900 + number, **(given | case)))
        return 900 + number

    return await desk.gateway.write(write)


async def test_the_list_has_what_is_open_and_tells_what_it_does_not_know(desk: Desk) -> None:
    pat = await person(desk)
    one = await denial(desk)
    gone = await denial(desk, status="paid", ended_on=dt.date(2026, 11, 1), recovered_cents=100)
    _, told = await pat.get("denials")
    ids = [each["id"] for each in told["denials"]]
    assert one in ids
    assert gone not in ids
    _, told = await pat.get("denials?status=paid")
    assert [(each["id"], each["recovered"]) for each in told["denials"]] == [(gone, "1.00")]
    async with desk.http.get("/api/v1/denials?format=csv", headers=pat.headers) as answer:
        assert answer.content_type == "text/csv"
        assert (await answer.text()).startswith("id,claim_id,claim,status")
    day = running.office_day(desk.gateway)
    _, told = await pat.get(f"denials?first={day}&last={day}&all=true&waits_for=")
    assert {one, gone} <= {each["id"] for each in told["denials"]}
    _, told = await pat.get("denials?last=2001-01-01&all=true")
    assert told["denials"] == []
    assert (await pat.get("denials?waits_for=rain"))[0] == 422
    status, told = await pat.get("denials?team_of=x")
    assert (status, "team_of is not known here" in told["detail"]) == (422, True)


async def test_looking_into_one_and_doing_asks_for_the_scope_work(desk: Desk) -> None:
    reader = await person(desk, "read")
    one = await denial(desk)
    assert (await reader.get("denials"))[0] == 200
    assert (await reader.get(f"denials/{one}"))[0] == 403
    assert (await reader.post(f"denials/{one}/appeal", {"reason": "x"}))[0] == 403


async def test_an_appeal_makes_a_letter_that_can_be_had(desk: Desk) -> None:
    pat = await person(desk)
    one = await denial(desk)
    assert (await pat.get(f"denials/{one}/letter"))[0] == 404
    status, told = await pat.post(f"denials/{one}/appeal", {"reason": "It is needed at night."})
    assert (status, told["new"]) == (200, True)
    status, told = await pat.post(f"denials/{one}/appeal", {"reason": "It is needed at night."})
    assert (status, told["new"]) == (200, False)
    async with desk.http.get(f"/api/v1/denials/{one}/letter", headers=pat.headers) as answer:
        assert answer.content_type == "application/pdf"
        text = PdfReader(io.BytesIO(await answer.read())).pages[0].extract_text()
    assert "It is needed at night." in text
    _, told = await pat.get(f"denials/{one}")
    assert (told["status"], told["level"], told["acts"][0]["who"]) == ("appealed", 1, pat.name)


@pytest.mark.parametrize(
    ("verb", "body", "status", "why"),
    [
        ("appeal", {}, 422, "reason"),
        ("appeal", {"reason": " "}, 409, "why"),
        ("appeal", {"reason": "x", "documents": [4711]}, 409, "Document 4711"),
        ("decided", {"reason": "x", "won": True, "on": "2026-11-01"}, 409, "no appeal or reopening"),
        ("write-off", {"reason": "x", "rule": "none"}, 409, "still open as denied"),
        ("to-patient", {"reason": "x"}, 409, "no GA"),
        ("approve", {"reason": "x"}, 409, "Nobody asks"),
        ("undo-write-off", {"reason": "x"}, 409, "Nothing of denial"),
        ("sent", {"reason": "x"}, 422, "on"),
        ("sent", {"reason": "x", "on": "2026-11-01"}, 409, "No letter was made"),
        ("close", {"reason": "x", "outcome": "nothing"}, 409, "no outcome 'nothing'"),
        ("resubmit", {"reason": "x", "more": 1}, 422, "more is not known here"),
        ("correct", {"reason": "x", "set": {"": "y"}}, 409, ""),
    ],
)
async def test_what_cannot_be_done_is_told(desk: Desk, verb: str, body: dict[str, Any], status: int, why: str) -> None:
    pat = await person(desk)
    one = await denial(desk)
    found, told = await pat.post(f"denials/{one}/{verb}", body)
    assert (found, why in told["detail"]) == (status, True), told


async def test_a_denial_that_is_not_there_is_404(desk: Desk) -> None:
    pat = await person(desk)
    assert (await pat.get("denials/4711"))[0] == 404
    assert (await pat.post("denials/4711/appeal", {"reason": "x"}))[0] == 404


async def test_a_letter_is_marked_as_sent_and_what_has_no_money_left_is_closed(desk: Desk) -> None:
    pat = await person(desk)
    one = await denial(desk)
    await pat.post(f"denials/{one}/appeal", {"reason": "It is needed at night."})
    today = running.office_day(desk.gateway).isoformat()
    for new in (True, False):
        status, told = await pat.post(f"denials/{one}/sent", {"reason": "By fax", "on": today})
        assert (status, told["new"], "went out" in told["what"]) == (200, new, True)
    # The ledger of this desk has nothing denied on the claim.
    status, told = await pat.post(f"denials/{one}/close", {"reason": "Paid by check.", "outcome": "done"})
    assert (status, told["what"]) == (200, "Closed: Done.")
    _, told = await pat.get(f"denials/{one}")
    assert (told["status"], [act["verb"] for act in told["acts"]]) == ("closed", ["appeal", "sent", "close"])
