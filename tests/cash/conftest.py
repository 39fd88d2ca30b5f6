"""A posting desk with a bank: remittances post, bank files are taken, days are closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.config.models import Bank
from gateway.core.clock import business_date
from gateway.core.flow import bank as station
from gateway.core.flow.bank import Taken
from gateway.core.ledger import day_figures, days, deposits, money, slips
from gateway.core.ledger.day_figures import Figures
from gateway.core.ledger.slips import Keyed, Slip
from gateway.core.store import cash_tables, tables

from ..posting.conftest import Desk, Line
from ..posting.made import Cas, Clp, Era, Svc
from .banks import Credit, make_bai2

TODAY = dt.date(2026, 9, 16)
BANK_DAY = dt.date(2026, 9, 15)


class CashDesk(Desk):
    """Where money is taken, matched and closed."""

    bank = Bank(name="first")

    def take(self, *credits: Credit, data: bytes | None = None, name: str = "a.bai") -> Taken:
        """The bank sends a file with these lines."""
        data = make_bai2(*credits) if data is None else data
        stored = self.archive.put(data)
        config = self.services().config
        found = station.read_bank_file(data, self.bank)
        with self.sql.begin() as connection:
            return station.take_in(connection, config, self.bank, name, stored, found, "petra", self.clock.now())

    def era(self, trace: str = "EFT0001", paid: str = "80", number: str = "", **more: Any) -> int:
        """A remittance of one claim that is all posted comes; returns the id of its deposit."""
        number = number or f"SW{trace}"
        self.claim(number, Line("E1390", "150", f"L{trace}"))
        rest = f"{150 - float(paid):.2f}"
        service = Svc("E1390", "150", paid, (Cas("CO", "45", rest),), ref=f"L{trace}")
        self.post(Era([Clp(number, [service])], trace=trace, **more))
        return int(self.rows(tables.deposits)[-1].id)

    def do(self, verb: Any, *args: Any, **more: Any) -> Any:
        """A verb of the register in a transaction, in its turn."""
        with self.sql.begin() as connection:
            money.my_turn(connection)
            return verb(connection, *args, self.today, self.clock.now(), **more)

    def match(self, line_id: int, *deposit_ids: int, **more: Any) -> None:
        self.do(deposits.match, line_id, deposit_ids, **more)

    def do_explain(self, line_id: int, purpose: str, reason: str) -> None:
        self.do(deposits.explain, line_id, purpose, reason, "petra")

    def do_take(self, line_id: int, reason: str) -> None:
        self.do(deposits.take, line_id, reason, "petra")

    def do_slip(self, checks: Sequence[Keyed], number: str) -> Slip:
        with self.sql.begin() as connection:
            money.my_turn(connection)
            return slips.add_slip(connection, checks, number, "petra", 3, self.today, self.clock.now())

    def look(self) -> dict[str, int]:
        """The schedule looks after what waits."""
        services = self.services()
        with self.sql.begin() as connection:
            return station.look_after(connection, services)

    @property
    def today(self) -> dt.date:
        return business_date(self.clock.now(), "America/New_York")

    def figures(self, day: dt.date = BANK_DAY) -> Figures:
        with self.sql.connect() as connection:
            return day_figures.figures(connection, day)

    def close_day(self, day: dt.date = BANK_DAY, reason: str = "", who: str = "petra") -> Figures:
        with self.sql.begin() as connection:
            return day_figures.close(connection, day, "America/New_York", who, reason, self.clock.now())

    def reopen(self, day: dt.date = BANK_DAY, reason: str = "A check was keyed late.", who: str = "petra") -> None:
        with self.sql.begin() as connection:
            days.reopen(connection, day, who, reason, self.clock.now())

    def lines(self) -> list[Any]:
        return self.rows(cash_tables.money_lines)

    def states(self) -> dict[int, str]:
        """Where every deposit and line stands, by number."""
        return {row.id: row.state for row in (*self.rows(tables.deposits), *self.lines())}


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[CashDesk]:
    """A desk; every test ends with the proof of its ledger."""
    made = CashDesk(tmp_path, database_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults
