"""Deliveries and equipment of which a plugin's call tells: they stand in the registry, once, with a document to show
for it; on both databases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway.core.flow.belongings import KINDS, take_in
from gateway.core.flow.desk_calls import take
from gateway.core.flow.desk_lookups import StoreLookups
from gateway.core.flow.desk_records import DONE, DeskAnswer, pack_answer, read_answer
from gateway.core.flow.desk_rests import Call
from gateway.core.flow.make_claims import Makes
from gateway.core.model.belongings import Proof
from gateway.core.model.belongings_file import DeliveryRow, EquipmentRow
from gateway.core.store.archive import Archive
from gateway.core.store.engine import make_sync_engine
from gateway.core.store.tables import blobs, deliveries, equipment, files, outbox, patients, timeline
from gateway.plugins import Desk, Tables
from gateway.plugins.desk import ReadOnly
from gateway.plugins.testing import make_claim

from .rows import NOW

CALL = Call("vans", "1.2", "plugin_drops", "tickets")
DAY = dt.date(2026, 6, 8)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = make_sync_engine(database_url)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def makes(tmp_path: Path) -> Makes:
    return Makes(Archive(tmp_path / "archive"), "T", "America/New_York")


def desk(connection: Connection, source: str = "billing", **more: Any) -> Desk:
    lookups = StoreLookups(connection, "vans")
    return Desk("vans", None, NOW, NOW.date(), Tables(), lookups, source=source, **more)


def commit(connection: Connection, told: Desk, makes: Makes) -> None:
    answer = read_answer(pack_answer(DeskAnswer(DONE, acts=told.acts)))
    take(connection, CALL, answer, makes, NOW)


def delivery(**more: Any) -> DeliveryRow:
    return DeliveryRow.model_validate(
        {"patient_id": "P-9", "order_number": "SO-1", "code": "E0601", "serial": "S1", "delivered_on": DAY} | more
    )


def test_a_delivery_that_nobody_can_place_is_refused_at_once(connection: Connection) -> None:
    with pytest.raises(ValueError, match="needs the source"):
        desk(connection, source="").deliver(delivery())
    with pytest.raises(ReadOnly):
        desk(connection, may_change=False).deliver(delivery())


def test_deliveries_of_a_call_are_one_document_and_stand_in_the_registry(connection: Connection, makes: Makes) -> None:
    told = desk(connection)
    told.deliver(delivery(modifiers="RR KX", proof="signed", claim_number="SO-1"))
    told.deliver(delivery(code="A7030", serial="", quantity="2.5"))
    told.deliver(delivery(patient_id="P-10", serial="S2"), source="depot")
    commit(connection, told, makes)
    of_billing, of_depot = connection.execute(select(files).order_by(files.c.id)).all()
    assert (of_billing.party, of_billing.kind, of_billing.state, of_billing.origin) == (
        *("billing", "DELIVERIES", "read"),
        "plugin",
    )
    assert of_depot.party == "depot"
    assert b'"order_number":"SO-1"' in makes.archive.read(of_billing.sha256)
    assert connection.execute(select(blobs.c.sha256)).scalars().all()
    rows = connection.execute(select(deliveries).order_by(deliveries.c.id)).all()
    assert [(row.code, row.modifiers, Decimal(row.quantity), row.serial, row.proof) for row in rows] == [
        ("E0601", "RR:KX", Decimal(1), "S1", Proof.SIGNED),
        ("A7030", "", Decimal("2.5"), "", Proof.NONE),
        ("E0601", "", Decimal(1), "S2", Proof.NONE),
    ]
    assert rows[0].patient_id == rows[1].patient_id != rows[2].patient_id
    assert rows[0].claim_number == "SO-1"
    assert len(connection.execute(select(patients)).all()) == 2
    said = connection.execute(select(timeline.c.what).where(timeline.c.subject_kind == "file")).scalars().all()
    assert said[0] == "2 rows of deliveries from billing: 2 new, 0 changed, 0 known before."


def test_the_same_delivery_again_changes_what_it_says_anew_and_is_no_second_one(
    connection: Connection, makes: Makes
) -> None:
    for proof in ("none", "none", "carrier"):
        told = desk(connection)
        told.deliver(delivery(proof=proof))
        commit(connection, told, makes)
    (row,) = connection.execute(select(deliveries)).all()
    assert row.proof == "carrier"


def piece(**more: Any) -> EquipmentRow:
    return EquipmentRow.model_validate({"patient_id": "P-9", "code": "E0601", "serial": "S1", "started_on": DAY} | more)


def test_equipment_that_nobody_can_place_is_refused_at_once(connection: Connection) -> None:
    with pytest.raises(ValueError, match="needs the source"):
        desk(connection, source="").equip(piece())
    with pytest.raises(ReadOnly):
        desk(connection, may_change=False).equip(piece())


def test_equipment_of_a_call_stands_in_the_registry_beside_its_deliveries(connection: Connection, makes: Makes) -> None:
    told = desk(connection)
    told.deliver(delivery())
    told.equip(piece())
    told.equip(piece(code="E0562", serial="S2", ownership="owned"))
    told.equip(piece(serial="S3"), source="depot")
    commit(connection, told, makes)
    found = connection.execute(select(files.c.party, files.c.kind, files.c.origin).order_by(files.c.id)).all()
    assert [tuple(row) for row in found] == [
        ("billing", "DELIVERIES", "plugin"),
        ("billing", "EQUIPMENT", "plugin"),
        ("depot", "EQUIPMENT", "plugin"),
    ]
    rows = connection.execute(select(equipment).order_by(equipment.c.id)).all()
    assert [(row.code, row.serial, row.started_on, row.ended_on, row.ownership, row.source) for row in rows] == [
        ("E0601", "S1", DAY, None, "rented", "billing"),
        ("E0562", "S2", DAY, None, "owned", "billing"),
        ("E0601", "S3", DAY, None, "rented", "depot"),
    ]
    (delivered,) = connection.execute(select(deliveries)).all()
    assert delivered.patient_id == rows[0].patient_id == rows[1].patient_id != rows[2].patient_id


def test_a_document_of_the_same_piece_changes_it_and_is_no_second_one(connection: Connection, makes: Makes) -> None:
    told = desk(connection)
    told.equip(piece(member_id="1A23C45DE67", birth_date="1950-06-15"))
    commit(connection, told, makes)
    back = {"patient_id": "P-9", "code": "E0601", "serial": "S1", "started_on": str(DAY), "ended_on": "2026-07-15"}
    document = json.dumps([back]).encode()
    kind = KINDS["equipment"]
    take_in(connection, kind, "billing", "e.json", makes.archive.put(document), kind.read(document), "UTC", NOW)
    (row,) = connection.execute(select(equipment)).all()
    assert row.ended_on == dt.date(2026, 7, 15)


def test_the_claims_of_the_same_call_come_in_after_its_deliveries(connection: Connection, makes: Makes) -> None:
    told = desk(connection)
    assert told.make_claim("order SO-1", make_claim(claim_number="SO-1"), why="It was delivered.")
    told.deliver(delivery(claim_number="SO-1"))
    commit(connection, told, makes)
    first, second = connection.execute(select(files).order_by(files.c.id)).all()
    assert (first.kind, second.party) == ("DELIVERIES", "plugin:vans")
    assert connection.execute(select(outbox.c.payload)).scalars().all() == [{"file_id": second.id}]


def test_a_preview_tells_of_deliveries_and_equipment_and_does_nothing(connection: Connection) -> None:
    told = desk(connection)
    told.deliver(delivery(quantity=2))
    told.equip(piece(ownership="owned"))
    rows = told.preview()
    assert list(rows.rows) == [
        ("record a delivery", "2 x E0601 on 2026-06-08", "order SO-1", None, "told by billing"),
        ("record equipment", "E0601 from 2026-06-08", "owned", None, "told by billing"),
    ]
    assert told.acts == []
