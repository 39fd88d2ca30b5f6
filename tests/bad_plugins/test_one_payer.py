"""A plugin that is too slow for one payer's claims alone: these wait, everybody else's go on, and its breaker rests for
that payer and for nobody else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.core.flow.ahead import AHEAD
from gateway.core.store.tables import claims, holds
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837

from ..soak import SOAK
from ..web import running
from ..web.house import TODAY, opened
from .conftest import EACH, PATIENCE_S, all_batched, soundly, times_batched

pytestmark = pytest.mark.asyncio
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)] if SOAK else ["sqlite"]

# A claim of the payer takes longer than its limit, until the plugin is well.
SLOW = """\
import time
from pathlib import Path
from gateway.plugins import hookimpl

gateway_api = 1
well = Path(__file__).with_name("well")
asked = Path(__file__).with_name("asked")

@hookimpl
def scrub_claim(claim, context):
    if context.payer_id == {payer!r}:
        with asked.open("a") as file:
            file.write(".")
        if not well.exists():
            time.sleep(3600)
"""
STATIONS = """\
  scrub:
    - {plugin: slow, timeout: 1s, breaker: {failures: 5, pause: 5s}}
"""


@pytest.mark.parametrize("kind", KINDS)
async def test_others_go_on(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = "" if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    files = [list(generate_claims(EACH, 200 + number, TODAY, fault_share=0)) for number in range(2)]
    payers = {claim.number: claim.coverage.payer.id for file in files for claim in file}
    counted = sorted((list(payers.values()).count(payer), payer) for payer in set(payers.values()))
    payer = counted[-1][1]
    of_payer = {number for number, its in payers.items() if its == payer}
    assert 10 < len(of_payer) < len(payers)
    code = SLOW.format(payer=payer)
    async with opened(tmp_path, "one-payer", {"slow": code}, STATIONS, "{chunk: 60}", url) as house:
        ids = [await house.hand_in(as_837(file, TODAY), f"{n}.837") for n, file in enumerate(files)]
        seen: list[dict[str, Any]] = []

        async def rested() -> bool:
            seen.extend(await house.resting())
            return bool(seen)

        await running.until(rested, "its breaker opens", PATIENCE_S)
        for file_id in ids:
            await running.read_to_the_end(house.gateway, file_id, PATIENCE_S)
        await all_batched(house)
        assert {(one["plugin"], one["payer"]) for one in seen + await house.resting()} == {("slow", payer)}
        assert await times_batched(house) == {number: 1 for number in payers if number not in of_payer}
        rows = await house.rows(
            select(claims.c.claim_number, holds.c.reason).join(holds, holds.c.claim_id == claims.c.id)
        )
        assert {row.claim_number for row in rows} == of_payer
        assert len(rows) == len(of_payer)
        assert {row.reason.split(":")[0] for row in rows} <= {"Plugin slow failed in scrub", "Plugin slow rests"}
        asked = len((house.plugins / "asked").read_text())
        # Chunks that are decided before the first is committed do not know of its breaker yet.
        chunks = min(AHEAD + 1, math.ceil(EACH / 60))
        assert asked <= 3 * chunks * len(files), "a chunk loses three calls to it at most, not all that it has"
        # It gets well, and its breaker closes.
        (house.plugins / "well").touch()

        async def over() -> bool:
            return not await house.resting()

        await running.until(over, "its rest is over", PATIENCE_S)
        more = [claim for claim in generate_claims(EACH * 3, 300, TODAY) if claim.coverage.payer.id == payer][:20]
        file_id = await house.take_in(as_837(more, TODAY), "more.837")
        late = select(holds.c.id).join(claims, claims.c.id == holds.c.claim_id).where(claims.c.file_id == file_id)
        assert await house.rows(late.where(holds.c.plugin == "slow")) == []
        assert await house.resting() == []
        await soundly(house)
