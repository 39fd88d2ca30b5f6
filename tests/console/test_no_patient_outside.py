"""A patient who cannot be mistaken for anybody goes through everything: claims, payments, faults, searches, papers, a
plugin that talks. Afterwards no log, metric, address, error page, alarm or engine's book knows of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
import structlog
from click.testing import CliRunner

from gateway.cli import cli
from gateway.core.store.tables import (
    access_log,
    claims,
    configurations,
    counters,
    files,
    marks,
    plugin_calls,
    work_items,
)
from gateway.core.store.tables import outbox as outbox_rows
from gateway.web.console import queue_pages

from ..papers import PDF
from ..web import running
from . import prepared as preparing
from .conftest import Office
from .examples import walk
from .marks import Marks, claims_file, marked

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
WHO = Marks(
    last="ZYXWARBLER", first="QXPERIWINKLE", member="ZYXMEMBER77X", street="99 QXTURNSTILE STREET",
    city="ZYXBOROUGH", note="QXNOTE SSN 900-45-6789", payer="NORTHBRIDGE HEALTH PLAN", authorization="AUTH77120",
    reference="MRK",
)  # fmt: skip
SEED = 8900
TELLS = re.compile(
    "|".join(
        (
            *(re.escape(one) for one in (WHO.last, WHO.first, WHO.member, "QXTURNSTILE", WHO.city, "QXNOTE")),
            *("900-?45-?6789", "1931-?07-?13", "07/13/1931", "7/13/1931", "QXPAPER"),
        )
    ),
    re.IGNORECASE,
)
TALKS = """
from gateway.plugins import hookimpl

gateway_api = 1

@hookimpl
def hold_claim(claim):
    if "TALKS" in claim.id:
        print("the patient is", claim.patient.last)
        raise ValueError(f"no order of {claim.patient.last}, {claim.patient.first}, {claim.subscriber.member_id}")
"""


class Heard(NamedTuple):
    """The office that this patient has gone through, and what was said meanwhile."""

    office: Office
    ids: dict[str, str]
    folder: Path
    logged: list[Any]
    records: list[str]
    said: Path


class _Listening(logging.Handler):
    """Keeps what libraries log, with what they were given."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__()
        self.kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(f"{record.name} {record.getMessage()} {record.exc_info}")


@contextlib.contextmanager
def said_into(path: Path) -> Iterator[None]:
    """What this process and its children say on standard output and error goes into a file."""
    before = [os.dup(number) for number in (1, 2)]
    with path.open("wb") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
        try:
            yield
        finally:
            for number, old in zip((1, 2), before, strict=True):
                os.dup2(old, number)
                os.close(old)


@contextlib.contextmanager
def listening() -> Iterator[tuple[list[Any], list[str]]]:
    """All that is logged, by us and by libraries, with the levels that they have in service."""
    logged: list[Any] = []
    records: list[str] = []

    def keep(_logger: Any, _method: str, event: Any) -> Any:
        logged.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[keep])
    handler = _Listening(records)
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in ("dbos", "aiohttp", "asyncio", "paramiko"))]
    for one in loggers:
        one.addHandler(handler)
    try:
        yield logged, records
    finally:
        for one in loggers:
            one.removeHandler(handler)
        structlog.reset_defaults()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heard]:
    folder = tmp_path_factory.mktemp("heard")
    said = folder / "said.txt"
    with said_into(said), listening() as (logged, records):
        more = "web: {port: 0, max_upload_mb: 2, open_metrics: true}"
        async with preparing.opened(folder, more, {"talks": TALKS}) as office:
            ids = await preparing.prepare(office, WHO, SEED)
            await _more_of_them(office)
            yield Heard(office, ids, folder, logged, records, said)


