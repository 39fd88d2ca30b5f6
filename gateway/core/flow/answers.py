"""The station that gives answers back: to each billing system, in its own folder, what belongs to its claims.

A source gets the 999 for each file that it sent, the partners' 277CA and 835 that speak of its claims (the bytes as
they came; where its claims left under our numbers, with its own again), and an export of the postings to its claims
(CSV and JSON lines). Files appear under their final name at once and whole; giving the same answer twice writes the
same file again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import Connection, select

from ...config.models import Source
from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..store import timeline
from ..store.tables import acknowledgments, claim_payments, claims, files, remittances, submissions
from .intake_answer import acknowledgments_of
from .intake_status import status_of_file
from .own_numbers import our_numbers_in, own_numbers, under_own_numbers
from .post import postings_rows
from .receive import MADE_HERE
from .services import Services

_PIECE = 1 << 20
"""Bytes that are written at a time."""

declare(answers_written="the answer stands in the source's folder, the timeline does not say so yet")


def _sources(connection: Connection, file_id: int) -> list[str]:
    """The sources whose claims a received file speaks of."""
    by_ack = (
        select(claims.c.source)
        .join(submissions, submissions.c.claim_id == claims.c.id)
        .join(
            acknowledgments,
            (acknowledgments.c.submission_id == submissions.c.id)
            | (acknowledgments.c.submission_id.is_(None) & (acknowledgments.c.batch_id == submissions.c.batch_id)),
        )
        .where(acknowledgments.c.file_id == file_id, acknowledgments.c.kind == "277CA")
    )
    by_payment = (
        select(claims.c.source)
        .join(claim_payments, claim_payments.c.claim_id == claims.c.id)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .where(remittances.c.file_id == file_id)
    )
    return sorted(set(connection.execute(by_ack.union(by_payment)).scalars()))


def _folder(services: Services, source: Source) -> Path:
    return source.answers_folder or services.config.gateway.data_dir / "out" / source.name


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:120]


def _place(folder: Path, name: str, chunks: Iterable[bytes], by: str) -> str:
    """Write a file so that a reader of the folder never sees a part of it. `by` tells apart those who may give the same
    answer at once."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{name}.{by}.part"
    with beside.open("wb") as out:
        for chunk in chunks:
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, folder / name)
    return name


def _for_source(services: Services, connection: Connection, sha256: str, source: str) -> Iterable[bytes]:
    """A partner's file as a source gets it: its bytes as they came; with the source's own claim numbers where its
    claims left under ours (whether or not they would today)."""
    with services.archive.open(sha256) as stream:
        numbers = own_numbers(connection, source, our_numbers_in(stream))
        stream.seek(0)
        if numbers:
            yield from under_own_numbers(stream, numbers)
            return
        while block := stream.read(1 << 20):
            yield block


def _place_postings(folder: Path, stamp: str, rows: Iterator[dict[str, Any]], by: str) -> str:
    """The postings as CSV and as JSON lines, row by row; the name of the first, empty where there are none."""
    first = next(rows, None)
    if first is None:
        return ""
    with TemporaryFile(dir=folder) as lines:

        def as_csv() -> Iterator[bytes]:
            out = io.StringIO()
            writer = csv.DictWriter(out, fieldnames=list(first), lineterminator="\r\n")
            writer.writeheader()
            for row in chain((first,), rows):
                writer.writerow(row)
                lines.write(json.dumps(row, default=str).encode() + b"\n")
                if out.tell() > _PIECE:
                    yield out.getvalue().encode()
                    out.seek(0)
                    out.truncate()
            yield out.getvalue().encode()

        name = _place(folder, f"{stamp}-postings.csv", as_csv(), by)
        lines.seek(0)
        _place(folder, f"{stamp}-postings.jsonl", iter(lambda: lines.read(_PIECE), b""), by)
    return name


def _give(services: Services, file_id: int, by: str, payments: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Write every answer that a file calls for; returns what was given to whom. `payments`: only the postings of
    these, which were posted after the others; in a file of their own, so that none is given twice."""
    given: list[dict[str, Any]] = []
    with services.reads.connect() as connection:
        row = connection.execute(select(files).where(files.c.id == file_id)).one()
        if row.origin not in ("partner", "keyed"):
            return _give_to_source(services, connection, file_id, by)
        stamp = f"{row.received_at:%Y%m%d}-{file_id}"
        if payments:
            stamp += f"-{payments[0]}"
        for name in _sources(connection, file_id):
            source = services.config.source(name)
            if source is None:
                continue
            folder = _folder(services, source)
            for kind in ("277CA", "835") if not payments else ():
                if row.kind in (kind, "mixed") and kind in source.answers:
                    content = _for_source(services, connection, row.sha256, name)
                    written = _place(folder, f"{stamp}-{kind}-{_safe(row.name)}", content, by)
                    given.append({"source": name, "kind": kind, "name": written})
                    if row.kind == "mixed":
                        break
            if "postings" in source.answers and row.kind in ("835", "mixed"):
                folder.mkdir(parents=True, exist_ok=True)
                rows = postings_rows(connection, file_id=file_id, source=name, payments=frozenset(payments))
                if written := _place_postings(folder, stamp, rows, by):
                    given.append({"source": name, "kind": "postings", "name": written})
    return given


def _give_to_source(services: Services, connection: Connection, file_id: int, by: str) -> list[dict[str, Any]]:
    """What a source gets at once for a file that it sent: TA1 and 999, and a 277CA where claims were not taken."""
    row = connection.execute(select(files).where(files.c.id == file_id)).one()
    source = services.config.source(row.party)
    if source is None or row.kind != "837P" or row.origin == MADE_HERE:
        return []
    folder, stamp = _folder(services, source), f"{row.received_at:%Y%m%d}-{file_id}"
    given: list[dict[str, Any]] = []
    answer = acknowledgments_of(services, connection, file_id)
    for kind, data, wanted in (("TA1", answer.ta1, True), ("999", answer.ack, "999" in source.answers)):
        if data and wanted:
            name = _place(folder, f"{stamp}-{kind}.x12", [data], by)
            given.append({"source": row.party, "kind": kind, "name": name})
    if "277CA" in source.answers:
        pieces = status_of_file(services, connection, file_id)
        first = next(pieces, None)
        if first is not None:
            name = _place(folder, f"{stamp}-277CA.x12", chain((first,), pieces), by)
            given.append({"source": row.party, "kind": "277CA", "name": name})
    return given


def _tell(connection: Connection, services: Services, file_id: int, given: list[dict[str, Any]]) -> None:
    entries = [
        timeline.Entry("file", file_id, "answer", f"{one['kind']} given to {one['source']} as {one['name']}.")
        for one in given
    ]
    timeline.add(connection, entries, services.clock.now())


@workflow("answer")
async def answer(run: Run, payload: Payload) -> int:
    """Give the sources what a file holds for them. `payload`: {file_id}, and {payments} where only these were posted
    now."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    payments = [int(one) for one in payload.get("payments", ())]
    given = await run.step("give", _give, services, file_id, _safe(run.key), payments)
    boundary("answers.written")
    await run.transact("tell", _tell, services, file_id, given)
    return len(given)
