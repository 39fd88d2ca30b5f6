"""A plugin that fails for every claim: its claims wait with the reason, it is given a rest, and comes back well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.core.store.tables import claims, holds, plugin_calls

from . import running
from .house import House, claims_of, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

ILL = """\
from pathlib import Path
from gateway.plugins import hookimpl

gateway_api = 1
here = Path(__file__).parent

@hookimpl
def hold_claim(claim):
    with open(here / "calls", "a") as calls:
        calls.write(".")
    if not (here / "well").exists():
        raise RuntimeError("ill")
"""
STATIONS = """\
  scrub: [scrubber]
  hold:
    - {plugin: ill, breaker: {failures: 10, pause: 2s}}
"""


async def take_in(house: House, seed: int, count: int) -> list[str]:
    """Take in claims; the reasons of the plugin's holds on them, in their order."""
    file_id = await house.take_in(claims_of(seed, count), f"{seed}.837")
    rows = await house.rows(
        select(holds.c.reason)
        .join(claims, claims.c.id == holds.c.claim_id)
        .where(claims.c.file_id == file_id, holds.c.plugin == "ill")
        .order_by(claims.c.ordinal)
    )
    return [row.reason for row in rows]


def called(house: House) -> int:
    path = house.plugins / "calls"
    return len(path.read_text()) if path.exists() else 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with opened(tmp_path_factory.mktemp("breaker"), "breaker", {"ill": ILL}, STATIONS) as made:
        yield made


async def test_it_rests_and_comes_back(house: House) -> None:
    reasons = await take_in(house, 21, 100)
    assert len(reasons) == 100, "every claim waits"
    assert reasons[0] == "Plugin ill failed in hold: RuntimeError at ill.py:12 in hold_claim."
    assert reasons[-1].startswith("Plugin ill rests: it failed ")
    calls = called(house)
    resting = sum(reason.startswith("Plugin ill rests") for reason in reasons)
    assert calls + resting == 100
    # Chunks that were under way when it opened are what may still call it.
    assert 10 <= calls <= 60
    plugin = await house.plugin("ill")
    assert (plugin["calls"], plugin["failures"], plugin["origin"]) == (calls, calls, "folder")
    assert plugin["seconds"] > 0
    (house.plugins / "well").touch()

    async def over() -> bool:
        return not await house.resting()

    await running.until(over, "its rest is over")
    assert await take_in(house, 22, 20) == []
    assert called(house) == calls + 20
    assert await house.resting() == []


async def test_a_call_that_was_not_made_is_not_counted(house: House) -> None:
    rows = await house.gateway.read(running.rows, plugin_calls, plugin_calls.c.plugin == "ill")
    assert sum(row.calls for row in rows) == called(house)
