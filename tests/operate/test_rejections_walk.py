"""docs/rejections.md, walked through on the practice clearinghouse: each command and request, and what the page says
that it answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from sqlalchemy import select

from gateway.core.store.tables import access_log, claims, corrections, submissions
from gateway.server import Gateway

from ..web import running
from .conftest import Place, until

PAGE = Path(__file__).parents[2] / "docs" / "rejections.md"
WRITTEN_ON = "2026-11-02"
"""The day of service on the page; the walk takes one of this month in its place, so that nothing is too old."""


class Block(NamedTuple):
    """A fenced block of the page."""

    kind: str
    text: str


def blocks() -> Iterator[Block]:
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.S | re.M):
        yield Block(match[1], match[2])


def matches(wanted: str, told: str) -> None:
    """Every line of the page stands in the answer, in order. `...` in a line is anything, a line of it any lines; runs
    of blanks are one."""
    lines = [re.sub(r" +", " ", line).strip() for line in told.splitlines()]
    at, anywhere = 0, False
    for line in wanted.splitlines():
        plain = re.sub(r" +", " ", line).strip()
        if plain == "...":
            anywhere = True
            continue
        pattern = re.compile(re.escape(plain).replace(r"\.\.\.", ".*"))
        while at < len(lines) and anywhere and not pattern.fullmatch(lines[at]):
            at += 1
        assert at < len(lines), f"{plain!r} is not in:\n{told}"
        assert pattern.fullmatch(lines[at]), f"{lines[at]!r} is not {plain!r} in:\n{told}"
        at, anywhere = at + 1, False


def holds(wanted: Any, told: Any, where: str = "") -> None:
    """What the page shows of an answer is in it; `...` is anything."""
    if wanted == "...":
        return
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert name in told, f"{where} has no {name}"
            holds(value, told[name], f"{where}.{name}")
    elif isinstance(wanted, list):
        assert len(told) == len(wanted), f"{where}: {told}"
        for one, other in zip(wanted, told, strict=True):
            holds(one, other, where)
    else:
        assert told == wanted, where


def words_of(line: str) -> list[str]:
    import shlex

    command = shlex.split(line.removeprefix("$ "))
    assert command[0] == "gateway"
    return command[1:]


class Walk:
    """The walk: what is configured, sent, typed and asked, in the order of the page."""

    def __init__(self, place: Place, gateway: Gateway, http: aiohttp.ClientSession, who: dict[str, str]) -> None:
        self.place = place
        self.gateway = gateway
        self.http = http
        self.who = who
        self.ran: list[str] = []

    def state(self, number: str) -> str:
        with self.place.sql.connect() as connection:
            return str(connection.execute(select(claims.c.state).where(claims.c.claim_number == number)).scalar())

    async def are(self, state: str, *numbers: str) -> None:
        await until(lambda: {self.state(number) for number in numbers} == {state}, f"{numbers} are {state}")

    async def command(self, block: Block) -> None:
        line, _, wanted = block.text.partition("\n")
        done = await asyncio.to_thread(self.place.run, *words_of(line))
        assert done.exit_code == 0, done.output
        matches(wanted, done.output)
        self.ran.append(line)

    async def request(self, block: Block, answer: Block) -> None:
        line, _, body = block.text.partition("\n")
        method, path = line.split()
        data = json.loads(body) if body.strip() else None
        async with self.http.request(method, path, json=data, headers=self.who) as got:
            told = await got.json()
            assert got.status < 300, told
        holds(json.loads(answer.text), told, line)
        if "request_id" in told:
            await self.done(int(told["request_id"]))
        self.ran.append(line)

    async def done(self, request_id: int) -> None:
        async def look() -> Any:
            async with self.http.get(f"/api/v1/requests/{request_id}", headers=self.who) as got:
                found = await got.json()
            return found if found["done_at"] else None

        found = await running.until(look, "the correction is made")
        assert found["outcome"] == "Corrected and resubmitted. It goes with the next batch."


class Shown(NamedTuple):
    """What the practice clearinghouse says of itself when it starts."""

    port: int
    fingerprint: str


@contextmanager
def clearinghouse(folder: Path, command: str) -> Iterator[Shown]:
    """What the page has typed in the first window, in this folder and with the folder that it takes by itself; but for
    the port, of which several of these walks can only have their own."""
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *words_of(command), "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PAGE.parents[1]), "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            told = ""
            for line in process.stdout:
                told += line
                if "Ctrl-C" in line:
                    break
            port, key = re.search(r"127\.0\.0\.1:(\d+)", told), re.search(r"fingerprint +(SHA256:\S+)", told)
            assert port, told
            assert key, told
            yield Shown(int(port[1]), key[1])
        finally:
            process.terminate()


async def test_the_walk_from_rejected_to_corrected_and_resubmitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = list(blocks())
    settings = next(one for one in page if one.kind == "yaml")
    (tmp_path / "sandbox.yaml").write_text(settings.text)
    first, second = [one.text.strip() for one in page if one.kind == "sh"][:2]
    password, serve = second.splitlines()
    assert serve == "gateway serve"
    monkeypatch.setenv(*password.removeprefix("export ").split("="))
    recent = dt.date.today() - dt.timedelta(days=24)  # noqa: DTZ011 - the gateway of this test has the real clock
    sent = next(one for one in page if one.kind == "json").text.replace(WRITTEN_ON, recent.isoformat())
    with clearinghouse(tmp_path, first) as shown:
        running.write_config(tmp_path, port=shown.port, key=shown.fingerprint)
        place = Place(tmp_path)
        gateway = Gateway(place.config, executor="gateway")
        await gateway.start()
        try:
            who = await running.token(gateway, "pat", "read", "work")
            beside = tmp_path / "data" / "in" / "orders" / ".monday.json"
            beside.write_text(sent)
            beside.rename(beside.with_name("monday.json"))
            async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as http:
                walk = Walk(place, gateway, http, who)
                await walk.are("rejected", "HME-1001", "HME-1002")
                following = iter(page[page.index(next(one for one in page if one.kind == "json")) + 1 :])
                for block in following:
                    if block.kind == "console":
                        if "report rejections" in block.text:
                            await walk.are("paid", "HME-1001", "HME-1002")
                        await walk.command(block)
                    elif block.kind == "http":
                        await walk.request(block, next(following))
            assert len(walk.ran) == 12
        finally:
            await gateway.stop()
        sent_ids = sorted((row.claim_id, row.resubmits is not None) for row in place.rows(submissions))
        assert sent_ids == [(1, False), (1, True), (2, False), (2, True)]
        assert {row.root_cause for row in place.rows(corrections)} == {"wrong-id"}
        looked = [row.what for row in place.rows(access_log)]
        assert "rejection show 1" in looked
        assert "claim show 1" in looked
        assert any("/claims/2/fields" in what for what in looked)
        place.let_go()


@pytest.mark.parametrize("line", [one.text for one in blocks() if one.kind == "sh"])
def test_what_is_only_shown_is_a_command_that_there_is(line: str, tmp_path: Path) -> None:
    """Of the commands that the walk does not run: their names and options are those of the command line."""
    place = Place(tmp_path)
    for one in line.strip().splitlines():
        if one.startswith("export "):
            continue
        command = words_of(f"$ {one}")
        told = place.run(*command[:2], "--help").output
        for option in (word for word in command if word.startswith("--")):
            assert option in told, one
