"""The station that applies what partners said: TA1, then 999, then 277CA of the clearinghouse and of the payer.

Answers find their batch by ISA13, GS06 or BHT03 and their claim by CLM01 within the batch (hme-billing-rules 7.4);
they attach to the submission, never to the claim alone, so that a late rejection of a first sending cannot reject
the second. States never go backwards, in whatever order files arrive. A refusal of a whole interchange, group, set
or batch is one work item; a refused claim is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from ..boundary import boundary, declare
from ..engine.port import Payload, Run, workflow
from ..model.answers import (
    Answer,
    BatchStatus,
    ClaimAnswer,
    GroupAnswer,
    InquiryAnswer,
    InterchangeAnswer,
    SetAnswer,
    Verdict,
)
from ..model.states import Hop, SubmissionState
from ..store import timeline
from ..store.outbox import put_outbox
from ..store.tables import batches, claims, submissions
from ..work.calendar import add_business_days
from ..work.deadlines import Deadlines
from ..work.items import WorkItem
from . import inquiry_answers
from .ack_chunk import BULK, Chunk
from .ack_words import claim_reason, file_reason, status_words
from .read import CHUNK, load_answers
from .services import Services

declare(
    acknowledge_applied="a chunk of answers is applied to its submissions and claims",
    acknowledge_done="every answer of a file is applied, its sources are about to be told",
)

_SAID = {
    Verdict.ACCEPTED: SubmissionState.ACCEPTED,
    Verdict.RECEIVED: SubmissionState.ACKNOWLEDGED,
    Verdict.NOTED: SubmissionState.ACKNOWLEDGED,
    Verdict.REJECTED: SubmissionState.REJECTED,
}


def _interchange(chunk: Chunk, answer: InterchangeAnswer) -> None:
    batch = chunk.batch(isa13=answer.isa13.zfill(9))
    if batch is None:
        chunk.stray(f"interchange {answer.isa13}")
        return
    details = {"isa13": answer.isa13, "code": answer.code, "note": answer.note}
    chunk.acknowledge("TA1", Hop.INTERCHANGE, answer.verdict, details, batch["id"])
    _mark_batch(chunk, batch, ta1=answer.code)
    if answer.verdict is Verdict.REJECTED:
        _refuse(chunk, batch, answer, Hop.INTERCHANGE, chunk.submissions_of(batch["id"]))
    elif answer.verdict is not Verdict.ACCEPTED:
        _tell(chunk, batch, answer)


def _mark_batch(chunk: Chunk, batch: dict[str, Any], **codes: str) -> None:
    """Write the batch's own acknowledgment columns; an answer clears what waited for it."""
    values: dict[str, Any] = dict(codes) | {f"{name}_at": chunk.now for name in codes}
    values = {key: value for key, value in values.items() if not batch.get(key)}
    if values:
        chunk.connection.execute(update(batches).where(batches.c.id == batch["id"]).values(**values))
        batch.update(values)
    chunk.closed.append(f"overdue:999:{batch['id']}")


def _set(chunk: Chunk, answer: SetAnswer) -> None:
    batch = chunk.batch(gs06=answer.gs06)
    if batch is None:
        chunk.stray(f"group {answer.gs06}")
        return
    details = {
        "st02": answer.st02,
        "code": answer.code,
        "codes": list(answer.codes),
        "errors": [
            {
                "segment": error.segment,
                "position": error.position,
                "loop": error.loop,
                "segment_code": error.segment_code,
                "element": error.element,
                "component": error.component,
                "element_code": error.element_code,
            }
            for error in answer.errors
        ],
    }
    chunk.acknowledge("999", Hop.SET, answer.verdict, details, batch["id"])
    rows = chunk.submissions_of(batch["id"], st02=answer.st02)
    if answer.verdict is Verdict.REJECTED:
        _refuse(chunk, batch, answer, Hop.SET, rows)
    else:
        _take(chunk, rows, Hop.SET)
        if answer.verdict is Verdict.NOTED:
            _tell(chunk, batch, answer)