async def _more_of_them(office: Office) -> None:
    """Claims over which a plugin talks, and files that cannot be read for all kinds of reasons."""
    today = running.office_day(office.gateway)
    made = marked(SEED + 1, 2, WHO, today)
    for at, one in enumerate(made):
        one.number = f"TALKS{at}"
    good = claims_file(made, today, SEED + 1)
    await preparing.take_in(office, good, "talks.837")
    for number, data in enumerate(
        (
            good.replace(b"ISA*00", b"ISA*99", 1),
            good.replace(b"~N3*", b"~N3 "),
            good.replace(b"*D8*19310713", b"*D8*19310732"),
            good.replace(b"NM1*IL*1*", b"NM1*IL*9*"),
            good.replace(b"SE*", b"SE*9"),
            b"%s is no X12 at all" % WHO.last.encode(),
            b'{"patient": "%s"' % WHO.last.encode(),
        )
    ):
        name = f"{WHO.last}-{number}.837"  # a billing system may call its files after patients
        await preparing.take_in(office, data.replace(b"TALKS", b"FLT%d" % number), name)
    await preparing.fetched(office, good[:400] + WHO.last.encode(), f"{WHO.last}.835")
    paper = PDF.replace(b"%PDF-1.4", b"%PDF-1.4\n% QXPAPER", 1)
    secret = await running.token(office.gateway, "papers-of-theirs", "submit")
    number = str((await office.rows(claims))[0].id)
    async with aiohttp.ClientSession(office.address, headers=secret) as http:
        for kind, data, status in (("order", paper, 201), ("order", b"QXPAPER", 415), (WHO.last, paper, 422)):
            told = {"Document-Kind": kind, "Document-Claim": number, "Document-Name": f"{WHO.last} order.pdf"}
            async with http.post("/api/v1/documents", data=data, headers=told) as answer:
                assert answer.status == status, await answer.text()


def told(where: str, text: str) -> list[str]:
    """What of the patient stands in a text."""
    return [f"{where}: {text[max(found.start() - 60, 0) : found.end() + 30]}" for found in TELLS.finditer(text)]


async def test_the_patient_is_there_to_be_told_of(heard: Heard) -> None:
    talked = await heard.office.rows(work_items, work_items.c.rule == "plugin:talks")
    assert {one.reason.split(" at ")[0] for one in talked} == {"Plugin talks failed in hold: ValueError"}
    rows = await heard.office.rows(claims, claims.c.member_id == WHO.member)
    assert len(rows) > 6
    assert {"held", "rejected", "paid", "denied"} <= {one.state for one in rows}
    async with heard.office.signed_in("viewer") as browser:
        _, page = await browser.get(f"/console/claims/{heard.ids['claim']}")
    assert len(set(TELLS.findall(page))) >= 6


async def test_no_page_has_an_address_that_tells(heard: Heard) -> None:
    """Links, forms, what we are sent on to: whatever becomes an address in a history or the log of a proxy."""
    office, ids, *_ = heard
    found: list[str] = []
    async with office.signed_in("administrator") as browser:
        for one in walk(ids, pages=True):
            _, page = await browser.get(one.address)
            for link in re.findall(r'(?:href|action|src|hx-get|hx-post|data-href)="([^"]*)"', page):
                found += told(one.address, link)
        for path, name, words in (
            ("/console/claims", "q", f"{WHO.last}, {WHO.first}"),
            ("/console/claims", "q", WHO.member),
            (f"/console/files/{ids['file']}/laid", "find", WHO.last),
        ):
            async with browser.http.post(
                path, data={"csrf": browser.csrf, name: words}, allow_redirects=False
            ) as answer:
                assert answer.status == 303
                found += told(path, answer.headers["Location"])
    assert found == []


