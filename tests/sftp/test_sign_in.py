"""Whom we talk to, and who they let in: against a real sshd."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.plugins.transport import (
    AuthenticationRefused,
    ConnectionLost,
    HostKeyRefused,
    SettingsIncomplete,
    TimedOut,
    Unreachable,
)

from ..sshd import make_key
from .conftest import Open, Serve, plugin, settings_for

pytestmark = pytest.mark.sshd
OTHER = "SHA256:" + "A" * 43


def test_the_pinned_server_lets_us_in_and_shows_its_folders(serve: Serve, line: Open) -> None:
    server = serve()
    seen = line(server).probe()
    assert seen.ok
    assert seen.host_key == server.host_key_fingerprint
    assert seen.folders == {"inbound": "ok", "outbound": "ok", "archive": "ok"}


def test_a_folder_that_is_not_there_is_named_by_the_probe(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server, folders={"send": "inbound", "receive": ["no_such"]}) as transport:
        seen = transport.probe()
    assert not seen.ok
    assert seen.folders["no_such"] == "there is no such file or folder."


def test_a_wrong_host_key_is_refused_before_anything_is_sent(serve: Serve, line: Open) -> None:
    server = serve()
    with pytest.raises(HostKeyRefused, match="not pinned") as refused:
        line(server, host_keys=[OTHER]).connect()
    assert refused.value.offered == server.host_key_fingerprint
    assert "Accepted" not in server.log.read_text()
    assert "Failed" not in server.log.read_text()


def test_without_a_pinned_key_the_offered_one_is_shown_and_refused(serve: Serve, line: Open) -> None:
    server = serve()
    with pytest.raises(HostKeyRefused, match="no host key is pinned") as refused:
        line(server, host_keys=[]).connect()
    assert server.host_key_fingerprint in str(refused.value)
    assert "put it under host_keys" in str(refused.value)


def test_the_second_key_of_a_rotation_is_taken(serve: Serve, line: Open) -> None:
    server = serve()
    pins = [OTHER, {"key": server.host_key_line, "active_from": "2026-01-01"}]
    with line(server, host_keys=pins) as transport:
        assert transport.list("outbound") == []


def test_a_key_that_is_not_active_yet_is_refused_with_its_date(serve: Serve, line: Open) -> None:
    server = serve()
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3)
    pins = [OTHER, {"key": server.host_key_fingerprint, "active_from": day.isoformat()}]
    with pytest.raises(HostKeyRefused, match=f"already, pinned from {day}"):
        line(server, host_keys=pins).connect()


def test_a_key_whose_time_is_over_is_refused(serve: Serve, line: Open) -> None:
    server = serve()
    pins = [{"key": server.host_key_fingerprint, "active_until": "2026-01-01"}]
    with pytest.raises(HostKeyRefused, match="pinned only until 2026-01-01"):
        line(server, host_keys=pins).connect()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_pin_of_any_of_the_servers_keys_is_found(serve: Serve, line: Open, tmp_path: Path, kind: str) -> None:
    """A server has several keys and shows the kind that is asked for; a bare fingerprint does not say its kind."""
    fingerprint, public = make_key(tmp_path / "second", kind)
    server = serve(extra_host_keys=[tmp_path / "second"])
    for pin in (fingerprint, public):
        transport = line(server, host_keys=[pin])
        assert transport.probe().host_key == fingerprint


def test_a_key_that_the_server_does_not_know_is_an_authentication_failure(
    serve: Serve, line: Open, tmp_path: Path
) -> None:
    server = serve()
    make_key(tmp_path / "stranger")
    with pytest.raises(AuthenticationRefused, match=r"refused the key of user .* before the account locks"):
        line(server, key=f"file:{tmp_path / 'stranger'}").connect()


def test_a_server_that_takes_no_passwords_says_what_it_takes(
    serve: Serve, line: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", "not it")
    with pytest.raises(AuthenticationRefused, match="but publickey"):
        line(serve(), key=None, password="env:PRACTICE_PASSWORD").connect()


@pytest.fixture
def account() -> Iterator[tuple[str, str]]:
    """An account of this machine with a password, for as long as the test runs."""
    if os.geteuid() or not shutil.which("useradd") or not shutil.which("chpasswd"):
        pytest.skip("an account with a password can only be made as root; test_asyncssh has the same cases")
    name, password = f"hmetest{os.getpid() % 100_000}", secrets.token_urlsafe(12)
    subprocess.run(["useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", name], check=True)
    try:
        subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        yield name, password
    finally:
        subprocess.run(["userdel", name], check=True)


def test_a_wrong_password_is_refused_and_the_right_one_is_not(
    account: tuple[str, str], serve: Serve, line: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = account  # Asked for first, so that its sessions end before it is removed.
    server = serve(user=user, password=True)
    monkeypatch.setenv("PRACTICE_PASSWORD", "wrong " + password)
    transport = line(server, key=None, password="env:PRACTICE_PASSWORD")
    with pytest.raises(AuthenticationRefused, match=f"refused the password of user {user}") as refused:
        transport.connect()
    assert password not in str(refused.value)
    monkeypatch.setenv("PRACTICE_PASSWORD", password)
    with contextlib.suppress(ConnectionLost):  # The test's folder may be closed to that account.
        transport.connect()
    transport.close()
    plugin.close_idle()
    assert f"Accepted password for {user}" in server.log.read_text()


def test_a_passphrase_that_is_missing_or_wrong_is_told_before_any_call(
    serve: Serve, line: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    nobody = {"port": 1}  # Told before any call is made, or this would be unreachable.
    make_key(tmp_path / "locked", passphrase="long enough")
    with pytest.raises(SettingsIncomplete, match="Set key_passphrase"):
        line(server, key=f"file:{tmp_path / 'locked'}", **nobody).connect()
    monkeypatch.setenv("WORD", "wrong")
    with pytest.raises(SettingsIncomplete, match="or the passphrase is wrong"):
        line(server, key=f"file:{tmp_path / 'locked'}", key_passphrase="env:WORD", **nobody).connect()


def test_a_secret_that_is_not_there_names_its_place(serve: Serve, line: Open, tmp_path: Path) -> None:
    server = serve()
    with pytest.raises(SettingsIncomplete, match="NO_SUCH_VARIABLE is not set"):
        line(server, key=None, password="env:NO_SUCH_VARIABLE").connect()
    with pytest.raises(SettingsIncomplete, match="no_such_key cannot be read"):
        line(server, key=f"file:{tmp_path}/no_such_key").connect()


def test_a_key_may_stand_in_the_environment(serve: Serve, line: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    monkeypatch.setenv("PRACTICE_KEY", server.client_key_file.read_text())
    with line(server, key="env:PRACTICE_KEY") as transport:
        assert transport.list("outbound") == []


def test_nobody_at_the_other_end_is_unreachable(serve: Serve, line: Open) -> None:
    server = serve()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable, match="cannot be reached"):
        line(server, port=port).connect()


def test_a_peer_that_takes_the_call_and_says_nothing_ends_within_the_limit(serve: Serve, line: Open) -> None:
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = line(server, port=silent.getsockname()[1], timeouts={"banner": "1s", "connect": "1s"})
        began = time.monotonic()
        with pytest.raises(TimedOut, match="says nothing"):
            transport.connect()
    assert time.monotonic() - began < 4


def test_a_peer_that_is_no_ssh_server_is_unreachable(serve: Serve, line: Open) -> None:
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as web:

        def answer() -> None:
            call, _ = web.accept()
            with call:
                call.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                call.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unreachable, match="not as an SSH server"):
            line(server, port=web.getsockname()[1]).connect()
        thread.join()


def test_an_unused_line_is_taken_again_and_logged_out_after_its_time(serve: Serve, line: Open) -> None:
    server = serve()
    for _ in range(3):
        with line(server, keep_open="400ms") as transport:
            transport.list("outbound")
    assert server.log.read_text().count("Accepted publickey") == 1
    until = time.monotonic() + 5
    while server.sessions() and time.monotonic() < until:
        time.sleep(0.05)
    assert server.sessions() == []


def test_a_partner_that_wants_us_gone_is_left_at_once(serve: Serve, line: Open) -> None:
    server = serve()
    for _ in range(2):
        with line(server, keep_open="0s") as transport:
            transport.list("outbound")
    assert server.log.read_text().count("Accepted publickey") == 2


def test_an_unused_line_that_died_is_replaced_without_a_word(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server) as transport:
        transport.list("outbound")
    server.kill_sessions()
    with line(server) as transport:
        assert transport.list("outbound") == []


def test_settings_of_another_plugin_are_not_ours(serve: Serve) -> None:
    class Other(plugin.BaseModel):  # type: ignore[misc, name-defined]
        pass

    assert plugin.open_transport("practice", Other()) is None
    assert plugin.open_transport("practice", settings_for(serve())) is not None
