"""Matching as a property: nothing is matched twice, nothing with two candidates, and order decides nothing."""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ledger.matching import Expected, Found, Line, find, same_number

DAY = dt.date(2026, 9, 15)
DAYS = st.integers(0, 9).map(lambda days: DAY + dt.timedelta(days=days))
NUMBERS = st.sampled_from(["", "A1", "00A1", "A2", "77"])
CENTS = st.sampled_from([100, 200])
WAYS = st.sampled_from(["eft", "wire", "check", "lockbox", "other"])
PAYERS = st.sampled_from(["", "NORTHBRIDGE HEALTH PLAN", "CEDAR VALLEY BENEFIT"])
ORIGINATORS = st.sampled_from(["", "1960000022", "1960000033"])
LINES = st.lists(st.tuples(WAYS, CENTS, NUMBERS, ORIGINATORS, PAYERS, DAYS, st.booleans()), max_size=7)
DEPOSITS = st.lists(
    st.tuples(st.sampled_from(["eft", "check", "slip"]), CENTS, NUMBERS, ORIGINATORS, PAYERS, DAYS), max_size=7
)


def made(lines: list[tuple[object, ...]], deposits: list[tuple[object, ...]]) -> tuple[list[Line], list[Expected]]:
    ours = [
        Line(at, way, cents, number, who, payer, "", day, hand)  # type: ignore[arg-type]
        for at, (way, cents, number, who, payer, day, hand) in enumerate(lines, 1)
    ]
    theirs = [Expected(at, *one) for at, one in enumerate(deposits, 101)]  # type: ignore[arg-type]
    return ours, theirs


def told(found: Found) -> tuple[set[tuple[int, int, str]], set[tuple[tuple[int, ...], tuple[int, ...], str]]]:
    return (
        {(one.line_id, one.deposit_id, one.rule) for one in found.matches},
        {(one.line_ids, one.deposit_ids, one.rule) for one in found.waiting},
    )


@given(LINES, DEPOSITS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_came_decides_nothing(
    lines: list[tuple[object, ...]], deposits: list[tuple[object, ...]], rng: random.Random
) -> None:
    ours, theirs = made(lines, deposits)
    before = told(find(ours, theirs, 3))
    rng.shuffle(ours)
    rng.shuffle(theirs)
    assert told(find(ours, theirs, 3)) == before


@given(LINES, DEPOSITS)
def test_a_match_is_of_one_amount_and_alone(
    lines: list[tuple[object, ...]], deposits: list[tuple[object, ...]]
) -> None:
    ours, theirs = made(lines, deposits)
    found = find(ours, theirs, 3)
    by_line, by_deposit = {one.id: one for one in ours}, {one.id: one for one in theirs}
    assert len({one.line_id for one in found.matches}) == len(found.matches)
    assert len({one.deposit_id for one in found.matches}) == len(found.matches)
    waiting = {one for group in found.waiting for one in (*group.line_ids, *group.deposit_ids)}
    for one in found.matches:
        line, deposit = by_line[one.line_id], by_deposit[one.deposit_id]
        assert line.cents == deposit.cents
        assert not waiting & {line.id, deposit.id}
        others = [other for other in ours if other.id != line.id and other.cents == line.cents]
        rivals = [other for other in others if same_number(other, deposit)]
        assert not [one for one in rivals if not elsewhere(one, deposit, theirs)], "another line bears its number"


def elsewhere(line: Line, deposit: Expected, deposits: list[Expected]) -> bool:
    """Whether a line's originator (TRN03) says that it is another deposit of its number and amount."""
    named = [one for one in deposits if one.cents == line.cents and same_number(line, one)]
    return line.originator != deposit.originator and line.originator in {one.originator for one in named} - {""}


def test_a_wire_is_a_transfer_and_a_slip_is_no_check_in_hand() -> None:
    line = Line(1, "wire", 100, "00A1", "", "", "", DAY)
    assert same_number(line, Expected(2, "eft", 100, "A1", "", "", DAY))
    slip = Expected(2, "slip", 100, "A1", "", "", DAY)
    check = line._replace(method="check")
    assert same_number(check, slip)
    assert not same_number(check._replace(in_hand=True), slip)
