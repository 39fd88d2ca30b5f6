"""Deliveries, equipment, orders and authorizations: what is refused, what is new, and what is the same row again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert, select

from gateway.core.model.belongings import Decided, Ownership, Proof
from gateway.core.model.belongings_file import AUTHORIZATIONS, DELIVERIES, EQUIPMENT, ORDERS, DocumentRefused
from gateway.core.store import belongings, files, patients, take_belongings
from gateway.core.store.archive import Stored
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import deliveries
from gateway.core.store.tables import patients as patient_rows

NOW = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)
HEAD = "patient_id,member_id,birth_date,last_name,order_number,code,quantity,serial,delivered_on,proof\n"
ROW = "P-1,MBI123,1948-03-02,QUILL,SO-1,e0443,4,T-77,2026-11-02,signed\n"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_sync_engine(database_url)
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "line 1, order_number: The column is missing."),
        (b"\xff\xfe", "line 1: It is not UTF-8 text; save it as CSV UTF-8."),
        (HEAD.encode(), "It has no row."),
        (b"order_number,code,delivered_on,colour\nx", "line 1, colour: There is no such column; the columns"),
        (
            b"order_number,code,delivered_on,modifers\nx",
            "line 1, modifers: There is no such column; did you mean modifiers? The columns are patient_id, ",
        ),
        (
            b'[{"order_number": "A", "modifers": "RR"}]',
            "row 1, modifers: There is no such column; did you mean modifiers? The columns are patient_id, ",
        ),
        (b"code,code,order_number,delivered_on\n", "line 1, code: It is named twice."),
        ((HEAD + "P-1,SO-1\n").encode(), "line 2: It has 2 values where the first line names 10 columns."),
        ((HEAD + ROW + '"P-1,\n').encode(), "look for a quote that is not closed"),
        ((HEAD + ROW.replace("2026-11-02", "11/02/26")).encode(), "line 2, delivered_on: It must be a date like"),
        ((HEAD + ROW.replace(",4,", ",0,")).encode(), "line 2, quantity: It must be more than zero."),
        ((HEAD + ROW.replace("signed", "fax")).encode(), "line 2, proof: It must be 'signed', 'carrier'"),
        ((HEAD + ROW.replace("P-1,MBI123", ",")).encode(), "line 2: patient_id, or member_id with birth_date"),
        (b"{", "It is no JSON: a list of objects is wanted."),
        (b"[7]", "row 1: An object with the columns as names is wanted."),
        (b'[{"patient_id": "P-1", "code": "A4", "delivered_on": "2026-11-02"}]', "row 1, order_number: It is missing."),
    ],
)
def test_a_document_with_a_fault_is_refused_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        DELIVERIES.read(data)
    assert told in str(refused.value)
    assert "QUILL" not in str(refused.value)


def test_every_fault_is_counted_and_the_first_are_told() -> None:
    bad = ROW.replace("2026-11-02", "soon")
    with pytest.raises(DocumentRefused) as refused:
        DELIVERIES.read((HEAD + bad * 30).encode())
    assert refused.value.count == 30
    assert "And 10 more." in str(refused.value)


def test_equipment_ends_after_it_starts() -> None:
    with pytest.raises(DocumentRefused, match="row 1: ended_on is before started_on"):
        EQUIPMENT.read(b'[{"patient_id": "P", "code": "E1390", "started_on": "2026-02-01", "ended_on": "2026-01-01"}]')


def a_file(engine: Engine) -> int:
    with engine.begin() as connection:
        new = files.NewFile("in", "upload", "desk", "d.csv", Stored("a" * 64, 1), "DELIVERIES", "read")
        return files.add(connection, new, NOW)


def version(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(select(patient_rows.c.version).order_by(patient_rows.c.id)).scalars())


def test_the_same_row_again_is_once_and_a_changed_one_changes_the_patient(engine: Engine) -> None:
    file_id = a_file(engine)
    rows = DELIVERIES.read((HEAD + ROW + ROW).encode())
    with engine.begin() as connection:
        assert take_belongings.take_deliveries(connection, "desk", file_id, rows, NOW)[:3] == (1, 0, 1)
    assert version(engine) == [1]
    with engine.begin() as connection:
        assert take_belongings.take_deliveries(connection, "desk", file_id, rows[:1], NOW)[:3] == (0, 0, 1)
    assert version(engine) == [1], "nothing is new: nothing is decided again"
    changed = DELIVERIES.read((HEAD + ROW.replace("signed", "carrier")).encode())
    with engine.begin() as connection:
        assert take_belongings.take_deliveries(connection, "desk", file_id, changed, NOW)[:3] == (0, 1, 0)
    assert version(engine) == [2]
    with engine.connect() as connection:
        (found,) = belongings.deliveries_of(connection, {1: 1})[1]
    assert (found.code, found.proof, found.quantity, found.serial) == ("E0443", Proof.CARRIER, 4, "T-77")


def test_it_is_the_patient_of_the_claims(engine: Engine) -> None:
    """By member id and birth date, and from then on by the source's own id as well."""
    file_id = a_file(engine)
    jane = patients.Person("QUILL", "JANE", dt.date(1948, 3, 2), "F", "MBI123", source="desk")
    with engine.begin() as connection:
        (patient_id,) = patients.link(connection, [jane], [None], NOW).patient_ids
        rows = DELIVERIES.read((HEAD + ROW + "P-1,,,,SO-2,A4619,1,,2026-11-09,\n").encode())
        take_belongings.take_deliveries(connection, "desk", file_id, rows, NOW)
        assert set(connection.execute(select(deliveries.c.patient_id)).scalars()) == {patient_id}
    assert version(engine) == [2]


