"""Orders, authorizations and payments of a life, as the gateway's store has them."""

from __future__ import annotations

from decimal import Decimal

from gateway.core.model.belongings import Authorization, Decided, Order
from gateway.plugins import LinePayment

from ..oracle import life
from .claims import ORDERER, PRICE
from .folder import Filed

SOURCE = "billing"


def order_of(event: life.Order) -> Order:
    """A practitioner's order as it came, with what it lacks. (Of a life's order the quantity never lacks.)"""
    named = event.practitioner_named
    return Order(
        event.number,
        event.codes,
        event.ordered,
        event.date,
        event.ordered if event.signed else None,
        event.encounter,
        event.ends,
        Decimal(1),
        "AS ORDERED" if event.described else "",
        "ALDERMAN, IVO" if named else "",
        ORDERER["npi"] if named else "",
        event.patient_named,
        SOURCE,
    )


def authorization_of(event: life.Authorized, payer_id: str) -> Authorization:
    """What Medicare decided, with a number of 14 characters."""
    decided = Decided.AFFIRMED if event.affirmed else Decided.DENIED
    number = "A" + event.number.replace("-", "").zfill(13)
    return Authorization(number, payer_id, (event.code,), (), decided, event.date, None, None, None, SOURCE)


def payment_of(filed: Filed, event: life.Answered) -> LinePayment:
    """What the payer paid on a claim, or denied."""
    line, payer = filed.claim.lines[0], filed.claim.payer.id
    denied, charge, nothing = event.outcome == "denied", Decimal(PRICE), Decimal(0)
    money = (charge, nothing if denied else charge, nothing, nothing, charge if denied else nothing, ())
    about = (filed.claim.id, 1, filed.code, tuple(line.modifiers), filed.dos, filed.dos)
    return LinePayment(*about, *money, payer, payer, event.date, "4" if denied else "1")
