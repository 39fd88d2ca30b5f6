"""One chunk of answers on its way into the database: what was found, locked, and is to be written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from ..model.answers import Verdict
from ..model.states import ClaimState, Hop, SubmissionState, advance
from ..store import timeline
from ..store.ids import allocate
from ..store.tables import acknowledgments, batches, claims, files, submissions
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, close_items, open_items

BULK = 500

_CLAIM_STATE = {
    SubmissionState.SENT: ClaimState.SENT,
    SubmissionState.ACKNOWLEDGED: ClaimState.ACKNOWLEDGED,
    SubmissionState.ACCEPTED: ClaimState.ACCEPTED,
    SubmissionState.REJECTED: ClaimState.REJECTED,
}
# A claim that has been adjudicated, closed or taken back by a person no longer follows acknowledgments.
_FOLLOWS = (
    ClaimState.BATCHED,
    ClaimState.SENT,
    ClaimState.ACKNOWLEDGED,
    ClaimState.ACCEPTED,
    ClaimState.REJECTED,
)


class Chunk:
    """One chunk of answers on its way into the database: what was found, and what is to be written."""

    def __init__(
        self, connection: Connection, file_id: int, now: dt.datetime, deadlines: Deadlines | None = None
    ) -> None:
        self.connection = connection
        self.deadlines = deadlines
        self.file_id = file_id
        self.now = now
        self.today = now.date()
        row = connection.execute(select(files.c.party, files.c.name).where(files.c.id == file_id)).one()
        self.partner: str = row.party
        self.file_name: str = row.name
        self.acks: list[dict[str, Any]] = []
        self.items: list[WorkItem] = []
        self.closed: list[str] = []
        self.entries: list[timeline.Entry] = []
        self.batches: dict[int, dict[str, Any]] = {}
        self.changed: dict[int, dict[str, Any]] = {}

    def batch(self, **key: str) -> dict[str, Any] | None:
        """The batch of this partner with this isa13, gs06 or bht03; the latest where several fit."""
        ((column, value),) = key.items()
        row = self.connection.execute(
            select(batches)
            .where(batches.c.partner == self.partner, batches.c[column] == value)
            .order_by(batches.c.id.desc())
            .limit(1)
            .with_for_update()
        ).first()
        return self.known(dict(row._mapping)) if row else None

    def known(self, row: dict[str, Any]) -> dict[str, Any]:
        return self.batches.setdefault(row["id"], row)

    def acknowledge(
        self,
        kind: str,
        hop: Hop,
        verdict: Verdict,
        details: dict[str, Any],
        batch_id: int | None = None,
        submission_id: int | None = None,
    ) -> None:
        self.acks.append(
            {
                "file_id": self.file_id,
                "batch_id": batch_id,
                "submission_id": submission_id,
                "kind": kind,
                "hop": int(hop),
                "verdict": verdict.value,
                "details": details,
                "at": self.now,
            }
        )

    def stray(self, what: str) -> None:
        """An answer to something that we did not send: for a person, once a file."""
        self.items.append(
            WorkItem(
                kind="file_problem",
                key=f"stray:{self.file_id}:{what}",
                reason=f"File {self.file_name} from {self.partner} answers {what}, which this gateway did not "
                "send to this partner. Check that the file is ours.",
                team="edi",
                subject_kind="file",
                subject_id=self.file_id,
                partner=self.partner,
            )
        )

    def move(self, row: dict[str, Any], said: SubmissionState, by: Hop) -> bool:
        """Advance one submission; False where the answer changes nothing."""
        row = self.changed.get(row["id"], row)
        state, hop = advance(SubmissionState(row["state"]), Hop(row["hop"]), said, by)
        if (state, hop) == (row["state"], row["hop"]):
            return False
        self.changed[row["id"]] = row | {"state": state, "hop": int(hop)}
        return True

    def submissions_of(self, batch_id: int, st02: str = "", npi: str = "") -> list[dict[str, Any]]:
        where = [submissions.c.batch_id == batch_id]
        if st02:
            where.append(submissions.c.st02 == st02)
        if npi:
            where.append(claims.c.billing_npi == npi)
        statement = select(submissions).join(claims, claims.c.id == submissions.c.claim_id).where(*where)
        self.lock(*where)
        return [dict(row._mapping) for row in self.connection.execute(statement.order_by(submissions.c.id))]

    def lock(self, *where: ColumnElement[bool]) -> None:
        """Keep others (another answer, a payment) off these submissions until the transaction ends: what is read now
        is what is written on. The claims are locked, in the order in which everybody locks them."""
        of = select(submissions.c.claim_id).join(claims, claims.c.id == submissions.c.claim_id).where(*where)
        if self.connection.dialect.name != "sqlite":  # where a transaction that writes is alone
            self.connection.execute(
                select(claims.c.id).where(claims.c.id.in_(of)).order_by(claims.c.id).with_for_update()
            ).all()

    def write(self) -> None:
        """Everything of this chunk, in bulk."""
        if self.acks:
            first = allocate(self.connection, "acknowledgments", len(self.acks))
            for index, ack in enumerate(self.acks):
                ack["id"] = first + index
            for start in range(0, len(self.acks), BULK):
                self.connection.execute(acknowledgments.insert(), self.acks[start : start + BULK])
        self._count_claim_answers()
        self._write_submissions()
        open_items(self.connection, self.items, self.now, self.deadlines)
        close_items(self.connection, self.closed, "The answer has come.", self.now)
        timeline.add(self.connection, self.entries, self.now)

    def _count_claim_answers(self) -> None:
        """An answer about claims proves that their interchange arrived, whatever else was said of it."""
        counts = Counter(ack["batch_id"] for ack in self.acks if ack["kind"] == "277CA" and ack["batch_id"])
        for batch_id, count in sorted(counts.items()):
            self.connection.execute(
                update(batches).where(batches.c.id == batch_id).values(claim_acks=batches.c.claim_acks + count)
            )

    def _write_submissions(self) -> None:
        rows = list(self.changed.values())
        if not rows:
            return
        for start in range(0, len(rows), BULK):
            self.connection.execute(
                update(submissions).where(submissions.c.id == bindparam("b_id")),
                [
                    {
                        "b_id": row["id"],
                        "state": row["state"],
                        "hop": row["hop"],
                        "payer_claim_number": row["payer_claim_number"],
                        "clearinghouse_number": row["clearinghouse_number"],
                        "updated_at": self.now,
                    }
                    for row in rows[start : start + BULK]
                ],
            )
        for start in range(0, len(rows), BULK):
            self._write_claims(rows[start : start + BULK])

    def _write_claims(self, rows: Sequence[dict[str, Any]]) -> None:
        """Claims follow their latest submission only."""
        ids = [row["claim_id"] for row in rows]
        latest = {
            row.claim_id: row.latest
            for row in self.connection.execute(
                select(submissions.c.claim_id, func.max(submissions.c.id).label("latest"))
                .where(submissions.c.claim_id.in_(ids))
                .group_by(submissions.c.claim_id)
            )
        }
        values = [
            {
                "b_id": row["claim_id"],
                "state": _CLAIM_STATE[SubmissionState(row["state"])],
                "payer_claim_number": row["payer_claim_number"],
                "updated_at": self.now,
            }
            for row in rows
            if latest[row["claim_id"]] == row["id"] and SubmissionState(row["state"]) in _CLAIM_STATE
        ]
        if values:
            self.connection.execute(
                update(claims)
                .where(claims.c.id == bindparam("b_id"), or_(*(claims.c.state == state.value for state in _FOLLOWS)))
                .values(version=claims.c.version + 1),
                values,
            )
