"""`gateway claim`: look into one claim, correct it in place, cancel it, replace or void one that the payer has."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from .again_commands import do_and_wait, one_claim
from .commands import database, not_done
from .looking import dollars, looking, note_look

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection

    from ..config import Config
    from ..core.flow.again import Again
    from ..core.flow.preview import Asking, Preview
    from ..core.x12.correcting import Change

_REASON = click.option("--reason", default="", help="Why; it stands on the timeline.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
_SET = click.option(
    "--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A field or place, and its value; may be repeated."
)


@click.group()
def claim() -> None:
    """One claim: its fields, correcting it in place, cancelling, replacing or voiding it."""


@claim.command("show")
@click.argument("number", metavar="CLAIM")
@click.option("--segments", is_flag=True, help="Its segments, too.")
@_FORMAT
@click.pass_obj
def claim_show(config_path: Path, number: str, segments: bool, form: str) -> None:
    """The fields of CLAIM (its number, or the one in our books) by name, with place and value. The look is in the
    access log: it shows who the patient is."""
    from ..core.flow.again import CannotBeDone
    from ..core.flow.claim_view import view

    config = require(config_path, secrets=False)
    with looking(config) as engine, engine.connect() as connection:
        claim_id = one_claim(connection, number)
        note_look(config, f"claim show {claim_id}")
        try:
            found = view(connection, claim_id)
        except CannotBeDone as error:
            raise click.ClickException(str(error)) from error
    if form == "json":
        data = found.as_data()
        if segments:
            data["segments"] = found.segments
        click.echo(json.dumps(data, indent=2, default=str))
        return
    click.echo(f"Claim {found.claim_number}: {found.state}, {dollars(found.charge_cents)}, version {found.version}")
    if found.why_not:
        click.echo(f"It cannot be corrected in place: {found.why_not}.")
    width = max((len(one.name) for one in found.fields), default=0)
    places = max((len(one.place) for one in found.fields), default=0)
    for one in found.fields:
        click.echo(f"  {one.name:<{width}}  {one.place:<{places}}  {one.value}".rstrip())
    for text in found.segments if segments else ():
        click.echo(text)


@claim.command("correct")
@click.argument("number", metavar="CLAIM")
@_SET
@click.option("--add", "added", multiple=True, metavar="SEGMENT", help="A segment, such as 'line 1 REF*G1*A123'.")
@click.option("--remove", "removed", multiple=True, metavar="TAG", help="Segments, such as 'REF[G1]' or 'line 2 NTE'.")
@click.option("--preview", "only_preview", is_flag=True, help="Only say what would come of it; nothing is changed.")
@click.option(
    "--root-cause", default="", metavar="CODE", help="Where it went wrong, of config/tables/root_causes.yaml."
)
@click.option("--version", default=0, metavar="N", help="Only if the claim is still the version that you saw.")
@_REASON
@_WHO
@_FORMAT
@click.pass_obj
def claim_correct(
    config_path: Path,
    number: str,
    settings: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    only_preview: bool,
    root_cause: str,
    version: int,
    reason: str,
    who: str,
    form: str,
) -> None:
    """Correct CLAIM in place, and have it decided again. A held claim goes on; one that was refused goes again, in a
    new interchange under the same number; one that our own check did not take in is taken in.

    A field is named as gateway claim show names it ('subscriber id=...', 'line 2 modifiers=RR,KH'), or by its place
    ('2010BA NM109=...').

    Exit code of a preview: 0: it would go. 1: something would keep it back.
    """
    changes = _typed(settings, added, removed)
    by = who or getpass.getuser()
    if only_preview:
        found = _previewed(require(config_path, secrets=False), number, changes, by)
        click.echo(json.dumps(found._asdict(), indent=2, default=str) if form == "json" else "\n".join(_lines(found)))
        sys.exit(0 if found.goes else 1)

    def ask(connection: Connection, config: Config, asker: str, now: dt.datetime) -> list[Again]:
        from ..core.clock import business_date
        from ..core.flow.correct import correct

        claim_id = one_claim(connection, number)
        today = business_date(now, config.gateway.organisation.time_zone)
        return [
            correct(
                connection,
                config,
                claim_id,
                changes,
                asker,
                reason,
                now,
                today=today,
                root_cause=root_cause,
                version=version,
            )
        ]

    do_and_wait(config_path, ask, by)


def _typed(settings: tuple[str, ...], added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> list[Change]:
    from ..core.x12.correcting import NotCorrected, typed

    try:
        return typed(settings, added, removed)
    except NotCorrected as error:
        raise click.UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def _previewed(config: Config, number: str, changes: list[Change], who: str) -> Preview:
    from ..core.flow import preview
    from ..core.flow.again import CannotBeDone

    with looking(config) as engine, engine.connect() as connection:
        claim_id = one_claim(connection, number)
        try:
            asking = preview.ask(connection, claim_id, changes, who)
            url = engine.url.render_as_string(hide_password=False)
        except CannotBeDone as error:
            raise not_done(error) from error
    try:
        return asyncio.run(_ask(config, url, asking))
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error


async def _ask(config: Config, url: str, asking: Asking) -> Preview:
    """Have it decided in a process of this command's own; the configuration goes there by way of a folder that is gone
    afterwards."""
    from ..core.clock import SystemClock, business_date
    from ..core.engine.decide_pool import DecidePool
    from ..core.flow import preview, stored_config
    from ..core.store.archive import Archive

    today = business_date(SystemClock().now(), config.gateway.organisation.time_zone)
    pool = DecidePool(1, memory_mb=config.gateway.workers.decide_memory_mb)
    with tempfile.TemporaryDirectory(prefix="gateway-preview-") as folder:
        archive = Archive(Path(folder))
        stored_config.keep(archive, config)
        try:
            return await preview.preview(preview.Ground(pool, config, folder, url, today), asking)
        finally:
            await pool.close()


def _lines(found: Preview) -> Iterator[str]:
    yield f"Claim {found.claim_number}, version {found.version}: {found.what}"
    for one in found.changes:
        yield f"  change   {one}"
    for hold in found.holds:
        rule = f" [{hold['rule']}]" if hold["rule"] else ""
        new = "new hold" if hold["new"] else "hold"
        yield f"  {new:<8} {_on_line(hold)}{hold['reason']}{rule}"
    for gone in found.gone:
        yield f"  gone     {gone}"
    for finding in found.findings:
        yield f"  {finding['severity']:<8} {_on_line(finding)}{finding['message']} [{finding['rule']}]"
    for noted in found.guide:
        yield f"  guide    {_on_line(noted)}{noted['message']}"
    yield "Nothing was changed."


def _on_line(one: dict[str, Any]) -> str:
    return f"line {one['line']}: " if one["line"] else ""


def _again(frequency: str, config_path: Path, number: str, settings: tuple[str, ...], reason: str, who: str) -> None:
    changes = _typed(settings)

    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..config.locations import Locations
        from ..core.flow.replace import replace
        from ..core.store.archive import Archive

        archive = Archive(Locations(config).archive_dir)
        claim_id = one_claim(connection, number)
        return [replace(connection, archive, config, claim_id, frequency, changes, by, reason, now)]

    with database(require(config_path, secrets=False)):
        do_and_wait(config_path, ask, who or getpass.getuser())


@claim.command("replace")
@click.argument("number", metavar="CLAIM")
@_SET
@_REASON
@_WHO
@click.pass_obj
def claim_replace(config_path: Path, number: str, settings: tuple[str, ...], reason: str, who: str) -> None:
    """Send CLAIM, which its payer has, again as a replacement (frequency 7), changed as --set says, under the payer's
    number of it (REF*F8). Which payers take that: config/tables/payer_frequency.yaml."""
    _again("7", config_path, number, settings, reason, who)


@claim.command("void")
@click.argument("number", metavar="CLAIM")
@_REASON
@_WHO
@click.pass_obj
def claim_void(config_path: Path, number: str, reason: str, who: str) -> None:
    """Have the payer take CLAIM back as if it had never been sent (frequency 8, REF*F8). Which payers take that:
    config/tables/payer_frequency.yaml."""
    _again("8", config_path, number, (), reason, who)


@claim.command("cancel")
@click.argument("number", metavar="CLAIM")
@_REASON
@_WHO
@click.pass_obj
def claim_cancel(config_path: Path, number: str, reason: str, who: str) -> None:
    """Withdraw CLAIM, which no payer has: one of two that came twice, or one that should never have come. What it was
    charged is taken back, and what waited because of it goes on."""

    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..core.clock import business_date
        from ..core.flow.cancel import cancel

        today = business_date(now, config.gateway.organisation.time_zone)
        return [cancel(connection, one_claim(connection, number), by, reason, now, today)]

    do_and_wait(config_path, ask, who or getpass.getuser())
