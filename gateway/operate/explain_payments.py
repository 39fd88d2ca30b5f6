"""What would happen to each remittance and claim payment of an 835: the station's own code, and nothing is posted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from msgspec import convert
from sqlalchemy import select

from ..core.flow import post_scan
from ..core.flow.post_begin import Judged, habits_in, judge, what_happens
from ..core.flow.post_commit import moves_of
from ..core.flow.post_decide import LATER
from ..core.flow.post_records import Asked, Decided, Scanned, unpack_payment
from ..core.flow.post_scan import Posts
from ..core.flow.route import denial_item
from ..core.ledger import accounts
from ..core.model.payer_habits import PAYER_PLB, PLB, provider_level
from ..core.model.posting import OpenClaim, PostingPlan
from ..core.store.tables import transfers
from ..core.work.calendar import add_business_days
from ..plugins.answers import StepRecord
from . import explain_report as report
from .explain_child import ToldPayment
from .explain_claims import Ground
from .explain_report import Explained, Section
from .looking import count, day, dollars
from .trace_payments import moved, status_words

POSTING = "posting"


def explain_payments(ground: Ground, stream: BinaryIO) -> Iterator[Explained]:
    """Each remittance of a file and its claim payments, in order; in the memory of a chunk."""
    stream.seek(0)
    scans = {found.ordinal: found for found in post_scan.scan(stream)}
    judged = _judge(ground, scans)
    # The ordinal stands for the id of a remittance that is none.
    posts = {ordinal: Posts(ordinal, 1, found.payer_id) for ordinal, found in scans.items()}
    told = 0
    taken: set[int] = set()
    stream.seek(0)
    for some in _in_chunks(stream, posts, ground.config.gateway.workers.chunk):
        ordinal = some[0].remittance_id
        yield from _remittances(ground, scans, judged, told, ordinal)
        told = ordinal
        # What is not posted leaves the claims to those that come after it.
        so_far = taken if judged[ordinal].state == POSTING else set()
        for one in ground.asking.payments(ground, some, so_far):
            yield _payment(ground, one, judged[ordinal])
    yield from _remittances(ground, scans, judged, told, max(scans, default=0))


def _in_chunks(stream: BinaryIO, posts: Mapping[int, Posts], size: int) -> Iterator[list[Asked]]:
    """The claim payments in the order of the file, those of one set together."""
    some: list[Asked] = []
    for asked in post_scan.cut(stream, posts):
        if some and (len(some) == size or some[0].remittance_id != asked.remittance_id):
            yield some
            some = []
        some.append(asked)
    if some:
        yield some


# --- remittances -----------------------------------------------------------------------------------


def _judge(ground: Ground, scans: Mapping[int, Scanned]) -> dict[int, Judged]:
    """What becomes of each set; one that repeats an earlier set of the file is a copy of it."""
    first: dict[str, int] = {}
    judged = {}
    for ordinal, found in scans.items():
        before = first.setdefault(found.body, ordinal)
        if before == ordinal:
            judged[ordinal] = judge(
                ground.connection,
                ground.config.gateway.usage,
                found,
                habits_in(ground.config.tables, ground.today, found),
            )
        else:
            why = f"The same contents as transaction set {before} of this file; nothing is posted."
            judged[ordinal] = Judged("duplicate", why)
    return judged


def _remittances(
    ground: Ground, scans: Mapping[int, Scanned], judged: Mapping[int, Judged], after: int, until: int
) -> Iterator[Explained]:
    for ordinal in range(after + 1, until + 1):
        if ordinal in scans:
            yield _remittance(ground, scans[ordinal], judged[ordinal])


def _remittance(ground: Ground, found: Scanned, judged: Judged) -> Explained:
    posts = judged.state == POSTING
    said = what_happens(found, judged)
    lines = [said.replace("and is being posted", "and would be posted")]
    if not posts:
        lines.append("What its claim payments would do by themselves stands below; nothing of it is posted.")
    if found.levels and posts:
        tables = ground.config.tables
        for level in found.levels:
            row = provider_level(
                tables.get(PLB), tables.get(PAYER_PLB), ground.today, level.code, found.payer_id, found.originator
            )
            meaning = row.get("meaning", "a reason that the table plb does not have")
            way = "taken from" if level.cents > 0 else "added to"
            lines.append(f"{dollars(abs(level.cents))} {way} the payment at provider level, {level.code} ({meaning})")
    payer = found.payer_name or "an unknown payer"
    title = (
        f"Remittance {found.ordinal} of {payer}, {found.trace_number or 'no number'} of "
        f"{day(found.effective_date) or 'no date'}, {dollars(found.paid_cents)}: "
        f"{'posts' if posts else judged.state}"
    )
    facts = {"ordinal": found.ordinal, "state": judged.state, "reason": judged.reason, "payer_id": found.payer_id}
    facts |= {"trace_number": found.trace_number, "paid_cents": found.paid_cents, "claims": found.claims}
    return Explained("remittance", "", title, [Section("whole", lines)], posts, facts)


# --- claim payments --------------------------------------------------------------------------------


def _payment(ground: Ground, one: ToldPayment, judged: Judged) -> Explained:
    decided, claim = one.decided, one.claim
    filing_code = unpack_payment(decided.content).filing_code
    head = (
        f"Payment {decided.ordinal} of remittance {decided.remittance_id}, claim {decided.claim_number or '(none)'}: "
        f"{dollars(decided.paid_cents)} of {dollars(decided.charge_cents)}"
    )
    sections = [Section("says", [status_words(decided.status) + _patient_share(decided)])]
    facts: dict[str, Any] = {"remittance": decided.remittance_id, "ordinal": decided.ordinal}
    facts |= {"claim_number": decided.claim_number, "claim_id": decided.claim_id or None, "match": decided.match}
    facts |= {"status": decided.status, "charge_cents": decided.charge_cents, "paid_cents": decided.paid_cents}
    if decided.state == LATER:
        words = (
            "An earlier payment of this file is for the same claim. This one is decided on what that one leaves, once "
            "it is posted."
        )
        sections.append(Section("later", [words]))
        facts |= {"state": LATER, "reason": words}
        return Explained("payment", decided.claim_number, f"{head}: after an earlier one", sections, True, facts)
    chains = report.considered(ground.config, decided.payer_id, ground.partner, filing_code, one.details)
    sections.append(Section("match", _match(decided, claim)))
    sections.append(report.chain_section(ground.config, chains))
    steps = [line for step in convert(decided.steps, list[StepRecord]) for line in report.step_lines(step)]
    if steps:
        sections.append(Section("post", steps))
    plan = decided.plan
    if plan is None:
        title = f"{head}: waits"
        sections.append(Section("waits", [f"for {decided.team}: {decided.reason}"]))
    else:
        alone = "" if judged.state == POSTING else " by itself"
        title = f"{head}: {'is noted' if plan.information else f'posts{alone}'}"
        moves = _moves(ground, decided, plan)
        sections.append(Section("does", [decided.what, *plan.notes]))
        sections.append(Section("ledger", moves or ["nothing moves"]))
        if decided.claim_state:
            sections.append(Section("claim", [f"is {decided.claim_state} afterwards"]))
        work = [*_denials(ground, decided, plan), *_reviews(ground, plan)]
        work += report.item_lines(decided.items, ground.today)
        if work:
            sections.append(Section("work", work))
        kept = report.row_lines(decided.rows, ground.hide)
        if kept:
            sections.append(Section("keeps", kept))
        facts |= {"moves": moves, "work": work, "keeps": kept, "claim_state": decided.claim_state}
    facts |= {
        "state": decided.state,
        "reason": decided.reason,
        "team": decided.team,
        "chain": decided.chain,
        "considered": [found._asdict() for found in chains],
        "what": decided.what,
    }
    goes = plan is not None and judged.state == POSTING
    return Explained("payment", decided.claim_number, title, sections, goes, facts)


def _patient_share(decided: Decided) -> str:
    number = f"; the payer's number {decided.payer_claim_number}" if decided.payer_claim_number else ""
    return f", patient {dollars(decided.patient_cents)}{number}"


def _match(decided: Decided, claim: OpenClaim | None) -> list[str]:
    lines = [decided.match, *decided.lines_by]
    if claim is not None:
        what = f"claim {claim.claim_number} (id {claim.claim_id}), {claim.state}, {dollars(claim.open_cents)} open"
        lines.insert(1, f"{what}, {count(len(claim.lines), 'line')}")
    return lines


def _moves(ground: Ground, decided: Decided, plan: PostingPlan) -> list[str]:
    """What posting would do to the ledger, in words."""
    clearing = accounts.clearing(decided.remittance_id)
    if plan.reverses is not None and ground.connection is not None:
        rows = ground.connection.execute(
            select(transfers.c.debit, transfers.c.credit, transfers.c.cents)
            .where(transfers.c.claim_payment_id == plan.reverses)
            .order_by(transfers.c.id)
        )
        return moved((row.credit, row.debit, row.cents) for row in rows)
    return moved(
        (debit, credit, cents) for line in plan.lines for debit, credit, cents, _, _ in moves_of(line, clearing)
    )


def _denials(ground: Ground, decided: Decided, plan: PostingPlan) -> Iterator[str]:
    for denial, draft in zip(plan.denials, decided.drafts, strict=True):
        item = denial_item(denial, draft, 0, decided.claim_id, ground.today, decided.payer_id, ground.partner)
        deadline = f", deadline {day(item.deadline)}" if item.deadline else ""
        yield f"denial for {item.team}, work by {day(item.work_by)}{deadline}: {item.reason}"


def _reviews(ground: Ground, plan: PostingPlan) -> Iterator[str]:
    for review in plan.reviews:
        by = review.work_by or add_business_days(ground.today, review.business_days)
        deadline = f", deadline {day(review.deadline)}" if review.deadline else ""
        yield f"review for {review.team}, work by {day(by)}{deadline}: {review.reason}"
