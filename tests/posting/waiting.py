"""A payment that waits, put into a database without posting a file."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, insert

from gateway.core.flow.post_records import pack_segments
from gateway.core.ledger import accounts, transfers
from gateway.core.ledger.transfers import signed
from gateway.core.store import files as file_store
from gateway.core.store.archive import Stored
from gateway.core.store.ids import allocate
from gateway.core.store.tables import claim_payments, deposits, remittances
from gateway.core.x12.segment import Delimiters

NOON = dt.datetime(2026, 9, 16, 17, tzinfo=dt.UTC)
SEGMENTS = ["CLP*{}*1*150*80*0*12*ICN1", "SVC*HC:E1390*150*80", "CAS*CO*45*70"]


def a_payment_that_waits(connection: Connection, number: str = "NOBODY") -> tuple[int, int]:
    """Ids of a remittance and its one payment, which is for no claim of ours."""
    new = file_store.NewFile("in", "partner", "practice", "x.835", Stored.of(b"an 835"), "835", "read")
    file_id = file_store.add(connection, new, NOON)
    remittance_id, payment_id = (allocate(connection, name, 1) for name in ("remittances", "claim_payments"))
    connection.execute(
        insert(remittances).values(
            id=remittance_id, file_id=file_id, ordinal=1, partner="practice", state="partly posted", paid_cents=8000,
            exception_cents=8000, claims=1, originator="1960000022", payer_id="90101", received_at=NOON,
        )
    )  # fmt: skip
    connection.execute(
        insert(claim_payments).values(
            id=payment_id, remittance_id=remittance_id, ordinal=1, claim_number=number, status="1",
            charge_cents=15000, paid_cents=8000, patient_cents=0, state="exception", reason="No claim of ours.",
            content=pack_segments(Delimiters("*", ":", "^", "~"), [one.format(number) for one in SEGMENTS]), at=NOON,
        )
    )  # fmt: skip
    connection.execute(
        insert(deposits).values(
            id=allocate(connection, "deposits", 1), remittance_id=remittance_id, method="eft", cents=8000,
            state="expected", created_at=NOON,
        )
    )  # fmt: skip
    clearing = accounts.clearing(remittance_id)
    key = f"receipt:{remittance_id}"
    move = signed(accounts.CASH_EXPECTED, clearing, 8000, NOON.date(), "receipt", key, remittance_id=remittance_id)
    transfers.write(connection, [move], NOON)
    return remittance_id, payment_id
