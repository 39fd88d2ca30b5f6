"""Figures that were worked out a moment ago: many look at the same ones, and each may take seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from aiohttp import web

from ...core.reports import catalogue
from ...core.reports.measure import Found, Report, Scope
from ..admission import Server

KEPT_S = 60.0
MOST = 400
AT_ONCE = 2
"""So many are worked out at once; the others wait, and the claims that come in do not."""


class FigureCache:
    """Works figures out, each once for all who ask for it within a minute."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, Scope], tuple[float, Found]] = OrderedDict()
        self._under_way: dict[tuple[str, Scope], asyncio.Future[Found]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def get(self, server: Server, report: Report, scope: Scope) -> Found:
        """A figure, at most a minute old. Raises catalogue.NotAsked where it cannot be told."""
        key = (report.definition.name, scope)
        kept = self._found.get(key)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        if key not in self._under_way:
            self._under_way[key] = asyncio.ensure_future(self._work_out(server, report, scope))
            self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key, None))
        # Whoever goes away does not stop it for those who wait.
        return await asyncio.shield(self._under_way[key])

    async def _work_out(self, server: Server, report: Report, scope: Scope) -> Found:
        async with self._turns:
            found = await server.read(catalogue.work_out, report, scope)
        self._found[report.definition.name, scope] = (time.monotonic(), found)
        while len(self._found) > MOST:
            self._found.popitem(last=False)
        return found


FIGURES: web.AppKey[FigureCache] = web.AppKey("figures", FigureCache)
