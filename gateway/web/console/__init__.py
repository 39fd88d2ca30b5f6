"""The console: pages for billers, posters, managers and administrators, in a browser."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..admission import SERVER
from . import admin_pages, claim_pages, entry, file_pages, hold_pages, home, queue_pages
from .access import AccessLog
from .guard import ACCESS
from .kept_figure import KeptFigure
from .typed_words import TYPED, TypedWords


def add_to(app: web.Application) -> None:
    """Put the console's pages into an application that has its server."""
    app[ACCESS] = AccessLog(app[SERVER])
    app[home.FIGURES] = KeptFigure(home.stages)
    app[home.SHARED] = home.kept_shared(app[SERVER])
    app[hold_pages.REPORT] = hold_pages.kept_report(app[SERVER])
    app[TYPED] = TypedWords()
    app[entry.CHECKING] = asyncio.Semaphore(entry.AT_ONCE)
    for module in (entry, home, queue_pages, claim_pages, hold_pages, file_pages, admin_pages):
        app.add_routes(module.routes())
