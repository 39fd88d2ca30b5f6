"""Invented claims: always the same ones, real in form, and with the faults that were asked for."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.config.values import luhn_npi
from gateway.core.model.json_claim import check_claims
from gateway.core.model.json_segments import to_stored
from gateway.core.x12.claim import Claim as ClaimView
from gateway.sandbox import people
from gateway.sandbox.biller_faults import BILLER_FAULTS
from gateway.sandbox.care import add_months
from gateway.sandbox.documents import document
from gateway.sandbox.generate import claim_prefix, expected_faults, generate_claims
from gateway.sandbox.loops import stored
from gateway.sandbox.write import NOT_IN_JSON, as_837, as_json, write_837, write_json

from .desk import TODAY, claims


def test_the_same_seed_gives_the_same_claims() -> None:
    first, second = claims(300, 5, fault_share=0.3), claims(300, 5, fault_share=0.3)
    assert [stored(claim) for claim in first] == [stored(claim) for claim in second]


def test_fewer_claims_of_a_seed_are_the_first_of_more() -> None:
    assert [stored(claim) for claim in claims(40, 5)] == [stored(claim) for claim in claims(300, 5)[:40]]


def test_another_seed_uses_other_claim_numbers() -> None:
    assert claim_prefix(1) != claim_prefix(2)
    assert {claim.number for claim in claims(200, 1)}.isdisjoint(claim.number for claim in claims(200, 2))


def test_claim_numbers_are_unique_and_fit_into_what_payers_return() -> None:
    numbers = [claim.number for claim in claims(500)]
    assert len(set(numbers)) == 500
    assert max(map(len, numbers)) <= 20


def test_every_npi_passes_its_check_digit_and_is_of_the_invented_block() -> None:
    npis = {people.npi(number) for number in range(100)}
    assert len(npis) == 100
    assert all(luhn_npi(npi) and npi.startswith("1999999") for npi in npis)
    used = {line.orderer.npi for claim in claims(400) for line in claim.lines if line.orderer}
    assert used <= npis


def test_medicare_goes_to_the_contractor_of_the_patients_state_with_a_number_of_the_right_form() -> None:
    seen = set()
    for claim in claims(800):
        if claim.coverage.payer.kind == "medicare":
            state = claim.patient.address.state
            assert claim.coverage.payer == people.MACS[people.MAC_OF_STATE[state]]
            assert people.is_mbi(claim.coverage.member_id)
            seen.add(claim.coverage.payer.id)
    assert seen == {"16013", "17013", "18003", "19003"}


def test_services_lie_in_the_two_months_before_today() -> None:
    days = [line.start for claim in claims(800) for line in claim.lines]
    assert min(days) >= TODAY - dt.timedelta(days=61)
    assert max(days) < TODAY


def test_a_capped_rental_carries_the_modifier_of_its_month() -> None:
    months = Counter()
    for claim in claims(1500, families=("bed", "wheelchair", "pap", "nebulizer")):
        for line in claim.lines:
            if "RR" in line.modifiers and claim.coverage.payer.kind == "medicare":
                right = "KH" if claim.rental_month == 1 else "KI" if claim.rental_month <= 3 else "KJ"
                assert [m for m in line.modifiers if m in ("KH", "KI", "KJ")] == [right]
                assert 1 <= claim.rental_month <= 13
                months[right] += 1
    assert set(months) == {"KH", "KI", "KJ"}


def test_the_rental_of_a_patient_goes_on_month_by_month() -> None:
    followed = 0
    made = claims(600, families=("bed",))
    for before, after in pairwise(made):
        if before.patient is after.patient:
            assert after.rental_month == before.rental_month + 1
            # Counted from the first delivery: of a start on the 31st, shorter months have their last day.
            gap = after.lines[0].start - add_months(before.lines[0].start, 1)
            assert dt.timedelta(0) <= gap <= dt.timedelta(days=3)
            followed += 1
    assert followed > 100


def test_oxygen_past_its_cap_is_contents_or_maintenance_and_contents_have_a_delivery() -> None:
    contents = maintenance = 0
    for claim in claims(1500, families=("oxygen",)):
        if claim.rental_month <= 36:
            assert all("RR" in line.modifiers for line in claim.lines)
            continue
        for line in claim.lines:
            assert "RR" not in line.modifiers
            if line.code == "E0443":
                contents += 1
                (delivery,) = claim.deliveries
                assert delivery.on <= line.start < add_months(delivery.on, delivery.months)
            else:
                assert (line.code, line.modifiers) == ("E1390", ["MS"])
                assert claim.rental_month in (43, 49, 55)
                maintenance += 1
    assert contents
    assert maintenance


def test_every_product_and_kind_of_payer_comes() -> None:
    made = claims(2000)
    assert {claim.family for claim in made} == {
        *("oxygen", "pap", "resupply", "bed", "surface", "wheelchair", "power", "nebulizer", "strips", "cgm")
    }
    assert {claim.coverage.payer.filing for claim in made} == {"MB", "MC", "CI", "BL"}
    assert {claim.responsibility for claim in made} == {"P", "S"}


def test_a_claim_for_the_second_payer_says_what_the_first_did() -> None:
    seconds = [claim for claim in claims(1500) if claim.responsibility == "S"]
    assert seconds
    for claim in seconds:
        view = ClaimView(stored(claim))
        (other,) = view.other_subscribers
        assert other.paid_cents == sum(line.adjudications[0].paid_cents for line in view.lines)
        for line in view.lines:
            (decided,) = line.adjudications
            assert decided.payer_id == other.payer.id
            assert decided.paid_cents + sum(a.cents for a in decided.adjustments) == line.charge_cents


def test_most_lines_bring_a_reference_and_some_do_not() -> None:
    lines = [line for claim in claims(1000) for line in claim.lines]
    share = sum(bool(line.reference) for line in lines) / len(lines)
    assert 0.80 < share < 0.95
    assert all(line.reference for claim in claims(50, references=1.0) for line in claim.lines)


def test_one_claim_in_twenty_has_a_fault_and_it_is_named() -> None:
    made = claims(4000, fault_share=0.05)
    wrong = expected_faults(made)
    assert 0.035 < len(wrong) / len(made) < 0.06
    assert {name for names in wrong.values() for name in names} <= BILLER_FAULTS.keys()


@pytest.mark.parametrize("name", sorted(BILLER_FAULTS))
def test_each_fault_can_be_asked_for(name: str) -> None:
    made = claims(3000, fault_share=1.0, faults=(name,))
    sound = {claim.number: claim for claim in claims(3000)}
    spoilt = [claim for claim in made if claim.expected_faults == (name,)]
    assert spoilt
    for claim in spoilt[:20]:
        same = stored(claim) == stored(sound[claim.number])
        # What is missing here is in the warehouse, not in the claim.
        assert same == (name == "contents_without_delivery")


def test_an_unknown_fault_or_product_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no bicycle"):
        next(generate_claims(1, 1, TODAY, families=("bicycle",)))
    with pytest.raises(ValueError, match="there is no typo"):
        next(generate_claims(1, 1, TODAY, faults=("typo",)))


def test_the_typed_views_find_nothing_wrong_with_a_sound_claim() -> None:
    for claim in claims(300):
        assert ClaimView(stored(claim)).faults() == []


def test_a_file_can_have_several_sets(tmp_path: Path) -> None:
    written = write_837(tmp_path / "claims.837", 250, 3, today=TODAY, claims_per_set=100)
    text = (tmp_path / "claims.837").read_text("latin-1")
    assert text.count("~ST*837*") == 3
    assert text.count("~CLM*") == written.claims == 250
    assert text.count("~LX*") == written.lines
    assert text.endswith("~GE*3*3~IEA*1*000000003~")


def test_json_says_the_same_as_the_837() -> None:
    made = claims(400)
    found = check_claims(json.loads(as_json(made)))
    assert [to_stored(one) for one in found] == [stored(claim) for claim in made]


def test_more_claims_than_a_document_takes_go_into_several(tmp_path: Path) -> None:
    written = write_json(tmp_path / "claims.json", 5001, 3, today=TODAY, families=("surface",))
    assert [path.name for path in written.paths] == ["claims.json", "claims-2.json"]
    assert [len(json.loads(path.read_bytes())) for path in written.paths] == [5000, 1]


def test_a_fault_that_json_cannot_carry_is_not_in_it() -> None:
    made = claims(300, fault_share=1.0, faults=tuple(NOT_IN_JSON))
    assert any(claim.expected_faults for claim in made)
    assert len(check_claims(json.loads(as_json(made)))) == 300
    assert not any(claim.expected_faults for claim in made)
    with pytest.raises(ValueError, match="JSON cannot carry"):
        write_json(Path("unused.json"), 1, 1, today=TODAY, faults=tuple(NOT_IN_JSON))


def test_the_claims_of_a_billing_provider_stand_together() -> None:
    text = as_837(claims(500), TODAY).decode("latin-1")
    assert text.count("**20*1~") == len(people.BILLERS)


def test_a_document_has_no_more_than_a_claim_needs() -> None:
    dependent = next(claim for claim in claims(500) if claim.coverage.relation != "18")
    found = document(dependent)
    assert found["patient"]["relationship"] == dependent.coverage.relation
    assert "birth_date" not in found["subscriber"]
