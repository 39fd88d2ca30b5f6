"""`gateway rejection`: what was refused, where the fault is, and what to do; and `gateway report rejections`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from .commands import change
from .looking import looking, moment, note_look
from .work_commands import amount, show

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..core.flow.rejections import Rejection


@click.group()
def rejection() -> None:
    """Claims that were refused on the way: where the fault is, in plain words, and what to do."""


@rejection.command("list")
@click.option("--payer", default="", help="Only of this payer.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.pass_obj
def rejection_list(config_path: Path, payer: str, as_csv: bool) -> None:
    """Claims that are rejected now, by a partner or by our own check as they came: with the edit that refused each, the
    place of the fault, and what to do; the most dollars first."""
    from ..core.flow.rejection_queue import rejected

    config = require(config_path, secrets=False)
    found = change(config, lambda connection: rejected(connection, config, payer))
    rows = [
        (one.claim_id, one.number, amount(one.cents), one.payer, one.edit, one.where, one.since, one.do)
        for one in found
    ]
    columns = ("claim", "number", "dollars", "payer", "edit", "where", "since", "do")
    show(columns, rows, as_csv, "No claim is rejected.")


@rejection.command("show")
@click.argument("number", metavar="CLAIM")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def rejection_show(config_path: Path, number: str, form: str) -> None:
    """Every refusal of CLAIM, the newest first: loop, segment and element, the field by its name, what was said of it,
    what stands there now, and what to do. The look is in the access log."""
    from zoneinfo import ZoneInfo

    from ..config.locations import Locations
    from ..core.flow.again import CannotBeDone
    from ..core.flow.rejections import of_claim
    from ..core.flow.rejections import require as some
    from ..core.store.archive import Archive
    from .again_commands import one_claim

    config = require(config_path, secrets=False)
    with looking(config) as engine, engine.connect() as connection:
        claim_id = one_claim(connection, number)
        note_look(config, f"rejection show {claim_id}")
        archive = Archive(Locations(config).archive_dir)
        found = of_claim(connection, archive, config, claim_id, values=True)
    try:
        some(found, number)
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps([one.as_data() for one in found], indent=2, default=str))
        return
    for one in found:
        click.echo("\n".join(_lines(one, ZoneInfo(config.gateway.organisation.time_zone))))


def _lines(one: Rejection, zone: ZoneInfo) -> Iterator[str]:
    by = f"by {one.by}" + (f" in {one.file} (file {one.file_id})" if one.file else "")
    yield f"Rejected {by}, {moment(one.at, zone)}: {one.edit}"
    for fault in one.faults:
        yield f"  where     {fault.where or 'no place in the claim was named'}"
        yield f"  said      {fault.said}"
        if fault.value is not None:
            yield f"  value     {fault.value or '(empty)'}"
        yield f"  do        {fault.do}"
    yield f"  caught by {one.rule}"


@click.command("rejections")
@click.option(
    "--by",
    type=click.Choice(["edit", "payer", "source", "biller", "cause"]),
    default="edit",
    show_default=True,
    help="What is counted: biller is the billing provider's NPI, cause the root cause that was said at the correction.",
)
@click.option("--week", default="", metavar="2026-W12", help="Which week (Monday to Sunday); this one without it.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def report_rejections(config_path: Path, by: str, week: str, as_csv: bool, form: str) -> None:
    """What front ends refused in a week, and what our own check did not take in, the most frequent first, with the
    share of each and of all up to it; and the rule that would have caught each edit."""
    from typing import cast

    from ..core.clock import SystemClock, business_date
    from ..core.flow import rejection_report
    from ..core.flow.again import CannotBeDone

    config = require(config_path, secrets=False)
    today = business_date(SystemClock().now(), config.gateway.organisation.time_zone)
    try:
        monday = rejection_report.week_of(week, today)
    except CannotBeDone as error:
        raise click.UsageError(str(error)) from error
    grouped = cast(rejection_report.By, by)
    with looking(config) as engine, engine.connect() as connection:
        found = rejection_report.report(connection, config, monday, grouped)
    if form == "json":
        click.echo(json.dumps(rejection_report.as_data(found), indent=2))
        return
    columns, rows = rejection_report.as_rows(found)
    if not as_csv:
        own = f"; {found.own:,} not taken in at our own door" if found.own else ""
        click.echo(
            f"{found.first:%m/%d/%Y} to {found.last:%m/%d/%Y}: {found.rejected:,} refusals of claims, "
            f"{found.submitted:,} sendings ({found.rate}%){own}\n"
        )
    show(columns, rows, as_csv, "Nothing was refused.")
