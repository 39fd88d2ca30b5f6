"""Silence is noticed: who has not answered, since when, and what hangs on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from gateway.config.values import SpanOfTime
from gateway.core.flow import watch
from gateway.core.model.states import Hop, SubmissionState
from gateway.core.store.tables import batches, submissions, work_items

from .. import rows
from .conftest import Inbound

MONDAY = dt.datetime(2026, 11, 9, 15, tzinfo=dt.UTC)


def sent(inbound: Inbound, at: dt.datetime = MONDAY, numbers: tuple[str, ...] = ("A1", "A2")) -> int:
    """A batch of claims of $100 each that left at a moment."""
    with inbound.world.sql.begin() as connection:
        return rows.add_batch(connection, list(numbers), sent_at=at)


def heard(inbound: Inbound, hop: Hop, state: SubmissionState, *numbers: str) -> None:
    """The claims (all without names) have been spoken about."""
    with inbound.world.sql.begin() as connection:
        statement = update(submissions).values(hop=int(hop), state=state.value)
        if numbers:
            statement = statement.where(submissions.c.claim_number.in_(numbers))
        connection.execute(statement)
        if hop >= Hop.SET:
            connection.execute(update(batches).values(group_ack="A"))


async def look(inbound: Inbound, at: dt.datetime) -> list[Any]:
    """The alarms that are open after the watch has looked at a moment."""
    inbound.world.clock.at = at
    await watch.watch(inbound.run(), {})
    return inbound.world.items(kind="overdue_ack")


HOURS = dt.timedelta(hours=1)


async def test_no_999_is_told_after_four_hours_and_late_after_a_day(inbound: Inbound) -> None:
    batch = sent(inbound)
    assert await look(inbound, MONDAY + 3.9 * HOURS) == []
    (item,) = await look(inbound, MONDAY + 4.1 * HOURS)
    assert (item.key, item.team, item.cents, item.subject_id) == (f"overdue:999:{batch}", "edi", 20_000, batch)
    assert "no TA1 or 999 has come for 2 claim(s) of $200.00" in item.reason
    assert not item.reason.startswith("Late")
    assert item.work_by == dt.date(2026, 11, 10)
    (again,) = await look(inbound, MONDAY + 25 * HOURS)
    assert again.id == item.id
    assert again.reason.startswith("Late: interchange")
    assert again.work_by == dt.date(2026, 11, 10)
    assert len(await look(inbound, MONDAY + 30 * HOURS)) == 1


@pytest.mark.parametrize(
    ("hop", "state", "after", "key", "team"),
    [
        (Hop.SET, SubmissionState.ACKNOWLEDGED, 25 * HOURS, "CLEARINGHOUSE", "edi"),
        (Hop.CLEARINGHOUSE, SubmissionState.ACKNOWLEDGED, 4 * 24 * HOURS, "PAYER", "edi"),
        (Hop.PAYER, SubmissionState.ACCEPTED, 31 * 24 * HOURS, "REMITTANCE", "billing"),
    ],
)
async def test_each_hop_has_its_own_alarm_that_closes_when_it_answers(
    inbound: Inbound, hop: Hop, state: SubmissionState, after: dt.timedelta, key: str, team: str
) -> None:
    batch = sent(inbound)
    heard(inbound, hop, state)
    (item,) = await look(inbound, MONDAY + after)
    assert (item.key, item.team) == (f"overdue:{key}:{batch}", team)
    following = {
        Hop.SET: (Hop.CLEARINGHOUSE, SubmissionState.ACKNOWLEDGED),
        Hop.CLEARINGHOUSE: (Hop.PAYER, SubmissionState.ACCEPTED),
        Hop.PAYER: (Hop.REMITTANCE, SubmissionState.ADJUDICATED),
    }[hop]
    heard(inbound, *following)
    assert await look(inbound, MONDAY + after) == []
    (closed,) = inbound.world.rows(work_items, work_items.c.id == item.id)
    assert closed.outcome == "The answer has come."


async def test_an_alarm_counts_only_the_claims_that_are_silent(inbound: Inbound) -> None:
    sent(inbound, numbers=("A1", "A2", "A3"))
    heard(inbound, Hop.SET, SubmissionState.ACKNOWLEDGED)
    heard(inbound, Hop.CLEARINGHOUSE, SubmissionState.ACKNOWLEDGED, "A1")
    heard(inbound, Hop.CLEARINGHOUSE, SubmissionState.REJECTED, "A2")
    (item,) = await look(inbound, MONDAY + 25 * HOURS)
    assert "1 claim(s) of $100.00" in item.reason


async def test_a_weekend_and_thanksgiving_do_not_count_for_the_payer(inbound: Inbound) -> None:
    """Sent on Wednesday at 3 pm UTC (10 am in New York): 48 business hours end on Monday at the same time."""
    sent(inbound, dt.datetime(2026, 11, 25, 15, tzinfo=dt.UTC))
    heard(inbound, Hop.CLEARINGHOUSE, SubmissionState.ACKNOWLEDGED)
    assert await look(inbound, dt.datetime(2026, 11, 30, 14, 59, tzinfo=dt.UTC)) == []
    (item,) = await look(inbound, dt.datetime(2026, 11, 30, 15, 1, tzinfo=dt.UTC))
    assert not item.reason.startswith("Late")
    # Five business days: Wednesday's rest, Friday, Monday, Tuesday, Wednesday, and Thursday until ten.
    (item,) = await look(inbound, dt.datetime(2026, 12, 3, 14, 59, tzinfo=dt.UTC))
    assert not item.reason.startswith("Late")
    (item,) = await look(inbound, dt.datetime(2026, 12, 3, 15, 1, tzinfo=dt.UTC))
    assert item.reason.startswith("Late")


@pytest.mark.parametrize(
    ("now", "hours", "then"),
    [
        ("2026-11-11T12:00", 24, "2026-11-09T24:00"),  # Veterans Day itself does not count
        ("2026-11-12T12:00", 24, "2026-11-10T12:00"),
        ("2026-11-16T06:00", 8, "2026-11-13T22:00"),  # over a weekend
        ("2026-11-15T12:00", 1, "2026-11-13T23:00"),  # asked on a Sunday
        ("2026-11-16T00:00", 1, "2026-11-13T23:00"),
        ("2026-11-10T12:00", 3, "2026-11-10T09:00"),
    ],
)
def test_business_hours_are_counted_back(now: str, hours: int, then: str) -> None:
    def moment(text: str) -> dt.datetime:
        day, _, time = text.partition("T")
        at = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
        return at + dt.timedelta(hours=int(time[:2]), minutes=int(time[3:]))

    assert watch.business_hours_before(moment(now), hours) == moment(then)


def test_a_business_day_begins_at_midnight_where_the_payer_is() -> None:
    # Friday, 9 pm in New York, is Saturday in UTC.
    now = dt.datetime(2026, 11, 14, 2, tzinfo=dt.UTC)
    assert watch.before(now, SpanOfTime(business_hours=2), "America/New_York") == now - dt.timedelta(hours=2)
    assert watch.before(now, SpanOfTime(business_hours=2), "UTC") == dt.datetime(2026, 11, 13, 22, tzinfo=dt.UTC)
    assert watch.before(now, SpanOfTime(seconds=60), "UTC") == now - dt.timedelta(minutes=1)


async def test_a_partner_that_acknowledges_only_what_it_refuses_says_nothing_by_its_silence(inbound: Inbound) -> None:
    inbound.world.partner["answers"] = "{positive_999: false}"
    silent = Inbound(inbound.world)
    try:
        sent(silent)
        assert await look(silent, MONDAY + 10 * HOURS) == []
        (item,) = await look(silent, MONDAY + 30 * HOURS)  # the clearinghouse is expected all the same
        assert item.key.startswith("overdue:CLEARINGHOUSE")
    finally:
        silent.close()


async def test_a_ta1_is_enough_where_only_a_ta1_is_expected(inbound: Inbound) -> None:
    inbound.world.partner["answers"] = (
        "{positive_999: false, ta1: {warn: 4h, alarm: 24h}, clearinghouse_277ca: {expected: false, alarm: 24h}}"
    )
    made = Inbound(inbound.world)
    try:
        batch = sent(made)
        (item,) = await look(made, MONDAY + 5 * HOURS)
        assert item.key == f"overdue:999:{batch}"
        with inbound.world.sql.begin() as connection:
            connection.execute(update(batches).values(ta1="A"))
            connection.execute(update(submissions).values(hop=int(Hop.INTERCHANGE)))
        assert await look(made, MONDAY + 6 * HOURS) == []
    finally:
        made.close()


async def test_a_refused_interchange_is_no_silence(inbound: Inbound) -> None:
    sent(inbound)
    with inbound.world.sql.begin() as connection:
        connection.execute(update(batches).values(ta1="R"))
        connection.execute(update(submissions).values(hop=int(Hop.INTERCHANGE), state="rejected"))
    assert await look(inbound, MONDAY + 100 * HOURS) == []
