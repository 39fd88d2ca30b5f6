"""The gateway itself over HTTP: its configuration and reload, the plugins in use, whether it is well, and this API's
document."""

from __future__ import annotations

import asyncio
import datetime as dt
import json

from aiohttp import web
from sqlalchemy import Connection

from ..core.clock import business_date
from ..core.store import plugin_calls
from ..plugins.declaring import Declared
from . import desk_answers as told
from . import openapi
from .admission import SERVER
from .operations import Anything, Raw, get, post
from .problems import problem

TAG = "gateway"
CALLS_OF_DAYS = 30
DOCUMENTS: web.AppKey[dict[str, bytes]] = web.AppKey("documents", dict[str, bytes])
"""The OpenAPI document of a configuration, by its hash."""
DOCUMENT = Raw(("application/json",), "This document.", {})


async def get_configuration(request: web.Request) -> web.StreamResponse:
    """The configuration in force: its hash, since when, how often it was reloaded, and why the last one was refused."""
    return web.json_response(request.app[SERVER].reloads.as_data())


async def post_reload(request: web.Request) -> web.StreamResponse:
    """Read the configuration again and take it; with any fault the old one stays, and all faults are told."""
    state = await request.app[SERVER].reload()
    if state.faults:
        return problem(422, "The configuration is refused", "\n".join(state.faults))
    return web.json_response(state.as_data())


def _plugins(connection: Connection, since: dt.date) -> dict[str, plugin_calls.Counted]:
    return plugin_calls.since(connection, since)


def _declares(declared: Declared | None) -> dict[str, list[str]]:
    """The names of what a plugin declares beside the chains, by kind."""
    found: dict[str, list[str]] = {}
    for one in declared.everything if declared else ():
        found.setdefault(f"{one.what}s", []).append(one.name)
    return found


async def get_plugins(request: web.Request) -> web.StreamResponse:
    """The plugins in use: their calls, failures and time of the last thirty days, and the steps that rest."""
    server = request.app[SERVER]
    config = server.services.config
    today = business_date(server.services.clock.now(), config.gateway.organisation.time_zone)
    since = today - dt.timedelta(days=CALLS_OF_DAYS)
    counted = await server.read(_plugins, since)
    nothing = plugin_calls.Counted("", 0, 0, 0.0)
    found = []
    for plugin in config.plugins:
        calls = counted.get(plugin.name, nothing)
        found.append(
            {
                "name": plugin.name,
                "version": plugin.version,
                "origin": plugin.origin,
                "hooks": sorted(plugin.hooks),
                "declares": _declares(config.declared.get(plugin.name)),
                "calls": calls.calls,
                "failures": calls.failures,
                "seconds": round(calls.seconds, 3),
            }
        )
    resting = [
        {**one._asdict(), "since": one.since.isoformat(), "until": one.until.isoformat()}
        for one in server.services.breakers.state(config)
    ]
    desk_resting = [
        {"plugin": call.plugin, "hook": call.hook, "name": call.name, "until": until.isoformat()}
        for call, until in server.services.desk_rests.state()
    ]
    return web.json_response({"plugins": found, "resting": resting, "desk_resting": desk_resting})


async def healthz(_request: web.Request) -> web.Response:
    """Whether the process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Whether it takes work: database reachable, engine started."""
    why = request.app[SERVER].ready()
    if why:
        return problem(503, "Not ready", why)
    return web.json_response({"status": "ready"})


async def get_document(request: web.Request) -> web.StreamResponse:
    """What this API takes and answers, as an OpenAPI 3.1 document; with the routes of the plugins in use."""
    config, kept = request.app[SERVER].services.config, request.app[DOCUMENTS]
    if config.hash not in kept:
        # Made once for each configuration: it takes a while.
        kept.clear()
        made = await asyncio.to_thread(openapi.document, list(request.app.router.routes()), config.declared.values())
        kept[config.hash] = json.dumps(made).encode()
    return web.Response(body=kept[config.hash], content_type="application/json")


def routes() -> list[web.RouteDef]:
    """The routes, each with what it takes and answers."""
    return [
        get("/api/v1/configuration", get_configuration, tag=TAG, answers=told.Configuration),
        post("/api/v1/configuration/reload", post_reload, tag=TAG, scope="admin", answers=told.Configuration),
        get("/api/v1/plugins", get_plugins, tag="plugins", answers=told.Plugins),
        get("/healthz", healthz, tag=TAG, scope="", query=Anything, answers=told.Status),
        get("/readyz", readyz, tag=TAG, scope="", query=Anything, answers=told.Status),
        get("/openapi.json", get_document, tag=TAG, answers=DOCUMENT),
    ]
