"""A database with work items and claims, as the people of a back office find them in the morning."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, insert, select

from gateway.config.work_tables import work_table
from gateway.core.model.work_tables import ACTIONS, WORK_KINDS
from gateway.core.store.bulk import insert_bulk
from gateway.core.store.tables import blobs, claim_lines, claims, files, holds, timeline, work_items
from gateway.core.work.actions import Actions
from gateway.core.work.deadlines import Deadlines
from gateway.core.work.items import WorkItem, open_items
from gateway.plugins.tables import Tables

NOW = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
SHIPPED = Tables()
DEADLINES = Deadlines.of(SHIPPED)
ACTS = Actions(work_table(SHIPPED, ACTIONS), work_table(SHIPPED, WORK_KINDS), TODAY)


def days(count: int) -> dt.date:
    """So many days from today."""
    return TODAY + dt.timedelta(days=count)


def put_item(connection: Connection, key: str = "a", **values: Any) -> int:
    """A work item; returns its id."""
    given = {"kind": "claim_review", "reason": "Look at it.", "team": "billing", "subject_kind": "plugin", **values}
    at = given.pop("at", NOW)
    open_items(connection, [WorkItem(key=key, **given)], at, given.get("deadlines"))
    return int(connection.execute(select(work_items.c.id).where(work_items.c.key == key)).scalar_one())


def put_claim(connection: Connection, claim_id: int = 1, **values: Any) -> int:
    """A claim of Medicare over $100.00 with one line, held; returns its id."""
    if connection.execute(select(files.c.id).where(files.c.id == 1)).first() is None:
        connection.execute(insert(blobs).values(sha256="a" * 64, size=1, purpose="inbound", stored_at=NOW))
        connection.execute(
            insert(files).values(
                id=1, direction="in", origin="source", party="billing", name="monday.837", sha256="a" * 64, size=1,
                kind="837P", state="read", received_at=NOW,
            )
        )  # fmt: skip
    given = {
        "source": "billing", "file_id": 1, "ordinal": claim_id, "claim_number": f"G{claim_id}",
        "source_claim_number": f"C-{claim_id}", "partner": "practice", "payer_id": "16013", "payer_name": "MEDICARE",
        "filing_code": "MB", "charge_cents": 10_000, "from_date": dt.date(2026, 11, 2), "state": "held", "usage": "T",
        "config_hash": "c", "content": b"", "created_at": NOW, "updated_at": NOW, "version": 1, **values,
    }  # fmt: skip
    connection.execute(insert(claims).values(id=claim_id, **given))
    line = {
        "id": claim_id, "claim_id": claim_id, "number": 1, "code": "E1390", "charge_cents": given["charge_cents"],
        "from_date": given["from_date"],
    }  # fmt: skip
    connection.execute(insert(claim_lines).values(**line))
    return claim_id


def put_hold(connection: Connection, hold_id: int, claim_id: int, type_: str = "SYS", **values: Any) -> int:
    """An open hold on a claim, with its work item; returns its id."""
    given = {"rule": "R1.01", "team": "billing", "reason": "A modifier is missing.", "opened_at": NOW, **values}
    connection.execute(insert(holds).values(id=hold_id, claim_id=claim_id, type=type_, line=0, **given))
    cents = connection.execute(select(claims.c.charge_cents).where(claims.c.id == claim_id)).scalar_one()
    put_item(
        connection, f"hold:{hold_id}", kind="hold", subject_kind="claim", subject_id=claim_id, claim_id=claim_id,
        rule=given["rule"], team=given["team"], cents=cents,
    )  # fmt: skip
    return hold_id


def item_row(connection: Connection, item_id: int) -> Any:
    """The row of a work item."""
    return connection.execute(select(work_items).where(work_items.c.id == item_id)).one()


def told(connection: Connection, claim_id: int) -> list[tuple[str, str]]:
    """What stands on a claim's timeline about work: who, and the sentence."""
    rows = connection.execute(
        select(timeline)
        .where(timeline.c.subject_kind == "claim", timeline.c.subject_id == claim_id)
        .order_by(timeline.c.id)
    )
    return [(row.who, row.what) for row in rows]


def many_items(connection: Connection, count: int, *, first: int = 1, state: str = "open") -> None:
    """Rows of denials, as they come."""
    names = (
        *("id", "key", "cents", "priority_date", "state", "kind", "subject_kind", "reason", "rule", "team", "assignee"),
        *("payer_id", "partner", "outcome", "opened_at"),
    )
    same = (state, "denial", "claim", "Denied.", "CO-50", "denials", "", "", "", "", NOW)
    rows = ((at, f"k{at}", at % 9973, days(at % 400 - 20), *same) for at in range(first, first + count))
    insert_bulk(connection, work_items, names, rows)
