"""Calls that go out for plugins: within their time and size, a few at once, so many a second."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from .http import MOST_TAKEN, Call, HttpAnswer, HttpFailed

if TYPE_CHECKING:
    from aiohttp import ClientSession

AT_ONCE = 4
"""Calls of one process under way at the same time."""
A_SECOND = 20
"""Calls of one plugin in one process within a second; the next ones wait."""
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_lately: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=A_SECOND))


class OutgoingCalls:
    """A client for one chunk; `close` it at the end. Nothing is connected before the first call."""

    def __init__(self, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._stopwatch = stopwatch
        self._session: ClientSession | None = None
        self._places = asyncio.Semaphore(AT_ONCE)

    async def send(self, call: Call) -> HttpAnswer:
        """The answer of the host. Raises HttpFailed."""
        import aiohttp

        host = urlsplit(call.url).hostname
        try:
            async with asyncio.timeout(call.seconds):
                async with self._places:
                    await self._wait_its_turn(call.plugin)
                    return await self._follow(call)
        except TimeoutError:
            raise HttpFailed(f"{host} did not answer in {call.seconds:.1f} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise HttpFailed(f"{host} cannot be called ({type(error).__name__})") from None

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _wait_its_turn(self, plugin: str) -> None:
        lately = _lately[plugin]
        now = self._stopwatch()
        turn = max(now, lately[0] + 1) if len(lately) == A_SECOND else now
        lately.append(turn)
        if turn > now:
            await asyncio.sleep(turn - now)

    async def _follow(self, call: Call) -> HttpAnswer:
        import aiohttp

        if self._session is None:
            # No proxies or passwords of the environment, no cookies from one claim to the next.
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None), auto_decompress=True
            )
        url = call.url
        for _ in range(MOST_REDIRECTS + 1):
            async with self._session.request(
                call.method, url, headers=dict(call.headers), data=call.body, allow_redirects=False
            ) as answer:
                target = answer.headers.get("Location", "")
                if call.method == "GET" and answer.status in _REDIRECTS and target:
                    url = urljoin(url, target)
                    if not call.allows(url):
                        raise HttpFailed(
                            f"{urlsplit(call.url).hostname} redirects to an address that its chain does not name"
                        )
                    continue
                content = bytearray()
                async for block in answer.content.iter_chunked(1 << 16):
                    content += block
                    if len(content) > MOST_TAKEN:
                        raise HttpFailed(f"{answer.url.host} answers more than {MOST_TAKEN >> 20} MB")
                return HttpAnswer(answer.status, bytes(content), answer.content_type)
        raise HttpFailed(f"{urlsplit(call.url).hostname} redirects more than {MOST_REDIRECTS} times")
