"""A delivered order as it comes in: JSON with its lines, or CSV with a row for each line.

Only what a document cannot be read without is demanded of it; what a claim needs is asked afterwards (OC-1), so that
one order which lacks something waits by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from gateway.core.model.belongings import Proof
from gateway.core.model.json_claim import JsonBillingProvider, JsonOtherPayer


def _words(value: Any) -> Any:
    """A list, or words between blanks, commas or semicolons, as a CSV has them."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").replace(";", " ").split())
    return value


def _text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, max_length=longest)


Text = Annotated[str, _text(60)]
Short = Annotated[str, _text(35)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9.]{0,10}$")]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_words)]
Serials = Annotated[tuple[Annotated[str, _text(40)], ...], BeforeValidator(_words)]
Npi = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^([12]\d{9})?$")]
Quantity = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=3, allow_inf_nan=False)]
Dollars = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2, allow_inf_nan=False)]


class OrderLine(BaseModel):
    """An item of an order. Quantities: `ordered` by the practitioner, `delivered` to the patient, and `billed` (as much
    as was delivered where it is left out); `price` is for one, in dollars. `serials` are as many as there are pieces.
    `service_on`: the date of service, where it is not that of the delivery; `discharged_on`: from a facility, where the
    item was fitted there. `days`: for how long a supply lasts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code = ""
    modifiers: Codes = ()
    description: Annotated[str, _text(80)] = ""
    kind: Literal["rental", "purchase", "supply"] = "supply"
    ordered: Quantity = Decimal(0)
    delivered: Quantity = Decimal(0)
    billed: Quantity | None = None
    price: Dollars = Decimal(0)
    serials: Serials = ()
    lot: Annotated[str, _text(40)] = ""
    shipped_on: dt.date | None = None
    delivered_on: dt.date | None = None
    proof: Proof = Proof.NONE
    proof_on: dt.date | None = None
    service_on: dt.date | None = None
    discharged_on: dt.date | None = None
    rental_start: dt.date | None = None
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    pointers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=12)], ...], BeforeValidator(_words), Field(max_length=4)
    ] = (1,)
    authorization: Annotated[str, _text(50)] = ""
    authorization_needed: bool = False
    note: Annotated[str, _text(80)] = ""

    @property
    def to_bill(self) -> Decimal:
        """How many are billed."""
        return self.delivered if self.billed is None else self.billed


class OrderHead(BaseModel):
    """Whose order it is, who pays and who ordered it. `patient_id` is the source's own; with a `relationship` other
    than 18 the subscriber is somebody else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
    patient_id: Text = ""
    last: Text = ""
    first: Short = ""
    birth_date: dt.date | None = None
    sex: Literal["F", "M", "U", ""] = ""
    address1: Annotated[str, _text(55)] = ""
    address2: Annotated[str, _text(55)] = ""
    city: Annotated[str, _text(30)] = ""
    state: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    zip: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{0,15}$")] = ""
    relationship: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")] = "18"
    subscriber_last: Text = ""
    subscriber_first: Short = ""
    member_id: Text = ""
    group: Annotated[str, _text(50)] = ""
    payer_id: Text = ""
    payer_name: Text = ""
    filing_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,2}$")] = ""
    other_payers: tuple[JsonOtherPayer, ...] = ()
    diagnoses: Codes = ()
    orderer_last: Text = ""
    orderer_first: Short = ""
    orderer_npi: Npi = ""
    billing_npi: Npi = ""
    billing_provider: JsonBillingProvider | None = None
    place_of_service: Annotated[str, StringConstraints(pattern=r"^\d{2}$")] = "12"


class OrderRow(OrderLine, OrderHead):
    """A row of a document: an order with its `lines` (JSON), or one line of an order (CSV; a row for each line, the
    order's own columns in each of them)."""

    lines: Annotated[tuple[OrderLine, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _has_lines(self) -> OrderRow:
        if self.lines and self.code:
            raise ValueError("the order has its items in lines, and one beside them in code")
        if not self.lines and not self.code:
            raise ValueError("the order has no item: neither code nor lines")
        return self

    @property
    def head(self) -> OrderHead:
        """The order without its lines."""
        return OrderHead.model_construct(**{name: getattr(self, name) for name in OrderHead.model_fields})

    @property
    def own_lines(self) -> tuple[OrderLine, ...]:
        """Its lines."""
        if self.lines:
            return self.lines
        return (OrderLine.model_construct(**{name: getattr(self, name) for name in OrderLine.model_fields}),)


class Order(NamedTuple):
    """An order with all of its lines. `alike` says whether its rows agreed about the order itself."""

    source: str
    head: OrderHead
    lines: tuple[OrderLine, ...]
    alike: bool

    @property
    def number(self) -> str:
        """The order's number, as its source has it."""
        return self.head.order_number


def orders_of(rows: Iterable[OrderRow], source: str) -> list[Order]:
    """The orders of a document: rows of one order number are one order, in the order in which they first stand."""
    found: dict[str, Order] = {}
    for row in rows:
        before = found.get(row.order_number)
        if before is None:
            found[row.order_number] = Order(source, row.head, row.own_lines, True)
        else:
            alike = before.alike and before.head == row.head
            found[row.order_number] = before._replace(lines=(*before.lines, *row.own_lines), alike=alike)
    return list(found.values())
