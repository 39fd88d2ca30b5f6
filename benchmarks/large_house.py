"""A large house, written straight into the tables: `python -m benchmarks.large_house --claims 1000000 [--url URL]`.

So many claims of two years, whose rows, ledger and work items agree: of a thousand, 20 with the payer, 10 held, 3
rejected, 2 that cannot be read, 10 denied and open, the others paid and closed; and one payment of 500 that no claim
takes. Everybody is invented. The console's pages and its load are measured on it.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from sqlalchemy import Connection, Engine, Table, text

from gateway.core.flow.post_records import pack_segments
from gateway.core.ledger import accounts
from gateway.core.store import archive, migrate
from gateway.core.store import tables as t
from gateway.core.store.archive import Archive, Stored
from gateway.core.store.bulk import insert_bulk
from gateway.core.store.denial_tables import denial_cases
from gateway.core.store.engine import make_sync_engine, prepare_sqlite
from gateway.core.store.ids import allocate
from gateway.core.x12.segment import Delimiters
from gateway.plugins.testing import make_claim, make_line
from gateway.sandbox.people import FIRST_F, FIRST_M, LAST

from .figures import _defaults

MARKS = Delimiters("*", ":", "^", "~")
SERVICE = ("NM1*QC*1*FERNSBY*POSY", "SVC*HC:E1390*150*120", "DTM*472*20260901", "CAS*CO*45*30")
TOGETHER = 5_000
CHARGE, PAID = 15_000, 12_000
DAY = dt.timedelta(days=1)
DAYS = 730
CLAIMS_OF_A_PATIENT = 8
CLAIMS_OF_A_FILE = 500
PAYERS = tuple((f"9{one:04d}", f"{name} HEALTH PLAN") for one, name in enumerate(LAST[:40], 101))
STATES = ((20, "accepted"), (30, "held"), (33, "rejected"), (35, "faulty"), (45, "denied"))
TEAMS = {"held": "documentation", "rejected": "billing", "faulty": "billing", "denied": "appeals"}
PAPER = b"ISA*00*          *00*          *ZZ*STILLWATERPM   *ZZ*GATEWAY        *261120*1830*^*00501*000000001*0*T*:~IEA*0*000000001~"  # fmt: skip # noqa: E501


class House(NamedTuple):
    """Where the rows of this part begin, by table; and when it is."""

    now: dt.datetime
    first: dict[str, int]
    sha256: str
    contents: Sequence[bytes]


def state_of(n: int) -> str:
    """Where claim `n` stands."""
    at = n * 7919 % 1000
    return next((state for most, state in STATES if at < most), "closed")


def _orphan(n: int) -> bool:
    """Whether the payment for claim `n` found no claim of ours."""
    return n % 500 == 77


def put(connection: Connection, table: Table, names: str, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows in bulk; columns that are not named are empty."""
    given = names.split()
    rest = _defaults(table, given)
    insert_bulk(connection, table, (*given, *rest), ((*row, *rest.values()) for row in rows))


