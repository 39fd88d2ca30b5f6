"""What a step leaves beside its answer: notes and work items, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.model.decision import Finding, Severity
from gateway.core.model.posting import WorkItemDraft
from gateway.plugins import hookimpl
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import PluginHost
from gateway.plugins.rubbish import Rubbish
from gateway.plugins.runner import Decision, NoMark, Runner
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, make_denial, make_waiting, plugin_context


class Does:
    """A plugin that does what a test says with its context."""

    gateway_api = 1

    def __init__(self, do: Callable[[Any], Any]) -> None:
        self.do = do

    @hookimpl
    def scrub_claim(self, context: Any) -> Any:
        return self.do(context)

    @hookimpl
    def route_denial(self, context: Any) -> Any:
        return self.do(context)


def draft(rule: str = "CALL", **more: Any) -> WorkItemDraft:
    return WorkItemDraft(**{"rule": rule, "team": "billing", "reason": "Call the payer about it."} | more)


def in_a_chain(*steps: tuple[Callable[[Any], Any], str], retries: int = 2) -> Decision:
    """What a chain of such plugins decides, as it runs in the gateway: what is raised becomes a hold."""
    host = PluginHost()
    made = []
    for number, (do, on_error) in enumerate(steps):
        spec = StepSpec.model_validate({"plugin": "x", "on_error": on_error, "retries": retries})
        made.append(Step(number, host.add(f"step-{number}", Does(do)), STATIONS["scrub"], spec, None, Tables()))
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    chain = Chain("tested", None, {"scrub": tuple(made)})
    decision, _ = asyncio.run(runner.claim(0, chain, "scrub", make_claim(), "90101", "practice"))
    return decision


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (lambda context: context.note(""), "its note is no sentence"),
        (lambda context: context.note(None), "its note is no sentence"),
        (lambda context: context.note("one\ntwo"), "one line"),
        (lambda context: context.note("x" * 301), "more than 300 characters"),
        (lambda context: [context.note(f"Number {n}.") for n in range(11)], "more than 10 notes"),
        (lambda context: context.open_item("call them"), "a str where a WorkItemDraft is wanted"),
        (lambda context: context.open_item(draft(rule="")), "has no rule"),
        (lambda context: context.open_item(draft(team=" ")), "has no team"),
        (lambda context: context.open_item(draft(reason="")), "has no reason"),
        (lambda context: context.open_item(draft(rule="R" * 41)), "more than 40 characters"),
        (lambda context: context.open_item(draft(work_by="tomorrow")), "cannot be kept"),
        (lambda context: context.open_item(draft(), line=-1), "a line that cannot be"),
        (lambda context: [context.open_item(draft(f"R-{n}")) for n in range(21)], "more than 20 work items"),
    ],
)
def test_what_cannot_be_kept_fails_the_step_with_what_is_wrong(what: Callable[[Any], Any], told: str) -> None:
    decision = in_a_chain((what, "hold"))
    assert told in decision.steps[0].note
    assert decision.steps[0].outcome == "failed"
    assert decision.steps[0].notes == ()
    assert not decision.items
    assert not decision.passes


def test_what_a_step_left_is_dropped_where_it_fails() -> None:
    def fails(context: Any) -> None:
        context.note("Never seen.")
        context.open_item(draft())
        raise ValueError

    def goes_on(context: Any) -> None:
        context.note("Seen.")

    decision = in_a_chain((fails, "skip"), (goes_on, "hold"))
    assert [step.notes for step in decision.steps] == [(), ("Seen.",)]
    assert not decision.items


def test_a_step_that_is_tried_again_leaves_what_its_last_try_left() -> None:
    tries: list[int] = []

    def twice(context: Any) -> None:
        tries.append(1)
        context.note(f"Try {len(tries)}.")
        context.open_item(draft())
        if len(tries) == 1:
            raise ValueError

    decision = in_a_chain((twice, "retry"))
    assert decision.steps[0].notes == ("Try 2.",)
    assert len(decision.items) == 1


def test_what_a_generator_leaves_while_it_is_read_counts() -> None:
    def yields(context: Any) -> Any:
        context.note("Before.")
        yield Finding(rule="R", message="Look at it.", severity=Severity.WARN)
        context.note("After.")
        context.open_item(draft(), line=1)

    decision = in_a_chain((yields, "hold"))
    assert decision.steps[0].notes == ("Before.", "After.")
    assert [(item.plugin, item.line, item.draft.rule) for item in decision.items] == [("step-0", 1, "CALL")]
    assert decision.passes


def test_one_item_for_a_rule_and_line() -> None:
    def says_it_twice(context: Any) -> None:
        context.open_item(draft(reason="First."))
        context.open_item(draft(reason="Second."))
        context.open_item(draft(reason="Of a line."), line=2)

    decision = in_a_chain((says_it_twice, "hold"))
    assert [(item.line, item.draft.reason) for item in decision.items] == [(0, "Second."), (2, "Of a line.")]


def test_in_a_test_what_cannot_be_kept_comes_out() -> None:
    with plugin_context(Does(lambda context: context.note(""))) as ctx, pytest.raises(Rubbish, match="no sentence"):
        ctx.scrub(make_claim())


def test_the_kit_gives_what_is_open() -> None:
    def asks(context: Any) -> None:
        context.note(f"{len(context.work_items())} waits, {context.work_items()[0].rule}.")

    with plugin_context(Does(asks), work_items=[make_waiting(rule="RX-7")]) as ctx:
        assert ctx.route(make_denial()).steps[0].notes == ("1 waits, RX-7.",)
