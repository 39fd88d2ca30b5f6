"""The plugins that come with the gateway keep to the contract, with the tables that come with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.plugins.contract import PluginContract
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_history

HISTORY = (
    make_history("E0601", "RR", "KH", from_date=TODAY - dt.timedelta(days=900)),
    make_history("A7038", "NU", from_date=TODAY - dt.timedelta(days=40), units="2"),
    make_history("E1399", from_date=TODAY - dt.timedelta(days=40), units="", state="denied"),
)

ORDERS = {
    "delivered": [
        {
            "order_number": "SO-1",
            "line": 1,
            "code": "E0601",
            "modifiers": "KX",
            "ordered": "1",
            "delivered": "1",
            "serials": "",
            "lot": "",
            "delivered_on": TODAY - dt.timedelta(days=30),
            "proof": "none",
            "service_on": None,
            "claim_number": None,
        }
    ]
}


def shipped_tables() -> Tables:
    config = load(Path(__file__).parents[2] / "config", secrets=False)
    assert isinstance(config, Config)
    return config.tables


def shipped(name: str) -> Any:
    return Finder().load(name, PluginHost()).object


TABLES = shipped_tables()


class TestScrubber(PluginContract, plugin=shipped("scrubber"), tables=TABLES, history=HISTORY):
    """Modifiers and providers."""


class TestOxygen(PluginContract, plugin=shipped("oxygen"), tables=TABLES, history=HISTORY):
    """Contents and maintenance."""


class TestUsefulLifetime(PluginContract, plugin=shipped("rul"), tables=TABLES, history=HISTORY):
    """Second items inside five years."""


class TestResupply(PluginContract, plugin=shipped("resupply"), tables=TABLES, history=HISTORY):
    """Usual maximums."""


class TestOrderConfirmation(
    PluginContract, plugin=shipped("order_confirmation"), tables=TABLES, history=HISTORY, rows=ORDERS
):
    """Claims against their deliveries."""


class TestAutoposting(PluginContract, plugin=shipped("autoposting"), tables=TABLES):
    """Plans of payments."""


class TestClearinghouseSftp(PluginContract, plugin=shipped("clearinghouse_sftp")):
    """Carries files; nothing at the stations."""


def test_every_plugin_that_comes_with_the_gateway_has_the_contract() -> None:
    held = {one.plugin.__name__.split(".")[-1] for one in PluginContract.__subclasses__() if one.__module__ == __name__}  # type: ignore[attr-defined]
    bundled = {name for name in Finder().names if Finder().candidate(name).origin == "bundled"}
    assert bundled <= held
