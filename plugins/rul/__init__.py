"""Reasonable useful lifetime: no second base item inside five years without a reason (hme-billing-rules 3).

RUL-1: a base item whose same-or-similar group the patient received less than its lifetime ago waits for a person,
unless the line says that it replaces a lost, stolen or destroyed item (RA). RUL-3: RA stands on oxygen at the end of
its lifetime only, never on other items. Groups and lifetimes come from the table `useful_lifetime`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from gateway.core.model.decision import Hold, HoldType
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, Table, Tables, hookimpl

gateway_api = 1
gateway_tables = ("useful_lifetime",)

REPLACEMENT = "RA"
STARTS = frozenset({"KH", "NU", "UE"})
# A line of a claim in one of these states never reached the patient's record at a payer.
NOT_DELIVERED = frozenset({"faulty", "cancelled", "rejected"})


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day so many months later; the last of the month where there is none (Feb 29 becomes Feb 28)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for candidate in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, min(candidate, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def _group(table: Table, day: dt.date, code: str) -> tuple[str, int]:
    row = table.find(day, code)
    return (row.values["group"], int(row.values["months"])) if row else ("", 0)


@hookimpl
def check_settings(tables: Tables) -> Iterator[str]:
    """Each row of the table has its group, and its lifetime in whole months."""
    for row in tables["useful_lifetime"].rows:
        code, group, months = (row.values.get(name, "") for name in ("code", "group", "months"))
        if not group or not months.isdigit() or not int(months):
            yield f"in the table useful_lifetime, {code} needs a group and a whole number of months"


@hookimpl
def hold_claim(claim: Claim, context: ClaimContext) -> Iterator[Hold]:
    """Hold a base item that comes inside the lifetime of an earlier one."""
    table = context.table("useful_lifetime")
    for line in claim.lines:
        day = line.dates.start or context.today
        group, months = _group(table, day, line.code)
        # A running rental's later months are no new item; its first month and a purchase are.
        if not group or not STARTS & set(line.modifiers) or REPLACEMENT in line.modifiers:
            continue
        for earlier in context.history(claim):
            if earlier.from_date is None or earlier.state in NOT_DELIVERED or not STARTS & set(earlier.modifiers):
                continue
            before, _ = _group(table, earlier.from_date, earlier.code)
            end = add_months(earlier.from_date, months)
            if before == group and earlier.from_date < day < end:
                yield Hold(
                    rule="RUL-1",
                    reason=f"Line {line.number}, {line.code}: the patient received {earlier.code} on "
                    f"{earlier.from_date:%m/%d/%Y}; its useful lifetime ends on {end:%m/%d/%Y}. If it was lost, stolen "
                    "or destroyed, add RA and the reason; else ask why it is replaced.",
                    type=HoldType.SYSTEM,
                    team="documentation",
                    line=line.number,
                )
                break
