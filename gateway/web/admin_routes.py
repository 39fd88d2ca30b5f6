"""What an administrator watches, over HTTP: how partners do and their test, alarms and the channels that tell them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from ..config.partner import Partner
from ..core.flow import alarms, partner_view
from ..core.store import alarms as alarm_store
from . import admin_answers as told
from .admission import SERVER, WHO, Server
from .line_tests import HEADLINES, TESTS, LineTest
from .operations import get, post
from .problems import problem

PAST = 200
TEST = "/api/v1/partners/{partner}/test"


def _moment(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


async def get_partners(request: web.Request) -> web.StreamResponse:
    """Each partner: when it was asked and reached, when it is asked next, what waits for it, why it is stopped."""
    server = request.app[SERVER]
    services, now = server.services, server.services.clock.now()

    def look(connection: Connection) -> list[dict[str, Any]]:
        return [
            _line(one, partner_view.standing(connection, services, one.name, now)) for one in services.config.partners
        ]

    return web.json_response({"partners": await server.read(look)})


def _line(partner: Partner, at: partner_view.Standing) -> dict[str, Any]:
    return {
        "name": partner.name,
        "environment": partner.environment,
        "asked_at": _moment(at.line.last_poll_at),
        "reached_at": _moment(at.line.last_success_at),
        "next_look": _moment(at.next_look),
        "failures": at.line.failures,
        "stopped": at.line.stopped,
        "error": at.line.error,
        "batches_waiting": at.batches,
        "claims_ready": at.ready,
    }


def _named(request: web.Request) -> Partner | web.Response:
    found = request.app[SERVER].services.config.partner(request.match_info["partner"])
    return found or problem(404, "No such partner", "The configuration has no partner of this name.")


async def post_test(request: web.Request) -> web.StreamResponse:
    """Begin a test of a partner's line (or go on with the one that is under way); GET tells what came of it."""
    partner = _named(request)
    if isinstance(partner, web.Response):
        return partner
    services = request.app[SERVER].services
    begun = request.app[TESTS].begin(partner.name, services.config, partner, request[WHO], services.clock.now())
    if begun is None:
        return problem(503, "Not now", "Several tests are under way already.", {"Retry-After": "60"})
    return web.json_response(_test(begun, services.clock.now()), status=202)


async def get_test(request: web.Request) -> web.StreamResponse:
    """What came of the newest test of a partner's line in this process."""
    partner = _named(request)
    if isinstance(partner, web.Response):
        return partner
    found = request.app[TESTS].look(partner.name)
    if found is None:
        return problem(404, "No test", "The line was not tested since this process started: POST to this address.")
    return web.json_response(_test(found, request.app[SERVER].services.clock.now()))


def _test(test: LineTest, now: dt.datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"partner": test.partner, "began_at": test.began.isoformat(), "by": test.who}
    done = test.done
    if done is None:
        state = "under way" if test.under_way(now) else "given up"
        return found | {"state": state, "said": test.broken}
    found |= {"state": "done", "ok": not done.kind, "trouble": done.kind, "said": HEADLINES[done.kind]}
    found |= {"faults": [str(fault) for fault in done.faults], "offered_host_key": done.offered}
    if done.seen is not None:
        found |= {"server": done.seen.server, "host_key": done.seen.host_key, "folders": done.seen.folders}
    return found


async def get_alarms(request: web.Request) -> web.StreamResponse:
    """What stands, what is over (the last 200), the channels, and the last 200 messages."""
    server: Server = request.app[SERVER]

    def look(connection: Connection) -> dict[str, Any]:
        return {
            "standing": [_alarm(row) for row in alarm_store.standing(connection)],
            "over": [_alarm(row) for row in alarm_store.past(connection, PAST)],
            "channels": alarms.channels(server.services.config),
            "messages": [
                {
                    "id": row.id,
                    "channel": row.channel,
                    "state": row.state,
                    "tries": row.tries,
                    "error": row.error,
                    "created_at": row.created_at.isoformat(),
                }
                for row in alarm_store.last_messages(connection, PAST)
            ],
        }

    return web.json_response(await server.read(look))


def _alarm(row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "words": row.words,
        "since": row.since.isoformat(),
        "told_at": _moment(row.told_at),
        "over_at": _moment(row.over_at),
    }


async def post_try(request: web.Request) -> web.StreamResponse:
    """Have a channel send a test."""
    server, channel = request.app[SERVER], request.match_info["channel"]
    known = alarms.channels(server.services.config)
    if channel not in known:
        return problem(404, "No such channel", f"The channels are: {', '.join(known) or 'none'}.")
    number = await server.write(alarms.try_out, channel, request[WHO], server.services.clock.now())
    return web.json_response({"message_id": number}, status=202)


TAG = "administration"
ROUTES = [
    get("/api/v1/partners", get_partners, tag=TAG, answers=told.Partners),
    post(TEST, post_test, tag=TAG, scope="admin", answers={202: told.LineTested}, also=(503,)),
    get(TEST, get_test, tag=TAG, scope="admin", answers=told.LineTested),
    get("/api/v1/alarms", get_alarms, tag=TAG, answers=told.Alarms),
    post("/api/v1/alarms/{channel}/test", post_try, tag=TAG, scope="admin", answers={202: told.Tried}),
]
