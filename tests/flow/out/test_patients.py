"""Who is the same patient: only what proves it links by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, select

from gateway.core.store import patients
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.patients import Known, Person
from gateway.core.store.tables import patient_ids, patient_merges

NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
BORN = dt.date(1948, 3, 2)
DAY = dt.date(2026, 11, 1)

JANE = Person("QUILL", "JANE", BORN, "F", "MBI123")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_sync_engine(database_url)
    yield made
    made.dispose()


def link(connection: Connection, *people: Person, on: dt.date = DAY) -> list[int]:
    return patients.link(connection, people, [on] * len(people), NOW).patient_ids


def known(connection: Connection, person: Person) -> Known | None:
    found = patients.find(connection, patients.keys_of(person))
    return next(iter(found.values()), None)


def test_the_same_name_and_birth_date_is_only_a_suggestion(engine: Engine) -> None:
    with engine.begin() as connection:
        first, second = link(connection, JANE), link(connection, JANE._replace(member_id="OTHER9"))
        assert first != second
        merge = connection.execute(select(patient_merges)).one()
        assert (merge.patient_id, merge.other_id, merge.state) == (second[0], first[0], "suggested")


def test_the_same_member_id_with_another_birth_date_is_somebody_else(engine: Engine) -> None:
    with engine.begin() as connection:
        first = link(connection, JANE)
        assert link(connection, JANE._replace(birth_date=dt.date(1950, 1, 1))) != first


def test_member_id_and_birth_date_link_whatever_the_name(engine: Engine) -> None:
    with engine.begin() as connection:
        first = link(connection, JANE)
        assert link(connection, JANE._replace(last_name="QUILL-MOSS")) == first


def test_twins_on_one_subscribers_id_stay_apart(engine: Engine) -> None:
    one = Person("QUILL", "ADA", BORN, "F", "FAMILY1", dependent=True)
    two = one._replace(first_name="BEA")
    with engine.begin() as connection:
        ids = link(connection, one, two)
        assert ids[0] != ids[1]
        assert link(connection, two, one) == ids[::-1]


def test_a_person_without_any_id_is_new_each_time(engine: Engine) -> None:
    nameless = Person("QUILL", "JANE", None, "F", "")
    with engine.begin() as connection:
        assert link(connection, nameless) != link(connection, nameless)


def test_two_claims_of_one_new_patient_in_one_chunk_make_one_patient(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = link(connection, JANE, JANE)
        assert ids[0] == ids[1]
        assert known(connection, JANE) == Known(ids[0], 1)


def test_every_commit_bumps_the_version_once(engine: Engine) -> None:
    with engine.begin() as connection:
        (patient_id,) = link(connection, JANE)
        link(connection, JANE, JANE)
        assert known(connection, JANE) == Known(patient_id, 2)


def test_ids_remember_from_when_to_when_they_were_used(engine: Engine) -> None:
    with engine.begin() as connection:
        link(connection, JANE, on=dt.date(2026, 5, 1))
        link(connection, JANE, on=dt.date(2026, 2, 1))
        link(connection, JANE, on=dt.date(2026, 8, 1))
        row = connection.execute(select(patient_ids)).one()
        assert (row.first_used, row.last_used) == (dt.date(2026, 2, 1), dt.date(2026, 8, 1))


def test_a_source_s_own_id_links_across_payers(engine: Engine) -> None:
    here = JANE._replace(source="desk", source_patient_id="P-1")
    with engine.begin() as connection:
        first = link(connection, here)
        assert link(connection, here._replace(member_id="NEW1", birth_date=None)) == first
        elsewhere = here._replace(source="other", member_id="NEW2", birth_date=None)
        assert link(connection, elsewhere) != first


def test_a_merge_is_followed_and_can_be_undone(engine: Engine) -> None:
    other = JANE._replace(member_id="OTHER9")
    with engine.begin() as connection:
        (first,), (second,) = link(connection, JANE), link(connection, other)
        patients.merge(connection, second, first, NOW)
        assert known(connection, other) == known(connection, JANE)
        assert link(connection, other) == [first]
        patients.unmerge(connection, second, NOW)
        found = known(connection, other)
        assert found is not None
        assert found.patient_id == second
