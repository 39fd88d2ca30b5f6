"""A claim that was replaced or voided is owed nothing more, once its payer has taken what came in its place: what it
was charged is taken back, its denials are over, and it is closed. The replacement was charged when it came in, so until
then both stand; a void was not.

A replacement has taken the place when its payer has paid on it (or left it to the patient), and nothing of a decision
stands on the old claim: its payment was reversed, all of it was denied, or it was never decided. A void has, when it
was acknowledged and what it voids is reversed. One that was refused leaves the old claim, and its denial, as they are.
Which claim is meant, REF*F8 says: the payer's own number of it.

Claims for next payers have a rule of their own (`hand_back`): there nothing is charged a second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select, update

from ..clock import business_date
from ..ledger import accounts, transfers
from ..ledger.balances import LineBalances, by_line, owed
from ..ledger.transfers import Transfer
from ..model.money import to_dollars
from ..model.payer_frequency import REPLACEMENT, VOID
from ..model.states import ClaimState
from ..store import claims as claim_store
from ..store import patients, timeline
from ..store.claims import bulks
from ..store.tables import claim_payments, claims, work_items
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from ..x12.claim import Claim
from ..x12.stored import StoredClaim
from .commit_claims import NEXT_PAYERS
from .denial_cases import Paid, Place, supersede
from .hand_back import same_lines, untouched
from .services import Services

_STANDS = {
    REPLACEMENT: (ClaimState.PAID, ClaimState.CLOSED),
    VOID: (ClaimState.ACKNOWLEDGED, ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.CLOSED),
}
"""States of what came in a claim's place in which its payer has taken it."""
_WITH_PAYER = (
    *(ClaimState.SENT, ClaimState.ACKNOWLEDGED, ClaimState.ACCEPTED),
    *(ClaimState.PAID, ClaimState.DENIED, ClaimState.CLOSED),
)
_KEY = "replaced:"
_MOST = 200
_WORDS = {REPLACEMENT: "replacement", VOID: "void"}


class _Claim(NamedTuple):
    """What is asked of a claim's row."""

    id: int
    source_claim_number: str
    charge_cents: int
    patient_id: int | None
    payer_id: str
    frequency: str
    payer_claim_number: str


def others(connection: Connection, claim_ids: Collection[int]) -> set[int]:
    """The claims beside these that stand in their place, or in whose place these stand: to be locked with them."""
    one, other = claims.alias("one"), claims.alias("other")
    again = (REPLACEMENT, VOID)
    found: set[int] = set()
    for some in bulks(sorted(claim_ids)):
        found |= set(
            connection.execute(
                select(other.c.id)
                .select_from(one)
                .join(other, _of_one_number(one, other) & (other.c.id != one.c.id))
                .where(one.c.id.in_(some), or_(one.c.frequency.in_(again), other.c.frequency.in_(again)))
            ).scalars()
        )
    return found


def settle(
    connection: Connection,
    reversed_claims: Collection[int],
    decided_claims: Collection[int],
    paid: Mapping[int, Paid],
    today: dt.date,
    now: dt.datetime,
    *,
    but: Collection[int] = (),
) -> int:
    """Take back what claims were charged in whose place another stands; returns how many. The claims are locked
    (`others`).

    Args:
        reversed_claims: those of which a payment or denial was just reversed.
        decided_claims: those that were just decided; what they replace is owed no more.
        paid: what was just paid, by claim line (the denials that it makes up for are recovered).
        but: claims on which more is about to be decided; they are left as they are.
    """
    pairs = [one for one in _pairs(connection, reversed_claims, decided_claims) if one[0].id not in but]
    stands = by_line(connection, [old.id for old, _ in pairs])
    settled = 0
    for old, new in pairs:
        if untouched(stands[old.id], old.charge_cents):
            _take_back(connection, old, new, stands[old.id], paid, today, now)
            settled += 1
        elif old.id in reversed_claims:
            _tell(connection, old, new, stands[old.id], today, now)
    return settled


def look_after(connection: Connection, services: Services) -> int:
    """Look again at what waits for a person (`_tell`): where they have cleared what stood on the old claim, what it was
    charged is taken back now. Returns how many."""
    wanted = _waiting(connection)
    if not wanted:
        return 0
    lock = wanted | others(connection, wanted)
    connection.execute(select(claims.c.id).where(claims.c.id.in_(sorted(lock))).order_by(claims.c.id).with_for_update())
    now = services.clock.now()
    today = business_date(now, services.config.gateway.organisation.time_zone)
    return settle(connection, wanted, (), {}, today, now)


def _waiting(connection: Connection) -> set[int]:
    """The claims of open items that say so, by the index of keys: said so, the state is no reason to read all that is
    open."""
    c = work_items.c
    found = select(c.claim_id).where(
        c.key >= _KEY, c.key < f"{_KEY[:-1]};", c.state.concat("") == "open", c.claim_id.is_not(None)
    )
    return set(connection.execute(found.limit(_MOST)).scalars())


def _of_one_number(one: Any, other: Any) -> Any:
    same = one.c.source == other.c.source, one.c.source_claim_number == other.c.source_claim_number
    return and_(*same, one.c.payer_id == other.c.payer_id)


