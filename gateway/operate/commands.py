"""The commands of an operator: serve, worker, doctor, backup, restore, purge, upgrade, token, partner."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..config.commands import NotAsked, require

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ..config import Config
    from ..config.locations import Locations
    from ..server import Gateway

T = TypeVar("T")
WORKER_GIVES_WAY = 5
"""How much less a worker beside a gateway that serves is preferred, where both want the processor."""


@contextmanager
def database(config: Config) -> Iterator[tuple[Engine, Locations]]:
    """The business database that a configuration names, for one command.

    Raises:
        NotAsked: there is none yet, or it cannot be reached.
    """
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from ..config.locations import Locations
    from ..core.store.engine import is_sqlite, make_sync_engine, sync_url
    from ..plugins.settings import SecretMissing

    try:
        places = Locations(config)
    except SecretMissing as error:
        raise NotAsked(f"The database's URL is not known here: {error}. Set it as the service has it.") from None
    if is_sqlite(places.business_url) and not Path(str(sync_url(places.business_url).database)).exists():
        raise NotAsked(f"There is no database at {places.business_url} yet. Start the gateway once: gateway serve")
    engine = make_sync_engine(places.business_url)
    try:
        yield engine, places
    except (OperationalError, ProgrammingError) as error:
        raise NotAsked(f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}") from error
    finally:
        engine.dispose()


def change(config: Config, function: Callable[[Connection], T]) -> T:
    """`function(connection)` in one transaction of the business database."""
    with database(config) as (engine, _), engine.begin() as connection:
        return function(connection)


def not_done(error: ValueError) -> click.ClickException:
    """What cannot be done, for whoever typed the command: what is missing is told by its option."""
    from ..core.flow.again import NeedsWhoAndWhy

    options = {"who": "--by", "reason": "--reason"}
    return click.ClickException(error.told(options) if isinstance(error, NeedsWhoAndWhy) else str(error))


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{what}: {done:,} of {total:,}  ", err=True, nl=done >= total)


def set_up_log(config: Config) -> None:
    """Logs as the configuration wants them, on standard error."""
    import logging

    import structlog

    level = getattr(logging, config.gateway.log_level.upper())
    last: Any = (
        structlog.processors.JSONRenderer()
        if config.gateway.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def _run(gateway: Gateway) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await gateway.start()
    asked: set[asyncio.Task[Any]] = set()

    def reload() -> None:
        task = loop.create_task(gateway.reload())
        asked.add(task)  # a task that nobody keeps may be gone before it ends
        task.add_done_callback(asked.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        await stop.wait()
    finally:
        await gateway.stop()


def _serve(config_path: Path, executor: str, doors: bool, only: str = "") -> None:
    from sqlalchemy.exc import OperationalError

    from ..config.locations import Locations
    from ..core.store.engine import is_sqlite
    from ..core.store.migrate import NewerDatabase
    from ..core.store.plugin_rows import PluginTablesRefused
    from ..server import Gateway
    from .only_one import alone

    config = require(config_path)
    set_up_log(config)
    places = Locations(config)
    embedded = is_sqlite(places.business_url)
    if embedded and (only or not doors):
        raise click.ClickException(
            "Several processes need PostgreSQL: set database.url in gateway.yaml, or run gateway serve."
        )
    places.prepare()
    if not embedded and (only == "worker" or not doors):
        _give_way()
    with alone(places.data_dir) if embedded else nullcontext():
        try:
            asyncio.run(_run(Gateway(config, executor=executor, doors=doors, only=only)))
        except (RuntimeError, NewerDatabase, PluginTablesRefused, OSError, OperationalError) as error:
            raise click.ClickException(_sentence(error, config)) from error


def _give_way() -> None:
    """Let those who answer people come first on this machine: this process answers nobody."""
    with suppress(OSError):
        os.nice(WORKER_GIVES_WAY)


def _sentence(error: Exception, config: Config) -> str:
    """Why the gateway does not run, for the person who started it."""
    import errno

    from sqlalchemy.exc import OperationalError

    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        web = config.gateway.web
        return f"Something listens on {web.host}:{web.port} already. Stop it, or set web.port in gateway.yaml."
    if isinstance(error, OperationalError):
        return f"The database cannot be reached: {str(error.orig).strip().splitlines()[0]}"
    return str(error)


@click.command()
@click.option(
    "--id", "executor", default="", help="Name of this process, the same after each restart (default: the host's)."
)
@click.option(
    "--only",
    type=click.Choice(["web", "worker"]),
    help="Half of it (PostgreSQL), the other half in a process of its own: the web, or drop folders and work.",
)
@click.pass_obj
def serve(config_path: Path, executor: str, only: str | None) -> None:
    """Run the gateway: doors, schedules and work, until it is told to stop."""
    _serve(config_path, executor, doors=True, only=only or "")


@click.command()
@click.option("--id", "executor", required=True, help="Name of this worker, unique, the same after each restart.")
@click.pass_obj
def worker(config_path: Path, executor: str) -> None:
    """Work beside a gateway that serves (PostgreSQL only)."""
    _serve(config_path, executor, doors=False)


@click.command()
@click.option("--quick", is_flag=True, help="Look at the sizes of archived files instead of reading them.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def doctor(config_path: Path, quick: bool, form: str) -> None:
    """Look whether everything is there and adds up. Changes nothing; exits 1 where something is wrong."""
    import json

    from ..core.clock import SystemClock
    from ..core.store.archive import Archive
    from .doctor import examine

    config = require(config_path, secrets=False)
    with database(config) as (engine, places):
        checks = list(
            examine(engine, Archive(places.archive_dir), config, SystemClock().now(), quick=quick, progress=_progress)
        )
    if form == "json":
        click.echo(json.dumps([check._asdict() for check in checks], indent=2))
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'BAD '} {check.name:<9} {check.said}")
            for example in check.examples:
                click.echo(f"               {example}")
    sys.exit(0 if all(check.ok for check in checks) else 1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def backup(config_path: Path, folder: Path) -> None:
    """Copy everything into a new FOLDER, while the gateway runs."""
    from ..core.clock import SystemClock
    from ..core.store.archive import Archive
    from ..core.store.engine import system_url
    from .backup import BackupFailed
    from .backup import backup as take

    config = require(config_path, secrets=False)
    with database(config) as (_, places):
        engine_url = places.engine_url or system_url(places.business_url)
        try:
            count = take(
                places.business_url, engine_url, Archive(places.archive_dir), folder, SystemClock().now(), _progress
            )
        except BackupFailed as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: the database and {count:,} archived file(s).")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def restore(config_path: Path, folder: Path) -> None:
    """Bring the backup in FOLDER back, into an empty place. Partners stay stopped afterwards."""
    from ..config.locations import Locations
    from ..core.clock import SystemClock
    from ..core.store.engine import system_url
    from .backup import BackupFailed
    from .backup import restore as bring_back

    config = require(config_path, secrets=False)
    places = Locations(config)
    places.prepare()
    engine_url = places.engine_url or system_url(places.business_url)
    names = [partner.name for partner in config.partners]
    try:
        count = bring_back(
            folder, places.business_url, engine_url, places.archive_dir, names, SystemClock().now(), _progress
        )
    except BackupFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"Restored the database and {count:,} archived file(s). Partners are stopped: ask each what it received since "
        "the backup, then: gateway partner start NAME"
    )


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--plugin-rows", default="", metavar="NAME", help="Instead: all rows of a plugin that no chain uses.")
@click.pass_obj
def purge(config_path: Path, dry_run: bool, plugin_rows: str) -> None:
    """Remove what the retention policy no longer keeps."""
    from ..core.clock import SystemClock
    from ..core.store.archive import Archive
    from .purge import purge as remove
    from .purge import rows_of_plugin

    config = require(config_path, secrets=False)
    if plugin_rows:
        if any(one.plugin == plugin_rows for one in config.plugin_tables()):
            raise click.ClickException(f"A chain uses the plugin {plugin_rows}; take it out of the chains first.")
        gone = change(config, lambda connection: rows_of_plugin(connection, plugin_rows, dry_run=dry_run))
        if not gone:
            raise click.ClickException(f"No plugin {plugin_rows} keeps rows here.")
        told = ", ".join(f"{name} ({count:,} rows)" for name, count in gone.items())
        click.echo(f"{'Would remove' if dry_run else 'Removed'} {told}.")
        return
    with database(config) as (engine, places):
        done = remove(
            engine, Archive(places.archive_dir), config.gateway.retention, SystemClock().now(), dry_run=dry_run
        )
    verb = "Would remove" if dry_run else "Removed"
    click.echo(
        f"{verb} {done.files:,} archived file(s) of {done.size:,} bytes, {done.orphans:,} left by interruptions, and "
        f"{done.access_rows:,} line(s) of the access log."
    )


@click.command()
@click.pass_obj
def upgrade(config_path: Path) -> None:
    """Bring the database to the schema of this version."""
    from ..core.store import migrate

    config = require(config_path, secrets=False)
    with database(config) as (engine, _):
        try:
            done = migrate.upgrade(engine)
        except migrate.NewerDatabase as error:
            raise click.ClickException(str(error)) from error
    click.echo("The database was upgraded." if done else "The database is up to date.")


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="submit, read, work, post, metrics or admin; may be repeated.",
)
@click.option("--expires", default="", metavar="TIME", help="After so long it opens nothing any more, as 90d or 12h.")
@click.pass_obj
def token_add(config_path: Path, name: str, scopes: tuple[str, ...], expires: str) -> None:
    """Make a token called NAME and show it, this once."""
    from ..core.clock import SystemClock
    from ..core.store import tokens
    from ..plugins.settings import parse_seconds

    now = SystemClock().now()
    try:
        until = now + dt.timedelta(seconds=parse_seconds(expires)) if expires else None
        secret = change(
            require(config_path, secrets=False), lambda connection: tokens.add(connection, name, scopes, now, until)
        )
    except OverflowError:
        raise click.ClickException("That is longer than anything lasts; leave --expires out.") from None
    except (tokens.TokenExists, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(secret)


@token.command("list")
@click.pass_obj
def token_list(config_path: Path) -> None:
    """Every token: its scopes, when it was made, last used, and when it expires."""
    from ..core.clock import SystemClock
    from ..core.store import tokens

    now = SystemClock().now()
    for one in change(require(config_path, secrets=False), tokens.every):
        state = f"used {one.last_used_at:%m/%d/%Y %H:%M} UTC" if one.last_used_at else "never used"
        if one.expires_at is not None:
            state += f", {'expired' if one.expires_at <= now else 'expires'} {one.expires_at:%m/%d/%Y %H:%M} UTC"
        if one.revoked_at is not None:
            state = f"revoked {one.revoked_at:%m/%d/%Y}"
        click.echo(f"{one.name:<24} {','.join(one.scopes):<20} made {one.created_at:%m/%d/%Y}  {state}")


@token.command("revoke")
@click.argument("name")
@click.pass_obj
def token_revoke(config_path: Path, name: str) -> None:
    """Let a token open nothing any more."""
    from ..core.clock import SystemClock
    from ..core.store import tokens

    if not change(
        require(config_path, secrets=False), lambda connection: tokens.revoke(connection, name, SystemClock().now())
    ):
        raise click.ClickException(f"No token is called {name!r}, or it is revoked already.")
    click.echo(f"{name} is revoked.")


@click.group()
def partner() -> None:
    """Clearinghouses and payers: how their lines do, and starting one that was stopped."""


@partner.command("list")
@click.pass_obj
def partner_list(config_path: Path) -> None:
    """Every partner and its line."""
    from ..core.store import partners

    config = require(config_path, secrets=False)
    with database(config) as (engine, _), engine.connect() as connection:
        for one in config.partners:
            line = partners.line(connection, one.name)
            last = (
                f"last reached {line.last_success_at:%m/%d/%Y %H:%M} UTC" if line.last_success_at else "not reached yet"
            )
            state = f"{line.failures} failure(s) in a row"
            if line.stopped:
                state = f"STOPPED: {line.stopped.removeprefix('Stopped: ')}"
            elif line.error:
                state += f": {line.error}"
            click.echo(f"{one.name:<24} {last:<34} {state}")


@partner.command("start")
@click.argument("name")
@click.pass_obj
def partner_start(config_path: Path, name: str) -> None:
    """Try a stopped partner again; what waits for it is sent."""
    from ..config.locations import Locations
    from ..core.clock import SystemClock
    from ..core.flow import lines, outgoing, stored_config

    config = require(config_path, secrets=False)
    if config.partner(name) is None:
        known = ", ".join(sorted(one.name for one in config.partners))
        raise click.ClickException(f"No partner is called {name!r}. The configuration has: {known}.")

    def start(connection: Connection) -> tuple[int, bool]:
        now = SystemClock().now()
        lines.restart(connection, name, "command line", now)
        waiting = outgoing.resume_partner(connection, name, "command line", now)
        return waiting, stored_config.was_used(connection, config.hash)

    waiting, in_force = change(config, start)
    click.echo(f"{name} is started; {waiting} batch(es) that waited for it go out.")
    if not in_force:
        from .only_one import serving

        process = serving(Locations(config).data_dir)
        click.echo(
            f"But the configuration in {config.root} has changed, and no gateway has read it yet: one that runs goes "
            f"on with the old one. Have it read again (kill -HUP {process or 'its process'}, or systemctl reload), "
            f"then once more: gateway partner start {name}"
        )
