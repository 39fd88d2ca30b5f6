"""Partners: how each line stands, its test, and adding one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from sqlalchemy import Connection

from ...config import Config
from ...config.new_partner import FIELDS, CannotBeWritten, Draft, check, draft, take_back, write
from ...config.partner import Partner
from ...core.flow import lines, outgoing, partner_view
from ..line_tests import HEADLINES, TESTS, LineTest
from .csv_out import send_csv
from .guard import HEADERS, Refused, Visit, page

log = structlog.get_logger("gateway.web")
RIGHT = "administer"
MANY = "Several tests are under way already. Wait a minute, then ask again."
_DRAFT = "draft:"


def _partner(visit: Visit) -> Partner:
    found = visit.server.services.config.partner(visit.request.match_info["name"])
    if found is None:
        raise Refused(404, "No such partner", "The configuration has no partner of this name.")
    return found


def standings(connection: Connection, visit: Visit) -> list[tuple[Partner, partner_view.Standing]]:
    """Every partner with how its line stands."""
    services = visit.server.services
    return [(one, partner_view.standing(connection, services, one.name, visit.now)) for one in services.config.partners]


@page(RIGHT)
async def listing(visit: Visit) -> web.StreamResponse:
    """Every partner in one look."""
    return visit.page("partners.html", found=await visit.server.read(standings, visit))


@page(RIGHT)
async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same as a file for a spreadsheet."""
    found = await visit.server.read(standings, visit)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one, at in found:
            asked, reached = at.line.last_poll_at, at.line.last_success_at
            yield [
                one.name, one.environment, asked and asked.isoformat(), reached and reached.isoformat(),
                at.next_look and at.next_look.isoformat(), at.line.failures, at.backlog, at.ready, at.line.stopped,
            ]  # fmt: skip

    columns = ("partner", "environment", "asked_at", "reached_at", "next_look", "failures")
    return await send_csv(
        visit.request, "partners.csv", (*columns, "batches_waiting", "claims_ready", "stopped"), rows()
    )


@page(RIGHT)
async def one(visit: Visit) -> web.StreamResponse:
    """One partner."""
    return await _one(visit)


async def _one(visit: Visit, said: str = "", trouble: str = "") -> web.StreamResponse:
    partner = _partner(visit)
    services = visit.server.services

    def look(connection: Connection) -> dict[str, Any]:
        return {
            "at": partner_view.standing(connection, services, partner.name, visit.now),
            "troubles": partner_view.troubles(connection, partner.name),
            "batches": partner_view.last_batches(connection, partner.name),
        }

    found = await visit.server.read(look)
    if "added" in visit.request.query and not said:
        said = f"{partner.name} is added and in force. Its line is asked from now on."
    test = visit.request.app[TESTS].look(partner.name)
    values = found | _test_values(visit, test)
    return visit.page("partner.html", partner=partner, pins=_pins(partner), said=said, trouble=trouble, **values)


def _pins(partner: Partner) -> list[str]:
    """The host keys that are trusted, where its transport has such a setting."""
    found = getattr(partner.transport.settings, "host_keys", ()) or ()
    return [str(getattr(pin, "key", pin)) for pin in found]


def _test_values(visit: Visit, test: LineTest | None, address: str = "") -> dict[str, Any]:
    return {
        "test": test,
        "under_way": test is not None and test.under_way(visit.now),
        "headlines": HEADLINES,
        "test_address": address or f"/console/admin/partners/{test.partner if test else ''}/test",
    }


@page(RIGHT)
async def start(visit: Visit) -> web.StreamResponse:
    """Try a stopped partner again; what waits for it goes out."""
    name = _partner(visit).name

    def begin(connection: Connection) -> int:
        lines.restart(connection, name, visit.who, visit.now)
        return outgoing.resume_partner(connection, name, visit.who, visit.now)

    waiting = await visit.server.write(begin)
    return await _one(visit, said=f"{name} is started; {waiting} batch(es) that waited for it go out.")


@page(RIGHT)
async def test(visit: Visit) -> web.StreamResponse:
    """Begin a test of the line; its result comes by itself."""
    partner = _partner(visit)
    begun = visit.request.app[TESTS].begin(partner.name, visit.server.services.config, partner, visit.who, visit.now)
    if begun is None:
        raise Refused(503, "Not now", MANY)
    if visit.in_part:
        return visit.page("line_test.html", **_test_values(visit, begun))
    return _to(f"/console/admin/partners/{partner.name}#test")


