"""Patients: who is the same person, by the ids that prove it, and the version of each patient's history.

A claim is linked by itself only on member id and birth date, or on the id its source gives the patient. The same
name and birth date is a suggestion for a person, never a link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from .bulk import insert_bulk
from .ids import allocate
from .tables import claims, patient_ids, patient_merges, patients

BULK = 500


class Person(NamedTuple):
    """The patient as a claim names them. `member_id` is the subscriber's; `dependent` says that the patient is
    someone else than the subscriber, and then the first name takes part in the link (twins share the rest).
    `source_patient_id` is the id under which the source knows the patient, where it says one."""

    last_name: str
    first_name: str
    birth_date: dt.date | None
    sex: str
    member_id: str
    dependent: bool = False
    source: str = ""
    source_patient_id: str = ""


class Key(NamedTuple):
    """What links: a scheme, its value and, for member ids, the birth date."""

    scheme: str
    value: str
    birth_date: dt.date | None


class Known(NamedTuple):
    """A patient of ours, and the version of the history that was seen."""

    patient_id: int
    version: int


def keys_of(person: Person) -> list[Key]:
    """The keys that link this person, the surest first; none where nothing proves who it is."""
    keys = []
    if person.source_patient_id:
        keys.append(Key(f"source:{person.source}", person.source_patient_id[:80], None))
    if person.member_id and person.birth_date is not None:
        if person.dependent:
            value = f"{person.member_id}/{person.first_name.strip().upper()}"
            keys.append(Key("dependent", value[:80], person.birth_date))
        else:
            keys.append(Key("member", person.member_id[:80], person.birth_date))
    return keys


def dependents(connection: Connection, member_id: str, birth_date: dt.date) -> set[int]:
    """The patients of a birth date who are insured through the holder of a member id; merged ones are followed."""
    value, start = patient_ids.c.value, f"{member_id}/"
    begins = [value.startswith(start, autoescape=True)]
    if connection.dialect.name == "sqlite":
        # By the index, too (the sign after `/` is `0`): PostgreSQL may sort otherwise, and finds it as it can.
        begins += [value >= start, value < f"{member_id}0"]
    ids = connection.execute(
        select(patient_ids.c.patient_id).where(
            *begins, patient_ids.c.birth_date == birth_date, patient_ids.c.scheme == "dependent"
        )
    ).scalars()
    return set(final_ids(connection, ids).values())


def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, Known]:
    """The patients that these keys belong to; merged ones are followed to who they were merged into."""
    wanted = set(keys)
    values = sorted({key.value for key in wanted})
    found: dict[Key, tuple[int, int, int | None]] = {}
    for start in range(0, len(values), BULK):
        rows = connection.execute(
            select(
                patient_ids.c.scheme,
                patient_ids.c.value,
                patient_ids.c.birth_date,
                patients.c.id,
                patients.c.version,
                patients.c.merged_into,
            )
            .join(patients, patients.c.id == patient_ids.c.patient_id)
            .where(patient_ids.c.value.in_(values[start : start + BULK]))
            .order_by(patient_ids.c.id)
        ).all()
        for scheme, value, birth_date, patient_id, version, merged_into in rows:
            key = Key(scheme, value, birth_date)
            if key in wanted and key not in found:
                found[key] = (patient_id, version, merged_into)
    merged = _follow(connection, {into for _, _, into in found.values() if into is not None})
    return {
        key: merged[into] if into is not None else Known(patient_id, version)
        for key, (patient_id, version, into) in found.items()
    }


def _follow(connection: Connection, ids: set[int]) -> dict[int, Known]:
    """Who each of these patients is today, through any number of merges."""
    final: dict[int, Known] = {}
    trail = {patient_id: patient_id for patient_id in ids}
    while trail:
        rows = {
            row.id: row
            for row in connection.execute(
                select(patients.c.id, patients.c.version, patients.c.merged_into).where(
                    patients.c.id.in_(set(trail.values()))
                )
            )
        }
        onward = {}
        for start, at in trail.items():
            row = rows[at]
            if row.merged_into is None:
                final[start] = Known(row.id, row.version)
            else:
                onward[start] = row.merged_into
        trail = onward
    return final


def of_claims(connection: Connection, claim_ids: Sequence[int]) -> dict[int, Known]:
    """The patient of each of these claims, merged ones followed to who they were merged into; without those of whom no
    patient is known."""
    found: dict[int, int] = {}
    for start in range(0, len(claim_ids), BULK):
        rows = connection.execute(
            select(claims.c.id, claims.c.patient_id).where(
                claims.c.id.in_(claim_ids[start : start + BULK]), claims.c.patient_id.is_not(None)
            )
        )
        found.update((row.id, row.patient_id) for row in rows)
    ids = sorted(set(found.values()))
    known: dict[int, Known] = {}
    for start in range(0, len(ids), BULK):
        known |= _follow(connection, set(ids[start : start + BULK]))
    return {claim_id: known[patient_id] for claim_id, patient_id in found.items()}


def final_ids(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Who each of these patients counts for today."""
    wanted = sorted(set(ids))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), BULK):
        followed = _follow(connection, set(wanted[start : start + BULK]))
        found |= {patient_id: known.patient_id for patient_id, known in followed.items()}
    return found


