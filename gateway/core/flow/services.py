"""What a station is given beside its payload: the parts of the running gateway, passed in, never imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine as SyncEngine

from ..clock import Clock
from ..store.archive import Archive

if TYPE_CHECKING:
    from ...config import Config
    from ...plugins.transport import Transport


class DecidePool(Protocol):
    """Child processes that decide a chunk; see `core.engine.decide_pool`."""

    async def call(self, payload: bytes, limits: Sequence[float]) -> object:
        """The answer's bytes, or who is to blame that there is none."""


class Transports(Protocol):
    """Open lines to the partners, at most `max_connections` each."""

    def open(self, partner: str) -> Transport:
        """A connected transport of this partner; close it when done. Raises TransportError."""


class Services:
    """Everything a station may use. `config` is the configuration in force, `reads` a read-only engine for
    look-ups outside a transaction."""

    def __init__(
        self,
        *,
        config: Config,
        archive: Archive,
        clock: Clock,
        decide: DecidePool,
        transports: Transports,
        reads: SyncEngine,
    ) -> None:
        self.config = config
        self.archive = archive
        self.clock = clock
        self.decide = decide
        self.transports = transports
        self.reads = reads
