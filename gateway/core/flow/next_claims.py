"""Claims for next payers are made: from the claim and what the payer before decided, in one transaction with the mark
that it is done. They enter at intake, as claims that are made here do, and are checked and decided like any other.

When such a claim is taken in, what the payer before left is receivable from it, and from the first claim no longer:
nothing is charged a second time (`hand_over`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, select, update

from ...config import Config
from ...plugins.desk_claims import ClaimRefused, source_of, to_make
from ...plugins.desk_views import MakeClaim
from ..clock import business_date
from ..engine.port import Payload, Run, workflow
from ..ledger import accounts
from ..ledger.balances import LineBalances, by_line
from ..model.money import to_dollars
from ..store import made_claims, patients, timeline
from ..store.denial_tables import WAITS, next_claims
from ..store.ids import allocate
from ..store.tables import claim_payments, claims, remittances
from ..work.calendar import add_business_days
from ..work.items import WorkItem, open_items
from ..x12.claim import Claim
from ..x12.next_payer import Decided, NotMade, next_claim, next_payers, number_for
from ..x12.remittance import ClaimPayment
from ..x12.stored import StoredClaim
from . import hand_back
from .claim_check import check_claim
from .claim_check import in_words as findings_in_words
from .columns import columns_of
from .desk_calls import makes_of
from .desk_rests import Call
from .make_claims import Makes, make_claims
from .match import match_payment
from .next_payers import TEAM
from .open_claims import open_claims
from .post_records import unpack_payment
from .services import Services

NAME = "secondary"
SOURCE = source_of(NAME)
"""The source of claims for next payers."""
LOOK_SECONDS = 60.0
MOST = 200
GUIDE_LEVELS = 4
_CALL = Call(NAME, "1", "plugin_schedules", "claims")


# --- making them -----------------------------------------------------------------------------------


@workflow("next_payer")
async def next_payer(run: Run, payload: Payload) -> int:
    """Make the claims for next payers that are due; returns how many."""
    services: Services = run.services
    count = turn = 0
    while True:
        turn += 1
        looked, made = await run.transact(f"make {turn}", make_due, services)
        count += made
        if looked < MOST:
            return count


def make_due(connection: Connection, services: Services) -> list[int]:
    """Make up to MOST of the claims that are due, oldest first; returns how many were looked at, and made."""
    now, config = services.clock.now(), services.config
    makes = makes_of(services.archive, config)
    today = business_date(now, makes.time_zone)
    due = _due(connection, today)
    known = [one.row.number for one in due if one.row.made_claim_id is not None]
    hand_back.settle(connection, known, "The next payer took its decision back.", today, now)
    rows = [one for one in due if one.row.made_claim_id is None]
    if rows:
        allocate(connection, "claims", 1)  # the lock of those that make patients
    acts: list[MakeClaim] = []
    items: list[WorkItem] = []
    numbers: set[str] = set()
    for row in rows:
        try:
            act = _act(connection, config, row, today, numbers)
        except NotMade as error:
            items.append(_for_a_person(row, str(error), today))
            _set(connection, row.id, state="person", why=str(error))
            continue
        except Ended as error:
            _set(connection, row.id, state="ended", why=str(error))
            continue
        numbers.add(act.number)
        acts.append(act)
        _same_patient(connection, row, act)
        _set(connection, row.id, state="made", number=act.number)
        _note(connection, row, act, now)
    open_items(connection, items, now)
    _make(connection, acts, makes, now)
    return [len(due), len(acts)]


def _same_patient(connection: Connection, one: _Row, act: MakeClaim) -> None:
    """The next payer knows the patient by another member id: it is the same patient."""
    if one.claim.patient_id is not None:
        person = columns_of(StoredClaim.unpack(act.content), SOURCE).person
        patients.also_known_as(connection, person, one.claim.patient_id, one.claim.from_date)


def _make(connection: Connection, acts: list[MakeClaim], makes: Makes, now: dt.datetime) -> None:
    if acts:
        make_claims(connection, _CALL, acts, makes, now)


def _due(connection: Connection, today: dt.date) -> list[Any]:
    """What is due, with its claim; both locked, the claims first, as everybody does."""
    from sqlalchemy import text

    wanted = (text(WAITS), next_claims.c.due_on <= today)
    columns = next_claims.c.id, next_claims.c.claim_id, next_claims.c.made_claim_id
    found = connection.execute(select(*columns).where(*wanted).order_by(next_claims.c.id).limit(MOST)).all()
    ids = sorted({one for row in found for one in (row.claim_id, row.made_claim_id) if one is not None})
    if not ids:
        return []
    locked = {
        row.id: row
        for row in connection.execute(
            select(claims).where(claims.c.id.in_(ids)).order_by(claims.c.id).with_for_update()
        )
    }
    still = connection.execute(
        select(next_claims)
        .where(next_claims.c.id.in_([row.id for row in found]), *wanted)
        .order_by(next_claims.c.id)
        .with_for_update()
    ).all()
    return [_Row(row, locked[row.claim_id]) for row in still]


class _Row:
    """A next claim that is due, and the claim before it."""

    def __init__(self, row: Any, claim: Any) -> None:
        self.row = row
        self.claim = claim
        self.id = int(row.id)


def _act(connection: Connection, config: Config, one: _Row, today: dt.date, numbers: set[str]) -> MakeClaim:
    """The claim to make. Raises NotMade; or Ended, where there is nothing to make."""
    left = _left(by_line(connection, [one.claim.id])[one.claim.id])
    if left <= 0 and (left or one.row.cents):
        raise Ended("Nothing is left to ask the next payer for.")
    if _another_stands(connection, one):
        raise Ended("The claim for the next payer is still the one of the decision before. Replace or void that one.")
    if one.row.then != "claim":
        raise NotMade(
            f"The payer sent the claim on to the next one on {one.row.at:%m/%d/%Y}, and nothing has come. Ask the next "
            "payer, or bill it."
        )
    payment, paid_on = _payment(connection, one)
    stored = StoredClaim.unpack(one.claim.content)
    claim = Claim(stored, NAME)
    following = next_payers(claim)
    if following and config.partner_for(following[0].payer.id) is None:
        raise NotMade("No partner of ours reaches the next payer. Name it for a partner, or bill it by hand.")
    rank = following[0].responsibility if following else "S"
    number = _number(connection, one.claim.source_claim_number or claim.id, rank, numbers)
    lines = _lines(connection, one, payment)
    made = next_claim(stored, Decided(payment, paid_on, lines), number)
    why = f"what payer {one.claim.payer_id or 'before'} left of claim {one.claim.id} goes to the next payer"
    try:
        act = to_make(f"next:{one.id}", Claim(made, NAME), why)
    except ClaimRefused as error:
        raise NotMade(f"It cannot be made: {error}.") from error
    found = [noted for noted in check_claim(StoredClaim.unpack(act.content), None) if noted.level <= GUIDE_LEVELS]
    wrong = [noted for noted in found if not noted.told_only]
    if wrong:
        raise NotMade(f"Made like that it does not keep to the guide: {findings_in_words(wrong)}")
    return act


class Ended(Exception):
    """There is no claim to make, and nothing for a person to do; the message says why."""


def _another_stands(connection: Connection, one: _Row) -> bool:
    """Whether what an earlier decision left is receivable from a claim for the next payer, or on its way there."""
    found = select(next_claims.c.id).where(
        next_claims.c.claim_id == one.claim.id, next_claims.c.id != one.id, next_claims.c.state == "made"
    )
    return connection.execute(found.limit(1)).first() is not None


def _left(stands: LineBalances) -> int:
    """What a payer has left to the patient, or to the next payer."""
    return sum(
        cents
        for on_line in stands.values()
        for account, cents in on_line.items()
        if account.startswith(accounts.PATIENT)
    )


def _payment(connection: Connection, one: _Row) -> tuple[ClaimPayment, dt.date]:
    """The payment that left it, and the day of its remittance. Raises NotMade where it is not the only one that stands:
    what was decided in parts is put together by a person."""
    rows = connection.execute(
        select(claim_payments.c.id, claim_payments.c.reverses, claim_payments.c.content, remittances.c.effective_date)
        .join(remittances, remittances.c.id == claim_payments.c.remittance_id)
        .where(claim_payments.c.claim_id == one.claim.id, claim_payments.c.state == "posted")
        .order_by(claim_payments.c.id)
    ).all()
    gone = {row.reverses for row in rows if row.reverses is not None}
    standing = [row for row in rows if row.reverses is None and row.id not in gone]
    if [row.id for row in standing] != [one.row.payment_id]:
        raise NotMade("Several payments stand on the claim. Put together what was decided, and bill it by hand.")
    (row,) = standing
    return unpack_payment(row.content), row.effective_date or one.row.at.date()


def _lines(connection: Connection, one: _Row, payment: ClaimPayment) -> list[int]:
    """For each service of the payment the number of the claim's line, as it was matched when it was posted."""
    claim = open_claims(connection, [one.claim.id], (), ())[one.claim.id]
    found = match_payment(payment, claim.lines)
    if any(line.line_id is None for line in found):
        raise NotMade("A service of the remittance fits no line, or several. Bill it by hand.")
    return [line.line_number for line in found]


