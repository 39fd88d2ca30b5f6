"""A whole gateway on its own folder: the shipped configuration, SQLite, a port of its own, and a partner that nobody
answers for (uploads need none)."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from gateway.config import Config, load
from gateway.config.shipped import shipped_config
from gateway.core.clock import business_date
from gateway.core.store import tokens
from gateway.core.store.tables import files
from gateway.server import Gateway

PATIENCE_S = 20.0
PASSWORD = "not-a-real-password"
NO_KEY = "SHA256:" + "A" * 43


def write_config(folder: Path, *, more: str = "web: {port: 0}", port: int = 1, key: str = NO_KEY) -> Path:
    """The shipped configuration below `folder`, data beside it; `more` is added to gateway.yaml, `port` and `key` are
    the partner's. Returns its folder."""
    config = folder / "config"
    shutil.copytree(shipped_config(), config)
    main = config / "gateway.yaml"
    text = main.read_text().replace("data_dir: ../var", "data_dir: ../data")
    main.write_text(f"{text}\nstable_for: 100ms\npoll_every: 200ms\nlog_level: debug\n{more}\n")
    partner = config / "partners" / "practice.yaml"
    text = partner.read_text()
    for old, new in (
        ("    port: 2222\n", f"    port: {port}\n    host_keys: ['{key}']\n"),
        ("stable: 1s", "stable: 100ms"),
        ("{day: 5s, night: 5s}", "{day: 300ms, night: 300ms}"),
        ("max_wait: 30s", "max_wait: 300ms"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    partner.write_text(text)
    return config


def read_config(folder: Path) -> Config:
    """The configuration of a folder that `write_config` has made."""
    found = load(folder)
    assert isinstance(found, Config), found
    return found


def office_day(gateway: Gateway) -> dt.date:
    """Today where the supplier keeps its office: in the evening of America it is tomorrow in UTC."""
    return business_date(gateway.clock.now(), gateway.config.gateway.organisation.time_zone)


async def until(look: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """What an async `look` gives, as soon as it is true."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := await look():
            return found
        await asyncio.sleep(0.03)
    raise AssertionError(f"not within {patience_s:.0f} seconds: {what}")


def rows(connection: Connection, table: Any, *where: Any) -> list[Any]:
    """The rows of a table."""
    return list(connection.execute(select(table).where(*where)))


async def token(gateway: Gateway, name: str, *scopes: str) -> dict[str, str]:
    """A new token, as the header that carries it."""
    secret = await gateway.write(tokens.add, name, scopes, gateway.clock.now())
    return {"Authorization": f"Bearer {secret}"}


async def read_to_the_end(gateway: Gateway, file_id: int, patience_s: float = PATIENCE_S) -> Any:
    """The row of a file once it is no longer on its way."""

    async def done() -> Any:
        (row,) = await gateway.read(rows, files, files.c.id == file_id)
        return row if row.state not in ("received", "reading") else None

    return await until(done, f"file {file_id} is read", patience_s)
