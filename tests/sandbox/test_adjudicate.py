"""How the practice payers decide: in balance on every line, by the seed, and as the settings say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12.claim import Claim as ClaimView
from gateway.sandbox.adjudicate import DENIALS, adjudicate, forwarded_case, reversal
from gateway.sandbox.cases import Case, CaseLine, LineOutcome, Name, OtherPayer, Outcome, Payee
from gateway.sandbox.draws import Draws
from gateway.sandbox.fees import load_fees
from gateway.sandbox.incoming import case_of
from gateway.sandbox.loops import stored
from gateway.sandbox.refuse import refuse
from gateway.sandbox.settings import Behaviour

from .desk import claims

FEES = load_fees(None)
PLAIN = Behaviour(
    rejected=0, denied_lines=0, unknown_member=0, corrected=0, taken_back=0, deductible=0, copay=0, interest=0
)


def case(*lines: tuple[str, tuple[str, ...], int], filing: str = "MB", **more: Any) -> Case:
    """A claim of lines (code, modifiers, cents)."""
    made = [
        CaseLine(code, modifiers, charge, 1, "20261020", "20261020", f"R{number}", str(number))
        for number, (code, modifiers, charge) in enumerate(lines, 1)
    ]
    return Case(
        **{
            "number": "T1",
            "charge": sum(line.charge for line in made),
            "payer_id": "17013",
            "payer_name": "MAC",
            "filing": filing,
            "responsibility": "P",
            "payee": Payee("1999999000", "STILLWATER", "960000017"),
            "subscriber": Name("DARROWBY", "ADA", "", "1AC2DE3FG45"),
            "patient": Name("DARROWBY", "ADA", "", "1AC2DE3FG45"),
            "lines": made,
            **more,
        }
    )


def generated(n: int, **options: Any) -> list[Case]:
    return [case_of(ClaimView(stored(claim)), "B1") for claim in claims(n, **options)]


def adjustments(line: LineOutcome) -> list[tuple[str, str, int]]:
    return [(a.group, a.reason, a.cents) for a in line.adjustments]


def balances(one: Case, outcome: Outcome) -> bool:
    sign = -1 if outcome.status == "22" else 1
    return all(
        sign * line.charge == decided.paid + sum(a.cents for a in decided.adjustments)
        for line, decided in zip(one.lines, outcome.lines, strict=True)
    )


def test_medicare_allows_the_fee_leaves_a_fifth_to_the_patient_and_withholds_two_percent() -> None:
    (line,) = adjudicate(case(("E1390", ("RR", "N1", "KX"), 26000)), PLAIN, FEES, 1).first.lines
    # Fee 100.10: coinsurance 20.02, sequestration 2 percent of 80.08.
    assert adjustments(line) == [("CO", "45", 15990), ("CO", "253", 160), ("PR", "2", 2002)]
    assert line.paid == 26000 - 15990 - 160 - 2002
    assert line.allowed == 10010


def test_the_deductible_comes_before_coinsurance() -> None:
    behaviour = PLAIN.model_copy(update={"deductible": 1.0, "sequestration": False})
    first, second = adjudicate(
        case(("E1390", ("RR",), 26000), ("E0431", ("RR",), 5600)), behaviour, FEES, 1
    ).first.lines
    assert ("PR", "1", 5000) in adjustments(first)
    assert ("PR", "2", 1002) in adjustments(first)
    assert all(reason != "1" for _, reason, _ in adjustments(second))


def test_medicaid_leaves_nothing_to_the_patient() -> None:
    (line,) = adjudicate(case(("E1390", ("RR",), 26000), filing="MC"), PLAIN, FEES, 1).first.lines
    assert adjustments(line) == [("CO", "45", 26000 - 8008)]


def test_a_commercial_copay_stands_in_place_of_coinsurance() -> None:
    behaviour = PLAIN.model_copy(update={"copay": 1.0})
    (line,) = adjudicate(case(("E1390", ("RR",), 26000), filing="CI"), behaviour, FEES, 1).first.lines
    assert [(group, reason) for group, reason, _ in adjustments(line)] == [("CO", "45"), ("PR", "3")]


def test_the_fee_is_that_of_the_day_of_service() -> None:
    before = case(("E1390", ("RR",), 26000))
    before.lines[0].start = before.lines[0].end = "20251231"
    assert adjudicate(before, PLAIN, FEES, 1).first.lines[0].allowed == 9840
    assert adjudicate(case(("E1390", ("RR",), 26000)), PLAIN, FEES, 1).first.lines[0].allowed == 10010


def test_months_four_to_thirteen_of_a_capped_rental_are_allowed_three_quarters() -> None:
    first = adjudicate(case(("E0601", ("RR", "KH"), 15000)), PLAIN, FEES, 1).first.lines[0].allowed
    later = adjudicate(case(("E0601", ("RR", "KJ"), 15000)), PLAIN, FEES, 1).first.lines[0].allowed
    assert (first, later) == (7550, 5662)


@pytest.mark.parametrize(("modifier", "allowed"), [("QE", 5005), ("QG", 15015), ("QF", 10010)])
def test_oxygen_is_allowed_by_its_flow(modifier: str, allowed: int) -> None:
    assert FEES.allowed("E1390", ("RR", modifier), 1, dt.date(2026, 5, 1)) == allowed


def test_a_code_that_the_table_does_not_have_is_allowed_a_share_of_its_charge() -> None:
    (line,) = adjudicate(case(("L9999", (), 10000), filing="MC"), PLAIN, FEES, 1, allowed_percent=40).first.lines
    assert line.allowed == 4000


def test_nothing_is_allowed_above_the_charge() -> None:
    (line,) = adjudicate(case(("E1390", ("RR",), 5000), filing="MC"), PLAIN, FEES, 1).first.lines
    assert (line.paid, line.adjustments) == (5000, [])


def test_the_second_payer_pays_what_the_first_left() -> None:
    one = case(("E1390", ("RR",), 26000), filing="CI", responsibility="S")
    one.lines[0].prior_paid, one.lines[0].prior_left = 7848, 2002
    outcome = adjudicate(one, PLAIN, FEES, 1).first
    assert outcome.status == "2"
    assert ("OA", "23", 26000 - 2002) in adjustments(outcome.lines[0])
    assert balances(one, outcome)


def test_the_second_payer_denies_what_comes_without_a_word_of_the_first() -> None:
    outcome = adjudicate(case(("E1390", ("RR",), 26000), filing="CI", responsibility="S"), PLAIN, FEES, 1).first
    assert adjustments(outcome.lines[0]) == [("CO", "22", 26000)]
    assert outcome.lines[0].remarks == ["MA04"]


def test_medicare_forwards_to_the_supplement_which_then_pays_the_rest() -> None:
    supplement = OtherPayer("90201", "LANTERN SUPPLEMENT", "CI", "S", "X1")
    one = case(("E1390", ("RR",), 26000), others=[supplement])
    outcome = adjudicate(one, PLAIN, FEES, 1).first
    assert (outcome.status, outcome.forwarded, outcome.remarks) == ("19", supplement, ["MA18"])
    second = forwarded_case(one, outcome)
    decided = adjudicate(second, PLAIN, FEES, 1).first
    assert (second.payer_id, second.responsibility, decided.status) == ("90201", "S", "2")
    assert decided.paid + decided.patient == outcome.patient


def test_crossover_can_be_switched_off() -> None:
    one = case(("E1390", ("RR",), 26000), others=[OtherPayer("90201", "L", "CI", "S", "X1")])
    outcome = adjudicate(one, PLAIN.model_copy(update={"crossover": False}), FEES, 1).first
    assert (outcome.status, outcome.forwarded) == ("1", None)


def test_what_was_not_forwarded_cannot_be_handed_on() -> None:
    one = case(("E1390", ("RR",), 26000))
    with pytest.raises(ValueError, match="not forwarded"):
        forwarded_case(one, adjudicate(one, PLAIN, FEES, 1).first)


def test_a_denied_line_is_denied_in_full_with_a_reason_of_its_payers_kind() -> None:
    behaviour = PLAIN.model_copy(update={"denied_lines": 1.0})
    known = {(denial.group, denial.reason, denial.remarks): denial for denial in DENIALS}
    for one in generated(300):
        outcome = adjudicate(one, behaviour, FEES, 1).first
        assert outcome.paid == 0
        for line, decided in zip(one.lines, outcome.lines, strict=True):
            ((group, reason, cents),) = adjustments(decided)
            denial = known.get((group, reason, tuple(decided.remarks)))
            assert denial is not None or (reason, decided.remarks) == ("22", ["MA04"])
            assert denial is None or not denial.kinds or one.kind in denial.kinds
            assert cents == line.charge


def test_a_member_nobody_knows_is_status_four() -> None:
    outcome = adjudicate(case(("E1390", ("RR",), 26000)), PLAIN.model_copy(update={"unknown_member": 1.0}), FEES, 1)
    assert outcome.first.status == "4"
    assert adjustments(outcome.first.lines[0]) == [("CO", "31", 26000)]


def test_a_duplicate_is_denied_as_one() -> None:
    plan = adjudicate(case(("E1390", ("RR",), 26000)), PLAIN, FEES, 1, duplicate=True)
    assert adjustments(plan.first.lines[0]) == [("OA", "18", 26000)]


def test_a_correction_pays_more_than_what_was_reversed() -> None:
    plan = adjudicate(case(("E1390", ("RR",), 26000)), PLAIN.model_copy(update={"corrected": 1.0}), FEES, 1)
    assert plan.reversed
    assert plan.second is not None
    assert plan.second.paid > plan.first.paid
    assert plan.second.control_number != plan.first.control_number


def test_a_reversal_repeats_groups_and_reasons_with_the_opposite_sign() -> None:
    one = case(("E1390", ("RR",), 26000))
    first = adjudicate(one, PLAIN, FEES, 1).first
    back = reversal(first)
    assert (back.status, back.paid, back.control_number) == ("22", -first.paid, first.control_number)
    assert adjustments(back.lines[0]) == [(g, r, -c) for g, r, c in adjustments(first.lines[0])]
    assert balances(one, back)


@given(
    seed=st.integers(0, 2**32),
    number=st.text("ABC123", min_size=1, max_size=8),
    charges=st.lists(st.integers(0, 500_000), min_size=1, max_size=6),
    filing=st.sampled_from(["MB", "MC", "CI", "BL"]),
    responsibility=st.sampled_from("PST"),
    left=st.none() | st.integers(0, 600_000),
    wild=st.booleans(),
)
def test_every_decision_balances_on_every_line(
    seed: int, number: str, charges: list[int], filing: str, responsibility: str, left: int | None, wild: bool
) -> None:
    codes = ("E1390", "E0601", "A7030", "K0001", "L0000", "A4253")
    one = case(
        *((codes[index % 6], ("RR",), charge) for index, charge in enumerate(charges)),
        filing=filing,
        responsibility=responsibility,
        number=number,
    )
    for line in one.lines:
        line.prior_left = left
    half = dict.fromkeys(("denied_lines", "deductible", "copay", "corrected", "taken_back", "interest"), 0.5)
    plan = adjudicate(one, Behaviour(**half) if wild else Behaviour(), FEES, seed)
    outcomes = [plan.first, *([plan.second] if plan.second else []), *([reversal(plan.first)] if plan.reversed else [])]
    for outcome in outcomes:
        assert balances(one, outcome)
        assert outcome.status == "22" or all(line.paid >= 0 for line in outcome.lines)
    assert plan.first.paid + sum(a.cents for line in plan.first.lines for a in line.adjustments) == one.charge


def test_decisions_follow_the_seed_and_the_claim_number_and_not_the_order() -> None:
    cases = generated(300)
    forwards = [adjudicate(one, Behaviour(), FEES, 7) for one in cases]
    backwards = [adjudicate(one, Behaviour(), FEES, 7) for one in reversed(cases)]
    assert forwards == backwards[::-1]
    assert forwards != [adjudicate(one, Behaviour(), FEES, 8) for one in cases]


def test_shares_are_kept() -> None:
    cases = generated(1500)
    behaviour = Behaviour()
    refused = [one for one in cases if refuse(one, behaviour, Draws(7, one.number, one.payer_id, 0))]
    assert 0.025 < len(refused) / len(cases) < 0.055
    plans = [adjudicate(one, behaviour, FEES, 7) for one in cases]
    lines = [line for plan in plans if plan.first.status != "4" for line in plan.first.lines]
    denied = [line for line in lines if line.allowed == 0 and line.adjustments]
    assert 0.06 < len(denied) / len(lines) < 0.1
    assert 0.004 < sum(1 for plan in plans if plan.second) / len(plans) < 0.03


def test_a_refusal_of_something_visible_names_it() -> None:
    expected = {
        "member_id_invalid": ("A7", "164", "IL"),
        "modifier_twice": ("A7", "453", ""),
        "missing_rental_modifier": ("A7", "507", ""),
        "ordering_npi_invalid": ("A7", "562", "DK"),
    }
    found: Counter[str] = Counter()
    for name, (category, code, entity) in expected.items():
        for claim in claims(300, fault_share=1.0, faults=(name,)):
            if claim.expected_faults:
                one = case_of(ClaimView(stored(claim)), "B1")
                refusal = refuse(one, PLAIN, Draws(7, one.number))
                assert refusal is not None, name
                status = refusal.lines[0][1][0] if refusal.lines else refusal.statuses[0]
                assert (status.category, status.code, status.entity) == (category, code, entity)
                found[name] += 1
    assert found.keys() == expected.keys()


def test_a_claim_whose_lines_do_not_add_up_is_refused() -> None:
    one = case(("E1390", ("RR",), 26000), charge=25000)
    refusal = refuse(one, PLAIN, Draws(1, "x"))
    assert refusal is not None
    assert refusal.statuses[0].code == "178"


def test_checks_can_be_switched_off() -> None:
    one = case(("E1390", (), 26000))
    assert refuse(one, PLAIN, Draws(1, "x")) is not None
    assert refuse(one, PLAIN.model_copy(update={"check_claims": False}), Draws(1, "x")) is None


def test_every_fee_is_marked_as_invented() -> None:
    from gateway.config.tables import read_table
    from gateway.config.yaml_source import read_yaml
    from gateway.sandbox.fees import DEFAULT_TABLE

    document, faults = read_yaml(DEFAULT_TABLE, "fees.yaml")
    assert document is not None
    table = read_table("fees", document, faults)
    assert faults == []
    assert len(table.rows) > 80
    assert {row.source for row in table.rows} == {"sandbox"}


def test_a_fee_table_with_mistakes_names_each(tmp_path: Path) -> None:
    (tmp_path / "fees.yaml").write_text("key: [code, modifier]\nrows:\n  - {code: E1390, fee: x, valid_from: never}\n")
    with pytest.raises(ValueError, match=r"lacks its key 'modifier'") as caught:
        load_fees(tmp_path / "fees.yaml")
    assert "no date" in str(caught.value)
