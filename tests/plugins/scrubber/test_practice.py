"""The claims of the practice generator: sound ones pass without a word, and each planted fault is found."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.x12.claim import Claim
from gateway.plugins import HistoryLine
from gateway.sandbox import records
from gateway.sandbox.biller_faults import BILLER_FAULTS
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.loops import stored

from .desk import said, scrubber

TODAY = dt.date(2026, 11, 23)
COUNT = 300
FAMILIES = {"authorization_missing": ("power", "surface"), "span_missing": ("strips",), "wrong_rental_month": ("bed",)}
"""Where a rare fault is at home."""
OTHERS = {"contents_without_delivery"}
"""Faults that another plugin finds."""
NAMED = {"pointer_to_no_diagnosis": "R1.DX-1", "kx_with_ga": "R1.KX-1"}


def lived(count: int, seed: int, share: float, fault: str = "") -> Iterator[tuple[records.Claim, list[str]]]:
    """Claims in their order, each with what is said of it, the patient's earlier ones being known."""
    past: dict[int, list[HistoryLine]] = defaultdict(list)
    faults, families = ((fault,) if fault else None), FAMILIES.get(fault)
    # A list first: the patient of a claim is told by identity.
    for made in list(generate_claims(count, seed, TODAY, fault_share=share, faults=faults, families=families)):
        claim = Claim(stored(made))
        known = past[id(made.patient)]
        yield made, said(claim, history=known, today=TODAY, payer_id=made.coverage.payer.id)
        known += [
            HistoryLine(
                claim.id,
                line.number,
                line.code,
                line.modifiers,
                line.dates.start,
                line.dates.end,
                str(line.units),
                line.charge_cents,
                made.coverage.payer.id,
                "sent",
            )
            for line in claim.lines
        ]


@pytest.mark.parametrize("seed", [1, 7])
def test_of_sound_claims_nothing_is_said(seed: int) -> None:
    assert [(made.number, rules) for made, rules in lived(COUNT, seed, 0) if rules] == []


@pytest.mark.parametrize("fault", sorted(BILLER_FAULTS.keys() - OTHERS))
def test_a_fault_of_a_biller_is_found(fault: str) -> None:
    rule = NAMED.get(fault, BILLER_FAULTS[fault].rule)
    told = [rule in rules for made, rules in lived(60, 3, 0.5, fault) if made.expected_faults]
    assert told
    assert all(told)


def test_every_rule_has_a_test_here_that_shows_it() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    shown = re.findall(r'mark\.rule\("([^"]+)"\)', text)
    rules = set(scrubber().RULES)
    assert set(shown) == rules, (set(shown) - rules, rules - set(shown))
