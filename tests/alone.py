"""One piece of durable work, done to its end in a process that can be killed."""

from __future__ import annotations

from typing import Any

from gateway.core.engine.dbos_engine import DbosEngine
from gateway.core.flow.services import Services


async def do(url: str, services: Services, kind: str, key: str, payload: dict[str, Any]) -> None:
    """Begin the work of this kind and key, or go on where a killed process left it; then let go of everything."""
    engine = DbosEngine(
        url,
        executor_id="one",
        clock=services.clock,
        services=services,
        poll_seconds=0.02,
        sweep_seconds=3600,
        sweep_at_once=False,
    )
    await engine.start()
    try:
        await engine.submit(kind, key, payload)
        await engine.wait(kind, key)
    finally:
        await engine.stop()
        services.reads.dispose()