def _number(connection: Connection, number: str, rank: str, taken: set[str]) -> str:
    used = set(taken)
    while True:
        found = number_for(number, rank, used)
        if not made_claims.is_used(connection, found):
            return found
        used.add(found)


def _for_a_person(one: _Row, why: str, today: dt.date) -> WorkItem:
    return WorkItem(
        kind="next_payer",
        key=f"next_payer:{one.id}",
        reason=f"${to_dollars(one.row.cents):,} are left for the next payer, and no claim was made. {why}"[:1000],
        team=TEAM,
        subject_kind="claim",
        subject_id=one.claim.id,
        claim_id=one.claim.id,
        rule="crossover" if one.row.crossed else "secondary",
        cents=one.row.cents,
        work_by=add_business_days(today, 2),
        payer_id=one.claim.payer_id,
        partner=one.claim.partner,
    )


def _set(connection: Connection, next_id: int, **values: Any) -> None:
    connection.execute(update(next_claims).where(next_claims.c.id == next_id).values(**values))


def _note(connection: Connection, one: _Row, act: MakeClaim, now: dt.datetime) -> None:
    what = f"What the payer left goes to the next one, as claim {act.number}."
    if one.row.crossed:
        what = f"Nothing has come of what the payer sent on itself. {what}"
    timeline.add(connection, [timeline.Entry("claim", one.claim.id, "next payer", what)], now)
