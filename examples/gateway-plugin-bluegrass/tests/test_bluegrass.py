"""What Bluegrass wants: a claim that does not have it waits, or is set right."""

import datetime as dt
from typing import Any

import pytest
from gateway.core.model.decision import HoldType
from gateway.core.x12.claim import Claim
from gateway.plugins import Table, Tables
from gateway.plugins.contract import PluginContract
from gateway.plugins.testing import (
    TODAY,
    make_claim,
    make_denial,
    make_history,
    make_line,
    make_table,
    plugin_context,
    rules,
)

import gateway_plugin_bluegrass as bluegrass

REFERRED = "NM1*DN*1*ALDERMAN*IVO****XX*1999999018"
ORDERED = "NM1*DK*1*ALDERMAN*IVO****XX*1999999018"
FIRST, LAST = dt.date(2026, 2, 1), dt.date(2026, 2, 28)


def claim(*lines: list[str], referred: bool = True, **more: Any) -> Claim:
    providers = [REFERRED] if referred else []
    return make_claim(*lines, payer_id="00752", filing_code="MC", providers=providers, **more)


def month(code: str = "E0601", *modifiers: str, end: dt.date | None = LAST, **more: Any) -> list[str]:
    return make_line(code, *(modifiers or ("RR", "KJ")), from_date=FIRST, thru_date=end, **more)


@pytest.mark.parametrize(
    ("end", "words"),
    [(None, "has a single date"), (FIRST, "has a single date"), (FIRST + dt.timedelta(days=31), "spans 32 days")],
)
def test_a_rental_without_its_month_waits(end: dt.date | None, words: str) -> None:
    with plugin_context(bluegrass) as ctx:
        decision = ctx.scrub(claim(month(end=end)))
    assert rules(decision) == ["BG-1"]
    assert words in decision.holds[0].hold.reason


def test_a_rental_with_its_month_and_a_sale_with_its_day_go_on() -> None:
    with plugin_context(bluegrass) as ctx:
        assert ctx.scrub(claim(month(), make_line("A7030", "NU"))).passes


def test_a_referring_provider_on_the_line_alone_is_not_read() -> None:
    with plugin_context(bluegrass) as ctx:
        none = ctx.scrub(claim(month(), referred=False))
        on_line = ctx.scrub(claim(month(more=[ORDERED]), referred=False))
    assert rules(none) == rules(on_line) == ["BG-2"]
    assert "Enter who referred the patient" in none.holds[0].hold.reason
    assert "The lines name who ordered" in on_line.holds[0].hold.reason
    assert on_line.holds[0].hold.team == "documentation"


def test_modifiers_are_put_in_order_and_the_claim_goes_on() -> None:
    with plugin_context(bluegrass) as ctx:
        decision = ctx.scrub(claim(month("E0601", "KX", "KJ", "RR"), month("E0570", "RR", "KJ")))
        assert ctx.claim is not None
        assert [line.modifiers for line in ctx.claim.lines] == [("RR", "KJ", "KX"), ("RR", "KJ")]
    assert decision.passes
    assert rules(decision) == ["BG-3"]
    assert [(edit.line, edit.place) for edit in decision.edits] == [(1, "2400 SV101")]


def test_the_month_after_the_last_waits() -> None:
    def after(months: int, state: str = "paid") -> list[str]:
        history = [
            make_history("E0601", "RR", from_date=FIRST - dt.timedelta(days=30 * back), state=state)
            for back in range(1, months + 1)
        ]
        with plugin_context(bluegrass, history=history) as ctx:
            return rules(ctx.hold(claim(month())))

    assert after(10) == ["BG-4"]
    assert after(9) == []
    assert after(10, state="denied") == []


def test_a_table_changes_with_the_year() -> None:
    history = [make_history("E0260", "RR", from_date=FIRST - dt.timedelta(days=30 * back)) for back in range(1, 12)]
    with plugin_context(bluegrass, history=history) as ctx:
        assert rules(ctx.hold(claim(month("E0260")))) == ["BG-4"]
        before = make_line("E0260", "RR", from_date=dt.date(2025, 12, 1), thru_date=dt.date(2025, 12, 31))
        assert rules(ctx.hold(claim(before))) == []


def test_a_bed_without_an_authorization_waits_for_that_team() -> None:
    with plugin_context(bluegrass) as ctx:
        none = ctx.confirm(claim(month("E0260")))
        with_one = ctx.confirm(claim(month("E0260"), more=["REF*G1*PA900001"]))
        no_bed = ctx.confirm(claim(month()))
    assert rules(none) == ["BG-5"]
    assert (none.holds[0].hold.type, none.holds[0].hold.team) == (HoldType.AUTHORIZATION, "authorization")
    assert with_one.passes
    assert no_bed.passes


def test_a_denial_for_want_of_an_authorization_has_its_team_and_date() -> None:
    with plugin_context(bluegrass, {"appeal_days": "30"}) as ctx:
        draft = ctx.route(make_denial(reason="197")).answer
        other = ctx.route(make_denial(reason="50")).answer
    assert (draft.team, draft.rule, draft.deadline) == ("authorization", "BG-6", TODAY + dt.timedelta(days=30))
    assert other is None


def test_a_table_without_numbers_is_refused_when_it_is_read() -> None:
    rows = [{"code": "E0601", "months": "ten"}]
    tables = Tables({"bluegrass_rentals": make_table("bluegrass_rentals", rows), "bluegrass_modifiers": Table("m", ())})
    assert list(bluegrass.check_settings(tables)) == [
        "in the table bluegrass_rentals, the months of E0601 must be a whole number"
    ]


@pytest.mark.parametrize("rule", ["BG-1", "BG-2", "BG-3"])
def test_a_chain_may_switch_a_rule_off(rule: str) -> None:
    everything = claim(month("E0601", "KX", "RR", end=None), referred=False)
    with plugin_context(bluegrass, {"skip": [rule]}) as ctx:
        assert rules(ctx.scrub(everything)) == [name for name in ("BG-1", "BG-2", "BG-3") if name != rule]


HISTORY = tuple(make_history("E0601", "RR", from_date=TODAY - dt.timedelta(days=30 * back)) for back in range(1, 12))


class TestBluegrass(PluginContract, plugin=bluegrass, settings={"longest_days": "31"}, history=HISTORY):
    """What every plugin must keep to."""


MONTHS = [
    make_history("E0601", "RR", from_date=dt.date(2025, number, 1), claim_number=f"SW{number}")
    for number in (9, 10, 11)
]


@pytest.mark.parametrize(
    ("history", "asked", "asks"),
    [
        (MONTHS[:2], None, False),
        (MONTHS, TODAY - dt.timedelta(days=179), False),
        (MONTHS, TODAY - dt.timedelta(days=180), True),
        (MONTHS, None, True),
    ],
)
def test_somebody_asks_twice_a_year_whether_it_is_used(history: Any, asked: dt.date | None, asks: bool) -> None:
    rows = {"asked": [{"code": "E0601", "asked_on": asked}] if asked else []}
    with plugin_context(bluegrass, history=history, rows=rows) as ctx:
        decision = ctx.hold(claim(month()))
    assert decision.passes
    assert [(item.draft.rule, item.line) for item in decision.items] == ([("BG-7", 1)] if asks else [])
    assert [row.values for row in decision.rows] == ([("E0601", TODAY)] if asks else [])
