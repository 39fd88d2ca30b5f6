"""The lives themselves, and what must hold of every one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise

from .codes import CAPPED
from .days import add_months
from .expect import expected, script
from .life import Answered, Delivered, Died, Expected, PickedUp
from .life import Patient as Life
from .population import population

SEED = int(os.environ.get("GATEWAY_TEST_SEED", "1"))
SOAK = bool(os.environ.get("SOAK"))
MANY = 2000 if SOAK else 200
UPTO = date(2030, 12, 31)


@cache
def lives(seed: int = SEED, count: int = MANY) -> tuple[tuple[Life, tuple[Expected, ...]], ...]:
    return tuple((patient, tuple(expected(patient, UPTO))) for patient in population(seed, count))


def each() -> Iterator[tuple[str, Life, tuple[Expected, ...]]]:
    """Every life with what is expected of it, and its name for a failure."""
    for patient, found in lives():
        yield f"seed {SEED}, patient {patient.number}", patient, found


def left(found: tuple[Expected, ...]) -> list[Expected]:
    return [due for due in found if due.kind in ("claim", "warn")]


def test_the_same_seed_tells_the_same_lives_however_many_are_asked_for() -> None:
    assert list(population(SEED, 5)) == list(population(SEED, 20))[:5]
    assert list(population(SEED, 5)) != list(population(SEED + 1, 5))


def test_events_are_told_in_the_order_of_days() -> None:
    for name, patient, _ in each():
        days = [event.date for event in script(patient)]
        assert days == sorted(days), name


def test_what_is_expected_comes_in_the_order_of_days() -> None:
    for name, _, found in each():
        days = [due.date for due in found]
        assert days == sorted(days), name


def test_what_is_expected_until_a_day_does_not_depend_on_what_comes_after() -> None:
    for patient, found in lives()[:40]:
        for until in (date(2024, 6, 30), date(2026, 2, 28), date(2028, 2, 29)):
            past = [due for due in found if due.date <= until]
            assert expected(patient, until) == past, f"seed {SEED}, patient {patient.number}"


def test_there_is_every_kind_of_life() -> None:
    kinds = Counter(patient.kind for patient, _ in lives())
    assert set(kinds) == {"oxygen", "pap", "bed", "wheelchair", "diabetic", "nebulizer"}
    assert {patient.rentals_by for patient, _ in lives()} == {"gateway", "source"}
    assert {patient.payer for patient, _ in lives()} == {"medicare", "commercial", "medicaid"}


def test_lives_begin_on_leap_days_and_at_the_end_of_months() -> None:
    begun = {event.date for patient, _ in lives() for event in script(patient) if isinstance(event, Delivered)}
    assert date(2024, 2, 29) in begun
    assert any(begin.day == 31 for begin in begun)


def test_every_rule_is_tripped_by_somebody() -> None:
    rules = Counter(due.rule for _, found in lives(7, 400) for due in found)
    wanted = {
        *("R1.01", "R1.02", "R1.03", "R1.05", "R1.50", "POS", "SWO", "WOPD"),
        *("O-C1", "O-C2", "O-C3", "O-C4", "O-C5", "O-M2", "O-M3", "O-M5", "O-M6", "O-R1", "O-R2"),
        *("RUL-1", "RUL-2", "RUL-3", "RS-1", "RS-2", "RS-3", "RS-4", "RS-5"),
    }
    assert wanted <= set(rules), wanted - set(rules)


def test_nothing_is_claimed_twice() -> None:
    for name, _, found in each():
        claims = Counter((due.code, due.dos) for due in left(found))
        assert max(claims.values(), default=1) == 1, name


def test_nothing_is_claimed_before_its_day() -> None:
    for name, _, found in each():
        assert all(due.date >= due.dos for due in left(found)), name


def test_nothing_is_served_after_death() -> None:
    for name, patient, found in each():
        died = min((event.date for event in patient.events if isinstance(event, Died)), default=date.max)
        assert all(due.dos < died for due in left(found)), name


def test_no_more_months_than_the_cap_between_two_new_beginnings() -> None:
    for name, _, found in each():
        for due in left(found):
            if due.detail.startswith("month ") and due.modifiers is not None:
                cap = 13 if due.code in CAPPED else 36
                assert 1 <= int(due.detail.removeprefix("month ")) <= cap, name


def test_the_month_modifier_is_that_of_the_number() -> None:
    for name, _, found in each():
        for due in left(found):
            if due.detail.startswith("month ") and due.code in CAPPED and due.modifiers is not None:
                number = int(due.detail.removeprefix("month "))
                right = {1: "KH", 2: "KI", 3: "KI"}.get(number, "KJ")
                assert [each for each in due.modifiers if each in ("KH", "KI", "KJ")] == [right], name


def test_no_more_months_are_paid_than_the_cap_between_two_new_beginnings() -> None:
    for name, patient, found in each():
        denied = {
            (event.code, event.month)
            for event in patient.events
            if isinstance(event, Answered) and event.outcome == "denied"
        }
        paid: Counter[str] = Counter()
        for due in sorted(left(found), key=lambda each: each.dos):
            if not due.detail.startswith("month ") or due.modifiers is None:
                continue
            if due.detail == "month 1":
                # It begins anew also where the first month itself is not paid.
                paid[due.code] = 0
            if (due.code, due.dos) not in denied:
                paid[due.code] += 1
                assert paid[due.code] <= (13 if due.code in CAPPED else 36), name


def test_maintenance_is_claimed_three_times_at_most_and_six_months_apart() -> None:
    for name, patient, found in each():
        visits = [due.dos for due in left(found) if due.modifiers == ("MS",)]
        fresh = [event.date for event in patient.events if isinstance(event, Delivered)]
        for earlier, later in pairwise(visits):
            assert later >= add_months(earlier, 6), name
        for dos in visits:
            assert any(add_months(begun, 42) <= dos < add_months(begun, 60) for begun in fresh), name
        assert len(visits) <= 3 * len(fresh), name


def test_what_was_picked_up_is_not_rented_on() -> None:
    for name, patient, found in each():
        if any(isinstance(event, Delivered) and event.how != "new" for event in patient.events):
            continue
        for event in patient.events:
            if isinstance(event, PickedUp):
                after = [due for due in left(found) if due.code == event.code and due.dos >= event.date]
                assert not after, name