def _group(chunk: Chunk, answer: GroupAnswer) -> None:
    batch = chunk.batch(gs06=answer.gs06)
    if batch is None:
        chunk.stray(f"group {answer.gs06}")
        return
    details = {
        "code": answer.code,
        "codes": list(answer.codes),
        "included": answer.included,
        "received": answer.received,
        "accepted": answer.accepted,
    }
    chunk.acknowledge("999", Hop.SET, answer.verdict, details, batch["id"])
    _mark_batch(chunk, batch, group_ack=answer.code)
    rows = [row for row in chunk.submissions_of(batch["id"]) if row["st02"] not in answer.named]
    if answer.verdict is Verdict.REJECTED:
        # Sets that it named have their own item; the rest of the group is refused as one.
        if rows:
            _refuse(chunk, batch, answer, Hop.SET, rows)
    elif answer.code != "P":
        # A 999 may leave out sets that are fine (7.2); under P nothing is taken for granted.
        _take(chunk, rows, Hop.SET)


def _take(chunk: Chunk, rows: Iterable[dict[str, Any]], hop: Hop) -> None:
    for row in rows:
        if chunk.move(row, SubmissionState.ACKNOWLEDGED, hop):
            chunk.entries.append(
                timeline.Entry("claim", row["claim_id"], "acknowledge", "Its transaction set was accepted (999).")
            )


def _batch_status(chunk: Chunk, answer: BatchStatus) -> None:
    batch = chunk.batch(bht03=answer.bht03)
    if batch is None:
        chunk.stray(f"batch {answer.bht03}")
        return
    details = {"codes": [str(code) for code in answer.codes], "provider": answer.provider}
    chunk.acknowledge("277CA", answer.hop, answer.verdict, details, batch["id"])
    _mark_batch(chunk, batch)
    if answer.verdict is Verdict.REJECTED:
        rows = chunk.submissions_of(batch["id"], npi=answer.provider)
        _refuse(chunk, batch, answer, answer.hop, rows)


def _refuse(
    chunk: Chunk,
    batch: dict[str, Any],
    answer: InterchangeAnswer | SetAnswer | GroupAnswer | BatchStatus,
    hop: Hop,
    rows: list[dict[str, Any]],
) -> None:
    """Refuse many claims at once: their states, their timelines, and one work item for all of them."""
    moved = [row for row in rows if chunk.move(row, SubmissionState.REJECTED, hop)]
    reason = file_reason(answer, batch["isa13"], len(rows))
    part = getattr(answer, "st02", "") or getattr(answer, "provider", "")
    chunk.items.append(
        WorkItem(
            kind="file_rejection",
            key=f"refused:{batch['id']}:{hop.name}:{part}",
            reason=reason,
            team="edi",
            subject_kind="batch",
            subject_id=batch["id"],
            cents=sum(row["charge_cents"] for row in rows),
            work_by=add_business_days(chunk.today, 1),
            partner=chunk.partner,
        )
    )
    chunk.entries.append(timeline.Entry("batch", batch["id"], "acknowledge", reason))
    chunk.entries += [timeline.Entry("claim", row["claim_id"], "acknowledge", reason) for row in moved]


def _tell(chunk: Chunk, batch: dict[str, Any], answer: InterchangeAnswer | SetAnswer) -> None:
    """Accepted with errors noted, or a code nobody knows: work goes on, a person is told."""
    chunk.items.append(
        WorkItem(
            kind="file_problem",
            key=f"noted:{chunk.file_id}:{batch['id']}:{getattr(answer, 'st02', '')}",
            reason=file_reason(answer, batch["isa13"], 0),
            team="edi",
            subject_kind="batch",
            subject_id=batch["id"],
            partner=chunk.partner,
        )
    )


def _claims(chunk: Chunk, found: Sequence[ClaimAnswer]) -> None:
    """Statuses of single claims: two queries for all of them, then row by row in memory."""
    references = {answer.bht03 for answer in found if answer.bht03}
    for row in chunk.connection.execute(
        select(batches)
        .where(batches.c.partner == chunk.partner, batches.c.bht03.in_(references))
        .order_by(batches.c.id)
        .with_for_update()
    ):
        chunk.known(dict(row._mapping))
    by_reference = {row["bht03"]: row["id"] for row in chunk.batches.values()}
    numbers = list({answer.claim_number for answer in found})
    latest: dict[str, dict[str, Any]] = {}
    exact: dict[tuple[int, str], dict[str, Any]] = {}
    theirs = select(batches.c.id).where(batches.c.partner == chunk.partner)
    for start in range(0, len(numbers), BULK):
        where = (submissions.c.claim_number.in_(numbers[start : start + BULK]), submissions.c.batch_id.in_(theirs))
        chunk.lock(*where)
        for row in chunk.connection.execute(
            select(submissions, claims.c.payer_id)
            .join(claims, claims.c.id == submissions.c.claim_id)
            .where(*where)
            .order_by(submissions.c.id)
        ):
            value = dict(row._mapping)
            latest[row.claim_number] = value
            exact[row.batch_id, row.claim_number] = value
    for answer in found:
        batch_id = by_reference.get(answer.bht03)
        row_found = latest.get(answer.claim_number) if batch_id is None else exact.get((batch_id, answer.claim_number))
        if row_found is None:
            chunk.stray(f"claim {answer.claim_number} of batch {answer.bht03 or '(not named)'}")
            continue
        _claim(chunk, answer, row_found)


