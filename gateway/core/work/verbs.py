"""What a person does with work items: claim, release, assign, touch, snooze, close, reopen; one, or many at once.

Every verb locks the items that it is for, looks at each as it stands then, and answers for each: done, or why not. So
two people who claim the same item at once get one that it is theirs, and one who has it. Doing the same again changes
nothing and is answered as done. What was done stands in the history of the item and on the timeline of its claim (or
file, batch, ...).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ..store.denial_tables import ENDED, WORKED, denial_cases
from ..store.tables import claims, work_items
from . import touches
from .actions import Actions
from .steps import MOST, Answer, NotDone, Step, each

__all__ = [
    "CLEARS_BY", "MOST", "OF_A_CLAIM", "TEAMS", "Answer", "NotDone",
    "assign", "check_team", "claim", "close", "release", "reopen", "snooze", "touch",
]  # fmt: skip

CLEARS_BY = {
    "hold": "release the hold instead: gateway holds release",
    "duplicate_claim": "cancel one of the two (gateway claim cancel), or release the hold: gateway holds release",
    "plugin_failure": "release the hold instead, or replay the claim: gateway replay claim",
    "posting_exception": "deal with the payment instead: gateway exceptions assign, post-again or set-aside",
    "write_off_request": "approve or refuse it instead: gateway denial approve, gateway denial refuse",
    "partner_stopped": "start the partner instead: gateway partner start",
}
"""Kinds of items that close when their cause is gone, and what ends it."""
DENIAL = "denial"
OF_A_CLAIM = {"rejection": "rejected", "faulty_claim": "faulty"}
"""Kinds of items that are not closed by hand while their claim is in this state: it would be nobody's work."""


# --- who has it ------------------------------------------------------------------------------------