def test_equipment_comes_back(engine: Engine) -> None:
    file_id = a_file(engine)
    has = {"patient_id": "P-1", "code": "E1390", "serial": "S1", "started_on": "2022-01-05", "ownership": "owned"}
    for document, counts in ((has, (1, 0, 0)), (has | {"ended_on": "2026-10-01"}, (0, 1, 0))):
        with engine.begin() as connection:
            rows = EQUIPMENT.read(json.dumps([document]).encode())
            assert take_belongings.take_equipment(connection, "desk", file_id, rows, NOW)[:3] == counts
    with engine.connect() as connection:
        (found,) = belongings.equipment_of(connection, {1: 1})[1]
    assert (found.ended_on, found.ownership) == (dt.date(2026, 10, 1), Ownership.OWNED)


def test_what_was_merged_counts_for_who_remains(engine: Engine) -> None:
    file_id = a_file(engine)
    with engine.begin() as connection:
        rows = DELIVERIES.read((HEAD + ROW + ROW.replace("P-1,MBI123", "P-2,OTHER9")).encode())
        take_belongings.take_deliveries(connection, "desk", file_id, rows, NOW)
        patients.merge(connection, 2, 1, NOW)
        assert len(belongings.deliveries_of(connection, {1: 1, 2: 1})[1]) == 2


def test_a_claim_number_that_the_source_used_twice_names_no_claim(engine: Engine) -> None:
    from gateway.core.store.tables import claims

    file_id = a_file(engine)
    head = HEAD.strip() + ",claim_number\n"
    with engine.begin() as connection:
        for at, number in enumerate(("C-1", "C-2", "C-2"), start=1):
            row = {"id": at, "source": "desk", "file_id": file_id, "ordinal": at, "source_claim_number": number}
            row |= {"charge_cents": 1, "content": b"", "created_at": NOW, "updated_at": NOW}
            connection.execute(insert(claims).values(**row))
        text = head + "".join(ROW.strip().replace("SO-1", f"SO-{n}") + f",C-{n}\n" for n in (1, 2, 3))
        take_belongings.take_deliveries(connection, "desk", file_id, DELIVERIES.read(text.encode()), NOW)
        found = connection.execute(select(deliveries.c.order_number, deliveries.c.claim_id)).all()
    assert [tuple(one) for one in found] == [("SO-1", 1), ("SO-2", None), ("SO-3", None)]


ORDER = {
    "patient_id": "P-1",
    "order_number": "RX-7",
    "codes": "e1390, E0431",
    "ordered_on": "2026-10-20",
    "encounter_on": "2026-10-12",
    "practitioner_npi": "1999999984",
}
AUTHORIZED = {
    "patient_id": "P-1",
    "number": "A1234567890123",
    "payer_id": "90101",
    "codes": ["K0823"],
    "modifiers": "LT",
    "decided": "partly affirmed",
    "decided_on": "2026-10-02",
    "valid_to": "2027-01-30",
}


def test_an_order_is_signed_later(engine: Engine) -> None:
    file_id = a_file(engine)
    for document, counts in ((ORDER, (1, 0, 0)), (ORDER, (0, 0, 1)), (ORDER | {"signed_on": "2026-10-22"}, (0, 1, 0))):
        with engine.begin() as connection:
            taken = take_belongings.take_orders(connection, "desk", file_id, ORDERS.read(as_json(document)), NOW)
        assert taken[:3] == counts
    assert taken.told == ["order RX-7, E0431 E1390: signed_on nothing -> 2026-10-22"]
    with engine.connect() as connection:
        (found,) = belongings.orders_of(connection, {1: 1})[1]
    assert found.codes == ("E0431", "E1390")
    assert (found.signed_on, found.received_on, found.quantity) == (dt.date(2026, 10, 22), None, None)
    assert (found.encounter_on, found.patient_named) == (dt.date(2026, 10, 12), True)


