"""What is asked of a delivered order: each fault makes it wait for the team that mends it, and its twin is billed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gateway.core.model.belongings import Decided
from gateway.plugins.tables import Tables
from gateway.plugins.testing import make_authorization, make_equipment, make_history, make_patient_view, make_table

from .shipped import CONFIRMATION, DELIVERED, SUPPLIER, TABLES, TODAY, desk, line, order, reasons, supply

NEXT_DAY = (DELIVERED + dt.timedelta(days=1)).isoformat()


def found(*lines: dict[str, Any], settings: dict[str, Any] | None = None, **head: Any) -> list[str]:
    return reasons(desk(settings), order(*lines, **head))


def test_an_order_in_which_nothing_is_wrong_is_billed() -> None:
    assert found() == []


@pytest.mark.rule("OC-1")
@pytest.mark.parametrize(
    ("lacks", "reason", "team"),
    [
        ("last", "FIELDS", "intake"),
        ("birth_date", "FIELDS", "intake"),
        ("sex", "FIELDS", "intake"),
        ("city", "FIELDS", "intake"),
        ("diagnoses", "FIELDS", "intake"),
        ("member_id", "COVERAGE", "eligibility"),
        ("payer_id", "COVERAGE", "eligibility"),
        ("filing_code", "COVERAGE", "eligibility"),
        ("orderer_npi", "ORDERER", "documentation"),
        ("orderer_first", "ORDERER", "documentation"),
    ],
)
def test_an_order_without_what_its_claim_needs_waits_for_the_team_that_has_it(
    lacks: str, reason: str, team: str
) -> None:
    kit = desk()
    assert reasons(kit, order(**{lacks: None})) == [reason]
    (item,) = kit.opened
    assert (item.team, item.rule, item.kind) == (team, "OC-1", "order_problem")
    assert not kit.made


@pytest.mark.rule("OC-1")
def test_the_supplier_is_named_by_the_order_or_by_the_settings() -> None:
    assert found(settings={"billing_providers": []}) == ["FIELDS"]
    assert found(settings={"billing_providers": []}, billing_provider=SUPPLIER) == []
    assert found(billing_npi="1999999034") == ["FIELDS"]
    assert found(billing_npi="1999999000") == []


@pytest.mark.rule("OC-1")
def test_an_item_that_needs_an_authorization_waits_for_its_number() -> None:
    assert found(line(authorization_needed=True)) == ["AUTHORIZATION"]
    assert found(line(authorization_needed=True, authorization="A1234567890123")) == []


NUMBER = "AB123456789012"
BED = line("E0277", modifiers=["KX"])


@pytest.mark.rule("OC-1")
@pytest.mark.rule("R1.50")
def test_an_item_on_the_payers_list_waits_for_the_authorization_team() -> None:
    kit = desk()
    assert reasons(kit, order(BED)) == ["AUTHORIZATION"]
    (item,) = kit.opened
    assert (item.team, item.rule) == ("authorization", "OC-1")
    (row,) = (row for row in kit.kept if row.table == "problems")
    assert (row.values["reason"], row.values["feedback"]) == ("AUTHORIZATION", "authorization")


@pytest.mark.rule("OC-1")
@pytest.mark.rule("R1.50")
def test_with_its_number_or_for_a_payer_without_a_list_it_is_billed() -> None:
    assert found({**BED, "authorization": NUMBER}) == []
    assert found(BED, filing_code="CI", payer_id="90101") == []
    assert found(BED, filing_code="MC", payer_id="00751") == []
    assert found(BED, filing_code="MA") == ["AUTHORIZATION"]


@pytest.mark.rule("OC-1")
@pytest.mark.parametrize(("on", "wanted"), [("2024-08-11", []), ("2024-08-12", ["AUTHORIZATION"])])
def test_the_list_of_the_day_of_service_holds(on: str, wanted: list[str]) -> None:
    assert found(supply("L0631", modifiers=["KX"], delivered_on=on)) == wanted


@pytest.mark.rule("OC-1")
@pytest.mark.parametrize("code", ["E0651", "E0652"])
def test_what_is_not_certain_to_be_on_the_list_keeps_no_order_back(code: str) -> None:
    assert found(line(code, kind="purchase")) == []


@pytest.mark.parametrize(("valid", "told"), [("6 months", False), ("", False), ("half a year", True)])
def test_a_length_that_cannot_be_read_is_told_when_the_configuration_is_checked(valid: str, told: bool) -> None:
    rows = [{"payer": "medicare", "code": "E0277", "group": "support surfaces", "valid": valid}]
    tables = Tables({**TABLES, "prior_authorization": make_table("prior_authorization", rows, key=("payer", "code"))})
    faults = list(CONFIRMATION.check_settings(CONFIRMATION.plugin_settings()(), tables))
    assert ["valid of E0277 is half a year" in fault for fault in faults] == ([True] if told else [])


@pytest.mark.rule("OC-1")
def test_maintenance_needs_no_decision() -> None:
    assert found(supply("E0277", modifiers=["MS", "BP"], serials="SN100")) == []


def decided(**more: Any) -> Any:
    return make_authorization(*more.pop("codes", ["E0277"]), **{"number": NUMBER, "payer_id": "17013", **more})


@pytest.mark.rule("OC-1")
@pytest.mark.rule("R1.50")
@pytest.mark.parametrize(
    ("one", "good"),
    [
        ({"decided_on": dt.date(2026, 5, 20)}, True),
        ({"decided_on": dt.date(2026, 5, 8)}, True),
        ({"decided_on": dt.date(2026, 5, 7)}, False),
        ({"decided_on": dt.date(2026, 6, 9)}, False),
        ({"decided_on": dt.date(2026, 5, 20), "payer_id": "16013"}, True),
        ({"decided_on": dt.date(2026, 5, 20), "payer_id": "90101"}, False),
        ({"decided_on": dt.date(2026, 5, 20), "codes": ["E0193"]}, False),
        ({"decided_on": dt.date(2026, 5, 20), "decided": Decided.DENIED}, False),
        ({"decided_on": dt.date(2026, 5, 20), "modifiers": ("RT",)}, False),
        ({"valid_from": DELIVERED, "valid_to": DELIVERED}, True),
        ({"valid_from": dt.date(2026, 6, 9), "valid_to": dt.date(2026, 7, 9)}, False),
    ],
)
def test_the_affirmed_decision_on_file_goes_on_the_line(one: dict[str, Any], good: bool) -> None:
    mine = make_patient_view(3, source_ids={"billing": "P-9"}, authorizations=[decided(**one)])
    kit = desk(patients=[mine])
    assert reasons(kit, order(BED)) == ([] if good else ["AUTHORIZATION"])
    assert [claim.claim.lines[0].reference("G1") for claim in kit.made] == ([NUMBER] if good else [])


@pytest.mark.rule("OC-1")
def test_of_several_decisions_on_file_a_person_chooses() -> None:
    both = [decided(decided_on=dt.date(2026, 5, 20), number=number) for number in (NUMBER, "CD123456789012")]
    kit = desk(patients=[make_patient_view(3, source_ids={"billing": "P-9"}, authorizations=both)])
    assert reasons(kit, order(BED)) == ["AUTHORIZATION"]


@pytest.mark.rule("OC-1")
def test_a_line_points_to_diagnoses_that_the_order_has() -> None:
    assert found(line(pointers=[2])) == ["FIELDS"]
    assert found(line(pointers=[2]), diagnoses=["G4733", "I10"]) == []


@pytest.mark.rule("OC-1")
def test_a_supply_that_is_billed_with_a_span_says_how_long_it_lasts() -> None:
    assert found(supply("A4253", modifiers=["KS"])) == ["FIELDS"]
    assert found(supply("A4253", modifiers=["KS"], days=90)) == []
    assert found(supply("A7038")) == []


@pytest.mark.rule("OC-2")
def test_an_item_that_bears_a_serial_number_has_one_for_each_piece() -> None:
    assert found(line(serials=None)) == ["SERIAL"]
    two = line("E0601", kind="rental", ordered=2, delivered=2)
    assert found({**two, "serials": "SN1"}) == ["SERIAL"]
    assert found({**two, "serials": "SN1; SN2"}) == []
    assert found({**two, "serials": "SN1 SN1"}) == ["SERIAL"]
    assert found(supply("A7038")) == []


@pytest.mark.rule("OC-2")
def test_one_serial_number_stands_on_one_line() -> None:
    humidifier = line("E0562", kind="purchase")
    assert found(line(), humidifier) == ["SERIAL"]
    assert found(line(), {**humidifier, "serials": "SN101"}) == []


@pytest.mark.rule("OC-3")
def test_a_serial_number_that_another_patient_has_waits() -> None:
    def with_patients(ended: dt.date | None, holder: int) -> list[str]:
        piece = make_equipment("E0601", started_on=dt.date(2025, 1, 1), ended_on=ended, serial="SN100")
        views = [
            make_patient_view(1, source_ids={"billing": "P-9"}, equipment=[piece] if holder == 1 else []),
            make_patient_view(2, equipment=[piece] if holder == 2 else []),
        ]
        return reasons(desk(patients=views), order())

    assert with_patients(None, 2) == ["SERIAL-OUT"]
    assert with_patients(dt.date(2026, 6, 1), 2) == []
    assert with_patients(None, 1) == []


@pytest.mark.rule("OC-3")
def test_a_serial_number_of_an_earlier_order_is_out_as_well() -> None:
    kit = desk()
    assert reasons(kit, order()) == []
    other = order(order_number="SO-101", patient_id="P-10", member_id="2A23C45DE67")
    assert reasons(kit, other) == ["SERIAL-OUT"]
    assert reasons(kit, order(order_number="SO-102", lines=[supply()])) == []


@pytest.mark.rule("OC-3")
def test_two_orders_of_one_document_cannot_have_one_piece() -> None:
    other = order(order_number="SO-101", patient_id="P-10", member_id="2A23C45DE67")
    assert reasons(desk(), order(), other) == ["SERIAL-OUT"]


@pytest.mark.rule("OC-3")
def test_a_piece_that_was_given_back_may_go_out_again() -> None:
    piece = make_equipment("E0601", started_on=DELIVERED, ended_on=TODAY, serial="SN100")
    before = {
        "serial": "SN100",
        "source": "billing",
        "order_number": "SO-1",
        "patient": "billing/P-10",
        "code": "E0601",
    }
    back = make_patient_view(2, source_ids={"billing": "P-10"}, equipment=[piece])
    still = make_patient_view(2, source_ids={"billing": "P-10"})
    assert reasons(desk(patients=[back], rows={"serials": [before]}), order()) == []
    assert reasons(desk(patients=[still], rows={"serials": [before]}), order()) == ["SERIAL-OUT"]


@pytest.mark.rule("OC-4")
@pytest.mark.parametrize(
    ("ordered", "delivered", "billed", "waits"),
    [(6, 6, None, False), (6, 6, 6, False), (6, 4, None, True), (4, 6, None, True), (6, 6, 4, True), (0, 0, 0, True)],
)
def test_what_is_ordered_delivered_and_billed_is_the_same(
    ordered: int, delivered: int, billed: int | None, waits: bool
) -> None:
    filters = supply("A7038", ordered=ordered, delivered=delivered, billed=billed)
    assert found(filters) == (["QUANTITY"] if waits else [])


@pytest.mark.rule("OC-4")
def test_an_odd_number_of_pieces_is_not_for_both_sides() -> None:
    def brace(quantity: int) -> list[str]:
        both = supply(
            "L1832", kind="purchase", modifiers="RT LT", ordered=quantity, delivered=quantity, authorization=NUMBER
        )
        return found(both)

    assert brace(1) == ["QUANTITY"]
    assert brace(2) == []


@pytest.mark.rule("OC-4")
def test_oxygen_contents_are_billed_by_the_month_whatever_was_delivered() -> None:
    assert found(supply("E0443", ordered=6, delivered=6, billed=1)) == []


@pytest.mark.rule("OC-5")
@pytest.mark.parametrize(
    ("change", "waits"),
    [
        ({"proof": "none"}, True),
        ({"proof": None}, True),
        ({"delivered_on": None}, True),
        ({"proof_on": NEXT_DAY}, True),
        ({"proof_on": DELIVERED.isoformat()}, False),
        ({"proof": "pickup"}, False),
        ({"proof": "carrier"}, False),
    ],
)
def test_a_delivery_is_proven_by_its_date(change: dict[str, Any], waits: bool) -> None:
    assert found(line(**change)) == (["PROOF"] if waits else [])


@pytest.mark.rule("OC-6")
def test_the_date_of_service_is_that_of_the_delivery() -> None:
    assert found(line(service_on=NEXT_DAY)) == ["SERVICE-DATE"]
    assert found(line(service_on=DELIVERED.isoformat())) == []


@pytest.mark.rule("OC-6")
def test_what_a_carrier_brings_is_billed_by_the_suppliers_policy() -> None:
    shipped = {"proof": "carrier", "shipped_on": "2026-06-05"}
    by_shipping = {"shipped_service_date": "shipped"}
    assert found(supply(**shipped, service_on="2026-06-05")) == ["SERVICE-DATE"]
    assert found(supply(**shipped, service_on="2026-06-08")) == []
    assert found(supply(**shipped, service_on="2026-06-05"), settings=by_shipping) == []
    assert found(supply(**shipped, service_on="2026-06-08"), settings=by_shipping) == ["SERVICE-DATE"]


@pytest.mark.rule("OC-6")
@pytest.mark.parametrize(
    ("leaves", "billed"),
    [(dt.date(2026, 6, 8), DELIVERED), (dt.date(2026, 6, 10), dt.date(2026, 6, 10)), (dt.date(2026, 6, 11), DELIVERED)],
)
def test_what_is_fitted_up_to_two_days_before_leaving_is_billed_with_the_day_of_leaving(
    leaves: dt.date, billed: dt.date
) -> None:
    kit = desk()
    assert reasons(kit, order(line(discharged_on=leaves.isoformat()))) == []
    assert kit.made[0].claim.from_date == billed
    assert found(line(discharged_on=leaves.isoformat(), service_on=billed.isoformat())) == []
    other = billed + dt.timedelta(days=1) if billed == DELIVERED else DELIVERED
    assert found(line(discharged_on=leaves.isoformat(), service_on=other.isoformat())) == ["SERVICE-DATE"]


@pytest.mark.rule("OC-6")
def test_what_lies_ahead_is_not_billed() -> None:
    ahead = (TODAY + dt.timedelta(days=1)).isoformat()
    assert found(line(delivered_on=ahead)) == ["SERVICE-DATE"]
    assert found(line(delivered_on=TODAY.isoformat())) == []


@pytest.mark.rule("OC-7")
def test_an_item_has_a_price() -> None:
    assert found(line(price="0")) == ["PRICE"]
    assert found(line(price=None)) == ["PRICE"]
    assert found(line(price="0.01")) == []


@pytest.mark.rule("OC-8")
def test_a_rental_begins_with_its_delivery() -> None:
    assert found(line(rental_start="2026-06-01")) == ["RENTAL"]
    assert found(line(rental_start=DELIVERED.isoformat())) == []


@pytest.mark.rule("OC-8")
def test_what_is_only_rented_is_not_sold_to_medicare() -> None:
    sold = line(kind="purchase")
    assert found(sold) == ["RENTAL"]
    assert found(sold, filing_code="CI") == []
    assert found({**sold, "modifiers": "NU BP"}) == []
    assert found(line("E0562", kind="purchase")) == []


@pytest.mark.rule("OC-9")
@pytest.mark.parametrize(
    ("change", "waits"),
    [
        ({}, True),
        ({"from_date": dt.date(2026, 6, 7)}, False),
        ({"code": "A7039"}, False),
        ({"state": "cancelled"}, False),
        ({"state": "denied"}, False),
        ({"modifiers": ("RT",)}, True),
    ],
)
def test_what_stands_on_a_claim_already_waits(change: dict[str, Any], waits: bool) -> None:
    old = make_history("A7038", "NU", from_date=DELIVERED)._replace(**change)
    view = make_patient_view(1, source_ids={"billing": "P-9"}, history=[old])
    assert reasons(desk(patients=[view]), order(supply())) == (["DUPLICATE"] if waits else [])


@pytest.mark.rule("OC-9")
def test_the_other_side_is_no_duplicate() -> None:
    old = make_history("L1832", "NU", "LT", from_date=DELIVERED)
    view = make_patient_view(1, source_ids={"billing": "P-9"}, history=[old])
    for side, rules in (("RT", []), ("LT", ["DUPLICATE"])):
        brace = supply("L1832", kind="purchase", modifiers=side, authorization=NUMBER)
        assert reasons(desk(patients=[view]), order(brace)) == rules


@pytest.mark.rule("OC-9")
def test_a_rental_that_runs_does_not_begin_again() -> None:
    running = make_history("E0601", "RR", "KI", from_date=dt.date(2026, 5, 20))
    view = make_patient_view(1, source_ids={"billing": "P-9"}, history=[running])
    assert reasons(desk(patients=[view]), order()) == ["DUPLICATE"]
    assert reasons(desk(patients=[view]), order(line(modifiers="RA"))) == []
    over = make_patient_view(
        1, source_ids={"billing": "P-9"}, history=[running._replace(from_date=dt.date(2026, 5, 8))]
    )
    assert reasons(desk(patients=[over]), order()) == []


def test_several_faults_of_several_teams_are_several_items() -> None:
    kit = desk()
    assert reasons(kit, order(line(serials=None, proof="none"), supply(price="0"))) == ["SERIAL", "PROOF", "PRICE"]
    assert [item.team for item in kit.opened] == ["fulfilment", "confirmation", "billing"]
