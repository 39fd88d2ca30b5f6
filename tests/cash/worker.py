"""Work with cash, as a process that can be killed:

python -m tests.cash.worker URL FOLDER take|bank|match|close ARGUMENT
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from pathlib import Path

from gateway.config import Config, load
from gateway.config.models import Bank
from gateway.core.clock import FixedClock
from gateway.core.flow import bank as station
from gateway.core.flow.services import Services
from gateway.core.ledger import day_figures, deposits, money
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine

from .. import alone
from ..posting.conftest import NOON, InThisProcess

TODAY = dt.date(2026, 9, 16)
FIRST = Bank(name="first")


def at_once(config: Config, url: str, folder: Path, what: str, argument: str) -> None:
    """What a command does: one transaction."""
    engine = make_sync_engine(url)
    try:
        if what == "take":
            data = Path(argument).read_bytes()
            stored, found = station.keep(Archive(folder / "archive"), data, FIRST)
            with engine.begin() as connection:
                station.take_in(connection, config, FIRST, "a.bai", stored, found, "petra", NOON)
        elif what == "match":
            line, deposit = argument.split(",")
            with engine.begin() as connection:
                money.my_turn(connection)
                deposits.match(connection, int(line), [int(deposit)], TODAY, NOON, who="petra")
        else:
            with engine.begin() as connection:
                day = dt.date.fromisoformat(argument)
                day_figures.close(connection, day, "America/New_York", "petra", "Nobody knows it.", NOON)
    finally:
        engine.dispose()


async def by_engine(config: Config, url: str, folder: Path, file_id: str) -> None:
    """What the gateway does with a file of a folder: durable work."""
    services = Services(
        config=config,
        archive=Archive(folder / "archive"),
        clock=FixedClock(NOON),
        decide=InThisProcess(),
        transports=None,  # type: ignore[arg-type]
        reads=make_sync_engine(url, read_only=True),
    )
    await alone.do(url, services, "bank", file_id, {"file_id": int(file_id)})


def main(url: str, folder: Path, what: str, argument: str) -> None:
    """Do one piece of work to its end, or go on where a killed process left it."""
    config = load(folder / "config", secrets=False)
    assert isinstance(config, Config), config
    if what == "bank":
        asyncio.run(by_engine(config, url, folder, argument))
    else:
        at_once(config, url, folder, what, argument)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:5])
