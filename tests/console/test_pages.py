"""What pages show: free text as text, lists as files, and words instead of faults."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import update

from gateway.core.model.spreadsheet import cell
from gateway.core.store.tables import claims, files, patients, work_items

from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


async def test_free_text_and_values_of_x12_are_text_on_every_page(office: Office) -> None:
    row, hold_id = await office.held(8201)
    (item,) = await office.rows(work_items, work_items.c.key == f"hold:{hold_id}")

    def spoil(connection: object) -> None:
        for statement in (
            update(work_items).where(work_items.c.id == item.id).values(reason=EVIL, rule=EVIL[:40]),
            update(files).where(files.c.id == row.file_id).values(name=EVIL, reason=EVIL),
            update(patients).where(patients.c.id == row.patient_id).values(last_name=EVIL[:80]),
            update(claims).where(claims.c.id == row.id).values(payer_name=EVIL[:80]),
        ):
            connection.execute(statement)  # type: ignore[attr-defined]

    await office.gateway.write(spoil)
    async with office.signed_in("administrator") as browser:
        await browser.post(f"/console/items/{item.id}/touch", action="called_patient", note=EVIL)
        await browser.post(f"/console/items/{item.id}/assign", to=EVIL, note=EVIL)
        for path in (
            *(
                "/console/",
                "/console/queue",
                f"/console/items/{item.id}",
                f"/console/claims/{row.id}",
                "/console/files",
            ),
            *(
                f"/console/files/{row.file_id}",
                f"/console/files/{row.file_id}/laid",
                "/console/holds",
                "/console/claims",
            ),
            *(
                f"/console/claims?q={EVIL}",
                f"/console/queue?payer={EVIL}",
                f"/console/files/{row.file_id}/laid?find={EVIL}",
            ),
            *(f"/console/claims/{row.id}/correct", "/console/admin/access", f"/console/admin/access?who={EVIL}"),
            f"/console/sign-in?next={EVIL}",
        ):
            status, page = await browser.get(path)
            assert status == 200, path
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path


async def test_the_queue_as_a_file_has_what_the_page_has_and_no_formula(office: Office) -> None:
    _, hold_id = await office.held(8202)
    (item,) = await office.rows(work_items, work_items.c.key == f"hold:{hold_id}")
    await office.gateway.write(
        lambda sql: sql.execute(update(work_items).where(work_items.c.id == item.id).values(assignee="=HYPERLINK(1)"))
    )
    async with office.signed_in("viewer") as browser:
        status, text = await browser.get("/console/queue.csv?kind=hold")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert status == 200
    assert rows[str(item.id)]["assignee"] == "'=HYPERLINK(1)"
    assert rows[str(item.id)]["reason"] == item.reason


@pytest.mark.parametrize(
    ("value", "kept"), [("-12.50", "-12.50"), ("=1+1", "'=1+1"), ("@x", "'@x"), (None, ""), (3, 3)]
)
async def test_a_cell_is_a_value_and_no_formula(value: object, kept: object) -> None:
    assert cell(value) == kept


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/console/queue?bucket=soon", "That filter cannot be used"),
        ("/console/queue?min=much", "That filter cannot be used"),
        ("/console/queue?after=nonsense", "No such page"),
        ("/console/items/999999999", "No such work item"),
        ("/console/claims/999999999", "No such claim"),
        ("/console/files/999999999", "No such file"),
        ("/console/batches/999999999", "No such batch"),
        ("/console/documents/999999999", "No such document"),
    ],
)
async def test_what_cannot_be_shown_is_told_in_words(office: Office, path: str, words: str) -> None:
    async with office.signed_in("viewer") as browser:
        status, page = await browser.get(path)
    assert status in (404, 422)
    assert words in page


async def test_a_claim_is_found_by_its_numbers_its_patient_and_the_member_id(office: Office) -> None:
    row = await office.claim(8203)
    (patient,) = await office.rows(patients, patients.c.id == row.patient_id)
    async with office.signed_in("viewer") as browser:
        for words in (
            row.source_claim_number,
            row.claim_number.lower(),
            row.member_id,
            f"{patient.last_name}, {patient.first_name[:3].lower()}",
        ):
            async with browser.http.get("/console/claims", params={"q": words}) as answer:
                page = await answer.text()
                # One that is found alone is shown at once.
                assert answer.url.path == f"/console/claims/{row.id}" or f"/console/claims/{row.id}" in page, words
        _, nothing = await browser.get("/console/claims?q=ZZZZ-NOBODY")
        assert "No claim fits" in nothing


async def test_items_are_worked_one_by_one_and_many_at_once(office: Office) -> None:
    found = [await office.held(seed) for seed in (8204, 8205)]
    keys = [f"hold:{hold_id}" for _, hold_id in found]
    items = await office.rows(work_items, work_items.c.key.in_(keys))
    async with office.signed_in("biller") as browser:
        status, page = await browser.post("/console/queue/many", verb="claim")
        assert (status, "Nothing is ticked" in page) == (422, True)
        fields = [("csrf", browser.csrf), ("verb", "claim"), *(("ids", str(item.id)) for item in items)]
        async with browser.http.post("/console/queue/many", data=fields) as answer:
            assert "Done for 2" in await answer.text()
        status, page = await browser.post(f"/console/items/{items[0].id}/snooze", until="2026-13-40")
        assert (status, "That is no date" in page) == (422, True)
        status, page = await browser.post(f"/console/items/{items[0].id}/close", note="done with it")
        assert "release the hold instead" in page
    again = await office.rows(work_items, work_items.c.id.in_([item.id for item in items]))
    assert {item.assignee for item in again} == {"biller"}
    assert {item.state for item in again} == {"open"}
