"""How fast each page of the console is in a large house: `python -m benchmarks.pages --claims 1000000`.

Of each page: the time to its first byte and to its last (the first look, and the median of more), its size, and the
first paint in a real Chromium. The pages are those of the tests' table of examples, and the searches.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import click
from sqlalchemy import Connection, select

from gateway.core.store import tables as t
from tests.console.examples import EXAMPLES

from .__main__ import DATA, DATABASES, _database
from .served import Served, served, sign_in

COOKIE = "hme_session"
LOOKS = 5
PATIENCE_S = 120.0
SEARCHES = {
    "a patient": "{patient}",
    "a claim": "{number}",
    "a check": "{check}",
    "a member id": "{member}",
    "nobody": "ZZZNOBODY, X",
}


class Taken(NamedTuple):
    """Milliseconds and bytes of one page; `first`: of the first look at it, `paint`: of a browser's (0: none)."""

    what: str
    status: int
    size: int
    first: float
    first_byte: float
    whole: float
    paint: float = 0.0


def ids_of(connection: Connection) -> dict[str, str]:
    """Something of each kind that the examples name."""

    def one(column: Any, *where: Any) -> str:
        statement = select(column).where(*where).order_by(column.table.c.id.desc()).limit(1)
        return str(connection.execute(statement).scalar() or "")

    c, w = t.claims.c, t.work_items.c
    found = {
        "claim": one(c.id, c.state == "closed"),
        "held": one(c.id, c.state == "held"),
        "rejected": one(c.id, c.state == "rejected"),
        "denied": one(c.id, c.state == "denied"),
        "left": one(c.id, c.state == "accepted"),
        "hold": one(t.holds.c.id),
        "file": one(t.files.c.id, t.files.c.kind == "837P"),
        "remittance_file": one(t.files.c.id, t.files.c.kind == "835"),
        "batch": one(t.batches.c.id),
        "payment": one(t.claim_payments.c.id, t.claim_payments.c.state == "exception"),
        "remittance": one(t.remittances.c.id),
        "deposit": one(t.deposits.c.id),
        "denial": one(t.denials.c.id),
        "day": dt.datetime.now(dt.UTC).date().isoformat(),
        "number": one(c.source_claim_number),
        "member": one(c.member_id),
        "check": one(t.remittances.c.trace_number),
        "patient": one(t.patients.c.last_name),
        "partner": "practice",
        "user": "reader",
    }
    kinds = connection.execute(select(w.kind).distinct()).scalars()
    found |= {f"item_{kind}": one(w.id, w.kind == kind) for kind in kinds}
    found["item"] = found.get("item_hold", "")
    return {name: value for name, value in found.items() if value}


def addresses(ids: Mapping[str, str]) -> list[str]:
    """The pages that this house can show; one of each kind, and those with filters."""
    found = []
    for key, example in EXAMPLES.items():
        if not (example.page and key.startswith("GET ")):
            continue
        for address in example.addresses:
            if set(re.findall(r"\{(\w+)\}", address)) <= set(ids):
                found.append(address.format(**ids))
    return found


async def _look(http: aiohttp.ClientSession, address: str, **more: Any) -> tuple[int, int, float, float]:
    begun = time.perf_counter()
    method = "POST" if "data" in more else "GET"
    async with http.request(method, address, **more) as answer:
        first = time.perf_counter() - begun
        body = await answer.read()
        return answer.status, len(body), first * 1e3, (time.perf_counter() - begun) * 1e3


async def _take(http: aiohttp.ClientSession, what: str, address: str, **more: Any) -> Taken:
    looks = [await _look(http, address, **more) for _ in range(LOOKS + 1)]
    status, size, *_ = looks[-1]
    later = looks[1:]
    return Taken(
        what,
        status,
        size,
        looks[0][3],
        statistics.median(one[2] for one in later),
        statistics.median(one[3] for one in later),
    )


async def _paints(house: Served, cookie: str, pages: list[str]) -> dict[str, float]:
    """Milliseconds to the first paint of each page, as Chromium says; none where there is no Chromium."""
    found: dict[str, float] = {}
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        return found
    from playwright.async_api import async_playwright

    async with async_playwright() as started:
        browser = await started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 860})
        await context.add_cookies([{"name": COOKIE, "value": cookie, "url": f"{house.address}/console"}])
        page = await context.new_page()
        for address in pages:
            took = []
            for _ in range(3):
                await page.goto(f"{house.address}{address}")
                took.append(
                    await page.evaluate(
                        "new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))"
                        ".observe({type: 'paint', buffered: true}))"
                    )
                )
            found[address] = statistics.median(took)
        await browser.close()
    return found


async def measure(house: Served, *, paint: bool) -> list[Taken]:
    """Look at every page."""
    cookie = sign_in(house.sql, "reader", "administrator")
    with house.sql.connect() as connection:
        ids = ids_of(connection)
    pages = addresses(ids)
    taken = []
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(house.address, cookies={COOKIE: cookie}, timeout=timeout) as http:
        async with http.get("/console/") as answer:
            found = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
        assert found is not None
        for address in pages:
            taken.append(await _take(http, address, address))
        for what, words in SEARCHES.items():
            form = {"csrf": found[1], "q": words.format(**ids)}
            taken.append(await _take(http, f"find {what}", "/console/claims", data=form))
    paints = await _paints(house, cookie, pages) if paint else {}
    return [one._replace(paint=paints.get(one.what, 0.0)) for one in taken]


def table(taken: list[Taken]) -> str:
    """What came of it, for a person; times in milliseconds."""
    lines = [f"{'page':58} {'status':>6} {'KB':>6} {'first':>7} {'byte':>6} {'whole':>6} {'paint':>6}"]
    for one in taken:
        paint = f"{one.paint:6.0f}" if one.paint else f"{'-':>6}"
        lines.append(
            f"{one.what[:58]:58} {one.status:6} {one.size / 1e3:6.1f} {one.first:7.0f} {one.first_byte:6.0f} "
            f"{one.whole:6.0f} {paint}"
        )
    return "\n".join(lines)


@click.command()
@click.option("--claims", default=1_000_000, show_default=True, type=click.IntRange(1_000), help="In the house.")
@click.option("--database", "databases", multiple=True, type=click.Choice(DATABASES), help="Only on these.")
@click.option("--paint/--no-paint", default=True, help="Look with Chromium, too.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write the figures to this file too.")
def main(claims: int, databases: tuple[str, ...], paint: bool, as_json: Path | None) -> None:
    """Make a house, run the gateway on it, and look at every page."""
    DATA.mkdir(exist_ok=True)
    kept: dict[str, list[dict[str, Any]]] = {}
    for database in databases or DATABASES:
        folder = Path(tempfile.mkdtemp(prefix="pages-", dir=DATA))
        try:
            with _database(database) as reason:
                if reason:
                    click.echo(f"{database}: {reason}")
                    continue
                with served(folder, claims, apart=database == "postgresql") as house:
                    taken = asyncio.run(measure(house, paint=paint))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        click.echo(
            f"{claims:,} claims, on {database}; milliseconds: the first look at each, then the median of {LOOKS}"
        )
        click.echo(f"{table(taken)}\n")
        kept[database] = [one._asdict() for one in taken]
    if as_json:
        as_json.write_text(json.dumps({"claims": claims, "pages": kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
