"""The undisturbed run, once for each kind of database, and the judge who holds others against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from gateway.config.commands import require
from gateway.core.ledger.proof import prove
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import batches, claim_payments, claims, denials, provider_adjustments, submissions
from gateway.operate.doctor import examine

from .. import postgres
from .dump import Dump, differences, dump
from .house import USER, House, house
from .program import RunningClock

KINDS = ("sqlite", "postgres")
OpenHouse = Callable[..., House]


class Reference(NamedTuple):
    """How a run ends that nobody disturbed."""

    dump: Dump
    claims: dict[str, int]
    """How often the clearinghouse took each claim number."""


def look(case: House) -> Dump:
    """The dump of a case."""
    engine = make_sync_engine(case.database_url, read_only=True)
    try:
        with engine.connect() as connection:
            return dump(connection, case.folder / "data" / "out", case.folder / "data" / "in")
    finally:
        engine.dispose()


def judge(case: House, reference: Reference) -> None:
    """Hold a run that has come to its end against the undisturbed one."""
    sound(case)
    assert case.sandbox.claim_counts(USER) == reference.claims
    different = differences(reference.dump, look(case))
    assert not different, "\n".join(different)


def sound(case: House) -> None:
    """What must hold at the end of every run, whatever came in."""
    received = case.sandbox.received(USER)
    assert received
    assert {isa13: one.times for isa13, one in received.items()} == dict.fromkeys(received, 1)
    engine = make_sync_engine(case.database_url, read_only=True)
    config = require(case.config)
    try:
        with engine.connect() as connection:
            sent = set(connection.execute(select(batches.c.isa13).where(batches.c.sent_at.is_not(None))).scalars())
            assert sent == set(received)
            twice = select(submissions.c.claim_id).group_by(submissions.c.claim_id).having(func.count() > 1)
            assert connection.execute(twice).all() == []
            proof = prove(connection)
            assert proof.ok, proof.faults
        now = RunningClock(case.began).now()
        checks = list(examine(engine, Archive(config.gateway.archive_dir), config, now))
        assert [check for check in checks if not check.ok] == []
    finally:
        engine.dispose()


class Houses:
    """Opens cases, and references when they are first asked for."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._request = request
        self._references: dict[str, Reference] = {}
        self._ready = 0

    def reference(self, kind: str) -> Reference:
        """The end of the undisturbed run on this kind of database."""
        if kind not in self._references:
            with ExitStack() as stack:
                case = self.open(stack, kind, self._folder / f"undisturbed-{kind}")
                case.configure(max_claims=self.ready())
                case.drop()
                assert case.live() == 0
                sound(case)
                self._references[kind] = _reference(case)
        return self._references[kind]

    def ready(self) -> int:
        """How many of the claims are ready for a batch, once every file is taken in. A batch of just so many makes
        every run send the same one, however slowly they come in."""
        if not self._ready:
            with ExitStack() as stack:
                case = self.open(stack, "sqlite", self._folder / "taken-in")
                case.configure()
                case.drop()
                assert case.live(only_intake=True) == 0
                engine = make_sync_engine(case.database_url, read_only=True)
                with engine.connect() as connection:
                    ready = select(func.count()).select_from(claims).where(claims.c.state == "ready")
                    self._ready = int(connection.execute(ready).scalar_one())
                engine.dispose()
        return self._ready

    def open(self, stack: ExitStack, kind: str, folder: Path, after_pickup: str = "leave") -> House:
        """A house on an empty database of a kind, until the stack closes."""
        url = ""
        if kind == "postgres":
            server: postgres.PostgresServer = self._request.getfixturevalue("postgres_server")
            url = stack.enter_context(server.database())
        return stack.enter_context(house(folder, url, after_pickup))


def _reference(case: House) -> Reference:
    engine = make_sync_engine(case.database_url, read_only=True)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(batches)).scalar_one() == 1
        states = set(connection.execute(select(claims.c.state)).scalars())
        statuses = set(connection.execute(select(claim_payments.c.status)).scalars())
        denied = connection.execute(select(func.count()).select_from(denials)).scalar_one()
        provider_level = connection.execute(select(func.count()).select_from(provider_adjustments)).scalar_one()
    engine.dispose()
    # The claims are chosen so that everything happens that can go wrong differently.
    assert {"held", "rejected", "paid", "denied"} <= states
    assert {"1", "2", "22"} <= statuses
    assert denied
    assert provider_level
    return Reference(look(case), case.sandbox.claim_counts(USER))


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Houses:
    return Houses(tmp_path_factory.mktemp("crash"), request)


@pytest.fixture
def open_house(houses: Houses, tmp_path: Path) -> Iterator[OpenHouse]:
    """A case that is configured so that it makes the same batch as the undisturbed run, its files dropped:
    `open_house("sqlite")`."""
    with ExitStack() as stack:

        def make(kind: str, after_pickup: str = "leave", **settings: object) -> House:
            case = houses.open(stack, kind, tmp_path / "case", after_pickup)
            case.configure(max_claims=houses.ready(), **settings)  # type: ignore[arg-type]
            case.drop()
            return case

        yield make