def with_merged(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Each of these patients and everybody who was merged into them, with the patient they count for."""
    owner = {patient_id: patient_id for patient_id in ids}
    layer = set(owner)
    while layer:
        found: set[int] = set()
        wanted = sorted(layer)
        for start in range(0, len(wanted), BULK):
            some = wanted[start : start + BULK]
            rows = connection.execute(
                select(patients.c.id, patients.c.merged_into).where(patients.c.merged_into.in_(some))
            ).all()
            for patient_id, into in rows:
                if patient_id not in owner:
                    owner[patient_id] = owner[into]
                    found.add(patient_id)
        layer = found
    return owner


def changed(connection: Connection, ids: Iterable[int]) -> None:
    """Something about these patients is not what it was: what was decided on their past is decided again."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), BULK):
        some = wanted[start : start + BULK]
        if connection.dialect.name == "postgresql":
            # In one order, so that two transactions never wait for each other.
            connection.execute(
                select(patients.c.id).where(patients.c.id.in_(some)).order_by(patients.c.id).with_for_update()
            )
        connection.execute(update(patients).where(patients.c.id.in_(some)).values(version=patients.c.version + 1))


def hold_still(connection: Connection, known: Iterable[Known]) -> dict[int, int]:
    """The version of each of these patients, who stay as they are until the transaction ends: whoever is changing one
    of them is waited for, and whoever wants to waits."""
    versions = {one.patient_id: one.version for one in known}
    if connection.dialect.name != "postgresql":
        return versions  # SQLite has one writer
    wanted = sorted(versions)
    for start in range(0, len(wanted), BULK):
        rows = connection.execute(
            select(patients.c.id, patients.c.version)
            .where(patients.c.id.in_(wanted[start : start + BULK]))
            .order_by(patients.c.id)
            .with_for_update()
        )
        versions.update((row.id, row.version) for row in rows)
    return versions


class Linked(NamedTuple):
    """Where each person went: their patient's id, in the order asked for, and the merges that were suggested
    (patient, other patient)."""

    patient_ids: list[int]
    suggested: list[tuple[int, int]]


def link(
    connection: Connection,
    people: Sequence[Person],
    seen_on: Sequence[dt.date | None],
    now: dt.datetime,
    here: Mapping[Key, Known] | None = None,
) -> Linked:
    """Find or make the patient of each person, remember their ids with dates, and bump every version once.

    The caller holds the lock that keeps other commits of claims out (it has allocated claim ids), so that no
    two of them make the same patient. `here`: whom these ids belong to, where the caller has looked it up in this
    transaction and holds the patients still.
    """
    keys = [keys_of(person) for person in people]
    found = find(connection, _flat(keys)) if here is None else here
    known = {key: one.patient_id for key, one in found.items()}
    old = set(known.values())
    fresh: list[int] = []
    answer: list[int] = []
    newcomers: list[tuple[int, Person]] = []
    for index, person in enumerate(people):
        patient_id = next((known[key] for key in keys[index] if key in known), 0)
        if not patient_id:
            newcomers.append((index, person))
            patient_id = -len(newcomers)
        for key in keys[index]:
            known.setdefault(key, patient_id)
        answer.append(patient_id)
    if newcomers:
        first = allocate(connection, "patients", len(newcomers))
        fresh = list(range(first, first + len(newcomers)))
        answer = [first - patient_id - 1 if patient_id < 0 else patient_id for patient_id in answer]
        insert_bulk(
            connection,
            patients,
            ("id", "last_name", "first_name", "birth_date", "sex", "version", "created_at"),
            (
                (first + at, person.last_name[:80], person.first_name[:80], person.birth_date, person.sex[:1], 1, now)
                for at, (_, person) in enumerate(newcomers)
            ),
        )
    _remember(connection, keys, answer, seen_on)
    changed(connection, old.intersection(answer))
    suggested = _suggest(connection, [person for _, person in newcomers], fresh, now) if newcomers else []
    return Linked(answer, suggested)


def is_only_this(connection: Connection, patient_id: int, claim_id: int, before: Person, now: Person) -> bool:
    """Whether a patient is known by this claim alone, and still is who the claim names now: of the same name and birth
    date, by ids that nobody has."""
    if _name(before) != _name(now) or find(connection, keys_of(now)):
        return False
    other = select(claims.c.id).where(claims.c.patient_id == patient_id, claims.c.id != claim_id).limit(1)
    return connection.execute(other).first() is None


def _name(person: Person) -> tuple[str, str, dt.date | None]:
    """As it is compared."""
    return person.last_name.strip().upper(), person.first_name.strip().upper(), person.birth_date


def also_known_as(connection: Connection, person: Person, patient_id: int, seen_on: dt.date | None) -> None:
    """Another payer knows this patient by these ids as well; ids that are somebody's already stay theirs. The caller
    holds the lock of `link`."""
    keys = keys_of(person)
    known = find(connection, keys)
    fresh = [key for key in keys if key not in known]
    if fresh:
        _remember(connection, [fresh], [patient_id], [seen_on])
        changed(connection, [patient_id])


def _flat(keys: Sequence[list[Key]]) -> set[Key]:
    return {key for some in keys for key in some}


def _remember(
    connection: Connection,
    keys: Sequence[list[Key]],
    owners: Sequence[int],
    seen_on: Sequence[dt.date | None],
) -> None:
    """Write the ids that are new for their patient, and widen the dates of those that are not."""
    spans: dict[tuple[Key, int], tuple[dt.date | None, dt.date | None]] = {}
    for some, owner, date in zip(keys, owners, seen_on, strict=True):
        for key in some:
            low, high = spans.get((key, owner), (None, None))
            if date is not None:
                low, high = min(low or date, date), max(high or date, date)
            spans[key, owner] = (low, high)
    if not spans:
        return
    values = sorted({key.value for key, _ in spans})
    stored: dict[tuple[Key, int], tuple[int, dt.date | None, dt.date | None]] = {}
    for start in range(0, len(values), BULK):
        for row in connection.execute(select(patient_ids).where(patient_ids.c.value.in_(values[start : start + BULK]))):
            stored[Key(row.scheme, row.value, row.birth_date), row.patient_id] = (
                row.id,
                row.first_used,
                row.last_used,
            )
    new, wider = [], []
    for (key, owner), (low, high) in spans.items():
        have = stored.get((key, owner))
        if have is None:
            new.append((owner, key.scheme, key.value, key.birth_date, low, high))
            continue
        row_id, first_used, last_used = have
        earliest = min(filter(None, (low, first_used)), default=None)
        latest = max(filter(None, (high, last_used)), default=None)
        if (earliest, latest) != (first_used, last_used):
            wider.append({"row": row_id, "low": earliest, "high": latest})
    insert_bulk(
        connection, patient_ids, ("patient_id", "scheme", "value", "birth_date", "first_used", "last_used"), new
    )
    if wider:
        connection.execute(
            update(patient_ids)
            .where(patient_ids.c.id == bindparam("row"))
            .values(first_used=bindparam("low"), last_used=bindparam("high")),
            wider,
        )


def _suggest(
    connection: Connection, people: Sequence[Person], ids: Sequence[int], now: dt.datetime
) -> list[tuple[int, int]]:
    """Suggest merging new patients with others of the same name and birth date."""
    wanted: dict[tuple[str, str, dt.date], list[int]] = {}
    for person, patient_id in zip(people, ids, strict=True):
        if person.birth_date is not None and person.last_name:
            name = (person.last_name[:80], person.first_name[:80], person.birth_date)
            wanted.setdefault(name, []).append(patient_id)
    names = sorted(wanted)
    whole_name = tuple_(patients.c.last_name, patients.c.first_name, patients.c.birth_date)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(names), BULK):
        rows = connection.execute(
            select(patients.c.id, patients.c.last_name, patients.c.first_name, patients.c.birth_date)
            .where(whole_name.in_(names[start : start + BULK]), patients.c.merged_into.is_(None))
            .order_by(patients.c.id)
        ).all()
        first_of: dict[tuple[str, str, dt.date], int] = {}
        for other, last, given, birth_date in rows:
            same = (last, given, birth_date)
            oldest = first_of.setdefault(same, other)
            if other != oldest and other in wanted[same]:
                pairs.append((other, oldest))
    if not pairs:
        return []
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(patient_merges)
        .values(
            [
                {
                    "patient_id": patient_id,
                    "other_id": other,
                    "reason": "same name and birth date, no id in common",
                    "state": "suggested",
                    "created_at": now,
                }
                for patient_id, other in pairs
            ]
        )
        .on_conflict_do_nothing(index_elements=["patient_id", "other_id"])
    )
    return pairs


