"""Ends of denials that people take back or make: a write-off that is undone once, to the cent; a denial that is closed
only where none of its money would be forgotten; a letter that was sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from gateway.core.flow import denial_claims, denial_ends, denial_letters, denial_money
from gateway.core.flow.again import CannotBeDone
from gateway.core.ledger import accounts, transfers
from gateway.core.ledger.proof import prove
from gateway.core.store import tables
from gateway.core.store.denial_tables import denial_acts, write_offs
from gateway.core.work import verbs

from .conftest import Desk
from .made import Cas, Clp, Era, Svc
from .test_denial_acts import TODAY, Worked
from .test_post_again import everything


@pytest.fixture
def worked(desk: Desk) -> Worked:
    return Worked(desk)


def proves(worked: Worked) -> None:
    with worked.desk.sql.connect() as connection:
        assert prove(connection).faults == ()


def item_of(worked: Worked, denial_id: int) -> Any:
    (found,) = worked.desk.rows(tables.work_items, tables.work_items.c.key == f"denial:{denial_id}")
    return found


def moved_by_hand(worked: Worked) -> None:
    """What was denied is with the payer again: a person has put it there."""
    line_id = worked.desk.denials()[0].line_id
    with worked.desk.sql.begin() as connection:
        moved = transfers.Transfer(
            accounts.INSURANCE, accounts.DENIED, 15000, TODAY, "correction", "by hand", claim_id=worked.claim,
            line_id=line_id,
        )  # fmt: skip
        transfers.write(connection, [moved], worked.desk.clock.now())


# --- undoing a write-off ---------------------------------------------------------------------------


def test_what_is_not_written_off_cannot_be_undone(worked: Worked) -> None:
    one = worked.deny()
    with pytest.raises(CannotBeDone, match="Nothing of denial"):
        worked.do(denial_ends.undo_write_off, one)
    worked.do(denial_money.write_off, one)
    with pytest.raises(CannotBeDone, match="Nothing of denial"):
        worked.do(denial_ends.undo_write_off, one, why="only asked for")
    assert worked.balance() == 15000


def test_a_write_off_is_undone_once_and_the_denial_is_worked_again(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    assert worked.balance() == 0
    done = worked.do(denial_ends.undo_write_off, one, why="The payer pays after all.")
    assert (done.new, "is undone; the denial is worked on again" in done.what) == (True, True)
    assert worked.balance() == 15000
    assert worked.desk.accounts("adjustment") == {}
    assert worked.desk.state(worked.claim) == "denied"
    assert (worked.case(one).status, worked.case(one).ended_on) == ("new", None)
    assert (worked.desk.denials()[0].state, item_of(worked, one).state) == ("open", "open")
    again = worked.do(denial_ends.undo_write_off, one, why="once more")
    assert (again.new, again.act_id) == (False, done.act_id)
    assert worked.balance() == 15000
    rows = worked.desk.rows(tables.transfers, tables.transfers.c.kind == "write-off")
    assert [(row.cents, row.reverses) for row in rows] == [(15000, None), (15000, rows[0].id)]
    assert rows[1].why == "The payer pays after all."
    proves(worked)


def test_after_an_undo_it_may_be_written_off_and_undone_anew(worked: Worked) -> None:
    one = worked.deny()
    for turn in (1, 2):
        assert worked.do(denial_money.write_off, one, who="maria").new, turn
        assert not worked.do(denial_money.write_off, one, who="maria").new
        assert worked.balance() == 0
        assert worked.do(denial_ends.undo_write_off, one).new
        assert worked.balance() == 15000
    assert [row.state for row in worked.desk.rows(write_offs)] == ["undone", "undone"]
    with pytest.raises(CannotBeDone, match="Nobody asks"):
        worked.do(denial_money.approve, one, who="maria")
    proves(worked)


def test_a_payment_posts_once_its_write_off_is_undone(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    worked.do(denial_ends.undo_write_off, one)
    paid = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")
    worked.desk.post(Era([Clp("SW1", [paid])], trace="LATER"))
    assert worked.desk.items() == []
    assert (worked.case(one).status, worked.case(one).recovered_cents) == ("paid", 10000)
    assert worked.balance() == 0
    proves(worked)


def test_a_payment_that_waited_for_what_was_written_off_posts_when_that_is_undone(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    paid = Svc("E1390", "150", "100", (Cas("CO", "45", "50"),), ref="L1")
    worked.desk.post(Era([Clp("SW1", [paid])], trace="LATER"))
    assert [item.kind for item in worked.desk.items()] == ["posting_exception"]
    worked.do(denial_ends.undo_write_off, one)
    everything(worked.desk)
    assert worked.desk.items() == []
    assert (worked.case(one).status, worked.case(one).recovered_cents) == ("paid", 10_000)
    assert worked.balance() == 0
    proves(worked)


def test_where_the_payer_took_the_denial_back_only_the_money_comes_back(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    moved_by_hand(worked)
    assert "taken the denial itself back" in worked.do(denial_ends.undo_write_off, one).what
    assert worked.desk.accounts("receivable") == {"receivable:insurance": 15000}
    assert worked.case(one).status == "closed"
    proves(worked)


# --- closing ---------------------------------------------------------------------------------------


def close_item(worked: Worked, denial_id: int) -> Any:
    item = item_of(worked, denial_id)
    with worked.desk.sql.begin() as connection:
        (answer,) = verbs.close(connection, [item.id], "pat", worked.desk.clock.now(), "Done.")
    return answer


def test_the_work_item_of_a_denial_is_not_closed_over_its_money(worked: Worked) -> None:
    one = worked.deny()
    answer = close_item(worked, one)
    assert not answer.done
    assert f"gateway denial close {one}" in answer.what
    assert item_of(worked, one).state == "open"
    with pytest.raises(CannotBeDone, match=r"\$150\.00 of denial"):
        worked.do(denial_ends.close, one, "no_action")
    assert worked.case(one).status == "new"


def test_a_denial_of_which_nothing_is_left_is_closed_with_its_outcome(worked: Worked) -> None:
    one = worked.deny()
    moved_by_hand(worked)
    with pytest.raises(CannotBeDone, match="no outcome 'nothing'"):
        worked.do(denial_ends.close, one, "nothing")
    with pytest.raises(CannotBeDone, match="no outcome 'called_payer'"):
        worked.do(denial_ends.close, one, "called_payer")
    done = worked.do(denial_ends.close, one, "no_action", why="It was a duplicate.")
    assert done.what == "Closed: Nothing had to be done."
    assert (worked.case(one).status, item_of(worked, one).state) == ("closed", "closed")
    assert not worked.do(denial_ends.close, one).new


def test_an_item_of_a_denial_that_is_over_is_not_opened_again(worked: Worked) -> None:
    one = worked.deny()
    worked.do(denial_money.write_off, one, who="maria")
    item = item_of(worked, one)
    with worked.desk.sql.begin() as connection:
        (answer,) = verbs.reopen(connection, [item.id], "pat", worked.desk.clock.now(), "oh")
    assert (answer.done, f"undo-write-off {one}" in answer.what) == (False, True)
    assert item_of(worked, one).state == "closed"


# --- letters ---------------------------------------------------------------------------------------


def test_a_letter_is_seen_before_it_is_made_and_nothing_is_written(worked: Worked) -> None:
    one = worked.deny()
    would = worked.desk.archive.root
    before = sorted(would.rglob("*"))
    asked = worked.asked(why="The study shows it.")
    with worked.desk.reads.connect() as connection:
        seen = denial_claims.would_be(connection, worked.desk.archive, one, asked, "appeal")
    assert "The study shows it." in seen.text
    assert seen.pdf().startswith(b"%PDF")
    assert sorted(would.rglob("*")) == before
    assert worked.case(one).status == "new"
    late = worked.deny(reason="29")
    with worked.desk.reads.connect() as connection, pytest.raises(CannotBeDone, match="too late"):
        denial_claims.would_be(connection, worked.desk.archive, late, asked, "reopen")


def test_a_letter_is_marked_as_sent_once_and_the_payers_time_counts_from_that_day(worked: Worked) -> None:
    one = worked.deny()
    with pytest.raises(CannotBeDone, match="No letter"):
        worked.do(denial_letters.sent, one, TODAY)
    worked.do(denial_claims.appeal, one)
    worked.desk.clock.at += dt.timedelta(days=3)
    for day, why in ((TODAY + dt.timedelta(days=9), "still to come"), (TODAY - dt.timedelta(days=1), "made after")):
        with pytest.raises(CannotBeDone, match=why):
            worked.do(denial_letters.sent, one, day)
    with worked.desk.sql.connect() as connection:
        assert denial_letters.unsent(connection, one) is not None
    done = worked.do(denial_letters.sent, one, TODAY + dt.timedelta(days=2), why="Certified mail")
    assert done.new
    assert item_of(worked, one).follow_up == TODAY + dt.timedelta(days=62)
    assert not worked.do(denial_letters.sent, one, TODAY + dt.timedelta(days=2)).new
    with worked.desk.sql.connect() as connection:
        assert denial_letters.unsent(connection, one) is None
        assert len(connection.execute(select(denial_acts).where(denial_acts.c.verb == "sent")).all()) == 1
