"""The console: pages for billers, posters, managers and administrators, in a browser."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ..admission import SERVER
from . import (
    admin_pages,
    alarm_pages,
    analysis_pages,
    chain_pages,
    claim_pages,
    configuration_pages,
    declared_pages,
    denial_pages,
    denial_verbs,
    entry,
    explain_pages,
    figure_pages,
    file_pages,
    followup_pages,
    hold_pages,
    home,
    live_pages,
    money_pages,
    partner_pages,
    plugin_pages,
    productivity_pages,
    provider,
    queue_pages,
    row_pages,
    sign_on_pages,
    view_pages,
    webhook_pages,
)
from .kept import Kept
from .live import LIVE, Live
from .typed_words import TYPED, TypedWords

WORK = (entry, sign_on_pages, home, live_pages, queue_pages, row_pages, view_pages, claim_pages, hold_pages, file_pages)
DENIALS = (denial_pages, denial_verbs, followup_pages, analysis_pages)
REPORTS = (figure_pages, productivity_pages)
ADMINISTRATION = (
    admin_pages,
    partner_pages,
    plugin_pages,
    chain_pages,
    explain_pages,
    alarm_pages,
    webhook_pages,
    configuration_pages,
    declared_pages,
)


def add_to(app: web.Application) -> None:
    """Put the console's pages into an application that has its server and its access log."""
    app[LIVE] = live = Live(app[SERVER])
    app[sign_on_pages.PROVIDER] = provider.Provider()
    app[figure_pages.FIGURES] = Kept(figure_pages.KEPT_S, most=figure_pages.MOST_KEPT, at_once=figure_pages.AT_ONCE)
    app[figure_pages.BEHIND] = Kept(
        figure_pages.KEPT_S,
        most=figure_pages.MOST_KEPT,
        at_once=figure_pages.AT_ONCE,
        slow=figure_pages.SLOW_S,
    )
    app[queue_pages.COUNTS] = Kept(queue_pages.COUNTED_S, most=100, slow=queue_pages.SLOW_S)
    app.on_shutdown.append(live.close)
    app[explain_pages.BUSY] = asyncio.Semaphore(1)
    app[home.SHARED] = home.kept_shared(app[SERVER])
    app[hold_pages.REPORT] = hold_pages.kept_report(app[SERVER])
    app[TYPED] = TypedWords()
    app[entry.CHECKING] = asyncio.Semaphore(entry.AT_ONCE)
    app[denial_pages.OVERVIEW] = Kept(denial_pages.FRESH_S)
    app[followup_pages.TOTALS] = Kept(followup_pages.FRESH_S)
    app[analysis_pages.FIGURES] = Kept(analysis_pages.FRESH_S)
    for module in (*WORK, *DENIALS, *REPORTS, *ADMINISTRATION):
        app.add_routes(module.routes())
    money_pages.add_to(app)
