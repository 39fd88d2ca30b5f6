"""Rows for tests of stations: a file, a batch, its claims and submissions, without the stations before."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, insert, select

from gateway.core.clock import FixedClock
from gateway.core.store import files as file_rows
from gateway.core.store.archive import Stored
from gateway.core.store.ids import allocate
from gateway.core.store.tables import batches, claims, submissions, work_items
from gateway.plugins.tables import Tables

NOW = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
PARTNER = "practice"


def services(now: dt.datetime = NOW, **more: Any) -> Any:
    """As much of the services as a transaction needs."""
    return SimpleNamespace(**{"clock": FixedClock(now), "config": SimpleNamespace(tables=Tables()), **more})


def add_file(connection: Connection, *, party: str = PARTNER, origin: str = "partner", kind: str = "277CA") -> int:
    """A received file; its bytes do not matter."""
    count = allocate(connection, "test-files", 1)
    stored = Stored(f"{count:064x}", 1)
    return file_rows.add(
        connection, file_rows.NewFile("in", origin, party, f"file-{count}", stored, kind, "received"), NOW
    )


def add_batch(
    connection: Connection,
    numbers: list[str],
    *,
    sets: int = 1,
    state: str = "sent",
    charge_cents: int = 10_000,
    sent_at: dt.datetime | None = NOW,
    npi: str = "1999999992",
) -> int:
    """A sent batch with one claim for each number; returns its id. Numbers are spread over `sets` ST."""
    file_id = add_file(connection, party="billing", origin="source", kind="837P")
    batch_id = allocate(connection, "batches", 1)
    connection.execute(
        insert(batches).values(
            id=batch_id,
            partner=PARTNER,
            state="sent",
            usage="T",
            sender="SUPPLIER",
            receiver="SANDBOX",
            isa13=f"{batch_id:09d}",
            gs06=str(batch_id),
            first_st02="0001",
            sets=sets,
            bht03=f"BATCH{batch_id}",
            claims=len(numbers),
            cents=charge_cents * len(numbers),
            remote_name="x",
            created_at=NOW,
            sent_at=sent_at,
        )
    )
    first = allocate(connection, "claims", len(numbers))
    submission = allocate(connection, "submissions", len(numbers))
    per_set = -(-len(numbers) // sets)
    for index, number in enumerate(numbers):
        connection.execute(
            insert(claims).values(
                id=first + index,
                source="billing",
                file_id=file_id,
                ordinal=index,
                claim_number=number,
                source_claim_number=number,
                partner=PARTNER,
                payer_id="90101",
                billing_npi=npi,
                charge_cents=charge_cents,
                state=state,
                usage="T",
                content=b"",
                created_at=NOW,
                updated_at=NOW,
            )
        )
        connection.execute(
            insert(submissions).values(
                id=submission + index,
                claim_id=first + index,
                batch_id=batch_id,
                claim_number=number,
                st02=f"{1 + index // per_set:04d}",
                position=index,
                state=state,
                hop=0,
                charge_cents=charge_cents,
                created_at=NOW,
                updated_at=NOW,
            )
        )
    return batch_id


def resubmit(connection: Connection, number: str) -> int:
    """The claim of this number once more, in a new batch; returns the batch's id."""
    claim = connection.execute(select(claims).where(claims.c.claim_number == number)).one()
    batch_id = allocate(connection, "batches", 1)
    connection.execute(
        insert(batches).values(
            id=batch_id,
            partner=PARTNER,
            state="sent",
            usage="T",
            sender="SUPPLIER",
            receiver="SANDBOX",
            isa13=f"{batch_id:09d}",
            gs06=str(batch_id),
            first_st02="0001",
            sets=1,
            bht03=f"BATCH{batch_id}",
            claims=1,
            cents=claim.charge_cents,
            remote_name="x",
            created_at=NOW,
            sent_at=NOW,
        )
    )
    connection.execute(
        insert(submissions).values(
            id=allocate(connection, "submissions", 1),
            claim_id=claim.id,
            batch_id=batch_id,
            claim_number=number,
            st02="0001",
            position=0,
            state="sent",
            hop=0,
            charge_cents=claim.charge_cents,
            created_at=NOW,
            updated_at=NOW,
        )
    )
    connection.execute(claims.update().where(claims.c.id == claim.id).values(state="sent"))
    return batch_id


def states(connection: Connection) -> dict[str, str]:
    """The state of every claim by its number."""
    return {row.claim_number: row.state for row in connection.execute(select(claims))}


def open_items(connection: Connection) -> list[Any]:
    """Every open work item, oldest first."""
    return list(
        connection.execute(select(work_items).where(work_items.c.state == "open").order_by(work_items.c.id)).all()
    )
