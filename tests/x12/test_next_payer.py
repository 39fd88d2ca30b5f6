"""The claim for the next payer: who is insured with whom, what was decided, and that it keeps to our own guide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.flow.claim_check import check_claim
from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.next_payer import Decided, NotMade, next_claim, number_for
from gateway.core.x12.segment import Delimiters
from gateway.plugins.testing import make_claim, make_line, make_other_payer

MARKS = Delimiters("*", ":", "^", "~")
DAY = dt.date(2026, 9, 15)
REFERRING = ("NM1*DN*1*OLDCASTLE*OTTO****XX*1999999786",)
ADJUDICATED = (
    "CLP*SW1001*1*196*104*32*MB*ICN1",
    "NM1*QC*1*FERNSBY*POSY",
    "SVC*HC:E1390:RR*150*80**1",
    "DTM*472*20260105",
    "CAS*CO*45*50",
    "CAS*PR*2*20",
    "REF*6R*L1",
    "SVC*HC:A7005:NU*46*24**1",
    "CAS*PR*1*12",
    "CAS*CO*45*8*1*253*2",
)


def payment(*segments: str) -> ClaimPayment:
    return ClaimPayment(list(segments or ADJUDICATED), MARKS)


def first(**changed: object) -> Claim:
    given = {"other_payers": [make_other_payer()], "filing_code": "MB", "payer_id": "16013", "providers": REFERRING}
    lines = make_line("E1390", "RR", charge="150"), make_line("A7005", "NU", charge="46")
    return make_claim(*lines, **(given | changed))  # type: ignore[arg-type]


def made(claim: Claim, *segments: str, lines: Sequence[int] = (1, 2)) -> Claim:
    return Claim(next_claim(claim.stored, Decided(payment(*segments), DAY, lines), "SW1001-S"))


def words(claim: Claim) -> list[str]:
    return [f"{one.level} {one.rule} {one.message}" for one in check_claim(claim.stored, None)]


def test_the_payers_change_places_and_the_guide_is_kept() -> None:
    claim = made(first())
    assert words(first()) == []
    assert words(claim) == []
    assert (claim.id, claim.frequency, claim.payer_responsibility) == ("SW1001-S", "1", "S")
    assert (claim.payer.id, claim.payer.name, claim.subscriber.member_id) == (
        "90201",
        "LANTERN SUPPLEMENT",
        "SWT900000077",
    )
    (other,) = claim.other_subscribers
    assert (other.responsibility, other.filing_code, other.payer.id, other.subscriber.member_id) == (
        "P",
        "MB",
        "16013",
        "SWT900000001",
    )
    assert other.claim_control_number == "ICN1"
    assert claim.patient.birth_date == dt.date(1950, 6, 15)


def test_what_was_decided_stands_as_it_was_decided_line_by_line() -> None:
    claim = made(first())
    (other,) = claim.other_subscribers
    assert (other.paid_cents, other.remaining_cents, other.paid_date) == (10400, None, None)
    one, two = (line.adjudications[0] for line in claim.lines)
    assert (one.payer_id, one.paid_cents, one.remaining_cents, one.paid_date) == ("16013", 8000, 2000, DAY)
    assert [(a.group, a.reason, a.cents) for a in two.adjustments] == [
        ("PR", "1", 1200),
        ("CO", "45", 800),
        ("CO", "253", 200),
    ]
    assert [seg.tag for seg in two.segments] == ["SVD", "CAS", "CAS", "DTP", "AMT"]


def test_seven_reasons_of_a_group_are_two_segments_in_their_order() -> None:
    reasons = [str(code) for code in (45, 253, 44, 59, 131, 137, 144)]
    segments = [f"CAS*CO*{reason}*10" for reason in reasons]
    claim = made(
        make_claim(
            make_line("E1390", "RR", charge="150"),
            other_payers=[make_other_payer()],
            providers=REFERRING,
        ),
        "CLP*SW1001*1*150*80*0*12*ICN1",
        "SVC*HC:E1390:RR*150*80**1",
        *segments,
        lines=(1,),
    )
    (line,) = claim.lines
    cas = [seg for seg in line.adjudications[0].segments if seg.tag == "CAS"]
    assert [len(seg.elements) for seg in cas] == [20 - 1, 4]
    assert [one.reason for one in line.adjudications[0].adjustments] == reasons
    assert words(claim) == []


def test_a_decision_on_the_claim_as_a_whole_stands_on_the_claim() -> None:
    claim = made(first(), "CLP*SW1001*1*196*104*32*MB*ICN1", "CAS*CO*45*60", "CAS*PR*2*32", lines=())
    (other,) = claim.other_subscribers
    assert (other.paid_cents, other.remaining_cents, other.paid_date) == (10400, 3200, DAY)
    assert all(not line.adjudications for line in claim.lines)
    assert words(claim) == []


def test_a_split_line_has_an_adjudication_for_each_part() -> None:
    claim = made(
        first(),
        "CLP*SW1001*1*196*104*32*MB*ICN1",
        "SVC*HC:E1390:RR*100*60**1",
        "CAS*CO*45*40",
        "SVC*HC:E1390:RR*50*20**1",
        "CAS*PR*2*30",
        "SVC*HC:A7005:NU*46*24**1",
        "CAS*PR*1*2",
        "CAS*CO*45*20",
        lines=(1, 1, 2),
    )
    assert [one.paid_cents for one in claim.lines[0].adjudications] == [6000, 2000]
    assert words(claim) == []


def test_a_subscriber_who_is_not_the_patient_makes_a_patient_loop() -> None:
    claim = made(first(other_payers=[make_other_payer(relationship="01", first="BASIL")]))
    assert (claim.subscriber.first, claim.patient.first, claim.patient.relationship) == ("BASIL", "POSY", "01")
    assert claim.patient.birth_date == dt.date(1950, 6, 15)
    assert words(claim) == []


def test_a_patient_of_somebody_else_may_be_the_next_payers_own_subscriber() -> None:
    claim = made(first(relationship="19"))
    assert not claim.stored.patient
    assert claim.other_subscribers[0].subscriber.relationship == "19"
    assert claim.subscriber.member_id == "SWT900000077"
    assert words(claim) == []


def test_authorizations_stay_with_the_payer_that_gave_them() -> None:
    claim = made(first(more=("REF*G1*AUTH123", "REF*F8*OLD1")))
    assert claim.authorization == ""
    assert claim.payer_control_number == ""
    assert claim.other_subscribers[0].payer.reference("G1") == "AUTH123"
    assert words(claim) == []


def test_the_third_payer_is_told_of_both_before() -> None:
    third = make_other_payer(responsibility="T", payer_id="90301", member_id="SWT900000088")
    second = made(first(other_payers=[make_other_payer(), third]))
    claim = Claim(
        next_claim(
            second.stored,
            Decided(
                payment(
                    "CLP*SW1001-S*2*196*20*12*12*ICN2",
                    "SVC*HC:E1390:RR*150*20**1",
                    "CAS*OA*23*130",
                    "SVC*HC:A7005:NU*46*0**1",
                    "CAS*OA*23*34",
                    "CAS*PR*3*12",
                ),
                DAY,
                (1, 2),
            ),
            "SW1001-T",
        )
    )
    assert claim.payer.id == "90301"
    assert [(one.responsibility, one.payer.id) for one in claim.other_subscribers] == [("S", "90201"), ("P", "16013")]
    assert [one.payer_id for one in claim.lines[0].adjudications] == ["16013", "90201"]
    assert words(claim) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"other_payers": []}, "names no payer after"),
        ({"other_payers": [make_other_payer(member_id="")]}, "member id"),
        ({"other_payers": [make_other_payer(payer_id="16013")]}, "payer id of the one before"),
        (
            {"other_payers": [make_other_payer(filing_code="MB")], "filing_code": "CI"},
            "Medicare is not the first payer",
        ),
    ],
)
def test_what_is_not_known_is_not_guessed(changed: dict[str, object], why: str) -> None:
    with pytest.raises(NotMade, match=why):
        made(first(**changed))


def test_why_medicare_is_second_is_kept_where_it_is_known() -> None:
    other = make_other_payer(filing_code="MB", payer_id="16013")
    other[0] = "*".join([*(other[0].split("*") + [""] * 10)[:5], "12", "", "", "", "MB"])
    claim = made(first(other_payers=[other], filing_code="CI", payer_id="90101"))
    assert claim.subscriber.insurance_type == "12"
    assert words(claim) == []


@given(st.text("AB1-", min_size=1, max_size=38), st.sampled_from("ST"), st.sets(st.integers(1, 9)))
def test_a_number_has_at_most_twenty_characters_and_is_not_used(number: str, rank: str, taken: set[int]) -> None:
    used = {f"{number[: 20 - len(end)]}{end}" for one in taken for end in [f"-{rank}" if one == 1 else f"-{rank}{one}"]}
    found = number_for(number, rank, used)
    assert len(found) <= 20
    assert found not in used
