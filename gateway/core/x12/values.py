"""Element values: how X12 writes amounts, and how they are read."""

from __future__ import annotations


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
