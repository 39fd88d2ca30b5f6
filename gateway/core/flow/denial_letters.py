"""The letter of an appeal or a reopening: as it would be, as it is made and kept, and that it was sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ..model.work_tables import REOPENING
from ..store import archive as archive_rows
from ..store.archive import Archive, ArchiveDamaged
from ..store.denial_tables import denial_acts
from ..store.tables import claim_payments, documents, work_items
from ..work.appeals import Appeals
from ..x12.claim import Claim
from ..x12.stored import StoredClaim
from . import letters
from .again import CannotBeDone
from .denial_acts import FOLLOW_UP_DAYS, Asked, Case, Done, Letter, done_before, locked, note, still_open, waits

PURPOSE = "letter"
WITH_PAYER = ("appealed", "reopening")
"""How a denial stands while its letter is with the payer."""


class Round(NamedTuple):
    """What a payer is asked by a letter: `kind` of its template, what it is called, the level of an appeal (0: none),
    by when, and in how many days the payer decides."""

    kind: str
    name: str
    level: int
    by: dt.date | None
    decides: int | None


class Draft(NamedTuple):
    """A letter that is not kept yet: its words, and the papers behind it."""

    text: str
    papers: Sequence[letters.Paper]

    def pdf(self) -> bytes:
        """As it would be printed. Raises CannotBeDone where a paper cannot be put behind it."""
        return letters.as_pdf(self.text, self.papers)


def draft(
    connection: Connection, archive: Archive, one: Case, asked: Asked, round_: Round, document_ids: Sequence[int] = ()
) -> Draft:
    """The letter as it would be made. Writes nothing.

    Raises:
        CannotBeDone: the template or a document cannot be used.
    """
    papers = [_paper(archive, row) for row in _documents(connection, one, document_ids)]
    item = connection.execute(
        select(work_items.c.reason).where(work_items.c.key == f"denial:{one.id}")
    ).scalar_one_or_none()
    theirs = connection.execute(
        select(claim_payments.c.payer_claim_number).where(claim_payments.c.id == one.denial.claim_payment_id)
    ).scalar_one()
    facts = letters.Facts(
        one.line,
        one.cents,
        one.codes,
        _meaning(item or ""),
        theirs or one.claim.payer_claim_number,
        one.case.noticed_on,
        round_.by,
        round_.name,
        asked.why,
        asked.who,
    )
    claim = Claim(StoredClaim.unpack(one.claim.content), asked.who)
    template = letters.template_of(asked.config.root, round_.kind, one.case.payer_id)
    values = letters.values_of(asked.config, claim, facts, [paper.name for paper in papers], asked.today)
    return Draft(letters.filled(template, values), papers)


def kept(
    connection: Connection, archive: Archive, one: Case, asked: Asked, round_: Round, document_ids: Sequence[int]
) -> Letter:
    """The letter of a verb, in the archive before anything is written about it."""
    made = draft(connection, archive, one, asked, round_, document_ids)
    stored = archive.put(made.pdf())
    archive_rows.record(connection, stored, PURPOSE, asked.now)
    return Letter(stored.sha256, f"{round_.kind}-{one.claim.claim_number}-{one.id}-{asked.today:%Y%m%d}.pdf"[:120])


# --- that it was sent ------------------------------------------------------------------------------


def unsent(connection: Connection, denial_id: int) -> Any:
    """The last letter of a denial (its entry in the history) where nobody has said that it was sent; None where there
    is none."""
    made = _last(connection, denial_id)
    if made is None or done_before(connection, _sent_key(made.id)) is not None:
        return None
    return made


def _last(connection: Connection, denial_id: int) -> Any:
    statement = select(denial_acts).where(denial_acts.c.denial_id == denial_id, denial_acts.c.sha256 != "")
    return connection.execute(statement.order_by(denial_acts.c.id.desc()).limit(1)).one_or_none()


def _sent_key(act_id: int) -> str:
    return f"sent:{act_id}"


def sent(connection: Connection, denial_id: int, asked: Asked, sent_on: dt.date) -> Done:
    """Note that the last letter went out, on which day and how (`asked.why`). When somebody looks again counts from
    that day.

    Raises:
        CannotBeDone: no letter was made, it was made after that day, or the day is still to come.
    """
    one = locked(connection, denial_id)
    made = _last(connection, denial_id)
    if made is None:
        raise CannotBeDone(f"No letter was made about denial {denial_id}: appeal it, or ask for a reopening.")
    before = done_before(connection, _sent_key(made.id))
    if before is not None:
        return before
    still_open(one)
    if sent_on > asked.today:
        raise CannotBeDone(f"The day is still to come; today is {asked.today:%m/%d/%Y}.")
    if sent_on < Asked.at(asked.config, made.who, "made", made.at).today:
        raise CannotBeDone(f"The letter was made after {sent_on:%m/%d/%Y}; it cannot have gone before.")
    what = f"The letter went out on {sent_on:%m/%d/%Y}."
    if one.case.status in WITH_PAYER:
        days = (sent_on - asked.today).days + (_decides(one, asked, made) or FOLLOW_UP_DAYS)
        follow_up = waits(connection, one, asked, f"sent_{'appeal' if made.level else REOPENING}", max(days, 1))
        what = f"{what[:-1]}; somebody looks again on {follow_up:%m/%d/%Y}."
    return note(connection, one, asked, "sent", _sent_key(made.id), what, level=made.level)


def _decides(one: Case, asked: Asked, made: Any) -> int | None:
    level = str(made.level) if made.verb == "appeal" else REOPENING
    limit = Appeals.of(asked.config.tables).limit(one.case.filing_code, one.case.payer_id, level, one.case.noticed_on)
    return limit.decides if limit is not None else None


# --- what goes into it -----------------------------------------------------------------------------


def _meaning(reason: str) -> str:
    """What the payer means, out of the work item's words: `Denied: $5.00 on line 1 (X), CO-50: not needed. Appeal.`"""
    said = reason.split(": ", 2)
    return said[2].partition(". ")[0].rstrip(".") if len(said) == 3 else "see the codes above"


def _documents(connection: Connection, one: Case, document_ids: Sequence[int]) -> list[Any]:
    wanted = list(dict.fromkeys(document_ids))
    found = {row.id: row for row in connection.execute(select(documents).where(documents.c.id.in_(wanted)))}
    for document_id in wanted:
        row = found.get(document_id)
        if row is None or row.patient_id != one.claim.patient_id:
            raise CannotBeDone(f"Document {document_id} is not one of this patient. See: gateway document list")
    return [found[document_id] for document_id in wanted]


def _paper(archive: Archive, row: Any) -> letters.Paper:
    try:
        data = archive.read(row.sha256)
    except ArchiveDamaged as error:
        raise CannotBeDone(f"The archive is damaged at document {row.id}; run: gateway doctor") from error
    dated = f" of {row.dated:%m/%d/%Y}" if row.dated is not None else ""
    return letters.Paper(f"{row.kind.replace('_', ' ')}{dated} ({row.name})", row.media_type, data)
