"""A payment that waits as its payer sent it, service by service, beside the claim as we sent it.

The claim is the one that a person named, that was found, or the only candidate; another one where it is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ...plugins.tables import Tables
from ..model.carc import Reasons
from ..model.code_words import CLAIM_STATUSES
from ..model.payer_habits import Habits
from ..model.posting import PostedPayment
from ..store.posting_tables import payment_directions
from ..store.tables import claim_lines, claim_payments, claims, patients, remittances
from ..x12.claim_payment import ClaimPayment, ServicePayment
from ..x12.loop import Adjustment
from . import exception_view as view
from .open_claims import open_claims
from .post_records import unpack_payment


class Reason(NamedTuple):
    """An adjustment (CAS) and what it means to us; empty where the tables do not say."""

    code: str
    cents: int
    meaning: str


class Service(NamedTuple):
    """A service (SVC) as the payer decided on it, and our line that it may be for (`line` 0: none for certain)."""

    number: int
    code: str
    modifiers: str
    billed_as: str
    first: dt.date | None
    last: dt.date | None
    units: str
    charge_cents: int
    paid_cents: int
    reasons: tuple[Reason, ...]
    remarks: tuple[str, ...]
    line: int
    score: int
    why: str


class Paid(NamedTuple):
    """The payment (CLP) as a whole. `status` is in words; `reasons` are those of the claim, not of its lines."""

    claim_number: str
    payer_number: str
    status: str
    is_reversal: bool
    patient: str
    member_id: str
    first: dt.date | None
    last: dt.date | None
    charge_cents: int
    paid_cents: int
    patient_cents: int
    reasons: tuple[Reason, ...]
    remarks: tuple[str, ...]


class OurLine(NamedTuple):
    """A line of our claim, and what is open on it."""

    number: int
    code: str
    modifiers: str
    first: dt.date | None
    last: dt.date | None
    units: str
    charge_cents: int
    open_cents: int


class Ours(NamedTuple):
    """Our claim. `posted`: the payments that stand on it, one of which a reversal takes back."""

    id: int
    number: str
    state: str
    patient: str
    member_id: str
    first: dt.date | None
    charge_cents: int
    open_cents: int
    lines: tuple[OurLine, ...]
    posted: tuple[PostedPayment, ...]


class Sides(NamedTuple):
    """All about one payment that waits. `remittance` is a row; `said` the last that a person said about it (a row)."""

    shown: view.Shown
    paid: Paid
    services: tuple[Service, ...]
    ours: Ours | None
    remittance: Any
    said: Any
    asides: Sequence[Mapping[str, Any]]


def sides(
    connection: Connection, tables: Tables, payment_id: int, habits: Habits, today: dt.date, claim_id: int | None = None
) -> Sides | None:
    """Both sides of a payment; None where there is no such payment, or no such claim."""
    said = connection.execute(
        select(payment_directions)
        .where(payment_directions.c.claim_payment_id == payment_id)
        .order_by(payment_directions.c.id.desc())
        .limit(1)
    ).one_or_none()
    wanted = claim_id or (said.claim_id if said is not None else None)
    shown = view.one(connection, payment_id, habits, claim_id=wanted)
    if shown is None:
        return None
    row = connection.execute(select(claim_payments).where(claim_payments.c.id == payment_id)).one()
    remittance = connection.execute(select(remittances).where(remittances.c.id == row.remittance_id)).one()
    payment = unpack_payment(row.content)
    beside = wanted or row.claim_id or (shown.candidates[0].claim_id if len(shown.candidates) == 1 else None)
    ours = _ours(connection, beside, payment.is_reversal) if beside is not None else None
    if claim_id is not None and ours is None:
        return None
    reasons = _reasons(tables)
    day = remittance.effective_date or today
    return Sides(
        shown,
        _paid(payment, reasons, day),
        tuple(_services(payment, shown, reasons, day)),
        ours,
        remittance,
        said,
        view.asides(connection, payment_id),
    )


def _reasons(tables: Tables) -> Reasons | None:
    carc, rarc = tables.get("carc"), tables.get("rarc")
    return Reasons(carc, rarc) if carc is not None and rarc is not None else None


def _given(
    adjustments: Sequence[Adjustment], remarks: Sequence[str], reasons: Reasons | None, day: dt.date
) -> tuple[Reason, ...]:
    found = []
    for one in adjustments:
        meaning = reasons.find(day, one.reason, remarks).meaning if reasons is not None else ""
        found.append(Reason(f"{one.group}-{one.reason}", one.cents, meaning))
    return tuple(found)


def _paid(payment: ClaimPayment, reasons: Reasons | None, day: dt.date) -> Paid:
    who = payment.patient
    remarks = payment.remark_codes
    return Paid(
        payment.claim_id,
        payment.payer_control_number,
        CLAIM_STATUSES.get(payment.status, f"status {payment.status or '(none)'}"),
        payment.is_reversal,
        ", ".join(one for one in (who.last, who.first) if one),
        payment.member_id,
        payment.dates.start,
        payment.dates.end,
        payment.charge_cents,
        payment.paid_cents,
        payment.patient_cents,
        _given(payment.adjustments, remarks, reasons, day),
        remarks,
    )


def _services(payment: ClaimPayment, shown: view.Shown, reasons: Reasons | None, day: dt.date) -> list[Service]:
    found = {one.service: one for one in shown.lines}
    made = []
    for number, one in enumerate(payment.lines, 1):
        match = found.get(number)
        made.append(
            Service(
                number,
                one.code,
                " ".join(one.modifiers),
                _billed_as(one),
                one.dates.start,
                one.dates.end,
                _units(one.units),
                one.charge_cents,
                one.paid_cents,
                _given(one.adjustments, one.remark_codes, reasons, day),
                one.remark_codes,
                match.line if match is not None else 0,
                match.score if match is not None else 0,
                match.why if match is not None else "",
            )
        )
    return made


def _units(units: Decimal) -> str:
    return f"{units.normalize():f}"


def _billed_as(one: ServicePayment) -> str:
    """What was billed, where the payer decided on something else (SVC06)."""
    billed = one.original_procedure
    return " ".join((billed.code, *billed.modifiers)).strip() if billed is not None else ""


def _ours(connection: Connection, claim_id: int, is_reversal: bool) -> Ours | None:
    row = connection.execute(
        select(claims, patients.c.last_name, patients.c.first_name)
        .outerjoin(patients, patients.c.id == claims.c.patient_id)
        .where(claims.c.id == claim_id)
    ).one_or_none()
    if row is None:
        return None
    opened = open_claims(connection, [claim_id], [claim_id] if is_reversal else [], [])[claim_id]
    of_lines = connection.execute(
        select(claim_lines.c.number, claim_lines.c.units).where(claim_lines.c.claim_id == claim_id)
    )
    units = {line.number: line.units for line in of_lines}
    return Ours(
        claim_id,
        row.source_claim_number or row.claim_number,
        row.state,
        ", ".join(one for one in (row.last_name, row.first_name) if one),
        row.member_id,
        row.from_date,
        row.charge_cents,
        opened.open_cents,
        tuple(
            OurLine(
                line.number,
                line.code,
                " ".join(line.modifiers),
                line.from_date,
                line.thru_date,
                units.get(line.number, ""),
                line.charge_cents,
                line.open_cents,
            )
            for line in opened.lines
        ),
        opened.posted,
    )
