"""Bank files arrive: each line that is new is money that came, booked once and held against what remittances announce.

A file is taken whole or not at all. What cannot be read or does not add up waits for a person, with the line and the
sums named. The same file again, or the same line in another file, does nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ...config.config import Config
from ...config.models import Bank
from ...config.work_tables import work_table
from ...plugins.tables import Table
from ..boundary import boundary, declare
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..ledger import alarms, automatch, money, standing
from ..ledger.money import NOTED, UNIDENTIFIED, NewLine, line_key
from ..model.bai2 import read_bai2
from ..model.bank_csv import PLAIN, read_csv
from ..model.bank_file import MOST_BYTES, BankFileRefused, BankLine, last_four
from ..model.money import to_dollars
from ..model.work_tables import BANK_TYPES, CASH_METHODS, DEPOSIT, IGNORE, REVIEW
from ..store import files, timeline
from ..store.archive import Archive, Stored
from ..store.cash_tables import money_lines
from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import deposits
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from .receive import Received
from .services import Services

STATION = "bank"
PARTY = "bank:"

declare(
    bank_archived="a bank's file is in the archive, the database does not know of it",
    bank_read="a bank's file was read and adds up, nothing of it is booked",
    bank_taken="the lines of a bank's file are booked and matched",
)


class Found(NamedTuple):
    """What a file holds: the format, its lines; or why it is refused."""

    kind: str
    lines: list[BankLine]
    refused: str = ""


class Taken(NamedTuple):
    """What came of a file. `duplicate_of`: the file that brought the same content before (0: none). Counts of lines:
    `new`, `known` before, `noted` (no deposits); `matched` by themselves, `waiting` for a person, with `cents` of new
    money. `refused`: why nothing of it was taken."""

    file_id: int
    duplicate_of: int = 0
    new: int = 0
    known: int = 0
    noted: int = 0
    matched: int = 0
    waiting: int = 0
    cents: int = 0
    refused: str = ""


def read_bank_file(data: bytes, bank: Bank) -> Found:
    """What a file holds; never raises on its bytes."""
    form = bank.format
    if form == "auto":
        form = "bai2" if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:3] == b"01," else "csv"
    kind = "BAI2" if form == "bai2" else "BANK CSV"
    try:
        if not data.strip():
            raise BankFileRefused(0, "The file is empty.")
        if len(data) > MOST_BYTES:
            raise BankFileRefused(0, f"It is larger than {MOST_BYTES >> 20} MB.")
        if form == "bai2":
            return Found(kind, read_bai2(data))
        columns = bank.columns or PLAIN
        rules = {"date_format": bank.date_format, "separator": bank.separator, "total": bank.total}
        return Found(kind, read_csv(data, columns, **rules))
    except BankFileRefused as refused:
        return Found(kind, [], str(refused))


def keep(archive: Archive, data: bytes, bank: Bank) -> tuple[Stored, Found]:
    """The bytes of a file into the archive, and what it holds; blocking, so call it on a thread.

    Raises:
        OSError: the archive cannot take the bytes (disk full).
    """
    stored = archive.put(data)
    boundary("bank.archived")
    return stored, read_bank_file(data, bank)


def as_money(found: Found, bank: Bank, types: Table, who: str = "") -> list[tuple[NewLine, str]]:
    """The lines as money, each with what becomes of it (deposit, review, ignore); without those of other accounts."""
    made = []
    for line in found.lines:
        if bank.accounts and line.account not in bank.accounts:
            continue
        method, use = _type_of(line, types)
        number = line.check if method in ("check", "lockbox") else line.trace
        key = line_key(
            *(
                "bank",
                line.account or bank.name,
                line.on_date.isoformat(),
                line.code,
                line.cents,
                line.trace,
                line.check,
            ),
            *(line.reference, line.told, line.nth),
        )
        state = UNIDENTIFIED if use == DEPOSIT else NOTED
        made.append(
            (
                NewLine(
                    money.BANK,
                    bank.name,
                    line.on_date,
                    method,
                    line.cents,
                    key,
                    last_four(line.account),
                    line.number,
                    line.code,
                    number,
                    line.originator,
                    line.payer,
                    line.reference,
                    line.told,
                    state,
                    who=who,
                ),
                use,
            )
        )
    return made


def _type_of(line: BankLine, types: Table) -> tuple[str, str]:
    """By which way a line came, and what becomes of it: by table bank_types, else by its sign."""
    row = types.find(line.on_date, line.code)
    if row is not None:
        method, use = row.values["method"], row.values["use"]
    else:
        method = line.code if line.code in CASH_METHODS else "other"
        use = DEPOSIT if line.cents > 0 else IGNORE
    if use == DEPOSIT and line.cents <= 0:
        use = REVIEW if line.cents else IGNORE
    if method == "other" and use == DEPOSIT:
        method = "eft" if line.trace else "check" if line.check else method
    return method, use


# --- taking a file ---------------------------------------------------------------------------------


def party(bank: str) -> str:
    """How the files of a bank are noted; no partner's or source's name looks like it."""
    return f"{PARTY}{bank}"


def register(
    connection: Connection,
    bank: str,
    name: str,
    stored: Stored,
    now: dt.datetime,
    origin: str,
    *,
    refused: str = "",
    read: bool = True,
) -> Received:
    """Record a file whose bytes are in the archive, and (`read`) that it is to be read. `refused`: why it is not."""
    file_id = allocate(connection, "files", 1)
    first = files.first_with(connection, party(bank), stored.sha256, taken_in=True)
    state, reason = "received", ""
    if first is not None:
        state, reason = "duplicate", f"The same content came before, as file {first}; nothing is booked again."
    elif refused:
        state, reason = "quarantined", refused
    new = files.NewFile("in", origin, party(bank), name, stored, "BANK", state, reason, duplicate_of=first)
    files.add(connection, new, now, file_id)
    what = f"Received from {bank}, {stored.size:,} bytes. {reason}".rstrip()
    timeline.add(connection, [timeline.Entry("file", file_id, STATION, what)], now)
    if refused and first is None:
        open_items(connection, [_problem(file_id, bank, name, reason, now.date())], now)
    if state == "received" and read:
        put_outbox(connection, "bank", str(file_id), {"file_id": file_id}, now)
    return Received(file_id, first or 0)


def take_in(
    connection: Connection,
    config: Config,
    bank: Bank,
    name: str,
    stored: Stored,
    found: Found,
    who: str,
    now: dt.datetime,
) -> Taken:
    """Record a file and book it at once, in one transaction; its bytes are in the archive."""
    money.my_turn(connection)
    received = register(connection, bank.name, name, stored, now, "upload", read=False)
    if received.duplicate_of:
        return Taken(received.file_id, received.duplicate_of)
    return apply(connection, config, bank, received.file_id, found, now, who)


def apply(
    connection: Connection,
    config: Config,
    bank: Bank,
    file_id: int,
    found: Found,
    now: dt.datetime,
    who: str = "",
) -> Taken:
    """Book the lines of a file that was recorded, and match them; or set it aside with the reason."""
    today = business_date(now, config.gateway.organisation.time_zone)
    money.my_turn(connection)
    files.set_kind(connection, file_id, found.kind)
    if found.refused:
        name = str(files.get(connection, file_id).name)
        files.set_state(connection, file_id, "quarantined", now, reason=found.refused)
        what = f"Nothing of it is taken. {found.refused}"
        timeline.add(connection, [timeline.Entry("file", file_id, STATION, what, who=who)], now)
        open_items(connection, [_problem(file_id, bank.name, name, found.refused, today)], now)
        return Taken(file_id, refused=found.refused)
    lines = as_money(found, bank, work_table(config.tables, BANK_TYPES), who)
    added = money.add_lines(connection, [line for line, _ in lines], now, file_id)
    fresh = [(line, use) for line, use in lines if line.key in added.ids]
    ids = [added.ids[line.key] for line, use in fresh if use == DEPOSIT]
    done = automatch.match_open(connection, config.gateway.cash.match_days, today, now, line_ids=ids)
    alarms.not_yet_known(connection, ids, today, now)
    looked = [(added.ids[line.key], line) for line, use in fresh if use == REVIEW]
    open_items(connection, [_review(line_id, line, today) for line_id, line in looked], now)
    taken = Taken(
        file_id,
        new=len(fresh),
        known=added.known,
        noted=len(fresh) - len(ids),
        matched=done.matched,
        waiting=done.waiting,
        cents=sum(line.cents for line, use in fresh if use == DEPOSIT),
    )
    files.set_state(connection, file_id, "read", now, cents=taken.cents)
    what = f"Read: {in_words(taken)}."
    timeline.add(connection, [timeline.Entry("file", file_id, STATION, what, who=who)], now)
    return taken


def in_words(taken: Taken) -> str:
    """What came of a file that was taken: `12 new lines of $1,204.00, 10 matched, 2 known before`."""
    parts = [f"{taken.new - taken.noted:,} new of ${to_dollars(taken.cents):,}", f"{taken.matched:,} matched"]
    if taken.waiting:
        parts.append(f"{taken.waiting:,} could be several deposits")
    if taken.noted:
        parts.append(f"{taken.noted:,} noted that are no deposits")
    if taken.known:
        parts.append(f"{taken.known:,} known before")
    return ", ".join(parts)


def _problem(file_id: int, bank: str, name: str, reason: str, today: dt.date) -> WorkItem:
    return WorkItem(
        kind="file_problem",
        key=f"file:{file_id}",
        reason=f"File {name} of bank {bank}: {reason} Ask the bank for it again."[:1000],
        team="posting",
        subject_kind="file",
        subject_id=file_id,
        work_by=add_business_days(today, 1),
    )


def _review(line_id: int, line: NewLine, today: dt.date) -> WorkItem:
    return WorkItem(
        kind="bank_review",
        key=f"cash:review:{line_id}",
        reason=f"${to_dollars(abs(line.cents)):,} {'came' if line.cents >= 0 else 'went'} by {line.method} on "
        f"{line.on_date:%m/%d/%Y}, type {line.type_code} (line {line_id}): money that was taken back or corrected. It "
        "is not booked; find out which deposit it concerns."[:1000],
        team="posting",
        subject_kind="deposit",
        subject_id=line_id,
        cents=line.cents,
        work_by=add_business_days(today, 1),
    )


# --- a folder's files, and what waits --------------------------------------------------------------


def _read(services: Services, file_id: int) -> tuple[Bank | None, Found]:
    with services.reads.connect() as connection:
        row = files.get(connection, file_id)
    bank = services.config.gateway.cash.bank(str(row.party).removeprefix(PARTY))
    if bank is None:
        return None, Found("BANK", [], f"the configuration has {row.party} no more (cash.banks)")
    return bank, read_bank_file(services.archive.read(row.sha256), bank)


def _apply(connection: Connection, services: Services, file_id: int, bank: Bank | None, found: Found) -> dict[str, Any]:
    row = files.get(connection, file_id)
    named = bank or Bank(name=str(row.party).removeprefix(PARTY))
    return apply(connection, services.config, named, file_id, found, services.clock.now())._asdict()


@workflow("bank")
async def take_bank_file(run: Run, payload: Payload) -> dict[str, Any]:
    """Read one bank's file that was recorded, and book it. `payload`: {file_id}. Returns its counts."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    bank, found = await asyncio.to_thread(_read, services, file_id)
    boundary("bank.read")
    taken: dict[str, Any] = await run.transact("take", _apply, services, file_id, bank, found)
    boundary("bank.taken")
    return taken


def look_after(connection: Connection, services: Services) -> dict[str, int]:
    """Match what waits, raise and close the alarms, and say where deposits stand."""
    now = services.clock.now()
    cash = services.config.gateway.cash
    today = business_date(now, services.config.gateway.organisation.time_zone)
    money.my_turn(connection)
    matched = 0
    if connection.execute(select(money_lines.c.id).where(money_lines.c.state == UNIDENTIFIED).limit(1)).first():
        matched = automatch.match_open(connection, cash.match_days, today, now).matched
    opened, closed = alarms.alarms(connection, cash.era_without_money_days, cash.money_without_era_days, today, now)
    unfinished = deposits.c.state.in_((money.MATCHED, standing.POSTED))
    settled = standing.settle(
        connection, connection.execute(select(deposits.c.id).where(unfinished)).scalars().all(), now
    )
    return {"matched": matched, "opened": opened, "closed": closed, "settled": settled}
