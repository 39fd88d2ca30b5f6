"""A gateway that is killed around a plugin's schedule takes the turn once all the same, on both databases."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from gateway.core.flow.plugin_schedule import KIND
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import outbox, plugin_calls, work_items
from gateway.server import Gateway

from ..conftest import DatabaseUrls
from . import running

PLUGIN = """\
from gateway.plugins import Schedule, hookimpl

gateway_api = 1


def look(desk):
    for number in range(20):
        desk.open_item(kind="turn", key=f"{desk.today}:{number}", reason="Look at it.", team="billing")


@hookimpl
def plugin_schedules():
    return [Schedule(name="look", run=look, every="24h")]
"""


def counts(connection: Connection) -> dict[str, int]:
    """Turns that were begun, calls that are counted, and work items."""

    def number(statement: Any) -> int:
        return int(connection.execute(statement).scalar_one() or 0)

    return {
        "turns": number(select(func.count()).select_from(outbox).where(outbox.c.kind == KIND)),
        "calls": number(select(func.sum(plugin_calls.c.calls)).where(plugin_calls.c.plugin == "comes")),
        "items": number(select(func.count()).select_from(work_items).where(work_items.c.kind == "turn")),
    }


async def live(config: Path) -> None:
    """What the process runs: until the turn is taken, and some looks longer."""
    gateway = Gateway(running.read_config(config), executor="killed", doors=False)
    await gateway.start()

    async def taken() -> bool:
        found = await gateway.read(counts)
        return found["calls"] >= found["turns"] > 0

    await running.until(taken, "the turn is taken")
    for _ in range(5):
        await gateway.engine.tick()
    await gateway.stop()


@pytest.mark.parametrize("where", ["plugin.schedule.decided", "plugin.schedule.done"])
def test_a_turn_is_taken_once_wherever_the_gateway_is_killed(
    tmp_path: Path, empty_database_urls: DatabaseUrls, where: str
) -> None:
    database_url = empty_database_urls.business
    (tmp_path / "url").write_text(database_url)
    config = running.write_config(
        tmp_path, more="web: {port: 0}\nplugins_dir: plugins\ndesk: {comes: {}}\ndatabase: {url: file:../url}"
    )
    if database_url.startswith("sqlite"):
        main = config / "gateway.yaml"
        main.write_text(main.read_text().replace("\ndatabase: {url: file:../url}", ""))
    (config / "plugins").mkdir()
    (config / "plugins/comes.py").write_text(PLUGIN)
    environment = {
        **os.environ,
        "PRACTICE_PASSWORD": running.PASSWORD,
        "GATEWAY_KILL_AT": where,
        "GATEWAY_KILL_MARK": str(tmp_path / "mark"),
    }
    program = [sys.executable, "-m", "tests.web.test_plugin_kills", str(config)]
    for ended in (-signal.SIGKILL, 0):
        ran = subprocess.run(program, env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True)
        assert ran.returncode == ended, ran.stderr[-2000:]
    business = f"sqlite:///{tmp_path}/data/business.db" if database_url.startswith("sqlite") else database_url
    engine = make_sync_engine(business)
    with engine.connect() as connection:
        found = counts(connection)
    engine.dispose()
    assert found["calls"] == found["turns"] >= 1, "counted once for each turn"
    assert found["items"] == 20 * found["turns"]


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
