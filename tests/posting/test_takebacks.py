"""Take-backs across remittances: each reference of a payer comes to zero, or somebody looks at it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ledger import takebacks

from ..soak import examples
from .conftest import Desk, Line
from .made import Cas, Clp, Era, Plb, Svc, cents, dollars

NUMBERS = itertools.count(1)
PAID = Svc("E1390", "150", "80", (Cas("CO", "45", "50"), Cas("PR", "2", "20")), ref="L1")
REVERSED = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")


def post(desk: Desk, *levels: Plb, paid: bool = True) -> None:
    """A remittance with these adjustments, and a payment that keeps it above zero."""
    number = f"T{next(NUMBERS)}"
    desk.claim(number, Line("E1390", "5000", "B1"))
    claims = [Clp(number, [Svc("E1390", "5000", "5000", ref="B1")])] if paid else []
    desk.post(Era(claims, list(levels), trace=number))


def standing(desk: Desk, *, everything: bool = False) -> list[tuple[str, str, int]]:
    with desk.sql.connect() as connection:
        return [(one.use, one.reference, one.cents) for one in takebacks.standing(connection, everything=everything)]


def test_what_a_payer_takes_and_never_announced_is_a_work_item(desk: Desk) -> None:
    post(desk, Plb("WO", "80", "ICN1"))
    (item,) = desk.items()
    assert (item.kind, item.cents, item.rule, item.team) == ("takeback", 8000, "PLB-WO", "posting")
    assert "under the reference ICN1 that it did not announce" in item.reason
    assert standing(desk) == [("recovery", "ICN1", 8000)]


def test_the_item_names_the_claim_that_the_reference_names(desk: Desk) -> None:
    claim = desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    post(desk, Plb("WO", "80", "ICN1"))
    assert "It names claim SW1." in desk.items()[0].reason
    assert desk.items()[0].claim_id == claim


def test_a_takeback_spread_over_three_remittances_comes_to_zero(desk: Desk) -> None:
    desk.claim("SW1", Line("E1390", "150", "L1"))
    desk.post(Era([Clp("SW1", [PAID], payer_number="ICN1")], trace="A"))
    reversal = Clp("SW1", [REVERSED], status="22", payer_number="ICN1")
    desk.post(Era([reversal], [Plb("WO", "-80", "ICN1")], trace="B", handling="H"))
    left = []
    for amount in ("30", "30", "20"):
        post(desk, Plb("WO", amount, "ICN1"))
        left.append(standing(desk))
    assert left == [[("recovery", "ICN1", -5000)], [("recovery", "ICN1", -2000)], []]
    assert standing(desk, everything=True) == [("recovery", "ICN1", 0)]
    assert desk.items() == []
    assert desk.accounts("payer:") == {}


def test_one_dollar_too_many_is_looked_at(desk: Desk) -> None:
    post(desk, Plb("WO", "-80", "ICN1"))
    post(desk, Plb("WO", "50", "ICN1"))
    assert desk.items() == []
    post(desk, Plb("WO", "31", "ICN1"))
    (item,) = desk.items()
    assert item.cents == 100


def test_a_refund_that_the_payer_says_it_received_pairs_with_its_recovery(desk: Desk) -> None:
    post(desk, Plb("WO", "80", "REFUND7"), Plb("72", "-80", "REFUND7"))
    assert standing(desk, everything=True) == [("recovery", "REFUND7", 0)]
    assert desk.items() == []
    assert desk.accounts("payer:") == {}


def test_the_announcement_that_comes_after_the_taking_closes_the_item(desk: Desk) -> None:
    post(desk, Plb("FB", "30", "EFT9"))
    assert [item.kind for item in desk.items()] == ["takeback"]
    post(desk, Plb("FB", "-30", "EFT9"))
    assert desk.items() == []
    assert standing(desk) == []


def test_another_reference_of_the_same_amount_is_only_told(desk: Desk) -> None:
    post(desk, Plb("FB", "-30", "EFT9"))
    post(desk, Plb("FB", "30", "EFT10"))
    (item,) = desk.items()
    assert "Under the reference EFT9 the payer announced as much" in item.reason
    assert sorted(standing(desk)) == [("forward", "EFT10", 3000), ("forward", "EFT9", -3000)]


def test_more_taken_under_one_reference_is_one_item_with_all_of_it(desk: Desk) -> None:
    post(desk, Plb("WO", "10", "X"))
    post(desk, Plb("WO", "15", "X"))
    (item,) = desk.items()
    assert item.cents == 2500


@pytest.mark.parametrize("code", ["L6", "50", "90", "LE", "CS"])
def test_what_need_not_come_to_zero_is_no_takeback(desk: Desk, code: str) -> None:
    post(desk, Plb(code, "12", "X"))
    assert standing(desk, everything=True) == []


@examples(10, 200)
@given(
    plbs=st.lists(
        st.lists(
            st.tuples(st.sampled_from(("WO", "72", "FB")), st.sampled_from("AB"), st.integers(-300, 300)),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_in_any_order_the_sums_are_those_of_the_pairs_and_what_is_over_is_an_item(
    desk: Desk, plbs: list[list[tuple[str, str, int]]]
) -> None:
    own = f"R{next(NUMBERS)}"
    sums: dict[tuple[str, str], int] = {}
    for some in plbs:
        levels = [Plb(code, dollars(amount), f"{own}{letter}") for code, letter, amount in some if amount]
        post(desk, *levels)
        for one in levels:
            key = ("forward" if one.code == "FB" else "recovery", one.reference)
            sums[key] = sums.get(key, 0) + cents(one.amount)
        assert desk.prove().ok
        found = {(use, ref): total for use, ref, total in standing(desk) if ref.startswith(own)}
        assert found == {key: total for key, total in sums.items() if total}
        items = [(one.rule, one.cents) for one in desk.items("takeback") if own in one.reason]
        assert sorted(amount for _, amount in items) == sorted(total for total in sums.values() if total > 0)
