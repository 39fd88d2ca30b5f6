"""A supplier's side of the practice clearinghouse: interchanges to send, and an SFTP client to send them with."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh

from gateway.core.clock import FixedClock
from gateway.core.x12.writer import ClaimHead, ClaimSet, InterchangeHead, write_claims
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.loops import stored
from gateway.sandbox.records import Claim
from gateway.sandbox.server import Sandbox
from gateway.sandbox.settings import SandboxPartner, SandboxSettings

TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
USER = "stillwater"


def claims(n: int, seed: int = 1, **options: Any) -> list[Claim]:
    """Sound claims, unless the options say otherwise."""
    return list(generate_claims(n, seed, TODAY, **{"fault_share": 0.0, **options}))


def interchange(
    sets: Sequence[Iterable[Claim]],
    isa13: int = 1,
    *,
    usage: str = "T",
    receiver: str = "SANDBOX",
    ta1: bool = False,
    version: str = "005010X222A1",
) -> bytes:
    """An 837P of these claims, an ST for each of the lists."""
    head = InterchangeHead(
        sender_qualifier="ZZ",
        sender="STILLWATER",
        receiver_qualifier="ZZ",
        receiver=receiver,
        group_sender="STILLWATER",
        group_receiver=receiver,
        isa13=f"{isa13:09d}",
        gs06=str(isa13),
        usage=usage,
        at=NOON,
        version=version,
        acknowledgment_requested=ta1,
    )
    start = ClaimHead(
        f"B{isa13}",
        (
            ("NM1", "41", "2", "STILLWATER", "", "", "", "", "46", "STILLWATER"),
            ("PER", "IC", "EDI", "TE", "6145550100"),
        ),
        (("NM1", "40", "2", "PRACTICE", "", "", "", "", "46", receiver),),
    )
    ready = [ClaimSet(f"{number:04d}", [stored(claim) for claim in each]) for number, each in enumerate(sets, 1)]
    return b"".join(write_claims(head, start, ready))


class Desk(NamedTuple):
    """A running clearinghouse, its clock, and a client of `stillwater`."""

    sandbox: Sandbox
    clock: FixedClock
    sftp: asyncssh.SFTPClient

    async def put(self, data: bytes, name: str = "claims.837") -> None:
        """Upload under a temporary name, then rename, as a careful client does."""
        async with self.sftp.open(f"to/{name}.tmp", "wb") as stream:
            await stream.write(data)
        await self.sftp.posix_rename(f"to/{name}.tmp", f"to/{name}")
        await self.sandbox.settle()

    async def wait(self, seconds: float) -> None:
        """Time passes, and what is due is put out."""
        self.clock.advance(seconds=seconds)
        await self.sandbox.settle()

    async def names(self) -> list[str]:
        """The files in `from/`, the oldest first."""
        return sorted(str(name) for name in await self.sftp.listdir("from") if name not in (".", ".."))

    async def answers(self, kind: str = "") -> list[str]:
        """What is in the files of `from/` of a kind, by their names."""
        found = []
        for name in await self.names():
            if name.startswith(kind):
                async with self.sftp.open(f"from/{name}", "rb") as stream:
                    data = await stream.read()
                    found.append((data if isinstance(data, bytes) else data.encode()).decode("latin-1"))
        return found


@asynccontextmanager
async def desk(root: Path, clock: FixedClock | None = None, *, seed: int = 7, **partner: Any) -> AsyncIterator[Desk]:
    """A clearinghouse with one partner of these settings."""
    ours = SandboxPartner.model_validate({"user": USER, "password": "practice", **partner})
    at = clock or FixedClock(NOON)
    async with (
        Sandbox(SandboxSettings(partners=(ours,)), root, at, seed) as sandbox,
        asyncssh.connect(
            sandbox.host,
            sandbox.port,
            username=USER,
            password="practice",
            known_hosts=asyncssh.import_known_hosts(f"[{sandbox.host}]:{sandbox.port} {sandbox.host_key}\n"),
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield Desk(sandbox, at, sftp)


def segments(text: str, tag: str = "") -> list[list[str]]:
    """The segments of an answer, split, all or those with a tag."""
    found = [segment.strip("\r\n").split("*") for segment in text.split("~")]
    return [parts for parts in found if parts[0] and (not tag or parts[0] == tag)]
