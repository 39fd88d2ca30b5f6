"""The queue, holds and the reports of work over HTTP: pages, verbs, who may, and that asking twice does it once."""

from __future__ import annotations

import csv
import io
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from gateway.core.store.tables import access_log, claims, holds, timeline, touches, work_items

from ..work.desk import put_item
from . import running
from .conftest import Desk
from .house import claims_of
from .test_again import post

pytestmark = pytest.mark.asyncio(loop_scope="module")

_people = count()


class Person:
    """Somebody with a token."""

    def __init__(self, desk: Desk, name: str, headers: dict[str, str]) -> None:
        self.desk, self.name, self.headers = desk, name, headers

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.desk.http.get(f"/api/v1/{path}", headers=self.headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        return await post(self.desk, path, body, self.headers)


async def person(desk: Desk, *scopes: str) -> Person:
    """Somebody new, who may work where nothing else is said."""
    name = f"person-{next(_people)}"
    return Person(desk, name, await running.token(desk.gateway, name, *(scopes or ("work", "post", "read"))))


async def put(desk: Desk, key: str, **values: Any) -> int:
    """A work item of the team `night`, which only these tests have."""

    def write(connection: Connection) -> int:
        return put_item(connection, key, **{"team": "night", **values})

    return await desk.gateway.write(write)


@pytest.fixture(autouse=True)
async def _no_items_of_another_test(desk: Desk) -> None:
    def clear(connection: Connection) -> None:
        ours = select(work_items.c.id).where(work_items.c.team == "night")
        connection.execute(delete(touches).where(touches.c.item_id.in_(ours)))
        connection.execute(delete(work_items).where(work_items.c.team == "night"))

    await desk.gateway.write(clear)


# --- looking ---------------------------------------------------------------------------------------


async def test_a_queue_comes_in_pages(desk: Desk) -> None:
    sam = await person(desk)
    ids = [await put(desk, f"k{at}", cents=at) for at in range(5)]
    seen: list[int] = []
    after = ""
    for _ in range(3):
        status, told = await sam.get(f"queue?team=night&limit=2&after={after}")
        assert status == 200
        assert told["total"] == {"items": 5, "cents": 10}
        seen += [item["id"] for item in told["items"]]
        after = told["after"]
    assert after == ""
    assert seen == ids[::-1], "the most dollars first"


async def test_a_queue_as_csv_has_the_same_columns_as_json(desk: Desk) -> None:
    sam = await person(desk)
    item = await put(desk, "a", cents=4_250)
    async with desk.http.get("/api/v1/queue?team=night&format=csv", headers=sam.headers) as answer:
        assert answer.content_type == "text/csv"
        (row,) = csv.DictReader(io.StringIO(await answer.text()))
    _, told = await sam.get("queue?team=night")
    assert set(row) == set(told["items"][0])
    assert (row["id"], row["dollars"]) == (str(item), "42.50")


async def test_filters_and_what_is_none(desk: Desk) -> None:
    sam = await person(desk)
    rich, poor = await put(desk, "a", cents=10_000), await put(desk, "b", cents=999)
    await sam.post(f"queue/{poor}/claim", {})
    for query, found in (
        ("min=10", [rich]),
        ("max=9.99", [poor]),
        ("mine=true", [poor]),
        ("unassigned=true", [rich]),
        (f"assignee={sam.name}", [poor]),
        ("bucket=overdue", []),
    ):
        status, told = await sam.get(f"queue?team=night&{query}")
        assert (status, [one["id"] for one in told["items"]]) == (200, found), query
    for query, wanted in (
        ("taem=night", "taem is not known here (there are team, kind"),
        ("bucket=9", "bucket: Input should be"),
        ("min=a", "min must be dollars"),
        ("limit=0", "limit: "),
    ):
        status, told = await sam.get(f"queue?{query}")
        assert status == 422
        assert wanted in told["detail"]
    assert (await sam.get("queue?after=x"))[0] == 422


async def test_a_mistyped_team_or_kind_is_no_empty_queue(desk: Desk) -> None:
    sam = await person(desk)
    status, told = await sam.get("queue?team=denails")
    assert (status, told["detail"]) == (422, "team: there is no team of this name. Did you mean denials?")
    status, told = await sam.post("queue/claim", {"where": {"kind": "rejections"}})
    assert (status, "Did you mean rejection" in told["detail"]) == (422, True)


async def test_the_summary_and_the_codes_of_actions(desk: Desk) -> None:
    sam = await person(desk)
    await put(desk, "a", cents=100)
    _, told = await sam.get("queue/summary")
    (one,) = [row for row in told["queues"] if row["team"] == "night"]
    assert (one["kind"], one["items"], one["cents"], one["unassigned"]) == ("claim_review", 1, 100, 1)
    _, told = await sam.get("queue/actions")
    codes = {row["code"]: row for row in told["actions"]}
    assert codes["called_payer"]["closes"] is False
    assert codes["paid"]["closes"] is True


# --- one item --------------------------------------------------------------------------------------


async def test_an_item_is_claimed_touched_and_closed_and_tells_it_all(desk: Desk) -> None:
    sam = await person(desk)
    item = await put(desk, "a", kind="denial")
    assert (await sam.post(f"queue/{item}/claim", {}))[1] == {
        "id": item,
        "done": True,
        "new": True,
        "what": "It is yours.",
    }
    status, told = await sam.post(f"queue/{item}/touch", {"action": "called_payer", "note": "They look for it."})
    assert (status, "needs the next date" in told["detail"]) == (409, True)
    body = {"action": "called_payer", "note": "They look for it.", "follow_up": "2099-01-02"}
    for new in (True, False):
        status, told = await sam.post(f"queue/{item}/touch", body)
        assert (status, told["new"]) == (200, new)
    status, told = await sam.post(f"queue/{item}/close", {"reason": "They paid it.", "outcome": "paid"})
    assert (status, told["done"]) == (200, True)
    _, told = await sam.get(f"queue/{item}")
    assert (told["state"], told["outcome"]) == ("closed", f"paid: They paid it. ({sam.name})")
    assert [(one["who"], one["verb"]) for one in told["touches"]] == [
        (sam.name, verb) for verb in ("claim", "touch", "close")
    ]
    status, told = await sam.post(f"queue/{item}/reopen", {"reason": "It was another line."})
    assert (status, told["what"]) == (200, "Open again.")


async def test_the_second_who_claims_is_told_who_has_it(desk: Desk) -> None:
    sam, maria = await person(desk), await person(desk)
    item = await put(desk, "a")
    assert (await sam.post(f"queue/{item}/claim", {}))[0] == 200
    status, told = await maria.post(f"queue/{item}/claim", {})
    assert status == 409
    assert told["detail"].startswith(f"{sam.name} has it since")
    assert (await sam.post(f"queue/{item}/claim", {}))[1]["new"] is False


async def test_every_verb_asks_for_the_scope_work_and_every_look_for_read(desk: Desk) -> None:
    reader, worker = await person(desk, "read"), await person(desk, "work")
    item = await put(desk, "a")
    for verb in ("claim", "release", "assign", "touch", "snooze", "close", "reopen"):
        for path in (f"queue/{item}/{verb}", f"queue/{verb}"):
            status, told = await reader.post(path, {})
            assert (status, "'work'" in told["detail"]) == (403, True), path
    for path in ("holds/1/release", "holds/release", "claims/1/holds"):
        assert (await reader.post(path, {"reason": "x"}))[0] == 403
    for path in ("queue", f"queue/{item}", "queue/summary", "holds", "reports/holds", "reports/productivity"):
        assert (await worker.get(path))[0] == 403, path
        assert (await reader.get(path))[0] == 200, path


async def test_looks_and_verbs_are_in_the_access_log(desk: Desk) -> None:
    sam = await person(desk)
    item = await put(desk, "a")
    await sam.get(f"queue/{item}")
    await sam.post(f"queue/{item}/claim", {})
    seen = [row.what for row in await desk.rows(access_log, access_log.c.who == sam.name)]
    assert seen == [f"GET /api/v1/queue/{item}", f"POST /api/v1/queue/{item}/claim"]


async def test_what_is_not_there_or_not_as_it_must_be_is_told(desk: Desk) -> None:
    sam = await person(desk)
    item = await put(desk, "a")
    assert (await sam.get("queue/987654"))[0] == 404
    assert (await sam.post("queue/987654/claim", {}))[0] == 404
    for path, body, status, wanted in (
        (f"queue/{item}/touch", {}, 422, "action is missing"),
        (f"queue/{item}/touch", {"action": "danced"}, 409, "There is no action 'danced'"),
        (f"queue/{item}/snooze", {"until": "soon"}, 422, "until: "),
        (f"queue/{item}/snooze", {"until": "2020-01-01"}, 409, "must be after today"),
        (f"queue/{item}/close", {"reason": " "}, 409, "needs a reason"),
        (f"queue/{item}/close", {"reason": "x", "outcome": "called_payer"}, 409, "There is no outcome"),
        (f"queue/{item}/assign", {"team": "nihgt"}, 409, "No team 'nihgt'"),
        (f"queue/{item}/assign", {"whom": "x"}, 422, "whom is not known here"),
        (f"queue/{item}/claim", {"ids": [1]}, 422, "for item"),
        (f"queue/{item}/claim", [], 422, "the body must be a JSON object"),
    ):
        got, told = await sam.post(path, body)
        assert (got, wanted in told["detail"]) == (status, True), (path, body, told)
    async with desk.http.post(f"/api/v1/queue/{item}/claim", data=b"{", headers=sam.headers) as answer:
        assert answer.status == 400


# --- many ------------------------------------------------------------------------------------------


async def test_many_are_assigned_by_a_filter_after_a_look(desk: Desk) -> None:
    lee = await person(desk)
    ours = [await put(desk, f"k{at}", rule="R1.40", cents=100) for at in range(3)]
    await put(desk, "other", rule="R1.41")
    where = {"team": "night", "rule": "R1.40"}
    body = {"where": where, "to": "maria", "dry_run": True}
    _, told = await lee.post("queue/assign", body)
    assert told == {"dry_run": True, "total": {"items": 3, "cents": 300}}
    assert not await desk.rows(work_items, work_items.c.assignee == "maria")
    body["dry_run"] = False
    _, told = await lee.post("queue/assign", body)
    assert (sorted(told["done"]), told["new"], told["refused"]) == (sorted(ours), 3, [])
    _, again = await lee.post("queue/assign", body)
    assert (sorted(again["done"]), again["new"]) == (sorted(ours), 0)


async def test_of_many_each_stands_for_itself(desk: Desk) -> None:
    sam, maria = await person(desk), await person(desk)
    one, two = await put(desk, "a"), await put(desk, "b")
    await maria.post(f"queue/{one}/claim", {})
    _, told = await sam.post("queue/claim", {"ids": [one, two, 987654]})
    assert told["done"] == [two]
    assert [refused["id"] for refused in told["refused"]] == [one, 987654]
    _, told = await sam.post("queue/claim", {"ids": [one, two], "dry_run": True})
    assert told["total"]["items"] == 2


async def test_many_are_never_everything(desk: Desk) -> None:
    sam = await person(desk)
    for body in ({}, {"where": {}}, {"where": {"snoozed": True}}):
        status, told = await sam.post("queue/claim", body)
        assert (status, "at least one filter" in told["detail"]) == (422, True)
    assert (await sam.post("queue/claim", {"ids": [1], "where": {"team": "night"}}))[0] == 422
    assert (await sam.post("queue/reopen", {"where": {"team": "night"}, "reason": "x"}))[0] == 422


# --- holds -----------------------------------------------------------------------------------------


async def _held_claim(desk: Desk, seed: int) -> int:
    """A claim that a rule has held: no batch takes it while the test looks at it."""
    _, told = await desk.send("billing/files", claims_of(seed, 20), name=f"held-{seed}.837")
    row = await desk.read_to_the_end(told["file_id"])
    return int((await desk.rows(claims, claims.c.file_id == row.id, claims.c.state == "held"))[0].id)


async def test_a_hold_is_put_once_listed_and_released_once(desk: Desk) -> None:
    dana = await person(desk)
    claim_id = await _held_claim(desk, 901)
    body = {"reason": "Waits for the new order.", "type": "RX", "expires": "2099-01-02"}
    status, put_ = await dana.post(f"claims/{claim_id}/holds", body)
    assert (status, put_["new"]) == (201, True), put_
    assert (await dana.post(f"claims/{claim_id}/holds", body)) == (200, {"hold_id": put_["hold_id"], "new": False})
    _, told = await dana.get(f"holds?claim_id={claim_id}&type=RX&age=0-7")
    (one,) = [row for row in told["holds"] if row["id"] == put_["hold_id"]]
    assert (one["team"], one["opened_by"], one["expires"]) == ("documentation", dana.name, "2099-01-02")
    for new in (True, False):
        status, told = await dana.post(f"holds/{put_['hold_id']}/release", {"reason": "The order came."})
        assert (status, told["new"]) == (200, new)
    said = await desk.rows(timeline, timeline.c.subject_id == claim_id, timeline.c.who == dana.name)
    assert [row.what.split(":")[0] for row in said] == ["RX hold put", "RX hold released"]


async def test_holds_are_released_by_a_filter_after_a_look(desk: Desk) -> None:
    dana = await person(desk)
    claim_id = await _held_claim(desk, 902)
    ids = []
    for reason in ("first", "second"):
        _, told = await dana.post(f"claims/{claim_id}/holds", {"reason": reason, "type": "PAR"})
        ids.append(told["hold_id"])
    where = {"claim_id": claim_id, "type": "PAR"}
    (row,) = await desk.rows(claims, claims.c.id == claim_id)
    _, told = await dana.post("holds/release", {"reason": "x", "where": where, "dry_run": True})
    assert told == {"dry_run": True, "holds": 2, "cents": row.charge_cents}
    _, told = await dana.post("holds/release", {"reason": "Approved.", "where": where})
    assert sorted(told["released"]) == sorted(ids)
    assert not await desk.rows(holds, holds.c.id.in_(ids), holds.c.released_at.is_(None))


async def test_a_hold_that_cannot_be_is_told(desk: Desk) -> None:
    dana = await person(desk)
    assert (await dana.post("claims/987654/holds", {"reason": "x"}))[0] == 404
    assert (await dana.post("holds/987654/release", {"reason": "x"}))[0] == 404
    claim_id = await _held_claim(desk, 903)
    for body, status, wanted in (
        ({}, 422, "reason is missing"),
        ({"reason": "x", "type": "XX"}, 422, "type: "),
        ({"reason": "x", "expires": "2020-01-01"}, 409, "end after today"),
    ):
        got, told = await dana.post(f"claims/{claim_id}/holds", body)
        assert (got, wanted in told["detail"]) == (status, True), told
    assert (await dana.post("holds/release", {"reason": "x"}))[0] == 422
    assert (await dana.post("holds/release", {"reason": "x", "where": {}}))[0] == 422
    assert (await dana.get("holds?age=old"))[0] == 422


# --- reports ---------------------------------------------------------------------------------------


async def test_the_days_work_and_the_holds_are_reported(desk: Desk) -> None:
    sam = await person(desk)
    item = await put(desk, "a", cents=700)
    await sam.post(f"queue/{item}/close", {"reason": "Done."})
    _, told = await sam.get(f"reports/productivity?who={sam.name}")
    (day,) = told["days"]
    assert (day["touches"], day["closed"], day["cents"]) == (1, 1, 700)
    assert (await sam.get("reports/productivity?from=2026-01-02&to=2026-01-01"))[0] == 422
    _, told = await sam.get("reports/holds?type=SYS")
    assert {row["type"] for row in told["rows"]} <= {"SYS"}
    assert told["total"]["holds"] == sum(row["holds"] for row in told["rows"])
    assert told["detail"]
