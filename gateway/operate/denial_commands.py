"""`gateway denial`: what payers refused, until when they hear, and what is done about it."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config.commands import require
from ..config.day import DAY
from .again_commands import claim_ids_of, do_and_wait
from .commands import change, database, not_done
from .looking import day, looking, moment, note_look
from .queue_filters import known_names
from .work_commands import amount, now_of, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..config import Config
    from ..core.flow.again import Again
    from ..core.flow.denial_acts import Asked, Done
    from ..core.flow.denial_list import Listed
    from ..core.store.archive import Archive

_ID = click.argument("denial_id", type=click.IntRange(1), metavar="ID")
_REASON = click.option("--reason", default="", help="Why; it stands on the timeline, and in a letter.")
_WHO = click.option("--by", "who", default="", help="Who says so (default: the name you are signed in with).")
_DOCUMENTS = click.option(
    "--document", "documents", multiple=True, type=click.IntRange(1), metavar="ID", help="A document to put behind it."
)
_SAVE = click.option("--save", type=click.Path(path_type=Path), default=None, help="Write the letter into this file.")
_GOOD_CAUSE = click.option("--good-cause", is_flag=True, help="The time is over, and the reason names a good cause.")
COLUMNS = (
    *("id", "claim", "status", "by", "bucket", "dollars", "team", "assignee", "payer", "item", "reason", "remark"),
    *("work_by", "late", "appeal_by", "refile_by", "way", "category"),
)


@click.group()
def denial() -> None:
    """What payers refused: until when they hear, and what is done about it."""


@denial.command("list")
@click.option("--status", default="", help="Only of this status, such as new, in progress, appealed.")
@click.option("--team", default="", help="Only of this team.")
@click.option("--payer", default="", help="Only of the payer with this id.")
@click.option("--reason", default="", help="Only with this adjustment reason code (CARC).")
@click.option("--category", default="", help="Only of this category, such as MEDICAL_NECESSITY.")
@click.option("--assignee", default="", help="Only what this person has.")
@click.option("--claim", "number", default="", help="Only of this claim (its number, or the one in our books).")
@click.option("--bucket", type=click.Choice(["overdue", "7", "14", "30", "later"]), default=None)
@click.option(
    "--waits-for",
    type=click.Choice(["sending", "approval"]),
    default=None,
    help="A letter to send, a write-off to approve.",
)
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many; CSV has them all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def denial_list(
    config_path: Path,
    /,
    number: str,
    bucket: str | None,
    waits_for: str | None,
    limit: int,
    as_csv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Denials in the order in which they should be worked: by how near the date is that costs money (timely filing,
    appeal), then the most dollars first, then the oldest."""
    from ..core.flow import denial_list as lists
    from ..core.work.priority import Bucket

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    note_look(config, "denial list")
    with looking(config) as engine, engine.connect() as connection:
        known_names(connection, config, team=given["team"])
        claim_id = _claim(connection, number) if number else None
        which = lists.Which(
            **given, claim_id=claim_id, bucket=Bucket(bucket) if bucket else None, waits_for=waits_for or ""
        )
        found = lists.listed(connection, which, today, limit=None if as_csv else limit)
    if as_json:
        click.echo(json.dumps({"denials": [lists.as_data(one) for one in found]}, indent=2))
        return
    show(COLUMNS, [_row(one, as_csv) for one in found], as_csv, "No denial is open.")


def _row(one: Listed, as_csv: bool) -> Sequence[object]:
    in_words = (lambda date: date) if as_csv else day
    status = f"{one.status} {one.level}" if one.level and one.status == "appealed" else one.status
    return (
        *(one.id, one.claim, status, in_words(one.by), one.bucket.value, amount(one.cents), one.team, one.assignee),
        *(one.payer_id, one.code or "claim", f"{one.group}-{one.reason}", one.remark, in_words(one.work_by)),
        *("late" if one.late else "", in_words(one.appeal_by), in_words(one.refile_by), one.way, one.category),
    )


