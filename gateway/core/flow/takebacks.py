"""Recoveries and balances carried forward, held against what the payer announced (hme-billing-rules 5.6, 5.7).

A reference that comes to zero is done. One of which more is taken than was announced is a work item, with the claim
that its reference names, where it names one; it closes by itself when the other half comes. Nothing is guessed: two
references that happen to have equal amounts are only told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from ..ledger import takebacks
from ..ledger.transfers import Transfer
from ..model.money import to_dollars
from ..store.tables import claim_payments, claims
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items

KIND = "takeback"
WORK_WITHIN = 2
"""Business days."""


class Pair(NamedTuple):
    """A provider-level pair that was just booked: its id, reason and reference, and its transfer."""

    adjustment_id: int
    code: str
    reference: str
    transfer: Transfer


class Origin(NamedTuple):
    """The remittance that brings the pairs."""

    remittance_id: int
    payer_id: str
    partner: str
    today: dt.date


def account_of(transfer: Transfer) -> str:
    """The payer's account that a provider-level transfer is on; empty where it is none that must come to zero."""
    for name in (transfer.debit, transfer.credit):
        if name.startswith("payer:") and name.rsplit(":", 1)[1] in takebacks.USES:
            return name
    return ""


def look(connection: Connection, origin: Origin, pairs: Sequence[Pair], now: dt.datetime) -> None:
    """See what now stands on the references of these pairs, which are written. Opens and closes work items."""
    keys = {(account_of(one.transfer), one.reference): one for one in pairs if account_of(one.transfer)}
    if not keys:
        return
    items = []
    for key, (cents, ids) in takebacks.of_references(connection, keys.keys()).items():
        if cents <= 0:
            done = "What was taken is what was announced." if cents == 0 else "It is announced, and not all taken yet."
            close_items(connection, [f"{KIND}:{one}" for one in ids], done, now)
            continue
        newer = keys[key].adjustment_id
        more = "More was taken under its reference; there is a newer item."
        close_items(connection, [f"{KIND}:{one}" for one in ids if one != newer], more, now)
        items.append(_item(connection, origin, keys[key], key[0], cents))
    open_items(connection, items, now)


def _item(connection: Connection, origin: Origin, pair: Pair, account: str, cents: int) -> WorkItem:
    reference = pair.reference.strip()
    claim_id, named = _claim(connection, reference)
    alike = [
        one.reference
        for one in takebacks.standing(connection, payer=account.split(":")[1])
        if one.cents == -cents and one.account == account
    ]
    more = f" {named}" if named else ""
    if alike:
        more += f" Under the reference {alike[0] or '(none)'} the payer announced as much: is it that one?"
    return WorkItem(
        kind=KIND,
        key=f"{KIND}:{pair.adjustment_id}",
        reason=f"The payer has taken ${to_dollars(cents):,} ({pair.code}) under the reference "
        f"{reference or '(none)'} that it did not announce before.{more} Find out for what it is, or ask the "
        "payer."[:1000],
        team="posting",
        subject_kind="remittance",
        subject_id=origin.remittance_id,
        claim_id=claim_id,
        rule=f"PLB-{pair.code}"[:40],
        cents=cents,
        work_by=add_business_days(origin.today, WORK_WITHIN),
        payer_id=origin.payer_id,
        partner=origin.partner,
    )


def _claim(connection: Connection, reference: str) -> tuple[int | None, str]:
    """The one claim that a reference names by our number or the payer's, alone or before other things."""
    words = [word for word in {reference, reference.split(" ")[0], reference[:20].strip()} if word]
    if not words:
        return None, ""
    ids = set(connection.execute(select(claims.c.id).where(claims.c.claim_number.in_(words)).limit(3)).scalars())
    by_payer = select(claim_payments.c.claim_id).where(
        claim_payments.c.payer_claim_number.in_(words), claim_payments.c.claim_id.is_not(None)
    )
    ids |= {one for one in connection.execute(by_payer.distinct().limit(3)).scalars() if one is not None}
    if len(ids) != 1:
        return None, ""
    (claim_id,) = ids
    number = connection.execute(select(claims.c.claim_number).where(claims.c.id == claim_id)).scalar_one()
    return claim_id, f"It names claim {number}."
