"""`gateway sandbox`: a practice clearinghouse to send to, and invented claims to send."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.day import DAY
from .catalogue import MIX
from .generate import FAULT_SHARE

if TYPE_CHECKING:
    from .server import Sandbox
    from .settings import SandboxSettings

PORT = 2222
PASSWORD = "PRACTICE_PASSWORD"


@click.group()
def sandbox() -> None:
    """A practice clearinghouse, and invented claims to send."""


@sandbox.command()
@click.option("--claims", "count", type=click.IntRange(1), default=500, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same claims.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; claims-SEED.837 without it.")
@click.option("--format", "kind", type=click.Choice(["837", "json"]), default="837", show_default=True)
@click.option("--today", type=DAY, help="Services lie in the two months before this day.")
@click.option(
    "--faults",
    type=click.FloatRange(0, 1),
    default=FAULT_SHARE,
    show_default=True,
    help="Share of the claims with a fault of a biller.",
)
@click.option("--family", "families", multiple=True, type=click.Choice(sorted(MIX)), help="Only these products.")
@click.option("--per-set", type=click.IntRange(1, 5000), default=5000, show_default=True, help="Claims in one ST.")
@click.option("--expected", type=click.Path(dir_okay=False, path_type=Path), help="Write the faults put in, as JSON.")
@click.option(
    "--papers",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what stands behind the claims into this folder: deliveries, equipment, orders, authorizations.",
)
def generate(
    count: int,
    seed: int,
    out: Path | None,
    kind: str,
    today: dt.datetime | None,
    faults: float,
    families: tuple[str, ...],
    per_set: int,
    expected: Path | None,
    papers: Path | None,
) -> None:
    """Write invented claims of a home-medical-equipment supplier: oxygen, PAP and resupply, beds, wheelchairs,
    nebulizers, diabetic supplies; for Medicare, Medicaid, commercial plans, and second payers."""
    from .write import write_837, write_json

    path = out or Path(f"claims-{seed}.{kind}")
    day = today.date() if today else None
    chosen = families or None
    if kind == "json":
        written = write_json(path, count, seed, today=day, fault_share=faults, families=chosen)
    else:
        written = write_837(path, count, seed, today=day, fault_share=faults, families=chosen, claims_per_set=per_set)
    if papers:
        from .generate import generate_claims
        from .papers import papers_of, write_papers
        from .write import business_day, faults_in

        day = business_day(day)
        made = generate_claims(count, seed, day, fault_share=faults, faults=faults_in(kind), families=chosen)
        write_papers(papers, papers_of(made, seed, day))
    if expected:
        expected.write_text(json.dumps(written.expected_faults, indent=1) + "\n", encoding="utf-8")
    names = ", ".join(str(each) for each in written.paths)
    click.echo(
        f"{written.claims} claims with {written.lines} lines, ${written.charge / 100:,.2f} charged, in {names}; "
        f"{len(written.expected_faults)} of them have a fault that a scrubber should find."
    )


@sandbox.command()
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file: partners, delays, shares, faults. One partner, stillwater, without it.",
)
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/sandbox"))
@click.option("--port", type=click.IntRange(0, 65535), help=f"{PORT}, unless the settings name one; 0: any.")
@click.option("--seed", type=int, help="In place of the settings' own.")
def serve(settings_file: Path | None, folder: Path, port: int | None, seed: int | None) -> None:
    """Run the practice clearinghouse on this machine until it is interrupted.

    The password of stillwater is that in PRACTICE_PASSWORD, else one that is made at the first start.
    """
    from .settings import load_settings

    try:
        settings = load_settings(settings_file) if settings_file else _default()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    said = settings.port if "port" in settings.model_fields_set else PORT
    settings = settings.model_copy(update={"port": said if port is None else port})
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, folder, seed))


@sandbox.command()
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/sandbox"))
@click.option("--user", default="stillwater", show_default=True, help="The partner that was paid.")
@click.option("--day", type=DAY, required=True, help="The day of the bank's file.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def bank(folder: Path, user: str, day: dt.datetime, out: Path) -> None:
    """Write the practice bank's BAI2 file of what the clearinghouse in DIR has paid."""
    from .bank import bank_file
    from .settings import SandboxPartner
    from .state import State

    if not (folder / "state.db").exists():
        raise click.ClickException(f"No practice clearinghouse has run in {folder}.")
    state = State(folder / "state.db")
    try:
        payments = state.payments(user)
    finally:
        state.close()
    out.write_bytes(bank_file(payments, SandboxPartner(user=user), day.date()))
    count, cents = sum(one.cents > 0 for one in payments), sum(one.cents for one in payments)
    click.echo(f"{out}: {count:,} payments, ${cents / 100:,.2f}.")


def _default() -> SandboxSettings:
    from .settings import SandboxPartner, SandboxSettings

    partner = SandboxPartner(user="stillwater", password=os.environ.get(PASSWORD) or None)
    return SandboxSettings(partners=(partner,))


async def _serve(settings: SandboxSettings, folder: Path, seed: int | None) -> None:
    from .server import Sandbox

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with Sandbox(settings, folder, seed=seed) as running:
            _tell(running, folder)
            await stop.wait()
    except OSError as error:
        raise click.ClickException(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo("The practice clearinghouse has stopped; its folder keeps what it knows.")


def _tell(running: Sandbox, folder: Path) -> None:
    click.echo(f"The practice clearinghouse listens on {running.host}:{running.port}")
    click.echo(f"  host key     {running.host_key}")
    click.echo(f"  fingerprint  {running.host_key_fingerprint}")
    for partner in running.settings.partners:
        login = running.credentials(partner.user)
        how = "by public key only"
        if login.password is not None:
            kept = folder / f"password.{partner.user}"
            how = f"with the password in {kept}" if kept.exists() and not partner.password else "with its password"
        click.echo(f"  {partner.user}: {how}; put claims into {partner.incoming}/, answers come in {partner.outgoing}/")
        click.echo(f"    try: sftp -P {running.port} {partner.user}@{running.host}")
    click.echo(f"Everything is in {folder}. Ctrl-C stops it.")