class Part:
    """Some claims, from number `first` on, and everything that came of them."""

    def __init__(self, connection: Connection, house: House, first: int, count: int) -> None:
        self.sql, self.house, self.numbers = connection, house, range(first, first + count)
        names = ("patients", "claims", "claim_lines", "submissions", "claim_payments", "line_payments", "adjustments")
        more = ("transfers", "timeline", "work_items", "holds", "acknowledgments", "denials")
        room = {name: allocate(connection, name, 3 * count + 8) for name in (*names, *more)}
        self._next = room
        self.claim = {n: room["claims"] + n - first for n in self.numbers}
        self.line = {n: room["claim_lines"] + n - first for n in self.numbers}
        self.sent = {n: room["submissions"] + n - first for n in self.numbers}
        self.transfers: list[tuple[Any, ...]] = []
        self.items: list[tuple[Any, ...]] = []

    def _id(self, name: str) -> int:
        self._next[name] += 1
        return self._next[name]

    def _at(self, n: int) -> dt.datetime:
        """When claim `n` came: what is not done yet came lately."""
        ago = n * 37 % (DAYS if state_of(n) == "closed" else 60)
        return self.house.now - ago * DAY - dt.timedelta(seconds=n % 30_000)

    def write(self) -> None:
        """All of it."""
        self._claims()
        self._batch()
        self._remittances()
        self._waiting()
        columns = "id debit credit cents on_date kind key claim_id line_id claim_payment_id remittance_id at"
        put(self.sql, t.transfers, columns, self.transfers)
        columns = "id kind key subject_kind subject_id claim_id reason rule team cents work_by payer_id opened_at"
        put(self.sql, t.work_items, f"{columns} priority_date partner", self.items)

    def _move(self, debit: str, credit: str, cents: int, on: dt.date, kind: str, key: str, *of: int | None) -> None:
        claim, line, payment, remittance = (*of, None, None, None, None)[:4]
        row = (self._id("transfers"), debit, credit, cents, on, kind, key, claim, line, payment, remittance)
        self.transfers.append((*row, self.house.now))

    def _claims(self) -> None:
        sql, house = self.sql, self.house
        people = range(self.numbers[0] // CLAIMS_OF_A_PATIENT, self.numbers[-1] // CLAIMS_OF_A_PATIENT + 1)
        patient = {one: self._id("patients") for one in people}
        rows = [(patient[one], *_name(one), dt.date(1930, 1, 1) + one % 20_000 * DAY, house.now) for one in people]
        put(sql, t.patients, "id last_name first_name birth_date created_at", rows)
        values = [(patient[one], "member", f"SWT{one:09d}", dt.date(1930, 1, 1) + one % 20_000 * DAY) for one in people]
        first = allocate(sql, "patient_ids", len(values))
        numbered = [(first + at, *row) for at, row in enumerate(values)]
        put(sql, t.patient_ids, "id patient_id scheme value birth_date", numbered)
        files = {
            part: allocate(sql, "files", 1) for part in sorted({n // CLAIMS_OF_A_FILE for n in self.numbers})
        }  # fmt: skip
        columns = "id direction origin party name sha256 size kind state claims cents received_at finished_at"
        count, size = CLAIMS_OF_A_FILE, len(PAPER)
        put(
            sql, t.files, columns,
            [
                (one, "in", "source", "billing", f"day-{part:06d}.837", house.sha256, size, "837P", "read", count,
                 CHARGE * count, self._at(part * count), self._at(part * count))
                for part, one in files.items()
            ],
        )  # fmt: skip
        columns = (
            "id source file_id ordinal claim_number source_claim_number patient_id partner chain payer_id payer_name "
            "filing_code member_id billing_npi charge_cents from_date thru_date state payer_claim_number content "
            "created_at updated_at"
        )
        rows = []
        for n in self.numbers:
            payer, at, who = PAYERS[n % len(PAYERS)], self._at(n), n // CLAIMS_OF_A_PATIENT
            served = at.date() - 3 * DAY
            rows.append(
                (self.claim[n], "billing", files[n // CLAIMS_OF_A_FILE], n % CLAIMS_OF_A_FILE + 1, f"LH{n:09d}",
                 f"PM{n:09d}", patient[who], "practice", "default", *payer, "CI", f"SWT{who:09d}", "1999999000",
                 CHARGE, served, served, state_of(n), f"ICN{n:09d}", house.contents[n % len(house.contents)], at, at)
            )  # fmt: skip
            key = f"charge:{self.claim[n]}:{self.line[n]}"
            self._move(
                accounts.INSURANCE, accounts.CHARGES, CHARGE, at.date(), "charge", key, self.claim[n], self.line[n]
            )
        put(sql, t.claims, columns, rows)
        columns = "id claim_id number control_number code modifiers charge_cents units from_date"
        put(
            sql, t.claim_lines, columns,
            [
                (self.line[n], self.claim[n], 1, f"LH{n:09d}L1", "E1390", "RR", CHARGE, "1", self._at(n).date())
                for n in self.numbers
            ],
        )  # fmt: skip
        told = [
            (self._id("timeline"), "claim", self.claim[n], self._at(n), station, what)
            for n in self.numbers
            for station, what in (("intake", "It came from billing."), ("scrub", "Nothing was found."))
        ]
        put(sql, t.timeline, "id subject_kind subject_id at station what", told)

    def _batch(self) -> None:
        """What was sent went in batches, and was answered."""
        sent = [n for n in self.numbers if state_of(n) not in ("held", "faulty")]
        now = self.house.now
        batch = allocate(self.sql, "batches", 1)
        at, number = self._at(sent[0]), f"{900_000_000 + batch}"  # far from those that are drawn later
        row = (batch, "practice", "sent", "STILLWATER", "SANDBOX", number, number, len(sent), at, at, "A")
        columns = "id partner state sender receiver isa13 gs06 claims created_at sent_at group_ack cents sets"
        put(self.sql, t.batches, columns, [(*row, CHARGE * len(sent), 1)])
        columns = "id claim_id batch_id claim_number position state hop charge_cents created_at updated_at"
        states = {"accepted": "accepted", "rejected": "rejected"}
        put(
            self.sql, t.submissions, columns,
            [
                (self.sent[n], self.claim[n], batch, f"LH{n:09d}", at, states.get(state_of(n), "adjudicated"), 4,
                 CHARGE, self._at(n), now)
                for at, n in enumerate(sent)
            ],
        )  # fmt: skip
        file_id = allocate(self.sql, "files", 1)
        columns = "id direction origin party name sha256 size kind state received_at"
        row = (file_id, "in", "partner", "practice", f"{batch:09d}.277", self.house.sha256, len(PAPER), "277CA", "read")
        put(self.sql, t.files, columns, [(*row, now - batch % DAYS * DAY)])
        refused: dict[str, list[Any]] = {"codes": ["A7:164:IL"], "lines": []}
        put(
            self.sql, t.acknowledgments, "id file_id batch_id submission_id kind hop verdict details at",
            [
                (self._id("acknowledgments"), file_id, batch, self.sent[n], "277CA", 3, "rejected", refused,
                 self._at(n))
                for n in sent
                if state_of(n) == "rejected"
            ],
        )  # fmt: skip

    def _remittances(self) -> None:
        """What was decided came in remittances of a payer."""
        sql, now = self.sql, self.house.now
        groups: dict[int, list[int]] = {}
        for n in self.numbers:
            if state_of(n) in ("closed", "denied"):
                groups.setdefault(n % len(PAYERS), []).append(n)
        for payer, numbers in groups.items():
            remittance, file_id, deposit = (allocate(sql, name, 1) for name in ("remittances", "files", "deposits"))
            waits = [n for n in numbers if _orphan(n)]
            settled = [n for n in numbers if state_of(n) == "closed"]
            posted, waiting = PAID * len(settled), PAID * len(waits)
            on = max(self._at(n) for n in numbers).date()
            row = (file_id, "in", "partner", "practice", f"{remittance:07d}.835", self.house.sha256, len(PAPER), "835")
            columns = "id direction origin party name sha256 size kind state received_at claims cents"
            put(sql, t.files, columns, [(*row, "read", _noon(on), len(numbers), posted + waiting)])
            columns = (
                "id file_id ordinal partner state payer_id payer_name method trace_number originator paid_cents "
                "effective_date claims posted_cents exception_cents received_at posted_at"
            )
            state = "partly posted" if waits else "posted"
            count, trace = len(numbers) + len(waits), f"EFT{remittance:09d}"
            row = (remittance, file_id, 1, "practice", state, *PAYERS[payer], "ACH", trace, "1960000022")
            more = (posted + waiting, on, count, posted, waiting, _noon(on), _noon(on))
            put(sql, t.remittances, columns, [(*row, *more)])
            columns = "id remittance_id method payer_id payer_name trace_number cents expected_on state created_at"
            row = (deposit, remittance, "eft", *PAYERS[payer], f"EFT{remittance:09d}", posted + waiting, on, "expected")
            put(sql, t.deposits, columns, [(*row, _noon(on))])
            clearing = accounts.clearing(remittance)
            if posted + waiting:
                key = f"receipt:{remittance}"
                self._move(
                    accounts.CASH_EXPECTED, clearing, posted + waiting, on, "receipt", key, None, None, None, remittance
                )
            self._payments(numbers, remittance, clearing, on)
            self._exceptions(waits, remittance, len(numbers), now)

    def _payments(self, numbers: Sequence[int], remittance: int, clearing: str, on: dt.date) -> None:
        payments, lines, taken, denied, cases = [], [], [], [], []
        for at, n in enumerate(numbers, 1):
            one, claim, line = self._id("claim_payments"), self.claim[n], self.line[n]
            open_denial = state_of(n) == "denied"
            paid = 0 if open_denial else PAID
            status = "4" if open_denial else "1"
            row = (one, remittance, at, claim, f"LH{n:09d}", status, CHARGE, paid, 0, f"ICN{n:09d}", "posted")
            payments.append((*row, "claim number", b"", _noon(on)))
            lines.append((self._id("line_payments"), one, line, "E1390", CHARGE, paid, open_denial))
            kind, account, group, reason, cents = ("contractual", "adjustment:contractual", "CO", "45", CHARGE - paid)
            if open_denial:
                kind, account, reason = "denial", accounts.DENIED, "50"
                denial, payer = self._id("denials"), PAYERS[n % len(PAYERS)][0]
                row = (denial, claim, line, one, group, reason, "medical_necessity", "appeals", CHARGE)
                denied.append((*row, "open", _noon(on)))
                cases.append((denial, "new", "appeal", payer, "CI", "E1390", on, on, on + 120 * DAY))
                self._item(n, "denial", f"denial:{denial}", "CO-50", "Denied: not medically necessary.", CHARGE)
            else:
                of = claim, line, one, remittance
                self._move(clearing, accounts.INSURANCE, paid, on, "payment", f"payment:{one}:{line}", *of)
            taken.append((self._id("adjustments"), one, line, group, reason, cents, kind))
            of = claim, line, one, remittance
            self._move(account, accounts.INSURANCE, cents, on, kind, f"{kind}:{one}:{line}", *of)
        columns = "id remittance_id ordinal claim_id claim_number status charge_cents paid_cents patient_cents"
        put(self.sql, t.claim_payments, f"{columns} payer_claim_number state match content at", payments)
        put(self.sql, t.line_payments, "id claim_payment_id line_id code charge_cents paid_cents denied", lines)
        put(self.sql, t.adjustments, "id claim_payment_id line_id group_code reason_code cents kind", taken)
        columns = "id claim_id line_id claim_payment_id group_code reason_code category team cents state opened_at"
        put(self.sql, t.denials, columns, denied)
        columns = "denial_id status way payer_id filing_code code received_on noticed_on appeal_by"
        put(self.sql, denial_cases, columns, cases)

    def _exceptions(self, waits: Sequence[int], remittance: int, before: int, now: dt.datetime) -> None:
        rows = []
        for at, n in enumerate(waits, before + 1):
            one = self._id("claim_payments")
            row = (one, remittance, at, f"NOBODY{n:09d}", "1", CHARGE, PAID, 0, f"ICX{n:09d}", "exception")
            content = pack_segments(MARKS, [f"CLP*NOBODY{n:09d}*1*150*120*0*12*ICX{n:09d}*12*1", *SERVICE])
            rows.append((*row, "No claim of ours has this number.", content, self._at(n)))
            words = "Not posted: no claim of ours has this number."
            self._item(n, "posting_exception", f"payment:{one}", "no-claim", words, PAID, claim=False, subject=one)
        columns = "id remittance_id ordinal claim_number status charge_cents paid_cents patient_cents"
        put(self.sql, t.claim_payments, f"{columns} payer_claim_number state reason content at", rows)

    def _waiting(self) -> None:
        """Claims that wait for a person."""
        holds = []
        for n in self.numbers:
            state = state_of(n)
            if state == "held":
                one, at = self._id("holds"), self._at(n)
                words = "The order is not signed."
                row = (one, self.claim[n], "RX", "O-1", "scrubber", words, "documentation", at)
                holds.append((*row, at.date() + 14 * DAY, "hold"))
                self._item(n, "hold", f"hold:{one}", "O-1", words, CHARGE)
            elif state == "rejected":
                words = "A7:164: the subscriber id is not known to the payer."
                self._item(n, "rejection", f"rejection:{self.sent[n]}", "A7:164", words, CHARGE)
            elif state == "faulty":
                words = "2400 DTP03: the date is not a day of the calendar."
                self._item(n, "faulty_claim", f"faulty:{self.claim[n]}", "guide:8", words, CHARGE)
        put(self.sql, t.holds, "id claim_id type rule plugin reason team opened_at due station", holds)

    def _item(
        self, n: int, kind: str, key: str, rule: str, words: str, cents: int, *, claim: bool = True, subject: int = 0
    ) -> None:
        at = self._at(n)
        due = at.date() + (10 + n % 90) * DAY
        what = "claim" if claim else "claim_payment"
        team = TEAMS.get(state_of(n), "posting") if claim else "posting"
        row = (self._id("work_items"), kind, key, what, subject or self.claim[n], self.claim[n] if claim else None)
        payer = PAYERS[n % len(PAYERS)][0]
        self.items.append((*row, words, rule, team, cents, due, payer, at, due, "practice"))


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(17), tzinfo=dt.UTC)


def _name(one: int) -> tuple[str, str]:
    first = (*FIRST_F, *FIRST_M)
    return LAST[one % len(LAST)], first[one // len(LAST) % len(first)]


def fill(engine: Engine, kept: Archive, claims: int, now: dt.datetime, *, say: bool = True) -> None:
    """So many claims, in a database whose tables are there."""
    contents = [make_claim(make_line("E1390", charge="150"), claim_number=f"LH{one}").stored.pack() for one in range(8)]
    stored: Stored = kept.put(PAPER)
    with engine.begin() as connection:
        archive.record(connection, stored, "inbound", now)
    begun = time.monotonic()
    for first in range(0, claims, TOGETHER):
        with engine.begin() as connection:
            Part(connection, House(now, {}, stored.sha256, contents), first, min(TOGETHER, claims - first)).write()
        if say and not first % (10 * TOGETHER):
            took = time.monotonic() - begun
            print(f"      {took:5.0f} s  {first + TOGETHER:,} of {claims:,} claims are there", file=sys.stderr)
    tidy(engine)


def tidy(engine: Engine) -> None:
    """What PostgreSQL does by itself within minutes of a large import: it counts what is in its tables. SQLite does
    not need it."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def make(url: str, kept: Archive, claims: int, now: dt.datetime) -> None:
    """A database of this many claims, from nothing."""
    prepare_sqlite(url)
    engine = make_sync_engine(url)
    migrate.upgrade(engine)
    fill(engine, kept, claims, now)
    engine.dispose()


@click.command()
@click.option("--claims", default=1_000_000, show_default=True, type=click.IntRange(1_000, 10_000_000))
@click.option("--url", default="", help="An empty database; without it a SQLite file in the folder.")
@click.argument("folder", type=click.Path(path_type=Path))
def main(claims: int, url: str, folder: Path) -> None:
    """Make the house in a folder that is not there yet."""
    folder.mkdir(parents=True)
    random.seed(1)
    kept = Archive(folder / "archive")
    make(url or f"sqlite:///{folder / 'business.db'}", kept, claims, dt.datetime.now(dt.UTC))
    click.echo(f"{claims:,} claims stand in {folder}.")


if __name__ == "__main__":
    main()
