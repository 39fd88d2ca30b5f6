"""Signing in through a provider: off to it with a question of our own, and back with its answer."""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

import structlog
from aiohttp import web

from ...config.sign_on import SignOn
from ...core.store import sign_on, users
from ...core.store.users import NotAllowed, NoUser
from ..admission import SERVER
from . import entry
from .guard import COOKIE, HEADERS, secure, sorry
from .provider import Asking, NotBelieved, Provider

log = structlog.get_logger("gateway.web")
ASKED = "hme_sign_on"
AWAY_S = 600
"""So long may somebody be at the provider."""
PATH = "/console/sso"
PROVIDER: web.AppKey[Provider] = web.AppKey("provider", Provider)


def settings_of(request: web.Request) -> SignOn | None:
    """The provider of the configuration; None without one."""
    return request.app[SERVER].services.config.gateway.web.sign_on


async def begin(request: web.Request) -> web.StreamResponse:
    """Off to the provider."""
    settings = settings_of(request)
    if settings is None:
        return await _nowhere(request)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asking = Asking(state, nonce, verifier, entry.inside(request.query.get("next", "")))
    try:
        to = await request.app[PROVIDER].begin(settings, asking)
    except NotBelieved as error:
        return _refused(request, error)
    answer = web.Response(status=303, headers={"Location": to} | HEADERS)
    kept = urlsafe_b64encode(json.dumps(asking).encode()).decode()
    answer.set_cookie(
        ASKED, kept, path=PATH, max_age=AWAY_S, httponly=True, samesite="Lax", secure=secure(request.app[SERVER])
    )
    return answer


def _asking(request: web.Request) -> Asking | None:
    """What this browser was sent off with; None where it was not, or long ago."""
    try:
        found = json.loads(urlsafe_b64decode(request.cookies.get(ASKED, "").encode("ascii")))
        state, nonce, verifier, to = (str(one) for one in found)
        return Asking(state, nonce, verifier, to)
    except (ValueError, TypeError, RecursionError):
        return None


async def back(request: web.Request) -> web.StreamResponse:
    """Back from the provider: a session begins where it vouches for somebody who has a role here."""
    settings = settings_of(request)
    if settings is None:
        return await _nowhere(request)
    asking, query = _asking(request), request.query
    state = query.get("state", "")
    if asking is None or not hmac.compare_digest(asking.state.encode(), state.encode()):
        return _form(request, "That sign-in was not begun in this browser, or it took too long. Begin again.")
    if "code" not in query:
        return _form(request, f"You were not signed in at {settings.name}. Try again, or ask an administrator.")
    server = request.app[SERVER]
    now = server.services.clock.now()
    try:
        who = await request.app[PROVIDER].finish(settings, asking, query["code"][:4000], now.timestamp())
    except NotBelieved as error:
        return _refused(request, error)
    if not who.role:
        await entry.note(request, who.name, "sign-in refused: no group with a role")
        return _form(request, "You are in no group that may come in here. Ask an administrator.")
    try:
        user = await server.write(sign_on.enter, who, now)
    except (NotAllowed, NoUser) as error:
        await entry.note(request, who.name, f"sign-in refused: {type(error).__name__}")
        return _form(request, str(error))
    old = request.cookies.get(COOKIE, "")
    if old:
        await server.write(users.sign_out, users.hash_of(old))
    answer = await entry.welcome(request, user, asking.back, "signed in through the provider")
    answer.del_cookie(ASKED, path=PATH)
    return answer


def _refused(request: web.Request, error: NotBelieved) -> web.Response:
    log.warning("sign_on_refused", why=str(error))
    return _form(request, f"Signing in there does not work now: {error}. Ask an administrator.")


def _form(request: web.Request, trouble: str) -> web.Response:
    answer = entry.form(request, "", trouble=trouble, status=403)
    answer.del_cookie(ASKED, path=PATH)
    return answer


async def _nowhere(request: web.Request) -> web.Response:
    return await sorry(request, 404, "Nothing here", "Sign in with your name and password.")


def routes() -> list[web.RouteDef]:
    """The routes."""
    return [web.get(PATH, begin), web.get(f"{PATH}/back", back)]
