"""What a person does with work items: claim, release, assign, touch, snooze, close, reopen; one, or many at once.

Every verb locks the items that it is for, looks at each as it stands then, and answers for each: done, or why not. So
two people who claim the same item at once get one that it is theirs, and one who has it. Doing the same again changes
nothing and is answered as done. What was done stands in the history of the item and on the timeline of its claim (or
file, batch, ...).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from ..store import timeline
from ..store.tables import work_items
from . import touches
from .actions import Actions

STATION = "work"
MOST = 20_000
"""Items that one call is for."""
_BULK = 500

CLEARS_BY = {
    "hold": "release the hold instead: gateway holds release",
    "duplicate_claim": "release the hold instead: gateway holds release",
    "plugin_failure": "release the hold instead, or replay the claim: gateway replay claim",
    "posting_exception": "replay the payment instead: gateway replay payment",
    "partner_stopped": "start the partner instead: gateway partner start",
}
"""Kinds of items that close when their cause is gone, and what ends it."""


class NotDone(ValueError):
    """What is asked for cannot be done to any item: a word is missing or unknown. The message says what is wanted."""


class Answer(NamedTuple):
    """What came of a verb for one item. `done`: it is so now, `new`: and it was not so before. `what` says how it
    stands, or why it was not done."""

    id: int
    done: bool
    new: bool
    what: str


class _Step(NamedTuple):
    """What one item becomes: the columns to set, what is written into its history, and the sentence of its timeline."""

    values: Mapping[str, Any]
    touch: touches.Touch
    told: str


_Decide = Callable[[Any], "_Step | Answer"]


# --- who has it ------------------------------------------------------------------------------------


def claim(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
    """Take items to work on them. One that somebody else has stays theirs."""
    _named(who)

    def decide(row: Any) -> _Step | Answer:
        if row.assignee == who:
            return Answer(row.id, True, False, "It is yours already.")
        if row.assignee:
            return Answer(row.id, False, False, f"{_has(row)}.")
        values = {"assignee": who, "assigned_at": now}
        return _Step(values, touches.Touch(row.id, who, "claim"), f"Work item {row.id} is worked on by {who}.")

    return _each(connection, ids, now, who, decide, "It is yours.")


def release(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime) -> list[Answer]:
    """Give items back to their team. Somebody else's are given away by `assign`."""
    _named(who)

    def decide(row: Any) -> _Step | Answer:
        if not row.assignee:
            return Answer(row.id, True, False, "Nobody has it.")
        if row.assignee != who:
            return Answer(row.id, False, False, f"{_has(row)}; assign it to somebody else instead.")
        values = {"assignee": "", "assigned_at": None}
        return _Step(values, touches.Touch(row.id, who, "release"), f"Work item {row.id} is given back.")

    return _each(connection, ids, now, who, decide, "It is given back.")


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
    _named(who)
    to, team = to.strip()[:80], team.strip()
    if not to and not team:
        raise NotDone("Say to whom: a person, a team, or both.")
    if team:
        check_team(connection, team)
    whom = f"{to} ({team})" if to and team else to or f"the team {team}"

    def decide(row: Any) -> _Step | Answer:
        values: dict[str, Any] = {}
        if row.assignee != to and (to or (row.assignee and row.team != team)):
            values |= {"assignee": to, "assigned_at": now if to else None}
        if team and row.team != team:
            values["team"] = team
        if not values:
            return Answer(row.id, True, False, f"It is with {whom} already.")
        touch = touches.Touch(row.id, who, "assign", note=f"To {whom}. {note}".strip())
        return _Step(values, touch, f"Work item {row.id} is assigned to {whom}.{_more(note)}")

    return _each(connection, ids, now, who, decide, f"It is with {whom}.")


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
    _named(who)
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

    def decide(row: Any) -> _Step | Answer:
        if keys[row.id] in known:
            return Answer(row.id, True, False, "It is written down already.")
        if follow_up is None and actions.wants_next_date(found, row.kind):
            kind = actions.kind_in_words(row.kind).lower()
            return Answer(row.id, False, False, f"{found.name} on a {kind} needs the next date (--follow-up).")
        values = {"touched_at": now, "follow_up": follow_up, "snoozed_until": None}
        done = touches.Touch(row.id, who, "touch", action, note, follow_up, 0, keys[row.id])
        return _Step(values, done, f"Work item {row.id}: {found.name}.{_more(note)}{promise}")

    return _each(connection, ids, now, who, decide, f"{found.name}.{promise}", keeps_promises=True)


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
    _named(who)
    if until <= today:
        raise NotDone(f"The day must be after today, {today:%m/%d/%Y}.")

    def decide(row: Any) -> _Step | Answer:
        if row.snoozed_until == until:
            return Answer(row.id, True, False, f"It rests until {until:%m/%d/%Y} already.")
        last = row.priority_date
        if last is not None and today <= last < until:
            return Answer(
                row.id, False, False, f"It costs money after {last:%m/%d/%Y}; let it rest no longer than that."
            )
        done = touches.Touch(row.id, who, "snooze", note=f"Until {until:%m/%d/%Y}. {note}".strip())
        return _Step({"snoozed_until": until}, done, f"Work item {row.id} rests until {until:%m/%d/%Y}.{_more(note)}")

    return _each(connection, ids, now, who, decide, f"It rests until {until:%m/%d/%Y}.")


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
    by itself (a hold, a stopped partner) is not closed by hand.

    Raises:
        NotDone: who or why is missing, or there is no such outcome.
    """
    _named(who)
    if not reason.strip():
        raise NotDone("It needs who does it, and why.")
    if outcome and actions is not None:
        found = actions.find(outcome)
        if found is None or not found.closes:
            codes = ", ".join(one.code for one in actions.on() if one.closes)
            raise NotDone(f"There is no outcome {outcome!r}. There are: {codes}.")
    reason = reason.strip()
    said = f"{outcome}: {reason} ({who})" if outcome else f"{reason} ({who})"

    def decide(row: Any) -> _Step | Answer:
        if row.kind in CLEARS_BY and row.subject_kind != "plugin":
            return Answer(row.id, False, False, f"Work item {row.id} is a {row.kind}: {CLEARS_BY[row.kind]}.")
        values = {"state": "closed", "outcome": said[:200], "closed_at": now, "snoozed_until": None, "touched_at": now}
        done = touches.Touch(row.id, who, "close", outcome, reason, cents=row.cents)
        return _Step(values, done, f"Work item {row.id} closed: {reason}")

    def said_before(row: Any) -> bool:
        return str(row.outcome) == said[:200]

    return _each(connection, ids, now, who, decide, "Closed.", keeps_promises=True, said_before=said_before)


def reopen(connection: Connection, ids: Sequence[int], who: str, now: dt.datetime, reason: str) -> list[Answer]:
    """Open closed items again. What clears by itself comes again by itself.

    Raises:
        NotDone: who or why is missing.
    """
    _named(who)
    if not reason.strip():
        raise NotDone("It needs who does it, and why.")

    def decide(row: Any) -> _Step | Answer:
        if row.kind in CLEARS_BY and row.subject_kind != "plugin":
            return Answer(row.id, False, False, f"A {row.kind} opens by itself where there is cause.")
        values = {"state": "open", "outcome": "", "closed_at": None, "follow_up": None}
        done = touches.Touch(row.id, who, "reopen", note=reason.strip())
        return _Step(values, done, f"Work item {row.id} is open again: {reason.strip()}")

    return _each(connection, ids, now, who, decide, "Open again.", state="closed")


# --- for each --------------------------------------------------------------------------------------


def _named(who: str) -> None:
    if not who.strip():
        raise NotDone("It needs who does it.")


def _has(row: Any) -> str:
    since = f" since {row.assigned_at:%m/%d/%Y %H:%M} UTC" if row.assigned_at is not None else ""
    return f"{row.assignee} has it{since}"


def _more(note: str) -> str:
    note = note.strip()
    return f" {note.rstrip('.')}." if note else ""


def _each(
    connection: Connection,
    ids: Sequence[int],
    now: dt.datetime,
    who: str,
    decide: _Decide,
    said: str,
    *,
    state: str = "open",
    keeps_promises: bool = False,
    said_before: Callable[[Any], bool] | None = None,
) -> list[Answer]:
    """Lock the items in the order of their ids, decide on each in this state, and write what was decided in bulk.
    `said_before`: whether one that is closed was closed with the same words."""
    if len(set(ids)) > MOST:
        raise NotDone(f"At most {MOST:,} items at once; narrow it down.")
    answers: dict[int, Answer] = {}
    steps: list[tuple[Any, _Step]] = []
    for row in _locked(connection, sorted(set(ids))):
        decided: _Step | Answer
        if row.state == state:
            decided = decide(row)
        elif state == "closed":
            decided = Answer(row.id, True, False, "It is open.")
        else:
            again = said_before is not None and said_before(row)
            decided = Answer(row.id, again, False, _closed(row))
        if isinstance(decided, Answer):
            answers[row.id] = decided
        else:
            answers[row.id] = Answer(row.id, True, True, said)
            steps.append((row, decided))
    _write(connection, steps, who, now, keeps_promises=keeps_promises)
    missing = "There is no open work item {}." if state == "open" else "There is no closed work item {}."
    return [answers.get(one) or Answer(one, False, False, missing.format(one)) for one in dict.fromkeys(ids)]


def _closed(row: Any) -> str:
    when = f" on {row.closed_at:%m/%d/%Y}" if row.closed_at is not None else ""
    return f"Work item {row.id} was closed{when}: {row.outcome}"


def _locked(connection: Connection, ids: Sequence[int]) -> Iterable[Any]:
    for start in range(0, len(ids), _BULK):
        yield from connection.execute(
            select(work_items)
            .where(work_items.c.id.in_(ids[start : start + _BULK]))
            .order_by(work_items.c.id)
            .with_for_update()
        ).all()


def _write(
    connection: Connection,
    steps: Sequence[tuple[Any, _Step]],
    who: str,
    now: dt.datetime,
    *,
    keeps_promises: bool,
) -> None:
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for row, step in steps:
        alike.setdefault(tuple(step.values.items()), []).append(row.id)
    for values, ids in alike.items():
        for start in range(0, len(ids), _BULK):
            some = ids[start : start + _BULK]
            connection.execute(update(work_items).where(work_items.c.id.in_(some)).values(dict(values)))
    if keeps_promises:
        touches.keep_promises(connection, [row.id for row, _ in steps], now)
    touches.add(connection, [step.touch for _, step in steps], now)
    entries = []
    for row, step in steps:
        kind, subject = ("claim", row.claim_id) if row.claim_id is not None else (row.subject_kind, row.subject_id)
        if subject is not None:
            entries.append(timeline.Entry(kind, subject, STATION, step.told, who=who[:80]))
    timeline.add(connection, entries, now)
