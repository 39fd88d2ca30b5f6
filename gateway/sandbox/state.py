"""What the clearinghouse remembers, in one SQLite file in its folder, so that a restart goes on where it stopped.

Everything that one received file brings about commits together: what was received, the claims, the answers that
wait for their time. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
create table if not exists received (
    id integer primary key, partner text not null, name text not null, sha256 text not null, at real not null,
    sender text not null, isa13 text not null, usage text not null, note text not null);
create index if not exists received_isa13 on received (partner, sender, isa13);
create table if not exists taken (
    partner text not null, name text not null, stamp text not null, primary key (partner, name, stamp));
create table if not exists numbers (name text primary key, value integer not null);
create table if not exists claims (
    id integer primary key, partner text not null, number text not null, payer text not null,
    control_number text not null, state text not null, data blob not null);
create index if not exists claims_number on claims (partner, number);
create index if not exists claims_control on claims (partner, control_number);
create table if not exists due (
    id integer primary key, partner text not null, at real not null, payer text not null, payee text not null,
    alone integer not null, data blob not null);
create index if not exists due_at on due (at);
create table if not exists outbox (
    id integer primary key, partner text not null, kind text not null, at real not null, folder text not null,
    name text not null, body blob not null, sha256 text not null, delivered real);
create index if not exists outbox_at on outbox (delivered, at);
create table if not exists payments (
    id integer primary key, partner text not null, payer text not null, payee text not null, trace text not null,
    cents integer not null, paid integer not null, claims integer not null, at real not null);
"""


class Interchange(NamedTuple):
    """One interchange that came in. `note` is the TA105 of what was said about it: 000 accepted."""

    partner: str
    name: str
    sha256: str
    at: float
    sender: str
    isa13: str
    usage: str
    note: str


class Answer(NamedTuple):
    """One answer file: written to `folder` at `at`."""

    id: int
    partner: str
    kind: str
    at: float
    folder: str
    name: str
    body: bytes


class Due(NamedTuple):
    """Something for a payment of `payer` to `payee`; `alone` is 0 where it needs other entries to go with."""

    id: int
    partner: str
    at: float
    payer: str
    payee: str
    alone: int
    data: bytes


class Known(NamedTuple):
    """A claim taken before."""

    id: int
    number: str
    payer: str
    control_number: str
    state: str
    data: bytes


class Paid(NamedTuple):
    """One payment made: `cents` is BPR02, `paid` the sum of its CLP04."""

    partner: str
    payer: str
    payee: str
    trace: str
    cents: int
    paid: int
    claims: int


