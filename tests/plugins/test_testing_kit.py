"""The kit does what its page says: a plugin is tested in three lines."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins import ClaimContext, PluginSettings, Table, Tables, hookimpl
from gateway.plugins.host import PluginRefused
from gateway.plugins.testing import TODAY, make_claim, make_history, make_line, make_table, plugin_context, rules


class Settings(PluginSettings):
    days: int = 30


class Refills:
    """Looks at history, a table, today, and prepares something once."""

    gateway_api = 1
    made = 0

    @hookimpl
    def plugin_settings(self) -> type[Settings]:
        return Settings

    @hookimpl
    async def scrub_claim(self, claim: Claim, context: ClaimContext[Settings]) -> list[Finding]:
        assert context.prepared(_limits)["A7030"] == "1"
        too_soon = [
            line
            for line in context.history(claim)
            if line.from_date and (context.today - line.from_date).days < context.settings.days
        ]
        return [Finding(rule="REFILL", message=f"{line.code} came lately.") for line in too_soon]

    @hookimpl
    def hold_claim(self, claim: Claim) -> None:
        raise LookupError("as it is")


calls: list[Table] = []


def _limits(settings: Settings, tables: Tables) -> dict[str, str]:
    calls.append(tables["limits"])
    return {row.values["code"]: row.values["units"] for row in tables["limits"].on(TODAY)}


LIMITS = {"limits": make_table("limits", [{"code": "A7030", "units": "1", "valid_from": "2026-01-01"}])}


def test_a_plugin_is_asked_with_settings_history_and_tables() -> None:
    lately = make_history("A7030", "NU", from_date=TODAY - dt.timedelta(days=9))
    with plugin_context(Refills, {"days": "10"}, history=[lately], tables=LIMITS) as ctx:
        assert rules(ctx.scrub(make_claim(make_line("A7030", "NU")))) == ["REFILL"]
    with plugin_context(Refills, {"days": "9"}, history=[lately], tables=LIMITS) as ctx:
        assert ctx.scrub(make_claim()).passes


def test_what_is_prepared_is_prepared_once() -> None:
    calls.clear()
    with plugin_context(Refills, tables=LIMITS) as ctx:
        for _ in range(3):
            ctx.scrub(make_claim())
    assert len(calls) == 1


async def test_an_async_test_awaits() -> None:
    with plugin_context(Refills, tables=LIMITS) as ctx:
        assert (await ctx.run("scrub", make_claim())).passes


def test_what_a_plugin_raises_comes_out_as_it_is() -> None:
    with plugin_context(Refills) as ctx, pytest.raises(LookupError, match="as it is"):
        ctx.hold(make_claim())


def test_a_station_at_which_the_plugin_does_nothing_is_a_mistake_of_the_test() -> None:
    with plugin_context(Refills) as ctx, pytest.raises(PluginRefused, match="no confirm_claim"):
        ctx.confirm(make_claim())


def test_settings_are_checked_as_in_a_chain() -> None:
    with pytest.raises(ValidationError), plugin_context(Refills, {"dyas": "3"}):
        pass


def test_what_was_set_is_on_the_claim_afterwards() -> None:
    class Sets:
        gateway_api = 1

        @hookimpl
        def confirm_claim(self, claim: Claim) -> None:
            claim.set("CLM05-3", "7")

    with plugin_context(Sets) as ctx:
        ctx.confirm(make_claim())
        assert ctx.claim is not None
        assert ctx.claim.frequency == "7"


def test_the_claims_that_are_made_are_sound() -> None:
    claim = make_claim(
        make_line("E1390", "RR", "KX", charge="98.40", control_number="L1"),
        make_line("E0431", "RR", from_date=dt.date(2026, 1, 1), thru_date=dt.date(2026, 1, 31), charge="17.3"),
        diagnoses=("J449", "I10"),
        filing_code="MB",
        more=["REF*G1*PA100"],
    )
    assert claim.faults() == []
    assert str(claim.charge) == "115.70"
    assert [diagnosis.code for diagnosis in claim.diagnoses] == ["J449", "I10"]
    assert claim.filing_code == "MB"
    assert claim.authorization == "PA100"
    first, second = claim.lines
    assert (first.code, first.modifiers, first.control_number) == ("E1390", ("RR", "KX"), "L1")
    assert (second.dates.start, second.dates.end) == (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    assert make_claim().faults() == []
