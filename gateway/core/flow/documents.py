"""Papers arrive: a document of a patient is kept, linked to what it belongs to, and releases what waits for it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import NoResultFound

from ..model.papers import KINDS, MediaType
from ..store import archive, patients, timeline
from ..store import claims as claim_store
from ..store.archive import Stored
from ..store.ids import allocate
from ..store.patients import Key
from ..store.tables import claims, documents, holds
from ..store.tables import patients as patient_rows
from .look_again import look_again
from .release import HasName, NotHeld, release_hold

STATION = "document"
BY_HAND = "by hand"
"""The source of a document that a person adds."""


class CannotBeAdded(ValueError):
    """A document cannot be added like that. The message says why; nothing was kept of it."""


class Belongs(NamedTuple):
    """Whose a document is: a claim or a patient by our number, or by the source's own: the claim's number, the
    patient's id. One of them is enough; several must agree."""

    claim_id: int | None = None
    patient_id: int | None = None
    source: str = ""
    claim_number: str = ""
    source_patient_id: str = ""


class NewDocument(NamedTuple):
    """A document to be added; its bytes are in the archive. `kind` is one of `KINDS`; `releases` are the ids of the
    holds that wait for it."""

    kind: str
    name: str
    media_type: MediaType
    stored: Stored
    belongs: Belongs
    dated: dt.date | None = None
    codes: tuple[str, ...] = ()
    order_number: str = ""
    releases: tuple[int, ...] = ()


class Added(NamedTuple):
    """What came of it. `new`: it was not there before; `states`: where the claim of each released hold stands now;
    `again`: how many held claims are decided again."""

    document_id: int
    new: bool
    patient_id: int
    claim_id: int | None
    states: tuple[str, ...]
    again: int


def add_document(
    connection: Connection,
    new: NewDocument,
    who: str,
    now: dt.datetime,
    partner_for: Callable[[str], HasName | None] | None = None,
) -> Added:
    """Keep a document, and release the holds that it is for, with the document as the reason. The same paper for the
    same patient, claim and order again is the one that is there.

    Raises:
        CannotBeAdded: nobody knows whose it is, what is named does not belong together, or a hold is not there.
    """
    if new.kind not in KINDS:
        raise CannotBeAdded(f"There is no kind {new.kind!r}; the kinds are {', '.join(KINDS)}.")
    # The lock that commits of claims take as well: what they decide was decided with this document, or is again.
    allocate(connection, "claims", 1)
    waiting = _holds(connection, new.releases)
    claim_id, patient_id = _whose(connection, new.belongs, waiting)
    key = _key(new, patient_id, claim_id)
    row = connection.execute(select(documents.c.id).where(documents.c.key == key)).one_or_none()
    document_id = row.id if row is not None else _write(connection, new, key, patient_id, claim_id, who, now)
    called = f"{KINDS[new.kind]}{f' of {new.dated}' if new.dated else ''}"
    states = [_release(connection, one, document_id, called, who, now, partner_for) for one in waiting]
    again = 0
    if row is None:
        patients.changed(connection, [patient_id])
        if claim_id is not None:
            what = f"Document {document_id}, {called}, was added."
            timeline.add(connection, [timeline.Entry("claim", claim_id, STATION, what, who=who)], now)
        again = look_again(connection, [patient_id], f"Document {document_id}, {called}, came", now)
    return Added(document_id, row is None, patient_id, claim_id, tuple(states), again)


def _holds(connection: Connection, hold_ids: Sequence[int]) -> list[Any]:
    found = {
        row.id: row
        for row in connection.execute(
            select(holds.c.id, holds.c.claim_id, holds.c.released_at, holds.c.document_id).where(
                holds.c.id.in_(hold_ids)
            )
        )
    }
    for one in hold_ids:
        if one not in found:
            raise CannotBeAdded(f"There is no hold {one}.")
    return [found[one] for one in dict.fromkeys(hold_ids)]


