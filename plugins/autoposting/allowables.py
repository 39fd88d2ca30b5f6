"""What a payer should allow for an item, held against what it did allow (hme-billing-rules 5.5).

Allowed is what is paid with deductible, coinsurance, copay and sequestration. What should be allowed stands in the
tables expected_allowables and expected_allowables_*: by payer (or `*`), code and modifiers, in dollars for one unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from gateway.core.model.money import to_dollars
from gateway.core.model.posting import UNDERPAYMENT, OpenLine, WorkItemDraft
from gateway.core.x12.loop import Adjustment
from gateway.core.x12.remittance import ClaimPayment
from gateway.plugins import Tables
from gateway.plugins.tables import Row

TABLE = "expected_allowables"
ANY_PAYER = "*"
PRIMARY = frozenset({"1", "19"})
"""CLP02 of a payer that decides first: what a second one allows depends on what the first one did."""
_ALLOWED_BUT_UNPAID = frozenset({("PR", "1"), ("PR", "2"), ("PR", "3")})
_SEQUESTRATION = "253"
TEAM = "contracts"


class Expected(NamedTuple):
    """What one unit should bring, and where that stands."""

    cents: int
    source: str


class Allowables:
    """The tables, by payer and code; made once for each step of a chain."""

    def __init__(self, tables: Tables) -> None:
        self._rows: dict[tuple[str, str], list[tuple[frozenset[str], Row]]] = {}
        for name in tables:
            if name == TABLE or name.startswith(f"{TABLE}_"):
                for row in tables[name].rows:
                    key = row.values["payer"], row.values["code"].upper()
                    modifiers = frozenset(row.values["modifier"].upper().split(":")) - {""}
                    self._rows.setdefault(key, []).append((modifiers, row))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def find(self, day: dt.date, payer: str, code: str, modifiers: Iterable[str]) -> Expected | None:
        """What the payer should allow on a day: its own row before everybody's, the one with the most of the line's
        modifiers, and of those the one that began last."""
        has = frozenset(modifiers)
        for who in (payer, ANY_PAYER):
            fits = [
                (len(wanted), row.valid_from or dt.date.min, row)
                for wanted, row in self._rows.get((who, code), ())
                if wanted <= has and row.holds_on(day)
            ]
            if fits:
                row = max(fits, key=lambda one: one[:2])[2]
                return Expected(_cents(row.values["allowed"]), row.source)
        return None


def _cents(dollars: str) -> int:
    return int((Decimal(dollars) * 100).to_integral_value(ROUND_HALF_UP))


def allowed_cents(paid_cents: int, found: Sequence[Adjustment]) -> int:
    """What the payer allowed for a service."""
    allowed = paid_cents
    for one in found:
        if (one.group, one.reason) in _ALLOWED_BUT_UNPAID or one.reason == _SEQUESTRATION:
            allowed += one.cents
    return allowed


def underpayments(
    payment: ClaimPayment,
    lines: Sequence[OpenLine | None],
    payer: str,
    allowables: Allowables,
    today: dt.date,
    tolerance_cents: int,
) -> list[WorkItemDraft]:
    """The services for which less is allowed than should be. `lines`: our line of each service (None: none is looked
    at). Of a line in several parts the parts count together."""
    if payment.status not in PRIMARY or not allowables:
        return []
    sums: dict[int, list[Decimal | int]] = {}
    by_id: dict[int, OpenLine] = {}
    for service, line in zip(payment.lines, lines, strict=True):
        if line is None:
            continue
        by_id[line.line_id] = line
        so_far = sums.setdefault(line.line_id, [0, Decimal(0)])
        so_far[0] += allowed_cents(service.paid_cents, service.adjustments)
        so_far[1] += service.units
    found = []
    for line_id, (allowed, units) in sums.items():
        line = by_id[line_id]
        expected = allowables.find(line.from_date or today, payer, line.code, line.modifiers)
        if expected is None or allowed <= 0:
            continue  # nothing is known, or it is a denial, which is worked as one
        should = int((expected.cents * Decimal(units)).to_integral_value(ROUND_HALF_UP))
        should = min(should, line.charge_cents)  # nobody allows more than is charged
        short = should - int(allowed)
        if short > tolerance_cents:
            found.append(_draft(line, units, int(allowed), should, short, expected.source))
    return found


def _draft(line: OpenLine, units: Decimal | int, allowed: int, should: int, short: int, source: str) -> WorkItemDraft:
    stands = f" ({source})" if source else ""
    return WorkItemDraft(
        reason=f"Line {line.number} ({line.code}), {units} units: the payer allows ${to_dollars(allowed):,}, and "
        f"should allow ${to_dollars(should):,}{stands}. ${to_dollars(short):,} short: find out why, or ask for a new "
        "decision.",
        team=TEAM,
        cents=short,
        rule=UNDERPAYMENT,
    )
