"""Orders come in: as JSON or CSV, once or again, good or corrected; and what is remembered of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from gateway.core.model.belongings import Ownership, Proof
from gateway.core.model.belongings_file import DELIVERIES, EQUIPMENT, EquipmentRow
from gateway.plugins.testing import DeskContext, make_equipment, make_patient_view
from gateway.plugins.testing_desk import NotTaken

from .shipped import DELIVERED, TODAY, desk, line, order, supply

CSV = """order_number,patient_id,last,first,birth_date,sex,address1,city,state,zip,member_id,payer_id,payer_name,\
filing_code,diagnoses,orderer_last,orderer_first,orderer_npi,code,kind,ordered,delivered,price,serials,delivered_on,proof
SO-7,P-9,FERNSBY,POSY,1950-06-15,F,7 WILLOW STREET,COLUMBUS,OH,43215,1A23C45DE67,17013,DME MAC B,MB,G4733 I10,ALDERMAN,\
IVO,1999999018,E0601,rental,1,1,95.50,SN1,2026-06-08,signed
SO-7,P-9,FERNSBY,POSY,1950-06-15,F,7 WILLOW STREET,COLUMBUS,OH,43215,1A23C45DE67,17013,DME MAC B,MB,G4733 I10,ALDERMAN,\
IVO,1999999018,A7038,supply,2,2,6,,2026-06-08,signed
"""


def said(kit: Any, *orders: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["said"], row["claims_or_reasons"]) for row in kit.drop("orders", list(orders))]


def test_a_csv_has_a_row_for_each_line_of_an_order() -> None:
    kit = desk()
    assert [row["said"] for row in kit.drop("orders", CSV.encode())] == ["billed"]
    (made,) = kit.made
    assert [(one.code, one.units, one.charge) for one in made.claim.lines] == [("E0601", 1, 95.5), ("A7038", 2, 12)]
    assert [diagnosis.code for diagnosis in made.claim.diagnoses] == ["G4733", "I10"]


@pytest.mark.rule("OC-1")
def test_rows_that_do_not_agree_about_their_order_wait() -> None:
    differing = CSV.replace("P-9,FERNSBY,POSY,1950-06-15", "P-9,FERNSBY,POSY,1950-06-16", 1)
    kit = desk()
    kit.drop("orders", differing.encode())
    assert "do not agree" in kit.opened[0].reason


def test_a_document_that_cannot_be_read_is_refused_whole_with_its_faults() -> None:
    kit = desk()
    with pytest.raises(NotTaken) as refused:
        kit.drop("orders", CSV.replace("2026-06-08,signed", "soon,signed", 1).encode())
    assert str(refused.value) == "line 2, delivered_on: It must be a date like 2026-03-31."
    with pytest.raises(NotTaken, match="neither code nor lines"):
        kit.drop("orders", [{"order_number": "SO-1"}])


@pytest.mark.rule("OC-9")
def test_the_same_order_again_is_billed_once() -> None:
    kit = desk()
    assert said(kit, order()) == [("billed", "SO-100")]
    assert said(kit, order()) == [("billed before", "SO-100")]
    assert not kit.acts


@pytest.mark.rule("OC-9")
def test_two_orders_of_one_document_cannot_bill_one_delivery() -> None:
    kit = desk()
    twice = order(supply(), order_number="SO-101")
    assert said(kit, order(supply()), twice) == [("billed", "SO-100"), ("waits", "DUPLICATE")]
    other = order(supply(), order_number="SO-103", patient_id="P-10", member_id="2A23C45DE67")
    assert said(desk(), order(supply()), other) == [("billed", "SO-100"), ("billed", "SO-103")]


@pytest.mark.rule("OC-9")
def test_a_billed_order_that_comes_in_other_words_waits_and_its_claim_stays() -> None:
    kit = desk()
    said(kit, order())
    assert said(kit, order(line(price="99"))) == [("waits", "DUPLICATE")]
    assert "SO-100" in kit.opened[0].reason
    assert said(kit, order()) == [("billed before", "SO-100")]
    assert [act.key for act in kit.closed] == ["billing SO-100 DUPLICATE 1"]


def test_a_corrected_order_is_billed_and_its_items_close() -> None:
    kit = desk()
    assert said(kit, order(line(serials=None, proof="none"))) == [("waits", "SERIAL, PROOF")]
    assert said(kit, order(line(proof="none"))) == [("waits", "PROOF")]
    assert [act.key for act in kit.closed] == ["billing SO-100 SERIAL 1"]
    assert not kit.opened, "what waits already is not opened again"
    assert said(kit, order()) == [("billed", "SO-100")]
    assert [act.key for act in kit.closed] == ["billing SO-100 PROOF 1"]


def test_an_order_that_begins_a_rental_is_awaited_until_it_is_billed() -> None:
    patient = make_patient_view(1, source_ids={"billing": "P-9"})
    kit = desk(patients=[patient])
    awaited = []
    for proof in ("none", "signed"):
        said(kit, order(line(proof=proof), supply()))
        awaited += [(row.values["code"], row.values["waits"]) for row in kit.kept if row.table == "awaited"]
    assert awaited == [("E0601", True), ("E0601", False)]
    other = desk(patients=[patient])
    assert said(other, order()) == [("billed", "SO-100")]
    assert not [row for row in other.kept if row.table == "awaited"], "it never waited"


def test_a_fault_that_comes_back_is_a_new_item() -> None:
    kit = desk()
    keys = []
    for proof in ("none", "none", "signed"):
        said(kit, order(line(proof=proof, price="0")))
        keys += [item.key for item in kit.opened]
    said(kit, order(line(proof="none", price="0")))
    keys += [item.key for item in kit.opened]
    assert keys == ["billing SO-100 PROOF 1", "billing SO-100 PRICE 1", "billing SO-100 PROOF 2"]


def test_the_item_says_what_is_wrong_on_which_line_and_what_is_at_stake() -> None:
    kit = desk()
    said(kit, order(line(), supply(ordered=2, delivered=1, price="6")))
    (item,) = kit.opened
    assert item.reason == (
        "Order SO-100 waits (QUANTITY). What was ordered, delivered and billed is not the same. Line 2: A7038: 2 "
        "ordered, 1 delivered, 1 to be billed. Correct the order, and send it again."
    )
    assert (item.team, item.rule, item.cents, item.payer_id) == ("fulfilment", "OC-4", 101_50, "17013")
    assert item.work_by == TODAY + dt.timedelta(days=2)
    assert "FERNSBY" not in item.reason
    assert "1A23C45DE67" not in item.reason


def test_the_others_of_a_document_are_billed_beside_one_that_waits() -> None:
    kit = desk()
    other = order(line(serials="SN7"), order_number="SO-101")
    assert said(kit, order(line(price="0")), other) == [("waits", "PRICE"), ("billed", "SO-101")]


def test_a_number_that_another_claim_bears_waits() -> None:
    from gateway.plugins.testing import make_claim_view

    kit = desk(claims=[make_claim_view(number="SO-100")])
    assert said(kit, order()) == [("waits", "FIELDS")]
    assert "is used already" in kit.opened[0].reason
    assert not kit.made


def test_either_all_claims_of_an_order_are_made_or_none() -> None:
    from gateway.plugins.testing import make_claim_view

    kit = desk(claims=[make_claim_view(number="SO-100-2")])
    assert said(kit, order(line(), supply(delivered_on="2026-06-09"))) == [("waits", "FIELDS")]
    assert not kit.made


def test_what_was_delivered_is_told_to_the_registry() -> None:
    kit = desk()
    said(kit, order(line(ordered=2, delivered=2, serials="SN100; SN101"), supply(delivered=3, ordered=3)))
    told = [DELIVERIES.read(json.dumps([one.row]).encode())[0] for one in kit.delivered]
    assert [(row.code, row.serial, row.quantity) for row in told] == [
        ("E0601", "SN100", 1),
        ("E0601", "SN101", 1),
        ("A7038", "", 3),
    ]
    assert {(row.patient_id, row.member_id, row.order_number) for row in told} == {("P-9", "1A23C45DE67", "SO-100")}
    assert {(row.delivered_on, row.proof, row.claim_number) for row in told} == {(DELIVERED, Proof.SIGNED, "SO-100")}
    assert {one.source for one in kit.delivered} == {"billing"}


def equipped(kit: DeskContext) -> list[EquipmentRow]:
    return [EQUIPMENT.read(json.dumps([one.row]).encode())[0] for one in kit.equipped]


def test_equipment_of_an_order_stands_in_the_registry_and_supplies_do_not() -> None:
    kit = desk()
    bought = line("E0562", kind="purchase", serials="H7")
    meter, brace = supply("E0607", serials="M1", modifiers="KX"), supply("L0650", authorization="AB123456789012")
    lines = (line(ordered=2, delivered=2, serials="SN100; SN101"), bought, meter, brace, supply())
    assert said(kit, order(*lines))[0][0] == "billed"
    told = equipped(kit)
    assert [(row.code, row.serial, row.ownership) for row in told] == [
        ("E0601", "SN100", Ownership.RENTED),
        ("E0601", "SN101", Ownership.RENTED),
        ("E0562", "H7", Ownership.OWNED),
        ("E0607", "M1", Ownership.OWNED),
        ("L0650", "", Ownership.OWNED),
    ]
    assert {(row.patient_id, row.member_id, row.started_on, row.ended_on) for row in told} == {
        ("P-9", "1A23C45DE67", DELIVERED, None)
    }
    assert {one.source for one in kit.equipped} == {"billing"}


def test_contents_maintenance_and_parts_are_no_equipment() -> None:
    kit = desk()
    contents, visit = supply("E0443", modifiers="N1 KX"), line("E1390", kind="supply", modifiers="MS", serials="C1")
    part = line("E0260", kind="purchase", modifiers="NU RB BP", serials="B1", note="MOTOR BROKE")
    assert said(kit, order(contents, visit, part, filing_code="CI", payer_id="90101")) == [("billed", "SO-100")]
    assert len(kit.delivered) == 3
    assert not kit.equipped


def test_a_piece_that_the_registry_has_stays_as_it_is_there() -> None:
    ended = make_equipment("E0601", serial="SN100", started_on=DELIVERED, ended_on=TODAY)
    mine = make_patient_view(3, source_ids={"billing": "P-9"}, equipment=[ended])
    kit = desk(patients=[mine])
    assert said(kit, order(line())) == [("billed", "SO-100")]
    assert kit.delivered
    assert not kit.equipped


def test_an_order_that_comes_again_brings_nothing_new() -> None:
    kit = desk()
    said(kit, order(line()))
    assert len(kit.equipped) == 1
    assert said(kit, order(line())) == [("billed before", "SO-100")]
    assert not kit.equipped


def test_an_order_that_waits_delivers_nothing() -> None:
    kit = desk()
    said(kit, order(line(price="0")))
    assert not kit.delivered
    assert not kit.equipped


def test_an_order_whose_delivery_cannot_be_recorded_waits_with_the_field() -> None:
    kit = desk()
    assert said(kit, order(line(lot="A" * 40, modifiers=["kx"])))[0][0] == "waits"
    assert not kit.delivered
    assert not kit.made