def _pairs(
    connection: Connection, reversed_claims: Collection[int], decided_claims: Collection[int]
) -> Sequence[tuple[_Claim, _Claim]]:
    """Claims, each with the newest that has taken its place."""
    old, new = claims.alias("old"), claims.alias("new")
    columns, many = _Claim._fields, len(_Claim._fields)
    taken = [and_(new.c.frequency == frequency, new.c.state.in_(states)) for frequency, states in _STANDS.items()]
    found: dict[int, tuple[_Claim, _Claim]] = {}
    for ids, side in ((reversed_claims, old), (decided_claims, new)):
        for some in bulks(sorted(ids)):
            rows = connection.execute(
                select(
                    *(old.c[name].label(f"old_{name}") for name in columns),
                    *(new.c[name].label(f"new_{name}") for name in columns),
                    new.c.content,
                )
                .select_from(old)
                .join(new, _of_one_number(old, new) & (new.c.id > old.c.id))
                .where(
                    side.c.id.in_(some),
                    # A void takes back what was reversed, and nothing else.
                    or_(*taken) if side is old else taken[0],
                    old.c.state.in_(_WITH_PAYER),
                    old.c.source != NEXT_PAYERS,
                    old.c.frequency != VOID,
                    old.c.charge_cents > 0,
                )
                .order_by(new.c.id)
            )
            for row in rows:
                one, instead = _Claim(*row[:many]), _Claim(*row[many:-1])
                if _means(connection, row.content, one, instead):
                    found[one.id] = one, instead
    return [found[claim_id] for claim_id in sorted(found)]


def _means(connection: Connection, content: bytes, old: _Claim, new: _Claim) -> bool:
    """Whether a claim stands in the place of this very one: of its patient, by the payer's number of it (REF*F8)."""
    number = Claim(StoredClaim.unpack(content)).payer_control_number
    if not number:
        return False
    ids = {one.patient_id for one in (old, new) if one.patient_id is not None}
    if len(set(patients.final_ids(connection, ids).values())) != 1:
        return False
    c = claim_payments.c
    told = select(c.id).where(c.claim_id == old.id, c.payer_claim_number == number).limit(1)
    return number == old.payer_claim_number or connection.execute(told).first() is not None


def _take_back(
    connection: Connection,
    old: _Claim,
    new: _Claim,
    stands: LineBalances,
    paid: Mapping[int, Paid],
    today: dt.date,
    now: dt.datetime,
) -> None:
    what = _WORDS[new.frequency]
    why = f"its {what} is claim {new.id}"
    made = list(_reopened(old.id, stands, today, why))
    transfers.write(connection, made, now)
    lines = [(line.id, 0) for line in claim_store.lines_of(connection, [old.id])[old.id]]
    back = transfers.recharge_transfers(connection, old.id, lines, 0, today, why, f"{what}:{new.id}")
    transfers.write(connection, back, now)
    outcome = f"The payer has decided on claim {new.id}, which came in its place."
    supersede(connection, old.id, _made_up(connection, old.id, new.id, paid), outcome, today, now)
    words = f"What it was charged, ${to_dollars(old.charge_cents):,}, is taken back: {why}."
    entries = [timeline.Entry("claim", old.id, "post", words)]
    _closed(connection, old.id, now)
    if new.frequency == VOID:
        _closed(connection, new.id, now)
        entries.append(timeline.Entry("claim", new.id, "post", f"Claim {old.id}, which it voids, is owed no more."))
    timeline.add(connection, entries, now)
    close_items(connection, [f"{_KEY}{old.id}"], "It is owed no more.", now)
    patients.changed(connection, {one.patient_id for one in (old, new) if one.patient_id is not None})


def _reopened(claim_id: int, stands: LineBalances, today: dt.date, why: str) -> Iterable[Transfer]:
    """What stands as denied is with the payer again, from where its charge is taken back."""
    for line_id, by_account in stands.items():
        cents = by_account.get(accounts.DENIED, 0)
        if cents:
            key = f"{_KEY}{claim_id}:{line_id or 'claim'}"
            yield transfers.signed(
                accounts.INSURANCE, accounts.DENIED, cents, today, "reopened", key, why, claim_id, line_id
            )


def _made_up(connection: Connection, old_id: int, new_id: int, paid: Mapping[int, Paid]) -> dict[Place, Paid]:
    """What was paid on the lines of the new claim, by the line of the old one."""
    instead = same_lines(connection, old_id, new_id).items()
    return {(old_id, line): paid[its] for line, its in instead if its is not None and its in paid}


def _closed(connection: Connection, claim_id: int, now: dt.datetime) -> None:
    connection.execute(
        update(claims)
        .where(claims.c.id == claim_id)
        .values(state=ClaimState.CLOSED, version=claims.c.version + 1, updated_at=now)
    )


def _tell(
    connection: Connection, old: _Claim, new: _Claim, stands: LineBalances, today: dt.date, now: dt.datetime
) -> None:
    """Something of the old claim stands that nobody may take back by itself: a person looks."""
    left = owed(stands)
    if left <= 0:
        return
    reason = (
        f"Claim {old.source_claim_number} has a {_WORDS[new.frequency]} (claim {new.id}), and the payer reversed what "
        f"it had decided. ${to_dollars(left):,} stay open on the old one, because something else stands there: another "
        "decision, a write-off, or what the patient paid. Undo that, or move it to the claim that stands now; the "
        "rest is taken back by itself within a minute."
    )
    item = WorkItem(
        kind="payment_review",
        key=f"{_KEY}{old.id}",
        reason=reason,
        team="posting",
        subject_kind="claim",
        subject_id=old.id,
        claim_id=old.id,
        rule="replaced",
        cents=left,
        work_by=add_business_days(today, 2),
        payer_id=old.payer_id,
    )
    open_items(connection, [item], now)
