"""The gateway of the quarter: claims go out, remittances come in, by the stations of both rails, one after the other.

No engine runs: what it would start from the outbox is called here, so that the order of arrival is the order of the
quarter. Everything else is what `gateway worker` has: archive, database, the shipped tables and chain.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select

from gateway.config import Config, load
from gateway.config.models import GatewayConfig
from gateway.core.clock import FixedClock
from gateway.core.flow import batch, intake, post, read, receive, replay_payments, send
from gateway.core.flow.replay import replay_payments as ask_for
from gateway.core.flow.services import Services
from gateway.core.ledger import accounts
from gateway.core.ledger.proof import Proof, prove
from gateway.core.store import files as file_store
from gateway.core.store.archive import Archive, Stored
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.outbox import put_outbox
from gateway.core.store.tables import claim_payments, claims, files, outbox, remittances

from ..flow.out.conftest import Lines
from ..posting.conftest import Inline, InThisProcess

ROOT = Path(__file__).parents[2]
BEGIN = dt.datetime(2026, 9, 1, 17, tzinfo=dt.UTC)
PARTNER, SOURCE, BANK = "practice", "desk", "first"
CHUNK = 500


class Office:
    """One gateway in a folder, on a database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.clock = FixedClock(BEGIN)
        self.sql = make_sync_engine(url)
        self.reads = make_sync_engine(url, read_only=True)
        self.archive = Archive(folder / "archive")
        self._runs = 0
        self.config = _config(folder)
        self.services = Services(
            config=self.config,
            archive=self.archive,
            clock=self.clock,
            decide=InThisProcess(),
            transports=Lines(self.config),
            reads=self.reads,
        )

    def close(self) -> None:
        """Let go of the database."""
        self.sql.dispose()
        self.reads.dispose()

    def _run(self, work: Any, payload: dict[str, Any]) -> Any:
        run = Inline(self.services, self.sql)
        self._runs += 1
        run.key = f"run {self._runs}"
        return asyncio.run(work(run, payload))

    def _started(self, kind: str) -> list[dict[str, Any]]:
        """What the outbox would start now, taken out of it."""
        with self.sql.begin() as connection:
            rows = list(connection.execute(select(outbox.c.id, outbox.c.payload).where(outbox.c.kind == kind)))
            connection.execute(delete(outbox).where(outbox.c.kind == kind))
        return [row.payload for row in rows]

    # --- claims out

    def take_in(self, data: bytes) -> None:
        """A file of claims comes from the billing system; every claim of it is sent."""

        async def write(function: Any, *args: Any) -> Any:
            with self.sql.begin() as connection:
                return function(connection, *args)

        asyncio.run(receive.receive(write, self.archive, SOURCE, "a.837", BytesIO(data), self.clock.now()))
        for payload in self._started("intake"):
            self._run(intake.take_in, payload)
        while self._count(claims.c.state == "ready"):
            assert self._run(batch.batch, {"partner": PARTNER, "why": "all is read"})["state"] == "written"
        for payload in self._started("send"):
            self._run(send.send, payload)

    def _count(self, *where: Any) -> int:
        with self.sql.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(claims).where(*where)).scalar_one())

    # --- remittances in

    def deliver(self, name: str, data: bytes) -> int:
        """The partner brings a file: it is read, and posts. Returns its id."""
        stored = self.archive.put(data)
        with self.sql.begin() as connection:
            file_id = _note(connection, stored, name, self.clock.now())
        for payload in self._started("read"):
            self._run(read.read_file, payload)
        for payload in self._started("post"):
            self._run(post.post, payload)
        self._started("answer")
        return file_id

    def look_again(self) -> None:
        """A person has every payment that waits posted again, the oldest first."""
        with self.sql.begin() as connection:
            waiting = list(
                connection.execute(
                    select(claim_payments.c.id)
                    .where(claim_payments.c.state == "exception")
                    .order_by(claim_payments.c.id)
                ).scalars()
            )
            ask_for(connection, waiting, "pat", "the quarter ends", self.clock.now(), self.config.hash)
        for payload in self._started("replay_payments"):
            self._run(replay_payments.replay, payload)

    # --- what stands in the books

    def prove(self) -> Proof:
        """The ledger's own proof."""
        with self.sql.connect() as connection:
            return prove(connection)

    def on_claims(self) -> dict[str, dict[str, int]]:
        """By claim number, what stands on each account of its own; paid is what its payments cleared."""
        both = accounts.sides("claim_id")
        statement = (
            select(claims.c.claim_number, both.c.account, func.sum(both.c.cents))
            .join(claims, claims.c.id == both.c.claim_id)
            .group_by(claims.c.claim_number, both.c.account)
        )
        found: dict[str, Counter[str]] = defaultdict(Counter)
        with self.sql.connect() as connection:
            for number, account, cents in connection.execute(statement):
                found[number]["clearing" if account.startswith(accounts.CLEARING) else account] += int(cents)
        return {number: dict(on_it) for number, on_it in found.items()}

    def balances(self) -> dict[str, int]:
        """Every account that is not zero."""
        with self.sql.connect() as connection:
            return {name: cents for name, cents in accounts.balances(connection).items() if cents}

    def sets(self) -> list[Any]:
        """The remittances, in the order in which they came."""
        with self.sql.connect() as connection:
            return list(
                connection.execute(
                    select(remittances, files.c.name)
                    .join(files, files.c.id == remittances.c.file_id)
                    .order_by(remittances.c.id)
                )
            )

    def payments(self) -> list[Any]:
        """The claim payments of the remittances that post, in their order."""
        with self.sql.connect() as connection:
            return list(
                connection.execute(
                    select(
                        claim_payments.c.id,
                        claim_payments.c.state,
                        claim_payments.c.reason,
                        claim_payments.c.paid_cents,
                        claims.c.claim_number,
                    )
                    .join(claims, claims.c.id == claim_payments.c.claim_id, isouter=True)
                    .order_by(claim_payments.c.remittance_id, claim_payments.c.ordinal)
                )
            )


