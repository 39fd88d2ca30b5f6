"""Every hook, each in a test named after it; and that none is without a test, a page and a user."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from gateway.core.model.decision import Continue, Finding, Hold, Severity, Stop
from gateway.core.model.posting import Denial, Match, WorkItemDraft
from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.plugins import PluginSettings, RowTable, Tables, hookimpl
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import HOOKS, PluginHost, PluginRefused
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.testing import (
    TODAY,
    make_claim,
    make_denial,
    make_line,
    make_match,
    make_payment,
    make_service,
    make_table,
    plugin_context,
    rules,
)

ROOT = Path(__file__).parents[2]


def two_in_a_chain(station: str, first: Any, second: Any) -> Chain:
    """A chain in which two plugins stand at a station, in this order."""
    host = PluginHost()
    steps = []
    for number, (name, plugin) in enumerate((("first", first), ("second", second))):
        added = host.add(name, plugin)
        steps.append(Step(number, added, STATIONS[station], StepSpec(plugin=name), None, Tables()))
    return Chain("both", None, {station: tuple(steps)})


def runner() -> Runner:
    return Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())


class Upper:
    """Sets a value at the station that its subclass names."""

    gateway_api = 1


def test_confirm_claim() -> None:
    class Priced(Upper):
        @hookimpl
        def confirm_claim(self, claim: Claim) -> Iterator[Finding]:
            claim.lines[0].set_modifiers(["RR", "KX"])
            yield Finding(rule="C-1", message="The order has no delivery date. Enter it.", severity=Severity.HOLD)

    with plugin_context(Priced) as ctx:
        decision = ctx.confirm(make_claim(make_line("E1390", "KX", "RR")))
        assert ctx.claim is not None
        assert ctx.claim.lines[0].modifiers == ("RR", "KX"), "what confirm sets is kept"
    assert rules(decision) == ["C-1"]
    assert not decision.passes


def test_scrub_claim() -> None:
    class Slow(Upper):
        @hookimpl
        async def scrub_claim(self, claim: Claim) -> list[Finding]:
            await asyncio.sleep(0)
            claim.lines[0].set_modifiers(["NU"])
            return [Finding(rule="S-1", message="Its modifier was set.", severity=Severity.INFO)]

    class Sees(Upper):
        @hookimpl
        def scrub_claim(self, claim: Claim) -> Continue:
            return Continue(note=":".join(claim.lines[0].modifiers))

    chain = two_in_a_chain("scrub", Slow, Sees)
    claim = make_claim(make_line("A7030", "RR"))
    decision, after = asyncio.run(runner().claim(0, chain, "scrub", claim, "90101", "practice"))
    assert decision.passes
    assert decision.steps[1].note == "NU", "a later step sees what an earlier one set"
    assert after.lines[0].modifiers == ("NU",)
    assert claim.lines[0].modifiers == ("RR",), "the claim that was given stays what it is"


def test_hold_claim() -> None:
    class Waits(Upper):
        @hookimpl
        def hold_claim(self, claim: Claim) -> list[Hold]:
            claim.lines[0].set_modifiers(["NU"])
            return [Hold(reason="No prescription.", rule="H-1"), Hold(reason="No authorization.", rule="H-2")]

    with plugin_context(Waits) as ctx:
        decision = ctx.hold(make_claim(make_line("E1390", "RR")))
        assert ctx.claim is not None
        assert ctx.claim.lines[0].modifiers == ("RR",), "what hold sets is dropped"
    assert [opened.hold.rule for opened in decision.holds] == ["H-1", "H-2"]


def test_post_payment() -> None:
    class Passes(Upper):
        @hookimpl
        def post_payment(self, payment: ClaimPayment, match: Match) -> None:
            assert match.claim is not None

    class Stops(Upper):
        @hookimpl
        def post_payment(self, payment: ClaimPayment) -> Stop:
            return Stop(reason=f"Nobody knows what {payment.status} means.")

    payment = make_payment(make_service("E1390", "RR", charge="100", paid="100"))
    match = make_match(payment)
    decision = asyncio.run(runner().payment(0, two_in_a_chain("post", Passes, Stops), payment, match, "1", "practice"))
    assert decision.answer is None
    assert [opened.hold.reason for opened in decision.holds] == ["Nobody knows what 1 means."]
    assert [step.plugin for step in decision.steps] == ["first", "second"]


def test_route_denial() -> None:
    class Decides(Upper):
        @hookimpl
        def route_denial(self, denial: Denial) -> WorkItemDraft:
            return WorkItemDraft(reason=denial.why, team="appeals")

    class Late(Upper):
        @hookimpl
        def route_denial(self, denial: Denial) -> WorkItemDraft:
            raise AssertionError("the first draft decides")

    decision = asyncio.run(
        runner().denial(0, two_in_a_chain("route", Decides, Late), make_denial(), "90101", "practice")
    )
    assert decision.answer.team == "appeals"
    assert [step.plugin for step in decision.steps] == ["first"]


class Line(PluginSettings):
    host: str


def test_transport_settings() -> None:
    class Carrier(Upper):
        @hookimpl
        def transport_settings(self) -> type[Line]:
            return Line

    class Careless(Upper):
        @hookimpl
        def transport_settings(self) -> Line:
            return Line(host="x")

    host = PluginHost()
    assert host.add("carrier", Carrier).model("transport_settings") is Line
    with pytest.raises(PluginRefused, match="returns Line where a pydantic model"):
        host.add("careless", Careless).model("transport_settings")


def test_open_transport() -> None:
    class Carrier(Upper):
        @hookimpl
        def open_transport(self, partner: str, settings: Line) -> Any:
            return (partner, settings.host) if settings.host else None

    host = PluginHost()
    host.add("carrier", Carrier)
    assert host.open_transport("carrier", "practice", Line(host="there")) == ("practice", "there")
    with pytest.raises(PluginRefused, match="does not take its settings"):
        host.open_transport("carrier", "practice", Line(host=""))


def test_plugin_settings() -> None:
    class Lenient(Upper):
        @hookimpl
        def plugin_settings(self) -> type[Line]:
            return Line

        @hookimpl
        def hold_claim(self, context: Any) -> Hold:
            return Hold(reason=context.settings.host, rule="X")

    with plugin_context(Lenient, {"host": "as the chain has it"}) as ctx:
        assert ctx.hold(make_claim()).holds[0].hold.reason == "as the chain has it"


def test_plugin_tables() -> None:
    class Remembers(Upper):
        @hookimpl
        def plugin_tables(self) -> list[RowTable]:
            return [RowTable("seen", {"code": str}, key=("code",))]

        @hookimpl
        def scrub_claim(self, claim: Claim, context: Any) -> None:
            context.note(f"Seen before: {[row['code'] for row in context.rows('seen', claim)]}.")
            context.keep("seen", {"code": claim.lines[0].code})

    class Careless(Upper):
        @hookimpl
        def plugin_tables(self) -> RowTable:
            return RowTable("seen", {"code": str})

    with plugin_context(Remembers, rows={"seen": [{"code": "E0260"}]}) as ctx:
        decision = ctx.scrub(make_claim(make_line("E1390", "RR")))
    assert decision.steps[0].notes == ("Seen before: ['E0260'].",)
    assert [row.values for row in decision.rows] == [("E1390",)]
    with pytest.raises(PluginRefused, match="must return a list of RowTable"):
        PluginHost().add("careless", Careless)


def test_check_settings() -> None:
    class Careful(Upper):
        @hookimpl
        def check_settings(self, settings: BaseModel | None, tables: Tables) -> Iterator[str]:
            if "fees" not in tables:
                yield f"no fees for {settings}"

    plugin = PluginHost().add("careful", Careful)
    assert plugin.complaints(None, Tables()) == ["no fees for None"]
    assert plugin.complaints(None, Tables({"fees": make_table("fees", [{"code": "E1390"}])})) == []


# --- none without a test, a page and a user --------------------------------------------------------


def users() -> dict[str, list[str]]:
    """By hook, the shipped plugins and examples that implement it."""
    found: dict[str, list[str]] = {name: [] for name in HOOKS}
    for folder in (ROOT / "plugins", ROOT / "examples"):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in found:
                    marks = [mark for mark in node.decorator_list if isinstance(mark, ast.Name)]
                    if any(mark.id == "hookimpl" for mark in marks):
                        found[node.name].append(path.relative_to(ROOT).parts[1])
    return found


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_its_test_its_page_and_a_user(hook: str) -> None:
    from gateway.plugins import hookspecs

    assert callable(globals().get(f"test_{hook}")), "a test named after it"
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    assert f"### `{hook}{signature}`" in (ROOT / "docs/plugins.md").read_text(), "its signature on the page"
    assert users()[hook], "a shipped plugin or the example that implements it"
