"""`gateway demo`: claims leave through a real SFTP clearinghouse and come back acknowledged, rejected, paid and posted.

Everything runs on this machine, on embedded defaults, below one folder that is made afresh each time: the practice
clearinghouse, the gateway with the configuration that comes with it, and two billing systems that drop claims.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..config.shipped import shipped_config

if TYPE_CHECKING:
    from ..server import Gateway
    from .office import Office
    from .records import Claim
    from .server import Sandbox
    from .settings import SandboxSettings

USER = "stillwater"
JSON_SHARE = 10
"""Every so many claims come as JSON instead of in the 837."""
PATIENCE = 150.0
PLAIN_EVERY = 3.0
"""Seconds between two lines of progress where a line cannot be rewritten."""
QUIET_FOR = 1.5
"""Seconds without a change, and with nothing under way, after which everything is taken to be done."""


class Places(NamedTuple):
    """Where the demo keeps what it makes."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def clearinghouse(self) -> Path:
        return self.root / "clearinghouse"


class Own(NamedTuple):
    """What somebody brings to the demo: chains beside the shipped ones, and a folder of plugins. `serve`: whether it
    goes on with its console open; `browse`: in a browser."""

    chains: Sequence[Path] = ()
    plugins_dir: Path | None = None
    serve: bool = False
    browse: bool = False


def _write_config(places: Places, sandbox: Sandbox, own: Own) -> None:
    """The shipped configuration, with this clearinghouse's port and key, and polls of about a second."""
    shutil.copytree(shipped_config(), places.config)
    main = places.config / "gateway.yaml"
    text = main.read_text()
    text, folder = _plugins_dir(text, own)
    main.write_text(
        text.replace("data_dir: ../var", "data_dir: ../data") + "\nstable_for: 500ms\npoll_every: 500ms\n"
        f"log_level: error\nweb: {{port: 0}}\n{_desk()}{folder}"
    )
    for chain in own.chains:
        shutil.copy(chain, places.config / "chains" / chain.name)
    partner = places.config / "partners" / "practice.yaml"
    text = partner.read_text()
    text = _only_once(
        text, "    port: 2222\n", f"    port: {sandbox.port}\n    host_keys: ['{sandbox.host_key_fingerprint}']\n"
    )
    secret = places.config / "practice.password"
    secret.touch(mode=0o600)
    secret.write_text(str(sandbox.credentials(USER).password))
    text = _only_once(text, "env:PRACTICE_PASSWORD", "file:practice.password")
    text = _only_once(text, "stable: 1s", "stable: 500ms")
    text = _only_once(text, "{day: 5s, night: 5s}", "{day: 1s, night: 1s}")
    text = _only_once(text, "max_wait: 30s", "max_wait: 2s")
    partner.write_text(text)


def _desk() -> str:
    """The supplier's NPIs, under which delivered orders are billed, as gateway.yaml says them."""
    from .documents import billing_provider
    from .people import BILLERS

    providers = [billing_provider(biller) for biller in BILLERS]
    return f"desk: {json.dumps({'order_confirmation': {'billing_providers': providers}, 'receivables': {}})}\n"


def _plugins_dir(text: str, own: Own) -> tuple[str, str]:
    """gateway.yaml without its `plugins_dir`, and the line that stands for it: the one that was brought, else what the
    file said, from where it said it."""
    stated = re.search(r"^plugins_dir:[ \t]*(.+?)[ \t]*(?:#.*)?\n", text, re.M)
    folder = own.plugins_dir
    if stated is not None:
        text = text[: stated.start()] + text[stated.end() :]
        folder = folder or shipped_config() / stated[1].strip("'\"")
    return text, f"plugins_dir: {json.dumps(str(folder.resolve()))}\n" if folder else ""


def _only_once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise click.ClickException(f"The shipped partner file no longer has {old.strip()!r}; the demo cannot set it.")
    return text.replace(old, new)


def _drop(places: Places, made: Sequence[Claim], today: dt.date) -> tuple[int, int]:
    """Two billing systems put their files down; returns how many claims each."""
    from .write import as_837, as_json

    apart = made[::JSON_SHARE]
    rest = [claim for index, claim in enumerate(made) if index % JSON_SHARE]
    for source, name, data in (
        ("billing", "monday.837", as_837(rest, today)),
        ("orders", "orders.json", as_json(apart)),
    ):
        folder = places.data / "in" / source
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{name}.part"
        beside.write_bytes(data)
        os.replace(beside, folder / name)
    return len(rest), len(apart)


