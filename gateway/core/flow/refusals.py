"""What partners refused, from the acknowledgments as they were said: which answer refused a sending of a claim, and
with which edit.

An edit is what is counted and looked up: the first status of a 277CA (`A7:164:IL`; of the line where the claim's is
only a pointer to it, A3:247), the first code of a 999 (`999:7`), the note of a TA1 (`TA1:025`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, text

from ..model.answers import Verdict
from ..model.states import Hop
from ..store.claims import bulks
from ..store.tables import REFUSED, acknowledgments, claims, files, submissions

POINTER = "247"
"""The status that only says: read the line (hme-billing-rules 1.7)."""
NO_REASON = "no reason given"


class Refusal(NamedTuple):
    """One answer that refuses a sending of a claim (or says that the payer does not have it), and whose word it is.
    `own`: it speaks of this claim alone, not of all that went with it."""

    acknowledgment_id: int
    submission_id: int
    batch_id: int
    st02: str
    file_id: int
    file: str
    partner: str
    kind: str
    hop: Hop
    verdict: Verdict
    details: Mapping[str, Any]
    at: dt.datetime
    own: bool

    @property
    def edit(self) -> str:
        return edit_of(self.kind, self.details)


def edit_of(kind: str, details: Mapping[str, Any]) -> str:
    """The edit of an acknowledgment, from its kind (TA1, 999, 277CA) and its details."""
    if kind == "TA1":
        return f"TA1:{details.get('note') or NO_REASON}"
    if kind == "999":
        errors = details.get("errors") or ()
        codes = [one.get("element_code") or one.get("segment_code") for one in errors] + list(
            details.get("codes") or ()
        )
        return f"999:{next((code for code in codes if code), NO_REASON)}"
    for codes in _by_weight(details):
        if codes:
            return codes[0]
    return NO_REASON


def _by_weight(details: Mapping[str, Any]) -> Sequence[list[str]]:
    """The statuses that say why: the claim's own but for pointers, then the lines', then the pointers."""
    own = [str(code) for code in details.get("codes") or ()]
    lines = [str(code) for _, codes in details.get("lines") or () for code in codes]
    pointers = [code for code in own if code.split(":")[1:2] == [POINTER]]
    return [code for code in own if code not in pointers], lines, pointers


def rows_of(connection: Connection, *where: ColumnElement[bool], columns: Sequence[Any] = ()) -> list[Any]:
    """The acknowledgments that refuse sendings of claims, in the order in which they came, each as often as there are
    sendings that it speaks of; `columns` beside their own. Under one that refuses a single set or claim, what the same
    file says of the whole is left out.

    Two look-ups, for what was said of a sending and for what was said of the batch, set or provider that it went with:
    each by an index of its own.
    """
    details = acknowledgments.c.details
    of_it = acknowledgments.c.submission_id == submissions.c.id
    of_the_whole = and_(
        acknowledgments.c.submission_id.is_(None),
        acknowledgments.c.batch_id == submissions.c.batch_id,
        func.coalesce(details["st02"].as_string(), submissions.c.st02) == submissions.c.st02,
        func.coalesce(func.nullif(details["provider"].as_string(), ""), claims.c.billing_npi) == claims.c.billing_npi,
    )
    wanted = (
        acknowledgments,
        submissions.c.id.label("of_submission"),
        submissions.c.batch_id.label("in_batch"),
        submissions.c.claim_id,
        submissions.c.st02,
        *columns,
    )
    rows: list[Any] = []
    for joined in (of_it, of_the_whole):
        statement = select(*wanted).select_from(submissions).join(claims, claims.c.id == submissions.c.claim_id)
        rows += connection.execute(statement.join(acknowledgments, joined).where(text(REFUSED), *where)).all()
    exact = {(row.of_submission, row.file_id) for row in rows if is_exact(row)}
    return sorted(
        (row for row in rows if is_exact(row) or (row.of_submission, row.file_id) not in exact), key=lambda row: row.id
    )


def is_exact(row: Any) -> bool:
    """Whether an acknowledgment speaks of one claim or one set, and not of the whole."""
    return row.submission_id is not None or "st02" in row.details


def of_claims(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[Refusal]]:
    """Every answer that refused a sending of these claims, by claim, the newest first."""
    found: dict[int, list[Refusal]] = {claim_id: [] for claim_id in claim_ids}
    for some in bulks(claim_ids):
        rows = rows_of(connection, submissions.c.claim_id.in_(some))
        names = {
            row.id: row
            for part in bulks(sorted({row.file_id for row in rows}))
            for row in connection.execute(select(files.c.id, files.c.name, files.c.party).where(files.c.id.in_(part)))
        }
        for row in reversed(rows):
            file = names[row.file_id]
            found[row.claim_id].append(
                Refusal(
                    row.id,
                    row.of_submission,
                    row.in_batch,
                    row.st02,
                    row.file_id,
                    file.name,
                    file.party,
                    row.kind,
                    Hop(row.hop),
                    Verdict(row.verdict),
                    row.details,
                    row.at,
                    row.submission_id is not None,
                )
            )
    return found


def of_claim(connection: Connection, claim_id: int) -> list[Refusal]:
    """Every answer that refused a sending of a claim, the newest first."""
    return of_claims(connection, [claim_id])[claim_id]


def last_of(connection: Connection, claim_id: int) -> Refusal | None:
    """The latest refusal of the last sending of a claim; None where that was not refused."""
    last = connection.execute(
        select(func.max(submissions.c.id)).where(submissions.c.claim_id == claim_id)
    ).scalar_one_or_none()
    return next((one for one in of_claim(connection, claim_id) if one.submission_id == last), None)
