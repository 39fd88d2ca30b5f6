"""A gateway in which denials are worked: people who may write off, and claims that a payer denied."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from gateway.core.ledger import accounts, transfers
from gateway.core.store import tables
from gateway.core.store.denial_tables import denial_cases
from gateway.core.work.items import WorkItem, open_items
from gateway.server import Gateway

from ..web import running
from .conftest import ROLES, Office

APPROVERS = 'key: [who]\nsource: house\nrows:\n  - {who: manager, most: "5000.00"}\n'
RULES = 'key: [rule]\nsource: house\nrows:\n  - {rule: tiny, most: "0.01", categories: "", reasons: "", way: ""}\n'
_numbers = itertools.count(1)


@contextlib.asynccontextmanager
async def denying(folder: Path) -> AsyncIterator[Office]:
    """A gateway with people of every role, of whom the manager may approve write-offs."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    config = running.write_config(folder)
    (config / "tables" / "write_off_approvers.yaml").write_text(APPROVERS)
    (config / "tables" / "write_off_rules.yaml").write_text(RULES)
    gateway = Gateway(running.read_config(config), executor="office")
    await gateway.start()
    try:
        found = Office(gateway, f"http://127.0.0.1:{gateway.port}")
        for role in ROLES:
            await found.user(role, role)
        yield found
    finally:
        await gateway.stop()
        patch.undo()


def _write(sql: Connection, claim: Any, now: dt.datetime, case: dict[str, Any], **denial: Any) -> int:
    number = 700 + next(_numbers)
    line = sql.execute(
        select(tables.claim_lines).where(tables.claim_lines.c.claim_id == claim.id).order_by(tables.claim_lines.c.id)
    ).first()
    assert line is not None
    cents = line.charge_cents
    sql.execute(
        insert(tables.remittances).values(
            id=number, file_id=claim.file_id, ordinal=number, paid_cents=0, received_at=now, state="posted",
            trace_number=f"TRACE{number}",
        )
    )  # fmt: skip
    sql.execute(
        insert(tables.claim_payments).values(
            id=number, claim_id=claim.id, remittance_id=number, ordinal=1, charge_cents=cents, paid_cents=0,
            patient_cents=0, state="posted", content=b"", at=now, payer_claim_number=f"ICN{number}",
        )
    )  # fmt: skip
    given = {"group_code": "CO", "reason_code": "50", "remark_code": "N115", "category": "MEDICAL_NECESSITY"} | denial
    sql.execute(
        insert(tables.denials).values(
            id=number, claim_id=claim.id, line_id=line.id, claim_payment_id=number, team="appeals", cents=cents,
            opened_at=now, **given,
        )
    )  # fmt: skip
    today = now.date()
    dates = {"received_on": today, "noticed_on": today, "appeal_by": today + dt.timedelta(days=90)}
    of = {"payer_id": claim.payer_id, "filing_code": claim.filing_code[:2], "code": line.code}
    sql.execute(insert(denial_cases).values(denial_id=number, **(of | dates | case)))
    moved = transfers.Transfer(
        accounts.DENIED,
        accounts.INSURANCE,
        cents,
        today,
        "denial",
        f"test:{number}",
        claim_id=claim.id,
        line_id=line.id,
    )
    transfers.write(sql, [moved], now)
    item = WorkItem(
        kind="denial", key=f"denial:{number}", reason="Denied: CO-50: not medically necessary. Appeal it.",
        team="appeals", subject_kind="line", subject_id=line.id, claim_id=claim.id, rule="CO-50", cents=cents,
        work_by=today + dt.timedelta(days=2), payer_id=claim.payer_id, appeal_by=(dates | case)["appeal_by"],
    )  # fmt: skip
    open_items(sql, [item], now)
    sql.execute(update(tables.claims).where(tables.claims.c.id == claim.id).values(state="denied"))
    return number


async def denied(office: Office, seed: int, case: dict[str, Any] | None = None, **denial: Any) -> tuple[Any, int]:
    """A claim of which a payer denied the first line, and the denial."""
    claim = await office.claim(seed)
    now = office.gateway.clock.now()
    number = await office.gateway.write(lambda sql: _write(sql, claim, now, case or {}, **denial))
    return claim, number