class _Screen:
    """One line that changes while work goes on; plain lines where nobody sees it change."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._shown = ""
        self._begun = time.monotonic()
        self._next = 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        click.echo(text)

    def show(self, text: str) -> None:
        """How things stand."""
        seconds = time.monotonic() - self._begun
        if text == self._shown or (not self._live and seconds < self._next):
            return
        self._next = seconds + PLAIN_EVERY
        if self._live:
            click.echo(f"\r\x1b[2K  {seconds:5.1f} s  {text}", nl=False)
        else:
            click.echo(f"  {seconds:5.1f} s  {text}")
        self._shown = text

    def _clear(self) -> None:
        if self._live and self._shown:
            click.echo("\r\x1b[2K", nl=False)


def _standing(connection: Any) -> dict[str, int]:
    from sqlalchemy import func, select

    from ..core.store.tables import batches, claim_payments, claims, files, outbox, remittances

    def count(table: Any, *where: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    return {
        "taken in": count(claims),
        "held": count(claims, claims.c.state.in_(["held", "faulty"])),
        "sent": int(
            connection.execute(select(func.sum(batches.c.claims)).where(batches.c.sent_at.is_not(None))).scalar() or 0
        ),
        "rejected": count(claims, claims.c.state == "rejected"),
        "accepted": count(claims, claims.c.state == "accepted"),
        "payments posted": count(claim_payments, claim_payments.c.state == "posted"),
        "_busy": count(files, files.c.state.in_(["received", "reading"]))
        + count(outbox, outbox.c.submitted_at.is_(None))
        + count(claims, claims.c.state.in_(["ready", "batched"]))
        + count(remittances, remittances.c.state.in_(["received", "posting"])),
    }


async def _until_quiet(gateway: Gateway, sandbox: Sandbox, screen: _Screen) -> bool:
    """Watch until nothing moves any more; False where patience ended first."""
    end = time.monotonic() + PATIENCE
    last: dict[str, int] = {}
    since = time.monotonic()
    while time.monotonic() < end:
        now = await gateway.read(_standing)
        waiting = len(await gateway.engine.list(state="running"))
        if now != last:
            last, since = now, time.monotonic()
        screen.show(" · ".join(f"{name} {value:,}" for name, value in now.items() if not name.startswith("_")))
        left_there = any((sandbox.home(USER) / "from").glob("*.x12"))
        idle = not now["_busy"] and now["taken in"] and not sandbox.pending() and not left_there and waiting <= 1
        if idle and time.monotonic() - since > QUIET_FOR:
            return True
        await asyncio.sleep(0.25)
    return False


class _Apart:
    """The clearinghouse on a thread and an event loop of its own, as if it were another house."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clearinghouse", daemon=True)

    async def __aenter__(self) -> Sandbox:
        self._thread.start()
        await self._there(self.sandbox.__aenter__())
        return self.sandbox

    async def __aexit__(self, *_: object) -> None:
        await self._there(self.sandbox.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _there(self, what: Coroutine[Any, Any, Any]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self._loop))


def _clearinghouse(seed: int, nobody: str) -> SandboxSettings:
    """What the clearinghouse is told: one partner, and a member id that no payer knows."""
    from .settings import Behaviour, SandboxPartner, SandboxSettings

    partner = SandboxPartner(user=USER, password=os.urandom(12).hex(), behaviour=Behaviour(unknown_ids=(nobody,)))
    return SandboxSettings(seed=seed, partners=(partner,))


async def _office(gateway: Gateway) -> Office:
    """The back office, with a token as `gateway token add` makes it."""
    from ..core.store import tokens
    from .office import SCOPES, WHO, Office

    return Office(gateway.port, await gateway.write(tokens.add, WHO, SCOPES, gateway.clock.now()))


