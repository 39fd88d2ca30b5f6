"""A billing system hands in claims over HTTP and asks what became of them."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import AsyncIterator

import pytest

from gateway.core.store import tokens
from gateway.core.store.tables import access_log, claims, files, work_items
from gateway.core.store.tables import tokens as token_rows
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.records import Claim
from gateway.sandbox.write import as_837, as_json

from . import running
from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = dt.date(2026, 11, 23)
PEOPLE = list(generate_claims(60, 7, TODAY))


def group(number: int, count: int = 6) -> list[Claim]:
    """Some of the generated claims, each group others."""
    return PEOPLE[number * count : (number + 1) * count]


async def test_without_a_token_the_answer_says_how_to_get_one(desk: Desk) -> None:
    for headers in ({}, {"Authorization": "Bearer hme_wrong"}, {"Authorization": "Basic eDp5"}):
        async with desk.http.post("/api/v1/sources/billing/files", data=b"x", headers=headers) as answer:
            told = await answer.json(content_type=None)
            assert answer.status == 401
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert told["status"] == 401
        assert "gateway token add" in told["detail"]
        assert "submit" in told["detail"]


async def test_a_token_of_another_scope_is_told_which_scope_it_lacks(desk: Desk) -> None:
    async with desk.http.post("/api/v1/sources/billing/files", data=b"x", headers=desk.read) as answer:
        told = await answer.json(content_type=None)
    assert answer.status == 403
    assert "'submit'" in told["detail"]
    assert "dashboard" in told["detail"]
    async with desk.http.get("/api/v1/queues", headers=desk.submit) as answer:
        assert answer.status == 403


async def test_a_revoked_token_opens_nothing(desk: Desk) -> None:
    gone = await running.token(desk.gateway, "left-the-company", "submit")
    await desk.gateway.write(tokens.revoke, "left-the-company", desk.gateway.clock.now())
    async with desk.http.post("/api/v1/sources/billing/files", data=b"x", headers=gone) as answer:
        assert answer.status == 401


async def test_an_admin_token_may_do_everything(desk: Desk) -> None:
    admin = await running.token(desk.gateway, "administrator", "admin")
    async with desk.http.get("/api/v1/queues", headers=admin) as answer:
        assert answer.status == 200


async def test_an_uploaded_837_becomes_claims_and_the_same_again_is_a_duplicate(desk: Desk) -> None:
    data = as_837(group(0), TODAY)
    status, told = await desk.send("billing/files", data, name="monday.837")
    assert status == 202
    row = await desk.read_to_the_end(told["file_id"])
    assert (row.state, row.kind, row.claims, row.name, row.origin) == ("read", "837P", 6, "monday.837", "upload")
    assert desk.gateway.archive.read(row.sha256) == data
    taken = await desk.rows(claims, claims.c.file_id == row.id)
    assert {claim.claim_number for claim in taken} == {made.number for made in group(0)}

    status, again = await desk.send("billing/files", data, name="monday-again.837")
    assert status == 200
    assert again["duplicate_of"] == told["file_id"]
    assert "not worked again" in again["detail"]
    assert not await desk.rows(claims, claims.c.file_id == again["file_id"])


async def test_what_became_of_a_file_can_be_asked(desk: Desk) -> None:
    _, told = await desk.send("billing/files", as_837(group(1), TODAY), name="tuesday.837")
    row = await desk.read_to_the_end(told["file_id"])
    async with desk.http.get(f"/api/v1/files/{row.id}", headers=desk.read) as answer:
        seen = await answer.json()
    assert answer.status == 200
    assert (seen["name"], seen["state"], seen["sha256"], seen["party"]) == (
        "tuesday.837",
        "read",
        row.sha256,
        "billing",
    )
    assert sum(seen["claims"].values()) == 6
    async with desk.http.get("/api/v1/files/999999", headers=desk.read) as answer:
        assert answer.status == 404


async def test_json_claims_become_claims(desk: Desk) -> None:
    status, told = await desk.send("orders/claims", as_json(group(2)))
    assert status == 202
    row = await desk.read_to_the_end(told["file_id"])
    assert (row.state, row.claims) == ("read", 6)
    taken = await desk.rows(claims, claims.c.file_id == row.id)
    assert {claim.claim_number for claim in taken} == {made.number for made in group(2)}
    assert sum(claim.charge_cents for claim in taken) == sum(made.charge for made in group(2))


async def test_the_same_json_claims_again_are_a_duplicate_by_whatever_door(desk: Desk) -> None:
    data = as_json(group(3))
    first, told = await desk.send("orders/claims", data)
    second, again = await desk.send("orders/claims", data)
    third, file = await desk.send("orders/files", data, name="again.json")
    assert (first, second, third) == (202, 200, 200)
    assert again["duplicate_of"] == file["duplicate_of"] == told["file_id"]
    row = await desk.read_to_the_end(told["file_id"])
    assert desk.gateway.archive.read(row.sha256) == data  # as it came, blanks and all


async def test_json_claims_that_cannot_be_read_are_refused_with_their_place(desk: Desk) -> None:
    before = len(await desk.rows(files, files.c.origin == "upload"))
    document = json.loads(as_json(group(4)))
    document[1]["lines"][0]["charge"] = "twelve"
    document[2]["subscriber"].pop("member_id")
    document[3]["subscriber"]["birth_date"] = "03/02/1948"
    status, told = await desk.send("orders/claims", json.dumps(document).encode())
    assert status == 422
    assert "[1].lines[0].charge must be an amount" in told["detail"]
    assert "[2].subscriber.member_id is missing." in told["detail"]
    assert "[3].subscriber.birth_date must be a date like 2026-03-31." in told["detail"]
    assert "twelve" not in told["detail"]
    assert "1948" not in told["detail"]
    assert len(await desk.rows(files, files.c.origin == "upload")) == before


@pytest.mark.parametrize("body", [b'{"id": ', b"\xff\xfe", b"", b"ISA*00*", b'{"id": NaN}', b"[" * 5000])
async def test_a_body_that_is_no_json_is_refused_in_words(desk: Desk, body: bytes) -> None:
    status, told = await desk.send("orders/claims", body)
    assert status == 400
    assert told["title"] == "Not JSON"


async def test_too_much_at_once_is_refused_and_leaves_nothing(desk: Desk) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (1 << 16)

    before = len(await desk.rows(files, files.c.origin == "upload"))
    for what in ("billing/files", "orders/claims"):
        for body in (io.BytesIO(b" " * ((1 << 20) + 1)), in_pieces()):
            status, told = await desk.send(what, body)
            assert status == 413
            assert "1 MB" in told["detail"]
    assert len(await desk.rows(files, files.c.origin == "upload")) == before
    assert not list((desk.folder / "data" / "archive" / "incoming").iterdir())


async def test_an_unknown_source_is_told_which_there_are(desk: Desk) -> None:
    for what in ("billling/files", "billling/claims"):
        status, told = await desk.send(what, b"[]")
        assert status == 404
        assert "billing, orders" in told["detail"]


async def test_a_file_that_is_nothing_waits_for_a_person_and_stands_in_the_queues(desk: Desk) -> None:
    status, told = await desk.send("billing/files", b"Dear billing team", name="letter.txt")
    assert status == 202
    row = await desk.read_to_the_end(told["file_id"])
    assert row.state == "quarantined"
    async with desk.http.get("/api/v1/queues", headers=desk.read) as answer:
        queues = (await answer.json())["queues"]
    opened = await desk.rows(work_items, work_items.c.state == "open", work_items.c.kind == "file_problem")
    (one,) = [queue for queue in queues if queue["kind"] == "file_problem"]
    assert one["items"] == len(opened) >= 1
    assert one["team"] == "edi"


async def test_an_unknown_address_is_a_problem_document_too(desk: Desk) -> None:
    async with desk.http.get("/api/v1/nothing", headers=desk.read) as answer:
        told = await answer.json(content_type=None)
    assert answer.status == told["status"] == 404
    async with desk.http.put("/api/v1/queues", headers=desk.read) as answer:
        told = await answer.json(content_type=None)
    assert answer.status == told["status"] == 405


async def test_health_is_open_to_all_and_says_little(desk: Desk) -> None:
    async with desk.http.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    async with desk.http.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ready"})


async def test_every_use_of_a_token_is_in_the_access_log(desk: Desk) -> None:
    seen = len(await desk.rows(access_log))
    async with desk.http.get("/api/v1/files/1", headers=desk.read):
        pass
    async with desk.http.get("/api/v1/files/1"):
        pass
    entries = (await desk.rows(access_log))[seen:]
    assert [(one.who, one.what, one.source) for one in entries] == [("dashboard", "GET /api/v1/files/1", "127.0.0.1")]
    (used,) = await desk.rows(token_rows, token_rows.c.name == "dashboard")
    assert used.last_used_at > entries[0].at - tokens.USED_EVERY


async def test_a_fault_of_ours_is_a_problem_document_without_the_patient(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the patient is called QUILL")

    monkeypatch.setattr("gateway.web.api.receive", broken)
    status, told = await desk.send("billing/files", b"ISA")
    assert status == 500
    assert "QUILL" not in json.dumps(told)
    assert "QUILL" not in repr(desk.logged)
    assert any(entry.get("error") == "RuntimeError" for entry in desk.logged)


async def test_a_full_disk_is_said_and_may_be_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.web.api.receive", full)
    status, told = await desk.send("billing/files", b"ISA")
    assert status == 503
    assert "again" in told["detail"]


async def test_no_patient_is_named_in_any_answer_log_line_or_work_item(desk: Desk) -> None:
    """Runs last: what the whole module has logged and answered, against everybody whose claims were in it."""
    data = bytearray(as_837(group(5), TODAY))
    spot = data.index(b"CLM*")
    data[spot : spot + 80] = data[spot : spot + 80].replace(b"*", b"*x", 2)  # a charge that is none
    answers = []
    status, told = await desk.send("billing/files", bytes(data), name="faulty.837")
    answers.append((status, told))
    row = await desk.read_to_the_end(told["file_id"])
    for where in (f"files/{row.id}", "queues"):
        async with desk.http.get(f"/api/v1/{where}", headers=desk.read) as answer:
            answers.append((answer.status, await answer.json()))
    said = (repr(answers) + repr(desk.logged) + repr(await desk.rows(access_log))).upper()
    items = await desk.rows(work_items)
    said += " ".join(item.reason for item in items).upper()
    assert desk.logged
    words = set(re.findall(r"[A-Z0-9]+", said))
    for made in PEOPLE:
        assert not words & {made.patient.last.upper(), made.patient.first.upper(), made.coverage.member_id.upper()}


async def test_a_file_with_another_extension_of_its_name_keeps_it_without_the_path(desk: Desk) -> None:
    status, told = await desk.send("billing/files", as_837(group(6), TODAY), name="../../etc/pass wd\n.837" + "x" * 400)
    assert status == 202
    row = await desk.read_to_the_end(told["file_id"])
    assert row.state == "read"
    assert len(row.name) <= 255
    assert "\n" not in row.name
    assert not (desk.folder / "etc").exists()


async def test_a_gateway_that_is_stopping_is_not_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.gateway, "_started", False)
    async with desk.http.get("/readyz") as answer:
        assert answer.status == 503
        assert "starting or stopping" in (await answer.json(content_type=None))["detail"]


async def test_deliveries_and_equipment_are_taken_whole_or_not_at_all(desk: Desk) -> None:
    bad = b"patient_id,order_number,code,delivered_on\nP-7,SO-7,E0443,2026-11-02\nP-7,SO-8,E0443,never\n"
    status, told = await desk.send("billing/deliveries", bad)
    assert status == 422
    assert "line 3, delivered_on: It must be a date" in told["detail"]
    status, told = await desk.send("nobody/deliveries", bad)
    assert status == 404
    good = bad.replace(b"never", b"2026-11-09")
    for counts in ((2, 0, 0), (0, 0, 2)):
        status, told = await desk.send("billing/deliveries", good, name="d.csv")
        assert (status, told["new"], told["changed"], told["same"]) == (200, *counts)
    piece = {"patient_id": "P-7", "code": "E1390", "serial": "S7", "started_on": "2022-01-05"}
    status, told = await desk.send("billing/equipment", json.dumps([piece]).encode())
    assert (status, told["new"]) == (200, 1)
    (row,) = await desk.rows(files, files.c.id == told["file_id"])
    assert (row.kind, row.state) == ("EQUIPMENT", "read")


async def test_orders_and_authorizations_come_by_the_api_and_can_be_tried_out(desk: Desk) -> None:
    order = {"patient_id": "P-8", "order_number": "RX-8", "codes": ["E1390"], "ordered_on": "2026-11-02"}
    body = json.dumps([order]).encode()
    for dry_run, more in (("true", {"dry_run": True, "file_id": 0}), ("false", {})):
        status, told = await desk.send("billing/orders", body, dry_run=dry_run)
        assert (status, told["new"], told["new_patients"]) == (200, 1, 1)
        assert told.items() >= more.items()
    status, told = await desk.send("billing/orders", body, dry_run="perhaps")
    assert (status, told["detail"]) == (422, "dry_run must be true or false.")
    authorization = {"patient_id": "P-8", "payer_id": "90101", "number": "U8", "codes": "K0823"}
    status, told = await desk.send("billing/authorizations", json.dumps([authorization]).encode())
    assert (status, told["new"], told["new_patients"]) == (200, 1, 0)
