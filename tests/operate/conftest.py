"""A place where a gateway has lived: claims went out to the practice clearinghouse and came back paid. It is made once
and copied for each test."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select

from gateway.cli import cli
from gateway.config import Config
from gateway.config.locations import Locations
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import batches, claims, files, outbox, remittances
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.server import Sandbox
from gateway.sandbox.settings import Delays, SandboxPartner, SandboxSettings
from gateway.sandbox.write import as_837, as_json
from gateway.server import Gateway

from ..web import running
from ..web.test_api import TODAY

CLAIMS = 24
PATIENCE_S = 60.0


class Place:
    """A gateway's folder: `config` and `data`, which stand in `folder`."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.config_dir = folder / "config"
        self._url = url
        self._engine: Engine | None = None

    @property
    def config(self) -> Config:
        return running.read_config(self.config_dir)

    @property
    def places(self) -> Locations:
        return Locations(self.config)

    @property
    def archive(self) -> Archive:
        return Archive(self.places.archive_dir)

    @property
    def sql(self) -> Engine:
        if self._engine is None:
            self._engine = make_sync_engine(self.places.business_url)
        return self._engine

    def let_go(self) -> None:
        """Close what this object holds open."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def run(self, *words: str) -> Result:
        """`gateway -c CONFIG words ...`"""
        return CliRunner().invoke(cli, ["-c", str(self.config_dir), *words], catch_exceptions=False)

    def change(self, statement: Any) -> int:
        """Execute a statement behind the gateway's back."""
        with self.sql.begin() as connection:
            return connection.execute(statement).rowcount

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.sql.connect() as connection:
            return list(connection.execute(select(table).where(*where)))

    def count(self, table: Any, *where: Any) -> int:
        return len(self.rows(table, *where))

    def checks(self, *words: str) -> dict[str, str]:
        """What `gateway doctor` says: by check, `ok` or `BAD` and the sentence."""
        told = self.run("doctor", *words).output
        found = {}
        for line in told.splitlines():
            if line[:4] in ("ok  ", "BAD "):
                state, name, said = line.split(maxsplit=2)
                found[name] = f"{state} {said}"
            else:
                found[name] += f"\n{line.strip()}"
        return found

    def bad(self) -> set[str]:
        """The checks that fail."""
        return {name for name, said in self.checks().items() if said.startswith("BAD")}


@contextmanager
def quiet_log() -> Iterator[None]:
    """Nothing is logged meanwhile; commands set the log up for themselves."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _the_partners_password(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
    with quiet_log():
        yield


async def until(look: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(look):
        assert time.monotonic() < end, f"not within {PATIENCE_S:.0f} seconds: {what}"
        await asyncio.sleep(0.1)


def _settled(place: Place, claims_expected: int) -> bool:
    def count(connection: Any, table: Any, *where: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    with place.sql.connect() as connection:
        return (
            count(connection, claims) >= claims_expected
            and not count(connection, claims, claims.c.state.in_(["ready", "batched", "sent", "acknowledged"]))
            and not count(connection, files, files.c.state.in_(["received", "reading", "written"]))
            and not count(connection, outbox, outbox.c.submitted_at.is_(None))
            and not count(connection, remittances, remittances.c.state.in_(["received", "posting"]))
            and count(connection, remittances) > 0
            and count(connection, batches, batches.c.sent_at.is_not(None)) > 0
        )


async def _live(folder: Path) -> None:
    soon = Delays(acknowledgment=0, clearinghouse=0, payer=0, remittance=0, correction=0, crossover=0)
    partner = SandboxPartner(user="stillwater", password=running.PASSWORD, delays=soon)
    async with Sandbox(SandboxSettings(seed=5, partners=(partner,)), folder / "clearinghouse") as sandbox:
        running.write_config(folder, port=sandbox.port, key=sandbox.host_key_fingerprint)
        place = Place(folder)
        gateway = Gateway(place.config, executor="gateway")
        await gateway.start()
        try:
            made = list(generate_claims(CLAIMS, 5, TODAY))
            for source, name, data in (
                ("billing", "monday.837", as_837(made[: CLAIMS // 2], TODAY)),
                ("orders", "monday.json", as_json(made[CLAIMS // 2 :])),
            ):
                beside = folder / "data" / "in" / source / f".{name}"
                beside.write_bytes(data)
                beside.rename(beside.with_name(name))
            await until(lambda: _settled(place, CLAIMS), "every claim is answered")
            await sandbox.settle()
            await asyncio.sleep(1)  # the partner's last answers are fetched and posted
            await until(lambda: _settled(place, CLAIMS), "every claim is answered")
        finally:
            await gateway.stop()
            place.let_go()


@pytest.fixture(scope="session")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    patch = pytest.MonkeyPatch()
    with patch.context() as environment, quiet_log():
        environment.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        asyncio.run(_live(folder))
    return folder


@pytest.fixture
def lived(_lived: Path, tmp_path: Path) -> Iterator[Place]:
    """A copy of it for this test; no gateway runs on it."""
    folder = tmp_path / "place"
    shutil.copytree(_lived, folder)
    place = Place(folder)
    yield place
    place.let_go()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Writes a file into this test's folder."""

    def write(data: bytes, name: str = "claims.edi") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
