"""Money of a patient posts to what they owe: on the claims that a person names, else the oldest balance first. What
nobody owes waits for a person, on the account of patients' money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from ...config import Config
from ...plugins.desk_views import BalanceView
from ..ledger import accounts, deposits, patient_money
from ..ledger.balances import by_line
from ..ledger.days import NotDone
from ..ledger.money import MATCHED
from ..ledger.patient_money import Share
from ..ledger.standing import STANDS, tell
from ..model.money import to_dollars
from ..store import patients
from ..store.cash_tables import cash_matches, money_lines
from ..store.claims import bulks
from ..store.tables import claims, work_items
from ..store.tables import patients as people
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from .desk_balances import Owed, balances, days_of

KIND = "patient_money"
TEAM = "patient"
MOST_CLAIMS = 1000
"""The most claims of one patient that are looked at."""


class Posted(NamedTuple):
    """What was posted by claim, in cents, and what of the money is left."""

    by_claim: dict[int, int]
    left_cents: int


def post(
    connection: Connection,
    config: Config,
    line_id: int,
    reason: str,
    who: str,
    today: dt.date,
    now: dt.datetime,
    *,
    patient_id: int | None = None,
    claim_ids: Sequence[int] = (),
) -> Posted:
    """Post a line of money that a patient paid to what is owed: on these claims in their order, or by the patient, the
    oldest first. Nobody but `deposits.unmatch` takes it back. After `money.my_turn`.

    Raises:
        NotDone: the line is not there, is for something else or all posted; neither patient nor claim is said or they
            do not exist; who and why are missing.
    """
    if not reason.strip() or not who.strip():
        raise NotDone("Say who posts the money, and why.")
    if bool(claim_ids) == (patient_id is not None):
        raise NotDone("Say which patient paid, or for which claims.")
    wanted = _claims_of(connection, patient_id, claim_ids)
    match = _named(connection, line_id, reason, who, today, now)
    left = match.cents - patient_money.posted_cents(connection, line_id)
    if left <= 0:
        raise NotDone(f"All of line {line_id} is posted. To post it otherwise, take it back first (unmatch).")
    patient_money.lock(connection, wanted)
    order = list(claim_ids) or _oldest_first(connection, config, wanted)
    shares = _shares(connection, order, left)
    if shares:
        patient_money.post(connection, match, shares, reason.strip(), who.strip(), today, now)
    posted: dict[int, int] = {}
    for share in shares:
        posted[share.claim_id] = posted.get(share.claim_id, 0) + share.cents
    left -= sum(posted.values())
    _say(connection, line_id, posted, left, reason, who, today, now)
    return Posted(posted, left)


def _named(connection: Connection, line_id: int, reason: str, who: str, today: dt.date, now: dt.datetime) -> Any:
    """The match that names a line as a patient's money; it is made where nobody has said what the line is."""
    line = connection.execute(select(money_lines).where(money_lines.c.id == line_id)).one_or_none()
    if line is not None and line.cents < 0:
        raise NotDone(f"Line {line_id} is money that went out.")
    if line is None or line.state != MATCHED:
        deposits.explain(connection, line_id, patient_money.PURPOSE, reason, who, today, now)
    rows = connection.execute(select(cash_matches).where(cash_matches.c.line_id == line_id, STANDS)).all()
    if len(rows) != 1 or rows[0].account != patient_money.NAMED:
        raise NotDone(f"Line {line_id} is matched to something else; unmatch it first, with a reason.")
    return rows[0]