def _whose(connection: Connection, belongs: Belongs, waiting: Sequence[Any]) -> tuple[int | None, int]:
    """The claim, where one is known, and the patient of today that a document belongs to."""
    claim_id = belongs.claim_id if belongs.claim_id is not None else _claim_of_source(connection, belongs)
    held = {row.claim_id for row in waiting}
    if claim_id is None and len(held) == 1:
        (claim_id,) = held
    found: set[int] = set()
    if claim_id is not None:
        found.add(_patient_of_claim(connection, claim_id))
    found |= {_patient_of_claim(connection, one) for one in held}
    if belongs.patient_id is not None:
        known = connection.execute(select(patient_rows.c.id).where(patient_rows.c.id == belongs.patient_id)).first()
        if known is None:
            raise CannotBeAdded(f"There is no patient {belongs.patient_id}.")
        found.add(belongs.patient_id)
    if belongs.source_patient_id:
        key = Key(f"source:{belongs.source}", belongs.source_patient_id[:80], None)
        match = patients.find(connection, [key]).get(key)
        if match is None:
            raise CannotBeAdded(f"Source {belongs.source} has sent nobody with this patient id.")
        found.add(match.patient_id)
    today = set(patients.final_ids(connection, found).values())
    if not today:
        raise CannotBeAdded("Say whose it is: a claim, a patient, or a hold that it releases.")
    if len(today) > 1:
        raise CannotBeAdded("What is named belongs to different patients: look at claim, patient and holds again.")
    return claim_id, today.pop()


def _claim_of_source(connection: Connection, belongs: Belongs) -> int | None:
    if not belongs.claim_number:
        return None
    same = (claims.c.source == belongs.source) & (claims.c.source_claim_number == belongs.claim_number)
    found = list(connection.execute(select(claims.c.id).where(same)).scalars())
    if len(found) != 1:
        many = f"{len(found)} claims" if found else "no claim"
        raise CannotBeAdded(f"Source {belongs.source} has sent {many} with the number {belongs.claim_number}.")
    return int(found[0])


def _patient_of_claim(connection: Connection, claim_id: int) -> int:
    try:
        row = claim_store.get(connection, claim_id)
    except NoResultFound:
        raise CannotBeAdded(f"There is no claim {claim_id}.") from None
    if row.patient_id is None:
        raise CannotBeAdded(f"Nobody knows the patient of claim {claim_id}: it could not be read.")
    return int(row.patient_id)


def _key(new: NewDocument, patient_id: int, claim_id: int | None) -> str:
    parts = (patient_id, claim_id or "", new.kind, new.order_number, new.stored.sha256)
    return hashlib.blake2b("\x1f".join(str(one) for one in parts).encode(), digest_size=16).hexdigest()


def _write(
    connection: Connection,
    new: NewDocument,
    key: str,
    patient_id: int,
    claim_id: int | None,
    who: str,
    now: dt.datetime,
) -> int:
    archive.record(connection, new.stored, "document", now)
    document_id = allocate(connection, "documents", 1)
    number = claim_store.get(connection, claim_id).source_claim_number if claim_id is not None else ""
    connection.execute(
        insert(documents).values(
            id=document_id,
            patient_id=patient_id,
            claim_id=claim_id,
            source=new.belongs.source or BY_HAND,
            key=key,
            kind=new.kind,
            name=new.name[:255],
            media_type=new.media_type.name,
            sha256=new.stored.sha256,
            size=new.stored.size,
            dated=new.dated,
            codes=" ".join(sorted(set(new.codes)))[:1500],
            claim_number=number,
            order_number=new.order_number[:50],
            added_by=who[:80],
            created_at=now,
        )
    )
    return document_id


def _release(
    connection: Connection,
    hold: Any,
    document_id: int,
    called: str,
    who: str,
    now: dt.datetime,
    partner_for: Callable[[str], HasName | None] | None,
) -> str:
    if hold.released_at is not None and hold.document_id == document_id:
        return str(claim_store.get(connection, hold.claim_id).state)
    try:
        state = release_hold(connection, hold.id, who, f"document {document_id}, {called}", now, partner_for)
    except (NotHeld, ValueError) as error:
        raise CannotBeAdded(str(error)) from error
    connection.execute(update(holds).where(holds.c.id == hold.id).values(document_id=document_id))
    return state.value
