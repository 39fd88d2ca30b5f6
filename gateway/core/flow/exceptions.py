"""What a person does about a payment that did not post: say which claim it is for, or set its money aside.

Either is one transaction, done once however often it is asked for. Saying which claim it is for has the payment
decided again with that (`replay_payments`): it posts only where it also balances and there is room for it. Setting it
aside moves its money to the payer's account of what is not applied, where the proof sees it; taking it back lets the
payment wait again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from ..ledger import accounts, transfers
from ..ledger.transfers import Transfer
from ..model.money import to_dollars
from ..store import claims as claim_store
from ..store import timeline
from ..store.ids import allocate
from ..store.posting_tables import payment_directions, set_asides
from ..store.tables import claim_payments, provider_adjustments, remittances, work_items
from ..store.tables import transfers as transfer_table
from ..work.items import close_items
from ..x12.remittance import ClaimPayment
from .again import Again, CannotBeDone, needs_who_and_why, sentence
from .post_records import unpack_payment
from .replay import replay_payments

WAITS, ASIDE = "exception", "set aside"
STATION = "post"


class Done(NamedTuple):
    """What came of it; `new`: it was not so before."""

    payment_id: int
    new: bool
    what: str


def assign(
    connection: Connection,
    payment_id: int,
    claim_id: int,
    who: str,
    reason: str,
    now: dt.datetime,
    config_hash: str,
    *,
    lines: Mapping[int, int] | None = None,
    reverses: int | None = None,
) -> Again:
    """Say for which claim a waiting payment is, and have it posted again. `lines`: the service (1, 2, ...) to the
    number of its line, where that must be said too; `reverses`: the posted payment that a reversal takes back.

    Raises:
        CannotBeDone: who or why is missing; it does not wait; there is no such claim, service, line or payment.
    """
    needs_who_and_why(who, reason)
    row = _locked(connection, payment_id)
    if row.state != WAITS:
        raise CannotBeDone(_not_waiting(row))
    if not claim_store.exists(connection, claim_id):
        raise CannotBeDone(f"There is no claim {claim_id} in our books. Nothing was changed.")
    _check_lines(connection, unpack_payment(row.content), claim_id, lines or {})
    if reverses is not None:
        _check_reversed(connection, row, claim_id, reverses)
    values = {
        "claim_payment_id": payment_id,
        "claim_id": claim_id,
        "lines": [[service, line] for service, line in sorted((lines or {}).items())],
        "reverses": reverses,
        "who": who[:80],
    }
    if _last(connection, payment_id, values) is None:
        new_id = allocate(connection, "payment_directions", 1)
        connection.execute(insert(payment_directions).values(id=new_id, reason=reason[:500], at=now, **values))
        claim = claim_store.get(connection, claim_id)
        named = "".join(f", service {service} for line {line}" for service, line in sorted((lines or {}).items()))
        words = f"{who} says that it is for claim {claim.claim_number}{named}. {sentence(reason)}"
        timeline.add(connection, [timeline.Entry("claim_payment", payment_id, STATION, words, who=who[:80])], now)
        return replay_payments(connection, [payment_id], who, reason, now, config_hash, even_so=True)[0]
    return replay_payments(connection, [payment_id], who, reason, now, config_hash)[0]


def _locked(connection: Connection, payment_id: int) -> Any:
    row = connection.execute(
        select(claim_payments).where(claim_payments.c.id == payment_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise CannotBeDone(f"There is no claim payment {payment_id}. See: gateway exceptions list")
    return row


def _not_waiting(row: Any) -> str:
    return f"Claim payment {row.id} is {row.state}, and does not wait. Nothing was changed."


def _last(connection: Connection, payment_id: int, values: Mapping[str, Any]) -> Any:
    """What was said last, if it is this."""
    row = connection.execute(
        select(payment_directions)
        .where(payment_directions.c.claim_payment_id == payment_id)
        .order_by(payment_directions.c.id.desc())
        .limit(1)
    ).one_or_none()
    return row if row is not None and all(row._mapping[name] == value for name, value in values.items()) else None


def _check_lines(connection: Connection, payment: ClaimPayment, claim_id: int, lines: Mapping[int, int]) -> None:
    known = {line.number for line in claim_store.lines_of(connection, [claim_id])[claim_id]}
    services = len(payment.lines)
    for service, line in lines.items():
        if not 1 <= service <= services:
            raise CannotBeDone(f"The payment has {services} services, and no service {service}. Nothing was changed.")
        if line not in known:
            numbers = ", ".join(map(str, sorted(known)))
            raise CannotBeDone(f"The claim has no line {line}; it has {numbers}. Nothing was changed.")


def _check_reversed(connection: Connection, row: Any, claim_id: int, reverses: int) -> None:
    if row.status != "22":
        raise CannotBeDone(f"Claim payment {row.id} is no reversal (CLP02 is {row.status}). Nothing was changed.")
    other = connection.execute(select(claim_payments).where(claim_payments.c.id == reverses)).one_or_none()
    if other is None or other.state != "posted" or other.claim_id != claim_id:
        raise CannotBeDone(f"No posted payment {reverses} stands on that claim. Nothing was changed.")


# --- set aside -------------------------------------------------------------------------------------


def set_aside(
    connection: Connection, payment_id: int, who: str, reason: str, now: dt.datetime, on_date: dt.date
) -> Done:
    """Move the money of a waiting payment to the payer's account of what is not applied: it is nobody's of ours, or it
    is dealt with elsewhere. Asked for again, nothing happens.

    Raises:
        CannotBeDone: who or why is missing; it neither waits nor is set aside.
    """
    needs_who_and_why(who, reason)
    row = _locked(connection, payment_id)
    if row.state == ASIDE:
        return Done(payment_id, False, "It is set aside already.")
    if row.state != WAITS:
        raise CannotBeDone(_not_waiting(row))
    remittance = _remittance(connection, row.remittance_id)
    number = allocate(connection, "set_asides", 1)
    transfer_id = None
    if row.paid_cents:
        account = accounts.provider_level("unapplied", remittance.originator or remittance.payer_id)
        move = transfers.signed(
            accounts.clearing(row.remittance_id),
            account,
            row.paid_cents,
            on_date,
            "set aside",
            f"aside:{number}",
            f"claim payment {payment_id}",
            remittance_id=row.remittance_id,
        )
        transfer_id = transfers.write(connection, [move], now)
        _provider_level(connection, row, -row.paid_cents)
    connection.execute(
        insert(set_asides).values(
            id=number,
            claim_payment_id=payment_id,
            transfer_id=transfer_id,
            cents=row.paid_cents,
            who=who[:80],
            reason=reason[:500],
            at=now,
        )
    )
    connection.execute(update(claim_payments).where(claim_payments.c.id == payment_id).values(state=ASIDE))
    what = f"${to_dollars(row.paid_cents):,} set aside, not applied to any claim. {sentence(reason)}"
    close_items(connection, [f"payment:{payment_id}"], f"Set aside: {sentence(reason)}", now, who=who)
    _tell(connection, row, what, who, now)
    settle(connection, row.remittance_id)
    return Done(payment_id, True, what)


def take_back(
    connection: Connection, payment_id: int, who: str, reason: str, now: dt.datetime, on_date: dt.date
) -> Done:
    """Let a payment that was set aside wait again, with its money.

    Raises:
        CannotBeDone: who or why is missing; it is not set aside.
    """
    needs_who_and_why(who, reason)
    row = _locked(connection, payment_id)
    if row.state == WAITS:
        return Done(payment_id, False, "It waits, and is not set aside.")
    if row.state != ASIDE:
        raise CannotBeDone(f"Claim payment {payment_id} is {row.state}, and not set aside. Nothing was changed.")
    aside = connection.execute(
        select(set_asides)
        .where(set_asides.c.claim_payment_id == payment_id, set_asides.c.taken_back_at.is_(None))
        .order_by(set_asides.c.id.desc())
        .limit(1)
    ).one()
    if aside.transfer_id is not None:
        transfers.write(connection, [_back(connection, aside.transfer_id, on_date)], now)
        _provider_level(connection, row, row.paid_cents)
    connection.execute(
        update(set_asides).where(set_asides.c.id == aside.id).values(taken_back_by=who[:80], taken_back_at=now)
    )
    connection.execute(update(claim_payments).where(claim_payments.c.id == payment_id).values(state=WAITS))
    connection.execute(
        update(work_items)
        .where(work_items.c.key == f"payment:{payment_id}")
        .values(state="open", closed_at=None, outcome="")
    )
    what = f"${to_dollars(row.paid_cents):,} that were set aside wait again. {sentence(reason)}"
    _tell(connection, row, what, who, now)
    settle(connection, row.remittance_id)
    return Done(payment_id, True, what)


def _remittance(connection: Connection, remittance_id: int) -> Any:
    return connection.execute(select(remittances).where(remittances.c.id == remittance_id).with_for_update()).one()


def _provider_level(connection: Connection, row: Any, cents: int) -> None:
    """The money is at provider level now (or was): as a PLB without a reason of the payer's."""
    connection.execute(
        insert(provider_adjustments).values(
            id=allocate(connection, "provider_adjustments", 1),
            remittance_id=row.remittance_id,
            provider="",
            reason_code="",
            reference=f"claim payment {row.id}",
            cents=cents,
        )
    )
    connection.execute(
        update(remittances)
        .where(remittances.c.id == row.remittance_id)
        .values(
            exception_cents=remittances.c.exception_cents + cents,
            provider_level_cents=remittances.c.provider_level_cents - cents,
        )
    )


