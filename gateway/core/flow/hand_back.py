"""A claim for a next payer that is withdrawn, voided or replaced hands its receivable back: to the claim before, and
from there to the claim that goes in its place.

Who holds what a payer left, the claims of its number say: the newest that stands; a void asks for nothing. As long as
the next payer's decision stands on the claim that holds it, nothing moves; when that is taken back, it does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, select, update

from ..ledger import accounts, hand_overs, transfers
from ..ledger.balances import LineBalances, by_line, claim_balances
from ..model.money import to_dollars
from ..model.payer_frequency import VOID
from ..model.states import ClaimState
from ..store import timeline
from ..store.claims import bulks
from ..store.denial_tables import RETURNED, next_claims
from ..store.tables import claim_lines, claim_payments, claims
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from .commit_claims import NEXT_PAYERS
from .denial_cases import supersede
from .next_payers import TEAM

_GONE = (ClaimState.FAULTY, ClaimState.CANCELLED)
_DECIDED = (ClaimState.PAID, ClaimState.DENIED)


def lock(connection: Connection, numbers: Collection[str], others: Collection[int] = ()) -> None:
    """Lock the claims between which what is receivable under these numbers may move (and `others`): claims before
    counters, as everybody does, and all of them at once."""
    wanted = set(others)
    for some in bulks(sorted(numbers)):
        for row in connection.execute(
            select(next_claims.c.claim_id, next_claims.c.made_claim_id).where(
                next_claims.c.number.in_(some), next_claims.c.made_claim_id.is_not(None)
            )
        ):
            wanted |= {row.claim_id, row.made_claim_id}
    if wanted:
        connection.execute(
            select(claims.c.id).where(claims.c.id.in_(sorted(wanted))).order_by(claims.c.id).with_for_update()
        )


def settle(connection: Connection, numbers: Iterable[str], why: str, today: dt.date, now: dt.datetime) -> int:
    """Let the claims that stand under these numbers hold what a payer left, and nobody else; returns for how many that
    changed. `why`: what has happened, in words. The claims are locked (`lock`). Done twice it is done once."""
    return sum(_settle(connection, row, why, today, now) for row in _newest(connection, numbers))


def _newest(connection: Connection, numbers: Iterable[str]) -> list[Any]:
    """The next claim that each number stands for: a number may have been used before, and withdrawn."""
    found: dict[str, Any] = {}
    for some in bulks(sorted(set(numbers))):
        for row in connection.execute(
            select(next_claims)
            .where(next_claims.c.number.in_(some), next_claims.c.made_claim_id.is_not(None))
            .order_by(next_claims.c.id)
        ):
            found[row.number] = row
    return list(found.values())


def _settle(connection: Connection, row: Any, why: str, today: dt.date, now: dt.datetime) -> bool:
    borne = _borne(connection, row)
    holder = next((one.id for one in reversed(borne) if one.state not in _GONE), None)
    if any(one.id == holder and one.frequency == VOID for one in borne):
        holder = None  # a void asks for nothing
    between = [row.claim_id, *(one.id for one in borne)]
    holds = row.made_claim_id if row.state != RETURNED else None
    if holder == holds:
        note(connection, row.id, state="made" if holds is not None else RETURNED)
        return False
    if holds is not None:
        standing = by_line(connection, [holds])[holds]
        if not untouched(standing, row.cents):
            note(connection, row.id, state="made")
            return False
        _give_back(connection, row, between, standing, why, today, now)
    if holder is None:
        note(connection, row.id, state=RETURNED, why=why)
    else:
        _give(connection, row, between, holder, why, today, now)
    _touch(connection, row.claim_id, [one for one in (holds, holder) if one is not None], now)
    if holder is None and not _due_anew(connection, row, today):
        _tell(connection, row, between, why, today, now)
    return True


def _borne(connection: Connection, row: Any) -> list[Any]:
    """The claims for next payers that bear a number, the oldest first."""
    return list(
        connection.execute(
            select(claims.c.id, claims.c.frequency, claims.c.state)
            .where(claims.c.source == NEXT_PAYERS, claims.c.source_claim_number == row.number)
            .order_by(claims.c.id)
        )
    )


def untouched(standing: LineBalances, cents: int) -> bool:
    """Whether nothing of what is asked for, `cents`, is paid, taken off or the patient's: all of it is with the payer,
    or denied."""
    open_cents = patients = 0
    for on_line in standing.values():
        for account, amount in on_line.items():
            if account in (accounts.INSURANCE, accounts.DENIED):
                open_cents += amount
            elif account.startswith(accounts.PATIENT):
                patients += abs(amount)
    return open_cents == cents and not patients


def _give_back(
    connection: Connection,
    row: Any,
    between: list[int],
    standing: LineBalances,
    why: str,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """What was handed over goes back the way it came; what the next payer denied of it is denied no more."""
    after = hand_overs.count(connection, row.id, between)
    made = hand_overs.reopened(row.id, row.made_claim_id, standing, today, after)
    made += hand_overs.back(connection, row.id, between, today, why)
    transfers.write(connection, made, now)
    supersede(connection, row.made_claim_id, {}, why, today, now)
    what = f"What it was asked for, ${to_dollars(row.cents):,}, is receivable from it no more: {why}"
    timeline.add(connection, [timeline.Entry("claim", row.made_claim_id, "next payer", what)], now)


def _give(
    connection: Connection, row: Any, between: list[int], holder: int, why: str, today: dt.date, now: dt.datetime
) -> None:
    """What is left on the claim before goes to the claim that stands now."""
    before = by_line(connection, [row.claim_id])[row.claim_id]
    made = hand_overs.to_next_payer(
        row.id,
        row.claim_id,
        holder,
        before,
        same_lines(connection, row.claim_id, holder),
        today,
        after=hand_overs.count(connection, row.id, between),
    )
    transfers.write(connection, made, now)
    cents = hand_overs.handed(made)
    note(connection, row.id, state="made", made_claim_id=holder, cents=cents)
    what = f"${to_dollars(cents):,} are receivable from it now: {why}"
    timeline.add(connection, [timeline.Entry("claim", holder, "next payer", what)], now)


def same_lines(connection: Connection, first: int, second: int) -> dict[int | None, int | None]:
    """The line of the second claim for each line of the first, by their numbers."""
    numbered: dict[int, dict[int, int]] = {first: {}, second: {}}
    for line in connection.execute(
        select(claim_lines.c.claim_id, claim_lines.c.number, claim_lines.c.id).where(
            claim_lines.c.claim_id.in_([first, second])
        )
    ):
        numbered[line.claim_id][line.number] = line.id
    return {line_id: numbered[second].get(number) for number, line_id in numbered[first].items()}


def _touch(connection: Connection, first: int, others: list[int], now: dt.datetime) -> None:
    """These claims are others than before: whoever decides on them decides anew. What is open on none is closed, and
    what is open again is not."""
    left = claim_balances(connection, [first, *others])
    for claim_id, cents in left.items():
        this = claims.c.id == claim_id
        connection.execute(update(claims).where(this).values(version=claims.c.version + 1, updated_at=now))
        if not cents:
            connection.execute(update(claims).where(this, claims.c.state.in_(_DECIDED)).values(state=ClaimState.CLOSED))
        elif claim_id == first:
            connection.execute(
                update(claims).where(this, claims.c.state == ClaimState.CLOSED).values(state=ClaimState.PAID)
            )


def _due_anew(connection: Connection, row: Any, today: dt.date) -> bool:
    """Where the payer before has changed its decision meanwhile, the next payer is billed on that one now."""
    newer = connection.execute(
        select(next_claims.c.id, next_claims.c.payment_id, next_claims.c.state)
        .where(next_claims.c.claim_id == row.claim_id, next_claims.c.id > row.id)
        .order_by(next_claims.c.id.desc())
        .limit(1)
    ).one_or_none()
    if newer is None or newer.state != "ended":
        return False
    reversed_by = select(claim_payments.c.id).where(
        claim_payments.c.claim_id == row.claim_id,
        claim_payments.c.reverses == newer.payment_id,
        claim_payments.c.state == "posted",
    )
    if connection.execute(reversed_by.limit(1)).first() is not None:
        return False
    note(connection, newer.id, state="due", due_on=today, why="")
    return True


def _tell(connection: Connection, row: Any, between: list[int], why: str, today: dt.date, now: dt.datetime) -> None:
    """What nobody asks for any more is for a person."""
    cents = claim_balances(connection, [row.claim_id])[row.claim_id]
    if cents <= 0:
        return
    item = WorkItem(
        kind="next_payer",
        key=f"next_payer:back:{row.id}:{hand_overs.count(connection, row.id, between)}",
        reason=f"The claim for the next payer asks for nothing any more ({why.rstrip('.')}), so "
        f"${to_dollars(cents):,} are open on this one again. Bill the next payer by hand, or leave it to the patient.",
        team=TEAM,
        subject_kind="claim",
        subject_id=row.claim_id,
        claim_id=row.claim_id,
        rule="secondary",
        cents=cents,
        work_by=add_business_days(today, 2),
    )
    open_items(connection, [item], now)


def note(connection: Connection, next_id: int, **values: Any) -> None:
    """Change the row of a next claim."""
    connection.execute(update(next_claims).where(next_claims.c.id == next_id).values(**values))
