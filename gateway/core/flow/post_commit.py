"""Commit: what was decided about a chunk of claim payments becomes rows, in one transaction.

Nothing is decided here. A claim that is not as it was when its payment was decided (another payment, an answer of the
payer) is decided again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from ...plugins.tables import Tables
from ..ledger import accounts, transfers
from ..ledger.transfers import Transfer
from ..model.money import to_dollars
from ..model.posting import UNDERPAYMENT, Kind, LinePosting, PostingPlan
from ..model.states import Hop, SubmissionState
from ..store import patients, timeline
from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import (
    adjustments,
    claim_payments,
    claims,
    denials,
    line_payments,
    remittances,
    submissions,
)
from ..work.calendar import add_business_days
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, close_items, open_items
from . import kept_rows, next_payers, post_again, replaced
from .denial_cases import WORKED, Cases, Paid, Place
from .look_again import look_again
from .open_claims import REVERSAL
from .plugin_items import plugin_item
from .post_records import Decided, DecidedChunk, in_bulks
from .post_rows import DENIAL, LINE, PAYMENT, REASON, insert_rows, update_claims
from .post_words import in_words, routed_records
from .route import denial_item

WORK_WITHIN_BUSINESS_DAYS = 2
_KINDS = {kind: (kind.value, accounts.OF_KIND.get(kind, "")) for kind in Kind}


def moves_of(line: LinePosting, clearing: str) -> list[tuple[str, str, int, str, str]]:
    """What posting a line does to the ledger: debit, credit, cents (> 0), kind and why of each transfer. `clearing` is
    the account of its remittance."""
    insurance = accounts.INSURANCE
    moves = [(insurance, accounts.OF_KIND[back.kind], back.cents, "reopened", "") for back in line.reopened]
    if line.paid_cents:
        moves.append((clearing, insurance, line.paid_cents, "payment", ""))
    for one in line.adjustments:
        kind, account = _KINDS[one.kind]
        if account and one.cents:
            moves.append((account, insurance, one.cents, kind, f"{one.group}-{one.reason}"))
    return [
        (debit, credit, cents, kind, why) if cents > 0 else (credit, debit, -cents, kind, why)
        for debit, credit, cents, kind, why in moves
    ]


class Origin(NamedTuple):
    """Where a chunk comes from: the file, the partner that brought it, and the business day; the tables that say by
    when what waits must be done."""

    file_id: int
    partner: str
    today: dt.date
    deadlines: Deadlines | None = None
    tables: Tables | None = None


class Committed(NamedTuple):
    """What a commit did; `again` are the ids of the payments that must be decided again."""

    posted: int
    exceptions: int
    again: list[int]


class _Chunk:
    """The rows of one chunk while they are gathered."""

    def __init__(self, connection: Connection, origin: Origin, config_hash: str, now: dt.datetime) -> None:
        self.connection = connection
        self.origin = origin
        self.config_hash = config_hash
        self.now = now
        self.soon = add_business_days(origin.today, WORK_WITHIN_BUSINESS_DAYS)
        self.payments: list[tuple[Any, ...]] = []
        self.lines: list[tuple[Any, ...]] = []
        self.reasons: list[tuple[Any, ...]] = []
        self.transfers: list[Transfer] = []
        self.denials: list[tuple[Any, ...]] = []
        self.items: list[WorkItem] = []
        self.entries: list[timeline.Entry] = []
        self.claims: dict[int, tuple[str, str]] = {}
        self.posted: Counter[int] = Counter()
        self.unmatched: dict[int, int] = {}
        self.superseded: dict[Place, Paid] = {}
        self.cases = Cases(connection, origin.tables, origin.today)
        self.reversed: list[int] = []

    # --- one payment

    def take(self, decided: Decided, *, quietly: bool = False) -> None:
        """Gather the rows of one payment; `quietly`: nobody is told anything of it."""
        plan = decided.plan
        reverses = plan.reverses if plan is not None else None
        self.payments.append(
            (
                decided.payment_id,
                decided.remittance_id,
                decided.ordinal,
                decided.claim_id or None,
                decided.claim_number,
                decided.status,
                decided.charge_cents,
                decided.paid_cents,
                decided.patient_cents,
                decided.payer_claim_number,
                decided.state,
                decided.match[:200],
                decided.reason[:1000],
                reverses,
                decided.content,
                self.now,
            )
        )
        if quietly:
            return
        if decided.state == "exception":
            self._exception(decided)
            if decided.status == REVERSAL and decided.claim_id:
                self.unmatched[decided.payment_id] = decided.claim_id
        elif plan is not None:
            self._plan(decided, plan)
        self._tell(decided)

    def _exception(self, decided: Decided) -> None:
        self.items.append(
            WorkItem(
                kind="posting_exception",
                key=f"payment:{decided.payment_id}",
                reason=f"Not posted: {decided.reason}"[:1000],
                team=decided.team[:30],
                subject_kind="claim_payment",
                subject_id=decided.payment_id,
                claim_id=decided.claim_id or None,
                rule=decided.rule[:40],
                cents=decided.paid_cents,
                work_by=self.soon,
                payer_id=decided.payer_id,
                partner=self.origin.partner,
            )
        )

    def _plan(self, decided: Decided, plan: PostingPlan) -> None:
        if not plan.information:
            self.posted[decided.remittance_id] += decided.paid_cents
            if plan.reverses is not None:
                self.reversed.append(plan.reverses)
            else:
                self._lines(decided, plan)
        if decided.claim_id and not plan.information:
            payer_number = decided.payer_claim_number or decided.known_number
            self.claims[decided.claim_id] = decided.claim_state, payer_number
        for number, review in enumerate(plan.reviews):
            self.items.append(
                WorkItem(
                    kind=UNDERPAYMENT if review.rule == UNDERPAYMENT else "payment_review",
                    key=f"review:{decided.payment_id}:{number}",
                    reason=review.reason[:1000],
                    team=review.team[:30],
                    subject_kind="claim" if decided.claim_id else "claim_payment",
                    subject_id=decided.claim_id or decided.payment_id,
                    claim_id=decided.claim_id or None,
                    rule=review.rule[:40],
                    cents=review.cents,
                    work_by=review.work_by or add_business_days(self.origin.today, review.business_days),
                    deadline=review.deadline,
                    payer_id=decided.payer_id,
                    partner=self.origin.partner,
                )
            )

        self.items += [
            plugin_item(
                item,
                claim_id=decided.claim_id or None,
                payment_id=decided.payment_id,
                cents=decided.paid_cents,
                today=self.origin.today,
                payer_id=decided.payer_id,
                partner=self.origin.partner,
            )
            for item in decided.items
        ]

    def _lines(self, decided: Decided, plan: PostingPlan) -> None:
        payment_id, claim_id = decided.payment_id, decided.claim_id
        count = 0
        today, remittance_id = self.origin.today, decided.remittance_id
        clearing = accounts.clearing(remittance_id)
        made = self.transfers

        for line in plan.lines:
            line_id = line.line_id
            self.lines.append((payment_id, line_id, line.code, line.charge_cents, line.paid_cents, line.denied))
            for back in line.reopened:
                if back.kind is Kind.DENIAL:
                    before = self.superseded.get((claim_id, line_id))
                    paid = line.paid_cents + (before.cents if before is not None else 0)
                    self.superseded[claim_id, line_id] = Paid(paid, payment_id)
            for one in line.adjustments:
                kind = _KINDS[one.kind][0]
                self.reasons.append((payment_id, line_id, one.group, one.reason, one.remark, one.cents, kind))
            for debit, credit, cents, kind, why in moves_of(line, clearing):
                count += 1
                key = f"post:{payment_id}:{count}"
                made.append(
                    Transfer(
                        debit, credit, cents, today, kind, key, why, claim_id, line_id, payment_id, remittance_id, None
                    )
                )

    def _tell(self, decided: Decided) -> None:
        steps: dict[str, Any] = {"payment": decided.payment_id, "match": decided.match}
        if decided.lines_by:
            steps["lines"] = decided.lines_by
        if decided.chain:
            steps["chain"] = decided.chain
        if decided.steps:
            steps["steps"] = decided.steps
        if decided.plan is not None and decided.plan.notes:
            steps["notes"] = list(decided.plan.notes)
        kind, subject = ("claim", decided.claim_id) if decided.claim_id else ("claim_payment", decided.payment_id)
        self.entries.append(timeline.Entry(kind, subject, "post", decided.what, steps, self.config_hash))

    # --- what only the database knows

    def take_back(self) -> None:
        """Rows and transfers of the reversals: those of the payments that they take back, the other way round."""
        by_reversal = {row[13]: row for row in self.payments if row[13] is not None}
        originals = sorted(by_reversal)
        if not originals:
            return
        for original, moved in transfers.of_payments(self.connection, originals).items():
            row = by_reversal[original]
            self.transfers += [
                transfers.reversal_of(transfer_id, transfer, row[0], row[1], self.origin.today)
                for transfer_id, transfer in moved
            ]
        for some in in_bulks(originals):
            for owner, line_id, code, charge, paid, denied in self.connection.execute(
                select(
                    line_payments.c.claim_payment_id,
                    line_payments.c.line_id,
                    line_payments.c.code,
                    line_payments.c.charge_cents,
                    line_payments.c.paid_cents,
                    line_payments.c.denied,
                )
                .where(line_payments.c.claim_payment_id.in_(some))
                .order_by(line_payments.c.id)
            ):
                self.lines.append((by_reversal[owner][0], line_id, code, -charge, -paid, denied))
            for owner, line_id, group, reason, remark, cents, kind in self.connection.execute(
                select(
                    adjustments.c.claim_payment_id,
                    adjustments.c.line_id,
                    adjustments.c.group_code,
                    adjustments.c.reason_code,
                    adjustments.c.remark_code,
                    adjustments.c.cents,
                    adjustments.c.kind,
                )
                .where(adjustments.c.claim_payment_id.in_(some))
                .order_by(adjustments.c.id)
            ):
                self.reasons.append((by_reversal[owner][0], line_id, group, reason, remark, -cents, kind))

    def end_denials(self) -> None:
        """Denials of reversed payments are over; so are those of a line that the payer has decided on again."""
        ended: list[tuple[list[int], str, str]] = []
        if self.reversed:
            ids = self._denials(denials.c.claim_payment_id.in_(self.reversed))
            ended.append((ids, "reversed", "The payer reversed the payment that denied it."))
        if self.superseded:
            claim_ids = sorted({claim_id for claim_id, _ in self.superseded})
            rows = self._denials(denials.c.claim_id.in_(claim_ids), self.superseded)
            ended.append((rows, "superseded", "The payer has decided on it again."))
        for ids, state, outcome in ended:
            for some in in_bulks(ids):
                self.connection.execute(update(denials).where(denials.c.id.in_(some)).values(state=state))
            self.cases.end(ids, self.superseded if state == "superseded" else {})
            close_items(self.connection, [f"denial:{denial_id}" for denial_id in ids], outcome, self.now)

    def _denials(self, where: Any, of: Collection[Place] | None = None) -> list[int]:
        rows = self.connection.execute(
            select(denials.c.id, denials.c.claim_id, denials.c.line_id)
            .where(where, denials.c.state.in_(WORKED))
            .order_by(denials.c.id)
        )
        whole = {claim_id for claim_id, line_id in of or () if line_id is None}
        return [row.id for row in rows if of is None or (row.claim_id, row.line_id) in of or row.claim_id in whole]

    def open_denials(self, planned: Sequence[Decided]) -> None:
        """Rows and work items of the denials."""
        found = [
            (decided, denial, draft)
            for decided in planned
            if decided.plan is not None
            for denial, draft in zip(decided.plan.denials, decided.drafts, strict=True)
        ]
        if not found:
            return
        first = allocate(self.connection, "denials", len(found))
        routed: dict[int, list[str]] = {}
        asked = {decided.claim_id: routed_records(decided) for decided in planned if decided.routed}
        self.cases.look_up([one[0].claim_id for one in found], [one[0].remittance_id for one in found])
        for index, (decided, denial, draft) in enumerate(found):
            denial_id = first + index
            item = denial_item(
                denial, draft, denial_id, decided.claim_id, self.origin.today, decided.payer_id, self.origin.partner
            )
            item = self.cases.open(denial_id, decided.claim_id, decided.remittance_id, denial, item)
            self.items.append(item)
            words = f"${to_dollars(denial.cents):,} {denial.group}-{denial.reason} to {item.team}"
            routed.setdefault(decided.claim_id, []).append(words)
            self.denials.append(
                (
                    denial_id,
                    decided.claim_id,
                    denial.line_id,
                    decided.payment_id,
                    denial.group[:2],
                    denial.reason[:5],
                    denial.remark[:8],
                    denial.category[:32],
                    item.team,
                    denial.cents,
                    "open",
                    self.now,
                )
            )

        for claim_id, told in routed.items():
            records, failed = asked.get(claim_id, ([], ""))
            what = f"Denials: {'; '.join(told)}.{failed}"
            self.entries.append(timeline.Entry("claim", claim_id, "route", what, records or None, self.config_hash))

    # --- writing

    def write(self) -> None:
        """All rows, in bulk."""
        connection = self.connection
        insert_bulk(connection, claim_payments, PAYMENT, self.payments)
        insert_rows(connection, "line_payments", line_payments, LINE, self.lines)
        insert_rows(connection, "adjustments", adjustments, REASON, self.reasons)
        if self.denials:
            insert_bulk(connection, denials, DENIAL, self.denials)
            self.cases.write()
        transfers.write(connection, self.transfers, self.now)
        open_items(connection, self.items, self.now, self.origin.deadlines)
        timeline.add(connection, self.entries, self.now)
        for remittance_id, cents in sorted(self.posted.items()):
            connection.execute(
                update(remittances)
                .where(remittances.c.id == remittance_id)
                .values(
                    posted_cents=remittances.c.posted_cents + cents,
                    exception_cents=remittances.c.exception_cents - cents,
                )
            )
        self._move_claims()
        if self.unmatched:
            # What a reversal takes back may itself be waiting, for want of this reversal.
            why = f"A reversal has come (file {self.origin.file_id})"
            post_again.of_claims(connection, set(self.unmatched.values()), why, self.now, but=self.unmatched)

    def came_instead(self, planned: Sequence[Decided]) -> tuple[set[int], set[int], dict[int, Paid]]:
        """For `replaced.settle`: the claims of reversals, those that were decided, and what was paid on their lines."""
        taken_back: set[int] = set()
        decided: set[int] = set()
        for one in planned:
            if one.claim_id and one.plan is not None and not one.plan.information:
                (decided if one.plan.reverses is None else taken_back).add(one.claim_id)
        paid: dict[int, Paid] = {}
        for payment_id, line_id, _, _, cents, _ in self.lines:
            if line_id is not None and cents > 0:
                before = paid.get(line_id)
                paid[line_id] = Paid(cents + (before.cents if before is not None else 0), payment_id)
        return taken_back, decided, paid

    def _move_claims(self) -> None:
        if not self.claims:
            return
        update_claims(self.connection, self.claims, self.now)
        known = patients.of_claims(self.connection, sorted(self.claims))
        patients.changed(self.connection, (one.patient_id for one in known.values()))
        why = f"A payment was posted (file {self.origin.file_id})"
        look_again(self.connection, {one.patient_id for one in known.values()}, why, self.now)
        post_again.of_claims(self.connection, self.claims.keys(), why, self.now)
        for some in in_bulks(sorted(self.claims)):
            latest = (
                select(func.max(submissions.c.id))
                .where(submissions.c.claim_id.in_(some))
                .group_by(submissions.c.claim_id)
            )
            self.connection.execute(
                update(submissions)
                .where(submissions.c.id.in_(latest))
                .values(state=SubmissionState.ADJUDICATED.value, hop=int(Hop.REMITTANCE), updated_at=self.now)
            )


def commit_chunk(
    connection: Connection,
    origin: Origin,
    chunk: DecidedChunk,
    now: dt.datetime,
    *,
    final: bool = False,
    told: Mapping[int, str] = MappingProxyType({}),
) -> Committed:
    """Write the payments of a chunk with all that belongs to them.

    `final`: the rounds are used up; a payment whose claim changed once more waits for a person. `told`: why payments
    waited that nobody asked to decide again; where that is still so, it is not told once more.
    """
    changed = _changed(connection, chunk.payments)
    again = []
    rows = _Chunk(connection, origin, chunk.config_hash, now)
    planned = []
    exceptions = 0
    for decided in chunk.payments:
        if decided.state == "later" or decided.claim_id in changed:
            if not final:
                again.append(decided.payment_id)
                continue
            _give_up(decided)
        exceptions += decided.state == "exception"
        planned.append(decided)
        still = decided.state == "exception" and told.get(decided.payment_id) == decided.reason[:1000]
        rows.take(decided, quietly=still)
    rows.take_back()
    rows.end_denials()
    rows.open_denials(planned)
    rows.write()
    next_payers.note(connection, planned, origin.today, now)
    to_come = {one.claim_id for one in chunk.payments if one.claim_id and one.payment_id in again}
    replaced.settle(connection, *rows.came_instead(planned), origin.today, now, but=to_come)
    _keep_rows(connection, planned, now)
    return Committed(len(planned) - exceptions, exceptions, again)


def _keep_rows(connection: Connection, planned: Sequence[Decided], now: dt.datetime) -> None:
    """Write what plugins keep of the payments that post; the past of those patients has changed."""
    keeping = [decided for decided in planned if decided.rows and decided.plan is not None]
    if not keeping:
        return
    whose = patients.of_claims(connection, sorted({decided.claim_id for decided in keeping}))
    kept_rows.write(
        connection,
        (
            (row, whose[decided.claim_id].patient_id if decided.claim_id in whose else None, decided.claim_id)
            for decided in keeping
            for row in decided.rows
        ),
        now,
    )
    patients.changed(connection, (one.patient_id for one in whose.values()))


def _changed(connection: Connection, payments: Sequence[Decided]) -> set[int]:
    """The claims that are not as they were when their payments were decided. They are locked until the end."""
    seen = {decided.claim_id: decided.version for decided in payments if decided.claim_id and decided.state != "later"}
    found: dict[int, int] = {}
    for some in in_bulks(sorted(seen.keys() | replaced.others(connection, seen.keys()))):
        rows = connection.execute(
            select(claims.c.id, claims.c.version).where(claims.c.id.in_(some)).order_by(claims.c.id).with_for_update()
        )
        found.update({row.id: row.version for row in rows})
    changed = {claim_id for claim_id, version in seen.items() if found.get(claim_id) != version}
    # Where a plugin looked at the patient's past, nothing of it may have changed either.
    looked = {one.claim_id: (one.patient_id, one.patient_version) for one in payments if one.patient_id}
    if looked:
        now = patients.of_claims(connection, sorted(looked))
        changed |= {claim_id for claim_id, known in looked.items() if tuple(now.get(claim_id, ())) != known}
    return changed


def _give_up(decided: Decided) -> None:
    decided.state, decided.team, decided.rule, decided.plan = "exception", "posting", "changed", None
    decided.reason = "The claim kept changing while this payment was posted. Look at its timeline, then post it."
    decided.what = in_words(decided)
