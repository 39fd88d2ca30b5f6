"""The plugins that come with the gateway keep to the contract, with the tables that come with it."""

from __future__ import annotations

import datetime as dt

from gateway.core.model.belongings import Proof
from gateway.plugins.contract import PluginContract
from gateway.plugins.discovery import Finder
from gateway.plugins.months import add_months
from gateway.plugins.testing import TODAY, make_delivery, make_history

from .shipped import TABLES, shipped

HISTORY = (
    make_history("E0601", "RR", "KH", from_date=TODAY - dt.timedelta(days=900)),
    make_history("A7038", "NU", from_date=TODAY - dt.timedelta(days=40), units="2"),
    make_history("E1399", from_date=TODAY - dt.timedelta(days=40), units="", state="denied"),
)

OXYGEN_HISTORY = (
    *HISTORY,
    *(
        make_history(code, "RR", from_date=add_months(TODAY, number - 43))
        for number in range(37)
        for code in ("E1390", "E0431")
    ),
)
DELIVERIES = (make_delivery("E0601", "KX", delivered_on=TODAY - dt.timedelta(days=30), proof=Proof.NONE),)


class TestScrubber(PluginContract, plugin=shipped("scrubber"), tables=TABLES, history=HISTORY):
    """Modifiers and providers."""


class TestOxygen(PluginContract, plugin=shipped("oxygen"), tables=TABLES, history=OXYGEN_HISTORY):
    """The clock, contents, modifiers and replacements."""


class TestMaintenance(
    PluginContract,
    plugin=shipped("maintenance"),
    tables=TABLES,
    history=OXYGEN_HISTORY,
    rows={"visits": [{"visited_on": TODAY, "code": "E1390", "complete": True}]},
):
    """Visits, maintenance and repairs."""


class TestUsefulLifetime(PluginContract, plugin=shipped("rul"), tables=TABLES, history=HISTORY):
    """Second items inside five years."""


class TestResupply(PluginContract, plugin=shipped("resupply"), tables=TABLES, history=HISTORY):
    """Usual maximums."""


class TestOrderConfirmation(
    PluginContract, plugin=shipped("order_confirmation"), tables=TABLES, history=HISTORY, deliveries=DELIVERIES
):
    """Claims against their deliveries."""


class TestAutoposting(PluginContract, plugin=shipped("autoposting"), tables=TABLES):
    """Plans of payments."""


class TestDenials(PluginContract, plugin=shipped("denials"), tables=TABLES):
    """Who works which denial."""


class TestClearinghouseSftp(PluginContract, plugin=shipped("clearinghouse_sftp")):
    """Carries files; nothing at the stations."""


class TestReceivables(PluginContract, plugin=shipped("receivables"), tables=TABLES):
    """Follow-up and statements, beside the stations."""


class TestAlarmMail(
    PluginContract,
    plugin=shipped("alarm_mail"),
    desk_settings={"host": "mail.example.org", "sender": "edi@example.org", "to": ["edi@example.org"]},
):
    """Tells of alarms by mail."""


class TestAlarmWebhook(
    PluginContract,
    plugin=shipped("alarm_webhook"),
    desk_settings={"url": "https://hooks.example.org/x", "secret": "env:WEBHOOK_SECRET"},
):
    """Tells of alarms by HTTP."""


def test_every_plugin_that_comes_with_the_gateway_has_the_contract() -> None:
    held = {one.plugin.__name__.split(".")[-1] for one in PluginContract.__subclasses__() if one.__module__ == __name__}  # type: ignore[attr-defined]
    bundled = {name for name in Finder().names if Finder().candidate(name).origin == "bundled"}
    assert bundled <= held
