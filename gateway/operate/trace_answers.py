"""Acknowledgments as they were said: by whom, in which file, with which codes and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from ..core.flow.ack_words import code_words, file_reason, status_words
from ..core.model.answers import (
    BatchStatus,
    ClaimAnswer,
    ElementError,
    GroupAnswer,
    InterchangeAnswer,
    SetAnswer,
    StatusCode,
    Verdict,
)
from ..core.model.states import Hop
from ..core.store.tables import acknowledgments, batches, files, submissions
from .looking import count
from .trace_report import Event

_WHO = {Hop.CLEARINGHOUSE: "clearinghouse", Hop.PAYER: "payer"}


def of_submission(connection: Connection, submission: Any) -> Iterator[Event]:
    """What was said of one sending of a claim, and of the interchange, group or set that it went in."""
    own = _rows(connection, acknowledgments.c.submission_id == submission.id)
    whole = [
        row
        for row in _of_batch(connection, submission.batch_id)
        if row.details.get("st02", submission.st02) == submission.st02
        and row.details.get("provider", "") in ("", submission.billing_npi)
    ]
    own += [row for row in whole if "st02" in row.details]
    spoken = {row.file_id for row in own}
    own += [row for row in whole if "st02" not in row.details and (_on_its_own(row) or row.file_id not in spoken)]
    yield from _told(connection, own)


def _on_its_own(row: Any) -> bool:
    """Whether what a file says of the whole is told of a claim although the file speaks of the claim, or its set, too:
    an interchange is taken, or the whole is refused."""
    return bool(row.kind == "TA1" or row.verdict == Verdict.REJECTED.value)


def of_batch(connection: Connection, batch_id: int) -> Iterator[Event]:
    """What was said of an interchange of ours as a whole, and how many of its claims each file spoke of."""
    yield from _told(connection, _of_batch(connection, batch_id))
    yield from claims_spoken_of(connection, acknowledgments.c.batch_id == batch_id)


def claims_spoken_of(connection: Connection, where: ColumnElement[bool]) -> Iterator[Event]:
    """How many claims each 277CA spoke of, by what it said."""
    rows = connection.execute(
        select(
            acknowledgments.c.file_id,
            acknowledgments.c.hop,
            acknowledgments.c.verdict,
            files.c.name,
            files.c.party,
            func.count(),
            func.min(acknowledgments.c.at),
        )
        .join(files, files.c.id == acknowledgments.c.file_id)
        .where(where, acknowledgments.c.submission_id.is_not(None))
        .group_by(
            acknowledgments.c.file_id,
            acknowledgments.c.hop,
            acknowledgments.c.verdict,
            files.c.name,
            files.c.party,
        )
        .order_by(acknowledgments.c.file_id, acknowledgments.c.hop, acknowledgments.c.verdict)
    )
    for file_id, hop, verdict, name, party, number, at in rows:
        who = _WHO.get(Hop(hop), "partner")
        yield Event(
            at,
            "acknowledge",
            f"The {who} says of {count(number, 'claim')}: {verdict}.",
            [f"{name} (file {file_id}) from {party}"],
            {"file_id": file_id, "hop": Hop(hop).name, "verdict": verdict, "claims": number},
        )


def _of_batch(connection: Connection, batch_id: int) -> list[Any]:
    return _rows(connection, acknowledgments.c.batch_id == batch_id, acknowledgments.c.submission_id.is_(None))


def _rows(connection: Connection, *where: ColumnElement[bool]) -> list[Any]:
    return list(
        connection.execute(
            select(
                acknowledgments,
                files.c.name,
                files.c.party,
                batches.c.isa13,
                batches.c.claims.label("batch_claims"),
            )
            .join(files, files.c.id == acknowledgments.c.file_id)
            .join(batches, batches.c.id == acknowledgments.c.batch_id, isouter=True)
            .where(*where)
            .order_by(acknowledgments.c.id)
        )
    )


def _told(connection: Connection, rows: Sequence[Any]) -> Iterator[Event]:
    """An event each; what one file says several times in the same words is told once."""
    seen: set[tuple[Any, ...]] = set()
    for row in sorted(rows, key=lambda row: row.id):
        what = _words(connection, row)
        if (row.file_id, what) in seen:
            continue
        seen.add((row.file_id, what))
        more = [f"{row.name} (file {row.file_id}) from {row.party}"]
        for number, codes in row.details.get("lines", ()):
            more += [f"line {number or '?'}: {code_words(_code(code))}" for code in codes]
        facts = {"answer": row.kind, "verdict": row.verdict, "file_id": row.file_id, "codes": _codes(row.details)}
        yield Event(row.at, "acknowledge", what, more, facts)


def _codes(details: dict[str, Any]) -> list[str]:
    found = [str(code) for code in details.get("codes", ())]
    return found or [part for part in (details.get("code", ""), details.get("note", "")) if part]


def _code(text: str) -> StatusCode:
    return StatusCode(*text.split(":")[:3])


def _words(connection: Connection, row: Any) -> str:
    details, verdict, isa13 = row.details, Verdict(row.verdict), row.isa13 or ""
    if row.kind == "TA1":
        taken = InterchangeAnswer(details["isa13"], details["code"], details["note"], verdict)
        if verdict is Verdict.ACCEPTED:
            return f"The partner took interchange {isa13} (TA1 {taken.code})."
        return file_reason(taken, isa13, row.batch_claims or 0)
    if row.kind == "999":
        return _words_999(connection, row, verdict, isa13)
    codes = tuple(_code(code) for code in details["codes"])
    if row.submission_id is not None:
        return status_words(ClaimAnswer("", "", Hop(row.hop), verdict, codes))
    whole = BatchStatus("", Hop(row.hop), verdict, codes, details.get("provider", ""))
    if verdict is Verdict.REJECTED:
        return file_reason(whole, isa13, row.batch_claims or 0)
    who = _WHO.get(whole.hop, "partner")
    return f"The {who} says of the whole interchange {isa13}: {'; '.join(code_words(code) for code in codes)}."


def _words_999(connection: Connection, row: Any, verdict: Verdict, isa13: str) -> str:
    details = row.details
    if "st02" in details:
        one = SetAnswer(
            "",
            details["st02"],
            details["code"],
            tuple(details["codes"]),
            verdict,
            tuple(ElementError(**error) for error in details["errors"]),
        )
        if verdict is Verdict.ACCEPTED:
            return f"Its transaction set {one.st02} was accepted (999 {one.code})."
        number = connection.execute(
            select(func.count())
            .select_from(submissions)
            .where(submissions.c.batch_id == row.batch_id, submissions.c.st02 == one.st02)
        ).scalar_one()
        return file_reason(one, isa13, number)
    group = GroupAnswer("", details["code"], tuple(details["codes"]), verdict)
    if verdict is Verdict.REJECTED:
        return file_reason(group, isa13, row.batch_claims or 0)
    return (
        f"The group of interchange {isa13}: {details['accepted']} of {details['included']} transaction sets accepted "
        f"(999 {group.code})."
    )
