"""What order confirmation remembers: orders, why they waited, faults of inventory, serial numbers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from gateway.plugins import RowTable

ORDERS = RowTable(
    "orders",
    {
        "source": str,
        "order_number": str,
        "mark": str,
        "state": str,
        "claims": str,
        "seen_on": dt.date,
    },
    key=("source", "order_number"),
    of="none",
)
"""Orders that came: `mark` tells contents apart, `state` is billed or waiting, `claims` the numbers of its claims."""
PROBLEMS = RowTable(
    "problems",
    {
        "source": str,
        "order_number": str,
        "reason": str,
        "turn": int,
        "team": str,
        "feedback": str,
        "inventory": bool,
        "rule": str,
        "dollars": Decimal,
        "found_on": dt.date,
        "closed_on": dt.date,
    },
    key=("source", "order_number", "reason", "turn"),
    of="none",
)
"""Why an order waited, and from when to when. `turn` counts how often it had the same fault."""
INVENTORY = RowTable(
    "inventory_faults",
    {
        "source": str,
        "order_number": str,
        "line": int,
        "reason": str,
        "found_on": dt.date,
        "code": str,
        "ordered": str,
        "delivered": str,
        "billed": str,
        "serials": str,
        "what": str,
        "team": str,
        "feedback": str,
    },
    key=("source", "order_number", "line", "reason", "found_on"),
    of="none",
)
"""The log of faults of quantity and serial number."""
SERIALS = RowTable(
    "serials",
    {
        "serial": str,
        "source": str,
        "order_number": str,
        "patient": str,
        "code": str,
        "delivered_on": dt.date,
    },
    key=("serial",),
    of="none",
)
"""Who has a piece, by orders: `patient` tells patients apart and names nobody."""
AWAITED = RowTable(
    "awaited",
    {
        "source": str,
        "order_number": str,
        "line": int,
        "code": str,
        "delivered_on": dt.date,
        "waits": bool,
    },
    key=("source", "order_number", "line"),
)
"""Rentals of a patient that an order begins, and whether it still waits."""
TABLES = (ORDERS, PROBLEMS, INVENTORY, SERIALS, AWAITED)
BILLED, WAITING = "billed", "waiting"
