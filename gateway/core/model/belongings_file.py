"""Deliveries, equipment, orders and authorizations as other systems tell them: the rows of their documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from .belongings import Decided, Ownership, Proof
from .rows_file import MOST_BYTES, Document, DocumentFault, DocumentRefused

__all__ = [
    "AUTHORIZATIONS",
    "DELIVERIES",
    "EQUIPMENT",
    "MOST_BYTES",
    "ORDERS",
    "AuthorizationRow",
    "Code",
    "Codes",
    "Day",
    "DeliveryRow",
    "Document",
    "DocumentFault",
    "DocumentRefused",
    "EquipmentRow",
    "Modifiers",
    "OrderRow",
    "Quantity",
    "Row",
]

_TEXT = r"^[^\x00-\x1f\x7f]*$"


def _text(longest: int, shortest: int = 0) -> Any:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=_TEXT, strip_whitespace=True)


def _day(value: object) -> object:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value).strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _codes(value: object) -> object:
    """Codes or modifiers as a list, or as people write them: `RR KX`, `RR:KX`."""
    if isinstance(value, str):
        return [word for word in value.upper().replace(":", " ").replace(",", " ").split() if word]
    return value


Day = Annotated[dt.date, BeforeValidator(_day)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,48}$", to_upper=True, strip_whitespace=True)]
Modifiers = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")], ...],
    BeforeValidator(_codes),
    Field(max_length=4),
]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_codes), Field(min_length=1, max_length=30)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3, allow_inf_nan=False)]


class Row(BaseModel):
    """Who the patient is: the source's own id for them, or member id and birth date; both where both are known, so
    that the two are linked. `dependent`: the member id is that of the person through whom the patient is insured; then
    the first name takes part (twins share the rest)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient_id: Annotated[str, _text(80)] = ""
    member_id: Annotated[str, _text(80)] = ""
    birth_date: Day | None = None
    last_name: Annotated[str, _text(80)] = ""
    first_name: Annotated[str, _text(80)] = ""
    dependent: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> Row:
        if not self.patient_id and not (self.member_id and self.birth_date):
            raise ValueError("patient_id, or member_id with birth_date, is needed to know the patient")
        if self.dependent and self.member_id and not self.first_name:
            raise ValueError("first_name is needed of a dependent")
        return self


class DeliveryRow(Row):
    """One item that was delivered."""

    order_number: Annotated[str, _text(50, 1)]
    code: Code
    modifiers: Modifiers = ()
    quantity: Quantity = Decimal(1)
    serial: Annotated[str, _text(50)] = ""
    lot: Annotated[str, _text(50)] = ""
    delivered_on: Day
    proof: Proof = Proof.NONE
    claim_number: Annotated[str, _text(38)] = ""


class EquipmentRow(Row):
    """One piece of equipment that a patient has or had."""

    code: Code
    serial: Annotated[str, _text(50)] = ""
    started_on: Day
    ended_on: Day | None = None
    ownership: Ownership = Ownership.RENTED

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> EquipmentRow:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("ended_on is before started_on")
        return self


class OrderRow(Row):
    """One practitioner's order. The same order may come in several rows, each with its codes and quantity."""

    order_number: Annotated[str, _text(50, 1)]
    codes: Codes
    ordered_on: Day
    received_on: Day | None = None
    signed_on: Day | None = None
    encounter_on: Day | None = None
    ends_on: Day | None = None
    quantity: Quantity | None = None
    description: Annotated[str, _text(1000)] = ""
    practitioner: Annotated[str, _text(80)] = ""
    practitioner_npi: Annotated[str, StringConstraints(pattern=r"^([0-9]{10})?$", strip_whitespace=True)] = ""
    patient_named: bool = True

    @model_validator(mode="after")
    def _ends_after_it_was_given(self) -> OrderRow:
        if self.ends_on is not None and self.ends_on < self.ordered_on:
            raise ValueError("ends_on is before ordered_on")
        return self


class AuthorizationRow(Row):
    """One prior authorization: a request that a payer has decided on, or will."""

    number: Annotated[str, _text(50)] = ""
    payer_id: Annotated[str, _text(80, 1)]
    codes: Codes
    modifiers: Modifiers = ()
    decided: Decided = Decided.AFFIRMED
    decided_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    units: Quantity | None = None

    @model_validator(mode="after")
    def _numbered_and_in_order(self) -> AuthorizationRow:
        if not self.number and self.decided is not Decided.PENDING:
            raise ValueError("a decided authorization has a number; only one that is pending may lack it")
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


DELIVERIES = Document(DeliveryRow)
EQUIPMENT = Document(EquipmentRow)
ORDERS = Document(OrderRow)
AUTHORIZATIONS = Document(AuthorizationRow)
