"""The gateway's engine with the station that asks payers, as a process that can be killed:

python -m tests.sandbox.inquiry_worker URL FOLDER KEY PAYLOAD
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from gateway.core.clock import FixedClock
from gateway.core.flow import inquire
from gateway.core.flow.services import Services
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine

from .. import alone
from ..web import running
from ..work.desk import NOW

KIND = "inquire"
# This alone: what it puts into the outbox for the station that sends stays there, to be looked at.
assert inquire.inquire


async def main(url: str, folder: Path, key: str, payload: str) -> None:
    """Ask, or go on where a killed process left it."""
    transport = SimpleNamespace(final_path=lambda facts: f"to/{facts.isa13}.276")
    services = Services(
        config=running.read_config(folder / "config"),
        archive=Archive(folder / "archive"),
        clock=FixedClock(NOW),
        decide=None,  # type: ignore[arg-type]
        transports=SimpleNamespace(describe=lambda name: transport),  # type: ignore[arg-type]
        reads=make_sync_engine(url, read_only=True),
    )
    await alone.do(url, services, KIND, key, json.loads(payload))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:5]))
