"""The day's close: a variance has a reason, and nothing is booked into a closed day, whoever writes it."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import select, update

from gateway.core.ledger import transfers
from gateway.core.ledger.days import NotDone
from gateway.core.ledger.proof import prove
from gateway.core.ledger.transfers import Transfer
from gateway.core.store import cash_tables, tables

from ..posting.conftest import Line
from ..posting.made import Clp, Era, Svc
from .banks import Credit, make_bai2
from .conftest import BANK_DAY, TODAY, CashDesk


def test_a_day_with_a_variance_closes_with_a_reason_alone(desk: CashDesk) -> None:
    desk.era()
    desk.take(Credit("80.00", trace="EFT0001"), Credit("7.00"))
    assert desk.figures().variance == 700
    with pytest.raises(NotDone, match="has a variance"):
        desk.close_day()
    with pytest.raises(NotDone, match="who closes"):
        desk.close_day(reason="The payer looks for it.", who=" ")
    desk.close_day(reason="The payer looks for it.")
    (row,) = desk.rows(cash_tables.day_closings)
    assert (row.variance_cents, row.reason, row.who) == (700, "The payer looks for it.", "petra")
    assert (row.figures["bank"], row.figures["unidentified"]) == (8700, 700)
    with pytest.raises(NotDone, match="closed already"):
        desk.close_day(reason="Again.")


def test_a_day_of_which_all_is_posted_closes_at_nothing(desk: CashDesk) -> None:
    desk.era()
    desk.take(Credit("80.00", trace="EFT0001"))
    found = desk.close_day()
    assert (found.bank, found.posted, found.variance) == (8000, 8000, 0)
    assert found.by_payer == {"eft: NORTHBRIDGE HEALTH PLAN": 8000}


def test_payments_that_wait_are_the_variance_until_they_post(desk: CashDesk) -> None:
    desk.post(Era([Clp("NOBODY", [Svc("E1390", "80", "80")])]))
    desk.take(Credit("80.00", trace="EFT0001"))
    found = desk.figures()
    assert (found.remitted, found.waiting, found.variance) == (8000, 8000, 8000)


def test_a_day_that_is_to_come_cannot_be_closed(desk: CashDesk) -> None:
    with pytest.raises(NotDone, match="still to come"):
        desk.close_day(TODAY + dt.timedelta(days=1))


def test_a_line_that_comes_after_its_day_was_closed_counts_today(desk: CashDesk) -> None:
    desk.take(Credit("80.00"))
    desk.close_day(reason="Nobody knows it.")
    desk.take(Credit("7.00"))
    late = desk.lines()[-1]
    assert (late.on_date, late.counts_on) == (BANK_DAY, TODAY)
    booked = {row.key: row.on_date for row in desk.rows(tables.transfers)}
    assert booked == {"cash:1": BANK_DAY, "cash:2": TODAY}
    assert (desk.figures(BANK_DAY).bank, desk.figures(TODAY).bank) == (8000, 700)


def test_whatever_posts_late_is_booked_today_and_where_today_is_closed_on_the_next_open_day(desk: CashDesk) -> None:
    desk.close_day(TODAY)
    claim_id = desk.claim("SW9", Line("E1390", "150", "L9"), date=dt.date(2026, 9, 1))
    desk.post(Era([Clp("SW9", [Svc("E1390", "150", "150", ref="L9")])]))
    days = {row.on_date for row in desk.rows(tables.transfers, tables.transfers.c.kind != "charge")}
    assert days == {TODAY + dt.timedelta(days=1)}
    assert desk.state(claim_id) == "closed"
    desk.clock.advance(days=2)
    desk.take(data=make_bai2(Credit("9.00"), date="260916"))
    assert desk.lines()[-1].counts_on == TODAY + dt.timedelta(days=2), "today's business day"


def test_a_day_is_reopened_by_a_person_with_a_reason_and_closed_again(desk: CashDesk) -> None:
    desk.take(Credit("80.00"))
    desk.close_day(reason="Nobody knows it.")
    with pytest.raises(NotDone, match="who reopens"):
        desk.reopen(reason="")
    desk.reopen()
    with pytest.raises(NotDone, match="is not closed"):
        desk.reopen()
    desk.take(Credit("7.00"))
    assert desk.lines()[-1].counts_on == BANK_DAY
    desk.close_day(reason="Two of them.")
    rows = desk.rows(cash_tables.day_closings)
    assert [(row.figures["bank"], row.reopened_by, row.reopen_reason) for row in rows] == [
        (8000, "petra", "A check was keyed late."),
        (8700, "", ""),
    ]


def test_the_proof_finds_an_entry_in_a_closed_day(desk: CashDesk) -> None:
    desk.take(Credit("80.00"))
    desk.close_day(reason="Nobody knows it.")
    desk.clock.advance(minutes=1)
    desk.take(data=make_bai2(Credit("7.00"), date="260916"))
    moved = update(tables.transfers).where(tables.transfers.c.key == "cash:2")
    with desk.sql.begin() as connection:
        connection.execute(moved.values(on_date=BANK_DAY))
    assert desk.prove().faults == ("1 transfer(s) were booked on 09/15/2026 after that day was closed.",)
    with desk.sql.begin() as connection:
        connection.execute(moved.values(on_date=TODAY))


@pytest.mark.parametrize(
    ("broken", "mended", "fault"),
    [
        (
            update(cash_tables.money_lines).values(cents=8001),
            update(cash_tables.money_lines).values(cents=8000),
            "Account cash:bank has $80.00; its deposits and lines say $80.01.",
        ),
        (
            update(tables.deposits).values(state="expected"),
            update(tables.deposits).values(state="reconciled"),
            "Deposit 1 is called expected, and is reconciled by what it is matched to.",
        ),
        (
            update(cash_tables.cash_matches).values(cents=7999),
            update(cash_tables.cash_matches).values(cents=8000),
            "Deposit 1 is $80.00; its remittance is $80.00, matched are $79.99.",
        ),
    ],
)
def test_the_proof_finds_cash_that_nobody_explains(desk: CashDesk, broken: object, mended: object, fault: str) -> None:
    desk.era()
    desk.take(Credit("80.00", trace="EFT0001"))
    with desk.sql.begin() as connection:
        connection.execute(broken)  # type: ignore[call-overload]
    assert fault in desk.prove().faults
    with desk.sql.begin() as connection:
        connection.execute(mended)  # type: ignore[call-overload]


def test_a_cash_account_without_a_line_is_a_fault(desk: CashDesk) -> None:
    with desk.sql.connect() as connection:
        moved = [Transfer("cash:shoebox", "cash:bank", 500, TODAY, "x", "k")]
        transfers.write(connection, moved, desk.clock.now())
        faults = prove(connection).faults
        connection.rollback()
    assert "Account cash:shoebox has $5.00 that no deposit and no line explains." in faults


def test_a_writer_that_began_before_the_closing_is_waited_for_and_one_after_it_sees_it(desk: CashDesk) -> None:
    """Two at once: whoever is second knows what the first did, on either database."""
    desk.take(Credit("80.00"))
    begun, told = threading.Event(), threading.Event()

    def close() -> None:
        begun.wait(20)
        desk.close_day(reason="Nobody knows it.")
        told.set()

    closer = threading.Thread(target=close)
    closer.start()
    with desk.sql.begin() as connection:
        move = Transfer("expense:fees", "income:charges", 100, BANK_DAY, "x", "first")
        transfers.write(connection, [move], desk.clock.now())
        begun.set()
        assert not told.wait(0.5), "the closing waits for who is writing"
    assert told.wait(20)
    closer.join()
    with desk.sql.begin() as connection:
        transfers.write(connection, [move._replace(key="second")], desk.clock.now())
    with desk.sql.connect() as connection:
        days = [
            row.on_date
            for row in connection.execute(
                select(tables.transfers.c.on_date)
                .where(tables.transfers.c.key.in_(["first", "second"]))
                .order_by(tables.transfers.c.id)
            )
        ]
    assert days == [BANK_DAY, TODAY]