@page(RIGHT, noted=False)
async def test_result(visit: Visit) -> web.StreamResponse:
    """What came of the test so far; asked for by the page every second while it is under way."""
    partner = _partner(visit)
    return visit.page("line_test.html", **_test_values(visit, visit.request.app[TESTS].look(partner.name)))


def _to(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address} | HEADERS)


# --- a new one -------------------------------------------------------------------------------------


@page(RIGHT)
async def new(visit: Visit) -> web.StreamResponse:
    """The form."""
    usual = {one.name: one.usual for one in FIELDS}
    return _form(visit, Draft(usual | _ours(visit), {}))


def _ours(visit: Visit) -> dict[str, str]:
    """Who we are to the partners that there are: mostly the same."""
    config = visit.server.services.config
    first = next(iter(config.partners), None)
    name = config.gateway.organisation.name
    if first is None:
        return {"submitter": name}
    us = first.interchange
    return {"sender_qualifier": us.sender_qualifier, "sender_id": us.sender_id, "submitter": first.submitter.name}


def _form(
    visit: Visit, given: Draft, faults: Sequence[str] = (), *, begun: LineTest | None = None, trouble: str = ""
) -> web.Response:
    groups = list(dict.fromkeys(one.group for one in FIELDS))
    checked = not given.faults and bool(given.values["host"])
    return visit.page(
        "new_partner.html",
        status=422 if given.faults or faults else 200,
        groups=[(group, [one for one in FIELDS if one.group == group]) for group in groups],
        draft=given,
        faults=faults,
        text=given.text.splitlines() if checked else (),
        trouble=trouble,
        **_test_values(visit, begun, f"/console/admin/partners/new/test?of={_mark(given)}"),
    )


def _mark(given: Draft) -> str:
    """What tells one draft from another, so that nobody sees the result of what was typed before."""
    return hashlib.sha256(given.text.encode()).hexdigest()[:32]


def _key(visit: Visit, mark: str) -> str:
    return f"{_DRAFT}{visit.who}:{mark}"


@page(RIGHT)
async def add(visit: Visit) -> web.StreamResponse:
    """Look at what was typed; test the line with it, or add the partner."""
    config = visit.server.services.config
    given = draft(config, {one.name: visit.field(one.name, 1000) for one in FIELDS})
    if given.faults:
        return _form(visit, given, trouble="Something is missing or wrong below.")
    found = await asyncio.to_thread(check, config, given)
    if not isinstance(found, Config):
        told = f"The configuration could not be used with this partner: {len(found)} fault(s)."
        return _form(visit, given, [str(fault) for fault in found], trouble=told)
    if visit.field("what", 10) != "add":
        partner = found.partner(given.name)
        assert partner is not None  # its file is one of those that were read
        begun = visit.request.app[TESTS].begin(_key(visit, _mark(given)), found, partner, visit.who, visit.now)
        return _form(visit, given, begun=begun, trouble="" if begun else MANY)
    return await _add(visit, config, given)


async def _add(visit: Visit, config: Config, given: Draft) -> web.StreamResponse:
    try:
        await asyncio.to_thread(write, config.root, given)
    except CannotBeWritten as error:
        return _form(visit, given, trouble=str(error))
    state = await visit.server.reload()
    if state.faults:
        await asyncio.to_thread(take_back, config.root, given)
        return _form(visit, given, list(state.faults), trouble="The configuration was refused; nothing was added.")
    log.info("partner_added", partner=given.name, who=visit.who)
    return _to(f"/console/admin/partners/{given.name}?added=1")


@page(RIGHT, noted=False)
async def new_test_result(visit: Visit) -> web.StreamResponse:
    """What came of the test of a partner that is not in the configuration yet."""
    mark = visit.request.query.get("of", "")[:32]
    found = visit.request.app[TESTS].look(_key(visit, mark))
    address = f"/console/admin/partners/new/test?{urlencode({'of': mark})}"
    return visit.page("line_test.html", **_test_values(visit, found, address))


def routes() -> list[web.RouteDef]:
    """The routes."""
    place = "/console/admin/partners"
    return [
        web.get(place, listing),
        web.get(f"{place}.csv", as_csv),
        web.get(f"{place}/new", new),
        web.post(f"{place}/new", add),
        web.get(f"{place}/new/test", new_test_result),
        web.get(f"{place}/{{name}}", one),
        web.post(f"{place}/{{name}}/start", start),
        web.post(f"{place}/{{name}}/test", test),
        web.get(f"{place}/{{name}}/test", test_result),
    ]
