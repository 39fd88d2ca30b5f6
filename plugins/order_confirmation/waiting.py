"""Orders that wait: a work item for each reason, of the team that mends it; closed by itself when it is mended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from gateway.plugins import Desk

from .checks import Problem
from .house import House
from .items import Reason
from .log import INVENTORY, PROBLEMS
from .order import Order
from .settings import DeskSettings

KIND = "order_problem"
WORK_DAYS = 2
LONGEST_REASON = 900


def wait(order: Order, problems: Sequence[Problem], house: House) -> list[str]:
    """Open a work item for each reason why an order waits, close those that are mended; the codes of the reasons."""
    by_reason: dict[str, list[Problem]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason, []).append(problem)
    settle(order, house, set(by_reason))
    waited = house.waited.get(order.number, [])
    for code, several in by_reason.items():
        if any(row["reason"] == code and row["closed_on"] is None for row in waited):
            continue
        turn = 1 + max((row["turn"] for row in waited if row["reason"] == code), default=0)
        _open(order, house.reason(code), several, turn, house.desk)
    return list(by_reason)


def _open(order: Order, reason: Reason, problems: Sequence[Problem], turn: int, desk: Desk[DeskSettings]) -> None:
    dollars = sum((line.price * line.to_bill for line in order.lines), Decimal(0)).quantize(Decimal("0.01"))
    details = " ".join(f"{f'Line {one.line}: ' if one.line else ''}{one.what}." for one in problems)
    desk.open_item(
        kind=KIND,
        key=key_of(order.source, order.number, reason.code, turn),
        reason=f"Order {order.number} waits ({reason.code}). {reason.words} {details}"[:LONGEST_REASON]
        + " Correct the order, and send it again.",
        team=reason.team,
        rule=reason.rule,
        amount=dollars,
        work_by=desk.today + dt.timedelta(days=WORK_DAYS),
        payer_id=order.head.payer_id,
    )
    desk.keep(
        PROBLEMS.name,
        {
            "source": order.source,
            "order_number": order.number,
            "reason": reason.code,
            "turn": turn,
            "team": reason.team,
            "feedback": reason.feedback,
            "inventory": reason.inventory,
            "rule": reason.rule,
            "dollars": dollars,
            "found_on": desk.today,
        },
    )
    if reason.inventory:
        _log_inventory(order, reason, problems, desk)


def _log_inventory(order: Order, reason: Reason, problems: Sequence[Problem], desk: Desk[DeskSettings]) -> None:
    for problem in problems:
        line = order.lines[problem.line - 1]
        desk.keep(
            INVENTORY.name,
            {
                "source": order.source,
                "order_number": order.number,
                "line": problem.line,
                "reason": reason.code,
                "found_on": desk.today,
                "code": line.code,
                "ordered": str(line.ordered),
                "delivered": str(line.delivered),
                "billed": str(line.to_bill),
                "serials": " ".join(line.serials)[:1000],
                "what": problem.what[:1000],
                "team": reason.team,
                "feedback": reason.feedback,
            },
        )


def settle(order: Order, house: House, still: set[str]) -> None:
    """Close what an order waited for and does not any more."""
    for row in house.waited.get(order.number, []):
        if row["closed_on"] is None and row["reason"] not in still:
            key = key_of(order.source, order.number, row["reason"], row["turn"])
            house.desk.close_item(key, "The order came again, and is right in this.")
            values = {name: row[name] for name in PROBLEMS.columns}
            house.desk.keep(PROBLEMS.name, {**values, "closed_on": house.desk.today})


def key_of(source: str, order_number: str, reason: str, turn: int) -> str:
    """What the work item of an order's fault is called."""
    return f"{source[:40]} {order_number} {reason} {turn}"
