"""The scrubber as a biller meets it: a Medicare claim, the shipped tables, and what it says. Everybody is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.core.model.decision import Finding
from gateway.core.x12.claim import Claim
from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost
from gateway.plugins.runner import Decision
from gateway.plugins.tables import Tables
from gateway.plugins.testing import TODAY, make_claim, make_line, make_table, plugin_context

MBI = "1A23C45DE67"
MAC = "17013"
"""The contractor of Ohio, where the kit's patient lives."""
ORDERER = "NM1*DK*1*ALDERMAN*IVO****XX*1999999018"
DAY = TODAY - dt.timedelta(days=30)
UTN = "A1234567890123"


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The shipped tables."""
    config = load(Path(__file__).parents[3] / "config", secrets=False)
    assert isinstance(config, Config)
    return config.tables


@lru_cache(maxsize=1)
def scrubber() -> Any:
    """The plugin as the gateway loads it."""
    return Finder().load("scrubber", PluginHost()).object


def line(code: str, *modifiers: str, more: tuple[str, ...] = (ORDERER,), **others: Any) -> list[str]:
    """A line of a Medicare claim: with its ordering provider."""
    return make_line(code, *modifiers, more=more, **others)


def bed(*modifiers: str, day: dt.date = DAY, **others: Any) -> list[str]:
    """A rental month of a hospital bed."""
    return line("E0260", *(modifiers or ("RR", "KJ", "KX")), from_date=day, **others)


def medicare(*lines: list[str], **others: Any) -> Claim:
    """A claim for the DME MAC of the patient's state."""
    return make_claim(*lines, **{"filing_code": "MB", "payer_id": MAC, "member_id": MBI, **others})


def scrubbed(claim: Claim, settings: Mapping[str, Any] | None = None, **others: Any) -> tuple[Decision, Claim]:
    """What is decided about a claim, and the claim as it is afterwards."""
    tables = others.pop("tables", None) or shipped()
    others.setdefault("payer_id", claim.payer.id)
    with plugin_context(scrubber(), settings, tables=tables, **others) as context:
        decision = context.scrub(claim)
        assert context.claim is not None
        return decision, context.claim


def findings(claim: Claim, settings: Mapping[str, Any] | None = None, **others: Any) -> list[Finding]:
    """Every finding about a claim."""
    decision, _ = scrubbed(claim, settings, **others)
    return [finding for step in decision.steps for finding in step.findings]


def said(claim: Claim, settings: Mapping[str, Any] | None = None, **others: Any) -> list[str]:
    """The rules that are told, each once, in order."""
    return list(dict.fromkeys(finding.rule for finding in findings(claim, settings, **others)))


def with_table(name: str, rows: list[dict[str, str]], key: Any = "code") -> Tables:
    """The shipped tables with one of them replaced."""
    tables = shipped()
    return Tables({**{word: tables[word] for word in tables}, name: make_table(name, rows, key)})


def with_rule(rule: str, payers: str) -> Tables:
    """The shipped tables, with one rule that holds for other payers."""
    rows = [
        {**row.values, **({"valid_from": row.valid_from.isoformat()} if row.valid_from else {})}
        for row in shipped()["rule_payers"].rows
        if row.values["rule"] != rule
    ]
    return with_table("rule_payers", [*rows, {"rule": rule, "payers": payers}], "rule")
