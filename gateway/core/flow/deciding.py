"""Have a chunk of claims decided by a child process, whatever its plugins do to that child.

A claim whose plugin hangs, takes too much memory or ends its process is blamed with that step; the chunk is decided
again in a fresh child, which treats that call as failed (`plugins.runner`: a step that does so again and again is not
called any more). A claim at which the child dies though no plugin is being called is set aside after three times.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from ...config import Config
from .services import DecidePool, Services
from .stored_config import by_hash

log = structlog.get_logger("gateway")

MOST_FAILURES_OUTSIDE = 3
"""How often a child may fail at the same item outside of any plugin before the item is set aside."""

_WORDS = {
    "hung": "it did not end in its time",
    "memory": "it took too much memory",
    "exited": "it ended the process in which it ran",
    "raised": "it broke the process in which it ran",
}


class Asked(msgspec.Struct, array_like=True):
    """One claim to be decided. `content` is packed; `usage` is ISA15 of its interchange. `fault` says that nothing
    can be done with it because of where it stood; `alone` as in `Verdict`. `aside` says why it is not even to be
    read."""

    ordinal: int
    content: bytes
    usage: str
    fault: str = ""
    alone: bool = True
    aside: str = ""


class Request(msgspec.Struct, array_like=True):
    """What a child is asked. `killed` are calls that cost an earlier child its life: item, step number, why; `resting`
    are steps that are not to be called for now: number, payer (None: everybody's), why.

    For claims that are in the books already (replay): `first` is the station to begin with, `renumber` whether they
    leave under our numbers (else as the source is set), and `before` the id of each: only what came before it is its
    history. Of such a chunk no two are of one patient. `only_asked`: nobody is called outside of the gateway for it.
    """

    config_hash: str
    config_root: str
    archive_root: str
    database_url: str
    source: str
    file_id: int
    today: str
    claims: list[Asked]
    killed: list[tuple[int, int, str]] = []
    resting: list[tuple[int, str | None, str]] = []
    first: str = ""
    renumber: bool | None = None
    before: list[int] = []
    only_asked: bool = False

    def only(self, start: int, end: int) -> Request:
        """A request for some of the claims."""
        killed = [(item - start, step, why) for item, step, why in self.killed if start <= item < end]
        return msgspec.structs.replace(
            self, claims=self.claims[start:end], killed=killed, before=self.before[start:end]
        )


class Killable(Protocol):
    """A request that remembers which calls cost a child its life, and which steps rest."""

    killed: list[tuple[int, int, str]]
    resting: list[tuple[int, str | None, str]]

    def only(self, start: int, end: int) -> Any:
        """A request for some of its claims or payments."""


class DecideImpossible(Exception):
    """The children fail outside of any plugin; the message says where, without data."""


_encode = msgspec.msgpack.Encoder().encode


async def decide_chunk(
    services: Services,
    source: str,
    file_id: int,
    today: str,
    config_hash: str,
    claims: Sequence[Asked],
    *,
    first: str = "",
    renumber: bool | None = None,
    before: Sequence[int] = (),
) -> dict[str, Any]:
    """Decide the claims; returns hash and size of the blob with the verdicts, which is in the archive. `first`,
    `renumber` and `before` as in `Request`.

    Raises:
        DecideImpossible: the children fail, and neither a plugin nor a claim is to blame.
    """
    config = services.config
    if config.hash != config_hash:
        config = by_hash(str(services.archive.root), str(config.root), config_hash)
    request = Request(
        config_hash=config_hash,
        config_root=str(config.root),
        archive_root=str(services.archive.root),
        database_url=services.reads.url.render_as_string(hide_password=False),
        source=source,
        file_id=file_id,
        today=today,
        claims=list(claims),
        first=first,
        renumber=renumber,
        before=list(before),
    )
    key = f"claims-{file_id}-{_numbers(asked.ordinal for asked in claims)}"
    return await ask(services, config, request, request.claims, key)


def _numbers(numbers: Iterable[int]) -> str:
    """A name for these items, the same whenever they are decided together."""
    some = list(numbers)
    return f"{some[0] if some else 0}-{len(some)}-{zlib.crc32(repr(some).encode()):08x}"


async def ask(
    services: Services,
    config: Config,
    request: Killable,
    items: list[Any],
    key: str,
    pack: Callable[[Any], bytes] = _encode,
) -> dict[str, Any]:
    """Have a request decided, again and again without the calls that cost a child its life; returns hash and size of
    the answer, which is in the archive.

    `items`: its claims or payments. One at which the children die though no plugin is being called is set aside: its
    `aside` then says why. `key` names the request in the same way after a restart; `pack` makes its bytes.

    Raises:
        DecideImpossible: the children fail, and neither a plugin nor an item is to blame.
    """
    request.resting = services.breakers.resting(config)
    async with services.deaths.watched(key) as chunk:
        for item, step in chunk.deadly():
            if step >= 0:
                request.killed.append((item, step, "the whole gateway ended three times while it ran"))
            else:
                _set_aside(items, item, "The gateway ended three times while it worked on it.")
        answer = await answered(services.decide, config.chains.limits, request, items, pack, chunk.begun)
    stored = await asyncio.to_thread(services.archive.put, answer)
    return {"sha256": stored.sha256, "size": stored.size}


async def answered(
    pool: DecidePool,
    limits: Sequence[float],
    request: Killable,
    items: list[Any],
    pack: Callable[[Any], bytes] = _encode,
    begun: Callable[[Path | None], None] | None = None,
) -> bytes:
    """The answer of a child to a request; see `ask`."""
    outside: Counter[int] = Counter()
    while True:
        answer: Any = await pool.call(pack(request), limits, begun)
        if isinstance(answer, bytes):
            return answer
        if answer.step >= 0:
            why = _WORDS.get(answer.why, answer.why)
            if answer.detail and answer.why in ("hung", "memory"):
                why = f"{why} ({answer.detail})"
            request.killed.append((answer.item, answer.step, why))
            continue
        outside[answer.item] += 1
        if outside[answer.item] < MOST_FAILURES_OUTSIDE:
            continue
        item = answer.item
        if item < 0:
            item = await _deadly(pool, limits, request, items, pack, begun)
        if item < 0 or items[item].aside:
            raise DecideImpossible(f"no plugin is to blame: {answer.why} {answer.detail}".strip())
        _set_aside(items, item, f"The process that works on claims failed three times at it ({answer.why}).")
        outside.clear()


def _set_aside(items: list[Any], item: int, why: str) -> None:
    items[item].aside = f"{why} It is set aside with its bytes, and the others of its file go on. Report this."
    log.error("set_aside", item=item)


async def _deadly(
    pool: DecidePool,
    limits: Sequence[float],
    request: Killable,
    items: list[Any],
    pack: Callable[[Any], bytes],
    begun: Callable[[Path | None], None] | None,
) -> int:
    """Which item the children die of when the parent cannot see at which they are: found by halves; -1 where no
    single one is to blame."""
    low, high = 0, len(items)
    while True:
        middle = (low + high) // 2
        for start, end in ((low, middle), (middle, high)):
            if start < end and await _dies(pool, limits, request.only(start, end), pack, begun):
                low, high = start, end
                break
        else:
            return -1
        if high - low == 1:
            return low


async def _dies(
    pool: DecidePool,
    limits: Sequence[float],
    part: Any,
    pack: Callable[[Any], bytes],
    begun: Callable[[Path | None], None] | None,
) -> bool:
    """Whether a part of a request ends its child outside of any plugin."""
    while True:
        answer: Any = await pool.call(pack(part), limits, begun)
        if isinstance(answer, bytes):
            return False
        if answer.step < 0:
            return True
        part.killed.append((answer.item, answer.step, answer.why))
