"""The whole gateway against a real OpenSSH server: what refuses, and files that are not what they seem."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, select

from gateway import server
from gateway.cli import cli
from gateway.config.commands import require
from gateway.core.flow import outgoing, send
from gateway.core.store.tables import (
    batches,
    claim_payments,
    claims,
    files,
    partner_states,
    remittances,
    transfers,
    work_items,
)
from gateway.server import Gateway

from ..flow.out.made import Made, make_837
from ..posting.made import Clp, Era, Svc, make_835
from ..sshd import Sshd, make_key, missing, start_sshd
from .house import GATEWAY, ROOT

pytestmark = pytest.mark.sshd

PATIENCE_S = 40.0
PARTNER = """
environment: test
transport:
  plugin: clearinghouse_sftp
  settings:
    host: 127.0.0.1
    port: {port}
    username: {user}
    {sign_in}
    host_keys: ['{host_key}']
    folders: {{send: inbound, receive: [outbound]}}
    outgoing: {{name: "{{sender}}_{{isa13}}.837"}}
    pickup: {{masks: ["*.835"], polls: 2, stable: 100ms}}
    after_fetch: {after_fetch}
    poll: {{day: 200ms, night: 200ms, jitter: 0, backoff: 200ms, backoff_max: 400ms}}
    timeouts: {{connect: 5s, banner: 5s, auth: 5s, channel: 5s, transfer: 20s}}
interchange: {{sender_id: STILLWATER, receiver_id: PRACTICE}}
submitter: {{name: STILLWATER HOME MEDICAL, contact: {{name: EDI DESK, phone: "6145550100"}}}}
receiver: {{name: PRACTICE CLEARINGHOUSE}}
batch: {{max_wait: 200ms}}
payers: ["*"]
"""
CLAIMS = [Made("C-1", filing="CI"), Made("C-2", filing="CI"), Made("C-3", filing="CI")]


class Office:
    """A supplier's gateway and its partner's OpenSSH servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config"
        self.servers: list[Sshd] = []
        self.gateway: Gateway | None = None
        shutil.copytree(ROOT / "config" / "tables", self.config / "tables")
        (self.config / "partners").mkdir()
        (self.config / "chains").mkdir()
        (self.config / "chains" / "default.yaml").write_text("stations: {post: [autoposting]}\n")
        (self.config / "gateway.yaml").write_text(GATEWAY)

    def serve(self, **options: Any) -> Sshd:
        """Start another server of the partner's."""
        self.servers.append(start_sshd(self.folder, **options))
        return self.servers[-1]

    def know(self, sshd: Sshd, *, host_key: str = "", sign_in: str = "", after_fetch: str = "leave") -> None:
        """Set the partner's file: this server, the pinned key, and how to sign in."""
        text = PARTNER.format(
            port=sshd.port,
            user=sshd.user,
            host_key=host_key or sshd.host_key_fingerprint,
            sign_in=sign_in or f"key: 'file:{sshd.client_key_file}'",
            after_fetch=after_fetch,
        )
        (self.config / "partners" / "practice.yaml").write_text(text)

    def drop(self) -> None:
        """The billing system drops three claims."""
        folder = self.folder / "data" / "in" / "billing"
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / ".part"
        beside.write_bytes(make_837(CLAIMS))
        os.replace(beside, folder / "friday.837")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        """The gateway, on the configuration as it stands."""
        gateway = Gateway(require(self.config), executor="office", rng=random.Random(1))
        await gateway.start()
        self.gateway = gateway
        try:
            yield gateway
        finally:
            self.gateway = None
            await gateway.stop()

    def command(self, *words: str) -> str:
        """What an operator types; returns what it says."""
        said = CliRunner().invoke(cli, ["--config", str(self.config), *words])
        assert said.exit_code == 0, said.output
        return said.output

    async def until(self, look: Callable[[Connection], Any], what: str) -> Any:
        """What a look at the database gives, as soon as it is true."""
        assert self.gateway is not None
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if found := await self.gateway.read(look):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{what} did not come")

    async def looks(self, count: int) -> None:
        """Wait until the partner was polled so many times more."""
        for _ in range(count):
            before = await self._read(_last_poll)
            await self.until(lambda connection, b=before: _last_poll(connection) != b, "a poll")  # type: ignore[misc]

    async def _read(self, look: Callable[[Connection], Any]) -> Any:
        assert self.gateway is not None
        return await self.gateway.read(look)


def _last_poll(connection: Connection) -> Any:
    return connection.execute(select(partner_states.c.last_poll_at)).scalar_one_or_none()


def rows(connection: Connection, table: Any, *where: Any) -> list[Any]:
    return list(connection.execute(select(table).where(*where)))


def stopped(connection: Connection) -> Any:
    """The partner's line, once it is stopped."""
    found = rows(connection, partner_states, partner_states.c.stopped_at.is_not(None))
    return found[0] if found else None


def waiting_batch(connection: Connection) -> Any:
    found = rows(connection, batches, batches.c.state == "waiting")
    return found[0] if found else None


def item(connection: Connection, key: str) -> Any:
    """An open work item."""
    found = rows(connection, work_items, work_items.c.key == key, work_items.c.state == "open")
    return found[0] if found else None


def all_sent(connection: Connection) -> bool:
    return {row.state for row in rows(connection, claims)} == {"sent"}


def received_files(connection: Connection) -> list[Any]:
    return rows(connection, files, files.c.origin == "partner")


def inbound(sshd: Sshd) -> list[Path]:
    return sorted((sshd.root / "inbound").iterdir())


def refused_by(sshd: Sshd) -> int:
    """How many sign-ins a server has refused, by its own log."""
    return sshd.log.read_text().count("Connection closed by authenticating user")


