"""Servers and lines for the SFTP tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.plugins.discovery import Finder
from gateway.plugins.host import PluginHost

from ..sshd import Sshd, missing, start_sshd

plugin: Any = Finder(only=["clearinghouse_sftp"]).load("clearinghouse_sftp", PluginHost()).object
NOW = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)

Serve = Callable[..., Sshd]
Open = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start an sshd: `serve(read_only=True)`; all are stopped after the test."""
    if why := missing():
        pytest.skip(why)
    running: list[Sshd] = []

    def start(**options: Any) -> Sshd:
        running.append(start_sshd(tmp_path, **options))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(autouse=True)
def logged_out() -> Iterator[None]:
    """No line is left open after a test."""
    yield
    plugin.close_idle()


def settings_for(server: Sshd, **changes: Any) -> Any:
    """Settings for a server of ours, with short time limits."""
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": str(server.port),
        "username": server.user,
        "key": f"file:{server.client_key_file}",
        "host_keys": [server.host_key_fingerprint],
        "folders": {"send": "inbound", "receive": ["outbound"], "archive": "archive"},
        "timeouts": {"channel": "2s", "connect": "5s", "banner": "2s", "auth": "5s"},
    }
    return plugin.transport_settings()(**(given | changes))


@pytest.fixture
def line() -> Open:
    """A transport, not connected: `line(server, after_fetch="delete")`."""

    def make(server: Sshd, **changes: Any) -> Any:
        return plugin.open_transport("practice", settings_for(server, **changes))

    return make
