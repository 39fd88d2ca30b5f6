"""What patients owe, once the last payer has decided: whom to write to, the statement, and what was stated when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from gateway.plugins import BalanceView, Desk, PluginSettings, Rows, RowTable

from .settings import ReceivablesDesk

KIND = "patient_balance"
KINDS = ("deductible", "coinsurance", "copay", "other")
AGES = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
OLDEST = "over 120"

STATED = RowTable("stated", {"stated_on": dt.date, "dollars": Decimal}, key=("stated_on",), of="claim")
"""What was stated of a claim, and when."""


class Owing(NamedTuple):
    """What a patient owes on one claim, since when, and the days on which that was stated."""

    balance: BalanceView
    stated: tuple[dt.date, ...]

    def age(self, today: dt.date) -> str:
        """How long it has been the patient's."""
        days = (today - (self.balance.patient_since or today)).days
        return next((words for most, words in AGES if days <= most), OLDEST)


class Account(NamedTuple):
    """What one patient owes."""

    patient_id: int
    claims: tuple[Owing, ...]

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum((one.balance.patient_owes for one in self.claims), Decimal(0))

    @property
    def last_stated(self) -> dt.date | None:
        """The day of the last statement."""
        return max((day for one in self.claims for day in one.stated), default=None)

    def of_kind(self, kind: str) -> Decimal:
        """How much of it is of a kind."""
        return sum((one.balance.patient.get(kind, Decimal(0)) for one in self.claims), Decimal(0))

    def is_due(self, today: dt.date, settings: ReceivablesDesk) -> bool:
        """Whether a statement goes out: enough is owed, and the last one is long enough ago."""
        last = self.last_stated
        rested = last is None or (today - last).days >= settings.statement_days
        return self.total >= settings.statement_least and self.total > 0 and rested


def is_patients(one: BalanceView) -> bool:
    """Whether a balance is the patient's to pay: no payer has to decide on anything of the claim any more."""
    return (
        one.patient_owes > 0
        and one.patient_id is not None
        and not one.more_payers
        and one.payer <= 0
        and one.denied <= 0
        and not one.open_denials
    )


def accounts(desk: Desk[ReceivablesDesk], patient_id: int | None = None) -> list[Account]:
    """What each patient owes, by patient."""
    stated: dict[int, list[dt.date]] = {}
    for row in desk.rows(STATED.name):
        stated.setdefault(row["owner"], []).append(row["stated_on"])
    found: dict[int, list[Owing]] = {}
    for one in desk.balances(owed_by="patient"):
        if is_patients(one) and one.patient_id is not None and patient_id in (None, one.patient_id):
            owing = Owing(one, tuple(sorted(stated.get(one.claim_id, ()))))
            found.setdefault(one.patient_id, []).append(owing)
    return [Account(patient, tuple(claims)) for patient, claims in sorted(found.items())]


# --- the queue -------------------------------------------------------------------------------------


def key_of(account: Account, desk: Desk[ReceivablesDesk]) -> str:
    """What its work item is called: one for each patient and span of days from one statement to the next. Closed by
    hand, it comes again in the next span."""
    return f"statement:{account.patient_id}:{desk.today.toordinal() // desk.settings.statement_days}"


def patient_of(key: str) -> int:
    """The patient whom an item's key names."""
    return int(key.split(":")[1])


def work_out(desk: Desk[ReceivablesDesk]) -> None:
    """Open an item for each patient to whom a statement is due, and close those to whom none is."""
    due = {one.patient_id: one for one in accounts(desk) if one.is_due(desk.today, desk.settings)}
    for item in desk.items(kinds=[KIND]):
        if item.own and due.pop(patient_of(item.key), None) is None:
            desk.close_item(item.key, "It was stated, or the patient owes nothing any more.")
    for account in due.values():
        desk.open_item(
            kind=KIND,
            key=key_of(account, desk),
            reason=reason_of(account, desk.today),
            team=desk.settings.patient_team,
            amount=account.total,
            work_by=desk.today,
        )


