"""The end of a denial that a person takes back, or makes: a write-off is undone; a denial of which nothing is left is
closed with its outcome."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, update

from ..ledger import accounts, hand_overs, transfers
from ..ledger.balances import by_line
from ..model.money import to_dollars
from ..model.states import ClaimState
from ..store.denial_tables import ENDED, denial_cases, write_offs
from ..store.tables import claim_payments, denials, work_items
from ..work import verbs
from ..work.actions import Actions
from . import post_again
from .again import CannotBeDone
from .denial_acts import Asked, Case, Done, changed, done_before, end, locked, note, set_status, still_open


def undo_write_off(connection: Connection, denial_id: int, asked: Asked) -> Done:
    """Take a write-off back: the ledger has it the other way round, the denial is worked on again, and payments that
    wait because of it are posted again. Asked again it answers what came of the first time. Where the payer has taken
    the denial itself back meanwhile, only the money comes back.

    Raises:
        CannotBeDone: nothing of the denial is written off.
    """
    one = locked(connection, denial_id)
    row = connection.execute(
        select(write_offs)
        .where(write_offs.c.denial_id == denial_id, write_offs.c.state.in_(("done", "undone")))
        .order_by(write_offs.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise CannotBeDone(f"Nothing of denial {denial_id} is written off.")
    key = f"undo-write-off:{row.id}"
    if row.state == "undone" and (before := done_before(connection, key)) is not None:
        return before
    moved = hand_overs.take_back(connection, row.id, asked.today, asked.why)
    transfers.write(connection, [moved], asked.now)
    connection.execute(update(write_offs).where(write_offs.c.id == row.id).values(state="undone"))
    what = f"The write-off of ${to_dollars(row.cents):,} is undone"
    if _denied(connection, one) >= one.cents:
        _work_again(connection, one, asked)
        what += "; the denial is worked on again."
    else:
        set_status(connection, one, "closed")
        connection.execute(update(denials).where(denials.c.id == one.id).values(state="reversed"))
        changed(connection, one, asked, **_state(connection, one))
        what += "; the payer has taken the denial itself back, so there is nothing to work."
    post_again.of_claims(connection, [one.claim.id], f"The write-off of denial {one.id} is undone", asked.now)
    return note(connection, one, asked, "undo", key, what, cents=row.cents)


def _work_again(connection: Connection, one: Case, asked: Asked) -> None:
    set_status(connection, one, "new", ended_on=None, ended_by=None)
    connection.execute(update(denials).where(denials.c.id == one.id).values(state="open"))
    changed(connection, one, asked, **_state(connection, one))
    item_id = connection.execute(select(work_items.c.id).where(work_items.c.key == f"denial:{one.id}")).scalar()
    if item_id is not None:
        verbs.reopen(connection, [item_id], asked.who, asked.now, asked.why)


def _state(connection: Connection, one: Case) -> dict[str, Any]:
    """How the claim stands now, where it was closed because nothing was left on it."""
    if one.claim.state != ClaimState.CLOSED:
        return {}
    stands = by_line(connection, [one.claim.id])[one.claim.id]
    patient = sum(
        cents for line in stands.values() for account, cents in line.items() if account.startswith(accounts.PATIENT)
    )
    paid = connection.execute(
        select(func.sum(claim_payments.c.paid_cents)).where(
            claim_payments.c.claim_id == one.claim.id, claim_payments.c.state == "posted"
        )
    ).scalar()
    denied = sum(line.get(accounts.DENIED, 0) for line in stands.values())
    if (paid or 0) > 0 or patient > 0:
        return {"state": ClaimState.PAID}
    return {"state": ClaimState.DENIED if denied > 0 else ClaimState.ACCEPTED}


def _denied(connection: Connection, one: Case) -> int:
    """What stands as denied on the line of a denial."""
    return by_line(connection, [one.claim.id])[one.claim.id].get(one.denial.line_id, {}).get(accounts.DENIED, 0)


# --- closing ---------------------------------------------------------------------------------------


def close(connection: Connection, denial_id: int, asked: Asked, outcome: str = "") -> Done:
    """End a denial of which no money is left, with its outcome (a code of table `actions` that closes). Money never
    stays behind: what still stands as denied is appealed, corrected, written off or billed to the patient.

    Raises:
        CannotBeDone: the denial is over, money of it still stands as denied, somebody asks to write it off, or there is
            no such outcome.
    """
    one = locked(connection, denial_id)
    before = done_before(connection, f"close:{denial_id}")
    if before is not None:
        return before
    still_open(one)
    said = _said(asked, outcome)
    waiting = select(write_offs.c.id).where(write_offs.c.denial_id == denial_id, write_offs.c.state == "asked")
    if connection.execute(waiting).first() is not None:
        raise CannotBeDone("Somebody asks to write it off: approve or refuse that first.")
    left = min(_denied(connection, one) - _of_others(connection, one), one.cents)
    if left > 0:
        raise CannotBeDone(
            f"${to_dollars(left):,} of denial {denial_id} still stand as denied, and nobody would look at them again. "
            "Appeal it, correct the claim, write it off, or bill the patient where they owe it; it ends with that, or "
            "when the payer pays."
        )
    what = f"Closed: {said}." if said else "Closed; nothing of it is open."
    end(connection, one, asked, "closed", what)
    changed(connection, one, asked)
    return note(connection, one, asked, "close", f"close:{denial_id}", what)


def _said(asked: Asked, outcome: str) -> str:
    if not outcome:
        return ""
    actions = Actions.of(asked.config.tables, asked.today)
    found = actions.find(outcome)
    if found is None or not found.closes:
        codes = ", ".join(one.code for one in actions.on() if one.closes)
        raise CannotBeDone(f"There is no outcome {outcome!r}. There are: {codes}.")
    return found.name


def _of_others(connection: Connection, one: Case) -> int:
    """What other denials of the same line, which are worked on, have of it."""
    total = connection.execute(
        select(func.sum(denials.c.cents))
        .join(denial_cases, denial_cases.c.denial_id == denials.c.id)
        .where(
            denials.c.claim_id == one.claim.id,
            denials.c.line_id == one.denial.line_id,
            denials.c.id != one.id,
            denial_cases.c.status.not_in(ENDED),
        )
    ).scalar()
    return int(total or 0)
