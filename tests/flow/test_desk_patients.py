"""Patients, and rows of a plugin's own, as its desk looks them up; on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event, insert, select, update

from gateway.core.flow import desk_patients
from gateway.core.flow.desk_calls import take
from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.flow.desk_records import DONE, DeskAnswer, pack_answer, read_answer
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.make_claims import Makes
from gateway.core.model.belongings_file import DELIVERIES, EQUIPMENT, ORDERS
from gateway.core.store import patients as patient_store
from gateway.core.store import plugin_rows, take_belongings
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.patients import Person
from gateway.core.store.tables import claims, holds, patients, requests
from gateway.plugins import Desk, RowTable, Tables
from gateway.plugins.rows import DeclaredTable

from .rows import NOW, add_batch, add_file

TODAY = NOW.date()
VISITS = RowTable("visits", {"serial": str, "day": dt.date, "fee": Decimal}, ("serial", "day"))
CALLS = RowTable("calls", {"month": int, "note": str}, ("month",), "none")
RATES = RowTable("rates", {"code": str, "fee": Decimal}, ("code",), "payer")
ROW_TABLES = {"visits": VISITS, "calls": CALLS, "rates": RATES}
CALL = Call("upkeep", "1.0", "plugin_schedules", "look")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        plugin_rows.prepare(opened, [DeclaredTable("upkeep", table) for table in ROW_TABLES.values()], NOW)
        yield opened
    with engine.begin() as opened:
        plugin_rows.drop(opened, "upkeep")
    engine.dispose()


def desk(connection: Connection, plugin: str = "upkeep") -> Desk:
    lookups = StoreLookups(connection, plugin, ROW_TABLES)
    return Desk(plugin, None, NOW, TODAY, Tables(), lookups, row_tables=ROW_TABLES, source="billing")


def done(connection: Connection, made: Desk, folder: Path = Path("/nowhere")) -> None:
    """Commit what it wants done, by way of the bytes in which it travels."""
    answer = read_answer(pack_answer(DeskAnswer(DONE, acts=made.acts)))
    take(connection, CALL, answer, Makes(Archive(folder), "T", "America/New_York"), NOW)


def deliver(connection: Connection, *rows: tuple[str, str]) -> None:
    """Deliveries of an item each: the source's id of a patient, and the item."""
    given = [
        {"patient_id": who, "order_number": "SO-1", "code": code, "delivered_on": "2026-01-05"} for who, code in rows
    ]
    take_belongings.take_deliveries(
        connection, "billing", add_file(connection), DELIVERIES.read(msgspec.json.encode(given)), NOW
    )


def have(connection: Connection, *rows: dict[str, str]) -> None:
    given = [{"code": "E0601", "started_on": "2026-01-05", **row} for row in rows]
    take_belongings.take_equipment(
        connection, "billing", add_file(connection), EQUIPMENT.read(msgspec.json.encode(given)), NOW
    )


def who(connection: Connection, name: str) -> int:
    found = desk(connection).patient(patient_id=name)
    assert found is not None
    return found


def test_patients_come_once_each_page_after_page(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_patients, "PAGE", 3)
    deliver(connection, *((f"P{number}", "A7030") for number in range(8)))
    ids = [view.id for view in desk(connection).patients()]
    assert ids == sorted({who(connection, f"P{number}") for number in range(8)})
    assert [len(view.deliveries) for view in desk(connection).patients()] == [1] * 8


def test_a_page_of_patients_costs_one_question_of_each_kind(connection: Connection) -> None:
    deliver(connection, *((f"P{number}", "A7030") for number in range(20)))
    asked: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for view in desk(connection).patients():
        assert len(view.deliveries) == 1
        assert view.equipment == ()
    assert sum("FROM deliveries" in one for one in asked) == 1
    assert sum("FROM equipment" in one for one in asked) == 1
    assert not any("FROM claim_lines" in one for one in asked), "what nobody asks for is not looked up"