def _claim(connection: Connection, number: str) -> int:
    from ..core.flow.again import CannotBeDone

    try:
        (claim_id,) = claim_ids_of(connection, [number])
    except CannotBeDone as error:
        raise click.ClickException(str(error)) from error
    return claim_id


@denial.command("show")
@_ID
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program.")
@click.pass_obj
def denial_show(config_path: Path, denial_id: int, as_json: bool) -> None:
    """One denial: why, its dates, and everything that was done about it."""
    from zoneinfo import ZoneInfo

    from ..core.flow import denial_list as lists

    config = require(config_path, secrets=False)
    today = now_of(config)[1]
    note_look(config, f"denial show {denial_id}")
    with looking(config) as engine, engine.connect() as connection:
        told = lists.one(connection, denial_id, today)
    if told is None:
        raise click.ClickException(f"There is no denial {denial_id}. See: gateway denial list")
    if as_json:
        click.echo(json.dumps(lists.told_data(told), indent=2))
        return
    one, zone = told.denial, ZoneInfo(config.gateway.organisation.time_zone)
    who = f" by {one.assignee}" if one.status == "in progress" else ""
    click.echo(f"Denial {one.id} of claim {one.claim}: {one.status}{who}, ${amount(one.cents)}, {one.category}")
    for name, value in (
        ("why", told.reason),
        ("payer hears", {"appeal": "an appeal", "resubmit": "only a new claim", "none": "nothing"}[one.way]),
        ("appeal by", day(one.appeal_by)),
        ("reopen by", day(one.reopen_by)),
        ("file by", day(one.refile_by)),
        ("work by", day(one.work_by)),
        ("recovered", f"${amount(one.recovered_cents)}" if one.ended_on else ""),
        ("ended", day(one.ended_on)),
    ):
        if value:
            click.echo(f"  {name:<12} {value}")
    for act in told.acts:
        letter = f" Letter: {act['name']}" if act["sha256"] else ""
        click.echo(f"  {moment(act['at'], zone)} {act['who']}: {act['outcome']} {act['why']}{letter}")


# --- what is done ----------------------------------------------------------------------------------


def _done(
    config_path: Path, who: str, reason: str, verb: Callable[[Connection, Archive, Asked], Done]
) -> tuple[Config, Done]:
    """Do it in one transaction, and tell."""
    from ..config.locations import Locations
    from ..core.flow.again import CannotBeDone
    from ..core.flow.denial_acts import Asked
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    now = now_of(config)[0]
    with database(config):
        archive = Archive(Locations(config).archive_dir)
        try:
            asked = Asked.at(config, who or getpass.getuser(), reason, now)
            done = change(config, lambda connection: verb(connection, archive, asked))
        except CannotBeDone as error:
            raise not_done(error) from error
    click.echo(f"{done.denial_id}: {done.what}")
    return config, done


def _again(config_path: Path, who: str, reason: str, verb: Callable[[Connection, Archive, Asked], Again]) -> None:
    def ask(connection: Connection, config: Config, by: str, now: dt.datetime) -> list[Again]:
        from ..config.locations import Locations
        from ..core.flow.denial_acts import Asked
        from ..core.store.archive import Archive

        archive = Archive(Locations(config).archive_dir)
        return [verb(connection, archive, Asked.at(config, by, reason, now))]

    with database(require(config_path, secrets=False)):
        do_and_wait(config_path, ask, who or getpass.getuser())


@denial.command("correct")
@_ID
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A field, and its value; repeatable.")
@click.option("--root-cause", default="", metavar="CODE", help="Of config/tables/root_causes.yaml.")
@_REASON
@_WHO
@click.pass_obj
def denial_correct(
    config_path: Path, denial_id: int, settings: tuple[str, ...], root_cause: str, reason: str, who: str
) -> None:
    """Correct the claim of a denial and send it again: as new where the payer could not process it (MA130), else as a
    replacement (frequency 7) where the payer takes one. Fields are named as gateway claim show names them."""
    from ..core.flow import denial_claims
    from .claim_commands import _typed

    changes = _typed(settings)
    _again(
        config_path, who, reason,
        lambda sql, archive, asked: denial_claims.correct(sql, archive, denial_id, asked, changes, root_cause),
    )  # fmt: skip