def test_two_rows_of_one_order_are_its_two_items(engine: Engine) -> None:
    """And neither takes the other's place."""
    rows = [ORDER | {"codes": code, "quantity": count} for code, count in (("A7030", "1"), ("A7034", "2"))]
    file_id = a_file(engine)
    with engine.begin() as connection:
        taken = take_belongings.take_orders(connection, "desk", file_id, ORDERS.read(as_json(*rows)), NOW)
        found = belongings.orders_of(connection, {1: 1})[1]
    assert (taken.new, taken.new_patients) == (2, 1)
    assert [(one.codes, one.quantity) for one in found] == [(("A7030",), 1), (("A7034",), 2)]


def test_an_authorization_is_decided_anew(engine: Engine) -> None:
    file_id = a_file(engine)
    for document in (AUTHORIZED, AUTHORIZED | {"decided": "denied", "units": "3"}):
        with engine.begin() as connection:
            rows = AUTHORIZATIONS.read(as_json(document))
            taken = take_belongings.take_authorizations(connection, "desk", file_id, rows, NOW)
    assert taken[:3] == (0, 1, 0)
    with engine.connect() as connection:
        (found,) = belongings.authorizations_of(connection, {1: 1})[1]
    assert (found.decided, found.units, found.modifiers) == (Decided.DENIED, 3, ("LT",))
    assert (found.decided_on, found.valid_from) == (dt.date(2026, 10, 2), None)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (ORDER | {"codes": ""}, "row 1, codes: It is missing."),
        (ORDER | {"codes": []}, "row 1, codes: It must not be empty."),
        (ORDER | {"ends_on": "2026-10-19"}, "row 1: ends_on is before ordered_on."),
        (ORDER | {"practitioner_npi": "12"}, "row 1, practitioner_npi: It does not have the right form."),
        (ORDER | {"patient_named": "perhaps"}, "row 1, patient_named: It must be true or false."),
        (ORDER | {"signed_on": "soon"}, "row 1, signed_on: It must be a date like 2026-03-31."),
    ],
)
def test_an_order_that_cannot_be_is_refused(document: dict[str, object], told: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        ORDERS.read(as_json(document))
    assert str(refused.value) == told


def test_only_a_pending_authorization_may_lack_its_number() -> None:
    pending = AUTHORIZED | {"number": "", "decided": "pending"}
    assert AUTHORIZATIONS.read(as_json(pending))[0].decided is Decided.PENDING
    with pytest.raises(DocumentRefused, match="row 1: a decided authorization has a number"):
        AUTHORIZATIONS.read(as_json(AUTHORIZED | {"number": ""}))
    with pytest.raises(DocumentRefused, match="row 1: valid_to is before valid_from"):
        AUTHORIZATIONS.read(as_json(AUTHORIZED | {"valid_from": "2027-02-01"}))


def test_twins_are_two_patients_and_those_of_their_claims(engine: Engine) -> None:
    """Their member id is that of somebody else, and their birth date is the same."""
    twin = {"member_id": "X1", "birth_date": "2019-05-01", "dependent": True, "order_number": "1", "codes": "E0570"}
    rows = [twin | {"first_name": name, "ordered_on": "2026-10-20"} for name in ("Ada", "Bea")]
    of_claim = patients.Person("QUILL", "BEA", dt.date(2019, 5, 1), "F", "X1", dependent=True, source="desk")
    file_id = a_file(engine)
    with engine.begin() as connection:
        (bea,) = patients.link(connection, [of_claim], [None], NOW).patient_ids
        taken = take_belongings.take_orders(connection, "desk", file_id, ORDERS.read(as_json(*rows)), NOW)
        assert (taken.new, taken.new_patients, len(taken.patients)) == (2, 1, 2)
        assert len(belongings.orders_of(connection, {bea: bea})[bea]) == 1
    with pytest.raises(DocumentRefused, match="first_name is needed of a dependent"):
        ORDERS.read(as_json(twin | {"ordered_on": "2026-10-20"}))


def as_json(*rows: dict[str, object]) -> bytes:
    return json.dumps(list(rows)).encode()
