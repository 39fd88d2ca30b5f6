"""A gateway that is killed around what a plugin does beside the chains does it once all the same, on both databases."""

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
from gateway.core.store.tables import claims, files, made_claims, outbox, plugin_calls, timeline, work_items
from gateway.server import Gateway

from ..conftest import DatabaseUrls
from ..soak import chosen
from . import running

PLUGIN = """\
from gateway.plugins import Drop, PluginSettings, RowTable, Schedule, hookimpl

gateway_api = 1


class Visit(PluginSettings):
    serial: str


def a_claim(number):
    address = {"line1": "2 OAK ST", "city": "AKRON", "state": "OH", "zip": "443011234"}
    supplier = {"last": "STILLWATER HOME MEDICAL", "npi": "1999999000", "tax_id": "960000017", "address": address}
    patient = {"last": "WREN", "first": "ADA", "member_id": "SWT900000001", "filing_code": "CI", "sex": "F"}
    return {
        "id": number,
        "billing_provider": supplier,
        "subscriber": {**patient, "birth_date": "1950-04-01", "address": address},
        "payer": {"name": "NORTHBRIDGE HEALTH PLAN", "id": "90101"},
        "diagnoses": ["J449"],
        "lines": [{"code": "E0601", "modifiers": ["RR"], "charge": "90.00", "from_date": "2026-11-01"}],
    }


def look(desk):
    for number in range(20):
        desk.open_item(kind="turn", key=f"{desk.today}:{number}", reason="Look at it.", team="billing")
    for number in range(3):
        desk.make_claim(f"visit {number}", a_claim(f"V-{number}"), why="A visit was recorded.")


def take(rows, desk):
    desk.open_item(kind="visit", key=f"{desk.now}", reason=f"{len(rows)} visits.", team="billing")
    desk.make_claim(rows[0].serial, a_claim(rows[0].serial), why="A visit was recorded.")


@hookimpl
def plugin_schedules():
    return [Schedule(name="look", run=look, every="24h")]


@hookimpl
def plugin_drops():
    return [Drop("visits", "Visits.", Visit, take)]
"""


def counts(connection: Connection) -> dict[str, int]:
    """Turns that were begun, calls that are counted, work items, and claims that were made and came in."""

    def number(statement: Any) -> int:
        return int(connection.execute(statement).scalar_one() or 0)

    def count(table: Any, *where: Any) -> int:
        return number(select(func.count()).select_from(table).where(*where))

    return {
        "turns": count(outbox, outbox.c.kind == KIND),
        "calls": number(select(func.sum(plugin_calls.c.calls)).where(plugin_calls.c.plugin == "comes")),
        "items": count(work_items, work_items.c.kind == "turn"),
        "visits": count(work_items, work_items.c.kind == "visit"),
        "made": count(made_claims),
        "claims": count(claims, claims.c.source == "plugin:comes"),
        "told": count(timeline, timeline.c.what == "Made by plugin comes: A visit was recorded."),
        "documents": count(files, files.c.kind == "DROP", files.c.state == "read"),
    }


async def live(config: Path) -> None:
    """What the process runs: until the turn and the document are taken, and their claims have come in."""
    gateway = Gateway(running.read_config(config), executor="killed")
    await gateway.start()
    folder = config.parent / "data/in/visits"

    async def taken() -> bool:
        found = await gateway.read(counts)
        in_place = found["documents"] == 1 and not any(folder.glob("*.csv"))
        return in_place and found["calls"] > found["turns"] > 0 and found["made"] == found["claims"] == 4

    await running.until(taken, "the turn and the document are taken, and their claims have come in")
    for _ in range(5):
        await gateway.engine.tick()
    await gateway.stop()


@pytest.mark.parametrize(
    "where",
    chosen(
        "what plugins do",
        (
            *("plugin.schedule.decided", "plugin.schedule.done", "plugin.claims.archived"),
            *("plugin.drop.decided", "plugin.drop.done"),
        ),
        of=2,
    ),
)
def test_turn_document_and_claims_are_there_once_wherever_the_gateway_is_killed(
    tmp_path: Path, empty_database_urls: DatabaseUrls, where: str
) -> None:
    database_url = empty_database_urls.business
    more = "web: {port: 0}\nplugins_dir: plugins\ndesk: {comes: {}}"
    if not database_url.startswith("sqlite"):
        (tmp_path / "url").write_text(database_url)
        more += "\ndatabase: {url: file:../url}"
    config = running.write_config(tmp_path, more=more)
    main = config / "gateway.yaml"
    source = "sources:\n  - {name: visits, drop: comes/visits}\n"
    main.write_text(main.read_text().replace("sources:\n", source, 1))
    (config / "plugins").mkdir()
    (config / "plugins/comes.py").write_text(PLUGIN)
    folder = tmp_path / "data/in/visits"
    folder.mkdir(parents=True)
    (folder / "monday.csv").write_text("serial\nS-1\nS-2\n")
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
    assert found["calls"] == found["turns"] + 1, "counted once for each turn, and once for the document"
    assert found["items"] == 20 * found["turns"]
    assert found["visits"] == 1
    assert (found["made"], found["claims"], found["told"]) == (4, 4, 4)
    assert [path.name for path in (folder / "processed").iterdir()] == ["monday.csv"]


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
