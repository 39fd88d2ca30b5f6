"""Which balances are to be followed up: billed, neither refused nor denied, and unpaid after the payer's time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import NamedTuple

from gateway.core.model.states import ClaimState
from gateway.plugins import BalanceView, Table, Tables

BILLED = (ClaimState.SENT, ClaimState.ACKNOWLEDGED, ClaimState.ACCEPTED, ClaimState.PAID)
"""States of claims that wait for a payer; of a paid one, part may still be with it."""
ACKNOWLEDGMENT, SUBMISSION = "acknowledgment", "submission"
MOST_DAYS = 366
CLASSES = {"MA": "medicare", "MB": "medicare", "MC": "medicaid"}
OTHERS = "commercial"


class Terms:
    """The table `follow_up`: how long each payer takes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def due(self, one: BalanceView) -> dt.date | None:
        """The day from which a balance is followed up; None where it was not sent, or no row tells."""
        if one.sent_on is None:
            return None
        for payer in (one.payer_id, CLASSES.get(one.filing_code, OTHERS)):
            row = self._table.find(one.sent_on, payer) if payer else None
            if row is not None:
                since = one.acknowledged_on if row.values["after"] == ACKNOWLEDGMENT else None
                return (since or one.sent_on) + dt.timedelta(days=int(row.values["days"]))
        return None


def faults(tables: Tables) -> Iterator[str]:
    """What is wrong with the table, in sentences."""
    for row in tables["follow_up"].rows:
        payer, days = row.values.get("payer", ""), row.values.get("days", "")
        if not (days.isascii() and days.isdecimal() and 1 <= int(days[:6]) <= MOST_DAYS):
            yield f"in the table follow_up, days of {payer} must be a whole number from 1 to {MOST_DAYS}"
        if row.values.get("after") not in (ACKNOWLEDGMENT, SUBMISSION):
            yield f"in the table follow_up, after of {payer} must be {ACKNOWLEDGMENT} or {SUBMISSION}"


class FollowUp(NamedTuple):
    """A balance that is to be followed up since a day. `turn` counts how often it has come up again."""

    balance: BalanceView
    since: dt.date
    turn: int

    @property
    def key(self) -> str:
        """What its work item is called: one for each sending and turn."""
        again = f":{self.turn}" if self.turn else ""
        return f"follow_up:{self.balance.claim_id}:{self.balance.sent_on}{again}"

    @property
    def order(self) -> tuple[bool, dt.date, object, int]:
        """Timely filing first, then the most dollars."""
        one = self.balance
        return one.file_by is None, one.file_by or dt.date.max, -one.payer, one.claim_id


def follow_up(one: BalanceView, terms: Terms, today: dt.date, again_after: int) -> FollowUp | None:
    """Whether a balance is to be followed up today."""
    if one.state not in BILLED or one.payer <= 0 or is_denied(one):
        return None
    due = terms.due(one)
    if due is None or due > today:
        return None
    return FollowUp(one, due, (today - due).days // again_after)


def is_denied(one: BalanceView) -> bool:
    """Whether it is the denials' work."""
    return one.open_denials > 0 or one.denied > 0 or one.state == ClaimState.DENIED


def outcome(one: BalanceView | None, sent_on: str) -> str:
    """Why a claim is nobody's to follow up any more; empty where it still is. `one`: its balance (None: nothing is owed
    on it); `sent_on`: the sending that was followed up."""
    if one is None or one.payer <= 0:
        return "Nothing is owed by the payer any more."
    if is_denied(one):
        return "The payer has denied it; it is worked as a denial."
    if one.state == ClaimState.REJECTED:
        return "It was refused on the way; it is worked as a rejection."
    if one.state not in BILLED:
        return "The claim is not with the payer any more."
    if one.sent_on is not None and one.sent_on.isoformat() != sent_on:
        return "The claim was sent again; the payer's time runs anew."
    return ""


def claim_of(key: str) -> tuple[int, str]:
    """Claim and day of sending that an item's key names."""
    _, claim_id, sent_on, *_ = key.split(":")
    return int(claim_id), sent_on


def among(found: Collection[FollowUp], most: int) -> list[FollowUp]:
    """Those that cost most, in the order in which they should be worked."""
    return sorted(found, key=lambda one: one.order)[:most]