def _note(connection: Connection, stored: Stored, name: str, now: dt.datetime) -> int:
    file_id = file_store.add(
        connection, file_store.NewFile("in", "partner", PARTNER, name, stored, "", "received"), now
    )
    put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
    return file_id


def _config(folder: Path) -> Config:
    root = folder / "config"
    (root / "chains").mkdir(parents=True)
    (root / "partners").mkdir()
    shutil.copytree(ROOT / "config" / "tables", root / "tables")
    (root / "gateway.yaml").write_text(
        "organisation: {name: STILLWATER HOME MEDICAL, billing_npis: ['1999999000'], tax_id: 96-0000017}\n"
        f"environment: test\ndata_dir: {folder}\nplugins_dir: {ROOT / 'benchmarks' / 'plugins'}\n"
        f"workers: {{chunk: {CHUNK}}}\nsources:\n  - name: {SOURCE}\n"
        + (f"cash: {{banks: [{{name: {BANK}}}]}}\n" if "cash" in GatewayConfig.model_fields else "")
    )
    (root / "chains" / "default.yaml").write_text("stations:\n  post: [autoposting]\n  route: []\n")
    (root / "partners" / f"{PARTNER}.yaml").write_text(
        "transport: {plugin: nowhere}\n"
        "interchange: {sender_id: STILLWATER, receiver_id: SANDBOX}\n"
        "submitter: {name: STILLWATER HOME MEDICAL, contact: {name: EDI DESK, phone: '6145550100'}}\n"
        "receiver: {name: PRACTICE CLEARINGHOUSE}\npayers: ['*']\nenvironment: test\n"
    )
    found = load(root, secrets=False)
    assert isinstance(found, Config), found
    return found
