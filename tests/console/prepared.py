"""An office in the middle of its day: something of everything that a page can show.

`IDS` of it stand in the addresses of `examples.py`. Whoever adds a kind of thing adds it here.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from gateway.core.flow import receive
from gateway.core.flow.manual_holds import add_hold
from gateway.core.store import archive
from gateway.core.store import files as file_store
from gateway.core.store.outbox import put_outbox
from gateway.core.store.tables import (
    batches,
    claim_lines,
    claim_payments,
    claims,
    denials,
    deposits,
    documents,
    files,
    work_items,
)
from gateway.core.work.deadlines import Deadlines
from gateway.server import Gateway

from ..papers import PDF
from ..web import running
from ..web.test_again import _refused as refuse
from .conftest import ROLES, Office
from .marks import Billed, Marks, claims_file, marked, remittance

NOWHERE = Path(__file__).parents[2] / "benchmarks" / "plugins"
PLAIN = Marks(
    last="FERNSBY", first="POSY", member="SWT900112233", street="12 LINDEN STREET", city="COLUMBUS",
    note="LEFT AT THE DOOR", payer="NORTHBRIDGE HEALTH PLAN", authorization="AUTH55120", reference="PLN",
)  # fmt: skip
PATIENCE_S = 40.0

Ids = dict[str, str]


@contextlib.asynccontextmanager
async def opened(folder: Path, more: str = "", holding: Mapping[str, str] | None = None) -> AsyncIterator[Office]:
    """A gateway whose partner takes every file, with people of every role. `holding`: plugins, by name, that look at
    every claim before it leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        settings = more or "web: {port: 0, max_upload_mb: 2}"
        config = running.write_config(folder, more=f"plugins_dir: plugins\n{settings}")
        shutil.copytree(NOWHERE, config / "plugins")
        for name, code in (holding or {}).items():
            (config / "plugins" / f"{name}.py").write_text(code)
            with (config / "chains" / "default.yaml").open("a") as chain:
                chain.write(f"  hold: [{name}]\n")
        partner = config / "partners" / "practice.yaml"
        text = re.sub(r"(?m)^transport:\n(?:(?: .*)?\n)+", "transport: {plugin: nowhere}\n\n", partner.read_text())
        partner.write_text(text)
        gateway = Gateway(running.read_config(config), executor="prepared")
        await gateway.start()
        try:
            office = Office(gateway, f"http://127.0.0.1:{gateway.port}")
            for role in ROLES:
                await office.user(role, role)
            await office.user("spare", "viewer")
            await office.user("elsewhere", "biller", "warehouse")
            await office.user("afar", "poster", "warehouse")
            yield office
        finally:
            await gateway.stop()