async def _run(places: Places, claims: int, seed: int, own: Own, screen: _Screen) -> int:
    from ..config.commands import require
    from ..core.clock import business_date
    from ..core.ledger.proof import prove
    from ..operate.commands import set_up_log
    from ..operate.overview import overview
    from ..server import Gateway
    from . import day, demo_console, demo_report
    from .bank import bank_file
    from .generate import generate_claims
    from .papers import papers_of
    from .processes import processes
    from .server import Sandbox
    from .special_processes import REPORTS
    from .stories import stories_of

    today = dt.datetime.now().astimezone().date()
    made = list(generate_claims(claims, seed, today))
    papers, stories = papers_of(made, seed, today), stories_of(seed, today, len(made))
    made += stories.claims
    settings = _clearinghouse(seed, stories.mistyped)
    async with _Apart(Sandbox(settings, places.clearinghouse)) as sandbox:
        screen.say(
            f"A practice clearinghouse listens on 127.0.0.1:{sandbox.port} (SFTP, key {sandbox.host_key_fingerprint})."
        )
        _write_config(places, sandbox, own)
        config = require(places.config)
        set_up_log(config)
        gateway = Gateway(config, executor="demo")
        await gateway.start()
        try:
            screen.say(f"The gateway runs, on SQLite below {places.root}.")
            async with await _office(gateway) as office:
                await day.morning(office, papers, stories, screen.say)
                x12, as_json = _drop(places, made, today)
                screen.say(f"Two billing systems drop their claims: {x12} in an 837P, {as_json} as JSON.\n")
                done = await _until_quiet(gateway, sandbox, screen)
                apart = dict.fromkeys((claim.number for claim in made[::JSON_SHARE]), "orders")
                await day.afternoon(office, papers, stories, made, apart, screen.say)
                screen.say("")
                done = await _until_quiet(gateway, sandbox, screen) and done
                bank_day = business_date(gateway.clock.now(), config.gateway.organisation.time_zone)
                statement = bank_file(sandbox.payments(USER), settings.partner(USER), bank_day)
                await day.evening(office, statement, bank_day, screen.say)
                screen.say(f"Holds that released themselves: {await gateway.read(demo_report.cleared)}.\n")
                reports = {name: await office.report(*name.split("/"), **asked) for name, asked in REPORTS.items()}
            back_office = await gateway.read(processes, reports)
            seen = await gateway.read(overview)
            proof = await gateway.read(prove)
            received = sandbox.received(USER)
            remitted = sum(one.cents for one in sandbox.payments(USER))
            example = await gateway.read(demo_report.example)
            for line in demo_report.report(seen, proof, received, remitted):
                click.echo(line)
            for line in example:
                click.echo(line)
            for line in demo_report.back_office(back_office, places.root):
                click.echo(line)
            for line in demo_report.where_next(places.root, serves=own.serve):
                click.echo(line)
            if own.serve:
                await demo_console.stay(await demo_console.let_in(gateway), click.echo, browse=own.browse)
        finally:
            await gateway.stop()
    if not done:
        click.echo(
            f"Not everything was finished after {PATIENCE:.0f} seconds; the table shows how far it came.", err=True
        )
    return 0 if done and proof.ok and seen.to_the_cent else 1


@click.command()
@click.option("--claims", default=500, show_default=True, type=click.IntRange(1, 20_000), help="How many claims.")
@click.option("--seed", default=7, show_default=True, help="Another seed makes other claims and other answers.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="Where; made afresh."
)
@click.option(
    "--chain",
    "chains",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A chain of your own, beside the shipped ones; may be given again.",
)
@click.option(
    "--plugins-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own plugins, for these chains.",
)
@click.option("--serve", is_flag=True, help="Go on afterwards with the console open, until Ctrl+C.")
@click.option("--open", "browse", is_flag=True, help="The same, and open it in a browser.")
def demo(
    claims: int,
    seed: int,
    folder: Path,
    chains: tuple[Path, ...],
    plugins_dir: Path | None,
    serve: bool,
    browse: bool,
) -> None:
    """Watch claims leave through a practice clearinghouse and come back paid and posted to the cent."""
    places = Places(folder.resolve())
    if places.root.exists() and not (places.root / ".gateway-demo").exists() and any(places.root.iterdir()):
        raise click.ClickException(f"{folder} holds something else; name another folder with --folder.")
    shutil.rmtree(places.root, ignore_errors=True)
    places.root.mkdir(parents=True)
    (places.root / ".gateway-demo").touch()
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(_run(places, claims, seed, Own(chains, plugins_dir, serve or browse, browse), _Screen())))
    sys.exit(130)