def _back(connection: Connection, transfer_id: int, on_date: dt.date) -> Transfer:
    columns = [transfer_table.c[name] for name in Transfer._fields]
    row = connection.execute(select(*columns).where(transfer_table.c.id == transfer_id)).one()
    moved = Transfer(*row)
    return moved._replace(
        debit=moved.credit,
        credit=moved.debit,
        on_date=on_date,
        key=f"reverse:{transfer_id}",
        reverses=transfer_id,
    )


def _tell(connection: Connection, row: Any, what: str, who: str, now: dt.datetime) -> None:
    entries = [
        timeline.Entry("claim_payment", row.id, STATION, what, who=who[:80]),
        timeline.Entry("remittance", row.remittance_id, STATION, f"Claim payment {row.ordinal}: {what}", who=who[:80]),
    ]
    if row.claim_id is not None:
        entries.append(timeline.Entry("claim", row.claim_id, STATION, what, who=who[:80]))
    timeline.add(connection, entries, now)


def settle(connection: Connection, remittance_id: int) -> None:
    """Whether anything of a remittance waits decides what it is called."""
    left = connection.execute(
        select(func.count()).where(claim_payments.c.remittance_id == remittance_id, claim_payments.c.state == WAITS)
    ).scalar_one()
    connection.execute(
        update(remittances)
        .where(remittances.c.id == remittance_id, remittances.c.state.in_(("posted", "partly posted")))
        .values(state="partly posted" if left else "posted")
    )
