"""Whatever comes in whatever order, is matched, taken back and closed: the ledger proves after every step, and
delivering everything again changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from gateway.core.flow.bank import Found, Taken, take_in
from gateway.core.flow.post_begin import Origin, begin_sets
from gateway.core.flow.post_records import Scanned
from gateway.core.ledger import day_figures, deposits, money
from gateway.core.ledger.days import NotDone
from gateway.core.ledger.proof import prove
from gateway.core.model.bai2 import read_bai2
from gateway.core.store import cash_tables, tables
from gateway.core.store.archive import Stored
from gateway.plugins.tables import Tables

from ..soak import examples
from .banks import Credit, make_bai2
from .conftest import BANK_DAY, TODAY, CashDesk

TRACES = ("A1", "A2", "A3", "")
AMOUNTS = (1000, 2000, 1000)


def remittance(connection: Connection, desk: CashDesk, trace: str, cents: int, number: int) -> None:
    """A remittance begins; its claims are still to be posted."""
    (file_id,) = connection.execute(
        insert(tables.files)
        .values(
            id=1000 + number, direction="in", origin="partner", party="practice", name="a", sha256="0" * 64, size=1,
            kind="835", state="reading", received_at=desk.clock.now(),
        )
        .returning(tables.files.c.id)
    ).one()  # fmt: skip
    found = Scanned(
        1, "0001", "T", "NORTHBRIDGE HEALTH PLAN", "90101", "1999999000", "I", "ACH", trace, "1960000022", cents,
        BANK_DAY, 0, cents, 0, [], f"body{number}", True,
    )  # fmt: skip
    origin = Origin(file_id, "a", "practice", "T", TODAY)
    begin_sets(connection, origin, [found], Tables([]), desk.clock.now())


STEPS = st.one_of(
    st.tuples(st.just("era"), st.sampled_from(TRACES), st.sampled_from(AMOUNTS)),
    st.tuples(
        st.just("bank"),
        st.lists(st.tuples(st.sampled_from(TRACES), st.sampled_from(AMOUNTS), st.booleans()), min_size=1, max_size=4),
        st.booleans(),
    ),
    st.tuples(st.just("match"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("unmatch"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("explain"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("close"), st.just(0), st.just(0)),
)


class _World:
    def __init__(self, connection: Connection, desk: CashDesk) -> None:
        self.connection, self.desk = connection, desk
        self.number = 0
        self.files: list[bytes] = []
        self.config = desk.services().config

    def take(self, data: bytes) -> Taken:
        found = Found("BAI2", read_bai2(data))
        bank, now = self.desk.bank, self.desk.clock.now()
        return take_in(self.connection, self.config, bank, "a", Stored.of(data), found, "petra", now)

    def step(self, what: str, first: Any, second: Any) -> None:
        self.number += 1
        connection, now = self.connection, self.desk.clock.now()
        if what == "era":
            remittance(connection, self.desk, first, second, self.number)
            return
        if what == "bank":
            made = [
                Credit(
                    f"{cents / 100:.2f}", trace=trace, text="" if trace or not named else "NORTHBRIDGE HEALTH PLAN ",
                    bank=f"R{self.number}" if second else "R",
                )
                for trace, cents, named in first
            ]  # fmt: skip
            self.files.append(make_bai2(*made))
            self.take(self.files[-1])
            return
        money.my_turn(connection)
        lines = connection.execute(cash_tables.money_lines.select()).all()
        rows = connection.execute(tables.deposits.select()).all()
        line = lines[first % len(lines)].id if lines else 0
        if what == "match" and rows:
            deposit = rows[second % len(rows)].id
            deposits.match(connection, line, [deposit], TODAY, now, who="petra", difference_reason="They differ.")
        elif what == "unmatch":
            deposits.unmatch(connection, line, "Not this one.", "petra", TODAY, now)
        elif what == "explain":
            deposits.explain(connection, line, "other", "A rebate.", "petra", TODAY, now)
        elif what == "close":
            day_figures.close(connection, BANK_DAY, "America/New_York", "petra", "So it is.", now)


@pytest.fixture
def world(desk: CashDesk) -> CashDesk:
    with desk.sql.begin() as connection:
        connection.execute(insert(tables.blobs).values(sha256="0" * 64, size=1, stored_at=desk.clock.now()))
    return desk


@given(steps=st.lists(STEPS, max_size=12))
@examples(25, 500)
def test_the_ledger_proves_after_every_step_and_everything_again_changes_nothing(
    world: CashDesk, steps: list[tuple[str, Any, Any]]
) -> None:
    with world.sql.connect() as connection:
        transaction = connection.begin()
        try:
            made = _World(connection, world)
            for what, first, second in steps:
                world.clock.advance(seconds=1)
                saved = connection.begin_nested()
                try:
                    made.step(what, first, second)
                    saved.commit()
                except NotDone:
                    saved.rollback()
                proof = prove(connection)
                assert proof.ok, proof.faults
                found = day_figures.figures(connection, BANK_DAY)
                assert found.bank == found.remitted + found.unidentified + found.named + found.differences
                assert found.variance == found.waiting + found.unidentified
            before = connection.execute(tables.transfers.select()).all()
            for data in made.files:
                assert made.take(data).duplicate_of
                renamed = data.replace(b"STILLWATER,260916", b"STILLWATER,260917")
                assert made.take(renamed).new == 0, "the same lines in another file"
            assert connection.execute(tables.transfers.select()).all() == before
        finally:
            transaction.rollback()