def _claims_of(connection: Connection, patient_id: int | None, claim_ids: Sequence[int]) -> list[int]:
    """The claims that the money may be for. Raises NotDone."""
    if claim_ids:
        known = set(connection.execute(select(claims.c.id).where(claims.c.id.in_(list(claim_ids)))).scalars())
        missing = [one for one in claim_ids if one not in known]
        if missing:
            raise NotDone(f"There is no claim {missing[0]}.")
        return list(dict.fromkeys(claim_ids))
    assert patient_id is not None
    patient = connection.execute(select(people.c.id).where(people.c.id == patient_id)).first()
    if patient is None:
        raise NotDone(f"There is no patient {patient_id}.")
    final = patients.final_ids(connection, [patient_id])
    found: list[int] = []
    for some in bulks(sorted(patients.with_merged(connection, [final[patient_id]]))):
        found += connection.execute(
            select(claims.c.id).where(claims.c.patient_id.in_(some)).order_by(claims.c.id).limit(MOST_CLAIMS)
        ).scalars()
    return found


def _oldest_first(connection: Connection, config: Config, claim_ids: Sequence[int]) -> list[int]:
    """Of these claims those on which the patient owes something and no payer decides any more, by the day since when
    they owe it."""
    if not claim_ids:
        return []
    owed = balances(connection, days_of(config), Owed("patient", (), (), list(claim_ids)))
    found = [one for one in owed if _is_theirs(one)]
    return [one.claim_id for one in sorted(found, key=_age)]


def _is_theirs(one: BalanceView) -> bool:
    return one.patient_owes > 0 and not one.more_payers and one.payer <= 0 and one.denied <= 0 and not one.open_denials


def _age(one: BalanceView) -> tuple[dt.date, dt.date, int]:
    return one.patient_since or dt.date.max, one.from_date or dt.date.max, one.claim_id


def _shares(connection: Connection, claim_ids: Sequence[int], cents: int) -> list[Share]:
    """The money over what the patient owes on these claims, one after the other, line by line."""
    stands = by_line(connection, claim_ids)
    made: list[Share] = []
    for claim_id in claim_ids:
        theirs = [
            (line_id, account, amount)
            for line_id, by_account in stands[claim_id].items()
            for account, amount in by_account.items()
            if account.startswith(accounts.PATIENT)
        ]
        # Where one line has too much of their money, another owes less than it says.
        room = min(cents, sum(amount for _, _, amount in theirs))
        for line_id, account, amount in sorted(theirs, key=lambda one: (one[0] is None, one[0] or 0, one[1])):
            part = min(room, amount)
            if part > 0:
                made.append(Share(claim_id, line_id, account, part))
                room -= part
                cents -= part
    return made


def _say(
    connection: Connection,
    line_id: int,
    posted: dict[int, int],
    left: int,
    reason: str,
    who: str,
    today: dt.date,
    now: dt.datetime,
) -> None:
    parts = [f"${to_dollars(cents):,} to claim {claim_id}" for claim_id, cents in posted.items()]
    words = f"Posted as the patient's: {', '.join(parts) or 'nothing'}; {reason.strip()}."
    key = patient_money.key_of(line_id)
    if not left:
        close_items(connection, [key], "All of it is posted.", now, who=who)
    else:
        words += f" ${to_dollars(left):,} is left that nobody owes."
        item = WorkItem(
            kind=KIND,
            key=key,
            reason=f"${to_dollars(left):,} of line {line_id} is a patient's money, and they owe nothing for it. Give "
            "it back, name the claim that it is for, or post it when something is owed (gateway deposit post-patient).",
            team=TEAM,
            subject_kind="deposit",
            subject_id=line_id,
            cents=left,
            work_by=add_business_days(today, 2),
        )
        connection.execute(
            update(work_items)
            .where(work_items.c.key == key, work_items.c.state == "open")
            .values(reason=item.reason, cents=left)
        )
        open_items(connection, [item], now)
    tell(connection, [line_id], words, who, now)


def in_words(posted: Posted, numbers: dict[int, str]) -> Iterable[str]:
    """What was posted, a line for each claim, and what is left."""
    for claim_id, cents in posted.by_claim.items():
        yield f"${to_dollars(cents):,} posted to claim {numbers.get(claim_id, claim_id)}."
    if posted.left_cents:
        yield f"${to_dollars(posted.left_cents):,} is left that nobody owes; it waits as a work item ({KIND})."
