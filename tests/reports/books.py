"""Books of a small supplier, row by row, so that every figure can be worked out on paper beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, insert

from gateway.core.ledger import transfers as ledger
from gateway.core.reports.catalogue import behind, named, scope_of, work_out
from gateway.core.reports.measure import Figure, Found, Scope
from gateway.core.store.tables import (
    acknowledgments,
    batches,
    claim_payments,
    claims,
    denials,
    line_payments,
    remittances,
    submissions,
)

from ..work.desk import NOW, TODAY, put_claim

ZONE = "America/New_York"


def at(days: int, hours: float = 0) -> dt.datetime:
    """The morning so many days ago."""
    return NOW - dt.timedelta(days=days) + dt.timedelta(hours=hours)


def day(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def billed(sql: Connection, claim_id: int, cents: int, ago: int, *, served: int | None = None, **values: Any) -> int:
    """A claim that was taken in so many days ago, with its charge in the books."""
    given: dict[str, Any] = {"state": "accepted", "from_date": day(ago if served is None else served), **values}
    put_claim(sql, claim_id, charge_cents=cents, created_at=at(ago), **given)
    ledger.write(sql, ledger.charge_transfers(claim_id, [(claim_id, cents)], cents, day(ago)), at(ago))
    return claim_id


def move(sql: Connection, claim_id: int | None, debit: str, credit: str, cents: int, ago: int, **more: Any) -> None:
    """A transfer."""
    count = sql.execute(ledger.select(ledger.transfers.c.id)).all()
    given = {"kind": "payment", "key": f"test:{len(count)}", **more}
    row = ledger.Transfer(debit=debit, credit=credit, cents=cents, on_date=day(ago), claim_id=claim_id, **given)
    ledger.write(sql, [row], at(ago))


def sent(
    sql: Connection,
    submission_id: int,
    claim_id: int,
    ago: int,
    state: str = "accepted",
    *,
    partner: str = "practice",
    resubmits: int | None = None,
    **batch: Any,
) -> int:
    """A sending of a claim, in a batch of its own."""
    sql.execute(
        insert(batches).values(
            id=submission_id,
            partner=partner,
            sets=1,
            claims=1,
            cents=1,
            created_at=at(ago),
            sent_at=at(ago),
            isa13=f"{submission_id:09}",
            **batch,
        )
    )
    cents = sql.execute(ledger.select(claims.c.charge_cents).where(claims.c.id == claim_id)).scalar_one()
    sql.execute(
        insert(submissions).values(
            id=submission_id, claim_id=claim_id, batch_id=submission_id, position=1, state=state, charge_cents=cents,
            resubmits=resubmits, created_at=at(ago), updated_at=at(ago),
        )
    )  # fmt: skip
    return submission_id


def said(sql: Connection, ack_id: int, submission_id: int, verdict: str, when: dt.datetime, hop: int = 4) -> None:
    """What a 277CA said about a sending."""
    sql.execute(
        insert(acknowledgments).values(
            id=ack_id, file_id=1, submission_id=submission_id, kind="277CA", hop=hop, verdict=verdict, details={},
            at=when,
        )
    )  # fmt: skip


def remitted(sql: Connection, remittance_id: int, paid_on: int, posted: int, state: str = "posted", **more: Any) -> int:
    """A remittance with its payment date and the day on which it was posted, both so many days ago."""
    given = {"payer_id": "16013", "paid_cents": 0, "received_at": at(posted), "posted_at": at(posted), **more}
    sql.execute(
        insert(remittances).values(
            id=remittance_id, file_id=1, ordinal=remittance_id, state=state, effective_date=day(paid_on), **given
        )
    )
    return remittance_id


def paid(
    sql: Connection,
    payment_id: int,
    remittance_id: int,
    claim_id: int,
    ago: int,
    *,
    cents: int = 0,
    denied: bool = False,
    state: str = "posted",
    content: bytes = b"*:~^~CLP*A*1*1*1~SVC*HC:E1390*1*1~SVC*HC:E0431*1*1",
) -> None:
    """A claim payment with its one line, as posted so many days ago."""
    sql.execute(
        insert(claim_payments).values(
            id=payment_id, remittance_id=remittance_id, ordinal=payment_id, claim_id=claim_id, state=state,
            charge_cents=10_000, paid_cents=cents, patient_cents=0, content=content, at=at(ago),
        )
    )  # fmt: skip
    if state == "posted":
        sql.execute(
            insert(line_payments).values(
                id=payment_id, claim_payment_id=payment_id, line_id=claim_id, code="E1390", charge_cents=10_000,
                paid_cents=cents, denied=denied,
            )
        )  # fmt: skip


def denied(sql: Connection, denial_id: int, payment_id: int, claim_id: int, ago: int, reason: str = "50") -> None:
    """A denial of a claim's line."""
    sql.execute(
        insert(denials).values(
            id=denial_id, claim_id=claim_id, line_id=claim_id, claim_payment_id=payment_id, group_code="CO",
            reason_code=reason, cents=10_000, opened_at=at(ago),
        )
    )  # fmt: skip


def scope(**values: Any) -> Scope:
    """The 100 days until today."""
    return scope_of(TODAY, ZONE, **{"first": day(99), **values})


def worked_out(sql: Connection, name: str, **values: Any) -> Found:
    return work_out(sql, named(name), scope(**values))


def one(sql: Connection, name: str, group: str = "all", **values: Any) -> Figure:
    """The figure of a group."""
    (found,) = [figure for figure in worked_out(sql, name, **values).figures if figure.group == group]
    return found


def drilled(sql: Connection, name: str, group: str = "", **values: Any) -> dict[int, str]:
    """The claims behind a figure: their ids and dollars."""
    rows = behind(sql, named(name), scope(**values), group=group).rows
    return {row[0]: str(row[-1]) for row in rows}
