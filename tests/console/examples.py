"""An example of every address of the console: where it leads to in the prepared office, and who may go there.

The walks (every route without sign-in, with each role, in dark and light, with scripts in every value ...) go along
this table. A route without an example fails them; the key is the method and the route's pattern, as the failure says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from gateway.web.api import make_app

from . import examples_admin, examples_money
from .conftest import Office
from .example import LOOK, MANAGE, WORK, Example, file, form, page

VERBS = ("claim", "release", "assign", "snooze", "touch", "close", "reopen")
IN_PLACE = ("touch", "snooze", "assign", "close", "claim", "release")
OWN_DOOR = frozenset({"GET /console/live"})
"""Looks at the session itself, and has a test of its own: an answer without end is no page."""
NO_SIGN_IN = frozenset(
    {
        "GET /",
        "GET /console",
        "GET /console/sign-in",
        "POST /console/sign-in",
        "GET /console/static/{name}",
        "GET /console/sso",
        "GET /console/sso/back",
    }
)


EXAMPLES: dict[str, Example] = {
    "GET /console/": page("/console/"),
    "POST /console/sign-out": form("/console/sign-out", right=LOOK),
    # The queue.
    "GET /console/queue": page("/console/queue", "/console/queue?kind=hold&min=1", "/console/queue?mine=true"),
    "GET /console/queue.csv": file("/console/queue.csv"),
    "POST /console/queue/many": form("/console/queue/many", teams=True, verb="claim", ids="{item}"),
    "POST /console/queue/work-out": form("/console/queue/work-out", list="rul/ending"),
    "GET /console/items/{id}": page(
        "/console/items/{item}", "/console/items/{item_denial}", "/console/items/{item_posting_exception}",
        "/console/items/{item_takeback}", "/console/items/{item_faulty_claim}", "/console/items/{item_file_problem}",
    ),
    "POST /console/items/{id}/{verb}": form(
        *(f"/console/items/{{item}}/{verb}" for verb in VERBS),
        teams=True, note="", to="elsewhere",
    ),
    "GET /console/queue/counted": file("/console/queue/counted"),
    "GET /console/items/{id}/do/{verb}": file(*(f"/console/items/{{item}}/do/{verb}" for verb in IN_PLACE)),
    "POST /console/items/{id}/do/{verb}": form(
        *(f"/console/items/{{item}}/do/{verb}" for verb in IN_PLACE), teams=True, to="elsewhere"
    ),
    "POST /console/views": form("/console/views"),
    "POST /console/views/{id}/remove": form("/console/views/999999/remove"),
    # Claims.
    "GET /console/claims": page("/console/claims", "/console/claims?state=denied", "/console/claims?state=cancelled"),
    "POST /console/claims": form("/console/claims", right=LOOK, q="FERNSBY, POSY"),
    "GET /console/claims/{id}": page(
        "/console/claims/{claim}", "/console/claims/{held}", "/console/claims/{rejected}", "/console/claims/{denied}"
    ),
    "GET /console/claims/{id}/correct": page("/console/claims/{rejected}/correct", right=WORK),
    "POST /console/claims/{id}/correct": form("/console/claims/{rejected}/correct"),
    "POST /console/claims/{id}/preview": form("/console/claims/{rejected}/preview", f3="SOMETHING"),
    "POST /console/claims/{id}/resubmit": form("/console/claims/{rejected}/resubmit"),
    "POST /console/claims/{id}/holds": form("/console/claims/{left}/holds"),
    "GET /console/documents/{document}": file("/console/documents/{document}"),
    # Holds and rejections.
    "GET /console/holds": page("/console/holds", "/console/holds?type=manual"),
    "GET /console/holds.csv": file("/console/holds.csv"),
    "POST /console/holds/{id}/release": form("/console/holds/{hold}/release", teams=True),
    "POST /console/holds/{id}/document": form("/console/holds/{hold}/document", teams=True, file=True, kind="?"),
    "GET /console/rejections": page("/console/rejections"),
    "GET /console/rejections.csv": file("/console/rejections.csv"),
    # Files and batches.
    "GET /console/files": page("/console/files", "/console/files?direction=in"),
    "GET /console/files.csv": file("/console/files.csv"),
    "GET /console/files/{id}": page(
        "/console/files/{file}", "/console/files/{remittance_file}", "/console/files/{wrong_file}",
        "/console/files/{cut_file}",
    ),
    "GET /console/files/{id}/laid": page("/console/files/{file}/laid", "/console/files/{remittance_file}/laid"),
    "POST /console/files/{id}/laid": form("/console/files/{file}/laid", right=LOOK, find="FERNSBY"),
    "GET /console/files/{id}/raw": file("/console/files/{file}/raw"),
    "POST /console/files/{id}/replay": form("/console/files/{file}/replay", right=MANAGE),
    "GET /console/batches": page("/console/batches"),
    "GET /console/batches/{id}": page("/console/batches/{batch}"),
    "POST /console/batches/{id}/retransmit": form("/console/batches/{batch}/retransmit", right=MANAGE),
    **examples_money.EXAMPLES,
    **examples_admin.EXAMPLES,
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
    return [
        one for one in routes(office) if one.split(" ")[1].startswith("/console") and one not in NO_SIGN_IN | OWN_DOOR
    ]


def missing(office: Office) -> str:
    """What is to be added here; empty where nothing is."""
    there = set(pages_of(office))
    lines = [
        f'{one!r} has no example. Add "{one}": page(...), file(...) or form(...) to EXAMPLES in '
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