def claim(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
    """Take items to work on them. One that somebody else has stays theirs."""
    who = _named(who)

    def decide(row: Any) -> Step | Answer:
        if row.assignee == who:
            return Answer(row.id, True, False, "It is yours already.")
        if row.assignee:
            return Answer(row.id, False, False, f"{_has(row)}.")
        values = {"assignee": who, "assigned_at": now}
        return Step(values, touches.Touch(row.id, who, "claim"), f"Work item {row.id} is worked on by {who}.")

    return each(connection, ids, now, who, decide, "It is yours.")


def release(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
    """Give items back to their team. Somebody else's are given away by `assign`."""
    who = _named(who)

    def decide(row: Any) -> Step | Answer:
        if not row.assignee:
            return Answer(row.id, True, False, "Nobody has it.")
        if row.assignee != who:
            return Answer(row.id, False, False, f"{_has(row)}; assign it to somebody else instead.")
        values = {"assignee": "", "assigned_at": None}
        return Step(values, touches.Touch(row.id, who, "release"), f"Work item {row.id} is given back.")

    return each(connection, ids, now, who, decide, "It is given back.")


def assign(
    connection: Connection,
    ids: Sequence[int],
    who: str,
    now: dt.datetime,
    *,
    to: str = "",
    team: str = "",
    note: str = "",
) -> list[Answer]:
    """Give items to a person, to a team, or to a person of a team. With a team alone nobody has them any more.

    Raises:
        NotDone: neither is named, or no such team works here.
    """
    who = _named(who)
    to, team = to.strip()[:80], team.strip()
    if not to and not team:
        raise NotDone("Say to whom: a person, a team, or both.")
    if team:
        check_team(connection, team)
    whom = f"{to} ({team})" if to and team else to or f"the team {team}"

    def decide(row: Any) -> Step | Answer:
        values: dict[str, Any] = {}
        if row.assignee != to and (to or (row.assignee and row.team != team)):
            values |= {"assignee": to, "assigned_at": now if to else None}
        if team and row.team != team:
            values["team"] = team
        if not values:
            return Answer(row.id, True, False, f"It is with {whom} already.")
        touch = touches.Touch(row.id, who, "assign", note=f"To {whom}. {note}".strip())
        return Step(values, touch, f"Work item {row.id} is assigned to {whom}.{_more(note)}")

    return each(connection, ids, now, who, decide, f"It is with {whom}.")


TEAMS = (
    *("documentation", "authorization", "confirmation", "billing", "respiratory"),
    *("eligibility", "resupply", "posting", "denials", "appeals", "enrollment", "patient", "contracts", "edi"),
    *("intake", "fulfillment", "followup"),
)
"""Teams that may be given work before any item is theirs (hme-billing-rules 6.3)."""


def check_team(connection: Connection, team: str) -> None:
    """Raises NotDone where no team of this name works here: neither a usual one nor one that has an open item."""
    having = connection.execute(select(work_items.c.team).where(work_items.c.state == "open").distinct()).scalars()
    known = {*TEAMS, *(one for one in having if one)}
    if team not in known:
        raise NotDone(f"No team {team!r} works here. There are: {', '.join(sorted(known))}.")


# --- what was done ---------------------------------------------------------------------------------


def touch(
    connection: Connection,
    ids: Sequence[int],
    who: str,
    now: dt.datetime,
    actions: Actions,
    today: dt.date,
    *,
    action: str,
    note: str = "",
    follow_up: dt.date | None = None,
    key: str = "",
) -> list[Answer]:
    """Say what was done about items that stay open, and when somebody looks again.

    Sent twice on one day with the same words it is written once; `key` makes it one whatever the words.

    Raises:
        NotDone: the action is unknown or closes an item, or the next date is not after today.
    """
    who = _named(who)
    found = actions.find(action)
    if found is None:
        codes = ", ".join(one.code for one in actions.on() if not one.closes)
        raise NotDone(f"There is no action {action!r}. There are: {codes}.")
    if found.closes:
        raise NotDone(f"{found.name} is an outcome: close the item with it (gateway queue close --outcome {action}).")
    if follow_up is not None and follow_up <= today:
        raise NotDone(f"The next date must be after today, {today:%m/%d/%Y}.")
    note = note.strip()
    said = key or "|".join((who, action, note, str(follow_up), today.isoformat()))
    keys = {one: f"{one}:{hashlib.sha256(said.encode()).hexdigest()[:40]}" for one in ids}
    known = touches.keys_known(connection, list(keys.values()))
    promise = f" Next: {follow_up:%m/%d/%Y}." if follow_up is not None else ""

    def decide(row: Any) -> Step | Answer:
        if keys[row.id] in known:
            return Answer(row.id, True, False, "It is written down already.")
        if follow_up is None and actions.wants_next_date(found, row.kind):
            kind = actions.kind_in_words(row.kind).lower()
            return Answer(row.id, False, False, f"{found.name} on a {kind} needs the next date (--follow-up).")
        values = {"touched_at": now, "follow_up": follow_up, "snoozed_until": None}
        done = touches.Touch(row.id, who, "touch", action, note, follow_up, 0, keys[row.id])
        return Step(values, done, f"Work item {row.id}: {found.name}.{_more(note)}{promise}")

    return each(connection, ids, now, who, decide, f"{found.name}.{promise}", keeps_promises=True)


def snooze(
    connection: Connection,
    ids: Sequence[int],
    who: str,
    now: dt.datetime,
    today: dt.date,
    *,
    until: dt.date,
    note: str = "",
) -> list[Answer]:
    """Show items no more before a day. Nothing is put off beyond the date that costs money, unless that has passed.

    Raises:
        NotDone: the day is not after today.
    """
    who = _named(who)
    if until <= today:
        raise NotDone(f"The day must be after today, {today:%m/%d/%Y}.")

    def decide(row: Any) -> Step | Answer:
        if row.snoozed_until == until:
            return Answer(row.id, True, False, f"It rests until {until:%m/%d/%Y} already.")
        last = row.priority_date
        if last is not None and today <= last < until:
            return Answer(
                row.id, False, False, f"It costs money after {last:%m/%d/%Y}; let it rest no longer than that."
            )
        done = touches.Touch(row.id, who, "snooze", note=f"Until {until:%m/%d/%Y}. {note}".strip())
        return Step({"snoozed_until": until}, done, f"Work item {row.id} rests until {until:%m/%d/%Y}.{_more(note)}")

    return each(connection, ids, now, who, decide, f"It rests until {until:%m/%d/%Y}.")


def close(
    connection: Connection,
    ids: Sequence[int],
    who: str,
    now: dt.datetime,
    reason: str,
    *,
    outcome: str = "",
    actions: Actions | None = None,
) -> list[Answer]:
    """Close items that a person has dealt with, with what was done; `outcome` is a code of table `actions`. What clears
    by itself (a hold, a stopped partner) is not closed by hand; nor is a denial, or a claim that is still rejected or
    faulty, whose money would be nobody's work.

    Raises:
        NotDone: who or why is missing, or there is no such outcome.
    """
    who = _named(who)
    if not reason.strip():
        raise NotDone("It needs a reason: what was done about it.")
    if outcome and actions is not None:
        found = actions.find(outcome)
        if found is None or not found.closes:
            codes = ", ".join(one.code for one in actions.on() if one.closes)
            raise NotDone(f"There is no outcome {outcome!r}. There are: {codes}.")
    reason = reason.strip()
    said = f"{outcome}: {reason} ({who})" if outcome else f"{reason} ({who})"

    def decide(row: Any) -> Step | Answer:
        if row.kind in CLEARS_BY and row.subject_kind != "plugin":
            return Answer(row.id, False, False, f"Work item {row.id} is a {row.kind}: {CLEARS_BY[row.kind]}.")
        if row.kind in OF_A_CLAIM and (stands := _stands(connection, row)):
            return Answer(row.id, False, False, stands)
        if row.kind == DENIAL and _denial(connection, row).status in WORKED:
            return Answer(row.id, False, False, _end_it(row))
        values = {"state": "closed", "outcome": said[:200], "closed_at": now, "snoozed_until": None, "touched_at": now}
        done = touches.Touch(row.id, who, "close", outcome, reason, cents=row.cents)
        return Step(values, done, f"Work item {row.id} closed: {reason}")

    def said_before(row: Any) -> bool:
        return str(row.outcome) == said[:200]

    return each(connection, ids, now, who, decide, "Closed.", keeps_promises=True, said_before=said_before)


def reopen(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime, reason: str) -> list[Answer]:
    """Open closed items again. What clears by itself comes again by itself.

    Raises:
        NotDone: who or why is missing.
    """
    who = _named(who)
    if not reason.strip():
        raise NotDone("It needs a reason: why it is opened again.")

    def decide(row: Any) -> Step | Answer:
        if row.kind in CLEARS_BY and row.subject_kind != "plugin":
            return Answer(row.id, False, False, f"A {row.kind} opens by itself where there is cause.")
        if row.kind == DENIAL and (ended := _denial(connection, row)).status in ENDED:
            return Answer(row.id, False, False, _is_over(ended))
        values = {"state": "open", "outcome": "", "closed_at": None, "follow_up": None}
        done = touches.Touch(row.id, who, "reopen", note=reason.strip())
        return Step(values, done, f"Work item {row.id} is open again: {reason.strip()}")

    return each(connection, ids, now, who, decide, "Open again.", state="closed")


# --- denials ---------------------------------------------------------------------------------------


class _Denial(NamedTuple):
    """The denial of a work item, and how it stands; 0 and empty for one of which no more is known."""

    id: int
    status: str


def _denial(connection: Connection, row: Any) -> _Denial:
    number = row.key.removeprefix("denial:")
    if not number.isdigit():
        return _Denial(0, "")
    found = select(denial_cases.c.denial_id, denial_cases.c.status).where(denial_cases.c.denial_id == int(number))
    one = connection.execute(found).one_or_none()
    return _Denial(*one) if one is not None else _Denial(0, "")


def _stands(connection: Connection, row: Any) -> str:
    """What ends an item about a claim that nobody has sent on or withdrawn; empty where one has."""
    found = connection.execute(select(claims.c.claim_number, claims.c.state).where(claims.c.id == row.claim_id)).first()
    if found is None or found.state != OF_A_CLAIM[row.kind]:
        return ""
    return (
        f"Work item {row.id}: claim {found.claim_number} is still {found.state}, and with the item closed nobody would "
        "see it. Correct it (gateway claim correct), send it again (gateway resubmit), or withdraw it (gateway claim "
        "cancel): the item closes by itself."
    )


def _end_it(row: Any) -> str:
    number = row.key.removeprefix("denial:")
    return (
        f"Work item {row.id} is denial {number}, which ends with what becomes of its money: appeal it, correct the "
        f"claim, write it off or bill the patient (gateway denial --help); where no money of it is left: gateway "
        f"denial close {number}."
    )


def _is_over(one: _Denial) -> str:
    more = f" Undo that: gateway denial undo-write-off {one.id}." if one.status == "written off" else ""
    return f"Denial {one.id} is over ({one.status}).{more}"


# --- in words --------------------------------------------------------------------------------------


def _named(who: str) -> str:
    who = who.strip()[:80]
    if not who:
        raise NotDone("It needs who does it.")
    return who


def _has(row: Any) -> str:
    since = f" since {row.assigned_at:%m/%d/%Y %H:%M} UTC" if row.assigned_at is not None else ""
    return f"{row.assignee} has it{since}"


def _more(note: str) -> str:
    note = note.strip()
    return f" {note.rstrip('.')}." if note else ""
