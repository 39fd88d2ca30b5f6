"""The console: pages for billers, posters, managers and administrators, in a browser."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..admission import SERVER
from . import (
    admin_pages,
    alarm_pages,
    chain_pages,
    claim_pages,
    configuration_pages,
    entry,
    explain_pages,
    file_pages,
    hold_pages,
    home,
    partner_pages,
    plugin_pages,
    queue_pages,
)
from .access import AccessLog
from .guard import ACCESS


def add_to(app: web.Application) -> None:
    """Put the console's pages into an application that has its server."""
    app[ACCESS] = AccessLog(app[SERVER])
    app[home.FIGURES] = home.Figures()
    app[explain_pages.BUSY] = asyncio.Semaphore(1)
    app[entry.CHECKING] = asyncio.Semaphore(entry.AT_ONCE)
    for module in (
        entry,
        home,
        queue_pages,
        claim_pages,
        hold_pages,
        file_pages,
        admin_pages,
        partner_pages,
        plugin_pages,
        chain_pages,
        explain_pages,
        alarm_pages,
        configuration_pages,
    ):
        app.add_routes(module.routes())
