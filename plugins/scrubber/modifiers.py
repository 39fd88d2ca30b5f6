"""Modifiers of a service line: R1.01, R1.02, R1.11, R1.12 and the KX family (hme-billing-rules 1.1, 1.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from gateway.core.model.decision import Finding, Severity
from gateway.core.x12.service_line import ServiceLine
from gateway.plugins import Table

PURCHASE_OR_RENTAL = frozenset({"RR", "NU", "UE"})
RENTAL_MONTH = frozenset({"KH", "KI", "KJ"})
EXCLUDE_KX = frozenset({"GA", "GZ", "GY"})
PLACE = "2400 SV101"


def _finding(rule: str, line: ServiceLine, message: str, component: int = 3) -> Finding:
    return Finding(
        rule=rule,
        message=f"Line {line.number}, {line.code}: {message}",
        severity=Severity.REJECT,
        line=line.number,
        place=f"{PLACE}-{component}",
    )


def check_modifiers(line: ServiceLine, categories: Table, today: dt.date) -> Iterator[Finding]:
    """The modifier rules that hold whatever the payer's history says.

    `categories` has for each HCPCS its Medicare payment category (IN, CR, FS, OX) and whether a rental-or-purchase
    modifier is required.
    """
    modifiers = line.modifiers
    present = frozenset(modifiers)
    row = categories.find(line.dates.start or today, line.code)
    category = row.values["category"] if row else ""
    if category in ("IN", "CR", "FS", "OX") and "MS" not in present:
        kinds = present & PURCHASE_OR_RENTAL
        if not kinds:
            yield _finding("R1.01", line, "needs RR, NU or UE, and has none. Add the one that was delivered.")
        elif len(kinds) > 1:
            yield _finding("R1.01", line, f"has {' and '.join(sorted(kinds))}; only one of RR, NU and UE may stand.")
    if category == "CR" and "RR" in present:
        months = present & RENTAL_MONTH
        if len(months) != 1:
            what = "has none" if not months else f"has {' and '.join(sorted(months))}"
            yield _finding(
                "R1.02",
                line,
                f"a capped rental needs exactly one of KH (month 1), KI (2-3), KJ (4-13), and {what}.",
            )
    doubled = sorted({modifier for modifier in modifiers if modifiers.count(modifier) > 1})
    if doubled:
        yield _finding("R1.11", line, f"modifier {', '.join(doubled)} stands twice. Remove one.")
    if len(modifiers) > 4:
        yield _finding("R1.12", line, "has more than four modifiers. Put 99 in the fourth place, the rest in the note.")
    if "KX" in present and present & EXCLUDE_KX:
        others = ", ".join(sorted(present & EXCLUDE_KX))
        yield _finding("R1.2-KX", line, f"KX may not stand beside {others}: the line cannot be processed.")
