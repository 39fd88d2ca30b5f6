"""Money: Decimal dollars at the faces, integer cents inside, never float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

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


def x12_amount(cents: int) -> str:
    """Cents as X12 writes an amount (data type R): no leading zeros, no trailing decimals: `19.2`, `-5`, `0`."""
    sign, rest = ("-", -cents) if cents < 0 else ("", cents)
    whole, part = divmod(rest, 100)
    if not part:
        return f"{sign}{whole}"
    return f"{sign}{whole or ''}.{part:02d}".rstrip("0") if whole else f"{sign}.{part:02d}".rstrip("0")


def parse_cents(text: str) -> int | None:
    """An X12 amount (data type R) in cents; None where it is not a plain decimal number with at most two
    decimals that matter. An empty element is not an amount: None."""
    # The usual forms by hand: several times faster than Decimal, and this is the hot path.
    whole, point, part = text.partition(".")
    digits = whole[1:] if whole[:1] in ("-", "+") else whole
    part = part.rstrip("0")
    if len(part) > 2 or len(digits) > 13 or not (digits or point):
        return None
    if (digits and not (digits.isascii() and digits.isdigit())) or (part and not part.isdigit()):
        return None
    if part and not part.isascii():
        return None
    if not digits and not part and text.strip("+-.0"):
        return None
    if not any(c.isdigit() for c in text):
        return None
    cents = int(digits or "0") * 100 + int((part + "00")[:2] if part else "0")
    return -cents if whole[:1] == "-" else cents
