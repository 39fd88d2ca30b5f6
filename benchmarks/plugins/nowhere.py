"""A partner who takes every file and never has one: what is measured is the gateway, not a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydantic import BaseModel

from gateway.plugins import hookimpl
from gateway.plugins.transport import (
    AfterFetch,
    Member,
    NotFound,
    OutgoingFacts,
    PickupRules,
    Probe,
    RemoteFile,
    Transport,
    Uploaded,
)

gateway_api = 1
HOURS = 12 * 3600.0


class NowhereSettings(BaseModel):
    """Nothing to set."""


class Nowhere:
    """See `gateway.plugins.transport.Transport`; files that are put are read to their end."""

    receive_folders: Sequence[str] = ()
    after_fetch = AfterFetch.LEAVE
    pickup = PickupRules()
    limit = 1 << 30

    def __init__(self, partner: str) -> None:
        self.partner = partner

    def final_path(self, facts: OutgoingFacts) -> str:
        return f"to/{facts.isa13}.837"

    def wanted(self, file: RemoteFile) -> bool:
        return False

    def pause(self, at: dt.datetime, failures: int, chance: float) -> float:
        return HOURS

    def wrap(self, name: str, source: Path, into: Path) -> Path:
        return source

    def unwrap(self, name: str, source: Path, into: Path) -> list[Member]:
        return [Member(name, source, source.stat().st_size)]

    def connect(self) -> None:
        """There is nothing to connect to."""

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def probe(self) -> Probe:
        return Probe("nowhere", "", 0.0, {})

    def list(self, folder: str) -> list[RemoteFile]:
        return []

    def stat(self, path: str) -> RemoteFile | None:
        return None

    def get(self, path: str, out: BinaryIO, *, limit: int) -> int:
        raise NotFound("There is no file.", partner=self.partner, path=path)

    def put(self, data: BinaryIO, path: str) -> Uploaded:
        size = 0
        while block := data.read(1 << 20):
            size += len(block)
        return Uploaded(path, size, renamed=False, verified=False)

    def delete(self, path: str) -> None:
        """There is no file."""

    def move(self, path: str, to: str) -> None:
        raise NotFound("There is no file.", partner=self.partner, path=path)

    def settle(self, file: RemoteFile) -> str:
        return file.path


@hookimpl
def transport_settings() -> type[BaseModel]:
    """The model of a partner's `transport.settings`."""
    return NowhereSettings


@hookimpl
def open_transport(partner: str, settings: BaseModel) -> Transport | None:
    """A line to nowhere."""
    return Nowhere(partner) if isinstance(settings, NowhereSettings) else None
