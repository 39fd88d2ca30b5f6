"""The rows of the scrubber's tables as records. Each `read` raises ValueError with what is wrong, in plain words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from gateway.core.model.decision import Severity
from gateway.plugins import Row
from gateway.plugins.months import add_months

from .rules import RULES
from .settings import CLASSES, MEDICARE

CATEGORIES = frozenset({"IN", "CR", "FS", "OX", "OC", "PO", "SD", "OS", "SU", "PE", "TE"})
DME = frozenset({"IN", "CR", "FS", "OX", "OC", "TE", "SU"})
"""Categories that are not payable in a hospital or nursing facility."""
CAPS = {"CR": 13, "TE": 2}
"""Rental months of a category, unless its row says another number."""
CHECKS: dict[str, Severity | None] = {
    "": None,
    "reject": Severity.REJECT,
    "hold": Severity.HOLD,
    "warn": Severity.WARN,
}
"""What a row's column `check` may say: how much a finding of this row weighs at most (empty: as its rule says)."""
NOBODY = "none"
_SPAN = re.compile(r"([1-9]\d*) (month|months|day|days)", re.ASCII)


class Category(NamedTuple):
    """A payment category. `cap`: rental months (0: none that are counted here)."""

    name: str
    cap: int
    check: Severity | None


class Policy(NamedTuple):
    """A coverage policy that uses KX, GA, GZ and GY."""

    name: str
    check: Severity | None


class Trial(NamedTuple):
    """From `from_month` on, a medical record is dated between two days of the rental (1 is its first)."""

    from_month: int
    first_day: int
    last_day: int
    check: Severity | None


class Required(NamedTuple):
    """Exactly one of these modifiers stands on the item, or `rule` is broken."""

    rule: str
    one_of: tuple[str, ...]
    check: Severity | None


class SpanRule(NamedTuple):
    """Dates of service: `span` is required, none or free. `one_day`: a span may begin and end on the same day.
    `modifier`: only of lines with it. `within`: month or year, which a span may not cross."""

    span: str
    one_day: bool
    modifier: str
    within: str
    check: Severity | None


class Length(NamedTuple):
    """Months, or days."""

    months: int
    days: int

    def after(self, day: dt.date) -> dt.date:
        """The day so much later; February 29 becomes 28."""
        return add_months(day, self.months) + dt.timedelta(days=self.days)


class Listed(NamedTuple):
    """An item that a payer wants authorized: in which group, and how long a decision is good for (None: not known)."""

    group: str
    valid: Length | None
    check: Severity | None


class UnitLimit(NamedTuple):
    """The most units of one line."""

    most: Decimal
    check: Severity | None


class Frequency(NamedTuple):
    """Which claim frequencies a payer takes beside the original, and what to do instead."""

    takes: frozenset[str]
    instead: str


