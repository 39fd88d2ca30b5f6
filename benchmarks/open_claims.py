"""Posting in a large house: `python -m benchmarks.open_claims <row> <size> <folder> <data>`.

`post-open`: so many payments, among a number of claims that are open (GATEWAY_BENCH_OPEN). `post-large`: one remittance
of so many megabytes in one transaction set, made on the fly; what counts is the memory. The claims are written straight
into the database: taking a million in is another row's work. They are invented, of one line each, and alike but for
number and member; of twenty one is denied, and one has a next payer.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, String, Table, func, insert, select

from gateway.core.ledger import transfers
from gateway.core.store import files as file_store
from gateway.core.store.archive import Stored
from gateway.core.store.bulk import insert_bulk
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.ids import allocate
from gateway.core.store.outbox import put_outbox
from gateway.core.store.tables import batches, claim_lines, claim_payments, claims, patients, submissions
from gateway.plugins.testing import make_claim, make_line
from gateway.server import Gateway

from .large_house import tidy
from .measure import report
from .rails import PARTNER, SOURCE, configuration, telling

OPEN = "GATEWAY_BENCH_OPEN"
OPEN_CLAIMS = 100_000
TOGETHER = 20_000
CHARGE, PAID = 15_000, 8_000
DAY = dt.date(2026, 9, 1)
NOW = dt.datetime(2026, 9, 2, 12, tzinfo=dt.UTC)
NEXT_PAYER = ("SBR*S*18*******CI", "OI***Y***Y", "NM1*IL*1*FERNSBY*POSY****MI*X1", "NM1*PR*2*OTHER PLAN*****PI*90202")
BYTES_OF_A_PAYMENT = 179
"""About so long is one payment of `remittance`."""


def _number(at: int) -> str:
    return f"OPEN{at:09d}"


def _denied(at: int) -> bool:
    return at % 20 == 3


def _has_next(at: int) -> bool:
    return at % 20 == 7


def fill(connection: Connection, first: int, count: int) -> None:
    """Claims that were sent and are open, from number `first` on."""
    if first == 0:
        stored = Stored("0" * 64, 0)
        new = file_store.NewFile("in", "source", SOURCE, "open.837", stored, "837P", "read")
        file_id = file_store.add(connection, new, NOW)
        batch_id = allocate(connection, "batches", 1)
        connection.execute(
            insert(batches).values(
                id=batch_id, sets=1, claims=1, cents=1, created_at=NOW, partner=PARTNER, file_id=None
            )
        )
    else:
        file_id = _last(connection, claims.c.file_id)
        batch_id = _last(connection, submissions.c.batch_id)
    line_of_it = make_line("E1390", charge="150")
    contents = tuple(make_claim(line_of_it, claim_number="OPEN", more=more).stored.pack() for more in ((), NEXT_PAYER))
    at = range(first, first + count)
    ids = {name: allocate(connection, name, count) for name in ("patients", "claims", "claim_lines", "submissions")}
    patient, claim, line, sent = (start - first for start in ids.values())
    born = dt.date(1950, 6, 15)
    columns = ("id", "last_name", "first_name", "birth_date", "created_at")
    _add(connection, patients, columns, ((patient + n, "FERNSBY", "POSY", born, NOW) for n in at))
    columns = ("id", "claim_id", "number", "control_number", "code", "modifiers", "charge_cents", "units", "from_date")
    lines = ((line + n, claim + n, 1, f"{_number(n)}L1", "E1390", "RR", CHARGE, "1", DAY) for n in at)
    _add(connection, claims, _OF_A_CLAIM, (_claim(n, claim, patient, file_id, contents) for n in at))
    _add(connection, claim_lines, columns, lines)
    columns = ("id", "claim_id", "batch_id", "claim_number", "position", "state", "hop", "charge_cents", *_MOMENTS)
    rows = ((sent + n, claim + n, batch_id, _number(n), n + 1, "accepted", 4, CHARGE, NOW, NOW) for n in at)
    _add(connection, submissions, columns, rows)
    moves = (transfers.charge_transfers(claim + n, [(line + n, CHARGE)], CHARGE, DAY) for n in at)
    transfers.write(connection, [one for several in moves for one in several], NOW)


_MOMENTS = ("created_at", "updated_at")
_OF_A_CLAIM = (
    *("id", "source", "file_id", "ordinal", "claim_number", "source_claim_number", "patient_id", "partner"),
    *("payer_id", "payer_name", "member_id", "charge_cents", "from_date", "state", "version", "content", *_MOMENTS),
)


def _claim(n: int, claim: int, patient: int, file_id: int, contents: tuple[bytes, bytes]) -> tuple[Any, ...]:
    number, name = _number(n), "NORTHBRIDGE HEALTH PLAN"
    who = claim + n, SOURCE, file_id, n + 1, number, number, patient + n, PARTNER, "90101", name, f"SWT{n:09d}"
    return *who, CHARGE, DAY, "accepted", 1, contents[_has_next(n)], NOW, NOW


def _add(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows in bulk; columns that are not named are empty."""
    others = [one for one in table.columns if not one.nullable and one.name not in columns]
    empty = tuple("" if isinstance(one.type, String) else 1 for one in others)
    insert_bulk(connection, table, (*columns, *(one.name for one in others)), ((*row, *empty) for row in rows))


