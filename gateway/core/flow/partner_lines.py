"""The lines to the partners: at most `max_connections` of each at a time, and no sign-in that should not be tried.

Two pieces of work may want one partner's line at the same moment, a poll and a batch. A sign-in that was refused is
counted by the work that met it, a moment later; until then nobody else signs in, so that an account that locks after
a few wrong passwords never sees one more than it should.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from ...plugins.transport import AuthenticationRefused, HostKeyRefused, Transport
from ..store import partners
from .lines import LineStopped

if TYPE_CHECKING:
    from ...config import Config

COUNTED_WITHIN_S = 10.0
"""How long a refused sign-in may wait to be counted before others go on (its work died)."""
_LOOK_S = 0.02


class PartnerLines:
    """`services.Transports` by the configuration in force. Called from worker threads."""

    def __init__(self, config: Config, reads: Engine) -> None:
        self._reads = reads
        self._places: dict[str, tuple[int, threading.BoundedSemaphore]] = {}
        self._signing_in: dict[str, threading.Lock] = {}
        self._refused: dict[str, partners.Line] = {}
        self.use(config)

    def use(self, config: Config) -> None:
        """Open lines by this configuration from now on. Lines that are open stay as they are; a partner that is gone
        keeps its place until they are closed."""
        for partner in config.partners:
            most = partner.transport.max_connections
            if self._places.get(partner.name, (0, None))[0] != most:
                self._places[partner.name] = (most, threading.BoundedSemaphore(most))
            self._signing_in.setdefault(partner.name, threading.Lock())
        self._config = config

    def describe(self, partner: str) -> Transport:
        """See `services.Transports.describe`."""
        found = self._config.partner(partner)
        if found is None:
            raise LookupError(f"the configuration has no partner {partner!r}")
        transport = found.transport
        return self._config.plugins.open_transport(transport.plugin, partner, transport.settings)

    @contextmanager
    def open(self, partner: str) -> Iterator[Transport]:
        """See `services.Transports.open`; waits for a place."""
        transport = self.describe(partner)
        with self._places[partner][1]:
            with self._signing_in[partner]:
                self._connect(partner, transport)
            with transport:
                yield transport

    def _connect(self, partner: str, transport: Transport) -> None:
        self._until_counted(partner)
        line = self._line(partner)
        if line.stopped:
            raise LineStopped(line.stopped, partner=partner)
        try:
            transport.connect()
        except (AuthenticationRefused, HostKeyRefused):
            self._refused[partner] = line
            raise

    def _until_counted(self, partner: str) -> None:
        before = self._refused.pop(partner, None)
        end = time.monotonic() + COUNTED_WITHIN_S
        while before is not None and self._line(partner) == before and time.monotonic() < end:
            time.sleep(_LOOK_S)

    def _line(self, partner: str) -> partners.Line:
        with self._reads.connect() as connection:
            return partners.line(connection, partner)
