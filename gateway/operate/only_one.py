"""One process at a time on an embedded database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the lock of a data directory; the system gives it back however this process ends.

    Raises:
        click.ClickException: another process holds it.
    """
    with (data_dir / "serving").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip()
            raise click.ClickException(
                f"A gateway runs on {data_dir} already{f' (process {who})' if who else ''}. With SQLite only one can; "
                "for more set a PostgreSQL database (docs/operations.md)."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def serving(data_dir: Path) -> str:
    """The number of the process that serves on a data directory of this machine; empty where none is known to."""
    try:
        who = (data_dir / "serving").read_text().strip()
        os.kill(int(who), 0)
    except (OSError, ValueError):
        return ""
    return who
