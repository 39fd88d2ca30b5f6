"""Two patients are one, or are not: a person says so, and the held claims of both are decided again, for what they wait
for may stand with the other one.

A merge can be taken back; both have their own history then, as before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from ..store import patients as store
from ..store import requests
from ..store.ids import allocate
from ..store.tables import patient_merges, patients
from ..work.items import close_items
from .again import Again, CannotBeDone, needs_who_and_why
from .look_again import look_again

MERGE, UNMERGE, DISMISS = "merge", "unmerge", "dismiss"


def merge(connection: Connection, patient_id: int, into: int, who: str, reason: str, now: dt.datetime) -> Again:
    """The patient `patient_id` is the patient `into`: their history is one from now on.

    Raises:
        CannotBeDone: who or why is missing, one of them is not there, or they are one already.
    """
    row, other = _begin(connection, (patient_id, into), who, reason)
    if row.merged_into is not None:
        raise CannotBeDone(
            f"Patient {patient_id} was merged into patient {row.merged_into} before. Take that back first (gateway "
            "patient unmerge)."
        )
    try:
        store.merge(connection, patient_id, other.id, now)
    except ValueError:
        raise CannotBeDone(f"Patients {patient_id} and {into} are one already.") from None
    _decide(connection, patient_id, into, "merged", now)
    _end(connection, patient_id, into, "The patients were merged.", who, now)
    again = look_again(connection, [store.final_ids(connection, [into])[into]], "Two patients were merged", now)
    return _note(connection, MERGE, patient_id, who, reason, f"It is patient {into} now.{_again(again)}", now)


def unmerge(connection: Connection, patient_id: int, who: str, reason: str, now: dt.datetime) -> Again:
    """The merge of a patient into another is taken back.

    Raises:
        CannotBeDone: who or why is missing, there is no such patient, or they were not merged.
    """
    (row,) = _begin(connection, (patient_id,), who, reason)
    into = row.merged_into
    if into is None:
        raise CannotBeDone(f"Patient {patient_id} was not merged into anybody.")
    store.unmerge(connection, patient_id, now)
    # Whoever counts for the other one today has lost this history as well.
    whose = {patient_id, store.final_ids(connection, [into])[into]}
    store.changed(connection, whose - {patient_id, into})
    again = look_again(connection, sorted(whose), "The merge of two patients was taken back", now)
    return _note(connection, UNMERGE, patient_id, who, reason, f"It is a patient of its own.{_again(again)}", now)


def dismiss(connection: Connection, patient_id: int, other: int, who: str, reason: str, now: dt.datetime) -> Again:
    """Two patients who look like one are not.

    Raises:
        CannotBeDone: who or why is missing, one of them is not there, or nobody suggested it.
    """
    _begin(connection, (patient_id, other), who, reason)
    if not _decide(connection, patient_id, other, "dismissed", now):
        raise CannotBeDone(f"That patients {patient_id} and {other} are one is not suggested, or was decided before.")
    _end(connection, patient_id, other, "They are two patients.", who, now)
    return _note(connection, DISMISS, patient_id, who, reason, f"They stay two: {patient_id} and {other}.", now)


def _begin(connection: Connection, ids: Sequence[int], who: str, reason: str) -> list[Any]:
    """The rows of patients, in the order asked for, under the lock that commits of claims take as well."""
    needs_who_and_why(who, reason)
    allocate(connection, "claims", 1)
    rows = {
        row.id: row
        for row in connection.execute(
            select(patients).where(patients.c.id.in_(ids)).order_by(patients.c.id).with_for_update()
        )
    }
    for one in ids:
        if one not in rows:
            raise CannotBeDone(f"There is no patient {one}.")
    return [rows[one] for one in ids]


def _decide(connection: Connection, patient_id: int, other: int, state: str, now: dt.datetime) -> int:
    """What was suggested of two patients is decided; how many suggestions that were."""
    pair, turned = (
        and_(patient_merges.c.patient_id == one, patient_merges.c.other_id == two)
        for one, two in ((patient_id, other), (other, patient_id))
    )
    return connection.execute(
        update(patient_merges)
        .where(or_(pair, turned), patient_merges.c.state == "suggested")
        .values(state=state, decided_at=now)
    ).rowcount


def _end(connection: Connection, patient_id: int, other: int, outcome: str, who: str, now: dt.datetime) -> None:
    keys = [f"merge:{patient_id}:{other}", f"merge:{other}:{patient_id}"]
    close_items(connection, keys, outcome, now, who=who)


def _again(count: int) -> str:
    return f" {count} held claim{'s are' if count != 1 else ' is'} decided again." if count else ""


def _note(
    connection: Connection, verb: str, patient_id: int, who: str, reason: str, what: str, now: dt.datetime
) -> Again:
    number = allocate(connection, "replays", 1)
    new = requests.NewRequest(verb, "patient", patient_id, f"{verb}:{patient_id}:{number}", reason, who)
    request_id = requests.add(connection, new, now)
    requests.done(connection, request_id, what, now)
    return Again(request_id, patient_id, True, what)