def of_three_claims(path: Path) -> bool:
    data = path.read_bytes()
    return data.count(b"CLM*") == 3 and all(number in data for number in (b"C-1*", b"C-2*", b"C-3*"))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    if why := missing():
        pytest.skip(why)
    monkeypatch.setattr(server, "BATCH_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(server, "POLL_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(send, "FIRST_PAUSE", 0.1)
    made = Office(tmp_path)
    yield made
    for one in made.servers:
        one.stop()


async def test_a_wrong_host_key_stops_the_partner_until_the_right_one_is_pinned(office: Office) -> None:
    sshd = office.serve()
    office.know(sshd, host_key="SHA256:" + "A" * 43)
    office.drop()
    async with office.running():
        line = await office.until(stopped, "the stop")
        told = await office.until(lambda c: item(c, "partner:practice:stopped"), "the work item")
        await office.until(waiting_batch, "the batch that waits")
    assert sshd.host_key_fingerprint in told.reason
    assert "gateway partner start practice" in told.reason
    assert line.auth_failures == 0
    assert inbound(sshd) == []

    office.know(sshd)
    assert "1 batch(es)" in office.command("partner", "start", "practice")
    async with office.running() as gateway:
        await office.until(all_sent, "the sending")
        assert await gateway.read(item, "partner:practice:stopped") is None
    (arrived,) = inbound(sshd)
    assert of_three_claims(arrived)


@pytest.mark.parametrize("with_", ["key", "password"])
async def test_three_refused_sign_ins_stop_the_partner_and_there_is_no_fourth(office: Office, with_: str) -> None:
    sshd = office.serve(password=with_ == "password")
    wrong = office.folder / "wrong"
    if with_ == "key":
        make_key(wrong)
    else:
        wrong.write_text("not-the-password")
    office.know(sshd, sign_in=f"{with_}: 'file:{wrong}'")
    office.drop()
    async with office.running() as gateway:
        await office.until(stopped, "the stop")
        told = await office.until(lambda c: item(c, "partner:practice:stopped"), "the work item")
        await office.until(waiting_batch, "the batch that waits")
        await office.until(lambda c: refused_by(sshd) >= 3, "the third refusal")
        await asyncio.sleep(1.0)  # several polls, if there were any
        line = await gateway.read(stopped)
    assert line.auth_failures == 3
    assert refused_by(sshd) == 3
    assert "gateway partner start practice" in told.reason
    assert "not-the-password" not in told.reason
    assert inbound(sshd) == []

    office.know(sshd)
    office.command("partner", "start", "practice")
    async with office.running():
        await office.until(all_sent, "the sending")
    (arrived,) = inbound(sshd)
    assert of_three_claims(arrived)


async def test_a_folder_that_takes_nothing_is_a_work_item_and_no_claim_is_lost(office: Office) -> None:
    sealed = office.serve(read_only=True)
    office.know(sealed)
    office.drop()
    async with office.running() as gateway:
        told = await office.until(lambda c: item(c, "batch:1:send"), "the work item")
        assert {row.state for row in await gateway.read(rows, claims)} == {"batched"}
    assert "does not allow it" in told.reason
    assert "3 claims" in told.reason
    assert inbound(sealed) == []

    opened = office.serve()
    office.know(opened)
    async with office.running() as gateway:
        await gateway.write(outgoing.send_again, 1, "pat", "The partner opened the folder.", gateway.clock.now())
        await office.until(all_sent, "the sending")
        assert await gateway.read(item, "batch:1:send") is None
    (arrived,) = inbound(opened)
    assert of_three_claims(arrived)


def _remittance() -> bytes:
    paid = [Clp(claim.number, [Svc("E1390", "150", "150", modifiers=["RR"], date="20261101")]) for claim in CLAIMS]
    return make_835(Era(paid, payer_id="16013"))


async def test_a_file_that_still_grows_is_not_taken_until_it_is_whole(office: Office) -> None:
    sshd = office.serve()
    office.know(sshd, after_fetch="delete")
    data = _remittance()
    cut = len(data) // 4
    grows = sshd.root / "outbound" / "era.835"
    async with office.running() as gateway:
        for end in (cut, 2 * cut, 3 * cut):
            with grows.open("ab") as stream:
                stream.write(data[grows.stat().st_size : end])
            await office.looks(3)
            assert await gateway.read(received_files) == []
        with grows.open("ab") as stream:
            stream.write(data[grows.stat().st_size :])
        (taken,) = await office.until(received_files, "the file")
        await office.until(lambda c: not grows.exists(), "its removal")
        assert gateway.archive.read(taken.sha256) == data


async def test_the_same_file_again_under_another_name_is_not_worked_twice(office: Office) -> None:
    sshd = office.serve()
    office.know(sshd, after_fetch="leave")
    office.drop()
    outbound = sshd.root / "outbound"

    def posted(connection: Connection) -> bool:
        return [row.state for row in rows(connection, remittances)] == ["posted"]

    async with office.running() as gateway:
        await office.until(all_sent, "the sending")
        (outbound / "era.835").write_bytes(_remittance())
        await office.until(posted, "the posting")
        before = await gateway.read(rows, transfers)
        (outbound / "era_again.835").write_bytes(_remittance())
        found = await office.until(lambda c: len(received_files(c)) == 2 and received_files(c), "the second file")
        await office.looks(2)
        assert await gateway.read(rows, transfers) == before
        assert len(await gateway.read(rows, claim_payments)) == 3
        assert await gateway.read(posted)
    first, second = sorted(found, key=lambda row: row.id)
    assert (first.name, second.name) == ("era.835", "era_again.835")
    assert (second.state, second.duplicate_of) == ("duplicate", first.id)
    assert "came before" in second.reason