@denial.command("resubmit")
@_ID
@_REASON
@_WHO
@click.pass_obj
def denial_resubmit(config_path: Path, denial_id: int, reason: str, who: str) -> None:
    """Send the claim of a denial again as it stands, where the payer could not process it (MA130)."""
    from ..core.flow import denial_claims

    _again(config_path, who, reason, lambda sql, _, asked: denial_claims.resubmit(sql, denial_id, asked))


@denial.command("reopen")
@_ID
@_DOCUMENTS
@_SAVE
@_GOOD_CAUSE
@_REASON
@_WHO
@click.pass_obj
def denial_reopen(
    config_path: Path, denial_id: int, documents: tuple[int, ...], save: Path | None, good_cause: bool, reason: str,
    who: str,
) -> None:  # fmt: skip
    """Ask the payer by a letter to reopen a claim because of a clerical error; the reason says which."""
    from ..core.flow import denial_claims

    def verb(connection: Connection, archive: Archive, asked: Asked) -> Done:
        return denial_claims.reopen(connection, archive, denial_id, asked, documents, good_cause=good_cause)

    _lettered(config_path, who, reason, verb, save)


@denial.command("appeal")
@_ID
@_DOCUMENTS
@_SAVE
@_GOOD_CAUSE
@_REASON
@_WHO
@click.pass_obj
def denial_appeal(
    config_path: Path, denial_id: int, documents: tuple[int, ...], save: Path | None, good_cause: bool, reason: str,
    who: str,
) -> None:  # fmt: skip
    """Appeal a denial at its next level: a letter of the house's template (config/letters/appeal.txt), with the facts
    filled in and the documents behind it, as one PDF to print. The reason is what the letter argues."""
    from ..core.flow import denial_claims

    def verb(connection: Connection, archive: Archive, asked: Asked) -> Done:
        return denial_claims.appeal(connection, archive, denial_id, asked, documents, good_cause=good_cause)

    _lettered(config_path, who, reason, verb, save)


def _lettered(
    config_path: Path,
    who: str,
    reason: str,
    verb: Callable[[Connection, Archive, Asked], Done],
    save: Path | None,
) -> None:
    config, done = _done(config_path, who, reason, verb)
    if save is not None:
        _write_letter(config, done.act_id, save)
    else:
        click.echo(f"The letter: gateway denial letter {done.denial_id} FILE")


@denial.command("letter")
@_ID
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def denial_letter(config_path: Path, denial_id: int, file: Path) -> None:
    """Write the last letter about a denial into FILE, as it was made. A file that is there is not touched."""
    from ..core.flow import denial_list as lists

    config = require(config_path, secrets=False)
    note_look(config, f"denial letter {denial_id}")
    with looking(config) as engine, engine.connect() as connection:
        act_id = lists.last_letter(connection, denial_id)
    if not act_id:
        raise click.ClickException(f"No letter was written about denial {denial_id}.")
    _write_letter(config, act_id, file)


def _write_letter(config: Config, act_id: int, file: Path) -> None:
    from ..config.locations import Locations
    from ..core.flow import denial_list as lists
    from ..core.store.archive import Archive, ArchiveDamaged

    with looking(config) as engine, engine.connect() as connection:
        found = lists.letter(connection, act_id)
    if found is None:
        raise click.ClickException("There is no such letter.")
    try:
        data = Archive(Locations(config).archive_dir).read(found.sha256)
        # Only for who asked: it names a patient.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; name another.") from None
    except (ArchiveDamaged, OSError) as error:
        raise click.ClickException(f"It cannot be written: {error}") from error
    click.echo(f"The letter is in {file} ({len(data):,} bytes).")


