"""Contents: who, from when, how many, and delivered."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model.belongings import Ownership, Proof
from gateway.plugins.months import add_months
from gateway.plugins.testing import make_delivery, make_equipment, make_history, rules

from .conftest import OXYGEN, Asks, claim, day, line, rented

contents = sys.modules[f"{OXYGEN.__name__}.contents"]
QUIET = {"skip": ["O-N1"]}
CAPPED = rented("2023-01-10", 36, "E1390") + rented("2023-01-10", 36, "E0431")
"""Month 36 ended on January 9, 2026; the portable is gas."""
LIQUID = rented("2023-01-10", 36, "E0439")


def said(scrub: Asks, one: list[str], settings: dict[str, Any] | None = None, **known: Any) -> list[str]:
    return rules(scrub(claim(one), settings or QUIET, **known))


# --- O-C1


@pytest.mark.rule("O-C1")
def test_stationary_contents_go_with_a_stationary_system_that_needs_them(scrub: Asks) -> None:
    assert said(scrub, line("E0442", on="2026-01-10"), history=LIQUID) == []
    assert said(scrub, line("E0442", on="2026-01-10"), history=CAPPED) == ["O-C1"]
    assert said(scrub, line("E0441", on="2026-01-10")) == ["O-C1"], "nothing is known of the patient"


@pytest.mark.rule("O-C1")
def test_what_was_there_in_month_36_counts(scrub: Asks) -> None:
    to_liquid = rented("2023-01-10", 30, "E1390") + rented("2023-01-10", 6, "E0439", first=30)
    assert said(scrub, line("E0442", on="2026-01-10"), history=to_liquid) == []
    from_liquid = rented("2023-01-10", 30, "E0439") + rented("2023-01-10", 6, "E1390", first=30)
    assert said(scrub, line("E0442", on="2026-01-10"), history=from_liquid) == ["O-C1"]


@pytest.mark.rule("O-C1")
def test_a_patient_who_owns_the_system_has_contents_from_the_start(scrub: Asks) -> None:
    owned = [make_equipment("E0424", started_on=day("2024-05-01"), ownership=Ownership.OWNED)]
    assert said(scrub, line("E0441", on="2026-01-10"), equipment=owned) == []
    concentrator = [make_equipment("E1390", started_on=day("2020-05-01"), ownership=Ownership.OWNED)]
    assert said(scrub, line("E0441", on="2026-01-10"), equipment=concentrator) == ["O-C1"]


# --- O-C2


@pytest.mark.rule("O-C2")
@pytest.mark.parametrize(
    ("portable", "wanted"), [("E0431", []), ("E0434", []), ("E1392", ["O-C2"]), ("K0738", ["O-C2"])]
)
def test_portable_contents_go_with_a_portable_that_needs_them(scrub: Asks, portable: str, wanted: list[str]) -> None:
    history = rented("2023-01-10", 36) + rented("2025-06-10", 6, portable)
    decision = scrub(claim(line("E0443", on="2026-01-10")), QUIET, history=history)
    assert rules(decision) == wanted
    assert decision.passes, "it warns as it comes"
    settings = {"hold": ["O-C2"], **QUIET}
    assert scrub(claim(line("E0443", on="2026-01-10")), settings, history=history).passes == (not wanted)


@pytest.mark.rule("O-C2")
def test_the_equipment_on_record_goes_before_what_was_billed(scrub: Asks) -> None:
    changed = [
        make_equipment("E0431", started_on=day("2023-01-10"), ended_on=day("2025-06-01")),
        make_equipment("E1392", started_on=day("2025-06-01")),
    ]
    assert said(scrub, line("E0443", on="2026-01-10"), history=CAPPED, equipment=changed) == ["O-C2"]
    assert said(scrub, line("E0443", on="2026-01-10"), history=CAPPED, equipment=changed[:0]) == []


@pytest.mark.rule("O-C2")
def test_the_portables_own_months_may_still_run(scrub: Asks) -> None:
    history = rented("2023-01-10", 36) + rented("2025-06-10", 7, "E0431")
    assert said(scrub, line("E0443", on="2026-01-10"), history=history) == []


@pytest.mark.rule("O-C2")
@pytest.mark.rule("O-C5")
def test_a_patient_with_a_portable_only_has_contents_from_the_start(scrub: Asks) -> None:
    assert said(scrub, line("E0443", on="2026-01-10"), history=rented("2025-12-10", 2, "E0431")) == []
    given_back = [
        make_equipment("E1390", started_on=day("2024-01-10"), ended_on=day("2025-03-01")),
        make_equipment("E0431", started_on=day("2024-01-10")),
    ]
    history = rented("2024-01-10", 14)
    assert said(scrub, line("E0443", on="2026-01-10"), history=history, equipment=given_back) == []


@pytest.mark.rule("O-C2-FLOW")
def test_e0447_is_for_a_high_flow(scrub: Asks) -> None:
    portable = rented("2023-01-10", 36, "E0434")
    high = rented("2023-01-10", 36, "E0439", "QF") + portable
    usual = rented("2023-01-10", 36, "E0439") + portable
    one = line("E0447", on="2026-01-10")
    assert said(scrub, one, history=high) == []
    decision = scrub(claim(one), QUIET, history=usual)
    assert rules(decision) == ["O-C2-FLOW"]
    assert decision.passes
    assert said(scrub, line("E0447", on="2026-01-10", note="STATIONARY 6 LPM"), history=usual) == []
    assert said(scrub, line("E0444", on="2026-01-10"), history=usual) == []


# --- O-C3


@pytest.mark.rule("O-C3")
def test_contents_are_one_unit(scrub: Asks) -> None:
    assert said(scrub, line("E0443", on="2026-01-10", units="3"), history=CAPPED) == ["O-C3"]
    assert said(scrub, line("E0443", on="2026-01-10", units="1"), history=CAPPED) == []


@pytest.mark.rule("O-C3")
def test_a_month_of_contents_is_billed_once(scrub: Asks) -> None:
    before = make_history("E0443", from_date=day("2026-01-10"))
    one = line("E0443", on="2026-02-05")
    assert said(scrub, one, {"skip": ["O-N1", "O-C3-DAY"]}, history=[*CAPPED, before]) == ["O-C3"]
    assert said(scrub, line("E0443", on="2026-02-10"), history=[*CAPPED, before]) == []
    # Not a day early: one unit is one month.
    early = line("E0443", on="2026-02-09")
    assert said(scrub, early, {"skip": ["O-N1", "O-C3-DAY"]}, history=[*CAPPED, before]) == ["O-C3"]
    denied = before._replace(state="denied")
    assert said(scrub, line("E0443", on="2026-01-10"), history=[*CAPPED, denied]) == []
    # A claim for a wrong day that is held keeps the right one not back.
    held = before._replace(state="held", from_date=day("2026-01-18"), thru_date=day("2026-01-18"))
    assert said(scrub, line("E0443", on="2026-02-10"), history=[*CAPPED, held]) == []
    assert said(scrub, line("E0443", on="2026-02-10"), history=[*CAPPED, held._replace(state="sent")]) == ["O-C3"]


@pytest.mark.rule("O-C3")
def test_the_same_month_twice_on_one_claim(scrub: Asks) -> None:
    lines = [line("E0443", on="2026-01-10"), line("E0443", on="2026-01-10")]
    assert rules(scrub(claim(*lines), QUIET, history=CAPPED)) == ["O-C3"]
    months = [line("E0443", on="2026-01-10"), line("E0443", on="2026-02-10")]
    assert rules(scrub(claim(*months), QUIET, history=CAPPED)) == []


@pytest.mark.rule("O-C3")
def test_more_than_three_months_are_not_delivered_at_once(scrub: Asks) -> None:
    def known(quantity: str) -> dict[str, Any]:
        return {
            "history": CAPPED,
            "deliveries": [make_delivery("E0443", delivered_on=day("2026-01-05"), quantity=quantity)],
        }

    assert said(scrub, line("E0443", on="2026-01-10"), **known("4")) == ["O-C3"]
    assert said(scrub, line("E0443", on="2026-01-10"), **known("3")) == []


@pytest.mark.rule("O-C3-DAY")
def test_contents_are_billed_on_the_day_after_month_36(scrub: Asks) -> None:
    decision = scrub(claim(line("E0443", on="2026-02-14")), QUIET, history=CAPPED)
    assert rules(decision) == ["O-C3-DAY"]
    assert decision.passes
    assert said(scrub, line("E0443", on="2026-02-10"), history=CAPPED) == []


# --- O-C5


@pytest.mark.rule("O-C5")
@pytest.mark.parametrize("code", ["E0442", "E0443"])
def test_contents_wait_for_month_37(scrub: Asks, code: str) -> None:
    history = rented("2023-01-10", 36, "E0439") + rented("2023-01-10", 36, "E0431")
    assert said(scrub, line(code, on="2026-01-09"), history=history) == ["O-C5"]
    assert said(scrub, line(code, on="2026-01-10"), history=history) == []


@pytest.mark.rule("O-C5")
def test_a_denied_month_puts_the_first_contents_off(scrub: Asks) -> None:
    history = [*CAPPED]
    history[10] = history[10]._replace(state="denied")
    known: dict[str, Any] = {"history": history, "deliveries": [make_delivery("E1390", delivered_on=day("2023-01-10"))]}
    assert said(scrub, line("E0443", on="2026-01-10"), **known) == ["O-C5"]
    assert (
        said(scrub, line("E0443", on="2026-02-10"), **{**known, "history": [*history, *rented("2026-01-10", 1)]}) == []
    )


@pytest.mark.rule("O-C5")
def test_contents_beside_the_rental_of_the_same_month_wait(scrub: Asks) -> None:
    both = claim(
        line("E1390", "RR", on="2026-01-10"), line("E0443", on="2026-01-10"), line("E0431", "RR", on="2026-01-10")
    )
    assert rules(scrub(both, {"skip": ["O-N1", "O-C2"]}, history=rented("2025-08-10", 5))) == ["O-C5"]


@pytest.mark.rule("O-C5-OPEN")
def test_where_the_record_begins_late_the_months_cannot_be_counted(scrub: Asks) -> None:
    history = rented("2025-11-10", 2) + rented("2025-11-10", 2, "E0431")
    decision = scrub(claim(line("E0443", on="2026-01-10")), QUIET, history=history)
    assert rules(decision) == ["O-C5-OPEN"]
    assert decision.passes
    delivered = [make_delivery("E1390", delivered_on=day("2023-01-10"))]
    assert said(scrub, line("E0443", on="2026-01-10"), history=history, deliveries=delivered) == []
    lately = [make_delivery("E1390", delivered_on=day("2025-11-10"))]
    assert said(scrub, line("E0443", on="2026-01-10"), history=history, deliveries=lately) == ["O-C5"]


# --- O-C4


def waits(hold: Asks, on: str, *deliveries: Any, **more: Any) -> list[str]:
    return rules(hold(claim(line("E0443", on=on)), deliveries=list(deliveries), **more))


@pytest.mark.rule("O-C4")
def test_contents_wait_until_a_proven_delivery_covers_them(hold: Asks) -> None:
    assert waits(hold, "2026-01-10") == ["O-C4"]
    assert waits(hold, "2026-01-10", make_delivery("E0443", delivered_on=day("2026-01-10"))) == []
    assert waits(hold, "2026-01-10", make_delivery("E0444", delivered_on=day("2026-01-10"))) == ["O-C4"]


@pytest.mark.rule("O-C4")
@pytest.mark.parametrize(
    ("delivered", "months", "on", "covered"),
    [
        ("2026-01-10", "1", "2026-01-09", False),
        ("2026-01-10", "1", "2026-02-09", True),
        ("2026-01-10", "1", "2026-02-10", False),
        ("2026-01-10", "3", "2026-04-09", True),
        ("2026-01-10", "3", "2026-04-10", False),
        ("2026-01-10", "8", "2026-04-10", False),
        ("2026-01-31", "1", "2026-02-27", True),
        ("2026-01-31", "1", "2026-02-28", False),
    ],
)
def test_a_delivery_covers_its_months(hold: Asks, delivered: str, months: str, on: str, covered: bool) -> None:
    one = make_delivery("E0443", delivered_on=day(delivered), quantity=months)
    assert waits(hold, on, one) == ([] if covered else ["O-C4"])


@pytest.mark.rule("O-C4")
@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)), st.integers(1, 6), st.integers(-5, 200))
def test_three_months_are_covered_at_most(delivered: dt.date, months: int, later: int) -> None:
    one = make_delivery("E0443", delivered_on=delivered, quantity=str(months))
    on = delivered + dt.timedelta(days=later)
    assert bool(contents.covering([one], "E0443", on)) == (delivered <= on < add_months(delivered, min(months, 3)))


@pytest.mark.rule("O-C4")
@pytest.mark.parametrize(
    ("proof", "wanted"), [(Proof.NONE, ["O-C4"]), (Proof.SIGNED, []), (Proof.CARRIER, []), (Proof.PICKUP, [])]
)
def test_a_delivery_without_proof_covers_nothing(hold: Asks, proof: Proof, wanted: list[str]) -> None:
    one = make_delivery("E0443", delivered_on=day("2026-01-05"), proof=proof)
    assert waits(hold, "2026-01-10", one) == wanted


@pytest.mark.rule("O-C4")
def test_the_hold_says_what_is_missing(hold: Asks) -> None:
    def reason(*deliveries: Any) -> str:
        decision = hold(claim(line("E0443", on="2026-03-10")), deliveries=list(deliveries))
        assert decision.holds[0].hold.team == "respiratory"
        return str(decision.holds[0].hold.reason)

    assert "no delivery that covers 03/10/2026 is known" in reason()
    unproven = make_delivery("E0443", delivered_on=day("2026-03-01"), proof=Proof.NONE)
    assert "the delivery of 03/01/2026 has no proof yet" in reason(unproven)
    assert "lasts until 02/09/2026" in reason(make_delivery("E0443", delivered_on=day("2026-01-10")))


def test_the_hold_of_contents_can_be_switched_off(hold: Asks) -> None:
    one = claim(line("E0443", on="2026-01-10"))
    assert rules(hold(one, {"hold_contents": "no"})) == []
    assert rules(hold(one, {"skip": ["O-C4"]})) == []
    assert rules(hold(claim(line("E1390", "RR", on="2026-01-10")))) == []


@pytest.mark.rule("O-C4-PICKUP")
def test_the_patient_does_not_collect_the_cylinders(scrub: Asks) -> None:
    def known(*proofs: Proof) -> dict[str, Any]:
        return {
            "history": CAPPED,
            "deliveries": [make_delivery("E0443", delivered_on=day("2026-01-05"), proof=proof) for proof in proofs],
        }

    assert said(scrub, line("E0443", on="2026-01-10"), **known(Proof.PICKUP)) == ["O-C4-PICKUP"]
    assert said(scrub, line("E0443", on="2026-01-10"), **known(Proof.PICKUP, Proof.SIGNED)) == []
