"""What was denied, and what became of it: by reason, payer, item (HCPCS) and the practitioner who ordered it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pydantic import Field

from gateway.plugins import DenialView, Desk, PluginSettings, Rows

BY = {
    "reasons": "Denials by reason and remark, with what was recovered",
    "payers": "Denials by payer, with what was recovered",
    "items": "Denials by HCPCS code, with what was recovered",
    "referring": "Denials by referring or ordering practitioner, with what was recovered",
}
_COLUMNS = ("denials", "dollars", "share", "open", "paid", "recovered", "recovered share", "days to an end")
_NOTHING = Decimal(0)


class Asked(PluginSettings):
    """Which denials are counted: by the day on which they came."""

    first: dt.date | None = Field(default=None, description="Denied on this day or later.")
    last: dt.date | None = Field(default=None, description="Denied on this day or earlier.")
    payer: str = Field(default="", max_length=80, description="Only of this payer, by its id.")


class _Sum:
    """The denials of one row of a report."""

    def __init__(self) -> None:
        self.count = self.open = self.paid = self.ended = self.days = 0
        self.dollars = self.recovered = _NOTHING

    def add(self, one: DenialView) -> None:
        self.count += 1
        self.dollars += one.amount
        self.recovered += one.recovered
        self.paid += one.status == "paid"
        if one.ended_on is None or one.received_on is None:
            self.open += 1
        else:
            self.ended += 1
            self.days += (one.ended_on - one.received_on).days

    def row(self, of: Decimal) -> tuple[Any, ...]:
        days = (Decimal(self.days) / self.ended).quantize(Decimal("0.1")) if self.ended else None
        return (
            *(self.count, self.dollars, _share(self.dollars, of), self.open, self.paid),
            *(self.recovered, _share(self.recovered, self.dollars), days),
        )


def _share(part: Decimal, of: Decimal) -> str:
    return f"{part * 100 / of:.1f}%" if of else ""


def of_kind(kind: str) -> Callable[[Desk[Any], Asked], Rows]:
    """The report of this name."""

    def report(desk: Desk[Any], asked: Asked) -> Rows:
        sums: dict[tuple[str, ...], _Sum] = {}
        for one in _counted(desk, asked):
            sums.setdefault(_key(kind, one), _Sum()).add(one)
        total = sum((found.dollars for found in sums.values()), _NOTHING)
        ordered = sorted(sums.items(), key=lambda found: (-found[1].dollars, found[0]))
        return Rows((*_KEYS[kind], *_COLUMNS), [(*key, *found.row(total)) for key, found in ordered])

    return report


def _counted(desk: Desk[Any], asked: Asked) -> Iterator[DenialView]:
    payers = (asked.payer,) if asked.payer else ()
    for one in desk.denials(states=(), payer_ids=payers):
        if one.state == "reversed":  # the payer took the denial itself back
            continue
        day = one.received_on or one.opened_at.date()
        if (asked.first is None or day >= asked.first) and (asked.last is None or day <= asked.last):
            yield one


_KEYS = {
    "reasons": ("reason", "remark", "category"),
    "payers": ("payer",),
    "items": ("item",),
    "referring": ("npi",),
}


def _key(kind: str, one: DenialView) -> tuple[str, ...]:
    if kind == "reasons":
        return f"{one.group}-{one.reason}", one.remark, one.category
    if kind == "payers":
        return (one.payer_id or "unknown",)
    if kind == "items":
        return (one.code or "whole claim",)
    return (one.referring or "not on the claim",)
