"""A posting desk: a database with claims on it, the real configuration tables, and the station that posts."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, insert, select

from gateway.config import Config, load
from gateway.core.clock import FixedClock
from gateway.core.flow import decide as decide_module
from gateway.core.flow import in_child
from gateway.core.flow import post as post_station
from gateway.core.flow.postings import postings_rows
from gateway.core.flow.services import Services
from gateway.core.ledger import accounts, transfers
from gateway.core.ledger.balances import claim_balances
from gateway.core.ledger.proof import Proof, prove
from gateway.core.store import files as file_store
from gateway.core.store import tables
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.plugins.runner import NoMark
from gateway.plugins.testing import make_claim, make_line

from .made import Era, cents, make_835

NOON = dt.datetime(2026, 9, 16, 17, tzinfo=dt.UTC)
CONFIG = Path(__file__).parents[2] / "config"


class Line(NamedTuple):
    """A line of a claim on file."""

    code: str
    charge: str
    control_number: str = ""
    modifiers: Sequence[str] = ()
    date: str = "20260901"


class InThisProcess:
    """The child's side of the decide pool, called here: what it does to the database is the same (nothing)."""

    async def call(self, payload: bytes, limits: Sequence[float], begun: Any = None) -> bytes:
        return await decide_module.decide(payload, NoMark())