def _last(connection: Connection, column: Any) -> int:
    return int(connection.execute(select(func.max(column))).scalar_one())


async def open_claims(gateway: Gateway, count: int) -> None:
    """So many claims are open."""
    for first in range(0, count, TOGETHER):
        await gateway.write(fill, first, min(TOGETHER, count - first))
        if not first % (10 * TOGETHER):
            print(f"      {first:,} of {count:,} claims are open", file=sys.stderr, flush=True)


def tidied(url: str) -> None:
    """The database knows what is in it, as it would some minutes later."""
    engine = make_sync_engine(url)
    tidy(engine)
    engine.dispose()


def remittance(numbers: range) -> Iterator[bytes]:
    """One transaction set that pays these claims."""
    total = sum(0 if _denied(n) else PAID for n in numbers)
    head = (
        f"ISA*00*          *00*          *ZZ*{'PRACTICE':<15}*ZZ*{'STILLWATER':<15}*260915*1200*^*00501*"
        "000000901*0*T*:~GS*HP*PRACTICE*STILLWATER*20260915*1200*901*X*005010X221A1~ST*835*0001~"
        f"BPR*I*{total // 100}*C*ACH*CCP*01*999999999*DA*1*1960000022**01*999999999*DA*2*20260915~"
        "TRN*1*EFT1*1960000022~DTM*405*20260915~N1*PR*NORTHBRIDGE HEALTH PLAN*XV*90101~"
        "N3*1 PAYER PLAZA~N4*COLUMBUS*OH*43215~PER*BL*SERVICE*TE*6145550100~"
        "N1*PE*STILLWATER HOME MEDICAL*XX*1999999000~LX*1~"
    )
    yield head.encode()
    segments = head.count("~") - 2
    for n in numbers:
        made = _payment(n)
        segments += made.count("~")
        yield made.encode()
    yield f"SE*{segments + 1}*0001~GE*1*901~IEA*1*000000901~".encode()


def _payment(n: int) -> str:
    number = _number(n)
    paid, owed, cas = "80", "20", "CAS*CO*45*50~CAS*PR*2*20~"
    if _denied(n):
        paid, owed, cas = "0", "0", "CAS*CO*50*150~"
    return (
        f"CLP*{number}*1*150*{paid}*{owed}*12*ICN{n:09d}*12*1~NM1*QC*1*FERNSBY*POSY****MI*SWT{n:09d}~"
        f"SVC*HC:E1390:RR*150*{paid}~DTM*472*20260901~{cas}REF*6R*{number}L1~"
    )


def note_remittance(connection: Connection, stored: Stored) -> int:
    new = file_store.NewFile("in", "partner", PARTNER, "large.835", stored, "", "received")
    file_id = file_store.add(connection, new, NOW)
    put_outbox(connection, "read", str(file_id), {"file_id": file_id}, NOW)
    return file_id


def _states(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(claim_payments.c.state, func.count()).group_by(claim_payments.c.state))
    return {state: int(count) for state, count in rows}


def _count(connection: Connection) -> int:
    return sum(_states(connection).values())


async def measure(row: str, size: int, folder: Path) -> None:
    """Fill the house, post, and report."""
    if row == "post-large":
        paid = range(size * 1_000_000 // BYTES_OF_A_PAYMENT)
        count = len(paid)
    else:
        count = max(size, int(os.environ.get(OPEN, OPEN_CLAIMS)))
        paid = range(0, count, count // size)[:size]
    gateway = Gateway(configuration(folder), executor="benchmark", doors=False)
    await gateway.start()
    try:
        await open_claims(gateway, count)
        await asyncio.to_thread(tidied, gateway.locations.business_url)
        file = folder / "large.835"
        with file.open("wb") as stream:
            stream.writelines(remittance(paid))
        size_mb = file.stat().st_size / 1e6
        with file.open("rb") as stream:
            stored = await asyncio.to_thread(gateway.archive.put_stream, stream)
        told = asyncio.create_task(telling(gateway, "payments", len(paid), _count))
        begun, cpu = time.perf_counter(), time.process_time()
        file_id = await gateway.write(note_remittance, stored)
        gateway.engine.poke()
        await gateway.engine.wait("read", str(file_id))
        await gateway.engine.wait("post", str(file_id))
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        told.cancel()
        states = await gateway.read(_states)
    finally:
        await gateway.stop()
    waiting = sum(states.values()) - states.get("posted", 0)
    note = f"{size_mb:,.0f} MB, {count:,} claims open" + (f"; {waiting:,} wait as exceptions" if waiting else "")
    # The size that was asked for is megabytes in one of the rows; what is counted is payments.
    seen = sum(states.values())
    report(size if seen == len(paid) else seen, seconds, cpu, note=note, payments=len(paid))


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
