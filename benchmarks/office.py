"""An office at work: `python -m benchmarks.office --readers 200 --writers 20 --seconds 300 --payments 60000`.

So many people read the console and so many work queues, each with some seconds to think between two pages, while a
remittance of so many payments posts, in a house of so many claims. On PostgreSQL the web and the worker are processes
of their own; on SQLite they are one. What is told: requests and faults, the times of their answers, the payments that
posted meanwhile, and whether every look is in the access log.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import click
from sqlalchemy import Connection, Engine, func, select

from gateway.core.store import tables as t

from . import open_claims
from .__main__ import DATA, DATABASES, _database
from .pages import COOKIE, ids_of
from .served import Served, served, sign_in

HEAVY = ("claim", "held", "denied", "item", "item_denial")
FAULT_MS = 30_000.0


class Answer(NamedTuple):
    """One request: its kind, what was answered (0: nothing), and after how many milliseconds."""

    kind: str
    status: int
    ms: float


class People:
    """Those who look and work, and what they were answered."""

    def __init__(self, house: Served, seconds: float, think: float, known: dict[str, list[str]]) -> None:
        self.house, self.think, self.known = house, think, known
        self.end = time.monotonic() + seconds
        self.answers: list[Answer] = []

    async def one(self, number: int, cookie: str, *, writes: bool) -> None:
        """Somebody, until the time is over."""
        drawn = random.Random(number)
        timeout = aiohttp.ClientTimeout(total=FAULT_MS / 1e3)
        async with aiohttp.ClientSession(self.house.address, cookies={COOKIE: cookie}, timeout=timeout) as http:
            await asyncio.sleep(drawn.random() * self.think)
            csrf = await self._first(http)
            while time.monotonic() < self.end:
                kind, method, address, form = self._next(drawn, writes)
                _, leads = await self._ask(http, kind, method, address, form | {"csrf": csrf} if form else None)
                if leads:
                    await self._ask(http, "found", "GET", leads, None)
                await asyncio.sleep(drawn.uniform(0.5, 1.5) * self.think)

    async def _first(self, http: aiohttp.ClientSession) -> str:
        text, _ = await self._ask(http, "home", "GET", "/console/", None)
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        return found[1] if found else ""

    def _next(self, drawn: random.Random, writes: bool) -> tuple[str, str, str, dict[str, str]]:
        """What somebody does next: mostly the queue, its items and their claims."""
        item, claim = (drawn.choice(self.known[name]) for name in ("item", "claim"))
        if writes and drawn.random() < 0.5:
            if drawn.random() < 0.5:
                form = {"action": "called_payer", "note": "They look into it."}
                return "touch", "POST", f"/console/items/{item}/touch", form
            return "take", "POST", f"/console/items/{item}/{drawn.choice(('claim', 'release'))}", {"note": ""}
        kinds: list[tuple[int, str, str, str, dict[str, str]]] = [
            (25, "queue", "GET", f"/console/queue{drawn.choice(('', '?kind=denial', '?bucket=overdue'))}", {}),
            (20, "item", "GET", f"/console/items/{item}", {}),
            (25, "claim", "GET", f"/console/claims/{claim}", {}),
            (10, "find", "POST", "/console/claims", {"q": drawn.choice(self.known["words"])}),
            (8, "home", "GET", "/console/", {}),
            (4, "holds", "GET", "/console/holds", {}),
            (4, "rejections", "GET", "/console/rejections", {}),
            (4, "files", "GET", "/console/files", {}),
        ]
        (chosen,) = drawn.choices(kinds, [one[0] for one in kinds])
        return chosen[1:]

    async def _ask(
        self, http: aiohttp.ClientSession, kind: str, method: str, address: str, form: dict[str, str] | None
    ) -> tuple[str, str]:
        """The page, and where it sends somebody on to."""
        begun = time.perf_counter()
        status, text, leads = 0, "", ""
        try:
            async with http.request(method, address, data=form, allow_redirects=False) as answer:
                text = await answer.text()
                status, leads = answer.status, answer.headers.get("Location", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            print(f"      {kind}: {type(error).__name__}", file=sys.stderr)
        self.answers.append(Answer(kind, status, (time.perf_counter() - begun) * 1e3))
        return text, leads


def known_of(connection: Connection) -> dict[str, list[str]]:
    """Items and claims that people open, and words that they look for."""
    some = ids_of(connection)
    w, c = t.work_items.c, t.claims.c
    items = connection.execute(select(w.id, w.claim_id).where(w.state == "open").order_by(w.cents).limit(2_000)).all()
    words = connection.execute(select(c.source_claim_number).order_by(c.id.desc()).limit(200)).scalars()
    return {
        "item": [str(row.id) for row in items],
        "claim": [str(row.claim_id) for row in items if row.claim_id] + [some["claim"], some["left"]],
        "words": [*words, some["check"], some["member"], f"{some['patient']}, A"],
    }


def _count(engine: Engine, table: Any, *where: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def _post(house: Served, payments: int) -> None:
    """A remittance comes that pays so many open claims."""
    file = house.folder / "office.835"
    with file.open("wb") as stream:
        stream.writelines(open_claims.remittance(range(payments)))
    with file.open("rb") as stream:
        stored = house.archive.put_stream(stream)
    with house.sql.begin() as connection:
        open_claims.note_remittance(connection, stored)


def _open(engine: Engine, count: int) -> None:
    for first in range(0, count, open_claims.TOGETHER):
        with engine.begin() as connection:
            open_claims.fill(connection, first, min(open_claims.TOGETHER, count - first))


class Told(NamedTuple):
    """What came of it."""

    answers: list[Answer]
    looks: int
    posted: int
    seconds: float


async def measure(house: Served, readers: int, writers: int, seconds: float, think: float, payments: int) -> Told:
    """The office at work."""
    cookies = [sign_in(house.sql, f"reader{n}", "viewer") for n in range(readers)]
    cookies += [sign_in(house.sql, f"writer{n}", "biller") for n in range(writers)]
    _open(house.sql, payments)
    with house.sql.connect() as connection:
        known = known_of(connection)
    looks = _count(house.sql, t.access_log)
    ours = t.claim_payments.c.claim_number.startswith("OPEN")
    people = People(house, seconds, think, known)
    begun = time.monotonic()
    await asyncio.to_thread(_post, house, payments)
    await asyncio.gather(*(people.one(n, cookie, writes=n >= readers) for n, cookie in enumerate(cookies)))
    took = time.monotonic() - begun
    return Told(
        people.answers,
        _count(house.sql, t.access_log) - looks,
        _count(house.sql, t.claim_payments, ours, t.claim_payments.c.state == "posted"),
        took,
    )


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def summary(told: Told) -> Iterator[str]:
    """What came of it, for a person."""
    faults = Counter(one.status for one in told.answers if one.status == 0 or one.status >= 400)
    yield (
        f"{len(told.answers):,} requests in {told.seconds:.0f} s, {len(told.answers) / told.seconds:.0f} a second; "
        f"faults: {dict(faults) or 'none'}; {told.posted:,} payments posted meanwhile"
    )
    answered = sum(1 for one in told.answers if one.status)
    whole = "complete" if told.looks == answered else "NOT COMPLETE"
    yield f"access log: {told.looks:,} looks of {answered:,} that were answered: {whole}"
    yield f"{'page':12} {'requests':>9} {'p50 ms':>8} {'p95 ms':>8} {'most':>8}"
    for kind in [*sorted({one.kind for one in told.answers}), ""]:
        times = [one.ms for one in told.answers if kind in ("", one.kind)]
        yield f"{kind or 'all':12} {len(times):9,} {_at(times, 0.5):8.0f} {_at(times, 0.95):8.0f} {max(times):8.0f}"


def as_data(told: Told) -> dict[str, Any]:
    """The same for a file."""
    kinds = sorted({one.kind for one in told.answers})
    found: dict[str, Any] = {"requests": len(told.answers), "seconds": told.seconds, "posted": told.posted}
    found["looks"] = told.looks
    found["faults"] = sum(1 for one in told.answers if one.status == 0 or one.status >= 400)
    found["p50"], found["p95"] = (_at([one.ms for one in told.answers], share) for share in (0.5, 0.95))
    times: Callable[[str], list[float]] = lambda kind: [one.ms for one in told.answers if one.kind == kind]  # noqa: E731
    found["pages"] = {kind: {"p50": _at(times(kind), 0.5), "p95": _at(times(kind), 0.95)} for kind in kinds}
    return found


@click.command()
@click.option("--claims", default=1_000_000, show_default=True, type=click.IntRange(1_000), help="In the house.")
@click.option("--readers", default=200, show_default=True, type=click.IntRange(0))
@click.option("--writers", default=20, show_default=True, type=click.IntRange(0))
@click.option("--think", default=5.0, show_default=True, help="Seconds between two pages of one person.")
@click.option("--seconds", default=300.0, show_default=True, help="How long.")
@click.option("--payments", default=60_000, show_default=True, type=click.IntRange(1), help="That post meanwhile.")
@click.option("--database", default="postgresql", show_default=True, type=click.Choice(DATABASES))
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write the figures to this file too.")
def main(
    claims: int,
    readers: int,
    writers: int,
    think: float,
    seconds: float,
    payments: int,
    database: str,
    as_json: Path | None,
) -> None:
    """Make a house, run the gateway on it, and let people work. Exits 1 where somebody met a fault, half of a second
    was not enough for 95 of 100, or a look is not in the access log."""
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="office-", dir=DATA))
    try:
        with _database(database) as reason:
            if reason:
                raise click.ClickException(reason)
            with served(folder, claims, apart=database == "postgresql") as house:
                told = asyncio.run(measure(house, readers, writers, seconds, think, payments))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"{claims:,} claims, {readers} read and {writers} write with {think:g} s to think, on {database}")
    for line in summary(told):
        click.echo(line)
    data = as_data(told)
    if as_json:
        as_json.write_text(json.dumps(data, indent=1) + "\n")
    answered = sum(1 for one in told.answers if one.status)
    sys.exit(0 if not data["faults"] and data["p95"] < 500 and told.looks == answered else 1)


if __name__ == "__main__":
    main()
