"""Every hook, each in a test named after it; and that none is without a test, a page and a user."""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gateway.core.model.decision import Continue, Finding, Hold, Severity, Stop
from gateway.core.model.posting import Denial, Match, WorkItemDraft
from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.plugins import (
    Alarm,
    AlarmMessage,
    Command,
    Desk,
    Drop,
    Metric,
    NotSent,
    PluginSettings,
    Report,
    Route,
    RouteAnswer,
    RouteRequest,
    Rows,
    RowTable,
    Sample,
    Schedule,
    Tables,
    Worklist,
    hookimpl,
)
from gateway.plugins.calling import BadAnswer, NotTaken
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.declaring import Declared, clashes, declare
from gateway.plugins.desk import ReadOnly
from gateway.plugins.host import HOOKS, PluginHost, PluginRefused
from gateway.plugins.runner import NoMark, Runner
from gateway.plugins.testing import (
    TODAY,
    make_claim,
    make_claim_view,
    make_denial,
    make_item_view,
    make_line,
    make_match,
    make_payment,
    make_service,
    make_table,
    plugin_context,
    plugin_desk,
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


# --- beside the chains; tests/web/test_plugin_desk.py has them on a running gateway


def declared(plugin: object, settings: BaseModel | None = None) -> Declared:
    found = declare(PluginHost().add("tested", plugin), settings)
    assert found is not None
    return found


def test_desk_settings() -> None:
    class Starts(Upper):
        @hookimpl
        def desk_settings(self) -> type[Line]:
            return Line

        @hookimpl
        def gateway_started(self, desk: Desk[Line]) -> None:
            desk.open_item(kind="started", key=desk.settings.host, reason="It runs.", team="edi")

    desk = plugin_desk(Starts, {"host": "as gateway.yaml has it"})
    desk.tell("gateway_started")
    assert [item.key for item in desk.opened] == ["as gateway.yaml has it"]
    with pytest.raises(ValidationError):
        plugin_desk(Starts)


def test_plugin_schedules() -> None:
    class Wrong(Upper):
        @hookimpl
        def plugin_schedules(self) -> list[Schedule]:
            return [Schedule(name="late", run=print, daily="25:00")]

    class Twice(Upper):
        @hookimpl
        def plugin_schedules(self) -> list[Schedule]:
            return [Schedule(name="same", run=print, every="1h"), Schedule(name="same", run=print, every="2h")]

    class Set(Upper):
        @hookimpl
        def plugin_schedules(self, settings: Line) -> Iterator[Schedule]:
            yield Schedule(name="look", run=self.look, daily=settings.host)

        async def look(self, desk: Desk[Line]) -> None:
            await asyncio.sleep(0)
            desk.note(7, "Looked at.")

    with pytest.raises(
        PluginRefused, match=r"ValueError at test_hooks.py:\d+ in plugin_schedules: schedule 'late': daily"
    ):
        declared(Wrong)
    with pytest.raises(PluginRefused, match="two of its schedules are called 'same'"):
        declared(Twice)
    found = declared(Set, Line(host="06:30"))
    assert [one.words for one in found.schedules] == ["daily at 06:30"]

    class Alone(Set):
        @hookimpl
        def plugin_schedules(self) -> Iterator[Schedule]:
            yield Schedule(name="look", run=self.look, every="1h")

    desk = plugin_desk(Alone)
    desk.schedule("look")
    assert [note.what for note in desk.notes] == ["Looked at."]


def test_plugin_worklists() -> None:
    class Wrong(Upper):
        @hookimpl
        def plugin_worklists(self) -> list[Worklist]:
            return [Worklist(name="all", title="All", kinds=("denial",), columns=("patient",))]

    class Lists(Upper):
        @hookimpl
        def plugin_worklists(self) -> list[Worklist]:
            return [Worklist(name="denied", title="Denied", kinds=("denial",), order=("-dollars",))]

    class Unfilled(Upper):
        @hookimpl
        def plugin_worklists(self) -> list[Worklist]:
            return [Worklist(name="late", title="Late", kinds=("denial",), schedule="nightly")]

    with pytest.raises(PluginRefused, match="its columns are some of id, kind"):
        declared(Wrong)
    with pytest.raises(PluginRefused, match="'late' is filled by the schedule 'nightly', which it does not have"):
        declared(Unfilled)
    assert [one.title for one in declared(Lists).worklists] == ["Denied"]


def test_plugin_reports() -> None:
    class Asked(PluginSettings):
        least: int

    class Reports(Upper):
        @hookimpl
        def plugin_reports(self) -> list[Report]:
            return [
                Report(name="large", title="Large", run=self.large, parameters=Asked),
                Report(name="greedy", title="Greedy", run=self.greedy),
                Report(name="uneven", title="Uneven", run=lambda desk, asked: Rows(("a", "b"), [(1,)])),
            ]

        def large(self, desk: Desk, asked: Asked) -> Rows:
            return Rows(("claim", "dollars"), [(c.number, c.charge) for c in desk.claims() if c.charge >= asked.least])

        def greedy(self, desk: Desk, asked: None) -> Rows:
            desk.note(1, "A report only looks.")
            return Rows((), [])

    desk = plugin_desk(Reports, claims=[make_claim_view(number="A", charge="90"), make_claim_view(number="B")])
    assert desk.report("large", least="100") == [{"claim": "B", "dollars": "100"}]
    with pytest.raises(NotTaken, match="least is missing"):
        desk.report("large")
    with pytest.raises(ReadOnly):
        desk.report("greedy")
    with pytest.raises(BadAnswer, match="each row of a report has a value for each of its 2 columns"):
        desk.report("uneven")


def test_plugin_routes() -> None:
    class Clash(Upper):
        @hookimpl
        def plugin_routes(self) -> list[Route]:
            return [
                Route(method="GET", path="/a/{one}", run=lambda request, desk: 1),
                Route(method="GET", path="/a/{two}", run=lambda request, desk: 2),
            ]

    class Routes(Upper):
        @hookimpl
        def plugin_routes(self) -> list[Route]:
            return [
                Route(method="GET", path="/codes/{code}", run=lambda request, desk: dict(request.path)),
                Route(method="POST", path="/codes", run=self.add, scope="submit"),
                Route(method="GET", path="/clock", run=lambda request, desk: object()),
            ]

        def add(self, request: RouteRequest, desk: Desk) -> RouteAnswer:
            if not request.body:
                return RouteAnswer(status=422, detail="Say which code.")
            desk.open_item(kind="asked", key=request.body, reason=f"{request.who} asks.", team="edi")
            return RouteAnswer(status=201)

    class Twins(Upper):
        @hookimpl
        def plugin_routes(self) -> list[Route]:
            paths = ("/a/{one}", "/a")
            return [Route(method="GET", path=path, run=lambda request, desk: 1, page="A") for path in paths]

    with pytest.raises(PluginRefused, match=r"GET /a/\{one\} and GET /a/\{two\} take the same addresses"):
        declared(Clash)
    with pytest.raises(PluginRefused, match="two of its pages would stand at 'a'"):
        declared(Twins)
    desk = plugin_desk(Routes)
    assert desk.request("GET", "/codes/E0601").body == {"code": "E0601"}
    assert desk.request("POST", "/codes", body="E0601").status == 201
    assert desk.opened[0].reason == "tester asks."
    assert desk.request("POST", "/codes").detail == "Say which code."
    with pytest.raises(BadAnswer, match="what JSON can hold"):
        desk.request("GET", "/clock")


def test_plugin_commands() -> None:
    class Options(PluginSettings):
        days: int = 14

    class Commands(Upper):
        @hookimpl
        def plugin_commands(self) -> list[Command]:
            return [
                Command(name="say", help="Say it.", run=lambda desk, options: f"{options.days} days", options=Options),
                Command(name="nothing", help="Nothing.", run=lambda desk, options: None),
            ]

    desk = plugin_desk(Commands)
    assert desk.command("say", days="3") == "3 days"
    assert desk.command("nothing") is None
    with pytest.raises(NotTaken, match="There is no 'dayz'; there are: days"):
        desk.command("say", dayz="3")
    with pytest.raises(NotTaken, match="It takes no days"):
        desk.command("nothing", days="3")


def test_plugin_metrics() -> None:
    class Metrics(Upper):
        @hookimpl
        def plugin_metrics(self) -> list[Metric]:
            return [
                Metric(name="items", help="Items.", read=lambda desk: sum(1 for _ in desk.items())),
                Metric(name="wrong", help="Wrong.", labels=("team",), read=lambda desk: [Sample(1, {"taem": "edi"})]),
            ]

    desk = plugin_desk(Metrics, items=[make_item_view("asked"), make_item_view("asked", state="closed")])
    assert [sample.value for sample in desk.metric("items")] == [1]
    with pytest.raises(BadAnswer, match="has a value for team"):
        desk.metric("wrong")
    one, other = (
        declared(Metrics)._replace(
            plugin=PluginHost().add(name, Metrics), metrics=(Metric(name=metric, help="x", read=len),)
        )
        for name, metric in (("a_b", "c"), ("a", "b_c"))
    )
    assert list(clashes([one, other])) == [
        ("a", "its metric 'b_c' would be called plugin_a_b_c, as one of plugin 'a_b' is")
    ]


def test_plugin_drops() -> None:
    class Visit(PluginSettings):
        serial: str
        hours: int

    class Drops(Upper):
        @hookimpl
        def plugin_drops(self) -> list[Drop]:
            return [
                Drop("visits", "Visits.", Visit, lambda rows, desk: f"{desk.source}: {sum(r.hours for r in rows)} h"),
                Drop("nothing", "Nothing.", Visit, lambda rows, desk: None, team="service"),
            ]

    desk = plugin_desk(Drops)
    assert desk.drop("visits", [{"serial": "S1", "hours": 2}, {"serial": "S2", "hours": 3}]) == "billing: 5 h"
    assert desk.drop("visits", b"serial,hours\nS1,4\n", source="nurses") == "nurses: 4 h"
    assert desk.drop("nothing", [{"serial": "S1", "hours": 2}]) is None
    with pytest.raises(NotTaken, match="row 2, hours: It must be a whole number"):
        desk.drop("visits", [{"serial": "S1", "hours": 2}, {"serial": "S2", "hours": "many"}])
    with pytest.raises(NotTaken, match="row 1, hour: There is no such column"):
        desk.drop("visits", [{"serial": "S1", "hours": 2, "hour": 2}])
    with pytest.raises(NotTaken, match="line 1, serial: The column is missing"):
        desk.drop("visits", b"hours\n4\n")


def test_gateway_started() -> None:
    class Starts(Upper):
        @hookimpl
        async def gateway_started(self, desk: Desk) -> None:
            desk.open_item(kind="life", key="started", reason=f"It runs since {desk.today}.", team="edi")

    desk = plugin_desk(Starts)
    desk.tell("gateway_started")
    assert desk.opened[0].reason == f"It runs since {TODAY}."
    with pytest.raises(PluginRefused, match="has no gateway_stopping"):
        desk.tell("gateway_stopping")


def test_gateway_stopping() -> None:
    class Stops(Upper):
        @hookimpl
        def gateway_stopping(self, desk: Desk) -> None:
            for item in desk.items(kinds=["life"]):
                desk.close_item(item.key, "It stops.")

    assert [
        act.key for act in plugin_desk(Stops, items=[make_item_view("life", "started")]).tell("gateway_stopping")
    ] == ["started"]


def test_configuration_taken() -> None:
    class Takes(Upper):
        @hookimpl
        def configuration_taken(self, desk: Desk) -> None:
            desk.open_item(kind="denial", key="x", reason="The gateway's own kind.", team="edi")

    with pytest.raises(ValueError, match="is one of the gateway's own"):
        plugin_desk(Takes).tell("configuration_taken")


def test_send_alarms() -> None:
    since = dt.datetime(2026, 11, 26, 15, tzinfo=dt.UTC)
    told = AlarmMessage("7", "STILLWATER", "test", (Alarm("partner:x", "partner", "new", "It is down.", since),))

    class Sends(Upper):
        @hookimpl
        def send_alarms(self, message: AlarmMessage, desk: Desk) -> None:
            if not message.alarms:
                raise NotSent("there is nothing to tell")
            desk.open_item(kind="told", key=message.id, reason=f"{message.subject}. {message.text}", team="edi")

    desk = plugin_desk(Sends)
    assert desk.declared.sends_alarms
    desk.send(told)
    assert desk.opened[0].reason == ("STILLWATER (test): 1 new alarm. New, since 11/26/2026 15:00 UTC: It is down.")
    with pytest.raises(NotSent, match="nothing to tell"):
        desk.send(AlarmMessage("8", "STILLWATER", "test", ()))

    class Silent(Upper):
        @hookimpl
        def gateway_started(self, desk: Desk) -> None:
            return None

    with pytest.raises(PluginRefused, match="has no send_alarms"):
        plugin_desk(Silent).send(told)


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
