"""Days to post, auto-posting, unapplied cash, filing risk and how long acknowledgments take."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from gateway.core.reports.answers import percentile
from gateway.core.store.tables import requests

from ..work.desk import NOW, put_hold, put_item
from .books import at, billed, day, drilled, move, one, paid, remitted, said, sent, worked_out


def test_days_to_post_count_from_the_payment_date(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 4):
            billed(sql, claim, 10_000, 60)
        remitted(sql, 1, paid_on=10, posted=10)
        remitted(sql, 2, paid_on=11, posted=10)
        remitted(sql, 3, paid_on=20, posted=10)
        # It came before its payment date, and was posted at once.
        remitted(sql, 4, paid_on=8, posted=10)
        remitted(sql, 5, paid_on=30, posted=10, state="exception")
        paid(sql, 1, 3, 3, 10, cents=500)
        figure = one(sql, "days-to-post")
        assert (figure.numerator, figure.denominator, figure.value) == (11, 4, Decimal("2.75"))
        assert figure.words == "75.00 % same or next day"
        assert drilled(sql, "days-to-post") == {3: "5.00"}


def test_a_line_is_posted_untouched_unless_it_waits_or_a_person_ran_it_again(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 4):
            billed(sql, claim, 10_000, 60)
        remitted(sql, 1, 10, 10, "partly posted")
        paid(sql, 1, 1, 1, 10, cents=8_000)
        paid(sql, 2, 1, 2, 10, cents=8_000)
        paid(sql, 3, 1, 3, 10, cents=1_000, state="exception")  # of two services
        sql.execute(
            insert(requests).values(
                id=1,
                verb="replay",
                subject_kind="claim_payment",
                subject_id=2,
                asked_at=NOW,
                who="pat",
                key="p2",
                stood=1,
            )
        )
        figure = one(sql, "auto-post-rate")
        assert (figure.numerator, figure.denominator, figure.value) == (1, 4, Decimal("25.00"))
        assert figure.words == "2 wait"
        assert drilled(sql, "auto-post-rate") == {2: "80.00", 3: "10.00"}


def test_unapplied_cash_is_what_is_left_on_a_remittance_by_age(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 10_000, 60)
        for remittance, ago in ((1, 5), (2, 45), (3, 45)):
            remitted(sql, remittance, ago, ago, "partly posted")
            move(sql, None, "cash:expected", f"clearing:{remittance}", 10_000, ago, remittance_id=remittance)
        move(sql, 1, "clearing:1", "receivable:insurance", 4_000, 5)
        move(sql, 1, "clearing:3", "receivable:insurance", 10_000, 45)
        paid(sql, 1, 1, 1, 5, cents=6_000, state="exception")
        found = {
            figure.group: (figure.numerator, str(figure.value)) for figure in worked_out(sql, "unapplied-cash").figures
        }
        assert found == {"0-30": (6_000, "60.00"), "31-60": (10_000, "100.00"), "all": (16_000, "160.00")}
        assert drilled(sql, "unapplied-cash", "0-30") == {1: "60.00"}
        move(sql, None, "clearing:2", "payer:16013:unapplied", 3_000, 2)
        move(sql, None, "cash:bank", "cash:unidentified", 500, 2)
        now = {figure.group: figure.numerator for figure in worked_out(sql, "unapplied-cash").figures}
        assert now == {"0-30": 6_000, "31-60": 7_000, "set aside": 3_000, "unidentified": 500, "all": 16_500}
        assert one(sql, "unapplied-cash", last=day(6)).numerator == 10_000, "the first had not come"


def test_filing_risk_counts_a_claim_once_and_at_most_its_charge(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim, left in ((1, -3), (2, 10), (3, 60), (4, 61)):
            billed(sql, claim, 10_000, 60)
            put_item(sql, f"a{claim}", kind="rejection", claim_id=claim, cents=10_000, refile_by=day(-left))
        put_item(sql, "b2", kind="denial", claim_id=2, cents=7_000, refile_by=day(-20))
        found = {
            figure.group: (figure.numerator, figure.denominator)
            for figure in worked_out(sql, "timely-filing-risk").figures
        }
        assert found == {
            "overdue": (10_000, 1), "within 30 days": (10_000, 1), "31 to 60 days": (10_000, 1), "all": (30_000, 3)
        }  # fmt: skip
        assert drilled(sql, "timely-filing-risk", "within 30 days") == {2: "100.00"}


def test_hold_days_are_those_of_the_report_of_holds(engine: Engine) -> None:
    with engine.begin() as sql:
        billed(sql, 1, 90_000, 20, state="paid")
        billed(sql, 2, 3_000, 5, state="held")
        put_hold(sql, 1, 2, "RX")
        put_hold(sql, 2, 2, "MAN")
        figure = one(sql, "hold-days")
        # 90,000 over 90 days is 1,000 a day.
        assert (figure.numerator, figure.denominator, figure.value) == (3_000, 1_000, Decimal("3.00"))
        assert one(sql, "hold-days", "RX").value == Decimal("3.00")
        assert drilled(sql, "hold-days") == {2: "30.00"}


def test_latency_takes_the_first_answer_of_each_kind(engine: Engine) -> None:
    with engine.begin() as sql:
        for claim in range(1, 4):
            billed(sql, claim, 10_000, 60)
            sent(sql, claim, claim, 10, ta1_at=at(10, 0.5), group_ack_at=at(10, claim))
        said(sql, 1, 1, "accepted", at(10, 5))
        said(sql, 2, 1, "accepted", at(10, 50))
        said(sql, 3, 2, "received", at(10, 7))
        found = {figure.group: str(figure.value) for figure in worked_out(sql, "ack-latency").figures}
        assert found == {
            "practice TA1 p50": "0.50", "practice TA1 p95": "0.50",
            "practice 999 p50": "2.00", "practice 999 p95": "3.00",
            "practice 277CA payer p50": "5.00", "practice 277CA payer p95": "7.00",
        }  # fmt: skip


@given(
    pairs=st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 9)), min_size=1, max_size=20),
    share=st.integers(1, 100),
)
def test_a_percentile_is_the_nearest_rank(pairs: list[tuple[int, int]], share: int) -> None:
    every = sorted(value for value, count in pairs for _ in range(count))
    found = percentile(pairs, share)
    assert sum(value <= found for value in every) * 100 >= share * len(every)
    assert sum(value < found for value in every) * 100 < share * len(every)
