"""How long each figure of `gateway report` takes: `python -m benchmarks.figures --claims 200000 [--url URL]`.

The books are made here, row by row in bulk: each claim has two lines and two charges, two of three are paid with a
contractual adjustment, one payment of nine has a denial. Nothing else runs on them.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, Table, text

from gateway.core.reports.catalogue import REPORTS, behind, scope_of, work_out
from gateway.core.store import tables as t
from gateway.core.store.bulk import insert_bulk
from gateway.core.store.engine import make_sync_engine

NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
TODAY = NOW.date()
DAY = dt.timedelta(days=1)
ZONE = "America/New_York"


def _defaults(table: Table, given: Sequence[str]) -> dict[str, Any]:
    """Something for every column that must have a value and is not given."""
    made: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given or column.nullable or column.server_default is not None:
            continue
        if column.default is not None and column.default.is_scalar:
            made[column.name] = column.default.arg  # type: ignore[attr-defined]
        elif "DateTime" in type(column.type).__name__:
            made[column.name] = NOW
        else:
            made[column.name] = {str: "", int: 0, bytes: b"", bool: False}.get(column.type.python_type, {})
    return made


def _put(connection: Connection, table: Table, names: str, rows: Iterable[Sequence[Any]]) -> None:
    given = names.split()
    rest = _defaults(table, given)
    insert_bulk(connection, table, (*given, *rest), ((*row, *rest.values()) for row in rows))


def _transfers(count: int, ago: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    number = paid = 0
    for claim in range(count):
        for line in (2 * claim + 1, 2 * claim + 2):
            number += 1
            day = TODAY - ago[claim] * DAY
            yield number, "receivable:insurance", "income:charges", 7_500, day, claim + 1, line, f"c{number}"
        if claim % 3:
            day = TODAY - min(ago[claim], paid % 100) * DAY
            for line in (2 * claim + 1, 2 * claim + 2):
                for debit, cents in ((f"clearing:{paid % 900 + 1}", 4_500), ("adjustment:contractual", 3_000)):
                    number += 1
                    yield number, debit, "receivable:insurance", cents, day, claim + 1, line, f"c{number}"
            paid += 1


def fill(connection: Connection, count: int) -> None:
    """The books of so many claims."""
    drawn = random.Random(1)
    ago = [drawn.randrange(200) for _ in range(count)]
    paid = [claim for claim in range(count) if claim % 3]
    _put(connection, t.blobs, "sha256", [("a" * 64,)])
    _put(connection, t.files, "id sha256", [(1, "a" * 64)])
    _put(
        connection, t.claims, "id file_id ordinal payer_id state charge_cents from_date created_at content",
        (
            (
                one + 1, 1, one, f"P{one % 12}", "paid" if one % 3 else "accepted", 15_000,
                TODAY - (ago[one] + 2) * DAY, NOW - ago[one] * DAY, b"x" * 600,
            )
            for one in range(count)
        ),
    )  # fmt: skip
    lines = ((2 * one + at + 1, one + 1, at + 1, f"E{1390 + one % 20}", 7_500) for one in range(count) for at in (0, 1))
    _put(connection, t.claim_lines, "id claim_id number code charge_cents", lines)
    number = count // 1000 + 1
    sent = [NOW - (one * 200 // number) * DAY for one in range(number)]
    hour = dt.timedelta(hours=1)
    rows = ((one + 1, "practice", str(one), at, at + hour, at + 2 * hour) for one, at in enumerate(sent))
    _put(connection, t.batches, "id partner isa13 sent_at ta1_at group_ack_at", rows)
    said = ((one + 1, "rejected" if one % 50 == 0 else "adjudicated") for one in range(count))
    submitted = ((one, one, (one - 1) // 1000 + 1, one % 1000, state, 15_000) for one, state in said)
    _put(connection, t.submissions, "id claim_id batch_id position state charge_cents", submitted)
    answered = ((one + 1, 1, one + 1, 4, "accepted" if one % 50 else "rejected") for one in range(count))
    _put(connection, t.acknowledgments, "id file_id submission_id hop verdict", answered)
    days = ((one + 1, 1, one, "posted", TODAY - (one % 100 + 1) * DAY, NOW - one % 100 * DAY) for one in range(900))
    _put(connection, t.remittances, "id file_id ordinal state effective_date posted_at", days)
    payments = (
        (at + 1, at % 900 + 1, at, one + 1, "posted" if at % 50 else "exception", 9_000, NOW - at % 100 * DAY)
        for at, one in enumerate(paid)
    )
    _put(connection, t.claim_payments, "id remittance_id ordinal claim_id state paid_cents at", payments)
    posted = ((2 * at + n + 1, at + 1, 2 * one + n + 1, at % 9 == 0) for at, one in enumerate(paid) for n in (0, 1))
    _put(connection, t.line_payments, "id claim_payment_id line_id denied", posted)
    denied = (
        (at + 1, one + 1, 2 * one + 1, at + 1, "CO", str(at % 40), 7_500) for at, one in enumerate(paid) if not at % 9
    )
    _put(connection, t.denials, "id claim_id line_id claim_payment_id group_code reason_code cents", denied)
    _put(connection, t.transfers, "id debit credit cents on_date claim_id line_id key", _transfers(count, ago))


@click.command()
@click.option("--claims", default=200_000, show_default=True, type=click.IntRange(1_000, 5_000_000))
@click.option("--url", default="", help="An empty PostgreSQL database; without it a SQLite file of its own.")
def main(claims: int, url: str) -> None:
    """Fill the books, and work out every figure once: seconds by the clock and of this process."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_sync_engine(url or f"sqlite:///{Path(folder) / 'books.db'}")
        t.metadata.create_all(engine)
        with engine.begin() as connection:
            fill(connection, claims)
        if url:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE"))
        click.echo(f"{claims:,} claims\n{'figure':20} {'seconds':>8} {'cpu':>6} {'its claims':>11} {'cpu':>6}")
        with engine.connect() as connection:
            for name, report in REPORTS.items():
                scope = scope_of(TODAY, ZONE)
                took = [time.perf_counter(), time.process_time()]
                work_out(connection, report, scope)
                took += [time.perf_counter(), time.process_time()]
                behind(connection, report, scope)
                took += [time.perf_counter(), time.process_time()]
                one, two = (took[2] - took[0], took[3] - took[1]), (took[4] - took[2], took[5] - took[3])
                click.echo(f"{name:20} {one[0]:8.2f} {one[1]:6.2f} {two[0]:11.2f} {two[1]:6.2f}")
        engine.dispose()


if __name__ == "__main__":
    main()
