"""Have a chunk of claims decided by a child process, whatever its plugins do to that child.

A claim whose plugin hangs, takes too much memory or ends its process is blamed with that step; the chunk is decided
again in a fresh child, which treats that call as failed. A step that does so again and again is not called any more
for the rest of the chunk.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from ...config import Config
from .services import Services
from .stored_config import by_hash

MOST_KILLS_OF_A_STEP = 3
"""How many claims of a chunk one step may cost its process before it is not called any more for the rest."""
MOST_FAILURES_OUTSIDE = 3

_WORDS = {
    "hung": "it did not end in its time",
    "memory": "it took too much memory",
    "exited": "it ended the process in which it ran",
    "raised": "it broke the process in which it ran",
}


class Asked(msgspec.Struct, array_like=True):
    """One claim to be decided. `content` is packed; `usage` is ISA15 of its interchange. `fault` says that nothing
    can be done with it because of where it stood; `alone` as in `Verdict`."""

    ordinal: int
    content: bytes
    usage: str
    fault: str = ""
    alone: bool = True


class Request(msgspec.Struct, array_like=True):
    """What a child is asked. `killed` are calls that cost an earlier child its life: item, step number, why; `resting`
    are steps that are not to be called for now: number, why.

    For claims that are in the books already (replay): `first` is the station to begin with, `renumber` whether they
    leave under our numbers (else as the source is set), and `before` the id of each: only what came before it is its
    history. Of such a chunk no two are of one patient.
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
    resting: list[tuple[int, str]] = []
    first: str = ""
    renumber: bool | None = None
    before: list[int] = []


class Killable(Protocol):
    """A request that remembers which calls cost a child its life, and which steps rest."""

    killed: list[tuple[int, int, str]]
    resting: list[tuple[int, str]]


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
        DecideImpossible: the children fail, and no plugin is to blame.
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
    return await ask(services, config, request, len(request.claims))


async def ask(
    services: Services, config: Config, request: Killable, items: int, pack: Callable[[Any], bytes] = _encode
) -> dict[str, Any]:
    """Have a request decided, again and again without the calls that cost a child its life; returns hash and size of
    the answer, which is in the archive. `items`: how many claims or payments it has; `pack` makes its bytes.

    Raises:
        DecideImpossible: the children fail, and no plugin is to blame.
    """
    limits = config.chains.limits
    kills: Counter[int] = Counter()
    outside = 0
    request.resting = services.breakers.resting(config)
    while True:
        answer: Any = await services.decide.call(pack(request), limits)
        if isinstance(answer, bytes):
            stored = await asyncio.to_thread(services.archive.put, answer)
            return {"sha256": stored.sha256, "size": stored.size}
        if answer.item < 0 or answer.step < 0:
            outside += 1
            if outside >= MOST_FAILURES_OUTSIDE:
                raise DecideImpossible(f"no plugin is to blame: {answer.why} {answer.detail}".strip())
            continue
        why = _WORDS.get(answer.why, answer.why)
        if answer.detail and answer.why in ("hung", "memory"):
            why = f"{why} ({answer.detail})"
        request.killed.append((answer.item, answer.step, why))
        kills[answer.step] += 1
        if kills[answer.step] >= MOST_KILLS_OF_A_STEP:
            known = {item for item, step, _ in request.killed if step == answer.step}
            request.killed += [
                (item, answer.step, "it failed so for several claims before and was not called again")
                for item in range(items)
                if item not in known and item > answer.item
            ]
