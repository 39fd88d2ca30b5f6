"""Element values: how X12 writes amounts, and how they are read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple


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
    if text.isascii() and whole.isdigit() and len(whole) <= 13:
        if len(part) == 2 and part.isdigit():
            return int(whole + part)
        if not point:
            return int(whole) * 100
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


class Period(NamedTuple):
    """A span of days, both inclusive; one day has the same start and end. None: no date, or one that cannot be
    read (the view's `faults` names it)."""

    start: dt.date | None
    end: dt.date | None

    def __bool__(self) -> bool:
        return self.start is not None


NO_PERIOD = Period(None, None)

# Values repeat much (rental prices, a month's dates): reading one again costs a look-up. The bounds keep memory flat.
_REMEMBERED = 16_384


@lru_cache(maxsize=_REMEMBERED)
def cents(text: str) -> int | None:
    """`parse_cents`, remembered."""
    return parse_cents(text)


@lru_cache(maxsize=_REMEMBERED)
def dollars(cents: int) -> Decimal:
    """Cents as dollars, always with two decimals."""
    return Decimal(cents).scaleb(-2)


@lru_cache(maxsize=_REMEMBERED)
def money(text: str) -> Decimal:
    """An amount element in dollars; 0.00 where it is empty or cannot be read."""
    return dollars(parse_cents(text) or 0)


@lru_cache(maxsize=_REMEMBERED)
def parse_number(text: str) -> Decimal | None:
    """A number that is not money (data types R and N0: units, percentages); None where it is none. No exponents:
    X12 allows them, no guide here does, and a quantity of 1E9 is a mistake."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    whole, _, part = digits.partition(".")
    if not (whole or part) or len(digits) > 20 or not digits.isascii():
        return None
    if (whole and not whole.isdigit()) or (part and not part.isdigit()):
        return None
    return Decimal(text)


@lru_cache(maxsize=_REMEMBERED)
def parse_date(text: str) -> dt.date | None:
    """CCYYMMDD as a date; None where it is none."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def parse_period(form: str, text: str) -> Period | None:
    """A date in one of the forms of element 1250: D8 (a day), RD8 (from-to), DT (a day with its time, which is
    dropped); None where it is none, or the form is another."""
    if form == "D8":
        day = parse_date(text)
        return None if day is None else Period(day, day)
    if form == "RD8":
        first, dash, last = text.partition("-")
        start, end = parse_date(first), parse_date(last)
        return None if start is None or end is None or not dash else Period(start, end)
    if form == "DT" and len(text) in (12, 14) and text.isdigit():
        day = parse_date(text[:8])
        return None if day is None else Period(day, day)
    return None
