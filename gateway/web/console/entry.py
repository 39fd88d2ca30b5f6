"""The door of the console: signing in and out, and the files that pages are made with."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ...core.store import users
from ...core.store.users import NotAllowed, User
from ..access import ACCESS
from ..admission import SERVER, Server
from .guard import COOKIE, HEADERS, Refused, Visit, from_here, page, read_form, secure, sorry
from .render import FOLDER, render

HOME = "/console/"
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$v5PCt+co+0Rwqjqo7tly0A$Cr1dlBoorZmaXz8zVubmlq9LElFaqI1d/Lstr6uV5G0"
"""Checked where there is no such user, so that both take as long."""
AT_ONCE = 4
CHECKING: web.AppKey[asyncio.Semaphore] = web.AppKey("checking", asyncio.Semaphore)
"""Each check of a password takes 64 MB for a moment; more of them at once wait."""


async def sign_in_page(request: web.Request) -> web.Response:
    """The form."""
    ended = "You were signed out because nothing was done for a while." if "ended" in request.query else ""
    nobody = not await request.app[SERVER].read(users.every)
    return form(request, request.query.get("next", ""), ended, nobody=nobody)


def form(
    request: web.Request,
    back: str,
    said: str = "",
    *,
    trouble: str = "",
    name: str = "",
    nobody: bool = False,
    status: int = 200,
) -> web.Response:
    """The form, with what is to be said above it."""
    there = request.app[SERVER].services.config.gateway.web.sign_on
    text = render(
        "sign_in.html",
        back=inside(back),
        said=said,
        trouble=trouble,
        name=name,
        nobody=nobody,
        elsewhere=there.name if there is not None else "",
    )
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


def inside(address: str) -> str:
    """An address of the console, as it was given; the home page for any other."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and parts.path.startswith(HOME) and "\\" not in address
    return address if inside and not address.startswith("//") else HOME


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Name and password are right: a new session begins, whatever session there was."""
    server: Server = request.app[SERVER]
    if not from_here(request):
        return await sorry(request, 403, "Try again", "That form did not come from this gateway. Open it here again.")
    try:
        sent = await read_form(request)
    except Refused as refused:
        return await sorry(request, refused.status, refused.title, str(refused))
    name, password, back = (str(sent.get(one, ""))[:400] for one in ("name", "password", "next"))
    now = server.services.clock.now()
    try:
        asked = await server.read(users.asked, name, now)
    except NotAllowed as error:
        await note(request, name, "sign-in refused: locked out")
        return form(request, back, trouble=str(error), name=name[:80], status=403)
    async with request.app[CHECKING]:
        right = await asyncio.to_thread(users.matches, asked.kept or _NOBODY, password)
    if not right or not asked.user_id:
        if asked.user_id:
            await server.write(users.failed, asked.user_id, now)
        await note(request, name, "sign-in refused: wrong name or password")
        return form(request, back, trouble=users.WRONG, name=name[:80], status=403)
    old = request.cookies.get(COOKIE, "")
    if old:
        await server.write(users.sign_out, users.hash_of(old))
    user = await server.read(users.find, name)
    assert user is not None
    return await welcome(request, user, back, "signed in")


async def welcome(request: web.Request, user: User, back: str, what: str) -> web.Response:
    """A session of this user begins in this browser; it goes on to where it wanted to go."""
    server = request.app[SERVER]
    token = await server.write(users.sign_in, user.id, request.remote or "", server.services.clock.now())
    await note(request, user.name, what)
    answer = web.Response(status=303, headers={"Location": inside(back)} | HEADERS)
    answer.set_cookie(COOKIE, token, path="/console", httponly=True, samesite="Lax", secure=secure(server))
    return answer


async def note(request: web.Request, name: str, what: str) -> None:
    """A line in the access log: who came in, or did not."""
    # A name that nobody has may be a password typed into the wrong field: it is not kept.
    known = await request.app[SERVER].read(users.find, name)
    line: dict[str, Any] = {
        "at": request.app[SERVER].services.clock.now(),
        "who": known.name if known is not None else "(unknown)",
        "what": what,
        "source": (request.remote or "")[:60],
    }
    await request.app[ACCESS].note(line)


@page(noted=False)
async def sign_out(visit: Visit) -> web.StreamResponse:
    """The session ends, here and wherever its cookie was copied to."""
    await visit.server.write(users.sign_out, visit.session.hash)
    answer = web.Response(status=303, headers={"Location": "/console/sign-in"} | HEADERS)
    answer.del_cookie(COOKIE, path="/console")
    return answer


@lru_cache(maxsize=64)
def _static(name: str) -> tuple[bytes, str, str] | None:
    folder = FOLDER / "static"
    names = {path.name for path in folder.iterdir()}
    if name not in names:
        return None
    data = (folder / name).read_bytes()
    return data, mimetypes.guess_type(name)[0] or "application/octet-stream", hashlib.sha256(data).hexdigest()[:32]


async def static(request: web.Request) -> web.StreamResponse:
    """A script or style of ours."""
    found = _static(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    data, kind, mark = found
    etag = f'"{mark}"'
    kept = {"Cache-Control": "public, max-age=3600", "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=kept)
    return web.Response(body=data, content_type=kind, headers=kept)


async def to_console(_request: web.Request) -> web.StreamResponse:
    """Whoever comes to the gateway with a browser wants the console."""
    raise web.HTTPSeeOther(HOME)


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [
        web.get("/", to_console),
        web.get("/console", to_console),
        web.get("/console/sign-in", sign_in_page),
        web.post("/console/sign-in", sign_in),
        web.post("/console/sign-out", sign_out),
        web.get("/console/static/{name}", static),
    ]
