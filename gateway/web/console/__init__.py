"""The console: pages for billers, posters, managers and administrators, in a browser."""

from __future__ import annotations

import asyncio

from aiohttp import web

from . import admin_pages, claim_pages, declared_pages, entry, file_pages, hold_pages, home, queue_pages


def add_to(app: web.Application) -> None:
    """Put the console's pages into an application that has its server and its access log."""
    app[home.FIGURES] = home.Figures()
    app[entry.CHECKING] = asyncio.Semaphore(entry.AT_ONCE)
    for module in (entry, home, queue_pages, claim_pages, hold_pages, file_pages, admin_pages, declared_pages):
        app.add_routes(module.routes())