def merge(connection: Connection, patient_id: int, into: int, now: dt.datetime) -> None:
    """A person says that two patients are one; `patient_id`'s history counts for `into` from now on.

    Raises:
        ValueError: it would merge a patient into themselves.
    """
    final = _follow(connection, {into})[into].patient_id
    if final == patient_id:
        raise ValueError("a patient cannot be merged into themselves")
    connection.execute(update(patients).where(patients.c.id == patient_id).values(merged_into=final))
    _bump(connection, (patient_id, final))
    connection.execute(
        update(patient_merges)
        .where(patient_merges.c.patient_id == patient_id, patient_merges.c.other_id.in_((into, final)))
        .values(state="merged", decided_at=now)
    )


def unmerge(connection: Connection, patient_id: int, now: dt.datetime) -> None:
    """Take a merge back: both have their own history again."""
    into = connection.execute(select(patients.c.merged_into).where(patients.c.id == patient_id)).scalar_one_or_none()
    connection.execute(update(patients).where(patients.c.id == patient_id).values(merged_into=None))
    _bump(connection, (patient_id, into) if into is not None else (patient_id,))
    connection.execute(
        update(patient_merges)
        .where(
            or_(patient_merges.c.patient_id == patient_id, patient_merges.c.other_id == patient_id),
            patient_merges.c.state == "merged",
        )
        .values(state="undone", decided_at=now)
    )


def _bump(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(update(patients).where(patients.c.id.in_(ids)).values(version=patients.c.version + 1))
