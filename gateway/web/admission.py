"""Who may come in: bearer tokens by scope, each use in the access log; and what the routes need of the gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from aiohttp import web

from ..core.flow.services import Services
from ..core.store import tokens
from .access import ACCESS, asked_for
from .problems import Handler, problem

T = TypeVar("T")


class ReloadState(Protocol):
    """What is told of the configuration in force (`gateway.reloading.Reloads`)."""

    @property
    def faults(self) -> Sequence[str]: ...

    def as_data(self) -> dict[str, Any]: ...


class Server(Protocol):
    """What the routes need of the running gateway."""

    services: Services

    async def write(self, function: Callable[..., T], *args: object) -> T:
        """One transaction of the business database."""

    async def read(self, function: Callable[..., T], *args: object) -> T:
        """One look at it."""

    def ready(self) -> str:
        """Why it is not ready yet; empty when it is."""

    async def reload(self) -> ReloadState:
        """Take the configuration anew."""

    @property
    def reloads(self) -> ReloadState:
        """Where it stands with its configuration."""


SERVER: web.AppKey[Server] = web.AppKey("server", Server)
WHO: web.RequestKey[str] = web.RequestKey("who", str)
"""Where a request has the name of its token."""


async def admitted(request: web.Request, scope: str, *, noted: bool = True) -> str | web.Response:
    """The name of the request's token, where it may do what asks for this scope; else the answer that says why not.
    `noted`: whether the use goes into the access log."""
    server = request.app[SERVER]
    now = server.services.clock.now()
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = None
    if kind.lower() == "bearer" and secret:
        token = await server.read(tokens.find, secret.strip(), now)
    if token is None:
        return problem(
            401,
            "No valid token",
            f"Send a bearer token with the scope {scope!r}: Authorization: Bearer hme_... "
            f"Make one with: gateway token add NAME --scope {scope}",
            {"WWW-Authenticate": "Bearer"},
        )
    if noted:
        source = (request.remote or "")[:60]
        line = {"at": now, "who": token.name, "what": asked_for(request), "source": source}
        await request.app[ACCESS].note(line, token.name)
    if not token.may(scope):
        return problem(
            403,
            "This token may not do that",
            f"The token {token.name!r} has the scope {', '.join(token.scopes)}; this needs {scope!r}. "
            f"Make another with: gateway token add NAME --scope {scope}",
        )
    return token.name


def needs(scope: str) -> Callable[[Handler], Handler]:
    """Only with a token of this scope; the use is in the access log."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            who = await admitted(request, scope)
            if isinstance(who, web.Response):
                return who
            request[WHO] = who
            return await handler(request)

        return guarded

    return guard
