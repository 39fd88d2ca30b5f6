"""The follow-up queue: opened each morning, closed when the payer has paid or denied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from pydantic import Field

from gateway.plugins import Desk, ItemView, PluginSettings, Rows

from .due import BILLED, FollowUp, Terms, among, claim_of, follow_up, outcome
from .settings import ReceivablesDesk

KIND = "follow_up"
NEAR_DAYS = 30
AT_ONCE = 500


def due_today(desk: Desk[ReceivablesDesk]) -> Iterator[FollowUp]:
    """Every balance that is to be followed up today."""
    terms, settings = Terms(desk.table("follow_up")), desk.settings
    for one in desk.balances(owed_by="payer", states=BILLED):
        found = follow_up(one, terms, desk.today, settings.again_after)
        if found is not None and one.payer >= settings.least:
            yield found


def work_out(desk: Desk[ReceivablesDesk]) -> None:
    """The turn of the morning: close what was decided, open what has come due."""
    standing = close_decided(desk)
    busy = {claim_of(item.key)[0] for item in standing}
    new = (one for one in due_today(desk) if one.balance.claim_id not in busy)
    for one in among(list(new), desk.settings.most_items):
        desk.open_item(
            kind=KIND,
            key=one.key,
            reason=reason_of(one),
            team=desk.settings.team,
            claim_id=one.balance.claim_id,
            amount=one.balance.payer,
            work_by=desk.today,
            refile_by=one.balance.file_by,
            payer_id=one.balance.payer_id,
            partner=one.balance.partner,
        )
        if desk.settings.ask:
            desk.ask_status(one.balance.claim_id)


def close_decided(desk: Desk[ReceivablesDesk]) -> list[ItemView]:
    """Close the items whose claim is paid, denied, refused or sent again; gives those that stay open."""
    mine = [item for item in desk.items(kinds=[KIND]) if item.own]
    stays: list[ItemView] = []
    for start in range(0, len(mine), AT_ONCE):
        some = mine[start : start + AT_ONCE]
        ids = {claim_of(item.key)[0] for item in some}
        owed = {one.claim_id: one for one in desk.balances(claim_ids=ids)}
        for item in some:
            claim_id, sent_on = claim_of(item.key)
            why = outcome(owed.get(claim_id), sent_on)
            if why:
                desk.close_item(item.key, why)
            else:
                stays.append(item)
    return stays


def close_only(desk: Desk[ReceivablesDesk]) -> None:
    """The turn during the day: what was decided meanwhile is nobody's work any more."""
    close_decided(desk)


def reason_of(one: FollowUp) -> str:
    """What happened, and what to do."""
    balance = one.balance
    sent = f"sent {balance.sent_on:%m/%d/%Y}"
    acked = f", acknowledged {balance.acknowledged_on:%m/%d/%Y}" if balance.acknowledged_on is not None else ""
    payer = balance.payer_name or balance.payer_id or "The payer"
    part = "" if balance.payer == balance.charge else f" of ${balance.charge:,.2f}"
    return (
        f"{payer} has not decided on ${balance.payer:,.2f}{part}: {sent}{acked}, and should have by "
        f"{one.since:%m/%d/%Y}. Ask for its status, and write down what was said and when to look again."
    )


def run_now(desk: Desk[ReceivablesDesk], options: object) -> str:
    """The command: the turn of the morning, now."""
    before = len(desk.acts)
    work_out(desk)
    return f"The queue is worked out: {len(desk.acts) - before} item(s) opened or closed."


class Asked(PluginSettings):
    """What the report may be asked."""

    payer: str = Field(default="", max_length=80, description="Only this payer (its id).")


class _Tally:
    """What is to be followed up with one payer."""

    def __init__(self) -> None:
        self.claims = self.late = self.near = 0
        self.dollars = Decimal(0)

    def add(self, dollars: Decimal, late: int, near: bool) -> None:
        self.claims += 1
        self.dollars += dollars
        self.late = max(self.late, late)
        self.near += near


def _is_near(one: FollowUp, today: dt.date) -> bool:
    return one.balance.file_by is not None and (one.balance.file_by - today).days <= NEAR_DAYS


def by_payer(desk: Desk[ReceivablesDesk], asked: Asked) -> Rows:
    """What is to be followed up, by payer: the most dollars first."""
    tallies: dict[tuple[str, str], _Tally] = {}
    for one in due_today(desk):
        balance = one.balance
        if asked.payer in ("", balance.payer_id):
            tally = tallies.setdefault((balance.payer_id, balance.payer_name), _Tally())
            tally.add(balance.payer, (desk.today - one.since).days, _is_near(one, desk.today))
    found = sorted(tallies.items(), key=lambda pair: (-pair[1].dollars, pair[0]))
    rows = [(*payer, one.claims, one.dollars, one.late, one.near) for payer, one in found]
    return Rows(("payer", "name", "claims", "dollars", "days_late_at_most", "filing_within_30_days"), rows)
