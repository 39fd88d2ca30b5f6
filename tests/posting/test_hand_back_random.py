"""Conservation: whatever is done to two claims for one service, in whatever order, the ledger proves after every step,
and together they are owed what the payers and the patient have left open."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.core.flow.again import CannotBeDone
from gateway.core.store import tables

from ..conftest import create_tables
from .conftest import Desk
from .made import Cas, Clp, Era, Plb, Svc
from .test_hand_back import Books

SEEDS = [int(one) for one in os.environ.get("HAND_BACK_SEEDS", "1 2 3").split()]
STEPS = 12


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    create_tables(sqlite_url)
    made = Desk(tmp_path, sqlite_url)
    yield made
    made.close()


class Walk:
    """A walk through all that may happen."""

    def __init__(self, books: Books, rng: random.Random) -> None:
        self.books = books
        self.rng = rng
        self.number = 0
        self.stands: dict[str, list[tuple[str, Svc]]] = {"SW1": [("ICNA", _first(20))], "SW1-S": []}

    def step(self) -> str:
        ways: list[Callable[[], None]] = [
            self.first_takes_back,
            self.first_decides,
            self.next_decides,
            self.next_decides,
            self.next_takes_back,
            self.turn,
            self.turn,
            self.withdraw,
            self.replace,
            self.void,
        ]
        way = self.rng.choice(ways)
        with contextlib.suppress(CannotBeDone):
            way()
        return way.__name__

    def _post(self, number: str, service: Svc, icn: str, status: str, payer_id: str) -> None:
        self.number += 1
        payment = Clp(number, [service], status=status, payer_number=icn)
        plbs = [Plb("FB", f"{payment.paid_cents / 100:.2f}")] if payment.paid_cents < 0 else []
        self.books.desk.post(
            Era([payment], plbs, trace=f"W{self.number}", payer_id=payer_id, handling="I" if not plbs else "H")
        )

    def _takes_back(self, number: str, status: str, payer_id: str) -> None:
        if self.stands[number]:
            icn, service = self.stands[number].pop()
            self._post(number, _turned(service), icn, status, payer_id)

    def first_takes_back(self) -> None:
        self._takes_back("SW1", "22", "90101")

    def next_takes_back(self) -> None:
        self._takes_back("SW1-S", "22", "90201")

    def first_decides(self) -> None:
        service = _first(self.rng.choice((0, 10, 20, 30)))
        icn = f"F{self.number}"
        self._post("SW1", service, icn, "1", "90101")
        self.stands["SW1"].append((icn, service))

    def next_decides(self) -> None:
        owed = self.books.rows()[-1].cents // 100
        paid = self.rng.choice((0, owed // 2, owed))
        reason = self.rng.choice(("PR-3", "CO-16", "CO-45"))
        group, code = reason.split("-")
        rest = [Cas(group, code, str(owed - paid))] if owed > paid else []
        service = Svc("E1390", "150", str(paid), (Cas("OA", "23", str(150 - owed)), *rest))
        icn = f"N{self.number}"
        self._post("SW1-S", service, icn, "2", "90201")
        self.stands["SW1-S"].append((icn, service))

    def turn(self) -> None:
        self.books.turn()

    def withdraw(self) -> None:
        newest = self.books.seconds()[-1]
        if self.rng.random() < 0.3:
            # Its partner has refused it.
            with self.books.desk.sql.begin() as connection:
                left = tables.claims.c.state.in_(("ready", "accepted"))
                connection.execute(
                    update(tables.claims).where(tables.claims.c.id == newest.id, left).values(state="rejected")
                )
        self.books.withdraw(newest.id)

    def replace(self) -> None:
        self.books.made = self.books.seconds()[-1].id
        self.books.again("7")

    def void(self) -> None:
        self.books.made = self.books.seconds()[-1].id
        self.books.again("8")


def _first(left: int) -> Svc:
    rest = (Cas("PR", "2", str(left)),) if left else ()
    return Svc("E1390", "150", str(100 - left), (Cas("CO", "45", "50"), *rest), ref="L1")


def _turned(service: Svc) -> Svc:
    def other(text: str) -> str:
        return text.removeprefix("-") if text.startswith("-") else f"-{text}" if text != "0" else text

    return service._replace(
        charge=other(service.charge),
        paid=other(service.paid),
        cas=tuple(one._replace(amount=other(one.amount)) for one in service.cas),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ledger_proves_after_every_step(desk: Desk, seed: int) -> None:
    books = Books(desk)
    walk = Walk(books, random.Random(f"hand back {seed}"))
    done: list[str] = []
    for _ in range(STEPS):
        done.append(walk.step())
        proof = desk.prove()
        assert proof.ok, f"seed {seed}, after {done}: {proof.faults}"
        assert desk.accounts("transfer") == {}, f"seed {seed}, after {done}: on its way between two claims"
        open_now = sum(desk.accounts("receivable").values())
        assert sum(books.owed()) == open_now, f"seed {seed}, after {done}"
        standing = [row for row in books.rows() if row.state == "made"]
        assert len(standing) <= 1, f"seed {seed}, after {done}: two claims for one payer"
    # What happened comes to a rest: another turn changes nothing.
    books.turn()
    before = books.owed()
    books.turn()
    assert books.owed() == before, f"seed {seed}, after {done}"