def reason_of(account: Account, today: dt.date) -> str:
    """What is owed, and what to do; without a name."""
    kinds = ", ".join(f"{kind} ${amount:,.2f}" for kind in KINDS if (amount := account.of_kind(kind)))
    last = account.last_stated
    before = f"last stated on {last:%m/%d/%Y}" if last is not None else "not stated yet"
    count = f"{len(account.claims)} claim{'' if len(account.claims) == 1 else 's'}"
    return (
        f"Patient {account.patient_id} owes ${account.total:,.2f} on {count} ({kinds}); {before}. "
        f"Every payer has decided. Print it: gateway plugin run receivables print --set patient={account.patient_id}"
    )


# --- the export ------------------------------------------------------------------------------------


class Which(PluginSettings):
    """Which statements, and whether they count as sent."""

    patient: int | None = Field(default=None, ge=1, description="Only this patient's; due or not.")
    every: bool = Field(default=False, description="Also of those to whom none is due.")
    mark: bool = Field(default=True, description="Keep that it was stated today.")


COLUMNS = (
    *("patient", "last_name", "first_name", "address", "city", "state", "zip", "claim", "service_date", "payer"),
    *("charge", *KINDS, "owed", "since", "age", "stated_before", "statement_date"),
)


def chosen(desk: Desk[ReceivablesDesk], which: Which) -> Iterator[Account]:
    """The accounts that are stated."""
    for account in accounts(desk, which.patient):
        if which.patient is not None or which.every or account.is_due(desk.today, desk.settings):
            yield account


def mark(desk: Desk[ReceivablesDesk], stated: Collection[Account]) -> None:
    """Keep what is stated today, and close the items of these patients. The same day again is the same statement."""
    for account in stated:
        for one in account.claims:
            owed = one.balance.patient_owes
            desk.keep(STATED.name, {"stated_on": desk.today, "dollars": owed}, claim_id=one.balance.claim_id)
            if desk.today not in one.stated:
                desk.note(one.balance.claim_id, f"Stated to the patient: ${owed:,.2f} owed.")
    patients = {account.patient_id for account in stated}
    for item in desk.items(kinds=[KIND]):
        if item.own and patient_of(item.key) in patients:
            desk.close_item(item.key, "Stated to the patient.")


def export(desk: Desk[ReceivablesDesk], which: Which) -> Rows:
    """A row for each claim that is stated, with the patient's address, for whoever prints and mails."""
    rows = []
    stated = list(chosen(desk, which))
    for account in stated:
        for one in account.claims:
            rows.append(_row(desk, account, one))
    if which.mark:
        mark(desk, stated)
    return Rows(COLUMNS, rows)


def _row(desk: Desk[ReceivablesDesk], account: Account, one: Owing) -> tuple[str | int | Decimal | dt.date | None, ...]:
    balance = one.balance
    person = addressee(desk, balance.claim_id)
    kinds = (balance.patient.get(kind, Decimal("0.00")) for kind in KINDS)
    about = (balance.number, balance.from_date, balance.payer_name or balance.payer_id, balance.charge)
    counted = (balance.patient_owes, balance.patient_since, one.age(desk.today), len(one.stated), desk.today)
    return (account.patient_id, *person, *about, *kinds, *counted)


class Addressee(NamedTuple):
    """Whom a statement goes to, as the claim has them."""

    last: str
    first: str
    street: str
    city: str
    state: str
    zip: str


def addressee(desk: Desk[ReceivablesDesk], claim_id: int) -> Addressee:
    """The patient of a claim; where the claim has no address of a dependent, the subscriber's."""
    claim = desk.claim(claim_id)
    if claim is None:
        return Addressee("", "", "", "", "", "")
    patient = claim.patient
    address = patient.address if patient.address.line1 else claim.subscriber.address
    street = ", ".join(line for line in (address.line1, address.line2) if line)
    return Addressee(patient.last, patient.first, street, address.city, address.state, address.zip)
