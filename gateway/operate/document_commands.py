"""`gateway document`: papers of patients, kept in the archive and linked to what they belong to."""

from __future__ import annotations

import datetime as dt
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config.commands import require
from ..config.day import DAY
from ..core.model.papers import KINDS
from .again_commands import claim_named, one_claim
from .belongings_commands import CODE, CSV, LIMIT, PATIENT, SINCE, list_rows, source_named
from .commands import database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ..core.flow.documents import Added

KIND = click.Choice(list(KINDS))


@click.group()
def document() -> None:
    """Papers of patients: orders, proofs of delivery, authorizations, records."""


@document.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=KIND, required=True, help="What it is.")
@click.option("--claim", default="", help="The claim that it belongs to: its number, or the one in our books.")
@click.option("--patient", "patient_id", type=int, default=None, help="The patient, by our number.")
@click.option("--claim-number", default="", help="The claim, by the number that its source gave it.")
@click.option("--patient-id", "source_patient_id", default="", help="The patient, by the source's own id.")
@click.option("--source", default="", help="Whose numbers these are, where there are several billing systems.")
@click.option("--order", "order_number", default="", help="The number of the order that it belongs to.")
@click.option("--code", "codes", multiple=True, help="A HCPCS code that it speaks of; may be given several times.")
@click.option("--dated", type=DAY, default=None, help="The day that it speaks of.")
@click.option(
    "--releases",
    type=int,
    multiple=True,
    metavar="HOLD_ID",
    help="A hold that waits for it; may be given several times.",
)
@click.option("--by", "who", default="", help="Who adds it (default: the name you are signed in with).")
@click.pass_obj
def document_add(
    config_path: Path, file: Path, kind: str, claim: str, patient_id: int | None, claim_number: str,
    source_patient_id: str, source: str, order_number: str, codes: tuple[str, ...], dated: dt.datetime | None,
    releases: tuple[int, ...], who: str,
) -> None:  # fmt: skip
    """Keep FILE, a PDF, TIFF, JPEG or PNG, as a paper of a patient. Its bytes say what it is, not its name.

    Held claims of the patient are decided again. A hold that is named with --releases is released, with the document as
    the reason.
    """
    from ..core.clock import SystemClock
    from ..core.flow.documents import Belongs, CannotBeAdded, NewDocument, add_document
    from ..core.model.papers import NoPaper, media_type
    from ..core.store.archive import Archive

    config = require(config_path, secrets=False)
    if claim_number or source_patient_id:
        source = source_named(config, source)
    most = config.gateway.documents.max_mb
    if file.stat().st_size > most << 20:
        raise click.ClickException(f"{file.name} is larger than {most} MB (documents.max_mb in gateway.yaml).")
    data = file.read_bytes()
    try:
        found = media_type(data)
    except NoPaper as error:
        raise click.ClickException(f"{file.name} was not added. {error}") from error
    with database(config) as (engine, places):
        claim_id = None
        if claim:
            with engine.connect() as connection:
                claim_id = one_claim(connection, claim)
        belongs = Belongs(claim_id, patient_id, source, claim_number, source_patient_id)
        new = NewDocument(
            kind,
            file.name,
            found,
            Archive(places.archive_dir).put(data),
            belongs,
            dated.date() if dated else None,
            tuple(code.upper() for code in codes),
            order_number,
            releases,
        )

        def add(connection: Connection) -> Added:
            by = who or getpass.getuser()
            return add_document(connection, new, by, SystemClock().now(), config.partner_for)

        try:
            with engine.begin() as connection:
                done = add(connection)
        except CannotBeAdded as error:
            raise click.ClickException(f"{file.name} was not added. {error}") from error
    known = "" if done.new else ", which was there already"
    of = f"claim {done.claim_id}" if done.claim_id is not None else f"patient {done.patient_id}"
    click.echo(f"{file.name} is document {done.document_id}{known}, of {of}.")
    for hold_id, state in zip(dict.fromkeys(releases), done.states, strict=True):
        click.echo(f"Hold {hold_id} is released; its claim is {state}.")
    if done.again:
        click.echo(f"Held claims of this patient that are decided again: {done.again}.")


@document.command("list")
@click.option("--kind", type=KIND, default=None, help="Only of this kind.")
@click.option("--claim", default="", help="Only of this claim: its number, or the one in our books.")
@click.option("--order", default="", help="Only of this order.")
@CODE
@PATIENT
@SINCE
@LIMIT
@CSV
@click.pass_obj
def document_list(
    config_path: Path, kind: str | None, claim: str, order: str, code: str, patient: int | None,
    since: dt.datetime | None, limit: int, as_csv: bool,
) -> None:  # fmt: skip
    """Documents: those without a date first, then by the day that they speak of, the latest first."""
    from ..core.store.tables import documents as table

    columns = (
        *("id", "dated", "kind", "media_type", "size", "codes", "order_number", "claim_number", "claim_id"),
        *("patient_id", "added_by", "source"),
    )
    claim_id = claim_named(require(config_path, secrets=False), claim)
    wanted = {"kind": kind, "claim_id": claim_id, "order_number": order, "patient_id": patient}
    list_rows(config_path, table, columns, wanted, ("dated", since), limit, as_csv, code)


@document.command("save")
@click.argument("document_id", type=int, metavar="ID")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def document_save(config_path: Path, document_id: int, file: Path) -> None:
    """Write the document with this ID into FILE, as it was handed in. A file that is there is not touched."""
    from sqlalchemy import select

    from ..core.store.archive import Archive, ArchiveDamaged
    from ..core.store.tables import documents as table
    from .work_commands import look

    config = require(config_path, secrets=False)
    found = look(config, f"document save {document_id}", select(table).where(table.c.id == document_id))
    if not found:
        raise click.ClickException(f"There is no document {document_id}. See: gateway document list")
    with database(config) as (_, places):
        archive = Archive(places.archive_dir)
        if not archive.verify(found[0].sha256):
            raise click.ClickException(f"The archive is damaged at document {document_id}; run: gateway doctor")
        try:
            data = archive.read(found[0].sha256)
            # Only for who asked: it names a patient.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(data)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already; name another.") from None
        except (ArchiveDamaged, OSError) as error:
            raise click.ClickException(f"It cannot be written: {error}") from error
    click.echo(f"Document {document_id} is in {file}: {found[0].media_type}, {found[0].size:,} bytes.")
