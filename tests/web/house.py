"""A gateway that runs with plugins and chains of a test's own, and what tests ask of it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from gateway.core.flow import receive
from gateway.core.store import archive, files
from gateway.core.store.outbox import put_outbox
from gateway.sandbox.generate import generate_claims
from gateway.sandbox.write import as_837
from gateway.server import Gateway

from . import running

TODAY = dt.date(2026, 11, 23)


def claims_of(seed: int, count: int) -> bytes:
    """An 837 file of so many invented claims."""
    return as_837(list(generate_claims(count, seed, TODAY)), TODAY)


class House(NamedTuple):
    """A gateway that runs, and its configuration's folder."""

    gateway: Gateway
    http: aiohttp.ClientSession
    admin: dict[str, str]
    config: Path

    @property
    def plugins(self) -> Path:
        """The folder of its own plugins."""
        return self.config / "plugins"

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the configuration; `old` stands in it once."""
        path = self.config / file
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))

    async def hand_in(self, data: bytes, name: str) -> int:
        """A file of claims that begins to be taken in; its id."""
        gateway = self.gateway
        got = await receive.receive(
            gateway.write, gateway.archive, "billing", name, io.BytesIO(data), gateway.clock.now()
        )
        gateway.engine.poke()
        return got.file_id

    async def take_in(self, data: bytes, name: str) -> int:
        """A file of claims, taken in to its end."""
        file_id = await self.hand_in(data, name)
        await running.read_to_the_end(self.gateway, file_id)
        return file_id

    async def fetched(self, data: bytes, name: str) -> int:
        """A file of the partner's that begins to be read; its id."""
        gateway = self.gateway
        stored = gateway.archive.put(data)

        def write(connection: Any) -> int:
            now = gateway.clock.now()
            archive.record(connection, stored, "inbound", now)
            new = files.NewFile("in", "partner", "practice", name, stored, "", "received")
            file_id = files.add(connection, new, now)
            put_outbox(connection, "read", str(file_id), {"file_id": file_id}, now)
            return file_id

        return await gateway.write(write)

    async def ask(self, path: str) -> Any:
        """What the API answers."""
        async with self.http.get(path, headers=self.admin) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def rows(self, statement: Any) -> list[Any]:
        """What the database answers."""
        return await self.gateway.read(lambda connection: list(connection.execute(statement)))

    async def resting(self) -> list[dict[str, Any]]:
        """The steps that rest now."""
        told = await self.ask("/api/v1/plugins")
        return list(told["resting"])

    async def plugin(self, name: str) -> dict[str, Any]:
        """What the API says of one plugin."""
        told = await self.ask("/api/v1/plugins")
        (found,) = [one for one in told["plugins"] if one["name"] == name]
        return dict(found)


@asynccontextmanager
async def opened(
    folder: Path,
    name: str,
    plugins: Mapping[str, str],
    stations: str,
    workers: str = "{chunk: 10}",
    database_url: str = "",
) -> AsyncIterator[House]:
    """A house whose every claim and payment goes through the chain with these `stations` (YAML, indented by two).
    `plugins`: their code, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_PASSWORD", running.PASSWORD)
        more = f"web: {{port: 0}}\nworkers: {workers}\nplugins_dir: plugins"
        if database_url:
            (folder / "database_url").write_text(database_url)
            more += f"\ndatabase: {{url: 'file:{folder / 'database_url'}'}}"
        config = running.write_config(folder, more=more)
        (config / "plugins").mkdir()
        for plugin, code in plugins.items():
            (config / "plugins" / f"{plugin}.py").write_text(code)
        (config / "chains/medicare-dme.yaml").unlink()
        (config / "chains/default.yaml").write_text(f"stations:\n{stations}")
        gateway = Gateway(running.read_config(config), executor=name)
        await gateway.start()
        try:
            admin = await running.token(gateway, "administrator", "admin", "read")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
                yield House(gateway, http, admin, config)
        finally:
            await gateway.stop()
