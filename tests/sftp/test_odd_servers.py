"""Partners whose servers fail in ways that sshd cannot be made to: an asyncssh server that is told how."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.plugins.transport import AlreadyThere, AuthenticationRefused, OutcomeUnknown, TransferFailed

from .conftest import plugin

CLAIMS = os.urandom(3_000_000)
PASSWORD = "a practice password"


class Door(asyncssh.SSHServer):
    """Lets `acme` in with the password; nothing else."""

    def __init__(self, calls: list[asyncssh.SSHServerConnection]) -> None:
        self.calls = calls

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.calls.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("acme", PASSWORD)


class Files(asyncssh.SFTPServer):
    """An ordinary server below a folder; tests change single answers."""

    root = Path()

    def __init__(self, channel: Any) -> None:
        super().__init__(channel, chroot=os.fsencode(self.root))


Serve = Callable[..., Any]


@pytest.fixture
async def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """`await serve(Behaviour, outgoing={...})`: the transport of a server whose files are kept by that class."""
    monkeypatch.setenv("PRACTICE_PASSWORD", PASSWORD)
    running: list[Any] = []
    calls: list[asyncssh.SSHServerConnection] = []

    async def start(behaviour: type[Files] = Files, **changes: Any) -> Any:
        behaviour.root = tmp_path / "files"
        for name in ("inbound", "outbound"):
            (behaviour.root / name).mkdir(parents=True, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.create_server(
            lambda: Door(calls), "127.0.0.1", 0, server_host_keys=[key], sftp_factory=behaviour, allow_scp=False
        )
        running.append(server)
        given = {
            "host": "127.0.0.1",
            "port": server.sockets[0].getsockname()[1],
            "username": "acme",
            "password": "env:PRACTICE_PASSWORD",
            "host_keys": [key.get_fingerprint()],
            "folders": {"send": "inbound", "receive": ["outbound"]},
            "timeouts": {"channel": "3s"},
            "keep_open": "0s",
        }
        return plugin.open_transport("practice", plugin.transport_settings()(**(given | changes)))

    yield start
    for server in running:
        server.close()
        await server.wait_closed()
    for call in calls:
        call.abort()
        await call.wait_closed()
    await asyncio.sleep(0)  # The sockets are closed in the loop's next turn.


async def put(transport: Any, path: str = "inbound/a.837") -> Any:
    def work() -> Any:
        with transport:
            return transport.put(io.BytesIO(CLAIMS), path)

    return await asyncio.to_thread(work)


async def test_a_wrong_password_is_refused_and_the_right_one_is_not(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    transport = await serve()
    monkeypatch.setenv("PRACTICE_PASSWORD", "wrong")
    with pytest.raises(AuthenticationRefused, match="refused the password of user acme"):
        await asyncio.to_thread(transport.connect)
    monkeypatch.setenv("PRACTICE_PASSWORD", PASSWORD)
    assert (await put(transport)).size == len(CLAIMS)
    assert (tmp_path / "files/inbound/a.837").read_bytes() == CLAIMS


async def test_one_write_that_fails_among_many_under_way_is_noticed(serve: Serve, tmp_path: Path) -> None:
    """The size would be right: only the answer to that write tells (paramiko's own putfo does not look at it)."""

    class Gap(Files):
        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            if offset == 10 * 32_768:
                raise asyncssh.SFTPFailure("No space left on device")
            return int(super().write(file_obj, offset, data))

    with pytest.raises(TransferFailed, match="No space left on device"):
        await put(await serve(Gap))
    assert not (tmp_path / "files/inbound/a.837").exists()


async def test_a_close_that_fails_is_noticed(serve: Serve, tmp_path: Path) -> None:
    class Quota(Files):
        def close(self, file_obj: Any) -> None:
            super().close(file_obj)
            if not file_obj.name.endswith(b"outbound"):
                raise asyncssh.SFTPFailure("Disk quota exceeded")

    with pytest.raises(TransferFailed, match="Disk quota exceeded"):
        await put(await serve(Quota))
    assert not (tmp_path / "files/inbound/a.837").exists()
    with pytest.raises(OutcomeUnknown, match="Disk quota exceeded"):
        await put(await serve(Quota, outgoing={"rename": "false"}))


async def test_fewer_bytes_than_were_sent_are_never_given_the_final_name(serve: Serve, tmp_path: Path) -> None:
    class Forgetful(Files):
        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            return len(data) if offset > 1_000_000 else int(super().write(file_obj, offset, data))

    with pytest.raises(TransferFailed, match="of 3000000 bytes arrived"):
        await put(await serve(Forgetful))
    assert os.listdir(tmp_path / "files/inbound") == []
    with pytest.raises(OutcomeUnknown, match="of 3000000 bytes are there"):
        await put(await serve(Forgetful, outgoing={"rename": "false"}))


async def test_a_partner_that_takes_the_file_away_at_once_has_received_it(serve: Serve) -> None:
    class Quick(Files):
        def close(self, file_obj: Any) -> None:
            super().close(file_obj)
            os.unlink(file_obj.name)

    done = await put(await serve(Quick, outgoing={"rename": "false"}))
    assert (done.size, done.renamed, done.verified) == (len(CLAIMS), False, False)


async def test_a_rename_that_is_done_and_reported_as_failed_counts_as_done(serve: Serve, tmp_path: Path) -> None:
    class Confused(Files):
        def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            super().posix_rename(oldpath, newpath)
            raise asyncssh.SFTPFailure("who knows")

    assert (await put(await serve(Confused))).size == len(CLAIMS)
    assert (tmp_path / "files/inbound/a.837").read_bytes() == CLAIMS


async def test_a_server_that_refuses_renames_for_good_names_the_setting(serve: Serve, tmp_path: Path) -> None:
    class Rigid(Files):
        def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            raise asyncssh.SFTPOpUnsupported("no")

        def rename(self, oldpath: bytes, newpath: bytes) -> None:
            raise asyncssh.SFTPFailure("renaming is not offered here")

    with pytest.raises(Exception, match=r"renaming is not offered here.*outgoing\.rename: false"):
        await put(await serve(Rigid))
    assert os.listdir(tmp_path / "files/inbound") == []


async def test_a_server_that_answers_with_short_reads_gives_the_whole_file(serve: Serve, tmp_path: Path) -> None:
    class Short(Files):
        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            return bytes(super().read(file_obj, offset, min(size, 10_001)))

    transport = await serve(Short)
    (tmp_path / "files/outbound/remit.835").write_bytes(CLAIMS)

    def work() -> bytes:
        out = io.BytesIO()
        with transport:
            assert transport.get("outbound/remit.835", out, limit=1 << 30) == len(CLAIMS)
        return out.getvalue()

    assert await asyncio.to_thread(work) == CLAIMS


async def test_a_server_that_does_not_tell_sizes_can_be_read(serve: Serve, tmp_path: Path) -> None:
    class Silent(Files):
        def fstat(self, file_obj: Any) -> asyncssh.SFTPAttrs:
            return asyncssh.SFTPAttrs()

    transport = await serve(Silent)
    (tmp_path / "files/outbound/remit.835").write_bytes(CLAIMS)

    def work() -> bytes:
        out = io.BytesIO()
        with transport:
            transport.get("outbound/remit.835", out, limit=len(CLAIMS))
        return out.getvalue()

    assert await asyncio.to_thread(work) == CLAIMS


async def test_a_final_name_that_is_taken_is_left_alone_even_on_a_retry(serve: Serve, tmp_path: Path) -> None:
    transport = await serve()
    await put(transport)
    with pytest.raises(AlreadyThere) as there:
        await put(transport)
    assert there.value.size == len(CLAIMS)


async def test_a_server_that_is_stopped_during_the_rename_leaves_the_outcome_open(serve: Serve) -> None:
    hung = asyncio.Event()

    class Hangs(Files):
        async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            hung.set()
            await asyncio.sleep(30)

    with pytest.raises(OutcomeUnknown, match="in time"):
        await put(await serve(Hangs))
    assert hung.is_set()
