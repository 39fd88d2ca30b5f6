"""Papers over HTTP: as a body with headers, as a form; listed and fetched, each look in the access log."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection, insert

from gateway.core.store.tables import access_log, claims, documents, holds
from gateway.sandbox.write import as_837

from ..papers import JPEG, PDF, PNG
from . import running
from .conftest import Desk
from .test_api import TODAY, group

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_claim(desk: Desk) -> Any:
    """One of the generated claims; the first test takes them in."""
    if not await desk.rows(claims):
        _, told = await desk.send("billing/files", as_837(group(0), TODAY), name="papers.837")
        await desk.read_to_the_end(told["file_id"])
    return (await desk.rows(claims))[0]


async def post(desk: Desk, data: Any, who: dict[str, str] | None = None, **said: str) -> tuple[int, Any]:
    headers = {f"Document-{name.replace('_', '-').title()}": value for name, value in said.items()}
    url = "/api/v1/documents"
    async with desk.http.post(url, data=data, headers=headers | (who or desk.submit)) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_body_with_headers_becomes_a_document(desk: Desk) -> None:
    claim = await a_claim(desk)
    said = {"kind": "proof_of_delivery", "claim": str(claim.id), "dated": "2026-11-02", "codes": "e1390, E0431"}
    status, told = await post(desk, PDF, **said, name="scan 1.pdf")
    assert (status, told["new"], told["claim_id"]) == (201, True, claim.id)
    status, again = await post(desk, PDF, **said)
    assert (status, again["new"], again["document_id"]) == (200, False, told["document_id"])
    (row,) = await desk.rows(documents, documents.c.id == told["document_id"])
    assert (row.codes, row.name, row.added_by) == ("E0431 E1390", "scan 1.pdf", "billing-system")


async def test_a_form_becomes_a_document_of_the_sources_own_numbers(desk: Desk) -> None:
    claim = await a_claim(desk)
    form = aiohttp.FormData()
    for name, value in {"kind": "order", "source": "billing", "claim_number": claim.source_claim_number}.items():
        form.add_field(name, value)
    form.add_field("file", JPEG, filename="photo.png", content_type="image/png")
    status, told = await post(desk, form)
    assert (status, told["claim_id"]) == (201, claim.id)
    (row,) = await desk.rows(documents, documents.c.id == told["document_id"])
    assert (row.media_type, row.name, row.source) == ("image/jpeg", "photo.png", "billing")


@pytest.mark.parametrize(
    ("data", "said", "status", "why"),
    [
        (b"PK a letter", {"kind": "order", "claim": "1"}, 415, "no PDF, TIFF, JPEG or PNG"),
        (PDF, {"kind": "letter", "claim": "1"}, 422, "There is no kind 'letter'"),
        (PDF, {"kind": "order"}, 422, "Say whose it is"),
        (PDF, {"kind": "order", "claim": "9" * 17}, 422, "There is no claim"),
        (PDF, {"kind": "order", "claim": "one"}, 400, "claim is a number"),
        (PDF, {"kind": "order", "claim": "1", "dated": "soon"}, 400, "dated is a date like"),
        (PDF, {"kind": "order", "claim_number": "C-1"}, 400, "name the source"),
        (PDF, {"kind": "order", "source": "elsewhere", "claim_number": "C-1"}, 404, "No source is called"),
        (b"%PDF-" + b" " * (21 << 20), {"kind": "order", "claim": "1"}, 413, "At most 20 MB"),
    ],
)
async def test_what_cannot_be_taken_is_told(
    desk: Desk, data: bytes, said: dict[str, str], status: int, why: str
) -> None:
    await a_claim(desk)
    before = len(await desk.rows(documents))
    found, told = await post(desk, io.BytesIO(data), **said)
    assert (found, why in told["detail"]) == (status, True), told
    assert len(await desk.rows(documents)) == before


async def test_a_form_without_a_paper_or_with_something_else_is_told(desk: Desk) -> None:
    for field, why in (("kind", "has no paper"), ("colour", "may have kind, claim")):
        form = aiohttp.FormData()
        form.add_field(field, "order")
        form.add_field("claim", "1", content_type="text/plain")
        status, told = await post(desk, form)
        assert (status, why in told["detail"]) == (400, True), told
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    async with desk.http.post("/api/v1/documents", data=b"--x\r\nCon", headers=desk.submit | broken) as answer:
        assert answer.status == 400


async def test_only_who_may_work_releases_a_hold(desk: Desk) -> None:
    claim = await a_claim(desk)

    def held(connection: Connection) -> None:
        hold = {"claim_id": claim.id, "type": "CMN", "rule": "CMN", "plugin": "p", "reason": "Get the certificate."}
        connection.execute(
            insert(holds).values(id=9001, opened_at=desk.gateway.clock.now(), team="documentation", **hold)
        )

    await desk.gateway.write(held)
    status, told = await post(desk, PNG, kind="certificate", claim=str(claim.id), releases="9001")
    assert (status, "'work'" in told["detail"]) == (403, True)
    assert (await desk.rows(holds, holds.c.id == 9001))[0].released_at is None
    worker = await running.token(desk.gateway, "records", "work", "submit")
    status, told = await post(desk, PNG, worker, kind="certificate", claim=str(claim.id), releases="9001")
    assert (status, len(told["states"])) == (201, 1)
    (hold,) = await desk.rows(holds, holds.c.id == 9001)
    assert (hold.released_by, hold.document_id) == ("records", told["document_id"])


async def test_documents_are_listed_and_fetched_and_each_look_is_noted(desk: Desk) -> None:
    claim = await a_claim(desk)
    _, told = await post(desk, PDF + b"9%%EOF", kind="visit", claim=str(claim.id), name='a "b"\u00e9.pdf')
    url = f"/api/v1/documents?claim={claim.id}&kind=visit"
    async with desk.http.get(url, headers=desk.read) as answer:
        (one,) = (await answer.json())["documents"]
    assert (one["id"], one["media_type"], one["codes"]) == (told["document_id"], "application/pdf", [])
    async with desk.http.get(f"/api/v1/documents/{one['id']}", headers=desk.read) as answer:
        assert await answer.read() == PDF + b"9%%EOF"
        assert answer.content_type == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''a%20%22b%22")
    noted = {row.what for row in await desk.rows(access_log)}
    assert f"GET /api/v1/documents/{one['id']}" in noted
    for path, status in (("/999999", 404), ("?claim=x", 422)):
        async with desk.http.get(f"/api/v1/documents{path}", headers=desk.read) as answer:
            assert answer.status == status
    async with desk.http.get(f"/api/v1/documents/{one['id']}", headers=desk.submit) as answer:
        assert answer.status == 403
