"""Errors as problem documents (RFC 9457): what happened and what to do, in plain words, and never a patient."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ..core.engine.faults import passing

log = structlog.get_logger("gateway.web")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    408: "The body stopped coming. Look at the connection, and send it again.",
    413: "The body is larger than is taken here.",
}


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error as a problem document."""
    return web.json_response(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


def http_logger() -> logging.Logger:
    """For what is no HTTP at all: the log has its kind, never what was sent."""

    def told(record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        log.warning("request_unreadable", error=kind.__name__ if kind is not None else record.levelname.lower())
        return False

    logger = logging.Logger("gateway.http", logging.WARNING)
    logger.addFilter(told)
    return logger


@web.middleware
async def in_plain_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is answered as a problem document; the log has its kind and its route, never its text."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
        return problem(error.status, error.reason, _DETAILS.get(error.status, error.reason), kept)
    except ConnectionError:
        raise  # the client has gone: there is nobody to answer
    except Exception as error:
        route = request.match_info.route.resource
        where = route.canonical if route is not None else ""
        if why := passing(error):
            log.warning("request_waits", route=where, why=why)
            return problem(
                503, "Not now", f"Nothing was taken: {why}. Send it again in a minute.", {"Retry-After": "60"}
            )
        log.error("request_failed", route=where, error=type(error).__name__)
        return problem(500, "A fault in the gateway", "It was not your request. The log has the kind of the fault.")
