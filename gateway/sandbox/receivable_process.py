"""What is owed, at the end of the demo: counts, and of each kind one real item with its claim, its dollars and why."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from ..core.ledger.accounts import PATIENT, balances_by_kind, in_words, sides
from ..core.store.denial_tables import RETURNED, next_claims
from ..core.store.tables import claim_payments, claims, work_items
from .counting import Count, Process, claims_of, count_of, dollars, items_of

_UNPAID = claims.c.state.in_(("sent", "acknowledged", "accepted"))
_TO_FOLLOW = (work_items.c.kind == "follow_up") & (work_items.c.state == "open")
_LEFT = (claim_payments.c.state == "posted") & (claim_payments.c.patient_cents > 0)


def receivables(connection: Connection) -> Process:
    """The process."""
    patients = [cents for name, cents in balances_by_kind(connection).items() if name.startswith("patient")]
    left, cents = claim_payments, claim_payments.c.patient_cents
    to_second = next_claims.c.state.not_in(("ended", RETURNED))
    counts = [
        claims_of(connection, "claims sent that no payer has decided", _UNPAID),
        count_of(connection, "payments that leave a part to somebody else", left, cents, _LEFT),
        count_of(
            connection, "of these, to a second payer, or sent on to it", next_claims, next_claims.c.cents, to_second
        ),
        Count("what patients owe by the ledger", None, sum(patients)),
        items_of(connection, "claims to follow up", _TO_FOLLOW),
    ]
    return Process("A/R management", counts, " ".join(_examples(connection)), "report figures")


def _examples(connection: Connection) -> Iterator[str]:
    """The dearest of each: with a payer, with a second payer, with the patient."""
    yield from filter(None, (_with_payer(connection), _with_second(connection), _with_patient(connection)))


def _with_payer(connection: Connection) -> str:
    """The claim whose follow-up has the most dollars; where none is due, the dearest that a payer has."""
    item = connection.execute(
        select(work_items.c.reason, work_items.c.cents, claims.c.claim_number)
        .join(claims, claims.c.id == work_items.c.claim_id)
        .where(_TO_FOLLOW)
        .order_by(work_items.c.cents.desc(), work_items.c.id)
        .limit(1)
    ).first()
    if item is not None:
        return f"{item.claim_number}, {dollars(item.cents)}: {item.reason}"
    row = connection.execute(
        select(claims).where(_UNPAID).order_by(claims.c.charge_cents.desc(), claims.c.id).limit(1)
    ).first()
    if row is None:
        return ""
    payer = row.payer_name or row.payer_id
    return f"{row.claim_number}, {dollars(row.charge_cents)}: it is {row.state}, and {payer} has not decided."


def _with_second(connection: Connection) -> str:
    """What one payer left and the next is asked for, or why not."""
    second = claims.alias("second")
    row = connection.execute(
        select(next_claims, claims.c.claim_number, claims.c.payer_name)
        .add_columns(second.c.claim_number.label("second_number"), second.c.payer_name.label("second_payer"))
        .add_columns(second.c.state.label("second_state"))
        .join(claims, claims.c.id == next_claims.c.claim_id)
        .outerjoin(second, second.c.id == next_claims.c.made_claim_id)
        .where(next_claims.c.state != "ended")
        .order_by(next_claims.c.made_claim_id.is_(None), next_claims.c.cents.desc(), next_claims.c.id)
        .limit(1)
    ).first()
    if row is None:
        return ""
    left = f"{row.claim_number}: {row.payer_name} left {dollars(row.cents)}"
    if row.state == "waits":
        then = "the next payer is billed" if row.then == "claim" else "somebody is told"
        return f"{left} and sent the claim on itself; if nothing comes by {row.due_on:%m/%d/%Y}, {then}."
    if row.second_number is None or row.state == RETURNED:
        return f"{left} to the next payer ({row.state}). {row.why}".rstrip()
    return f"{left}, and {row.second_payer} is asked for it as {row.second_number}, which is {row.second_state}."


def _with_patient(connection: Connection) -> str:
    """The claim of which its patient owes the most, by the ledger, and as what."""
    both = sides("claim_id")
    cents = func.sum(both.c.cents)
    owed = (
        select(both.c.claim_id, both.c.account, cents.label("cents"))
        .where(both.c.account.startswith(PATIENT), both.c.claim_id.is_not(None))
        .group_by(both.c.claim_id, both.c.account)
        .having(cents > 0)
        .subquery()
    )
    row = connection.execute(
        select(owed.c.account, owed.c.cents, claims.c.claim_number, claims.c.state)
        .join(claims, claims.c.id == owed.c.claim_id)
        .order_by(owed.c.cents.desc(), owed.c.claim_id)
        .limit(1)
    ).first()
    if row is None:
        return ""
    as_what = in_words(row.account).removeprefix("patient: ")
    return f"{row.claim_number} is {row.state}: its patient owes {dollars(int(row.cents))} as {as_what}."
