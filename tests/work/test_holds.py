"""Holds that people put, several at once, and what is told about them: dollars and hold days by type, team and age."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, update

from gateway.core.flow.manual_holds import add_hold
from gateway.core.flow.release import expire_holds, release_hold
from gateway.core.model.decision import HoldType
from gateway.core.model.states import ClaimState
from gateway.core.store import batches as batch_store
from gateway.core.store import claims as claim_store
from gateway.core.store.tables import adjustments, claim_lines, claim_payments, claims, holds, remittances, work_items
from gateway.core.work import holds as held
from gateway.core.work import verbs
from gateway.core.work.holds import AGES, OLDEST, Which, age_of, daily_billing, open_holds, report
from gateway.core.work.verbs import NotDone

from .desk import DEADLINES, NOW, TODAY, days, put_claim, put_hold, told

ZONE = "America/Chicago"


def hold(connection: Connection, claim_id: int = 1, **more: object) -> int:
    """A hold that dana puts."""
    given = {"who": "dana", "reason": "Waits for the new order.", **more}
    who, reason = str(given.pop("who")), str(given.pop("reason"))
    return add_hold(connection, claim_id, who, reason, NOW, TODAY, DEADLINES, **given).hold_id  # type: ignore[arg-type]


def state(connection: Connection, claim_id: int = 1) -> str:
    return str(connection.execute(select(claims.c.state).where(claims.c.id == claim_id)).scalar_one())


def item_of(connection: Connection, hold_id: int) -> object:
    return connection.execute(select(work_items).where(work_items.c.key == f"hold:{hold_id}")).one()


# --- putting ---------------------------------------------------------------------------------------


def test_a_person_holds_a_claim_that_was_ready(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql, state="ready")
        hold_id = hold(sql)
        assert state(sql) == "held"
        row = sql.execute(select(holds)).one()
        assert (row.type, row.rule, row.team, row.opened_by, row.due) == (
            "MAN", "manual", "billing", "dana", dt.date(2026, 11, 25),
        )  # fmt: skip
        item = item_of(sql, hold_id)
        assert (item.cents, item.work_by, item.refile_by) == (10_000, row.due, dt.date(2027, 11, 2))  # type: ignore[attr-defined]
        assert told(sql, 1) == [("dana", "MAN hold put: Waits for the new order.")]


def test_a_hold_for_a_prescription_is_the_documentation_teams(sql: Connection) -> None:
    put_claim(sql)
    hold(sql, type_=HoldType.PRESCRIPTION)
    row = sql.execute(select(holds)).one()
    assert (row.type, row.team, row.due) == ("RX", "documentation", dt.date(2026, 12, 1))


def test_a_hold_is_due_before_it_falls_away(sql: Connection) -> None:
    put_claim(sql)
    hold(sql, type_=HoldType.PRESCRIPTION, expires=days(1))
    assert sql.execute(select(holds.c.due)).scalar_one() == days(1)


def test_team_and_dates_are_those_that_are_said(sql: Connection) -> None:
    put_claim(sql)
    hold(sql, team="respiratory", due=days(1), expires=days(3))
    row = sql.execute(select(holds)).one()
    assert (row.team, row.due, row.expires) == ("respiratory", days(1), days(3))
    assert told(sql, 1)[0][1].endswith("It ends on 11/26/2026.")


def test_the_same_hold_twice_is_one_and_another_reason_is_another(sql: Connection) -> None:
    put_claim(sql)
    first = hold(sql)
    again = add_hold(sql, 1, "dana", "Waits for the new order.", NOW, TODAY, DEADLINES)
    assert again == (first, False)
    assert hold(sql, reason="Waits for the chart.") != first
    release_hold(sql, first, "dana", "It came.", NOW)
    assert hold(sql) != first, "one that was released is put anew"


def test_a_claim_with_two_holds_leaves_when_both_are_released(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql)
        put_hold(sql, 500, 1)
        mine = hold(sql)
        release_hold(sql, 500, "maria", "The modifier is set.", NOW)
        assert state(sql) == "held"
        release_hold(sql, mine, "dana", "The order came.", NOW)
        assert state(sql) == "ready"
        assert sql.execute(select(work_items.c.state).distinct()).scalars().all() == ["closed"]


def test_a_hold_falls_away_on_its_day(sql: Connection) -> None:
    put_claim(sql, state="ready")
    hold(sql, expires=days(3))
    assert expire_holds(sql, days(2), NOW) == 0
    assert expire_holds(sql, days(3), NOW) == 1
    assert state(sql) == "ready"


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("batched", "about to leave"),
        ("sent", "it is sent already"),
        ("paid", "it is paid already"),
        ("rejected", "was rejected"),
        ("cancelled", "withdrawn"),
        ("faulty", "cannot be worked on"),
    ],
)
def test_what_has_left_is_not_held(sql: Connection, where: str, wanted: str) -> None:
    put_claim(sql, state=where)
    with pytest.raises(NotDone, match=wanted):
        hold(sql)
    assert state(sql) == where
    assert not claim_store.open_holds(sql, 1)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"reason": " "}, "who puts it and why"),
        ({"who": ""}, "who puts it and why"),
        ({"expires": TODAY}, "end after today"),
        ({"due": days(-1)}, "due before today"),
        ({"team": "biling"}, "No team 'biling'"),
        ({"claim_id": 77}, "no claim 77"),
    ],
)
def test_a_hold_that_cannot_be_is_told(sql: Connection, more: dict[str, object], wanted: str) -> None:
    put_claim(sql)
    with pytest.raises(NotDone, match=wanted):
        hold(sql, **more)


# --- listing ---------------------------------------------------------------------------------------


def test_holds_are_listed_by_type_team_rule_payer_and_claim(sql: Connection) -> None:
    put_claim(sql, 1)
    put_claim(sql, 2, payer_id="60054")
    put_hold(sql, 1, 1, "SYS", rule="R1.40", due=days(2))
    put_hold(sql, 2, 2, "RX", team="documentation", due=days(1))

    def ids(which: Which) -> list[int]:
        return [row.id for row in open_holds(sql, which, TODAY, ZONE)]

    assert ids(Which()) == [2, 1], "what is due first comes first"
    assert ids(Which(type="RX")) == [2]
    assert ids(Which(team="documentation")) == [2]
    assert ids(Which(rule="R1.40")) == [1]
    assert ids(Which(payer="60054")) == [2]
    assert ids(Which(claim_id=1)) == [1]
    release_hold(sql, 2, "dana", "It came.", NOW)
    assert ids(Which()) == [1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(st.none() | st.integers(-3, 3), st.integers(0, 2)), max_size=25),
    size=st.integers(1, 7),
)
def test_pages_of_holds_make_the_whole_in_its_order(
    sql: Connection, rows: list[tuple[int | None, int]], size: int
) -> None:
    for table in (holds, work_items, claim_lines, claims):
        sql.execute(delete(table))
    for number, (left, cents) in enumerate(rows, start=1):
        put_claim(sql, number, charge_cents=cents)
        put_hold(sql, number, number, due=None if left is None else days(left))
    order = sorted((left is None, left or 0, -cents, number) for number, (left, cents) in enumerate(rows, start=1))
    walked: list[int] = []
    behind = None
    while some := open_holds(sql, Which(), TODAY, ZONE, limit=size, behind=behind):
        assert all(row.item_id for row in some)
        walked += [row.id for row in some]
        behind = held.place(some[-1])
    assert walked == [one[-1] for one in order]


def test_a_hold_is_listed_with_the_last_day_to_file_and_who_has_it(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql)
        hold_id = hold(sql)
        item = sql.execute(select(work_items.c.id).where(work_items.c.key == f"hold:{hold_id}")).scalar_one()
        verbs.claim(sql, [item], "maria", NOW)
        (row,) = open_holds(sql, Which(), TODAY, ZONE)
        assert (row.refile_by, row.assignee, row.opened_by) == (dt.date(2027, 11, 2), "maria", "dana")


def test_a_claim_that_a_batch_takes_meanwhile_is_not_held(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql, state="ready")
    heard: list[str] = []

    def put_hold_on_it() -> None:
        with engine.begin() as sql:
            try:
                hold(sql)
            except NotDone as error:
                heard.append(str(error))

    person = threading.Thread(target=put_hold_on_it)
    with engine.begin() as sql:
        (taken,) = batch_store.ready_claims(sql, "practice", 10)
        person.start()
        claim_store.set_state(sql, [taken.id], ClaimState.BATCHED, NOW)
    person.join(60)
    assert ["about to leave" in one for one in heard] == [True]
    with engine.begin() as sql:
        assert (state(sql), claim_store.open_holds(sql, 1)) == ("batched", [])


def test_a_claim_that_a_person_holds_meanwhile_is_in_no_batch(engine: Engine) -> None:
    with engine.begin() as sql:
        put_claim(sql, state="ready")
    heard: list[int] = []

    def take() -> None:
        with engine.begin() as sql:
            heard.append(len(batch_store.ready_claims(sql, "practice", 10)))

    batch = threading.Thread(target=take)
    with engine.begin() as sql:
        hold(sql)
        batch.start()
    batch.join(60)
    assert heard == [0]


@pytest.mark.parametrize("zone", ["America/Chicago", "Pacific/Honolulu", "UTC"])
def test_each_hold_is_in_the_age_that_it_is_listed_under(sql: Connection, zone: str) -> None:
    put_claim(sql)
    for at in range(120):
        put_hold(sql, at + 1, 1, opened_at=NOW - dt.timedelta(days=at, hours=at % 24))
    found = {}
    for age in [*(words for _, words in AGES), OLDEST]:
        for row in open_holds(sql, Which(age=age), TODAY, zone):
            assert row.id not in found
            found[row.id] = age
    assert found == {
        row.id: age_of(held.business_date(row.opened_at, zone), TODAY) for row in sql.execute(select(holds))
    }


# --- the report ------------------------------------------------------------------------------------


def billed(connection: Connection, claim_id: int, cents: int, *, contractual: int | None = None, ago: int = 10) -> None:
    """A claim that has left, decided with a contractual adjustment or not yet."""
    at = NOW - dt.timedelta(days=ago)
    put_claim(connection, claim_id, state="paid" if contractual is not None else "sent", charge_cents=cents)
    connection.execute(update(claims).where(claims.c.id == claim_id).values(created_at=at))
    if contractual is None:
        return
    if connection.execute(select(remittances.c.id)).first() is None:
        connection.execute(
            insert(remittances).values(id=1, file_id=1, ordinal=1, state="posted", paid_cents=0, received_at=NOW)
        )
    connection.execute(
        insert(claim_payments).values(
            id=claim_id, remittance_id=1, ordinal=claim_id, claim_id=claim_id, charge_cents=cents, paid_cents=0,
            patient_cents=0, state="posted", content=b"", at=NOW,
        )
    )  # fmt: skip
    connection.execute(
        insert(adjustments).values(
            id=claim_id, claim_payment_id=claim_id, group_code="CO", reason_code="45", cents=contractual,
            kind="contractual",
        )
    )  # fmt: skip


def test_hold_days_are_dollars_held_by_average_daily_allowable_billing(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 90_000, contractual=30_000)
        billed(sql, 2, 30_000)
        put_claim(sql, 3, charge_cents=5_000)
        put_hold(sql, 1, 3, "RX", team="documentation")
        put_hold(sql, 2, 3, "SYS")
        put_claim(sql, 4, charge_cents=1_000)
        put_hold(sql, 3, 4, "SYS", opened_at=NOW - dt.timedelta(days=10))
        found = report(sql, Which(), TODAY, ZONE)
    # $600 allowable and $300 charged in 90 days: $10 a day.
    assert found.billing.daily_cents == 1_000
    assert found.billing.known == 0.75
    assert [tuple(one) for one in found.rows] == [
        ("RX", "documentation", "0-7", 1, 1, 5_000, 5.0),
        ("SYS", "billing", "0-7", 1, 1, 5_000, 5.0),
        ("SYS", "billing", "8-14", 1, 1, 1_000, 1.0),
    ]
    assert [(one.type, one.cents, one.days) for one in found.types] == [("RX", 5_000, 5.0), ("SYS", 6_000, 6.0)]
    assert (found.total.holds, found.total.claims, found.total.cents, found.total.days) == (3, 2, 6_000, 6.0)
    assert "75% of what was billed; elsewhere, and for what is held, the charge is used" in found.in_words()


def test_what_was_billed_before_or_never_left_is_not_in_the_average(sql: Connection) -> None:
    billed(sql, 1, 90_000, ago=91)
    billed(sql, 2, 9_000, ago=0)
    put_claim(sql, 3, charge_cents=77_700, created_at=NOW - dt.timedelta(days=5))
    assert daily_billing(sql, TODAY, ZONE).daily_cents == 0
    billed(sql, 4, 90_000, ago=90)
    assert daily_billing(sql, TODAY, ZONE).daily_cents == 1_000


def test_where_nothing_was_billed_hold_days_are_not_told(sql: Connection) -> None:
    put_claim(sql)
    put_hold(sql, 1, 1)
    found = report(sql, Which(), TODAY, ZONE)
    assert found.total.days is None
    assert "hold days cannot be told" in found.in_words()
