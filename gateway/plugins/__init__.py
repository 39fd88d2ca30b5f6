"""The doors: what a plugin may use, beside `gateway.core.model` and `gateway.core.x12`.

A plugin is a module (or object) with functions marked `@hookimpl` and the attribute `gateway_api = 1`. It may take
any of a hook's arguments by name; `hookspecs` lists every hook.
"""

from __future__ import annotations

import pluggy

PROJECT = "gateway"
"""The name under which pluggy knows our hooks."""

API_VERSION = 1
"""The version of the hooks and contexts; a plugin states the one it was written for as `gateway_api`."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

from .alarms import Alarm, AlarmMessage, NotSent  # noqa: E402
from .context import ClaimContext, Context, HistoryLine, PaymentContext  # noqa: E402
from .declared import (  # noqa: E402
    Command,
    Drop,
    Metric,
    Report,
    Route,
    RouteAnswer,
    RouteRequest,
    Rows,
    Sample,
    Schedule,
    Worklist,
)
from .desk import Desk  # noqa: E402
from .desk_claims import ClaimRefused  # noqa: E402
from .desk_patients import PatientView  # noqa: E402
from .desk_views import BalanceView, ClaimView, DenialView, HoldView, ItemView, LineView, PaymentView  # noqa: E402
from .http import HttpAnswer, HttpFailed  # noqa: E402
from .past import LinePayment, Reason, WaitingItem  # noqa: E402
from .rentals import Gap, Rental, RentalMonth  # noqa: E402
from .rows import RowTable  # noqa: E402
from .rubbish import Rubbish  # noqa: E402
from .rules import Rule, RuleState, instead, rule_book  # noqa: E402
from .settings import PluginSettings, Seconds, Secret, SecretMissing, TimeOfDay  # noqa: E402
from .tables import Row, Table, Tables  # noqa: E402

__all__ = [
    "API_VERSION",
    "PROJECT",
    "Alarm",
    "AlarmMessage",
    "BalanceView",
    "ClaimContext",
    "ClaimRefused",
    "ClaimView",
    "Command",
    "Context",
    "DenialView",
    "Desk",
    "Drop",
    "Gap",
    "HistoryLine",
    "HoldView",
    "HttpAnswer",
    "HttpFailed",
    "ItemView",
    "LinePayment",
    "LineView",
    "Metric",
    "NotSent",
    "PatientView",
    "PaymentContext",
    "PaymentView",
    "PluginSettings",
    "Reason",
    "Rental",
    "RentalMonth",
    "Report",
    "Route",
    "RouteAnswer",
    "RouteRequest",
    "Row",
    "RowTable",
    "Rows",
    "Rubbish",
    "Rule",
    "RuleState",
    "Sample",
    "Schedule",
    "Seconds",
    "Secret",
    "SecretMissing",
    "Table",
    "Tables",
    "TimeOfDay",
    "WaitingItem",
    "Worklist",
    "hookimpl",
    "hookspec",
    "instead",
    "rule_book",
]