async def prepare(office: Office, marks: Marks = PLAIN, seed: int = 8800, reason: str = "It waits.") -> Ids:
    """Fill the office with claims that bear these marks; the ids of what came of it, by name."""
    gateway = office.gateway
    today = running.office_day(gateway)
    sent = claims_file(marked(seed, 5, marks, today), today, seed)
    file_id = await take_in(office, sent, f"{seed}.837")
    await running.until(lambda: _gone(office, file_id), "the claims are sent", PATIENCE_S)
    rows = sorted(await office.rows(claims, claims.c.file_id == file_id), key=lambda one: one.id)
    held, refused, paid, denied, left = rows
    hold_id = await _hold(office, held.id, reason)
    await gateway.write(refuse, refused.id)
    era = remittance(marks, await _billed(office, paid), await _billed(office, denied), f"{seed:09d}")
    era_id = await fetched(office, era, f"{seed}.835")
    await running.until(lambda: _posted(office, era_id), "the remittance is posted", PATIENCE_S)
    wrong = claims_file(marked(seed + 500, 2, marks, today), today, seed + 500)
    wrong_id = await take_in(office, re.sub(rb"\*472\*D8\*\d{8}", b"*472*D8*20261350", wrong), f"{seed}-wrong.837")
    cut_id = await take_in(office, wrong[: len(wrong) * 2 // 3], f"{seed}-cut.837")
    (batch,) = [one for one in await office.rows(batches) if one.file_id is not None][-1:]
    (payment,) = [
        one for one in await office.rows(claim_payments, claim_payments.c.state == "exception")
        if marks.reference in one.claim_number
    ]  # fmt: skip
    items = await office.rows(work_items, work_items.c.state == "open")
    by_key = {one.key: one for one in items}
    return {
        "claim": str(paid.id),
        "held": str(held.id),
        "rejected": str(refused.id),
        "denied": str(denied.id),
        "left": str(left.id),
        "hold": str(hold_id),
        "item": str(by_key[f"hold:{hold_id}"].id),
        "file": str(file_id),
        "remittance_file": str(era_id),
        "wrong_file": str(wrong_id),
        "cut_file": str(cut_id),
        "batch": str(batch.id),
        "payment": str(payment.id),
        "remittance": str(payment.remittance_id),
        "deposit": str((await office.rows(deposits))[-1].id),
        "denial": str((await office.rows(denials, denials.c.claim_id == denied.id))[-1].id),
        "day": today.isoformat(),
        "document": str(await _document(office, held.id, hold_id)),
        "partner": "practice",
        "user": "spare",
        **{f"item_{one.kind}": str(one.id) for one in items},
    }


async def take_in(office: Office, data: bytes, name: str) -> int:
    """A file of a billing system, read to its end."""
    gateway = office.gateway
    now = gateway.clock.now()
    got = await receive.receive(gateway.write, gateway.archive, "billing", name, io.BytesIO(data), now)
    gateway.engine.poke()
    await running.read_to_the_end(gateway, got.file_id, PATIENCE_S)
    return got.file_id


async def fetched(office: Office, data: bytes, name: str) -> int:
    """A file of the partner's, read to its end."""
    gateway = office.gateway
    stored = gateway.archive.put(data)

    def write(connection: Any) -> int:
        now = gateway.clock.now()
        archive.record(connection, stored, "inbound", now)
        new = file_store.NewFile("in", "partner", "practice", name, stored, "", "received")
        file_id = file_store.add(connection, new, now)
        put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
        return file_id

    file_id = await gateway.write(write)
    gateway.engine.poke()
    await running.read_to_the_end(gateway, file_id, PATIENCE_S)
    return file_id


async def _gone(office: Office, file_id: int) -> bool:
    states = [one.state for one in await office.rows(claims, claims.c.file_id == file_id)]
    return bool(states) and all(state not in ("ready", "batched") for state in states)


async def _posted(office: Office, file_id: int) -> bool:
    rows = await office.gateway.read(lambda sql: sql.execute(select(files).where(files.c.id == file_id)).all())
    payments = await office.rows(claim_payments)
    return bool(payments) and all(one.state == "read" for one in rows) and await _no_outbox(office)


async def _no_outbox(office: Office) -> bool:
    return not [one for one in await office.gateway.engine.list(state="running") if one.kind == "post"]


async def _billed(office: Office, row: Any) -> tuple[str, Billed]:
    line, *_ = sorted(await office.rows(claim_lines, claim_lines.c.claim_id == row.id), key=lambda one: one.number)
    return row.claim_number, Billed(line.code, line.charge_cents, line.control_number, line.from_date)


async def _hold(office: Office, claim_id: int, reason: str) -> int:
    gateway = office.gateway
    now = gateway.clock.now()

    def hold(connection: Any) -> Any:
        connection.execute(update(claims).where(claims.c.id == claim_id).values(state="ready"))
        due = Deadlines.of(gateway.services.config.tables)
        return add_hold(connection, claim_id, "sam", reason, now, now.date(), due, team="documentation")

    return int((await gateway.write(hold)).hold_id)


async def _document(office: Office, claim_id: int, hold_id: int) -> int:
    """A paper on the claim, whose hold stays: it is of another kind of claim than the hold waits for."""
    secret = await running.token(office.gateway, f"papers-{hold_id}", "submit", "read")
    headers = {"Document-Kind": "other", "Document-Claim": str(claim_id), "Document-Name": "scan.pdf"} | secret
    async with (
        aiohttp.ClientSession(office.address) as http,
        http.post("/api/v1/documents", data=PDF, headers=headers) as answer,
    ):
        assert answer.status in (200, 201), await answer.text()
    found = await office.rows(documents, documents.c.claim_id == claim_id)
    return int(found[-1].id)
