"""What was asked for in a form, and is done a moment later."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from ...core.store.tables import requests
from .guard import Visit


async def came_of(visit: Visit, request_id: int) -> str:
    """What came of something that was asked for, where it is done within a moment; empty where it is under way."""
    for _ in range(30):
        row = await visit.server.read(
            lambda sql: sql.execute(
                select(requests.c.done_at, requests.c.outcome).where(requests.c.id == request_id)
            ).one_or_none()
        )
        if row is not None and row.done_at is not None:
            return str(row.outcome)
        await asyncio.sleep(0.1)
    return ""
