"""The pages of the money side, together: exceptions, deposits, the day's close, take-backs."""

from __future__ import annotations

from aiohttp import web

from . import day_pages, deposit_acts, deposit_pages, eob_pages, exception_acts, exception_pages, takeback_pages


def add_to(app: web.Application) -> None:
    """Put these pages, and what they keep, into an application."""
    day_pages.add_to(app)
    for module in (exception_pages, exception_acts, deposit_pages, deposit_acts, eob_pages, day_pages, takeback_pages):
        app.add_routes(module.routes())