@denial.command("sent")
@_ID
@click.option("--on", "day_of", type=DAY, required=True, help="The day on which it went out.")
@_REASON
@_WHO
@click.pass_obj
def denial_sent(config_path: Path, denial_id: int, day_of: dt.datetime, reason: str, who: str) -> None:
    """Note that the last letter went out; the reason says how (by mail, by fax, its tracking number)."""
    from ..core.flow import denial_letters

    day_on = day_of.date()
    _done(config_path, who, reason, lambda sql, _, asked: denial_letters.sent(sql, denial_id, asked, day_on))


@denial.command("decided")
@_ID
@click.option("--won/--lost", "won", default=None, required=True, help="What the payer answered.")
@click.option("--on", "day_of", type=DAY, required=True, help="The day of its letter.")
@_REASON
@_WHO
@click.pass_obj
def denial_decided(config_path: Path, denial_id: int, won: bool, day_of: dt.datetime, reason: str, who: str) -> None:
    """Note what the payer answered to an appeal or a reopening. Lost: the next level's date counts from that day."""
    from ..core.flow import denial_claims

    day_on = day_of.date()
    _done(
        config_path, who, reason,
        lambda sql, _, asked: denial_claims.decided(sql, denial_id, asked, day_on, won=won),
    )  # fmt: skip


@denial.command("write-off")
@_ID
@click.option("--rule", default="", help="Under this rule of config/tables/write_off_rules.yaml.")
@_REASON
@_WHO
@click.pass_obj
def denial_write_off(config_path: Path, denial_id: int, rule: str, reason: str, who: str) -> None:
    """Ask to give a denied amount up. Done at once under a rule that allows it, or by somebody who may
    (config/tables/write_off_approvers.yaml); else it waits for one who may."""
    from ..core.flow import denial_money

    _done(config_path, who, reason, lambda sql, _, asked: denial_money.write_off(sql, denial_id, asked, rule=rule))


@denial.command("approve")
@_ID
@_REASON
@_WHO
@click.pass_obj
def denial_approve(config_path: Path, denial_id: int, reason: str, who: str) -> None:
    """Write off what somebody asked for."""
    from ..core.flow import denial_money

    _done(config_path, who, reason, lambda sql, _, asked: denial_money.approve(sql, denial_id, asked))


@denial.command("refuse")
@_ID
@_REASON
@_WHO
@click.pass_obj
def denial_refuse(config_path: Path, denial_id: int, reason: str, who: str) -> None:
    """Do not write off what somebody asked for: it is worked on."""
    from ..core.flow import denial_money

    _done(config_path, who, reason, lambda sql, _, asked: denial_money.refuse(sql, denial_id, asked))


@denial.command("to-patient")
@_ID
@_REASON
@_WHO
@click.pass_obj
def denial_to_patient(config_path: Path, denial_id: int, reason: str, who: str) -> None:
    """Bill a denied amount to the patient: only where the payer says that it is theirs (PR), or the line has a signed
    ABN (GA)."""
    from ..core.flow import denial_money

    _done(config_path, who, reason, lambda sql, _, asked: denial_money.to_patient(sql, denial_id, asked))


@denial.command("undo-write-off")
@_ID
@_REASON
@_WHO
@click.pass_obj
def denial_undo(config_path: Path, denial_id: int, reason: str, who: str) -> None:
    """Take a write-off back: the amount is open as denied again, and the denial is worked on."""
    from ..core.flow import denial_ends

    _done(config_path, who, reason, lambda sql, _, asked: denial_ends.undo_write_off(sql, denial_id, asked))


@denial.command("close")
@_ID
@click.option("--outcome", default="", metavar="CODE", help="Of config/tables/actions.yaml, such as no_action.")
@_REASON
@_WHO
@click.pass_obj
def denial_close(config_path: Path, denial_id: int, outcome: str, reason: str, who: str) -> None:
    """End a denial of which no money is left. Money that still stands as denied is appealed, corrected, written off or
    billed to the patient instead."""
    from ..core.flow import denial_ends

    _done(config_path, who, reason, lambda sql, _, asked: denial_ends.close(sql, denial_id, asked, outcome))
