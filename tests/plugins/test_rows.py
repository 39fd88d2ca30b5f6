"""Tables of a plugin's own: what may be declared, and what may be kept in them."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.plugins import RowTable, Tables, hookimpl
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import PluginHost, PluginRefused
from gateway.plugins.rubbish import Rubbish
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.testing import TODAY, make_claim, make_denial, plugin_context

CHECKS = RowTable(
    "checks",
    {"serial": str, "count": int, "fee": Decimal, "done_on": dt.date, "passed": bool},
    key=("serial",),
)


def declares(*tables: Any) -> Any:
    class Plugin:
        gateway_api = 1

        @hookimpl
        def plugin_tables(self) -> Any:
            return tables

        @hookimpl
        def scrub_claim(self, context: Any) -> None: ...

    return Plugin


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (RowTable("Checks", {"a": str}), "needs a name of small letters"),
        (RowTable("a__b", {"a": str}), "single underscores"),
        (RowTable("_a", {"a": str}), "needs a name"),
        (RowTable("a" * 31, {"a": str}), "at most 30 characters"),
        (RowTable("a", {}), "needs columns"),
        (RowTable("a", {"patient_id": str}), "cannot have a column 'patient_id'"),
        (RowTable("a", {"a": float}), "has the type <class 'float'>; it may be str, int, Decimal, date, bool"),
        (RowTable("a", {"a": str}, key=("b",)), "names 'b', which is no column"),
        (RowTable("a", {"a": str}, key="a"), "must be a tuple"),  # type: ignore[arg-type]
        (RowTable("a", {"a": str}, of="order"), "it may be of patient, claim, payer, none"),  # type: ignore[arg-type]
        (RowTable("a", {"a": str}, of="none"), "belongs to nobody, so it needs a key"),
    ],
)
def test_what_cannot_be_declared_is_refused(table: RowTable, told: str) -> None:
    with pytest.raises(PluginRefused) as refused:
        PluginHost().add("tested", declares(table))
    assert told in str(refused.value)


def test_two_of_one_name_and_what_is_no_table_are_refused() -> None:
    with pytest.raises(PluginRefused, match="two tables called checks"):
        PluginHost().add("tested", declares(CHECKS, CHECKS))
    with pytest.raises(PluginRefused, match="returns a dict among its RowTables"):
        PluginHost().add("tested", declares({}))
    host = PluginHost()
    with pytest.raises(PluginRefused):
        host.add("tested", declares({}))
    assert "tested" not in host
    host.add("tested", declares(CHECKS))


class Keeps:
    """A plugin that does what a test says."""

    gateway_api = 1

    def __init__(self, do: Callable[[Any], Any]) -> None:
        self.do = do

    @hookimpl
    def plugin_tables(self) -> tuple[RowTable, ...]:
        return (CHECKS, RowTable("fees", {"fee": Decimal}, of="payer"))

    @hookimpl
    def scrub_claim(self, context: Any) -> Any:
        return self.do(context)

    @hookimpl
    def route_denial(self, context: Any) -> Any:
        return self.do(context)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (lambda context: context.rows("of_another_plugin"), "no table of its own with that name (it declares checks,"),
        (lambda context: context.keep("orders", {}), "no table of its own"),
        (lambda context: context.keep("checks", {"serial": "1", "colour": "red"}), "a column that the table checks"),
        (lambda context: context.keep("checks", {"serial": 1}), "serial of the table checks is given a int"),
        (lambda context: context.keep("checks", {"count": 1}), "part of the key and has no value"),
        (lambda context: context.keep("checks", {"serial": "1", "count": True}), "a bool where a int is wanted"),
        (lambda context: context.keep("checks", {"serial": "1", "count": 2**63}), "a number that is too large"),
        (lambda context: context.keep("checks", {"serial": "1", "fee": 1.5}), "a float where a Decimal is wanted"),
        (lambda context: context.keep("checks", {"serial": "1", "fee": Decimal("0.001")}), "no amount of dollars"),
        (lambda context: context.keep("checks", {"serial": "1", "fee": Decimal("nan")}), "no amount of dollars"),
        (
            lambda context: context.keep("checks", {"serial": "1", "done_on": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}),
            "a datetime where",
        ),
        (lambda context: context.keep("checks", {"serial": "x" * 1001}), "more than 1000 characters"),
        (lambda context: context.keep("checks", ["1"]), "a list in the table checks where a dict"),
        (lambda context: [context.keep("checks", {"serial": str(n)}) for n in range(101)], "more than 100 rows"),
    ],
)
def test_what_cannot_be_kept_fails_the_step(what: Callable[[Any], Any], told: str) -> None:
    plugin = PluginHost().add("keeps", Keeps(what))
    step = Step(0, plugin, STATIONS["scrub"], StepSpec(plugin="keeps"), None, Tables())
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    chain = Chain("tested", None, {"scrub": (step,)})
    decision, _ = asyncio.run(runner.claim(0, chain, "scrub", make_claim(), "90101", "practice"))
    assert told in decision.failure
    assert not decision.rows
    with plugin_context(Keeps(what)) as ctx, pytest.raises(Rubbish, match=re.escape(told)):
        ctx.scrub(make_claim())


def test_the_last_row_of_a_key_counts() -> None:
    def keeps(context: Any) -> None:
        context.keep("checks", {"serial": "S1", "count": 1})
        context.keep("checks", {"serial": "S1", "fee": Decimal("2.5")})
        context.keep("fees", {"fee": Decimal(7)})

    with plugin_context(Keeps(keeps)) as ctx:
        kept = ctx.scrub(make_claim()).rows
    assert [(row.table.name, row.values) for row in kept] == [
        ("checks", ("S1", None, Decimal("2.50"), None, None)),
        ("fees", (Decimal("7.00"),)),
    ]
    assert kept[1].payer_id == "90101"


def test_the_kit_gives_rows() -> None:
    def counts(context: Any) -> None:
        context.note(f"{[row['serial'] for row in context.rows('checks')]} and {len(context.rows('fees'))}.")

    with plugin_context(Keeps(counts), rows={"checks": [{"serial": "S1"}, {"serial": "S2"}]}) as ctx:
        assert ctx.route(make_denial()).steps[0].notes == ("['S1', 'S2'] and 0.",)
    with (
        pytest.raises(PluginRefused, match="no table 'cheques' of its own; it declares checks, fees"),
        plugin_context(Keeps(counts), rows={"cheques": []}),
    ):
        pass
