"""DSO, ageing and the rates of the ledger, held against sums on paper."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, update

from gateway.core.reports.catalogue import REPORTS, NotAsked, every, scope_of, work_out
from gateway.core.reports.measure import Judged
from gateway.core.reports.money import AGEING, AGEING_SERVICE, DSO
from gateway.core.store.tables import claims, metadata

from ..work.desk import TODAY
from .books import ZONE, billed, day, drilled, move, one, scope, worked_out

CONTRACT, INSURANCE = "adjustment:contractual", "receivable:insurance"


def test_nothing_billed_gives_no_figure_and_no_division_by_nothing(engine: Engine) -> None:
    with engine.begin() as sql:
        for name in ("dso", "payment-rate", "write-off-rate", "over-90"):
            assert one(sql, name).value is None, name


def test_dso_is_what_is_owed_over_a_days_allowable_billing(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 100_000, 80)
        billed(sql, 2, 60_000, 10)
        move(sql, 1, CONTRACT, INSURANCE, 20_000, 30, kind="contractual")
        move(sql, 1, "clearing:1", INSURANCE, 70_000, 30)
        figure = one(sql, "dso")
        # A/R 10,000 + 60,000; allowable 160,000 - 20,000; of 100 days.
        assert (figure.numerator, figure.denominator, figure.value) == (70_000, 140_000, Decimal("50.00"))
        found = worked_out(sql, "dso")
        assert found.judged(found.figures[0]) is Judged.GREAT
        assert drilled(sql, "dso") == {2: "600.00", 1: "100.00"}


def test_dso_stands_as_it_stood_on_the_last_day(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 100_000, 80)
        move(sql, 1, "clearing:1", INSURANCE, 100_000, 30)
        assert one(sql, "dso", first=day(99), last=day(31)).numerator == 100_000
        assert one(sql, "dso").numerator == 0


@pytest.mark.parametrize(
    ("value", "judged"), [("55.99", "great"), ("56", "attention"), ("76", "attention"), ("76.01", "act")]
)
def test_the_thresholds_of_dso_are_those_of_the_page(value: str, judged: str) -> None:
    threshold = DSO.definition.threshold
    assert threshold is not None
    assert threshold.judge(Decimal(value)) == judged


def test_ageing_counts_from_the_invoice_or_from_the_service(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 1_000, 30, served=31)
        billed(sql, 2, 2_000, 31, served=91)
        billed(sql, 3, 4_000, 91, served=400)
        billed(sql, 4, 8_000, 121, served=121)
        by_invoice = {figure.group: figure.numerator for figure in worked_out(sql, "ageing").figures}
        assert by_invoice == {
            "0-30": 1_000, "31-60": 2_000, "61-90": 0, "91-120": 4_000, "over 120": 8_000, "all": 15_000
        }  # fmt: skip
        by_service = {figure.group: figure.numerator for figure in worked_out(sql, "ageing-service").figures}
        assert by_service == {
            "0-30": 0, "31-60": 1_000, "61-90": 0, "91-120": 2_000, "over 120": 12_000, "all": 15_000
        }  # fmt: skip
        assert (one(sql, "over-90").numerator, one(sql, "over-90").value) == (12_000, Decimal("80.00"))
        assert drilled(sql, "ageing", "91-120") == {3: "40.00"}
        assert drilled(sql, "over-90") == {4: "80.00", 3: "40.00"}


def test_ageing_by_payer_has_each_payer_and_all(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 1_000, 3)
        billed(sql, 2, 2_000, 95, payer_id="90101")
        found = {figure.group: figure.numerator for figure in worked_out(sql, "ageing", by="payer").figures}
        assert found == {"16013 0-30": 1_000, "90101 91-120": 2_000, "all": 3_000}
        assert drilled(sql, "ageing", "90101 91-120", by="payer") == {2: "20.00"}
        only = {figure.group: figure.numerator for figure in worked_out(sql, "ageing", payer="90101").figures}
        assert only["all"] == 2_000


def test_a_payment_that_is_taken_back_is_none(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 50)
        billed(sql, 2, 10_000, 50)
        move(sql, 1, "clearing:1", INSURANCE, 8_000, 40)
        move(sql, 1, INSURANCE, "clearing:2", 8_000, 20)
        move(sql, 2, "clearing:2", INSURANCE, 5_000, 20)
        figure = one(sql, "payment-rate")
        assert (figure.numerator, figure.denominator, figure.value) == (5_000, 20_000, Decimal("25.00"))
        assert drilled(sql, "payment-rate") == {2: "50.00"}


def test_what_was_set_aside_and_is_applied_later_is_a_payment(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 50)
        move(sql, None, "clearing:1", "payer:16013:unapplied", 4_000, 40)
        assert one(sql, "payment-rate").numerator == 0
        move(sql, 1, "payer:16013:unapplied", INSURANCE, 4_000, 30)
        move(sql, 1, "transfer:next-payer", INSURANCE, 1_000, 30)
        assert one(sql, "payment-rate").numerator == 4_000


def test_money_between_receivables_is_no_payment_and_a_denial_is_no_write_off(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 50)
        move(sql, 1, "receivable:denied", INSURANCE, 10_000, 40, kind="denial")
        assert one(sql, "payment-rate").numerator == 0
        assert one(sql, "write-off-rate").numerator == 0
        assert one(sql, "dso").numerator == 10_000
        move(sql, 1, "write-off:bad-debt", "receivable:denied", 700, 30, kind="write-off")
        found = worked_out(sql, "write-off-rate")
        assert (found.figures[0].value, found.judged(found.figures[0])) == (Decimal("7.00"), Judged.ATTENTION)


def test_adjustments_are_split_into_those_of_payers_and_those_of_ours(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 50)
        billed(sql, 2, 10_000, 50)
        move(sql, 1, "adjustment:withhold", INSURANCE, 300, 40, kind="withhold")
        move(sql, 1, "adjustment:sequestration", INSURANCE, 200, 40, kind="sequestration")
        move(sql, 1, CONTRACT, INSURANCE, 2_000, 40, kind="contractual")
        # Claim 2 is charged anew with 9,000.
        move(sql, 2, "income:charges", INSURANCE, 10_000, 40, kind="charge", why="Corrected")
        move(sql, 2, INSURANCE, "income:charges", 9_000, 40, kind="charge", why="Corrected")
        found = {figure.group: figure for figure in worked_out(sql, "adjustment-rate").figures}
        # Allowable: 10,000 + 9,000 - 2,000.
        assert {figure.denominator for figure in found.values()} == {17_000}
        assert (found["allowable"].numerator, found["billing error"].numerator) == (300, 1_000)
        assert found["all"].value == Decimal("7.65")
        assert drilled(sql, "adjustment-rate") == {2: "10.00", 1: "3.00"}


def test_what_cannot_be_grouped_so_is_told(sql: Connection) -> None:
    with pytest.raises(NotAsked, match="not grouped by reason"):
        worked_out(sql, "ageing", by="reason")
    with pytest.raises(NotAsked, match="told of all, or of one payer"):
        worked_out(sql, "hold-days", source="billing")
    with pytest.raises(NotAsked, match="told of all\\."):
        worked_out(sql, "ack-latency", payer="90101")
    names = {found.definition.name for found in every(sql, scope(source="billing"))}
    assert REPORTS.keys() - names == {
        *("open-order-days", "hold-days", "days-to-post", "unapplied-cash", "ack-latency")
    }
    with pytest.raises(NotAsked, match="before the first"):
        scope_of(TODAY, ZONE, first=day(1), last=day(2))


Move = tuple[int, int, int]


@given(
    charged=st.lists(st.tuples(st.integers(1, 100_000), st.integers(0, 400), st.integers(0, 400)), max_size=8),
    moved=st.lists(
        st.tuples(
            st.integers(1, 50_000), st.integers(0, 400), st.sampled_from([CONTRACT, "clearing:9", "receivable:denied"])
        ),
        max_size=8,
    ),
    until=st.integers(0, 200),
)
def test_ageing_adds_up_to_what_is_owed_whatever_was_booked(
    charged: list[Move], moved: list[tuple[int, int, str]], until: int
) -> None:
    made = create_engine("sqlite://")
    metadata.create_all(made)
    with made.begin() as sql:
        for number, (cents, ago, served) in enumerate(charged, 1):
            billed(sql, number, cents, ago, served=served)
        for number, (cents, ago, account) in enumerate(moved if charged else []):
            claim = number % len(charged) + 1
            move(sql, claim, account, INSURANCE, cents, min(ago, charged[claim - 1][1]))
        asked = scope(first=day(until), last=day(until))
        owed = sum(cents for cents, ago, _ in charged if ago >= until) - sum(
            cents
            for number, (cents, ago, account) in enumerate(moved if charged else [])
            if not account.startswith("receivable") and min(ago, charged[number % len(charged)][1]) >= until
        )
        assert work_out(sql, DSO, asked).figures[0].numerator == owed
        for report in (AGEING, AGEING_SERVICE):
            *parts, total = work_out(sql, report, asked).figures
            assert sum(part.numerator for part in parts) == total.numerator == owed
    made.dispose()


def test_the_day_ends_where_the_supplier_keeps_its_office(sql: Connection) -> None:
    # Taken in at 11 pm Eastern of the day 31 days ago: 3 am UTC of the next.
    late = dt.datetime.combine(day(30), dt.time(3), dt.UTC)
    billed(sql, 1, 1_000, 31)
    sql.execute(update(claims).values(created_at=late))
    assert one(sql, "ageing", "31-60").numerator == 1_000
