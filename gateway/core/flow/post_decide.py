"""Decide: what a child process does with a chunk of claim payments. It reads, runs the plugins, and writes nothing.

What cannot be certain does not reach a plugin: a payment that does not add up, that no claim or more than one fits, or
with a service that no line or more than one fits, is an exception here. Of two payments for one claim only the first is
decided; the other one is decided again when that one is committed, and so meets what it left.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from ...config import Config
from ...config.work_tables import work_table
from ...plugins.chains import Chain
from ...plugins.outgoing import OutgoingCalls
from ...plugins.rows import KeptRow
from ...plugins.runner import Decision, Runner
from ..model.payer_habits import HABITS, USUAL, Habits, habits_of
from ..model.posting import How, LineMatch, Match, OpenClaim, PostingPlan
from ..x12.balance import PREDETERMINATION
from ..x12.remittance import ClaimPayment
from . import route
from .details import details_of_payment
from .directions import lines_said, only_reversed, said
from .in_child import Marking, reads, where
from .kept_rows import packed
from .match import ClaimMatch, match_payment
from .open_claims import contents_of, find_claims, open_claims, waiting_reversals
from .payment_past import PaymentPast
from .post_plan import Reasons, Unreadable, fault_of, imbalance, reasons_of, state_after
from .post_records import Asked, Decided, DecidedChunk, pack_chunk, unpack_payment, unpack_request
from .post_words import in_words
from .stored_config import by_hash
from .verdicts import ItemRow

NOT_OURS = "23"
LATER = "later"
_FREE = frozenset({NOT_OURS, PREDETERMINATION})
_DECIDES = frozenset({"1", "2", "3", "4", "19", "20", "21", "22", *_FREE})
"""Statuses (CLP02) that say what a payer has done (hme-billing-rules 5.4); the others are of an older standard."""


class ReadPayment:
    """A payment as it was read, and why it cannot be posted whatever claim it is for (`fault`, `rule`). `unposted`:
    that its status is not one that posts, where it is none."""

    __slots__ = ("asked", "decided", "fault", "habits", "payment", "reasons", "rule", "unposted")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.fault = self.rule = ""
        self.reasons: Reasons = {}
        self.habits = USUAL
        payment = self.payment = unpack_payment(asked.content)
        # Said first whatever else is wrong: who mends that alone would find that it still does not post.
        self.unposted = ""
        if payment.status not in _DECIDES:
            self.unposted = (
                f"Claim status {payment.status or '(none)'} (CLP02) is not one that posts by itself, unless a setting "
                "(status_as) says what this payer means by it. Besides: "
            )
        try:
            if asked.aside:
                self.fault, self.rule = asked.aside, "aside"
            else:
                self.reasons = reasons_of(payment)
                self.fault, self.rule = imbalance(payment), "balance"
        except Unreadable as found:
            self.fault, self.rule = str(found), "unreadable"
        except Exception as error:  # one payment that our own code cannot read harms no other
            self.fault, self.rule = f"The gateway cannot work on it ({where(error)}). Report this.", "gateway"
        self.decided = Decided(
            asked.payment_id,
            asked.remittance_id,
            asked.ordinal,
            asked.content,
            payment.claim_id[:38],
            payment.status[:2],
            payment.charge_cents,
            payment.paid_cents,
            payment.patient_cents,
            payment.payer_control_number[:80],
            "exception",
            payer_id=asked.payer_id,
        )


class Known(NamedTuple):
    """The claim that each payment is for, in order; these claims as they stand; and their packed content, where chains
    are chosen by what a claim says."""

    matches: list[ClaimMatch]
    claims: dict[int, OpenClaim]
    contents: dict[int, bytes]


async def decide_payments(payload: bytes, mark: Marking) -> bytes:
    """Decide a chunk of payments. Takes a packed `PostRequest`, returns a packed `DecidedChunk`."""
    request = unpack_request(payload)
    config = by_hash(request.archive_root, request.config_root, request.config_hash)
    read = []
    for item, asked in enumerate(request.payments):
        mark.outside(item)
        read.append(ReadPayment(asked))
    mark.outside()
    with reads(request.database_url).connect() as connection:
        known = look_up(
            connection,
            read,
            habits_in(config, dt.date.fromisoformat(request.today)),
            with_contents=config.chains.asks_details,
        )
    past = PaymentPast(reads(request.database_url).connect, known.claims, paused=mark.paused)
    outgoing = OutgoingCalls()
    runner = Runner(
        today=dt.date.fromisoformat(request.today),
        lookups=past,
        mark=mark,
        killed={(item, step): why for item, step, why in request.killed},
        resting={(step, payer): why for step, payer, why in request.resting},
        outgoing=outgoing,
    )
    try:
        await decide_each(read, known, config, runner, past, request.partner, set(), mark)
    finally:
        await outgoing.close()
    mark.outside()
    return pack_chunk(DecidedChunk(request.config_hash, [one.decided for one in read]))


async def decide_each(
    read: Sequence[ReadPayment],
    known: Known,
    config: Config,
    runner: Runner,
    past: PaymentPast,
    partner: str,
    taken: set[int],
    mark: Marking,
) -> None:
    """Decide payments in their order; what was decided stands in `decided` of each. `taken`: claims for which an
    earlier payment is decided and not committed; those of these payments are added."""
    for item, (one, found) in enumerate(zip(read, known.matches, strict=True)):
        mark.outside(item)
        claim = known.claims.get(found.found.claim_id) if found.found is not None else None
        if claim is not None and claim.claim_id in taken:
            one.decided.state = LATER
        else:
            if claim is not None:
                taken.add(claim.claim_id)
            past.turn(claim.claim_id if claim is not None else 0)
            kept = await _decide(item, one, found, claim, known, config, runner, partner)
            one.decided.rows = [packed(row) for row in kept]
            past.keep(claim.claim_id if claim is not None else 0, kept)
            one.decided.patient_id, one.decided.patient_version = past.seen
            if claim is not None and one.decided.plan is not None:
                past.decided(claim, one.decided.plan, one.asked.payer_id, one.payment.status, runner.today)
            one.decided.what = in_words(one.decided)
        if not item % 50:
            await asyncio.sleep(0)


def habits_in(config: Config, day: dt.date) -> Callable[[str], Habits]:
    """What a payer does otherwise on a day (table `payer_habits`), by its id."""
    table = work_table(config.tables, HABITS)
    return lambda payer_id: habits_of(table, day, payer_id)


def look_up(
    connection: Connection,
    read: Sequence[ReadPayment],
    habits: Callable[[str], Habits],
    *,
    with_contents: bool,
) -> Known:
    """What the store knows of the claims of these payments, all seen at one moment."""
    for one in read:
        one.habits = habits(one.asked.payer_id)
    matches = find_claims(connection, [one.payment for one in read], [one.habits.claims_by_numbers for one in read])
    matches = said(connection, read, matches)
    ids: dict[int, None] = {}
    reversed_ids: list[int] = []
    decided_ids: list[int] = []
    for one, found in zip(read, matches, strict=True):
        if found.found is not None:
            ids[found.found.claim_id] = None
            # Also where nothing is left: a next payer may want to see that (autoposting, secondary_nothing_left).
            (reversed_ids if one.payment.is_reversal else decided_ids).append(found.found.claim_id)
    contents = contents_of(connection, list(ids)) if with_contents else {}
    waiting = waiting_reversals(connection, list(ids))
    claims = open_claims(connection, list(ids), [*reversed_ids, *waiting], decided_ids)
    for claim_id, reversals in waiting.items():
        claims[claim_id] = msgspec.structs.replace(claims[claim_id], reversals=tuple(reversals))
    return Known(matches, claims, contents)


async def _decide(
    item: int,
    one: ReadPayment,
    found: ClaimMatch,
    claim: OpenClaim | None,
    known: Known,
    config: Config,
    runner: Runner,
    partner: str,
) -> Sequence[KeptRow]:
    """Decide one payment; what was decided stands in `one.decided`. Returns the rows that its plugins keep."""
    decided, payment = one.decided, one.payment
    if claim is not None and one.asked.says is not None and one.asked.says.reverses:
        claim = only_reversed(claim, one.asked.says.reverses)
    if claim is not None:
        decided.claim_id, decided.version = claim.claim_id, claim.version
        decided.known_number = claim.payer_claim_number
        decided.payer_id = claim.payer_id or decided.payer_id
    decided.match = found.why
    if one.fault:
        _except(decided, one.unposted + one.fault, one.rule)
        return ()
    free = payment.status in _FREE
    if claim is None and not free:
        _except(decided, one.unposted + found.why, "no-claim" if not found.candidates else "candidates")
        return ()
    lines: tuple[LineMatch, ...] = ()
    if claim is not None and not free and not payment.is_reversal:
        lines = match_payment(payment, claim.lines, by_numbers=one.habits.lines_by_numbers)
        if one.asked.says is not None:
            lines = lines_said(one.asked.says, lines, claim)
        unsure = [line.why for line in lines if line.line_id is None]
        if unsure:
            said = f"{' '.join(unsure[:3])} Say which line is meant, then post it."
            _except(decided, one.unposted + said, "lines")
            return ()
        decided.lines_by = [line.why for line in lines if line.how is not How.LINE_NUMBER]
    match = Match(claim, found.how, found.why, lines, found.candidates)
    usage = config.gateway.usage
    content = known.contents.get(decided.claim_id)
    chain = config.chains.choose(
        decided.payer_id,
        partner,
        payment.filing_code,
        lambda: details_of_payment(payment, content, usage),
    )
    decided.chain = chain.name
    decision = await runner.payment(
        item, chain, payment, match, decided.payer_id, partner, lambda: _given(payment, claim)
    )
    decided.steps = list(decision.steps)
    items, rows = list(decision.items), list(decision.rows)
    plan = _plan_of(decision, one, claim, chain)
    if plan is None:
        return ()
    decided.plan = plan
    decided.state = "information" if plan.information else "posted"
    if claim is not None:
        decided.claim_state = state_after(plan, claim, payment.paid_cents)
    if plan.denials:
        decided.drafts, routed = await route.route(runner, item, chain, plan.denials, decided.payer_id, partner)
        items += [one for decision in routed for one in decision.items]
        rows += [one for decision in routed for one in decision.rows]
        decided.routed = [list(decision.steps) for decision in routed]
    decided.items = list({(one[0], one[1], one[2].rule): ItemRow(*one) for one in items}.values())
    return rows


def _given(payment: ClaimPayment, claim: OpenClaim | None) -> object:
    """What plugins are given and could change behind the back of everybody; compared before and after."""
    lines = (*claim.lines, claim.claim) if claim is not None else ()
    amounts = payment.status, payment.charge_cents, payment.paid_cents, payment.patient_cents
    return amounts, [*payment.raw], [{**line.patient} for line in lines]


def _except(decided: Decided, reason: str, rule: str, team: str = "posting") -> None:
    decided.state, decided.reason, decided.rule, decided.team = "exception", reason, rule, team


def _plan_of(decision: Decision, one: ReadPayment, claim: OpenClaim | None, chain: Chain) -> PostingPlan | None:
    """The plan that the chain made, checked; None (with the reason in `one.decided`) where the payment waits."""
    decided = one.decided
    if decision.holds:
        hold = decision.holds[0].hold
        _except(decided, hold.reason, hold.rule or f"plugin:{decision.holds[0].plugin}", hold.team)
        return None
    if decision.quarantine is not None:
        _except(decided, decision.quarantine.reason, "quarantine", decision.quarantine.team)
        return None
    if decision.retry is not None:
        _except(decided, f"{decision.retry.reason} Post it again later.", "ask-again")
        return None
    # The runner has seen to it that an answer is what its type says.
    plan: PostingPlan | None = decision.answer
    if plan is None:
        _except(decided, f"No plugin of chain {chain.name} plans payments like this one.", "no-plan")
        return None
    fault = fault_of(plan, decided.paid_cents, decided.status, claim, one.reasons)
    if fault:
        plugin = decision.steps[-1].plugin if decision.steps else ""
        _except(decided, f"Plugin {plugin} made a plan that cannot be posted: {fault}.", f"plugin:{plugin}", "edi")
        return None
    return plan
