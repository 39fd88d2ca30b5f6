"""Which items a payer wants authorized before they are billed (hme-billing-rules 1.6), and the decision on file that an
order may be billed with.

The table is the scrubber's as well; what that would only warn of keeps no order back either.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.core.model.belongings import Authorization, Decided
from gateway.plugins import Table
from gateway.plugins.months import add_months

from .order import OrderHead, OrderLine

VALID = re.compile(r"([1-9]\d{0,3}) (month|months|day|days)", re.ASCII)
MAINTENANCE, WARN = "MS", "warn"


class Listed(NamedTuple):
    """An item that a payer wants authorized: for so many months or days a decision is good (both 0: not known).
    `warns`: it is not sure enough to keep an order back."""

    months: int
    days: int
    warns: bool

    def last_day(self, decided_on: dt.date) -> dt.date | None:
        """The last day on which the item may be delivered; None where it is not known."""
        if not self.months and not self.days:
            return None
        return add_months(decided_on, self.months) + dt.timedelta(days=self.days)


def listed(values: dict[str, str]) -> Listed:
    """A row of the table prior_authorization."""
    found = VALID.fullmatch(values.get("valid", ""))
    number, unit = (int(found[1]), found[2]) if found else (0, "")
    months = unit.startswith("month")
    return Listed(number if months else 0, 0 if months else number, values.get("check", "") == WARN)


def number_on_file(
    line: OrderLine, head: OrderHead, of: Listed | None, on_file: Iterable[Authorization], contractors: frozenset[str]
) -> str:
    """The number of the payer's decision that a line may be billed with; empty where none is on file, or several are,
    of which a person chooses. `contractors`: payer ids that are all Medicare's."""
    numbers = {one.number for one in on_file if _is_good(one, line, head, of, contractors)}
    return numbers.pop() if len(numbers) == 1 else ""


def _is_good(
    one: Authorization, line: OrderLine, head: OrderHead, of: Listed | None, contractors: frozenset[str]
) -> bool:
    same_payer = one.payer_id == head.payer_id or {one.payer_id, head.payer_id} <= contractors
    if one.decided is not Decided.AFFIRMED or not same_payer or line.code not in one.codes:
        return False
    if not set(one.modifiers) <= {modifier.upper() for modifier in line.modifiers} or line.delivered_on is None:
        return False
    first, last = one.valid_from or one.decided_on, one.valid_to
    if last is None and of is not None and one.decided_on is not None:
        last = of.last_day(one.decided_on)
    return (first is None or first <= line.delivered_on) and (last is None or line.delivered_on <= last)


def faults_of_listed(table: Table) -> Iterator[str]:
    """What cannot be used in the table, in plain sentences."""
    for row in table.rows:
        valid = row.values.get("valid", "")
        if valid and not VALID.fullmatch(valid):
            yield (
                f"in the table {table.name}, valid of {row.values.get('code', '')} is {valid}; write it like 6 months "
                "or 60 days, or leave it empty"
            )
