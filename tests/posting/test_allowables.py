"""Less than should be allowed is an item in its own queue, with the dollars; and what else a payer's settings say."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import cli
from gateway.config.allowables import NotAFeeFile, read_rates
from gateway.core.model.posting import AdjustmentPosting, Kind, LinePosting, OpenLine
from gateway.core.store import tables
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost

from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc

CMS = """2026 DMEPOS Fee Schedule,,,,,,,
"Includes codes, invented for this test",,,,,,,
HCPCS,Mod,Mod2,JURIS,CATG,OH (NR),OH (R),Description
E0601,RR,,D,CR,"1,081.60",90.00,CONT AIRWAY PRESSURE DEVICE
E0601,RR,KJ,D,CR,61.20,,CONT AIRWAY PRESSURE DEVICE
A7030,NU,,D,IN,,120.00,FULL FACE MASK
"""


def plugin_module(name: str) -> Any:
    """A module of the plugin autoposting."""
    plugin: Any = Finder(only=["autoposting"]).load("autoposting", PluginHost()).object
    return importlib.import_module(f"{plugin.__name__}.{name}")


def rates(desk: Desk, *rows: str) -> None:
    listed = "".join(f"  - {{{row}}}\n" for row in rows)
    desk.tables["expected_allowables"] = f"key: [payer, code, modifier]\nsource: invented\nrows:\n{listed}"


def short(desk: Desk) -> list[tuple[str, int]]:
    return [(item.team, item.cents) for item in desk.items("underpayment")]


def test_a_line_that_is_allowed_less_than_it_should_be_is_an_item_with_the_difference(desk: Desk) -> None:
    rates(desk, 'payer: "90101", code: E1390, modifier: RR, allowed: "105.00", valid_from: 2026-01-01')
    claim = desk.claim("SW1", Line("E1390", "150", "L1", ["RR"]))
    paid = Svc("E1390", "150", "78", (Cas("CO", "45", "50"), Cas("PR", "2", "20"), Cas("CO", "253", "2")), ref="L1")
    desk.post(Era([Clp("SW1", [paid])]))
    (item,) = desk.items("underpayment")
    assert (item.team, item.cents, item.claim_id, item.rule) == ("contracts", 500, claim, "underpayment")
    assert "the payer allows $100.00, and should allow $105.00 (invented). $5.00 short" in item.reason
    assert desk.balance(claim) == 2000, "it posts all the same"


@pytest.mark.parametrize(
    ("allowed", "dates", "modifiers", "units", "wanted"),
    [
        ("100.00", "valid_from: 2026-01-01", "RR", 1, 0),
        ("100.01", "valid_from: 2026-01-01", "RR", 1, 1),
        ("110.00", "valid_from: 2026-09-02", "RR", 1, 0),
        ("110.00", "valid_from: 2026-01-01, valid_to: 2026-08-31", "RR", 1, 0),
        ("110.00", "valid_from: 2026-01-01", "NU", 1, 0),
        ("60.00", "valid_from: 2026-01-01", "RR", 2, 2000),
        ("900.00", "valid_from: 2026-01-01", "RR", 1, 5000),
    ],
)
def test_what_should_be_allowed_depends_on_day_modifiers_and_units(
    desk: Desk, allowed: str, dates: str, modifiers: str, units: int, wanted: int
) -> None:
    rates(desk, f'payer: "*", code: E1390, modifier: {modifiers}, allowed: "{allowed}", {dates}')
    desk.claim("SW1", Line("E1390", "150", "L1", ["RR"]))
    service = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1", units=str(units))
    desk.post(Era([Clp("SW1", [service])]))
    assert sum(cents for _, cents in short(desk)) == wanted


def test_the_payers_own_row_and_the_row_with_more_modifiers_go_first(desk: Desk) -> None:
    rates(
        desk,
        'payer: "*", code: E1390, modifier: "", allowed: "149.00"',
        'payer: "90101", code: E1390, modifier: RR, allowed: "120.00"',
        'payer: "90101", code: E1390, modifier: "RR:KJ", allowed: "101.00"',
    )
    desk.claim("SW1", Line("E1390", "150", "L1", ["RR", "KJ"]))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")])]))
    assert short(desk) == [("contracts", 100)]


def test_a_second_payer_and_a_denial_are_no_underpayments(desk: Desk) -> None:
    rates(desk, 'payer: "*", code: E1390, modifier: "", allowed: "149.00"')
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.claim("SW2", Line("E1390", "150", "L1"))
    second = Svc("E1390", "150", "20", (Cas("OA", "23", "130"),), ref="L1")
    desk.post(Era([Clp("SW1", [second], status="2")], trace="A"))
    desk.post(Era([Clp("SW2", [Svc("E1390", "150", "0", (Cas("CO", "50", "150"),), ref="L1")])], trace="B"))
    assert short(desk) == []


def test_a_tolerance_in_the_chain_lets_cents_pass(desk: Desk) -> None:
    rates(desk, 'payer: "*", code: E1390, modifier: "", allowed: "105.00"')
    desk.post_steps = "[{plugin: autoposting, settings: {allowable_tolerance: '5.00'}}]"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")])]))
    assert short(desk) == []


# --- fee schedules ---------------------------------------------------------------------------------


def test_a_fee_schedule_of_cms_is_taken_in_by_state(desk: Desk, tmp_path: Path) -> None:
    desk.config()
    file = tmp_path / "DMEPOS26_JAN.csv"
    file.write_text(CMS)
    asked = ["--config", str(desk.folder / "config"), "tables", "import-allowables", str(file)]
    asked += ["--payer", "*", "--from", "2026-01-01"]
    without = CliRunner().invoke(cli, asked)
    assert without.exit_code == 2
    assert "--state): the file has OH" in without.output
    done = CliRunner().invoke(cli, [*asked, "--state", "oh"])
    assert done.exit_code == 0, done.output
    assert "2 rates; 1 lines have none" in done.output
    desk.claim("SW1", Line("E0601", "100", "L1", ["RR", "KJ"]))
    desk.post(Era([Clp("SW1", [Svc("E0601", "100", "60", (Cas("CO", "45", "40"),), ref="L1")])]))
    (item,) = desk.items("underpayment")
    assert item.cents == 120
    assert "DMEPOS26_JAN.csv, OH" in item.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "no line of columns"),
        ("code,modifier,allowed\nE0601,RR,x\n", "line 2 is no rate"),
        ("code,modifier,allowed\nE0601,R,1.00\n", "line 2 is no rate"),
        ("code,modifier,allowed\nE0601,RR,1.005\n", "no amount in dollars and cents"),
        ("code,modifier,allowed\nE0601,RR,1.00\nE0601,RR,2.00\n", "stands there twice"),
        ("code,modifier,allowed\n", "has no rate"),
    ],
)
def test_a_file_that_is_no_fee_schedule_changes_nothing(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(text)
    with pytest.raises(NotAFeeFile, match=words):
        read_rates(file)


def test_a_row_that_is_no_amount_refuses_the_configuration(desk: Desk) -> None:
    rates(desk, 'payer: "*", code: E1390, modifier: "", allowed: "much"')
    with pytest.raises(AssertionError, match=r"an amount in dollars"):
        desk.config()


# --- what a payer does otherwise, in its chain -----------------------------------------------------


def test_a_claim_without_lines_is_spread_by_what_each_line_charges(desk: Desk) -> None:
    desk.post_steps = "[{plugin: autoposting, settings: {claim_level: spread}}]"
    claim = desk.claim("SW1", Line("E1390", "100.01", "L1"), Line("A7030", "33.33", "L2"), Line("A4253", "0.01", "L3"))
    cas = (Cas("CO", "45", "50.50"), Cas("PR", "2", "16.57"))
    desk.post(Era([Clp("SW1", charge="133.35", paid="66.28", cas=cas)]))
    found = desk.rows(tables.line_payments)
    assert [row.line_id for row in found] == [1, 2, 3]
    assert sum(row.paid_cents for row in found) == 6628
    assert desk.balance(claim) == 1657
    assert "spread over the lines" in str([row.steps for row in desk.rows(tables.timeline)])
    taken = [Cas(one.group, one.reason, f"-{one.amount}") for one in cas]
    back = Clp("SW1", charge="-133.35", paid="-66.28", status="22", cas=taken)
    desk.post(Era([back], trace="B", handling="H"))
    assert desk.balance(claim) == 13335


@given(
    charges=st.lists(st.integers(0, 5000), min_size=1, max_size=6),
    parts=st.lists(st.integers(0, 100), min_size=1, max_size=4),
)
def test_what_is_spread_comes_to_each_amount_and_to_each_line(charges: list[int], parts: list[int]) -> None:
    spread = plugin_module("spread")
    total = sum(charges)
    cut = spread.shares(total, parts)
    reasons = tuple(AdjustmentPosting("CO", str(at), cents, Kind.OPEN) for at, cents in enumerate(cut[1:]))
    whole = LinePosting(None, -1, "", total, cut[0], reasons)
    lines = [OpenLine(at, at, "", "E1390", (), charge) for at, charge in enumerate(charges)]
    made = spread.spread_over(whole, lines)
    assert sum(one.paid_cents for one in made) == cut[0]
    by_reason: Counter[str] = Counter()
    for one, charge in zip(made, charges, strict=True):
        assert one.paid_cents + sum(part.cents for part in one.adjustments) == one.charge_cents == charge or not total
        by_reason.update({part.reason: part.cents for part in one.adjustments})
    assert [by_reason[str(at)] for at in range(len(cut) - 1)] == cut[1:]


def test_a_status_that_a_payer_uses_in_its_own_way_posts_as_what_it_means(desk: Desk) -> None:
    desk.post_steps = "[{plugin: autoposting, settings: {status_as: {'5': '1'}}}]"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "150", ref="L1")], status="5")]))
    assert desk.payments()[0].state == "posted"


def test_a_reversal_cannot_be_renamed(desk: Desk) -> None:
    desk.post_steps = "[{plugin: autoposting, settings: {status_as: {'22': '1'}}}]"
    with pytest.raises(AssertionError, match="never renamed"):
        desk.config()


@pytest.mark.parametrize(("tolerance", "items"), [("", 0), ("0.99", 1), ("1.00", 0)])
def test_a_patients_part_that_differs_is_looked_at_beyond_the_tolerance(desk: Desk, tolerance: str, items: int) -> None:
    settings = f"{{clp05_tolerance: '{tolerance}'}}" if tolerance else "{}"
    desk.post_steps = f"[{{plugin: autoposting, settings: {settings}}}]"
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    service = Svc("E1390", "150", "130", (Cas("PR", "2", "20"),), ref="L1")
    desk.post(Era([Clp("SW1", [service], patient="21")]))
    assert [item.cents for item in desk.items("payment_review")] == [100] * items
    assert desk.balance(claim) == 2000


def test_a_payer_of_which_only_numbers_count_has_its_fall_backs_suggested(desk: Desk) -> None:
    desk.tables["payer_habits"] = (
        'key: [payer]\nrows:\n  - {payer: "90101", repeats_trace: N, claims_by: numbers, lines_by: numbers}\n'
    )
    desk.claim("SW1", Line("E1390", "150"))
    desk.claim("SW2", Line("E1390", "150"), member="M7")
    service = Svc("E1390", "150", "150")
    desk.post(Era([Clp("SW1", [service]), Clp("LOST", [service], member="M7")]))
    reasons = [item.reason for item in desk.items("posting_exception")]
    assert "may be line 1; of this payer only control numbers count" in reasons[0]
    assert "SW2 fits by member id" in reasons[1]


def test_a_payers_own_meaning_of_a_provider_level_reason_goes_first(desk: Desk) -> None:
    row = 'payer: "90101", code: CS, account: interest, review: N, team: posting, meaning: "their interest"'
    desk.tables["payer_plb"] = f"key: [payer, code]\nrows:\n  - {{{row}}}\n"
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [Svc("E1390", "150", "150", ref="L1")])], [Plb("CS", "-3")]))
    assert desk.accounts("income:interest") == {"income:interest": -300}
    assert desk.items() == []
