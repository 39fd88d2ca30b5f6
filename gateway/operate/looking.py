"""What commands share that only look: a database that cannot be written, and how money and moments are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ..config.commands import NotAsked

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ..config import Config


def has_database(config: Config) -> bool:
    """Whether there is a database to look at; one on a server is taken to be there."""
    from ..config.locations import Locations
    from ..core.store.engine import is_sqlite, sync_url

    url = Locations(config).business_url
    return not is_sqlite(url) or Path(str(sync_url(url).database)).exists()


@contextmanager
def looking(config: Config) -> Iterator[Engine]:
    """The business database for one command that changes nothing in it.

    Raises:
        NotAsked: there is none yet, it cannot be reached, or another version has made it.
    """
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from ..config.locations import Locations
    from ..core.store.engine import make_looking_engine

    url = Locations(config).business_url
    if not has_database(config):
        raise NotAsked(f"There is no database at {url} yet. Start the gateway once: gateway serve")
    engine = make_looking_engine(url)
    try:
        yield engine
    except (OperationalError, ProgrammingError) as error:
        raise NotAsked(f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}") from error
    finally:
        engine.dispose()


def note_look(config: Config, what: str) -> None:
    """A line in the access log: somebody at the command line is shown what tells who a patient is.

    Raises:
        NotAsked: it cannot be written; then nothing is shown.
    """
    import getpass

    from sqlalchemy import insert

    from ..core.clock import SystemClock
    from ..core.store.tables import access_log
    from .commands import change

    line = {"at": SystemClock().now(), "who": getpass.getuser(), "what": what[:200], "source": "command line"}
    change(config, lambda connection: connection.execute(insert(access_log).values(line)))


def dollars(cents: int) -> str:
    """`$1,234.56`, with the sign in front."""
    from ..core.model.money import to_dollars

    return f"{'-' if cents < 0 else ''}${to_dollars(abs(cents)):,}"


def moment(at: dt.datetime, zone: ZoneInfo) -> str:
    """A moment where the supplier keeps its office: `11/26/2026 14:05`."""
    return f"{at.astimezone(zone):%m/%d/%Y %H:%M}"


def on_day(at: dt.datetime, zone: ZoneInfo) -> str:
    """The day of a moment where the supplier keeps its office."""
    return f"{at.astimezone(zone):%m/%d/%Y}"


def day(date: dt.date | None) -> str:
    """`11/26/2026`; empty where there is none."""
    return f"{date:%m/%d/%Y}" if date is not None else ""


def days(first: dt.date | None, last: dt.date | None) -> str:
    """A day, or a span of days."""
    return day(first) if last is None or last == first else f"{day(first)} to {day(last)}"


def count(number: int, word: str) -> str:
    """`1 claim`, `1,204 claims`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
