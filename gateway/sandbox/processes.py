"""The processes of a back office, as they stand in the database: what there is of each, one example, and the command
that shows more. Nothing here names a patient."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from ..core.flow.release import BY_ITSELF
from ..core.model.decision import HoldType
from ..core.store.cash_tables import day_closings
from ..core.store.tables import (
    acknowledgments,
    batches,
    claim_payments,
    claims,
    corrections,
    denials,
    deposits,
    holds,
    work_items,
)
from . import special_processes
from .counting import LET_GO, OPEN, Count, Process, claims_of, count_of, dearest_item, dollars, held, items_of
from .receivable_process import receivables
from .special_processes import Reports

HOLD_TYPES: Mapping[str, str] = {
    HoldType.PRESCRIPTION: "certificate or prescription",
    HoldType.AUTHORIZATION: "prior authorization",
    HoldType.SYSTEM: "automated system",
    HoldType.MANUAL: "manual",
}
# AK901, what a 999 says of a whole group.
_GROUP = {"A": "accepted", "P": "accepted in part", "E": "accepted, with errors", "R": "rejected"}


def processes(connection: Connection, reports: Reports) -> list[Process]:
    """Every process of the back office."""
    made = (_orders, _holds, _transmission, _rejections, _cash, _denials, receivables)
    special = (
        special_processes.resupply,
        special_processes.oxygen,
        special_processes.lifetime,
        special_processes.maintenance,
    )
    return [one(connection) for one in made] + [one(connection, reports) for one in special]


def _orders(connection: Connection) -> Process:
    of_orders = work_items.c.kind == "order_problem"
    waits = of_orders & (work_items.c.state == "open")
    return Process(
        "Order confirmation",
        [
            claims_of(connection, "claims made of delivered orders", claims.c.source == "plugin:order_confirmation"),
            items_of(connection, "reasons for which orders wait", waits),
            items_of(connection, "reasons mended, the order sent again", of_orders & (work_items.c.state != "open")),
        ],
        dearest_item(connection, waits),
        "report run order_feedback",
    )


def _holds(connection: Connection) -> Process:
    counts = []
    for code, name in HOLD_TYPES.items():
        gone = held(connection, "", holds.c.type == code, LET_GO).number
        counts.append(held(connection, f"{name}, open ({gone} released)", holds.c.type == code, OPEN))
    return Process("Hold management", counts, _most_released(connection), "report holds")


def _most_released(connection: Connection) -> str:
    """The claim that waited for the most things and waits for none any more."""
    rows = connection.execute(
        select(holds.c.claim_id, func.count())
        .group_by(holds.c.claim_id)
        .having(func.count() == func.count(holds.c.released_at))
        .order_by(func.count().desc(), holds.c.claim_id)
        .limit(1)
    ).first()
    if rows is None:
        return ""
    claim = connection.execute(select(claims).where(claims.c.id == rows.claim_id)).one()
    let_go = connection.execute(select(holds).where(holds.c.claim_id == claim.id).order_by(holds.c.released_at)).all()
    told = dict.fromkeys(
        f"{HOLD_TYPES.get(one.type, one.type)}, by "
        f"{'itself' if one.released_by == BY_ITSELF else one.released_by} ({one.release_reason})"
        for one in let_go
    )
    return f"{claim.claim_number} left when none of its {len(let_go)} holds was left. Released were: {'; '.join(told)}."


def _transmission(connection: Connection) -> Process:
    def told(words: str, kind: str, *hops: int) -> Count:
        where = (acknowledgments.c.kind == kind, acknowledgments.c.hop.in_(hops))
        chosen = select(func.count(acknowledgments.c.submission_id.distinct())).where(*where)
        return Count(words, int(connection.execute(chosen).scalar_one()))

    sent = batches.c.sent_at.is_not(None)
    row = connection.execute(select(batches).where(sent).order_by(batches.c.id).limit(1)).first()
    example = (
        f"Interchange {row.isa13} with {row.claims} claims, {dollars(row.cents)}, was sent as {row.remote_name}; "
        f"its 999 said: {_GROUP.get(row.group_ack, row.group_ack or 'nothing yet')}."
        if row is not None
        else ""
    )
    return Process(
        "Claims transmission",
        [
            count_of(connection, "interchanges sent", batches, batches.c.cents, sent),
            told("claims answered by the clearinghouse (277CA)", "277CA", 3),
            told("claims answered by the payer (277CA)", "277CA", 4),
            items_of(connection, "answers that are overdue", work_items.c.kind == "overdue_ack"),
        ],
        example,
        "batches list",
    )


def _rejections(connection: Connection) -> Process:
    refused = work_items.c.kind == "rejection"
    made = (corrections.c.state == "made") & corrections.c.submission_id.is_not(None)
    join = corrections.join(claims, claims.c.id == corrections.c.claim_id)
    row = connection.execute(select(corrections, claims).select_from(join).where(made).limit(1)).first()
    again = connection.execute(
        select(func.count(), func.sum(claims.c.charge_cents)).select_from(join).where(made)
    ).one()
    example = (
        f"{row.claim_number} was refused ({row.edit}); {'; '.join(row.told)}, and it went again in a new interchange: "
        f"it is {row.state_1} now."
        if row is not None
        else ""
    )
    return Process(
        "Front-end rejections",
        [
            items_of(connection, "claims refused", refused),
            Count("corrected, and sent again under their number", int(again[0]), int(again[1] or 0)),
            items_of(connection, "still to correct", refused & (work_items.c.state == "open")),
        ],
        example,
        "rejection list",
    )


def _cash(connection: Connection) -> Process:
    posted = claim_payments.c.state == "posted"
    row = connection.execute(
        select(deposits)
        .where(deposits.c.cents > 0)
        .order_by((deposits.c.state == "reconciled").desc(), deposits.c.cents.desc())
        .limit(1)
    ).first()
    example = (
        f"{row.payer_name} pays {dollars(row.cents)} by {row.method}, trace {row.trace_number}: {row.state}."
        f"{_closed(connection)}"
        if row is not None
        else ""
    )
    waits = work_items.c.kind.in_(("posting_exception", "remittance_exception")) & (work_items.c.state == "open")
    return Process(
        "Cash posting",
        [
            count_of(connection, "payments posted by themselves", claim_payments, claim_payments.c.paid_cents, posted),
            *(
                count_of(connection, f"deposits {words}", deposits, deposits.c.cents, deposits.c.state == state)
                for state, words in (
                    ("expected", "expected at the bank"),
                    ("matched", "matched, of which a part waits"),
                    ("reconciled", "reconciled with the bank"),
                )
            ),
            items_of(connection, "payments that wait for a person", waits),
        ],
        example,
        "deposit list",
    )


def _closed(connection: Connection) -> str:
    """The last day that was closed, in words; empty where none was."""
    row = connection.execute(
        select(day_closings).where(day_closings.c.reopened_at.is_(None)).order_by(day_closings.c.day.desc()).limit(1)
    ).first()
    return f" {row.day:%m/%d/%Y} is closed at {dollars(row.variance_cents)}." if row is not None else ""


def _denials(connection: Connection) -> Process:
    to_work = (work_items.c.kind == "denial") & (work_items.c.state == "open")
    return Process(
        "Denial management",
        [
            count_of(connection, "lines denied, each with its category and team", denials, denials.c.cents),
            items_of(connection, "denials to work, with their dates", to_work),
            items_of(connection, "of these, with a last day to appeal", to_work & work_items.c.appeal_by.is_not(None)),
        ],
        dearest_item(connection, to_work),
        "denial list",
    )
