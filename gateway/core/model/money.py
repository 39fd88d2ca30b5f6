"""Money: Decimal dollars at the faces, integer cents inside, never float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ..x12.values import parse_cents, x12_amount

__all__ = ["MAX_CENTS", "parse_cents", "to_cents", "to_dollars", "x12_amount"]

MAX_CENTS = 10**15
"""The largest amount taken from outside, in cents either way: ten trillion dollars."""


def to_cents(dollars: Decimal) -> int:
    """Dollars to cents.

    Raises:
        ValueError: the amount has more than two decimals that matter, is not a number, or is out of bounds.
    """
    try:
        cents = dollars * 100
        whole = int(cents)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError("not an amount of dollars and cents") from error
    if cents != whole:
        raise ValueError("an amount has at most two decimals")
    if not -MAX_CENTS <= whole <= MAX_CENTS:
        raise ValueError("the amount is out of bounds")
    return whole


def to_dollars(cents: int) -> Decimal:
    """Cents to dollars, always with two decimals."""
    return Decimal(cents).scaleb(-2)
