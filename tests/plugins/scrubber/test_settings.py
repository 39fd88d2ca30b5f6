"""What a chain may set, what a biller may write into the tables, and what is told of a mistake."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gateway.plugins.tables import Tables
from gateway.plugins.testing import make_claim, make_line

from .desk import ORDERER, bed, line, medicare, said, scrubbed, scrubber, shipped, with_table


def faults(tables: Tables, **settings: object) -> list[str]:
    model = scrubber().plugin_settings()
    told: Iterable[str] = scrubber().check_settings(model(**settings), tables)
    return list(told)


def test_the_shipped_tables_have_nothing_wrong() -> None:
    assert faults(shipped()) == []


def test_every_rule_is_looked_at_by_a_check_or_a_correction() -> None:
    checked = {rule for rules, _ in scrubber().CHECKS for rule in rules}
    assert checked | {"R1.10", "R1.32", "R1.PAD-1"} == set(scrubber().RULES)


def test_a_rule_can_be_left_out_in_a_chain() -> None:
    claim = medicare(line("E0260", "RR", "KX"))
    assert said(claim) == ["R1.02"]
    assert said(claim, {"skip": ["R1.02"]}) == []


def test_leaving_out_one_rule_leaves_its_neighbours() -> None:
    claim = medicare(bed(more=("REF*G1*A1234567890123", ORDERER)))
    assert said(claim, {"skip": ["R1.50"]}) == ["R1.50-3"]


def test_a_rule_that_there_is_not_cannot_be_left_out() -> None:
    (told,) = faults(shipped(), skip=["R1.05-BIN"])
    assert told.startswith("skip names the rule R1.05-BIN, which the scrubber does not have")
    assert "R1.05-BIB" in told


def test_a_chain_may_say_whose_rules_hold() -> None:
    claim = make_claim(make_line("E0601", "RR", more=(ORDERER,)), filing_code="MC", payer_id="00751")
    assert said(claim) == []
    assert said(claim, {"payer_class": "commercial"}) == ["R1.02"]
    assert "R1.24" in said(claim, {"payer_class": "medicare"})


def test_filing_codes_say_it_otherwise() -> None:
    plan = make_claim(make_line("E0601", "RR", more=(ORDERER,)), filing_code="16")
    assert said(plan, {"medicaid_filing_codes": ["MC", "16"]}) == []
    assert "R1.24" in said(plan, {"medicare_filing_codes": ["16"]})


def test_a_payer_may_be_added_to_a_rule() -> None:
    rows = [{"rule": "R1.KX-2", "payers": "medicare commercial"}]
    claim = make_claim(make_line("E0601", "RR", "KJ", more=(ORDERER,)))
    assert "R1.KX-2" not in said(claim)
    assert "R1.KX-2" in said(claim, tables=with_table("rule_payers", rows, "rule"))


def test_a_rule_has_its_days() -> None:
    rows = [{"rule": "R1.11", "payers": "medicare", "valid_from": "2026-02-01"}]
    tables = with_table("rule_payers", rows, "rule")
    twice = medicare(line("E0260", "RR", "KJ", "KX", "KX"))
    assert "R1.11" not in said(twice, tables=tables)
    assert "R1.11" in said(twice)


@pytest.mark.parametrize(
    ("name", "row", "key", "words"),
    [
        ("payment_categories", {"code": "E0260", "category": "XX"}, "code", "category is XX"),
        ("payment_categories", {"code": "E0260", "category": "CR", "cap": "many"}, "code", "cap is many"),
        ("payment_categories", {"code": "E0260", "category": "CR", "check": "maybe"}, "code", "check is maybe"),
        ("rule_payers", {"rule": "R9.99", "payers": "medicare"}, "rule", "no rule R9.99"),
        ("rule_payers", {"rule": "R1.02", "payers": "medicair"}, "rule", "payers is medicair"),
        ("kx_policies", {"code": "E0260", "policy": "bed", "check": "maybe"}, "code", "check is maybe"),
        (
            "required_modifiers",
            {"rule": "R1.GL-1", "code": "A4253", "one_of": ""},
            ["rule", "code"],
            "one_of is missing",
        ),
        ("required_modifiers", {"rule": "X", "code": "A4253", "one_of": "KX"}, ["rule", "code"], "rule is X"),
        ("modifier_order", {"modifier": "RR", "rank": "first"}, "modifier", "rank is first"),
        ("places_of_service", {"place": "12", "kind": "house"}, "place", "kind is house"),
        ("unit_limits", {"code": "A4239", "most": "-1"}, "code", "most is -1"),
        ("purchase_prices", {"code": "E0143", "price": "ten"}, "code", "price is ten"),
        ("span_dates", {"payer": "x", "code": "*", "span": "yes"}, ["payer", "code"], "span is yes"),
        (
            "span_dates",
            {"payer": "x", "code": "*", "span": "free", "within": "week"},
            ["payer", "code"],
            "within is week",
        ),
        ("prior_authorization", {"payer": "x", "code": "*", "group": "g", "valid": "soon"}, ["payer", "code"], "soon"),
        ("timely_filing", {"payer": "x", "within": "a year"}, "payer", "a year is no length"),
        ("payer_frequency", {"filing_code": "MB", "payer": "*", "takes": "9"}, ["filing_code", "payer"], "takes is 9"),
        ("jurisdictions", {"state": "OH", "payer": ""}, "state", "payer is missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_told(name: str, row: dict[str, str], key: str | list[str], words: str) -> None:
    (told,) = faults(with_table(name, [row], key))
    assert told.startswith(f"in the table {name}, row 1 (")
    assert words in told


# --- blanks ----------------------------------------------------------------------------------------


@pytest.mark.rule("R1.PAD-1")
def test_blanks_around_numbers_and_codes_are_taken_off() -> None:
    padded = line("E0260 ", "RR ", " KJ", "KX", more=("NM1*DK*1*ALDERMAN *IVO****XX*1999999018 ",))
    decision, claim = scrubbed(medicare(padded, member_id="1A23C45DE67  "))
    assert decision.passes, decision
    assert claim.subscriber.member_id == "1A23C45DE67"
    (billed,) = claim.lines
    assert (billed.code, billed.modifiers) == ("E0260", ("RR", "KJ", "KX"))
    assert (billed.ordering_provider.last, billed.ordering_provider.npi) == ("ALDERMAN", "1999999018")
    assert {finding.rule for finding in decision.steps[0].findings} == {"R1.PAD-1"}


@pytest.mark.rule("R1.PAD-1")
def test_a_house_that_corrects_nothing_is_told_of_blanks() -> None:
    decision, claim = scrubbed(medicare(bed(), member_id="1A23C45DE67 "), {"corrections": "tell"})
    assert claim.subscriber.member_id == "1A23C45DE67 "
    assert [finding.rule for finding in decision.steps[0].findings] == ["R1.PAD-1", "R1.24"]


@pytest.mark.rule("R1.PAD-1")
def test_nothing_is_taken_off_where_nothing_is() -> None:
    decision, _ = scrubbed(medicare(bed()))
    assert not decision.edits
    assert not decision.steps[0].findings
