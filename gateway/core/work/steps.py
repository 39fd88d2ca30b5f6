"""How a verb is done to work items: each is locked, looked at as it stands then, changed, and written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from ..store import timeline
from ..store.tables import work_items
from . import touches

STATION = "work"
MOST = 20_000
"""Items that one call is for."""
_BULK = 500


class NotDone(ValueError):
    """What is asked for cannot be done to any item: a word is missing or unknown. The message says what is wanted."""


class Answer(NamedTuple):
    """What came of a verb for one item. `done`: it is so now, `new`: and it was not so before. `what` says how it
    stands, or why it was not done."""

    id: int
    done: bool
    new: bool
    what: str


class Step(NamedTuple):
    """What one item becomes: the columns to set, what is written into its history, and the sentence of its timeline."""

    values: Mapping[str, Any]
    touch: touches.Touch
    told: str


Decide = Callable[[Any], "Step | Answer"]


def each(
    connection: Connection,
    ids: Sequence[int],
    now: dt.datetime,
    who: str,
    decide: Decide,
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
    steps: list[tuple[Any, Step]] = []
    for row in _locked(connection, sorted(set(ids))):
        decided: Step | Answer
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
    steps: Sequence[tuple[Any, Step]],
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