def test_only_patients_with_one_of_the_codes(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"), ("P2", "E1390"))
    have(connection, {"patient_id": "P3", "code": "E0601"})
    found = desk(connection)
    assert [view.id for view in found.patients(codes=["A7030", "E0601"])] == [
        *(who(connection, "P1"), who(connection, "P3"))
    ]
    assert [view.id for view in found.patients(codes="E1390")] == [who(connection, "P2")]
    assert list(found.patients(codes=["K0001"])) == []


def test_who_was_merged_into_another_is_part_of_that_one(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"), ("P2", "E1390"), ("P3", "A7030"))
    one, two, three = (who(connection, name) for name in ("P1", "P2", "P3"))
    patient_store.merge(connection, one, two, NOW)
    patient_store.merge(connection, two, three, NOW)
    found = desk(connection)
    assert [view.id for view in found.patients()] == [three]
    assert [view.id for view in found.patients(codes=["E1390"])] == [three], "by what was delivered to the second"
    assert [view.id for view in found.patients(codes=["A7030"])] == [three]
    assert [view.id for view in found.patients(patient_ids=[one, 999_999])] == [three]
    assert [view.id for view in found.patients(codes=["A7030"], patient_ids=[two])] == [three]
    (view,) = found.patients()
    assert sorted(one.code for one in view.deliveries) == ["A7030", "A7030", "E1390"]
    assert found.patient(patient_id="P1") == three


def test_the_papers_of_a_patient_are_in_the_view(connection: Connection) -> None:
    order = {"patient_id": "P1", "order_number": "RX-9", "codes": "E0601", "ordered_on": "2026-01-02"}
    take_belongings.take_orders(
        connection, "billing", add_file(connection), ORDERS.read(msgspec.json.encode([order])), NOW
    )
    (view,) = desk(connection).patients()
    assert [one.order_number for one in view.orders] == ["RX-9"]
    assert (view.authorizations, view.documents, view.history, view.payments, view.rentals) == ((), (), (), (), ())


def test_a_patient_is_found_by_the_id_of_its_source_and_by_member_id(connection: Connection) -> None:
    have(connection, {"patient_id": "P1", "member_id": "1EG4TE5MK73", "birth_date": "1950-04-01"})
    found, born = desk(connection), dt.date(1950, 4, 1)
    (view,) = found.patients()
    assert found.patient(patient_id="P1") == view.id, "of the source whose document it is"
    assert found.patient(source="billing", patient_id="P1") == view.id
    assert found.patient(source="orders", patient_id="P1") is None
    assert found.patient(member_id="1EG4TE5MK73", birth_date=born) == view.id
    assert found.patient(member_id="1EG4TE5MK73", birth_date=dt.date(1950, 4, 2)) is None
    assert found.patient(member_id="1EG4TE5MK73") is None


def test_a_dependent_is_found_by_the_member_id_of_who_is_insured_but_not_one_of_two_twins(
    connection: Connection,
) -> None:
    born, other = dt.date(2015, 6, 1), dt.date(2012, 1, 1)
    people = [
        Person("WREN", first, day, "F", "W100200300", dependent=True)
        for first, day in (("ADA", born), ("EVE", born), ("JO", other))
    ]
    people.append(Person("WREN", "KIM", other, "F", "W1002003001", dependent=True))
    ids = patient_store.link(connection, people, [None] * 4, NOW).patient_ids
    found = desk(connection)
    assert found.patient(member_id="W100200300", birth_date=other) == ids[2]
    assert found.patient(member_id="W100200300", birth_date=born) is None
    patient_store.merge(connection, ids[0], ids[1], NOW)
    assert found.patient(member_id="W100200300", birth_date=born) == ids[1]


def test_equipment_is_out_until_its_last_day_has_come(connection: Connection) -> None:
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    have(
        connection,
        {"patient_id": "P1", "serial": "S1"},
        {"patient_id": "P2", "serial": "S1"},
        {"patient_id": "P1", "serial": "S2", "ended_on": TODAY.isoformat()},
        {"patient_id": "P1", "serial": "S3", "ended_on": tomorrow},
        {"patient_id": "P3", "serial": ""},
    )
    one, two = who(connection, "P1"), who(connection, "P2")
    found = desk(connection).equipment_out(["S1", "S2", "S3", "S4", ""])
    assert {serial: sorted(patient for patient, _ in pieces) for serial, pieces in found.items()} == {
        "S1": [one, two],
        "S3": [one],
    }
    patient_store.merge(connection, two, one, NOW)
    assert [patient for patient, _ in desk(connection).equipment_out("S1")["S1"]] == [one, one]


# --- rows ------------------------------------------------------------------------------------------


def visit(serial: str, fee: str = "20.00") -> dict[str, Any]:
    return {"serial": serial, "day": dt.date(2026, 2, 1), "fee": Decimal(fee)}


def keep(connection: Connection, table: str, values: dict[str, Any], **owner: Any) -> None:
    made = desk(connection)
    made.keep(table, values, **owner)
    done(connection, made)


def test_rows_that_are_kept_come_back_with_their_types_and_owners(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"))
    one = who(connection, "P1")
    keep(connection, "visits", visit("S1"), patient_id=one)
    keep(connection, "visits", visit("S1", "25.00"), patient_id=one)
    keep(connection, "rates", {"code": "E1390", "fee": None}, payer_id="90101")
    keep(connection, "calls", {"month": 3, "note": "called"})
    found = desk(connection)
    assert list(found.rows("visits")) == [{**visit("S1", "25.00"), "owner": one}]
    assert list(found.rows("visits", patient_id=one)) == [{**visit("S1", "25.00"), "owner": one}]
    assert list(found.rows("visits", patient_id=one + 1)) == []
    assert list(found.rows("rates", payer_id="90101")) == [{"code": "E1390", "fee": None, "owner": "90101"}]
    assert list(found.rows("calls")) == [{"month": 3, "note": "called", "owner": ""}]
    (view,) = found.patients()
    assert view.rows("visits") == (visit("S1", "25.00"),)


def test_all_rows_are_read_a_page_at_a_time(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_rows, "PAGE", 3)
    deliver(connection, *((f"P{number}", "A7030") for number in range(7)))
    made = desk(connection)
    ids = [view.id for view in made.patients()]
    for month in range(10):
        made.keep("calls", {"month": month})
    for patient_id in ids:
        for serial in ("S1", "S2"):
            made.keep("visits", visit(serial), patient_id=patient_id)
    done(connection, made)
    assert [row["month"] for row in desk(connection).rows("calls")] == list(range(10))
    assert [(row["owner"], row["serial"]) for row in desk(connection).rows("visits")] == [
        (patient_id, serial) for patient_id in ids for serial in ("S1", "S2")
    ]


def test_rows_of_who_was_merged_are_those_of_who_remains_and_come_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_rows, "PAGE", 1)
    deliver(connection, ("P1", "A7030"), ("P2", "A7030"), ("P3", "A7030"))
    one, two, three = (who(connection, name) for name in ("P1", "P2", "P3"))
    for patient_id, serial in ((one, "S1"), (two, "S2"), (three, "S3")):
        keep(connection, "visits", visit(serial), patient_id=patient_id)
    patient_store.merge(connection, three, two, NOW)
    patient_store.merge(connection, one, two, NOW)
    found = [(row["owner"], row["serial"]) for row in desk(connection).rows("visits")]
    assert sorted(found) == [(two, "S1"), (two, "S2"), (two, "S3")]
    keep(connection, "visits", visit("S4"), patient_id=three)
    stored = plugin_rows.rows_by_owner(connection, DeclaredTable("upkeep", VISITS), {two: two})
    assert [row["serial"] for row in stored[two]] == ["S2", "S4"], "kept for who they are today"


def versions(connection: Connection) -> dict[int, int]:
    return {row.id: row.version for row in connection.execute(select(patients))}


def test_a_patient_of_whom_a_row_is_kept_is_decided_again(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"), ("P2", "A7030"))
    before = versions(connection)
    one = who(connection, "P1")
    keep(connection, "visits", visit("S1"), patient_id=one)
    keep(connection, "calls", {"month": 1})
    after = versions(connection)
    assert {patient_id for patient_id in after if after[patient_id] != before[patient_id]} == {one}


def test_what_was_known_already_changes_nobody(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"))
    one = who(connection, "P1")
    keep(connection, "visits", visit("S1"), patient_id=one)
    before = versions(connection)
    keep(connection, "visits", visit("S1"), patient_id=one)
    assert versions(connection) == before


def test_held_claims_of_a_patient_are_decided_again_when_something_new_is_kept(connection: Connection) -> None:
    deliver(connection, ("P1", "A7030"))
    one = who(connection, "P1")
    add_batch(connection, ["A1", "A2", "A3"], state="held")
    ids = dict(connection.execute(select(claims.c.claim_number, claims.c.id)).all())
    connection.execute(update(claims).where(claims.c.claim_number != "A3").values(patient_id=one))
    for number, plugin in (("A1", "upkeep"), ("A2", ""), ("A3", "upkeep")):
        hold = {"id": ids[number], "claim_id": ids[number], "type": "SYS", "rule": "R1", "reason": "Look.", "team": "a"}
        connection.execute(insert(holds).values(**hold, plugin=plugin, opened_at=NOW))
    keep(connection, "visits", visit("S1"), patient_id=one)
    keep(connection, "visits", visit("S1"), patient_id=one)
    asked = connection.execute(select(requests.c.subject_id, requests.c.reason)).all()
    assert [tuple(row) for row in asked] == [(ids["A1"], "Plugin upkeep has noted something new about the patient.")]


def test_a_row_of_a_patient_that_is_not_there_is_left_out(connection: Connection) -> None:
    keep(connection, "visits", visit("S1"), patient_id=999_999)
    assert list(desk(connection).rows("visits")) == []
