"""Giving a denied amount up, or billing it to the patient: the verbs that move money without a payment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ...config.work_tables import work_table
from ..ledger import accounts, hand_overs, transfers
from ..ledger.balances import by_line, claim_balances
from ..model.money import to_cents, to_dollars
from ..model.states import ClaimState
from ..model.work_tables import WRITE_OFF_APPROVERS, WRITE_OFF_RULES
from ..store.denial_tables import denial_acts, write_offs
from ..store.ids import allocate
from ..work.calendar import add_business_days
from ..work.items import WorkItem, close_items, open_items
from .again import CannotBeDone
from .denial_acts import Asked, Case, Done, changed, done_before, end, locked, note, still_open

ABN = "GA"
KIND = "write_off_request"


def write_off(connection: Connection, denial_id: int, asked: Asked, *, rule: str = "") -> Done:
    """Ask that a denied amount be given up. It is done at once under a named rule that allows it, or where the person
    may approve as much; else it waits for somebody who may.

    Raises:
        CannotBeDone: the denial is over, it was asked for already, or the rule does not allow it.
    """
    one = locked(connection, denial_id)
    before = _given_up(connection, denial_id)
    if before is not None:
        return before
    still_open(one)
    if (waiting := _asked(connection, denial_id)) is not None:
        raise CannotBeDone(f"{waiting.asked_by} asked for this on {waiting.asked_at:%m/%d/%Y}; it waits for approval.")
    _enough(connection, one)
    may = _by_rule(one, asked, rule) if rule else _may(asked, one.cents)
    write_off_id = allocate(connection, "write_offs", 1)
    connection.execute(
        insert(write_offs).values(
            id=write_off_id,
            denial_id=one.id,
            claim_id=one.claim.id,
            line_id=one.denial.line_id,
            cents=one.cents,
            rule=rule[:40],
            reason=asked.why,
            state="asked",
            asked_by=asked.who,
            asked_at=asked.now,
            decided_by="",
            decision="",
        )
    )
    if may:
        return _give_up(connection, one, asked, write_off_id, may)
    open_items(
        connection,
        [
            WorkItem(
                kind=KIND,
                key=f"write_off:{write_off_id}",
                reason=f"{asked.who} asks to write off ${to_dollars(one.cents):,} of denial {one.id} ({one.codes}): "
                f"{asked.why.rstrip('.')}. Approve or refuse it: gateway denial approve {one.id}"[:1000],
                team="management",
                subject_kind="claim",
                subject_id=one.claim.id,
                claim_id=one.claim.id,
                rule="write-off",
                cents=one.cents,
                work_by=add_business_days(asked.today, 2),
                payer_id=one.case.payer_id,
            )
        ],
        asked.now,
    )
    what = f"Asked to write off ${to_dollars(one.cents):,}; it waits for somebody who may approve it."
    return note(connection, one, asked, "ask", f"ask-write-off:{write_off_id}", what, cents=one.cents)


def approve(connection: Connection, denial_id: int, asked: Asked) -> Done:
    """Give up what somebody else asked to write off.

    Raises:
        CannotBeDone: nobody asked, or this person may not approve as much.
    """
    one = locked(connection, denial_id)
    before = _given_up(connection, denial_id)
    row = _asked(connection, denial_id)
    if row is None and before is not None:
        return before
    if row is None:
        raise CannotBeDone(f"Nobody asks to write off denial {denial_id}.")
    still_open(one)
    _enough(connection, one)
    may = _may(asked, int(row.cents))
    if not may:
        raise CannotBeDone(
            f"{asked.who} may not approve ${to_dollars(row.cents):,}. Who may, and how much, stands in "
            "config/tables/write_off_approvers.yaml."
        )
    return _give_up(connection, one, asked, row.id, may)


def refuse(connection: Connection, denial_id: int, asked: Asked) -> Done:
    """Do not give up what somebody asked to write off: the denial is worked on.

    Raises:
        CannotBeDone: nobody asked.
    """
    one = locked(connection, denial_id)
    row = _asked(connection, denial_id)
    if row is None:
        raise CannotBeDone(f"Nobody asks to write off denial {denial_id}.")
    _decided(connection, row.id, asked, "refused", asked.why)
    close_items(connection, [f"write_off:{row.id}"], f"Refused by {asked.who}.", asked.now, who=asked.who)
    what = f"The write-off of ${to_dollars(row.cents):,} is refused; it is worked on."
    return note(connection, one, asked, "refuse", f"refuse-write-off:{row.id}", what, cents=row.cents)


def to_patient(connection: Connection, denial_id: int, asked: Asked) -> Done:
    """Bill a denied amount to the patient: where the payer says that it is theirs (group PR), or a signed ABN stands
    behind the line (modifier GA). A CO denial without it never is (5.9).

    Raises:
        CannotBeDone: the denial is over, or the patient does not owe it.
    """
    one = locked(connection, denial_id)
    key = f"to-patient:{denial_id}"
    before = done_before(connection, key)
    if before is not None:
        return before
    still_open(one)
    if one.denial.group_code != "PR" and ABN not in one.modifiers:
        raise CannotBeDone(
            f"The patient does not owe denial {one.id}: the payer denied it as {one.denial.group_code}, and the line "
            "has no GA (a signed ABN). Work it with the payer, or ask for a write-off."
        )
    _enough(connection, one)
    why = f"{one.denial.group_code}-{one.denial.reason_code}" + (", ABN (GA)" if ABN in one.modifiers else "")
    moved = hand_overs.to_patient(one.id, one.claim.id, one.denial.line_id, one.cents, asked.today, why)
    transfers.write(connection, [moved], asked.now)
    changed(connection, one, asked, state=ClaimState.PAID)
    what = f"${to_dollars(one.cents):,} is billed to the patient ({why})."
    end(connection, one, asked, "patient", what)
    return note(connection, one, asked, "to-patient", key, what, cents=one.cents)


def _enough(connection: Connection, one: Case) -> None:
    """Raises CannotBeDone where the ledger has less denied on the line than the denial says."""
    stands = by_line(connection, [one.claim.id])[one.claim.id].get(one.denial.line_id, {}).get(accounts.DENIED, 0)
    if stands < one.cents:
        raise CannotBeDone(
            f"Only ${to_dollars(max(stands, 0)):,} of denial {one.id} is still open as denied. Look at its timeline."
        )


def _asked(connection: Connection, denial_id: int) -> Any:
    return connection.execute(
        select(write_offs).where(write_offs.c.denial_id == denial_id, write_offs.c.state == "asked")
    ).one_or_none()


def _given_up(connection: Connection, denial_id: int) -> Done | None:
    """The answer to somebody who asks for what is written off; None where nothing is (or it was undone)."""
    done = select(write_offs.c.id).where(write_offs.c.denial_id == denial_id, write_offs.c.state == "done")
    if connection.execute(done.limit(1)).first() is None:
        return None
    key = (
        select(denial_acts.c.key)
        .where(denial_acts.c.denial_id == denial_id, denial_acts.c.verb == "write-off")
        .order_by(denial_acts.c.id.desc())
        .limit(1)
    )
    return done_before(connection, connection.execute(key).scalar_one())


def _may(asked: Asked, cents: int) -> str:
    """How a person may write this much off, in words; empty where they may not."""
    row = work_table(asked.config.tables, WRITE_OFF_APPROVERS).find(asked.today, asked.who)
    if row is None or cents > _cents(row.values["most"]):
        return ""
    return f"approved by {asked.who}, who may up to ${row.values['most']}"


def _by_rule(one: Case, asked: Asked, name: str) -> str:
    """How a named rule allows this write-off, in words.

    Raises:
        CannotBeDone: there is no such rule today, or it does not allow it.
    """
    table = work_table(asked.config.tables, WRITE_OFF_RULES)
    row = table.find(asked.today, name)
    if row is None:
        known = ", ".join(one.values["rule"] for one in table.on(asked.today)) or "none"
        raise CannotBeDone(f"There is no write-off rule {name!r} (config/tables/write_off_rules.yaml has: {known}).")
    values = row.values
    against = ""
    if one.cents > _cents(values["most"]):
        against = f"it is for at most ${values['most']}, and this is ${to_dollars(one.cents):,}"
    elif values["categories"] and one.denial.category not in values["categories"].split():
        against = f"it is for {values['categories']}, and this is {one.denial.category}"
    elif values["reasons"] and one.denial.reason_code not in values["reasons"].split():
        against = f"it is for the reasons {values['reasons']}, and this is {one.denial.reason_code}"
    elif values["way"] and one.case.way != values["way"]:
        against = "it is only for what the payer hears no more, and this may still be worked"
    if against:
        raise CannotBeDone(f"The rule {name} does not allow this: {against}.")
    return f"under the rule {name}, up to ${values['most']}"


def _cents(text: str) -> int:
    from decimal import Decimal

    return to_cents(Decimal(text))


def _decided(connection: Connection, write_off_id: int, asked: Asked, state: str, words: str) -> None:
    connection.execute(
        update(write_offs)
        .where(write_offs.c.id == write_off_id)
        .values(state=state, decided_by=asked.who, decided_at=asked.now, decision=words[:1000])
    )


def _give_up(connection: Connection, one: Case, asked: Asked, write_off_id: int, may: str) -> Done:
    day: dt.date = asked.today
    moved = hand_overs.write_off(write_off_id, one.claim.id, one.denial.line_id, one.cents, day, may)
    transfers.write(connection, [moved], asked.now)
    _decided(connection, write_off_id, asked, "done", may)
    close_items(connection, [f"write_off:{write_off_id}"], f"Done, {may}."[:200], asked.now, who=asked.who)
    left = claim_balances(connection, [one.claim.id])[one.claim.id]
    changed(connection, one, asked, **({"state": ClaimState.CLOSED} if not left else {}))
    what = f"${to_dollars(one.cents):,} is written off, {may}."
    end(connection, one, asked, "written off", what)
    return note(connection, one, asked, "write-off", f"write-off:{one.id}:{write_off_id}", what, cents=one.cents)