async def test_no_error_page_tells(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed wrong is not repeated; what broke says nothing of what it broke over."""
    office, ids, *_ = heard
    words = f"{WHO.last} {WHO.member} 900-45-6789"

    def breaks(*_: object) -> Any:
        raise ValueError(words)

    found: list[str] = []
    async with office.signed_in("administrator") as browser:
        for one in walk(ids):
            if one.method != "POST" or one.address == "/console/sign-out":
                continue
            form = {"csrf": browser.csrf} | {n: v.format(**ids) for n, v in one.example.form.items()}
            for name in ("note", "reason", "to", "until", "follow_up", "action", "outcome", "kind", "role", "more"):
                async with browser.http.post(one.address, data=form | {name: words * 60}) as answer:
                    if answer.status >= 400:
                        found += told(f"{one.address} {name}", await answer.text())
        for name in ("bucket", "min", "claim_id", "after", "before", "kind", "find"):
            status, page = await browser.get("/console/queue", params={name: words})
            if status >= 400:
                found += told(name, page)
        monkeypatch.setattr(queue_pages.queue, "page", breaks)
        status, page = await browser.get("/console/queue")
        assert status == 500
        found += told("broken", page)
    assert found == []


async def test_no_answer_of_the_api_that_refuses_tells(heard: Heard) -> None:
    office, ids, *_ = heard
    who = await running.token(office.gateway, "refused", "submit", "work", "read", "admin")
    bad = f'[{{"claim_number": "X1", "patient": {{"last_name": "{WHO.last}", "born": "{WHO.last}"}}}}]'
    found: list[str] = []
    async with aiohttp.ClientSession(office.address, headers=who) as http:
        for path, body, headers in (
            ("sources/billing/claims", bad, {}),
            ("sources/billing/claims", bad[:-2], {}),
            ("sources/billing/orders", f"patient,number\n{WHO.last},x\n", {}),
            ("sources/billing/deliveries", f'[{{"patient_id": "{WHO.last}", "delivered_on": "{WHO.last}"}}]', {}),
            (f"claims/{ids['claim']}/resubmit", f'{{"reason": ["{WHO.last}"]}}', {}),
            ("documents", PDF, {"Document-Kind": WHO.last, "Document-Claim": WHO.member}),
            ("documents", WHO.last, {"Document-Kind": "order", "Document-Claim": ids["claim"]}),
        ):
            async with http.post(f"/api/v1/{path}", data=body, headers=headers) as answer:
                if answer.status >= 400:
                    found += told(path, await answer.text())
    assert found == []


async def test_no_metric_tells(heard: Heard) -> None:
    async with (
        aiohttp.ClientSession(heard.office.address) as http,
        http.get("/metrics") as answer,
    ):
        text = await answer.text()
    assert "gateway_claims" in text
    assert told("metrics", text) == []


async def test_no_command_tells_where_it_fails(heard: Heard) -> None:
    """Standard error of commands, and all of what they say where something is not in order."""
    config = ["-c", str(heard.folder / "config")]
    source = heard.folder / "bad.837"
    source.write_bytes(b"ISA*" + WHO.last.encode())
    found: list[str] = []
    for command in (
        *(["doctor", "--quick"], ["queue", "list"], ["queue", "show", heard.ids["item_hold"]], ["holds", "list"]),
        *(["rejection", "list"], ["exceptions", "list"], ["work"], ["work", "list"], ["partner", "list"]),
        *(["requests"], ["plugins"], ["batches", "list"], ["trace", "NO-SUCH-CLAIM"], ["claim", "show", "999999"]),
        *(["x12", "show", str(source)], ["x12", "check", str(source)], ["explain", str(source)], ["worklists"]),
        *(["document", "add", str(source), "--kind", "order", "--claim", heard.ids["claim"]], ["takebacks", "list"]),
        *(["orders", "load", "billing", str(source)], ["replay", "file", heard.ids["cut_file"]]),
    ):
        done = await asyncio.to_thread(CliRunner().invoke, cli, [*config, *command])
        found += told(" ".join(command), done.stderr)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            found.append(f"{command}: {done.exception!r}")
        if done.exit_code != 0:
            found += told(" ".join(command), done.stdout)
    assert found == []


async def test_no_alarm_and_no_book_of_the_gateway_tells(heard: Heard) -> None:
    """What is sent as an alarm, shown in lists, or kept to run work: reasons, keys, ids, hashes."""
    office = heard.office
    found: list[str] = []
    for table in (access_log, outbox_rows, counters, marks, plugin_calls, configurations):
        for row in await office.rows(table):
            found += told(table.name, str(dict(row._mapping)))
    for row in await office.rows(files):
        found += told(f"file {row.id}", row.reason)
    assert found == []


async def test_the_engine_keeps_nothing_of_the_patient(heard: Heard) -> None:
    """What it needs to go on after a crash, and what it would export of its work: ids and hashes, and what a file is
    called, which stands beside the file's row as well."""
    data = heard.folder / "data"
    books = [one for one in data.rglob("*") if one.is_file() and "engine" in one.name]
    assert books
    found = []
    for one in books:
        text = re.sub(rf'"name":"{WHO.last}(-\d)?\.8\d\d"', "", one.read_bytes().decode("latin-1"))
        found += told(one.name, text)
    assert found == []


async def test_no_log_told(heard: Heard) -> None:
    """Last: everything above has been said by now."""
    assert any(one.get("event") == "page_failed" for one in heard.logged)
    found = [line for one in heard.logged for line in told(str(one.get("event")), str(one))]
    found += [line for one in heard.records for line in told("library", one)]
    found += told("standard output", heard.said.read_text(errors="replace"))
    assert found == []
