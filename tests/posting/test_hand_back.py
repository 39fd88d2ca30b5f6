"""A claim for a next payer that is withdrawn, voided or replaced hands back what it was asked for, once; together the
claims are owed what they were."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from gateway.core.flow import intake as intake_station
from gateway.core.flow.again import CannotBeDone
from gateway.core.flow.cancel import cancel
from gateway.core.flow.replace import replace
from gateway.core.store import tables

from .conftest import Desk, Inline
from .made import Cas, Clp, Era, Svc
from .test_next_payers import Office

BACK = Svc("E1390", "-150", "-80", (Cas("CO", "45", "-50"), Cas("PR", "2", "-20")), ref="L1")
DENIED = Svc("E1390", "150", "0", (Cas("OA", "23", "130"), Cas("CO", "16", "20")))
SHARED = Svc("E1390", "150", "15", (Cas("OA", "23", "130"), Cas("PR", "3", "5")))
CORRECTED = {
    "less": Svc("E1390", "150", "90", (Cas("CO", "45", "50"), Cas("PR", "2", "10")), ref="L1"),
    "more": Svc("E1390", "150", "70", (Cas("CO", "45", "50"), Cas("PR", "2", "30")), ref="L1"),
}


class Books(Office):
    """An office that has billed the next payer of one claim."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.first = self.claim()
        self.pay()
        self.turn()
        self.made = self.second().id

    def seconds(self) -> list[Any]:
        return self.desk.rows(tables.claims, tables.claims.c.source == "plugin:secondary")

    def owed(self) -> list[int]:
        """What is open on the first claim, and on each for a next payer."""
        return [self.desk.balance(one) for one in (self.first, *(row.id for row in self.seconds()))]

    def withdraw(self, claim_id: int = 0) -> Any:
        with self.desk.sql.begin() as connection:
            now = self.desk.clock.now()
            return cancel(connection, claim_id or self.made, "pat", "billed too early", now, now.date())

    def again(self, frequency: str) -> None:
        """The next payer has the claim, and is sent a replacement or a void."""
        services = self.desk.services()
        with self.desk.sql.begin() as connection:
            known = {"payer_claim_number": "ICN-2"}
            wanted = tables.claims.c.id == self.made, tables.claims.c.state.in_(("ready", "accepted"))
            connection.execute(update(tables.claims).where(wanted[0]).values(**known))
            connection.execute(update(tables.claims).where(*wanted).values(state="accepted"))
        with self.desk.sql.begin() as connection:
            now = self.desk.clock.now()
            replace(connection, self.desk.archive, services.config, self.made, frequency, (), "pat", "wrong", now)
        self.take_in()

    def take_in(self) -> None:
        run = Inline(self.desk.services(), self.desk.sql)
        for row in self.desk.rows(tables.outbox, tables.outbox.c.kind == "intake"):
            if row.key not in self.taken_in:
                self.taken_in.add(row.key)
                asyncio.run(intake_station.take_in(run, row.payload))

    def first_corrects_itself(self, how: str) -> None:
        right = Clp("SW1", [CORRECTED[how]], payer_number="ICNB")
        more = "120" if how == "less" else "140"
        fill = self.claim(f"BIG{how}", other_payers=[])
        assert fill
        filled = Clp(f"BIG{how}", [Svc("E1390", "150", more, (Cas("CO", "45", str(150 - int(more))),), ref="L1")])
        self.desk.post(Era([Clp("SW1", [BACK], status="22", payer_number="ICNA"), right, filled], trace="B"))

    def next_pays(self, service: Svc, trace: str, **more: Any) -> None:
        self.pay("SW1-S", service, trace, **({"status": "2", "payer_id": "90201"} | more))


@pytest.fixture
def books(desk: Desk) -> Books:
    return Books(desk)


# --- withdrawn


def test_one_that_has_left_is_not_withdrawn_and_keeps_what_it_holds(books: Books) -> None:
    with books.desk.sql.begin() as connection:
        connection.execute(update(tables.claims).where(tables.claims.c.id == books.made).values(state="sent"))
    with pytest.raises(CannotBeDone, match="wait for its answer"):
        books.withdraw()
    assert books.owed() == [0, 2000]


def test_one_on_which_its_payer_has_decided_is_not_withdrawn(books: Books) -> None:
    books.next_pays(SHARED, "B")
    with books.desk.sql.begin() as connection:
        connection.execute(update(tables.claims).where(tables.claims.c.id == books.made).values(state="rejected"))
    with pytest.raises(CannotBeDone, match="Something is posted"):
        books.withdraw()


def test_a_withdrawn_one_hands_back_what_it_was_asked_for_once(books: Books) -> None:
    said = books.withdraw()
    assert "what it asked for is with the claim before it again" in said.what
    assert not books.withdraw().new
    assert books.owed() == [2000, 0]
    assert books.desk.accounts("receivable") == {"receivable:patient:coinsurance": 2000}
    assert books.desk.accounts("transfer") == {}
    assert (books.desk.state(books.first), books.desk.state(books.made)) == ("paid", "cancelled")
    assert [row.state for row in books.rows()] == ["returned"]
    assert books.turn() == 0, "who withdrew it meant that"
    (item,) = books.desk.items("next_payer")
    assert (item.claim_id, item.cents) == (books.first, 2000)
    assert "$20.00 are open on this one again" in item.reason


