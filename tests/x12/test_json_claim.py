"""Claims in JSON: what a billing system posts comes back whole from the segments; what is wrong is said plainly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.model.json_claim import JsonClaimError, check_claims, to_stored
from gateway.core.x12.claim import Claim
from gateway.core.x12.party import Address
from gateway.core.x12.segment import display

from .build import BILLING_NPI, ORDERING_NPI

ADDRESS = {"line1": "12 ELM STREET", "city": "SPRINGFIELD", "state": "IL", "zip": "62704"}


def document(**changes: Any) -> dict[str, Any]:
    """A secondary claim with everything in it."""
    claim: dict[str, Any] = {
        "id": "A1001",
        "billing_provider": {
            "last": "EXAMPLE OXYGEN SUPPLY",
            "npi": BILLING_NPI,
            "tax_id": "999000001",
            "taxonomy": "332B00000X",
            "address": ADDRESS,
            "contact": {"name": "BILLING OFFICE", "phone": "2175550100"},
        },
        "subscriber": {
            "last": "ABELSON",
            "first": "ADA",
            "member_id": "1EG4TE5MK73",
            "responsibility": "S",
            "group": "GROUP7",
            "insurance_type": "12",
            "filing_code": "MB",
            "birth_date": "1940-02-03",
            "sex": "F",
            "address": ADDRESS,
        },
        "payer": {"name": "PRACTICE MEDICARE", "id": "16013"},
        "other_payers": [
            {
                "subscriber": {
                    "last": "ABELSON",
                    "first": "ABE",
                    "member_id": "JS1",
                    "responsibility": "P",
                    "filing_code": "CI",
                },
                "relationship": "01",
                "payer": {"name": "FIRST PAYER", "id": "OTHER1"},
                "paid": "40.00",
                "remaining": "60",
                "adjustments": [
                    {"group": "PR", "reason": "1", "amount": "50", "quantity": 1},
                    {"group": "CO", "reason": "45", "amount": "515.50"},
                    {"group": "PR", "reason": "2", "amount": "10"},
                ],
                "paid_date": "2026-02-01",
                "claim_control_number": "ICN77",
            }
        ],
        "diagnoses": ["J44.9", "G4733"],
        "referring_provider": {"last": "REFERRER", "first": "RITA", "npi": "1999999034"},
        "authorization": "UTN1",
        "referral": "REF1",
        "patient_paid": 5.5,
        "notes": ["A NOTE"],
        "lines": [
            {
                "code": "E1390",
                "modifiers": ["RR", "KH", "KX"],
                "charge": "461.10",
                "pointers": [1, 2],
                "from_date": "2026-01-05",
                "thru_date": "2026-02-04",
                "control_number": "L1",
                "authorization": "UTN2",
                "notes": ["LINE NOTE"],
                "ordering_provider": {"last": "ORDERER", "first": "OLGA", "npi": ORDERING_NPI},
                "adjudications": [
                    {
                        "payer_id": "OTHER1",
                        "paid": "40",
                        "units": "1",
                        "paid_date": "2026-02-01",
                        "adjustments": [{"group": "CO", "reason": "45", "amount": "421.1"}],
                        "remaining": 60,
                    }
                ],
            },
            {"code": "E0431", "charge": 154.4, "units": 2.5, "from_date": "2026-01-05", "description": "PORTABLE"},
        ],
    }
    return claim | changes


def view(**changes: Any) -> Claim:
    (claim,) = check_claims(document(**changes))
    return Claim(to_stored(claim))


def test_what_was_posted_comes_back_from_the_segments() -> None:
    claim = view()
    assert claim.faults() == []
    assert (claim.id, claim.charge, claim.place_of_service, claim.frequency) == ("A1001", Decimal("615.50"), "12", "1")
    assert (claim.filing_code, claim.payer_responsibility) == ("MB", "S")
    assert [code for code, _ in claim.diagnoses] == ["J449", "G4733"]
    assert [qualifier for _, qualifier in claim.diagnoses] == ["ABK", "ABF"]
    assert (claim.authorization, claim.referral, claim.patient_paid_cents) == ("UTN1", "REF1", 550)
    assert claim.notes[0].text == "A NOTE"
    biller = claim.billing_provider
    assert (biller.name, biller.npi, biller.tax_id, biller.taxonomy) == (
        "EXAMPLE OXYGEN SUPPLY",
        BILLING_NPI,
        "999000001",
        "332B00000X",
    )
    assert biller.address == Address("12 ELM STREET", "", "SPRINGFIELD", "IL", "62704")
    assert biller.contacts[0].number("TE") == "2175550100"
    subscriber = claim.subscriber
    assert (subscriber.member_id, subscriber.group, subscriber.insurance_type) == ("1EG4TE5MK73", "GROUP7", "12")
    assert (claim.patient.birth_date, claim.patient.is_subscriber) == (dt.date(1940, 2, 3), True)
    assert (claim.payer.name, claim.payer.id) == ("PRACTICE MEDICARE", "16013")
    assert claim.referring_provider.npi == "1999999034"


def test_lines_and_other_payers_come_back_too() -> None:
    claim = view()
    first, second = claim.lines
    assert (first.code, first.modifiers, first.charge, first.pointers) == (
        "E1390",
        ("RR", "KH", "KX"),
        Decimal("461.10"),
        (1, 2),
    )
    assert (first.dates.start, first.dates.end) == (dt.date(2026, 1, 5), dt.date(2026, 2, 4))
    assert (first.control_number, first.reference("G1"), first.notes[0].text) == ("L1", "UTN2", "LINE NOTE")
    assert first.ordering_provider.npi == ORDERING_NPI
    (said,) = first.adjudications
    assert (said.payer_id, said.paid_cents, said.remaining_cents) == ("OTHER1", 4000, 6000)
    assert said.procedure.modifiers == ("RR", "KH", "KX")
    assert (second.units, second.description, second.modifiers) == (Decimal("2.5"), "PORTABLE", ())
    assert second.dates.start == second.dates.end == dt.date(2026, 1, 5)
    (other,) = claim.other_subscribers
    assert [(one.group, one.reason, one.cents) for one in other.adjustments] == [
        ("PR", "1", 5000),
        ("PR", "2", 1000),
        ("CO", "45", 51550),
    ]
    assert (other.paid_cents, other.remaining_cents, other.paid_date) == (4000, 6000, dt.date(2026, 2, 1))
    assert (other.subscriber.member_id, other.claim_control_number, other.payer.id) == ("JS1", "ICN77", "OTHER1")


def test_a_patient_who_is_not_the_subscriber_has_a_level_of_their_own() -> None:
    patient = {
        "last": "ABELSON",
        "first": "BEN",
        "birth_date": "2015-04-05",
        "sex": "M",
        "address": ADDRESS,
        "relationship": "19",
    }
    claim = view(patient=patient)
    assert (claim.patient.first, claim.patient.relationship, claim.patient.is_subscriber) == ("BEN", "19", False)
    assert claim.subscriber.relationship == ""


def test_seven_adjustments_of_a_group_take_two_cas() -> None:
    other = document()["other_payers"][0]
    other["adjustments"] = [{"group": "CO", "reason": str(n), "amount": n} for n in range(1, 8)]
    claim = view(other_payers=[other])
    assert [one.reason for one in claim.other_subscribers[0].adjustments] == list("1234567")
    assert sum(raw.startswith("CAS") for raw in claim.stored.claim) == 3


def test_text_that_holds_a_separator_gets_other_separators() -> None:
    claim = view(notes=["90% * 2: ~ OK ^ NOW"])
    assert claim.notes[0].text == "90% * 2: ~ OK ^ NOW"
    assert claim.faults() == []
    assert claim.charge == Decimal("615.50")


def test_names_beyond_ascii_arrive_as_they_were_written() -> None:
    claim = view(notes=["MU\u00d1OZ \u0141\u00d3D\u0179"])
    assert display(claim.notes[0].text) == "MU\u00d1OZ \u0141\u00d3D\u0179"


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda claim: claim.pop(key)


def put(path: tuple[str | int, ...], value: object) -> Callable[[dict[str, Any]], None]:
    def change(claim: dict[str, Any]) -> None:
        target: Any = claim
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without("id"), "id is missing."),
        (put(("id",), "X" * 21), "id has more than 20 characters."),
        (put(("colour",), "red"), "colour is not known; check its spelling."),
        (put(("lines", 0, "charge"), "twelve"), "lines[0].charge must be an amount or a number, like 12.50."),
        (put(("lines", 0, "charge"), "1.234"), "lines[0].charge has too many decimals."),
        (put(("lines", 0, "charge"), -1), "lines[0].charge is too small."),
        (put(("lines", 0, "from_date"), "2026-02-30"), "lines[0].from_date must be a date like 2026-03-31."),
        (put(("lines", 0, "from_date"), 20260105), "lines[0].from_date must be a date like 2026-03-31."),
        (put(("lines", 0, "thru_date"), "2025-01-01"), "lines[0] does not fit together: thru_date lies before"),
        (put(("lines", 0, "pointers"), [3]), "lines[0].pointers names a diagnosis that the claim does not have"),
        (put(("lines",), []), "lines needs at least 1."),
        (put(("billing_provider", "npi"), "123"), "billing_provider.npi does not have the right form."),
        (put(("charge",), "615.51"), "charge is not what the lines add up to"),
        (put(("frequency",), "7"), "needs payer_control_number"),
        (put(("subscriber", "address"), None), "needs birth_date and address"),
        (put(("subscriber", "last"), "A\nB"), "subscriber.last does not have the right form."),
        (put(("lines", 0, "adjudications", 0, "payer_id"), "X"), "a payer that is not among other_payers"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: Callable[[dict[str, Any]], None], says: str) -> None:
    claim = document()
    change(claim)
    with pytest.raises(JsonClaimError) as refused:
        check_claims(claim)
    assert says in str(refused.value)
    assert "ABELSON" not in str(refused.value)
    assert "pydantic" not in str(refused.value)


def test_all_faults_of_a_list_are_named_at_once() -> None:
    with pytest.raises(JsonClaimError) as refused:
        check_claims([document(), document(id=""), document(lines="none")])
    assert refused.value.problems == ("[1].id must not be empty.", "[2].lines must be a list in brackets.")


@pytest.mark.parametrize("nonsense", [None, 5, "text", [], [5], [None]])
def test_a_document_that_is_no_claim_is_refused(nonsense: object) -> None:
    with pytest.raises(JsonClaimError):
        check_claims(nonsense)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


@settings(deadline=None)
@given(WORDS, WORDS, st.decimals("0.01", "99999", places=2), st.decimals("0.1", "999", places=1))
def test_any_text_and_amount_survives(name: str, note: str, charge: Decimal, units: Decimal) -> None:
    line = {"code": "E1390", "charge": str(charge), "units": str(units), "from_date": "2026-01-05"}
    person = document()["subscriber"] | {"last": name}
    claim = view(subscriber=person, notes=[note], lines=[line], other_payers=[])
    assert display(claim.subscriber.last) == name
    assert display(claim.notes[0].text) == note
    assert (claim.charge, claim.lines[0].units) == (charge, units)
    assert claim.faults() == []
