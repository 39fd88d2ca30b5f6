"""The HTTP client that a step is given: it reaches only what the step's chain names, and only so much of it.

What goes wrong is `HttpFailed`, whose words name the host and never what was sent or came.
"""

from __future__ import annotations

import hashlib
import json as json_text
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHARE = 0.8
"""The part of a step's time that its calls may take together; the rest is for what the step makes of the answers."""
MOST_CALLS = 10
"""Calls of one step for one claim or payment."""
MOST_SENT = 1 << 20
MOST_TAKEN = 1 << 20
"""Bytes of a body, sent and taken."""


class HttpFailed(Exception):
    """A call was not allowed or did not come back. The message names the host, never the rest of the URL or a body."""


class HttpAnswer(NamedTuple):
    """What a host answered, whatever its status: `status`, `content_type`, and the body as bytes."""

    status: int
    content: bytes = b""
    content_type: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text (UTF-8; what is none is replaced)."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises HttpFailed where it is none."""
        try:
            return json_text.loads(self.content)
        except (ValueError, RecursionError):
            raise HttpFailed("what came back is no JSON") from None


class Call(NamedTuple):
    """A call on its way: of which plugin, to a URL that may be called (`allows` says of another whether it may), with
    the seconds that are left for it."""

    plugin: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    seconds: float
    allows: Callable[[str], bool]


class Outgoing(Protocol):
    """Who does the calls: a client, or somebody who says why there are none."""

    async def send(self, call: Call) -> HttpAnswer:
        """The answer. Raises HttpFailed."""


class NoCalls:
    """Nothing goes out, and this is why."""

    def __init__(self, why: str = "nothing is called from here") -> None:
        self._why = why

    async def send(self, call: Call) -> HttpAnswer:
        raise HttpFailed(self._why)


def place_fault(place: str) -> str:
    """What is wrong with an address that a step may call (`http:`), in words; empty where it can be used."""
    try:
        parts = urlsplit(place)
        _ = parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "it must be a URL such as https://host/path"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "it must begin with https:// (http:// is for this machine alone)"
    if parts.username is not None or parts.password is not None:
        return "it must not hold a name or password; take a Secret for that"
    if parts.query or parts.fragment or _climbs(parts):
        return "it must be a host with the beginning of a path, without ? or # or .."
    return ""


def _climbs(parts: SplitResult) -> bool:
    path = unquote(unquote(parts.path))
    return "\\" in path or any(part in ("..", ".") for part in path.split("/"))


def allowed(url: str, places: Sequence[str]) -> bool:
    """Whether a URL lies under one of these addresses: the same scheme, host and port, and the path below."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.username is not None or _climbs(parts) or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        return False
    for place in places:
        base = urlsplit(place)
        below = base.path.rstrip("/")
        same = (base.scheme, base.hostname, _port(base.scheme, base.port))
        if same == (parts.scheme, parts.hostname, _port(parts.scheme, port)) and (
            parts.path == below or parts.path.startswith(f"{below}/")
        ):
            return True
    return False


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)


class Http:
    """`context.http`: calls for one step and one claim or payment."""

    def __init__(
        self,
        plugin: str,
        places: Sequence[str],
        seconds: float,
        outgoing: Outgoing,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plugin = plugin
        self._places = places
        self._outgoing = outgoing
        self._stopwatch = stopwatch
        self._seconds = seconds * SHARE
        self._until = stopwatch() + self._seconds
        self.calls = 0
        """How many calls were made."""

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """GET a URL under one of the step's `http` addresses; redirects are followed while they stay under them.

        Raises:
            HttpFailed: it may not be called, did not answer in time, or answered too much.
        """
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        return await self._send("GET", url, headers or {}, None)

    async def post(
        self,
        url: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """POST JSON, or bytes, to such a URL; a redirect is an answer like any other. Deciding again calls again: send
        `key` along, so that the other side does it once.

        Raises:
            HttpFailed: as `get`.
        """
        given = dict(headers or {})
        body = data or b""
        if json is not None:
            body = json_text.dumps(json, separators=(",", ":")).encode()
            given.setdefault("Content-Type", "application/json")
        if len(body) > MOST_SENT:
            raise HttpFailed(f"it sends more than {MOST_SENT >> 20} MB")
        return await self._send("POST", url, given, body)

    def key(self, subject: Any) -> str:
        """An idempotency key for a claim or payment: the same for the same content, however often it is decided."""
        content = subject.stored.pack() if hasattr(subject, "stored") else "~".join(subject.raw).encode("latin-1")
        number = getattr(subject, "id", "") or getattr(subject, "claim_id", "")
        digest = hashlib.blake2b(content, digest_size=12, key=self._plugin.encode()[:64]).hexdigest()
        return f"{number}-{digest}"

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        if not allowed(url, self._places):
            told = ", ".join(self._places) or "none"
            raise HttpFailed(f"it calls an address that its chain does not name under http (it names: {told})")
        if any(char in f"{name}{value}" for name, value in headers.items() for char in "\r\n\x00"):
            raise HttpFailed("a header of its call has more than one line")
        left = self._until - self._stopwatch()
        if left <= 0:
            raise HttpFailed(f"its calls took more than {self._seconds:g} s together")
        if self.calls >= MOST_CALLS:
            raise HttpFailed(f"it makes more than {MOST_CALLS} calls for one claim or payment")
        self.calls += 1
        call = Call(self._plugin, method, url, headers, body, left, lambda other: allowed(other, self._places))
        return await self._outgoing.send(call)
