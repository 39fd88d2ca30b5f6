"""The plugin with the tables that come with it, and the orders that its tests are about. Everybody is invented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.tables import Table
from gateway.plugins.testing import DeskContext, make_table, plugin_desk

CONFIRMATION = Finder().load("order_confirmation", PluginHost()).object
CONFIG = load(Path(__file__).parents[3] / "config", secrets=False)
assert isinstance(CONFIG, Config)
SPANS = make_table(
    "span_dates",
    [
        {"payer": "medicare", "code": "A4253", "span": "required"},
        {"payer": "medicare", "code": "*", "span": "none"},
        {"payer": "00751", "code": "*", "modifier": "RR", "span": "required"},
    ],
    key=("payer", "code"),
)
TABLES: dict[str, Table] = {**{name: CONFIG.tables[name] for name in CONFIG.tables}, "span_dates": SPANS}

TODAY = dt.date(2026, 6, 10)
DELIVERED = dt.date(2026, 6, 8)
SUPPLIER: dict[str, Any] = {
    "last": "STILLWATER HOME MEDICAL",
    "npi": "1999999000",
    "tax_id": "960000017",
    "address": {"line1": "100 ALDER STREET", "city": "COLUMBUS", "state": "OH", "zip": "432150001"},
}
SETTINGS: dict[str, Any] = {"billing_providers": [SUPPLIER]}


def line(code: str = "E0601", **more: Any) -> dict[str, Any]:
    """A line of a delivered order in which nothing is wrong: a PAP device that is rented."""
    usual: dict[str, Any] = {
        "code": code,
        "kind": "rental",
        "ordered": 1,
        "delivered": 1,
        "price": "95.50",
        "serials": "SN100",
        "delivered_on": DELIVERED.isoformat(),
        "proof": "signed",
    }
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


def supply(code: str = "A7038", **more: Any) -> dict[str, Any]:
    """A supply: no serial number, bought."""
    return line(code, **{"kind": "supply", "serials": None, **more})


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A delivered order in which nothing is wrong."""
    usual: dict[str, Any] = {
        "order_number": "SO-100",
        "patient_id": "P-9",
        "last": "FERNSBY",
        "first": "POSY",
        "birth_date": "1950-06-15",
        "sex": "F",
        "address1": "7 WILLOW STREET",
        "city": "COLUMBUS",
        "state": "OH",
        "zip": "43215",
        "member_id": "1A23C45DE67",
        "payer_id": "17013",
        "payer_name": "DME MAC B",
        "filing_code": "MB",
        "diagnoses": ["G4733"],
        "orderer_last": "ALDERMAN",
        "orderer_first": "IVO",
        "orderer_npi": "1999999018",
        "lines": list(lines) or [line()],
    }
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


def desk(settings: dict[str, Any] | None = None, **past: Any) -> DeskContext:
    """The plugin's desk on the day of these tests."""
    return plugin_desk(CONFIRMATION, {**SETTINGS, **(settings or {})}, today=TODAY, tables=TABLES, **past)


def reasons(kit: DeskContext, *orders: dict[str, Any]) -> list[str]:
    """The reasons for which a document's orders wait, in order."""
    said = kit.drop("orders", list(orders))
    return [reason for row in said if row["said"] == "waits" for reason in row["claims_or_reasons"].split(", ")]
