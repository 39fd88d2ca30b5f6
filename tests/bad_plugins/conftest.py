"""A gateway with every bad plugin at once, on each kind of database, that has taken in many files side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from gateway.core.ledger.proof import prove
from gateway.core.store.tables import batches, claims, submissions
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.records import Claim
from gateway.sandbox.write import as_837

from .. import postgres
from ..soak import SOAK
from ..web import running
from ..web.house import TODAY, House, opened
from .bad import CLAIMS, MONEY, ROUTES, Bad, stations

FILES, EACH = (40, 500) if SOAK else (6, 60)
PATIENCE_S = 1800.0 if SOAK else 180.0
WORKERS = "{chunk: 30, decide_memory_mb: 256}"
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Loaded(NamedTuple):
    """A house under load: the claims of its files, and on which number each plugin does what it should not."""

    house: House
    files: list[list[Claim]]
    whom: dict[str, str]

    @property
    def numbers(self) -> list[str]:
        return [claim.number for file in self.files for claim in file]


def chosen(files: list[list[Claim]], bads: tuple[Bad, ...]) -> dict[str, str]:
    """A claim for each badness, spread over the files."""
    spread = [claim.number for index in range(EACH) for claim in (file[index] for file in files)]
    step = max(len(spread) // len(bads), 1)
    return {bad.name: spread[index * step] for index, bad in enumerate(bads)}


async def soundly(house: House) -> None:
    """What must hold whatever the plugins did: the ledger proves, and the gateway is well."""
    proof = await house.gateway.read(prove)
    assert proof.ok, str(proof)
    await house.ask("/healthz")
    await house.ask("/readyz")


async def all_batched(house: House) -> None:
    """Wait until every claim that may go is in a batch."""

    async def gone() -> bool:
        rows = await house.rows(select(func.count()).select_from(claims).where(claims.c.state == "ready"))
        under_way = await house.rows(select(batches.c.id).where(batches.c.state == "allocated"))
        return not rows[0][0] and not under_way

    await running.until(gone, "every claim that is ready is batched", PATIENCE_S)


async def times_batched(house: House) -> dict[str, int]:
    """How often each claim number is in a batch."""
    counted = select(submissions.c.claim_number, func.count()).group_by(submissions.c.claim_number)
    return {row[0]: row[1] for row in await house.rows(counted)}


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Any:
    """The database: empty for SQLite, whose file is in the house's own folder."""
    if request.param == "sqlite":
        context: Any = nullcontext("")
    else:
        server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
        context = server.database()
    with context as found:
        yield found


@asynccontextmanager
async def _no_daily_look() -> AsyncIterator[None]:
    """The day's look at what is held asks the plugins once more, at whatever moment of the day the test runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.server.due_today", lambda *_: None)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loaded]:
    """Every bad plugin is in its chain; all files have come in at the same time and are read, and their claims
    batched."""
    files = [list(generate_claims(EACH, 100 + number, TODAY, fault_share=0)) for number in range(FILES)]
    whom = chosen(files, CLAIMS)
    folder = tmp_path_factory.mktemp("bad")
    database = url or f"sqlite:///{folder / 'data' / 'business.db'}"
    codes = {bad.name: bad.code([whom[bad.name]], database) for bad in CLAIMS}
    # Of payments and denials in other claims.
    last = [file[-1 - at].number for at in range(EACH // 3) for file in files]
    free = iter([number for number in last if number not in whom.values()])
    for bad in (*MONEY, *ROUTES):
        whom[bad.name] = next(free)
        codes[bad.name] = bad.code([whom[bad.name]], database)
    async with (
        _no_daily_look(),
        opened(folder, "bad", codes, stations(CLAIMS, MONEY, ROUTES), WORKERS, url) as house,
    ):
        ids = [await house.hand_in(as_837(file, TODAY), f"{n}.837") for n, file in enumerate(files)]
        for file_id in ids:
            await running.read_to_the_end(house.gateway, file_id, PATIENCE_S)
        await all_batched(house)
        yield Loaded(house, files, whom)
