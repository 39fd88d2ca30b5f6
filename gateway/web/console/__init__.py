"""The console: pages for billers, posters, managers and administrators, in a browser."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..admission import SERVER
from . import (
    admin_pages,
    claim_pages,
    entry,
    figure_cache,
    figure_pages,
    file_pages,
    hold_pages,
    home,
    live_pages,
    productivity_pages,
    provider,
    queue_pages,
    row_pages,
    sign_on_pages,
    view_pages,
)
from .access import AccessLog
from .guard import ACCESS
from .live import LIVE, Live


def add_to(app: web.Application) -> None:
    """Put the console's pages into an application that has its server."""
    app[ACCESS] = AccessLog(app[SERVER])
    app[LIVE] = live = Live(app[SERVER])
    app[sign_on_pages.PROVIDER] = provider.Provider()
    app[figure_cache.FIGURES] = figure_cache.FigureCache()
    app.on_shutdown.append(live.close)
    app[entry.CHECKING] = asyncio.Semaphore(entry.AT_ONCE)
    for module in (entry, home, queue_pages, claim_pages, hold_pages, file_pages, admin_pages):
        app.add_routes(module.routes())
    for module in (live_pages, sign_on_pages, row_pages, view_pages, figure_pages, productivity_pages):
        app.add_routes(module.routes())
