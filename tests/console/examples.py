"""An example of every address of the console: where it leads to in the prepared office, and who may go there.

The walks (every route without sign-in, with each role, in dark and light, with scripts in every value ...) go along
this table. A route without an example fails them; the key is the method and the route's pattern, as the failure says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from gateway.web.api import make_app

from .conftest import Office

LOOK, WORK, POST, MANAGE, ADMINISTER = "look", "work", "post", "manage", "administer"
MAY: Mapping[str, tuple[str, ...]] = {
    LOOK: ("viewer", "biller", "poster", "manager", "administrator"),
    WORK: ("biller", "poster", "manager", "administrator"),
    POST: ("poster", "manager", "administrator"),
    MANAGE: ("manager", "administrator"),
    ADMINISTER: ("administrator",),
}
"""Which roles go where; written down here, and nowhere read from the gateway."""
VERBS = ("claim", "release", "assign", "snooze", "touch", "close", "reopen")
NO_SIGN_IN = frozenset(
    {
        "GET /",
        "GET /console",
        "GET /console/sign-in",
        "POST /console/sign-in",
        "GET /console/static/{name}",
    }
)


class Example(NamedTuple):
    """`addresses`: with names of `prepared.Ids` in braces. `right`: what it takes. `form`: fields that a POST needs to
    be understood. `page`: whether it is a page to look at, and not a file, a part of a page or a form. `teams`: whether
    what it is about belongs to a team (documentation, in the prepared office). `file`: the form has a file in it."""

    addresses: tuple[str, ...]
    right: str = LOOK
    form: Mapping[str, str] = {}
    page: bool = False
    teams: bool = False
    file: bool = False


def _page(*addresses: str, right: str = LOOK) -> Example:
    return Example(addresses, right, page=True)


def _file(*addresses: str, right: str = LOOK) -> Example:
    return Example(addresses, right)


def _form(*addresses: str, right: str = WORK, teams: bool = False, file: bool = False, **form: str) -> Example:
    return Example(addresses, right, form, teams=teams, file=file)


EXAMPLES: dict[str, Example] = {
    "GET /console/": _page("/console/"),
    "POST /console/sign-out": _form("/console/sign-out", right=LOOK),
    # The queue.
    "GET /console/queue": _page("/console/queue", "/console/queue?kind=hold&min=1", "/console/queue?mine=true"),
    "GET /console/queue.csv": _file("/console/queue.csv"),
    "POST /console/queue/many": _form("/console/queue/many", teams=True, verb="claim", ids="{item}"),
    "GET /console/items/{id}": _page(
        "/console/items/{item}", "/console/items/{item_denial}", "/console/items/{item_posting_exception}",
        "/console/items/{item_takeback}", "/console/items/{item_faulty_claim}", "/console/items/{item_file_problem}",
    ),
    "POST /console/items/{id}/{verb}": _form(
        *(f"/console/items/{{item}}/{verb}" for verb in VERBS),
        teams=True, note="", to="elsewhere",
    ),
    # Claims.
    "GET /console/claims": _page("/console/claims", "/console/claims?state=denied", "/console/claims?state=cancelled"),
    "POST /console/claims": _form("/console/claims", right=LOOK, q="FERNSBY, POSY"),
    "GET /console/claims/{id}": _page(
        "/console/claims/{claim}", "/console/claims/{held}", "/console/claims/{rejected}", "/console/claims/{denied}"
    ),
    "GET /console/claims/{id}/correct": _page("/console/claims/{rejected}/correct", right=WORK),
    "POST /console/claims/{id}/correct": _form("/console/claims/{rejected}/correct"),
    "POST /console/claims/{id}/preview": _form("/console/claims/{rejected}/preview", f3="SOMETHING"),
    "POST /console/claims/{id}/resubmit": _form("/console/claims/{rejected}/resubmit"),
    "POST /console/claims/{id}/holds": _form("/console/claims/{left}/holds"),
    "GET /console/documents/{document}": _file("/console/documents/{document}"),
    # Holds and rejections.
    "GET /console/holds": _page("/console/holds", "/console/holds?type=manual"),
    "GET /console/holds.csv": _file("/console/holds.csv"),
    "POST /console/holds/{id}/release": _form("/console/holds/{hold}/release", teams=True),
    "POST /console/holds/{id}/document": _form("/console/holds/{hold}/document", teams=True, file=True, kind="?"),
    "GET /console/rejections": _page("/console/rejections"),
    "GET /console/rejections.csv": _file("/console/rejections.csv"),
    # Files and batches.
    "GET /console/files": _page("/console/files", "/console/files?direction=in"),
    "GET /console/files.csv": _file("/console/files.csv"),
    "GET /console/files/{id}": _page(
        "/console/files/{file}", "/console/files/{remittance_file}", "/console/files/{wrong_file}",
        "/console/files/{cut_file}",
    ),
    "GET /console/files/{id}/laid": _page("/console/files/{file}/laid", "/console/files/{remittance_file}/laid"),
    "POST /console/files/{id}/laid": _form("/console/files/{file}/laid", right=LOOK, find="FERNSBY"),
    "GET /console/files/{id}/raw": _file("/console/files/{file}/raw"),
    "POST /console/files/{id}/replay": _form("/console/files/{file}/replay", right=MANAGE),
    "GET /console/batches": _page("/console/batches"),
    "GET /console/batches/{id}": _page("/console/batches/{batch}"),
    "POST /console/batches/{id}/retransmit": _form("/console/batches/{batch}/retransmit", right=MANAGE),
    # Administration.
    "GET /console/admin": _page("/console/admin", right=ADMINISTER),
    "POST /console/admin/partners/{name}/start": _form("/console/admin/partners/{partner}/start", right=ADMINISTER),
    "POST /console/admin/reload": _form("/console/admin/reload", right=ADMINISTER),
    "GET /console/admin/configuration": _page("/console/admin/configuration?part=web", right=ADMINISTER),
    "GET /console/admin/users": _page("/console/admin/users", right=ADMINISTER),
    "POST /console/admin/users": _form("/console/admin/users", right=ADMINISTER),
    "POST /console/admin/users/{name}/{what}": _form(
        *(f"/console/admin/users/{{user}}/{what}" for what in ("change", "password", "disable", "enable")),
        right=ADMINISTER, role="viewer",
    ),
    "GET /console/admin/access": _page("/console/admin/access", right=ADMINISTER),
    "GET /console/admin/access.csv": _file("/console/admin/access.csv", right=ADMINISTER),
}  # fmt: skip


class Walk(NamedTuple):
    """One address to go to."""

    method: str
    address: str
    example: Example


def routes(office: Office) -> list[str]:
    """Every route, as `METHOD pattern`."""
    found = []
    for route in make_app(office.gateway).router.routes():
        if route.method != "HEAD" and isinstance(route.resource, web.Resource):
            found.append(f"{route.method} {route.resource.canonical}")
    return sorted(set(found))


def pages_of(office: Office) -> list[str]:
    """The routes of the console that ask for a sign-in."""
    return [one for one in routes(office) if one.split(" ")[1].startswith("/console") and one not in NO_SIGN_IN]


def missing(office: Office) -> str:
    """What is to be added here; empty where nothing is."""
    there = set(pages_of(office))
    lines = [
        f'{one!r} has no example. Add "{one}": _page(...), _file(...) or _form(...) to EXAMPLES in '
        "tests/console/examples.py, with an address of the prepared office (tests/console/prepared.py)."
        for one in sorted(there - set(EXAMPLES))
    ]
    lines += [f"{one!r} is in EXAMPLES and no route any more: take it out." for one in sorted(set(EXAMPLES) - there)]
    return "\n".join(lines)


def walk(ids: Mapping[str, str], *, pages: bool = False) -> list[Walk]:
    """Every address of the table; `pages`: only what is looked at."""
    found = []
    for key, example in EXAMPLES.items():
        method = key.split(" ")[0]
        if pages and not example.page:
            continue
        found += [Walk(method, address.format(**ids), example) for address in example.addresses]
    return found
