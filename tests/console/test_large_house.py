"""Pages in a large house: nothing that is looked at reads a whole table, and the house that is measured adds up."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, event

from benchmarks import large_house, pages
from gateway.core.ledger.proof import prove
from gateway.web.console import kept_figure, live
from gateway.web.console.kept_figure import KeptFigure

from . import prepared as preparing
from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
CLAIMS = 3_000
LARGE = frozenset(
    (
        *("claims", "claim_lines", "claim_payments", "line_payments", "adjustments", "submissions", "denials"),
        *("acknowledgments", "transfers", "timeline", "access_log", "patients", "patient_ids", "files", "touches"),
    )
)
"""Tables that grow with the house, and of which no page may read all."""
SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
WHOLE = "/console/reports/"
"""Figures over everything that somebody asks for by name: they are no lists, and may read all there is."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def large(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with preparing.opened(tmp_path_factory.mktemp("large")) as office:
        gateway = office.gateway
        await asyncio.to_thread(large_house.fill, gateway._sql, gateway.archive, CLAIMS, gateway.clock.now(), say=False)
        yield office


async def test_the_house_that_is_measured_adds_up(large: Office) -> None:
    proof = await large.gateway.read(prove)
    assert proof.faults == ()
    assert proof.checks["claims"] == CLAIMS
    states = {large_house.state_of(n) for n in range(1_000)}
    assert states == {"accepted", "held", "rejected", "faulty", "denied", "closed"}


async def test_every_page_is_there_for_it(large: Office) -> None:
    ids = await large.gateway.read(pages.ids_of)
    every = pages.addresses(ids)
    assert len(every) > 25
    async with large.signed_in("administrator") as browser:
        for address in every:
            status, _ = await browser.get(address)
            assert status == 200, address


def read_whole(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The large tables of which a statement reads every row; one that stops at a limit, in the order of an index,
    does not."""
    plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    sorts = any("TEMP B-TREE" in one for one in plan)
    if "LIMIT" in statement.upper() and not sorts:
        return []
    few = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
    of_few = {row[0] for row in few}
    scans = [found for one in plan if (found := SCAN.match(one))]
    return [one[1] for one in scans if one[1] in LARGE and one[2] not in of_few]


async def test_reading_a_whole_table_is_noticed(large: Office) -> None:
    whole, few = (
        "SELECT DISTINCT source FROM claims",
        "SELECT count(*) FROM claim_payments WHERE state = 'posted'",
        "SELECT id FROM claims ORDER BY charge_cents DESC LIMIT 50",
    ), (
        "SELECT id FROM claims ORDER BY id DESC LIMIT 50",
        "SELECT min(source) FROM claims",
        "SELECT id FROM claims WHERE member_id = 'X' ORDER BY charge_cents",
    )  # fmt: skip
    with large.gateway.services.reads.connect() as connection:
        assert [bool(read_whole(connection, one, ())) for one in (*whole, *few)] == [True] * 3 + [False] * 3


async def test_no_page_reads_a_whole_table(large: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for figures that are kept (`KeptFigure`, `Live`), and worked out beside the page."""
    monkeypatch.setattr(live, "FRESH_S", 3_600.0)

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(KeptFigure, "get", nothing)
    ids = await large.gateway.read(pages.ids_of)
    seen: list[tuple[str, Any]] = []
    lock = threading.Lock()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            with lock:
                seen.append((statement, parameters))

    reads = large.gateway.services.reads
    found: list[str] = []
    async with large.signed_in("administrator") as browser:
        looks: list[tuple[str, dict[str, str]]] = [
            (address, {}) for address in pages.addresses(ids) if WHOLE not in address
        ]
        looks += [("/console/claims", {"q": words.format(**ids)}) for words in pages.SEARCHES.values()]
        for address, form in looks:
            seen.clear()
            event.listen(reads, "before_cursor_execute", note)
            try:
                await (browser.post(address, **form) if form else browser.get(address))
            finally:
                event.remove(reads, "before_cursor_execute", note)
            with reads.connect() as connection:
                for statement, parameters in dict.fromkeys(seen):
                    whole = read_whole(connection, statement, parameters)
                    found += [f"{address} reads all of {table}: {' '.join(statement.split())}" for table in whole]
    assert found == []


async def test_a_figure_is_of_now_where_that_is_quick(large: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_figure, "PATIENCE_S", 20)
    monkeypatch.setattr(kept_figure, "WORTH", 0.0)
    counted = iter(range(100))
    figure = KeptFigure(lambda _: next(counted))
    assert [await figure.get(large.gateway) for _ in range(3)] == [0, 1, 2]


async def test_a_figure_that_takes_long_is_not_waited_for(large: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_figure, "PATIENCE_S", 0.02)
    goes = threading.Event()
    values = iter((1, 2))

    def slow(_: Connection) -> int:
        goes.wait(10)
        time.sleep(0.05)
        return next(values)

    figure = KeptFigure(slow)
    assert await figure.get(large.gateway) is None
    goes.set()
    while (found := await figure.get(large.gateway)) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    # Twenty times as long as it took, it is good; nobody has it worked out anew.
    assert found == 1
    assert await figure.get(large.gateway) == 1


async def test_what_keeps_a_figure_from_being_worked_out_is_told(large: Office) -> None:
    def breaks(_: Connection) -> int:
        raise ValueError("no figure")

    with pytest.raises(ValueError, match="no figure"):
        await KeptFigure(breaks).get(large.gateway)