def length(text: str) -> Length:
    """`6 months`, `60 days`."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text or 'nothing'} is no length; write it like 6 months or 60 days")
    number = int(found[1])
    return Length(number, 0) if found[2].startswith("month") else Length(0, number)


def _check(row: Row) -> Severity | None:
    text = row.values.get("check", "")
    if text not in CHECKS:
        raise ValueError(f"check is {text}; it is reject, hold, warn or empty")
    return CHECKS[text]


def _one_of(row: Row, column: str, words: tuple[str, ...]) -> str:
    value = row.values.get(column, "")
    if value not in words:
        raise ValueError(
            f"{column} is {value or 'missing'}; it is one of {', '.join(word or 'empty' for word in words)}"
        )
    return value


def _whole(row: Row, column: str) -> int:
    text = row.values.get(column, "")
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{column} is {text or 'missing'}; it is a whole number above zero")
    return int(text)


def _amount(row: Row, column: str) -> Decimal:
    text = row.values.get(column, "")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise ValueError(f"{column} is {text or 'missing'}; it is a number above zero")
    return value


def category(row: Row) -> Category:
    """A row of payment_categories."""
    name = row.values["category"]
    if name not in CATEGORIES:
        raise ValueError(f"category is {name or 'missing'}; it is one of {', '.join(sorted(CATEGORIES))}")
    cap = _whole(row, "cap") if row.values.get("cap") else CAPS.get(name, 0)
    return Category(name, cap, _check(row))


def policy(row: Row) -> Policy:
    """A row of kx_policies."""
    return Policy(row.values["policy"], _check(row))


def trial(row: Row) -> Trial:
    """A row of trial_records."""
    first, last = _whole(row, "first_day"), _whole(row, "last_day")
    if last < first:
        raise ValueError(f"last_day is {last}, before first_day, which is {first}")
    return Trial(_whole(row, "from_month"), first, last, _check(row))


def required(row: Row) -> Required:
    """A row of required_modifiers."""
    rule, words = row.values["rule"], tuple(row.values["one_of"].split())
    if rule not in RULES:
        raise ValueError(f"rule is {rule or 'missing'}, which the scrubber does not have")
    if not words:
        raise ValueError("one_of is missing; it is modifiers with blanks between, such as KX KS")
    return Required(rule, words, _check(row))


def span_rule(row: Row) -> SpanRule:
    """A row of span_dates."""
    return SpanRule(
        _one_of(row, "span", ("required", "none", "free")),
        _one_of(row, "one_day", ("", "yes", "no")) == "yes" if "one_day" in row.values else False,
        row.values.get("modifier", ""),
        _one_of(row, "within", ("", "month", "year")) if "within" in row.values else "",
        _check(row),
    )


def listed(row: Row) -> Listed:
    """A row of prior_authorization."""
    valid = row.values["valid"]
    return Listed(row.values["group"], length(valid) if valid else None, _check(row))


def unit_limit(row: Row) -> UnitLimit:
    """A row of unit_limits."""
    return UnitLimit(_amount(row, "most"), _check(row))


def price(row: Row) -> Decimal:
    """A row of purchase_prices, in dollars."""
    return _amount(row, "price")


def filing_time(row: Row) -> Length:
    """A row of timely_filing."""
    return length(row.values["within"])


def frequency(row: Row) -> Frequency:
    """A row of payer_frequency."""
    takes = row.values["takes"].split()
    if takes != ["none"] and (not takes or set(takes) - {"7", "8"}):
        raise ValueError(f"takes is {row.values['takes'] or 'missing'}; it is none, 7, 8 or 7 8")
    return Frequency(frozenset(takes) - {"none"}, row.values.get("instead", ""))


def rank(row: Row) -> int:
    """A row of modifier_order."""
    return _whole(row, "rank")


def check(row: Row) -> Severity | None:
    """A row that has nothing but its `check`."""
    return _check(row)


def place(row: Row) -> str:
    """A row of places_of_service."""
    return _one_of(row, "kind", ("home", "facility"))


def payers(row: Row) -> frozenset[str]:
    """A row of rule_payers."""
    rule, found = row.values["rule"], row.values["payers"].split()
    if rule not in RULES:
        raise ValueError(f"the scrubber has no rule {rule}")
    wrong = [word for word in found if word not in CLASSES and word.isalpha() and word.islower()]
    if found == [NOBODY]:
        return frozenset()
    if wrong or not found:
        wanted = f"some of {', '.join(CLASSES)} and payer ids, or {NOBODY}"
        raise ValueError(f"payers is {' '.join(found) or 'missing'}; it is {wanted}")
    return frozenset(found)


def jurisdiction(row: Row) -> str:
    """A row of jurisdictions: the payer id of the state's contractor."""
    if not row.values["payer"]:
        raise ValueError("payer is missing; it is the contractor's payer id")
    return row.values["payer"]


class Usual(NamedTuple):
    """The usual maximum of a supply: units in so many months (0: it is counted otherwise)."""

    units: Decimal
    months: int


def usual(row: Row) -> Usual | None:
    """A row of supply_limits, which is the plugin resupply's: what can be read of it; None for other payers' rows."""
    units, months = row.values.get("units", ""), row.values.get("months", "")
    if row.values.get("payer_class", MEDICARE) not in ("", MEDICARE):
        return None
    return Usual(Decimal(units) if units.isdigit() else Decimal(0), int(months) if months.isdigit() else 0)


def group(row: Row) -> str:
    """A row of useful_lifetime, which is the plugin rul's: what is the same or similar."""
    return row.values.get("group", "")


def lifetime(row: Row) -> int:
    """The same: for how many months an item must last (0: it is counted otherwise)."""
    months = row.values.get("months", "")
    return int(months) if months.isdigit() and row.values.get("kind", "") in ("", "months") else 0


READERS: dict[str, Callable[[Row], object]] = {
    "rule_payers": payers,
    "payment_categories": category,
    "purchase_options": check,
    "purchase_prices": price,
    "modifier_order": rank,
    "kx_policies": policy,
    "required_modifiers": required,
    "bidding_modifiers": check,
    "places_of_service": place,
    "jurisdictions": jurisdiction,
    "unit_limits": unit_limit,
    "span_dates": span_rule,
    "wopd_items": check,
    "trial_records": trial,
    "prior_authorization": listed,
    "payer_frequency": frequency,
    "timely_filing": filing_time,
    "unlisted_codes": check,
    "enrollments": check,
}
"""Every table that the scrubber reads, with how a row of it is read."""
