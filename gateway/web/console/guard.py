"""Who may see a page: a session, a right, a form that came from us; and what goes out with every page."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from ...core.clock import business_date
from ...core.engine.faults import passing
from ...core.store import users
from ...core.store.users import Session, User
from ..access import ACCESS, asked_for
from ..admission import SERVER, Server
from ..bodies import in_time
from .live import LIVE
from .render import render

log = structlog.get_logger("gateway.web")
COOKIE = "hme_session"
BY_ITSELF = "X-Live"
"""Stands in what a page asks for without its reader: that keeps nobody signed in."""
LARGEST_FORM = 1 << 20
NO_FORM = "That is no form of ours. Open the page again, and send it from there."
SLOW = "What you sent stopped coming. Look at the connection, and send it again."
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""With every page: nothing but our own scripts and styles, in nobody's frame, kept in no cache."""


class Refused(Exception):
    """A page that is not shown, or a form that is not taken; the words are for who asked."""

    def __init__(self, status: int, title: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.title = title


class Visit(NamedTuple):
    """One request of somebody who is signed in. `form` holds the fields of a POST."""

    request: web.Request
    server: Server
    session: Session
    now: dt.datetime
    today: dt.date
    form: Any

    @property
    def user(self) -> User:
        """Who it is."""
        return self.session.user

    @property
    def who(self) -> str:
        """Under which name things are done."""
        return self.session.user.name

    @property
    def has_plugin_pages(self) -> bool:
        """Whether a plugin in use has pages of its own."""
        every = self.server.services.config.declared.values()
        return any(route.page for one in every for route in one.routes)

    @property
    def in_part(self) -> bool:
        """Whether the browser wants a part of the page, not all of it."""
        return self.request.headers.get("HX-Request") == "true"

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page as it goes out."""
        zone = self.server.services.config.gateway.organisation.time_zone
        text = render(
            template,
            zone=zone,
            visit=self,
            user=self.user,
            csrf=self.session.csrf,
            today=self.today,
            live_seen=self.request.app[LIVE].told(self.who),
            **values,
        )
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)

    def needs(self, right: str) -> None:
        """Raises Refused where the user has not this right."""
        if not self.user.may(right):
            raise Refused(403, "Not for your role", f"You are {self.user.role}. Ask an administrator if you need this.")

    def from_root(self, text: str) -> str:
        """A text with files of the configuration named from its folder."""
        return text.replace(f"{self.server.services.config.root}/", "")

    def field(self, name: str, longest: int = 1000) -> str:
        """A field of the form, trimmed; empty where it was not sent. Raises Refused where it is too long."""
        value = self.form.get(name, "") if self.form is not None else ""
        if not isinstance(value, str):
            return ""
        if len(value) > longest:
            raise Refused(422, "Too long", f"What was typed is longer than {longest:,} characters. Shorten it.")
        return value.strip()


OLD_PAGE = "The page was open for too long. Load it again, and do it once more."


def check_mark(session: Session, sent: str) -> None:
    """Raises Refused where a form has not the mark of its session: it is not one of ours."""
    if not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise Refused(403, "Try again", OLD_PAGE)


async def read_form(request: web.Request) -> Any:
    """The fields of a form. Raises Refused where it is too large to be one of ours, no form, or stops coming."""
    too_large = Refused(413, "Too large", "That form is too large to be one of ours.")
    if (request.content_length or 0) > LARGEST_FORM:
        raise too_large
    try:
        return await in_time(request.post())
    except web.HTTPRequestTimeout:
        raise Refused(408, "It took too long", SLOW) from None
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except (ValueError, LookupError):
        raise Refused(400, "Not understood", NO_FORM) from None


Page = Callable[[Visit], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def secure(server: Server) -> bool:
    """Whether browsers reach us over TLS."""
    where = server.services.config.gateway.web
    return where.tls_certificate is not None or where.behind_proxy


def from_here(request: web.Request) -> bool:
    """Whether a form was sent from one of our own pages."""
    origin = request.headers.get("Origin", "")
    if origin:
        return urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def page(right: str = "look", *, noted: bool = True, file: bool = False) -> Callable[[Page], Handler]:
    """A page for those who are signed in and have this right. `noted`: the look goes into the access log first.
    `file`: a form with a file is left for `upload.read_upload`, which checks its mark."""

    def guard(handler: Page) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                visit = await _visit(request, file)
                if isinstance(visit, web.Response):
                    return visit
                visit.needs(right)
                if noted:
                    await request.app[ACCESS].note(line_of(visit))
                return await handler(visit)
            except Refused as refused:
                return await sorry(request, refused.status, refused.title, str(refused))
            except web.HTTPException as leads:
                leads.headers.update(HEADERS)
                raise
            except ConnectionError:
                raise
            except Exception as error:
                return await _failed(request, error)

        return guarded

    return guard


async def _visit(request: web.Request, file: bool) -> Visit | web.Response:
    server = request.app[SERVER]
    now = server.services.clock.now()
    where = server.services.config.gateway
    found = await session_of(request)
    if found is None:
        return _sign_in_first(request, COOKIE in request.cookies)
    form = None
    _plain_text(request.query.values())
    if request.method == "POST":
        if not from_here(request):
            raise Refused(403, "Try again", OLD_PAGE)
        if not file or request.content_type != "multipart/form-data":
            form = await read_form(request)
            check_mark(found, request.headers.get("X-CSRF", "") or str(form.get("csrf", "")))
            _plain_text(form.values())
    if found.unseen and BY_ITSELF not in request.headers:
        await server.write(users.seen, found.hash, now)
    return Visit(request, server, found, now, business_date(now, where.organisation.time_zone), form)


async def session_of(request: web.Request) -> Session | None:
    """The session of whoever asks; None where there is none, or it has ended."""
    server = request.app[SERVER]
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    idle = dt.timedelta(minutes=server.services.config.gateway.web.idle_minutes)
    return await server.read(users.session, token, idle, server.services.clock.now())


def _plain_text(values: Iterable[object]) -> None:
    """Raises Refused where something typed has a character that no database takes."""
    if any(isinstance(value, str) and "\x00" in value for value in values):
        raise Refused(400, "Not understood", "What was sent has a character that is no text.")


def _sign_in_first(request: web.Request, ended: bool) -> web.Response:
    back = quote(request.path_qs, safe="") if request.method == "GET" else ""
    to = f"/console/sign-in?{'ended=1&' if ended else ''}next={back}"
    if request.headers.get("HX-Request") == "true":
        return web.Response(status=200, headers={"HX-Redirect": to} | HEADERS)
    return web.Response(status=303, headers={"Location": to} | HEADERS)


def line_of(visit: Visit) -> dict[str, Any]:
    """The row of the access log for a visit: what was asked for, without what was typed into a search."""
    request = visit.request
    return {
        "at": visit.now,
        "who": visit.who,
        "what": asked_for(request),
        "source": (request.remote or "")[:60],
    }


async def sorry(request: web.Request, status: int, title: str, words: str) -> web.Response:
    """A page that says what is not in order, and what to do."""
    if request.headers.get("HX-Request") == "true":
        text = render("sorry_part.html", title=title, words=words)
        # htmx puts only good answers onto the page; what is wrong has its own place there.
        kept = HEADERS | {"HX-Retarget": "#said", "HX-Reswap": "innerHTML"}
        return web.Response(text=text, status=200, content_type="text/html", charset="utf-8", headers=kept)
    text = render("sorry.html", title=title, words=words)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


async def _failed(request: web.Request, error: Exception) -> web.Response:
    route = request.match_info.route.resource
    where = route.canonical if route is not None else ""
    if why := passing(error):
        log.warning("page_waits", route=where, why=why)
        return await sorry(request, 503, "Not now", f"{why[:1].upper()}{why[1:]}. Try again in a minute.")
    log.error("page_failed", route=where, error=type(error).__name__)
    return await sorry(
        request, 500, "A fault in the gateway", "It was nothing that you did. The log has the kind of the fault."
    )