# --- the payer before changes its mind


@pytest.mark.parametrize(("how", "cents"), [("less", 1000), ("more", 3000)])
def test_withdrawn_after_a_correction_the_next_payer_is_billed_on_that(books: Books, how: str, cents: int) -> None:
    books.first_corrects_itself(how)
    assert books.turn() == 0, "two claims for one payer would be a duplicate"
    books.withdraw()
    assert books.owed() == [cents, 0]
    assert books.turn() == 1
    assert books.owed() == [0, 0, cents]
    assert [(row.source_claim_number, row.state) for row in books.seconds()] == [
        ("SW1-S", "cancelled"),
        ("SW1-S", "ready"),
    ]
    assert [row.state for row in books.rows()] == ["returned", "made"]


@pytest.mark.parametrize(("how", "cents"), [("less", 1000), ("more", 3000)])
def test_replaced_after_a_correction_the_replacement_asks_for_what_is_left_now(
    books: Books, how: str, cents: int
) -> None:
    books.first_corrects_itself(how)
    books.turn()
    books.again("7")
    assert books.owed() == [0, 0, cents]
    assert books.turn() == 0
    row = books.rows()[0]
    assert (row.state, row.made_claim_id, row.cents) == ("made", books.seconds()[-1].id, cents)


# --- replaced and voided


def test_a_replacement_holds_what_the_one_before_it_held(books: Books) -> None:
    books.again("7")
    assert books.owed() == [0, 0, 2000]
    assert books.desk.accounts("receivable") == {"receivable:insurance": 2000}
    assert books.desk.state(books.first) == "closed"


def test_a_replacement_that_is_withdrawn_hands_back_to_the_one_that_stands(books: Books) -> None:
    books.again("7")
    books.withdraw(books.seconds()[-1].id)
    assert books.owed() == [0, 2000, 0]
    assert books.desk.items("next_payer") == []


def test_a_void_leaves_it_with_the_claim_before(books: Books) -> None:
    books.again("8")
    assert books.owed() == [2000, 0, 0]
    assert [row.state for row in books.rows()] == ["returned"]
    (item,) = books.desk.items("next_payer")
    assert "replaced or voided" in item.reason


def test_a_void_that_is_withdrawn_gives_it_to_the_voided_one_again(books: Books) -> None:
    books.again("8")
    books.withdraw(books.seconds()[-1].id)
    assert books.owed() == [0, 2000, 0]


def test_what_the_next_payer_denied_moves_to_the_replacement(books: Books) -> None:
    books.next_pays(DENIED, "B", handling="H")
    assert [row.state for row in books.desk.denials()] == ["open"]
    books.again("7")
    assert books.owed() == [0, 0, 2000]
    assert books.desk.accounts("receivable") == {"receivable:insurance": 2000}
    assert [row.state for row in books.desk.denials()] == ["superseded"]
    assert books.desk.items("denial") == []
    assert books.desk.state(books.made) == "closed"


def test_a_decision_that_stands_keeps_it_until_the_payer_takes_that_back(books: Books) -> None:
    books.next_pays(SHARED, "B")
    books.again("7")
    assert books.owed() == [0, 500, 0]
    back = Svc("E1390", "-150", "-15", (Cas("OA", "23", "-130"), Cas("PR", "3", "-5")))
    books.claim("BIG", other_payers=[])
    filled = Clp("BIG", [Svc("E1390", "150", "150", ref="L1")], payer_number="ICN-9")
    reversal = Clp("SW1-S", [back], status="22", payer_number="ICNB")
    books.desk.post(Era([reversal, filled], trace="C", payer_id="90201"))
    assert books.desk.items("posting_exception") == []
    assert books.owed()[:3] == [0, 2000, 0]
    assert books.turn() == 0
    assert books.owed()[:3] == [0, 0, 2000]


def test_a_decision_that_is_taken_back_from_one_that_stands_moves_nothing(books: Books) -> None:
    books.next_pays(SHARED, "B")
    back = Svc("E1390", "-150", "-15", (Cas("OA", "23", "-130"), Cas("PR", "3", "-5")))
    books.claim("BIG", other_payers=[])
    filled = Clp("BIG", [Svc("E1390", "150", "150", ref="L1")], payer_number="ICN-9")
    books.desk.post(Era([Clp("SW1-S", [back], status="22", payer_number="ICNB"), filled], trace="C", payer_id="90201"))
    assert [row.state for row in books.rows()] == ["due"]
    assert books.turn() == 0
    assert [row.state for row in books.rows()] == ["made"]
    assert books.owed()[:2] == [0, 2000]


def test_the_first_claim_is_paid_by_its_second_payer_where_that_one_was_never_billed(books: Books) -> None:
    """What was handed back is the patient's; a second payer that pays all the same takes it from there."""
    books.withdraw()
    books.pay("SW1", Svc("E1390", "150", "20", (Cas("OA", "23", "130"),), ref="L1"), "Z", status="2", payer_id="90201")
    assert books.owed()[:2] == [0, 0]