class Inline:
    """A workflow's run without an engine: a step is a call, a transaction is a transaction."""

    key = "test"

    def __init__(self, services: Services, sql: Engine) -> None:
        self.services = services
        self._sql = sql
        self.before_commit: Callable[[str], None] = lambda name: None

    async def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        result = function(*args)
        return await result if inspect.isawaitable(result) else result

    async def transact(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        self.before_commit(name)
        with self._sql.begin() as connection:
            return function(connection, *args)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("posting never sleeps")


class Desk:
    """Where remittances are posted, and looked at."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.clock = FixedClock(NOON)
        self.sql = make_sync_engine(url)
        self.archive = Archive(folder / "archive")
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        self.post_steps = "[autoposting]"
        self.route_steps = "[]"
        self.tables: dict[str, str] = {}
        self.usage = "T"
        self.filing_code = "CI"
        self.partners: tuple[str, ...] = ()
        self.chunk = 500
        self.reads = make_sync_engine(url, read_only=True)
        self._ids: Counter[str] = Counter()
        self._config: Config | None = None
        self._now = NOON

    # --- the configuration

    def config(self) -> Config:
        root = self.folder / "config"
        (root / "chains").mkdir(parents=True, exist_ok=True)
        (root / "partners").mkdir(exist_ok=True)
        shutil.copytree(CONFIG / "tables", root / "tables", dirs_exist_ok=True)
        for name, text in self.tables.items():
            (root / "tables" / f"{name}.yaml").write_text(text)
        (root / "gateway.yaml").write_text(
            "organisation: {name: STILLWATER HOME MEDICAL, billing_npis: ['1999999000'], tax_id: 96-0000017}\n"
            f"environment: {'test' if self.usage == 'T' else 'production'}\n"
            f"data_dir: {self.folder}\nplugins_dir: {self.plugins}\n"
            f"workers: {{chunk: {self.chunk}}}\n"
            "sources:\n  - name: desk\n"
        )
        for name in self.partners:
            shutil.copy(CONFIG / "partners" / name, root / "partners" / name)
        (root / "chains" / "default.yaml").write_text(
            f"stations:\n  post: {self.post_steps}\n  route: {self.route_steps}\n"
        )
        found = load(root, secrets=False)
        assert isinstance(found, Config), found
        return found

    def services(self) -> Services:
        if self._config is None:
            self._config = self.config()
        return Services(
            config=self._config,
            archive=self.archive,
            clock=self.clock,
            decide=InThisProcess(),
            transports=None,  # type: ignore[arg-type]
            reads=self.reads,
        )

    # --- what is on file

    def _id(self, name: str) -> int:
        self._ids[name] += 1
        return self._ids[name]

    def claim(
        self,
        number: str,
        *lines: Line,
        member: str = "SWT900000001",
        state: str = "accepted",
        last: str = "FERNSBY",
        first: str = "POSY",
        more: Sequence[str] = (),
        other_payers: Sequence[list[str]] = (),
        payer_number: str = "",
        date: dt.date = dt.date(2026, 9, 1),
        payer: str = "90101",
        frequency: str = "1",
        instead_of: str = "",
        patient: int = 0,
    ) -> int:
        """A claim that was sent; returns its id. `payer_number` is what its 277CA said (REF*1K), `instead_of` the
        payer's number of the claim that it replaces or voids (REF*F8), `patient` whose it is, if not somebody new's."""
        with self.sql.begin() as connection:
            if not self._ids["files"]:
                self._ids["files"] = file_store.add(
                    connection,
                    file_store.NewFile("in", "source", "desk", "a.837", self.archive.put(b"claims"), "837P", "read"),
                    NOON,
                )
                connection.execute(
                    insert(tables.batches).values(id=1, sets=1, claims=1, cents=1, created_at=NOON, partner="practice")
                )
            claim_id = self._id("claims")
            charge = sum(cents(line.charge) for line in lines)
            stored = make_claim(
                *(
                    make_line(
                        line.code, *line.modifiers, charge=line.charge, from_date=dt.date.fromisoformat(line.date)
                    )
                    for line in lines
                ),
                claim_number=number,
                member_id=member,
                last=last,
                first=first,
                filing_code=self.filing_code,
                more=(f"REF*F8*{instead_of}", *more) if instead_of else more,
                providers=("NM1*DN*1*OLDCASTLE*OTTO****XX*1999999786",),
                other_payers=other_payers,
            ).stored
            born = dt.date(1950, 6, 15)
            theirs = {"last_name": last, "first_name": first, "created_at": NOON, "birth_date": born}
            if not patient:
                connection.execute(insert(tables.patients).values(id=claim_id, **theirs))
            connection.execute(
                insert(tables.claims).values(
                    id=claim_id,
                    source="desk",
                    file_id=self._ids["files"],
                    ordinal=claim_id,
                    claim_number=number,
                    source_claim_number=number,
                    patient_id=patient or claim_id,
                    partner="practice",
                    payer_id=payer,
                    filing_code=self.filing_code,
                    member_id=member,
                    charge_cents=charge,
                    frequency=frequency,
                    from_date=date,
                    state=state,
                    content=stored.pack(),
                    created_at=NOON,
                    updated_at=NOON,
                )
            )
            ids = []
            for position, line in enumerate(lines, 1):
                ids.append(self._id("claim_lines"))
                connection.execute(
                    insert(tables.claim_lines).values(
                        id=ids[-1],
                        claim_id=claim_id,
                        number=position,
                        control_number=line.control_number,
                        code=line.code,
                        modifiers=":".join(line.modifiers),
                        charge_cents=cents(line.charge),
                        from_date=dt.date.fromisoformat(line.date),
                    )
                )
            connection.execute(
                insert(tables.submissions).values(
                    id=claim_id,
                    claim_id=claim_id,
                    batch_id=1,
                    claim_number=number,
                    position=claim_id,
                    state="accepted",
                    hop=4,
                    payer_claim_number=payer_number,
                    charge_cents=charge,
                    created_at=NOON,
                    updated_at=NOON,
                )
            )
            charges = [(line_id, cents(line.charge)) for line_id, line in zip(ids, lines, strict=True)]
            if frequency != "8":  # a void asks for nothing
                transfers.write(
                    connection, transfers.charge_transfers(claim_id, charges, charge, dt.date(2026, 9, 2)), NOON
                )
        return claim_id

    # --- posting

    def receive(self, data: bytes, name: str = "a.835") -> int:
        """The partner brings a file; returns its id."""
        stored = self.archive.put(data)
        with self.sql.begin() as connection:
            return file_store.add(
                connection, file_store.NewFile("in", "partner", "practice", name, stored, "835", "read"), NOON
            )

    def post(self, *sets: Era, data: bytes | None = None, usage: str = "T") -> int:
        """Post a file with these transaction sets; returns the file's id."""
        file_id = self.receive(make_835(*sets, usage=usage) if data is None else data)
        self.post_file(file_id)
        return file_id

    def post_file(self, file_id: int, before_commit: Callable[[str], None] | None = None) -> dict[str, int]:
        run = Inline(self.services(), self.sql)
        if before_commit is not None:
            run.before_commit = before_commit
        totals: dict[str, int] = asyncio.run(post_station.post(run, {"file_id": file_id}))
        return totals

    # --- what a test looks at

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.sql.connect() as connection:
            return list(connection.execute(select(table).where(*where).order_by(table.c.id)))

    def remittances(self) -> list[Any]:
        return self.rows(tables.remittances)

    def payments(self) -> list[Any]:
        return self.rows(tables.claim_payments)

    def rows_of_claims(self) -> list[Any]:
        return self.rows(tables.claims)

    def rows_of_files(self, file_id: int) -> list[Any]:
        return self.rows(tables.files, tables.files.c.id == file_id)

    def denials(self) -> list[Any]:
        return self.rows(tables.denials)

    def items(self, kind: str = "") -> list[Any]:
        """Open work items."""
        wanted = [tables.work_items.c.kind == kind] if kind else []
        return self.rows(tables.work_items, tables.work_items.c.state == "open", *wanted)

    def state(self, claim_id: int) -> str:
        return str(self.rows(tables.claims, tables.claims.c.id == claim_id)[0].state)

    def balance(self, claim_id: int) -> int:
        with self.sql.connect() as connection:
            return claim_balances(connection, [claim_id])[claim_id]

    def accounts(self, prefix: str = "") -> dict[str, int]:
        """Accounts that are not zero."""
        with self.sql.connect() as connection:
            return {name: cents for name, cents in accounts.balances(connection, prefix).items() if cents}

    def told(self, kind: str, subject: int) -> list[str]:
        rows = self.rows(
            tables.timeline, tables.timeline.c.subject_kind == kind, tables.timeline.c.subject_id == subject
        )
        return [f"{row.station}: {row.what}" for row in rows]

    def prove(self) -> Proof:
        with self.sql.connect() as connection:
            return prove(connection)

    def export(self, file_id: int) -> list[dict[str, Any]]:
        with self.sql.connect() as connection:
            return list(postings_rows(connection, file_id=file_id))

    def close(self) -> None:
        self.sql.dispose()
        self.reads.dispose()
        # What a child keeps as long as it lives.
        in_child.let_go()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A posting desk; every test ends with the proof of its ledger."""
    made = Desk(tmp_path, database_url)
    yield made
    proof = made.prove()
    made.close()
    assert proof.ok, proof.faults
