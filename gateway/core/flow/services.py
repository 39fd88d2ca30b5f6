"""What a station is given beside its payload: the parts of the running gateway, passed in, never imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine as SyncEngine

from ...plugins.pickup import PickupRules, RemoteFile, Sighting, look
from ..clock import Clock
from ..store.archive import Archive
from .breakers import Breakers
from .deaths import Deaths
from .desk_rests import Resting

if TYPE_CHECKING:
    from ...config.config import Config
    from ...config.models import Source
    from ...config.partner import Partner
    from ...plugins.transport import Transport


class DecidePool(Protocol):
    """Child processes that decide a chunk; see `core.engine.decide_pool`."""

    async def call(
        self, payload: bytes, limits: Sequence[float], begun: Callable[[Path | None], None] | None = None
    ) -> object:
        """The answer's bytes, or who is to blame that there is none."""


class Transports(Protocol):
    """Open lines to the partners, at most `max_connections` each."""

    def open(self, partner: str) -> AbstractContextManager[Transport]:
        """A connected transport of this partner, while the context lasts; waits for a place. Raises TransportError."""

    def describe(self, partner: str) -> Transport:
        """A transport of this partner that is not connected and never will be: for what its settings say (final
        names, folders). Raises TransportError where the settings are incomplete."""


class Papers(Protocol):
    """What writing and reading back a batch needs, in this process or in a child."""

    @property
    def config(self) -> Config: ...

    @property
    def archive(self) -> Archive: ...

    @property
    def reads(self) -> SyncEngine: ...


class Desks(Protocol):
    """What calling a plugin's declaration needs, in a running gateway or in a command."""

    @property
    def archive(self) -> Archive: ...

    @property
    def reads(self) -> SyncEngine: ...


class Sightings:
    """What the polls of this process have seen at the partners, look after look.

    Kept in memory: after a restart a file is simply looked at anew before it is taken.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, dict[str, Sighting]] = {}
        self._parts: Counter[tuple[str, str, int, int]] = Counter()

    def ready(self, partner: str, files: Sequence[RemoteFile], rules: PickupRules) -> list[RemoteFile]:
        """Which of the listed files have stood still long enough to be fetched."""
        seen = look(self._seen.get(partner, {}), files, rules, self._clock.now().timestamp())
        self._seen[partner] = seen.sightings
        return list(seen.ready)

    def enough(self, partner: str, file: RemoteFile, looks: int) -> bool:
        """Count one more download of a file that is not whole; True once it has had its looks."""
        key = (partner, file.path, file.size, file.mtime)
        self._parts[key] += 1
        return self._parts[key] > looks


class Services:
    """Everything a station may use. `config` is the configuration in force, `reads` a read-only engine for
    look-ups outside a transaction, `desks` the children for what plugins do beside the chains (those that decide, where
    there are no others)."""

    def __init__(
        self,
        *,
        config: Config,
        archive: Archive,
        clock: Clock,
        decide: DecidePool,
        transports: Transports,
        reads: SyncEngine,
        sightings: Sightings | None = None,
        breakers: Breakers | None = None,
        deaths: Deaths | None = None,
        desks: DecidePool | None = None,
    ) -> None:
        self.config = config
        self.archive = archive
        self.clock = clock
        self.decide = decide
        self.desks = desks or decide
        self.desk_rests = Resting(clock)
        self.transports = transports
        self.reads = reads
        self.sightings = sightings or Sightings(clock)
        self.breakers = breakers or Breakers(clock)
        self.deaths = deaths or Deaths(None)
        self.polling: set[str] = set()

    def source(self, name: str) -> Source | None:
        """The billing system of this name; None where the configuration has it no more."""
        return self.config.source(name)

    def partner(self, name: str) -> Partner | None:
        """The partner of this name; None where the configuration has it no more."""
        return self.config.partner(name)
