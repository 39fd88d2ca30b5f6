"""`python -m benchmarks`: how fast it is and what memory it takes, beside other libraries, as one table."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from . import peers
from .data import make, make_with_history
from .measure import Figure, measure
from .table import Line, table

HERE = Path(__file__).resolve().parent
DATA = HERE / ".data"
SIZES = (1_000, 10_000, 100_000)
DATABASES = ("sqlite", "postgresql")


class Row(NamedTuple):
    """One line of work: its name on the command line, what the table calls it, which file it reads (none: it makes its
    claims itself, in a module of its name), and whether it is durable (then it runs on each database)."""

    name: str
    label: str
    reads: str
    durable: bool = False
    module: str = "rails"
    """Of durable work: which module does it."""
    sizes: tuple[int, ...] = ()
    """What is measured without `--size`, where that is something else than claims."""


ROWS = (
    Row("read-837", "read 837P into typed values", "claims"),
    Row("read-835", "read 835, every adjustment", "remittance"),
    Row("passes-835", "835 added up, then cut into chunks", "remittance"),
    Row("rewrite", "read 837P, write it as a new interchange", "claims"),
    Row("copy", "837P through, byte for byte", "claims"),
    Row("check-837", "837P held against its guide, with 999", "claims"),
    Row("check-835", "835 held against its guide, with 999", "remittance"),
    Row("chain", "ten steps that do nothing", ""),
    Row("intake", "837P taken in, scrubbed, batched", "claims", durable=True),
    Row("scrub", "Medicare claims with history, whole chain", "history", durable=True, module="scrub"),
    Row("post", "835 matched and posted", "remittance", durable=True),
    Row("post-open", "835 posted, many claims open", "", durable=True, module="open_claims"),
    Row("post-large", "one 835 of so many MB posted", "", durable=True, module="open_claims", sizes=(5, 20)),
)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _plain(row: Row, size: int, runs: int) -> Figure:
    if not row.reads:
        return measure([sys.executable, "-m", f"benchmarks.{row.name}", str(size)], expected=size, runs=runs)
    file = getattr(make(DATA, size), row.reads)
    return measure([sys.executable, "-m", "benchmarks.reading", row.name, str(file)], expected=size, runs=runs)


def _durable(row: Row, size: int, runs: int, database: str) -> Figure:
    """A fresh gateway and database for each run; one run of the largest size, which takes minutes."""
    if row.reads == "history":
        make_with_history(DATA, size)
        asked = [f"benchmarks.{row.module}"]
    else:
        if row.reads:
            make(DATA, size)
        asked = [f"benchmarks.{row.module}", row.name]
    runs = 1 if size > 10_000 else runs
    figures = []
    for _ in range(runs):
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=DATA))
        try:
            with _database(database) as reason:
                if reason:
                    return Figure(note=reason)
                command = [sys.executable, "-m", *asked, str(size), str(folder), str(DATA)]
                figures.append(measure(command, expected=size, runs=1))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not figures[-1].runs:
            return figures[-1]
    middle = sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]
    return middle._replace(peak_mb=max(figure.peak_mb for figure in figures), runs=runs)


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str]:
    """A fresh database, by way of the environment; yields why there is none, or nothing."""
    if kind == "sqlite":
        os.environ.pop("GATEWAY_BENCH_DATABASE", None)
        yield ""
        return
    from tests import postgres

    if why := postgres.why_not():
        yield why.split(":")[0]
        return
    with postgres.server(as_in_a_house=True) as server, server.database() as url:
        os.environ["GATEWAY_BENCH_DATABASE"] = url
        yield ""


def _peers(row: Row, size: int, runs: int, ours: Figure) -> Iterator[Line]:
    """What others do of the same work."""
    for peer in peers.PEERS:
        if peer.row != row.name:
            continue
        python, why = peers.interpreter(peer.requirement)
        if python is None:
            figure = Figure(note=why)
        elif size > peer.most:
            continue
        else:
            _say(f"  {peer.label}, {size:,}")
            file = getattr(make(DATA, size), row.reads)
            figure = measure(peers.command(python, peer.what, file), expected=size, runs=runs)
        yield Line(f"  {peer.label}", "", size, figure, ours.cpu_rate / figure.cpu_rate if figure.cpu_rate else 0.0)


@click.command()
@click.option("--size", "sizes", multiple=True, type=click.IntRange(1), help="Claims or payments; several times.")
@click.option("--row", "names", multiple=True, type=click.Choice([row.name for row in ROWS]), help="Only these rows.")
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES), help="Only on these.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Runs of each; the median counts.")
@click.option("--peers/--no-peers", "with_peers", default=True, help="Measure other libraries beside.")
@click.option("--open", "open_claims", type=click.IntRange(1), help="Claims that are open in the row post-open.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write the figures to this file too.")
def main(
    sizes: tuple[int, ...],
    names: tuple[str, ...],
    databases: tuple[str, ...],
    runs: int,
    with_peers: bool,
    open_claims: int | None,
    as_json: Path | None,
) -> None:
    """Measure reading, writing and both rails, and print a table.

    Everything, at 1,000, 10,000 and 100,000, takes the better part of an hour; `--size 1000` a few minutes.
    """
    DATA.mkdir(exist_ok=True)
    if open_claims:
        os.environ["GATEWAY_BENCH_OPEN"] = str(open_claims)
    lines: list[Line] = []
    for row in (row for row in ROWS if row.name in names or not names):
        for size in sizes or row.sizes or SIZES:
            if not row.durable:
                _say(f"{row.label}, {size:,}")
                figure = _plain(row, size, runs)
                lines.append(Line(row.label, "", size, figure))
                if with_peers:
                    lines += _peers(row, size, runs, figure)
                continue
            for database in databases or DATABASES:
                _say(f"{row.label}, {size:,}, on {database}")
                lines.append(Line(row.label, database, size, _durable(row, size, runs, database)))
    click.echo(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, median of {runs} runs\n")
    click.echo(table(lines))
    if as_json:
        rows = [
            {"what": line.label.strip(), "database": line.database, "size": line.size, **line.figure._asdict()}
            for line in lines
        ]
        as_json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
