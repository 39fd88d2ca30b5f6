"""Writing a batch, and reading it back, in a child process: thousands of claims keep a core busy, and this process has
others to commit meanwhile. A child that fails is no reason to keep a batch back: then it is done here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog
from sqlalchemy import Engine

from ...config.config import Config
from ..engine.port import DecideFailed
from ..store.archive import Archive
from . import stored_config
from .in_child import BATCH
from .services import Services
from .write_batch import check_batch, write_batch

log = structlog.get_logger("gateway")


class BatchRequest(msgspec.Struct, array_like=True):
    """What a child is to do with a batch: write it, or read back the bytes of this hash."""

    config_hash: str
    config_root: str
    archive_root: str
    database_url: str
    partner: str
    batch_id: int
    sha256: str = ""


class Papers(NamedTuple):
    """What a child works from (`services.Papers`)."""

    config: Config
    archive: Archive
    reads: Engine


_requests = msgspec.msgpack.Decoder(BatchRequest)


async def written_batch(services: Services, partner: str, batch_id: int) -> dict[str, Any]:
    """Write a batch into the archive; see `write_batch`."""
    return await _done(services, partner, batch_id, "")


async def checked_batch(services: Services, partner: str, batch_id: int, sha256: str) -> dict[str, Any]:
    """Read back what was written; see `check_batch`."""
    return await _done(services, partner, batch_id, sha256)


async def _done(services: Services, partner: str, batch_id: int, sha256: str) -> dict[str, Any]:
    request = BatchRequest(
        config_hash=stored_config.keep(services.archive, services.config),
        config_root=str(services.config.root),
        archive_root=str(services.archive.root),
        database_url=services.reads.url.render_as_string(hide_password=False),
        partner=partner,
        batch_id=batch_id,
        sha256=sha256,
    )
    try:
        answer: Any = await services.decide.call(BATCH + msgspec.msgpack.encode(request), ())
        if isinstance(answer, bytes):
            done: dict[str, Any] = msgspec.json.decode(answer)
            return done
        why = f"{answer.why} {answer.detail}".strip()
    except (DecideFailed, OSError) as error:  # no child could be started
        why = f"{type(error).__name__}: {error}"
    log.warning("batch_done_here", batch=batch_id, why=why)
    papers = Papers(services.config, services.archive, services.reads)
    return await asyncio.to_thread(_work, papers, request)


def in_child(payload: bytes, reads: Callable[[str], Engine]) -> bytes:
    """The child's side: what was done, as JSON. `payload` is BATCH and a packed `BatchRequest`; `reads` opens a
    database for look-ups."""
    request = _requests.decode(payload[len(BATCH) :])
    config = stored_config.by_hash(request.archive_root, request.config_root, request.config_hash)
    papers = Papers(config, Archive(Path(request.archive_root)), reads(request.database_url))
    return msgspec.json.encode(_work(papers, request))


def _work(papers: Papers, request: BatchRequest) -> dict[str, Any]:
    partner = papers.config.partner(request.partner)
    assert partner is not None  # the station looked it up in the same configuration
    if request.sha256:
        return check_batch(papers, partner, request.batch_id, request.sha256)
    return dict(write_batch(papers, partner, request.batch_id))