class State:
    """The memory. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside commits together or not at all."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def allocate(self, name: str, count: int = 1) -> int:
        """The first of so many numbers that nobody had; counted from 1."""
        (value,) = self._db.execute(
            "insert into numbers values (?, ?) on conflict (name) do update set value = value + excluded.value "
            "returning value",
            (name, count),
        ).fetchone()
        return int(value) - count + 1

    # --- what came in

    def was_taken(self, partner: str, name: str, stamp: str) -> bool:
        query = "select 1 from taken where partner = ? and name = ? and stamp = ?"
        return self._db.execute(query, (partner, name, stamp)).fetchone() is not None

    def take(self, partner: str, name: str, stamp: str) -> None:
        self._db.execute("insert or ignore into taken values (?, ?, ?)", (partner, name, stamp))

    def add_received(self, one: Interchange) -> None:
        self._db.execute("insert into received values (null, ?, ?, ?, ?, ?, ?, ?, ?)", one)

    def seen(self, partner: str, sender: str, isa13: str) -> bool:
        """Whether an interchange of that number was accepted before."""
        query = "select 1 from received where partner = ? and sender = ? and isa13 = ? and note = '000'"
        return self._db.execute(query, (partner, sender, isa13)).fetchone() is not None

    def received(self) -> list[Interchange]:
        rows = self._db.execute(
            "select partner, name, sha256, at, sender, isa13, usage, note from received order by id"
        )
        return [Interchange(*row) for row in rows]

    # --- claims

    def known(self, partner: str, numbers: Sequence[str], control_numbers: Sequence[str] = ()) -> list[Known]:
        """Claims taken before with one of these numbers, or one of these numbers of the payer's."""
        found: list[Known] = []
        for column, wanted in (("number", numbers), ("control_number", control_numbers)):
            for at in range(0, len(wanted), 500):
                part = wanted[at : at + 500]
                rows = self._db.execute(
                    f"select id, number, payer, control_number, state, data from claims where partner = ? "
                    f"and {column} in ({','.join('?' * len(part))}) order by id",
                    (partner, *part),
                )
                found += [Known(*row) for row in rows]
        return found

    def add_claims(self, rows: Iterable[tuple[str, str, str, str, str, bytes]]) -> None:
        """Rows of partner, number, payer, control number, state, data."""
        self._db.executemany("insert into claims values (null, ?, ?, ?, ?, ?, ?)", rows)

    def set_claim_state(self, claim_id: int, state: str) -> None:
        self._db.execute("update claims set state = ? where id = ?", (state, claim_id))

    def claims_by_state(self, partner: str) -> dict[str, int]:
        rows = self._db.execute("select state, count(*) from claims where partner = ? group by state", (partner,))
        return dict(rows.fetchall())

    def claim_counts(self, partner: str) -> dict[str, int]:
        """How often each claim number was taken."""
        rows = self._db.execute("select number, count(*) from claims where partner = ? group by number", (partner,))
        return dict(rows.fetchall())

    # --- payments to come

    def add_due(self, rows: Iterable[tuple[str, float, str, str, int, bytes]]) -> None:
        """Rows of partner, at, payer, payee, alone, data."""
        self._db.executemany("insert into due values (null, ?, ?, ?, ?, ?, ?)", rows)

    def due(self, until: float) -> list[Due]:
        """What is due for payers and payees of whom something is due that can go alone."""
        rows = self._db.execute(
            "select id, partner, at, payer, payee, alone, data from due where at <= ? and (partner, payer, payee) in "
            "(select partner, payer, payee from due where at <= ? and alone) order by at, id",
            (until, until),
        )
        return [Due(*row) for row in rows]

    def remove_due(self, ids: Sequence[int]) -> None:
        self._db.executemany("delete from due where id = ?", [(one,) for one in ids])

    def add_payment(self, one: Paid, at: float) -> None:
        self._db.execute("insert into payments values (null, ?, ?, ?, ?, ?, ?, ?, ?)", (*one, at))

    def payments(self, partner: str) -> list[Paid]:
        rows = self._db.execute(
            "select partner, payer, payee, trace, cents, paid, claims from payments where partner = ? order by id",
            (partner,),
        )
        return [Paid(*row) for row in rows]

    # --- answers to come

    def add_answer(self, partner: str, kind: str, at: float, folder: str, name: str, body: bytes, sha256: str) -> None:
        self._db.execute(
            "insert into outbox values (null, ?, ?, ?, ?, ?, ?, ?, null)",
            (partner, kind, at, folder, name, body, sha256),
        )

    def answers(self, until: float) -> list[Answer]:
        rows = self._db.execute(
            "select id, partner, kind, at, folder, name, body from outbox where delivered is null and at <= ? "
            "order by at, id limit 200",
            (until,),
        )
        return [Answer(*row) for row in rows]

    def delivered(self, answer_id: int, at: float) -> None:
        # The bytes are on disk now, and were the partner's to keep: here stays only what they were.
        self._db.execute("update outbox set delivered = ?, body = x'' where id = ?", (at, answer_id))

    def sent(self, partner: str) -> list[tuple[str, str, str]]:
        """Kind, name and SHA-256 of every answer delivered, in order."""
        rows = self._db.execute(
            "select kind, name, sha256 from outbox where partner = ? and delivered is not null "
            "order by delivered, at, id",
            (partner,),
        )
        return [(kind, name, sha256) for kind, name, sha256 in rows]

    def pending(self) -> int:
        """How many answers and claims to be paid wait for their time."""
        (answers,) = self._db.execute("select count(*) from outbox where delivered is null").fetchone()
        (payments,) = self._db.execute("select count(*) from due where alone").fetchone()
        return int(answers) + int(payments)

    def next_time(self) -> float | None:
        """When the next thing is due; None where nothing waits."""
        (answer,) = self._db.execute("select min(at) from outbox where delivered is null").fetchone()
        (payment,) = self._db.execute("select min(at) from due where alone").fetchone()
        times = [at for at in (answer, payment) if at is not None]
        return min(times) if times else None
