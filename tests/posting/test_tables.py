"""The tables that posting reads, as they come with the gateway; and what single adjustments become by them."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.core.ledger.accounts import PROVIDER_LEVEL
from gateway.core.model.carc import Reasons
from gateway.core.model.posting import Kind
from gateway.plugins import Tables

DAY = dt.date(2026, 9, 16)
TEAMS = {
    "appeals",
    "authorization",
    "billing",
    "contracts",
    "coordination",
    "documentation",
    "eligibility",
    "enrollment",
    "management",
    "patient-billing",
    "posting",
    "resupply",
}


@pytest.fixture(scope="module")
def config() -> Config:
    found = load(Path(__file__).parents[2] / "config", secrets=False)
    assert isinstance(found, Config), found
    return found


@pytest.fixture(scope="module")
def tables(config: Config) -> Tables:
    return config.tables


@pytest.fixture(scope="module")
def judge(config: Config, tables: Tables) -> Any:
    """What (group, reason, cents, charge, zero paid) becomes."""
    rule = importlib.import_module(config.plugins["autoposting"].object.__name__ + ".kinds").judge
    reasons = Reasons(tables["carc"], tables["rarc"])
    return lambda group, code, cents, charge, zero: rule(group, reasons.find(DAY, code), cents, charge, zero).kind


def test_every_reason_has_a_flag_a_category_a_team_and_words(tables: Tables) -> None:
    rows = [row.values for row in tables["carc"].rows]
    assert len(rows) > 200
    for row in rows:
        assert row["denial"] in ("N", "Y", "P", "V"), row
        assert row["team"] in TEAMS, row
        assert row["category"].isupper(), row
        assert row["meaning"], row
        assert row["action"], row


def test_every_remark_refines_a_reason_that_is_there(tables: Tables) -> None:
    for row in tables["rarc"].rows:
        carc = row.values["carc"]
        assert carc == "*" or tables["carc"].find(DAY, carc) is not None, carc
        assert row.values["team"] in TEAMS


def test_every_provider_level_reason_has_an_account(tables: Tables) -> None:
    for row in tables["plb"].rows:
        assert row.values["account"] in PROVIDER_LEVEL, row.values
        assert row.values["review"] in ("Y", "N"), row.values
        assert row.values["team"] in TEAMS, row.values


def test_a_remark_of_its_own_reason_goes_before_one_of_any(tables: Tables) -> None:
    reasons = Reasons(tables["carc"], tables["rarc"])
    assert reasons.find(DAY, "16", ("MA130", "N265")).team == "enrollment"
    assert reasons.find(DAY, "16", ("MA130",)).category == "UNPROCESSABLE"
    assert reasons.find(DAY, "16").team == "billing"
    assert reasons.find(DAY, "NONE").denial == ""


def test_before_the_table_begins_a_reason_is_not_known(tables: Tables) -> None:
    assert Reasons(tables["carc"], tables["rarc"]).find(dt.date(2001, 1, 1), "45").denial == ""


@pytest.mark.parametrize(
    ("group", "code", "cents", "zero", "kind"),
    [
        ("CO", "45", 5000, False, Kind.CONTRACTUAL),
        ("CO", "45", 5000, True, Kind.CONTRACTUAL),
        ("CO", "45", 10000, False, Kind.OPEN),
        ("CO", "45", -500, False, Kind.CONTRACTUAL),
        ("CO", "253", 160, False, Kind.SEQUESTRATION),
        ("CO", "50", 5000, False, Kind.DENIAL),
        ("CO", "50", -5000, False, Kind.OPEN),
        ("CO", "131", 500, False, Kind.CONTRACTUAL),
        ("CO", "131", 500, True, Kind.DENIAL),
        ("CO", "104", 500, False, Kind.WITHHOLD),
        ("CO", "B4", 500, False, Kind.PENALTY),
        ("CO", "130", 500, False, Kind.FEE),
        ("CO", "2", 500, False, Kind.CONTRACTUAL),
        ("CO", "2", 500, True, Kind.DENIAL),
        ("CO", "172", 500, False, Kind.CONTRACTUAL),
        ("CO", "172", 500, True, Kind.DENIAL),
        ("CO", "246", 500, False, Kind.OPEN),
        ("CO", "133", 500, True, Kind.OPEN),
        ("CO", "ZZZ", 500, False, Kind.DENIAL),
        ("PR", "1", 500, True, Kind.DEDUCTIBLE),
        ("PR", "2", 500, False, Kind.COINSURANCE),
        ("PR", "3", 500, False, Kind.COPAY),
        ("PR", "66", 500, True, Kind.PATIENT),
        ("PR", "45", 500, False, Kind.PATIENT),
        ("PR", "204", 500, True, Kind.DENIAL),
        ("OA", "23", 500, False, Kind.INFORMATION),
        ("OA", "18", 500, True, Kind.DENIAL),
        ("OA", "209", 500, True, Kind.OPEN),
        ("OA", "94", -500, False, Kind.CONTRACTUAL),
        ("PI", "45", 500, False, Kind.DENIAL),
        ("CR", "45", 500, False, Kind.OPEN),
    ],
)
def test_what_an_adjustment_becomes(judge: Any, group: str, code: str, cents: int, zero: bool, kind: Kind) -> None:
    assert judge(group, code, cents, 10000, zero) is kind
