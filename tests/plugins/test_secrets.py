"""Secrets reach a plugin that asks for them, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.core.model.decision import Finding, Hold
from gateway.core.model.posting import WorkItemDraft
from gateway.plugins import PluginSettings, Secret, hookimpl, settings
from gateway.plugins.chains import STATIONS, Chain, Step, StepSpec
from gateway.plugins.context import NoLookups
from gateway.plugins.host import PluginHost
from gateway.plugins.runner import Decision, NoMark, Runner
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, plugin_context

TOKEN = 'to"ken\\of-the-payer'


@pytest.fixture(autouse=True)
def _nothing_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_revealed", set())


class Settings(PluginSettings):
    token: Secret


class Tells:
    """A plugin that says what a test makes of its secret."""

    gateway_api = 1

    def __init__(self, say: Callable[[str, Any], Any]) -> None:
        self.say = say

    @hookimpl
    def plugin_settings(self) -> type[Settings]:
        return Settings

    @hookimpl
    def scrub_claim(self, context: Any) -> Any:
        return self.say(context.settings.token.reveal(), context)


def decided(say: Callable[[str, Any], Any], token: str | None, monkeypatch: pytest.MonkeyPatch) -> Decision:
    """As it is decided in the gateway."""
    if token is not None:
        monkeypatch.setenv("PAYER_TOKEN", token)
    plugin = PluginHost().add("tells", Tells(say))
    checked = Settings.model_validate({"token": "env:PAYER_TOKEN"})
    step = Step(0, plugin, STATIONS["scrub"], StepSpec(plugin="tells"), checked, Tables())
    runner = Runner(today=TODAY, lookups=NoLookups(), mark=NoMark())
    chain = Chain("tested", None, {"scrub": (step,)})
    decision, _ = asyncio.run(runner.claim(0, chain, "scrub", make_claim(), "90101", "practice"))
    return decision


def test_a_secret_that_is_not_there_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(lambda token, context: None, None, monkeypatch)
    assert "the environment variable PAYER_TOKEN is not set" in decision.holds[0].hold.reason


def raises(token: str, context: Any) -> None:
    raise ValueError(f"cannot sign in with {token}")


@pytest.mark.parametrize(
    "say",
    [
        raises,
        lambda token, context: Finding(rule="R", message=f"Signed in with {token}."),
        lambda token, context: [Hold(rule="R", reason=f"Signed in with {token}.")],
        lambda token, context: context.note(f"Signed in with {token}."),
        lambda token, context: context.open_item(WorkItemDraft(rule="R", team="edi", reason=f"Try {token} again.")),
    ],
)
def test_a_step_that_would_tell_it_fails_instead(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(say, TOKEN, monkeypatch)
    assert decision.steps[0].outcome == "failed"
    kept = msgspec.msgpack.encode((decision.steps, decision.holds, decision.items, decision.failure))
    assert TOKEN.encode() not in kept


def test_a_step_that_uses_it_and_keeps_quiet_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(lambda token, context: context.note(f"{len(token)} characters."), TOKEN, monkeypatch)
    assert decision.steps[0].notes == (f"{len(TOKEN)} characters.",)


def test_settings_show_the_reference() -> None:
    checked = Settings.model_validate({"token": "env:PAYER_TOKEN"})
    with plugin_context(Tells(lambda token, context: context.note("Here.")), {"token": "env:PAYER_TOKEN"},
                        secrets={"PAYER_TOKEN": TOKEN}) as ctx:  # fmt: skip
        assert ctx.scrub(make_claim()).passes
        for shown in (repr(checked), str(checked), checked.model_dump_json(), f"{checked.token}", f"{checked.token!r}"):
            assert TOKEN not in shown
            assert "PAYER_TOKEN" in shown