def _claim(chunk: Chunk, answer: ClaimAnswer, row: dict[str, Any]) -> None:
    # What an earlier answer of this chunk said of it counts.
    row = chunk.changed.get(row["id"], row)
    if answer.payer_claim_number or answer.clearinghouse_number:
        row = row | {
            "payer_claim_number": answer.payer_claim_number or row["payer_claim_number"],
            "clearinghouse_number": answer.clearinghouse_number or row["clearinghouse_number"],
        }
        chunk.changed[row["id"]] = row
    details = {
        "codes": [str(code) for code in answer.codes],
        "lines": [[number, [str(code) for code in codes]] for number, codes in answer.lines],
    }
    chunk.acknowledge("277CA", answer.hop, answer.verdict, details, row["batch_id"], row["id"])
    words = status_words(answer)
    chunk.entries.append(timeline.Entry("claim", row["claim_id"], "acknowledge", words))
    chunk.closed.append(f"overdue:{answer.hop.name}:{row['batch_id']}")
    said = _SAID.get(answer.verdict)
    if said is SubmissionState.ACCEPTED and answer.hop is not Hop.PAYER:
        # A clearinghouse can only say that it has it; accepting for adjudication is the payer's word.
        said = SubmissionState.ACKNOWLEDGED
    if said is not None:
        chunk.move(row, said, answer.hop)
    if answer.verdict in (Verdict.REJECTED, Verdict.INVESTIGATE):
        chunk.items.append(
            WorkItem(
                kind="rejection",
                key=f"rejection:{row['id']}:{answer.hop.name}",
                reason=claim_reason(answer, chunk.partner),
                team="billing",
                subject_kind="claim",
                subject_id=row["claim_id"],
                claim_id=row["claim_id"],
                rule=str(answer.codes[0]) if answer.codes else "",
                cents=row["charge_cents"],
                work_by=add_business_days(chunk.today, 1),
                payer_id=row.get("payer_id", ""),
                partner=chunk.partner,
            )
        )


def apply(connection: Connection, services: Services, file_id: int, found: Sequence[Answer]) -> int:
    """Apply answers in the order of the file. Returns how many submissions changed."""
    chunk = Chunk(connection, file_id, services.clock.now(), Deadlines.of(services.config.tables))
    pending: list[ClaimAnswer] = []
    inquired: list[InquiryAnswer] = []
    for answer in found:
        if isinstance(answer, ClaimAnswer):
            pending.append(answer)
            continue
        if pending:
            _claims(chunk, pending)
            pending = []
        if isinstance(answer, InquiryAnswer):
            inquired.append(answer)
        elif isinstance(answer, InterchangeAnswer):
            _interchange(chunk, answer)
        elif isinstance(answer, SetAnswer):
            _set(chunk, answer)
        elif isinstance(answer, GroupAnswer):
            _group(chunk, answer)
        else:
            _batch_status(chunk, answer)
    if pending:
        _claims(chunk, pending)
    if inquired:
        inquiry_answers.take(chunk, inquired, services.config)
    chunk.write()
    return len(chunk.changed)


def _apply_chunk(connection: Connection, services: Services, file_id: int, sha256: str, index: int) -> int:
    return apply(connection, services, file_id, load_answers(services, sha256, index))


def _finish(connection: Connection, services: Services, file_id: int) -> None:
    put_outbox(connection, "answer", f"ack:{file_id}", {"file_id": file_id}, services.clock.now())


@workflow("acknowledge")
async def acknowledge(run: Run, payload: Payload) -> int:
    """Apply the answers of one file, a chunk a transaction. `payload`: {file_id, answers, count}."""
    services: Services = run.services
    file_id = int(payload["file_id"])
    changed = 0
    for index in range(-(-int(payload["count"]) // CHUNK)):
        changed += await run.transact(f"apply {index}", _apply_chunk, services, file_id, str(payload["answers"]), index)
        boundary("acknowledge.applied")
    await run.transact("finish", _finish, services, file_id)
    boundary("acknowledge.done")
    return changed
