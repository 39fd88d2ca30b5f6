"""Over HTTP: a claim that was not taken in is corrected, one is withdrawn, two patients are one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.core.store.tables import claims, patients

from .conftest import Desk
from .house import claims_of
from .test_again import post
from .test_correcting import done, get, worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEED = 9400


async def claims_in(desk: Desk, number: int, *, faulty: bool = False) -> list[Any]:
    """Two claims of a file; of the first, where `faulty`, the units of a line are no number."""
    data = claims_of(SEED + number, 2)
    if faulty:
        data, count = re.subn(rb"\*UN\*\d+\*", b"*UN*few*", data, count=1)
        assert count == 1
    _, told = await desk.send("billing/files", data, name=f"withdrawn-{number}.837")
    await desk.read_to_the_end(told["file_id"])
    return list(await desk.rows(claims, claims.c.file_id == told["file_id"]))


async def test_who_may_not_work_withdraws_nothing(desk: Desk) -> None:
    who = await worker(desk, "read")
    (claim, _) = await claims_in(desk, 0)
    assert (await post(desk, f"claims/{claim.id}/cancel", {"reason": "x"}, who))[0] == 403
    assert (await post(desk, f"patients/{claim.patient_id}/merge", {"reason": "x", "into": 1}, who))[0] == 403
    who = await worker(desk)
    status, told = await post(desk, f"claims/{claim.id}/cancel", {"why": "x"}, who)
    assert (status, "why is not known here" in told["detail"]) == (422, True)
    status, told = await post(desk, f"claims/{claim.id}/cancel", {}, who)
    assert (status, "who asks for it, and why" in told["detail"]) == (409, True)
    status, told = await post(desk, f"patients/{claim.patient_id}/merge", {"reason": "x", "into": "y"}, who)
    assert (status, "into must be a whole number" in told["detail"]) == (422, True)
    (after,) = await desk.rows(claims, claims.c.id == claim.id)
    assert after.state != "cancelled"


async def test_a_claim_that_was_not_taken_in_is_listed_and_corrected(desk: Desk) -> None:
    who = await worker(desk)
    claim, other = await claims_in(desk, 1, faulty=True)
    assert (claim.state, other.state != "faulty") == ("faulty", True)
    _, told = await get(desk, "rejections", who)
    (one,) = [row for row in told["rejections"] if row["claim_id"] == claim.id]
    assert (one["state"], one["where"]) == ("faulty", "line 1 units, 2400 SV104")
    _, told = await get(desk, f"claims/{claim.id}/fields", who)
    assert (told["can_be_corrected"], told["why_not"]) == (True, "")
    body: dict[str, Any] = {"set": {"line 1 units": "many"}}
    status, told = await post(desk, f"claims/{claim.id}/correct?preview=true", body, who)
    assert (status, "a number is wanted" in told["detail"]) == (409, True)
    body = {"set": {"medical record number": "MR-7"}}
    _, told = await post(desk, f"claims/{claim.id}/correct?preview=true", body, who)
    assert told["what"].startswith("It would stay faulty: line units, 2400 SV104")
    body = {"set": {"line 1 units": "1"}, "reason": "as on the ticket", "version": claim.version}
    _, told = await post(desk, f"claims/{claim.id}/correct", body, who)
    outcome = await done(desk, told["request_id"], who)
    (after,) = await desk.rows(claims, claims.c.id == claim.id)
    assert after.state in ("ready", "held", "batched", "sent"), outcome
    assert after.patient_id is not None


async def test_a_claim_is_withdrawn_once(desk: Desk) -> None:
    who = await worker(desk)
    claim, _ = await claims_in(desk, 2, faulty=True)
    status, told = await post(desk, f"claims/{claim.id}/cancel", {"reason": "entered twice"}, who)
    assert (status, told["what"]) == (202, "It is withdrawn.")
    status, told = await post(desk, f"claims/{claim.id}/cancel", {"reason": "entered twice"}, who)
    assert (status, told["asked_before"]) == (200, True)
    (after,) = await desk.rows(claims, claims.c.id == claim.id)
    assert after.state == "cancelled"


async def test_two_patients_are_one_and_are_not(desk: Desk) -> None:
    who = await worker(desk)
    first, second = (one.patient_id for one in await claims_in(desk, 3))
    assert first != second
    status, told = await post(desk, f"patients/{second}/merge", {"reason": "one person", "into": first}, who)
    assert (status, told["what"].startswith(f"It is patient {first} now.")) == (202, True)
    (row,) = await desk.rows(patients, patients.c.id == second)
    assert row.merged_into == first
    status, _ = await post(desk, f"patients/{second}/dismiss", {"reason": "no", "other": first}, who)
    assert status == 409
    status, told = await post(desk, f"patients/{second}/unmerge", {"reason": "a cousin"}, who)
    assert (status, told["what"].startswith("It is a patient of its own.")) == (202, True)
    (row,) = await desk.rows(patients, patients.c.id == second)
    assert row.merged_into is None
