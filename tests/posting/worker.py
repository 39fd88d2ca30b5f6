"""The gateway's engine with its stations, as a process that can be killed:

python -m tests.posting.worker URL FOLDER KIND KEY PAYLOAD
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from gateway.config import Config, load
from gateway.core.clock import FixedClock
from gateway.core.engine.decide_pool import DecidePool
from gateway.core.flow import intake, next_claims, post, replay_claims, replay_payments
from gateway.core.flow.services import Services
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine

from .. import alone
from .conftest import NOON

# These alone: what they put into the outbox for others stays there, to be looked at.
assert post.post
assert intake.take_in
assert next_claims.next_payer
assert replay_claims.replay
assert replay_payments.replay


async def main(url: str, folder: Path, kind: str, key: str, payload: str) -> None:
    """Do one piece of work to its end, or go on where a killed process left it."""
    config = load(folder / "config", secrets=False)
    assert isinstance(config, Config), config
    pool = DecidePool(1, memory_mb=512)
    services = Services(
        config=config,
        archive=Archive(folder / "archive"),
        clock=FixedClock(NOON),
        decide=pool,
        transports=None,  # type: ignore[arg-type]
        reads=make_sync_engine(url, read_only=True),
    )
    try:
        await alone.do(url, services, kind, key, json.loads(payload))
    finally:
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:6]))
