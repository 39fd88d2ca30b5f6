"""Short words with which the tests of this folder tell a life and read what is expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .days import add_days
from .expect import expected
from .life import MEDICARE, Delivered, Event, Expected, Order, Patient


def day(text: str) -> date:
    """`2024-02-29`."""
    return date.fromisoformat(text)


def order(code: str | tuple[str, ...], before: str) -> Order:
    """An order with everything, a day before."""
    ordered = add_days(day(before), -1)
    codes = (code,) if isinstance(code, str) else code
    return Order(ordered, f"order {codes[0]} {ordered}", codes, ordered, encounter=add_days(ordered, -10))


def rented(code: str, on: str, modifiers: tuple[str, ...] = ("KX",)) -> list[Event]:
    """An item that is rented for the first time, with its order."""
    return [order(code, on), Delivered(day(on), code, f"serial {code} {on}", modifiers=modifiers)]


def lived(
    *events: Event | Sequence[Event],
    upto: str,
    by: str = "gateway",
    payer: str = MEDICARE,
    insulin: bool = False,
) -> list[Expected]:
    """What must come of a life until a day."""
    told: list[Event] = []
    for event in events:
        if isinstance(event, Event):
            told.append(event)
        else:
            told.extend(event)
    told.sort(key=lambda each: each.date)
    return expected(Patient(1, "any", payer, by, "OH", tuple(told), insulin), day(upto))


def claims(found: list[Expected], code: str = "") -> list[tuple[str, str]]:
    """The claims that leave: date of service, modifiers with dashes."""
    return [
        (due.dos.isoformat(), "-".join(due.modifiers or ()))
        for due in found
        if due.kind in ("claim", "warn") and code in ("", due.code)
    ]


def kept(found: list[Expected], code: str = "") -> list[tuple[str, str, str]]:
    """What is kept back, and of what is warned: the day on which it is told, kind, rule."""
    return [
        (due.date.isoformat(), due.kind, due.rule)
        for due in found
        if due.kind in ("hold", "reject", "warn") and code in ("", due.code)
    ]


def listed(found: list[Expected], rule: str, code: str = "") -> list[tuple[str, str, str]]:
    """What comes on a list: the day, the day that it speaks of, the word."""
    return [
        (due.date.isoformat(), due.dos.isoformat(), due.detail)
        for due in found
        if due.kind == "due" and due.rule == rule and code in ("", due.code)
    ]
