"""Files to and from a clearinghouse over SFTP, with a pinned host key, safe uploads and optional PGP.

A partner's file names this plugin and gives the settings of `settings.SftpSettings`:

    transport:
      plugin: clearinghouse_sftp
      settings: {preset: claim_md, host: ..., username: ..., key: "file:/etc/gateway/keys/claim_md", ...}

paramiko is loaded when the first line is opened, not when the configuration is read.
"""

from __future__ import annotations

import atexit
import datetime as dt
import threading
from typing import TYPE_CHECKING

from pydantic import BaseModel

from gateway.plugins import hookimpl
from gateway.plugins.transport import Transport

from .settings import SftpSettings

if TYPE_CHECKING:
    from .pool import Pool

gateway_api = 1

_pools: dict[str, Pool] = {}
_lock = threading.Lock()


@hookimpl
def transport_settings() -> type[BaseModel]:
    """The model of a partner's `transport.settings`."""
    return SftpSettings


@hookimpl
def open_transport(partner: str, settings: BaseModel) -> Transport | None:
    """A line to this partner, not connected yet; None if the settings are another plugin's."""
    if not isinstance(settings, SftpSettings):
        return None
    from .transport import SftpTransport

    return SftpTransport(partner, settings, _pool(partner, settings), _now)


def close_idle() -> None:
    """Log out of every line that is open and not in use (at shutdown; in tests)."""
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.close()


def _pool(partner: str, settings: SftpSettings) -> Pool:
    """The unused lines of a partner; changed settings begin with none, and the old ones are logged out."""
    from .pool import Pool

    with _lock:
        pool = _pools.get(partner)
        if pool is not None and pool.settings == settings:
            return pool
        fresh = _pools[partner] = Pool(partner, settings)
    if pool is not None:
        pool.close()
    return fresh


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


atexit.register(close_idle)
