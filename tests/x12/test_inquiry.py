"""The 276 that is written and the 277 that answers it: what comes back is what went out, whatever the claim holds."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.flow.read_answers import answers
from gateway.core.model.answers import InquiryAnswer, StatusCode
from gateway.core.x12.acknowledgment import StatusCode as WireCode
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Walk
from gateway.core.x12.identify import identify
from gateway.core.x12.inquiry import Asked, Who, asked_of, claim_inquiry
from gateway.core.x12.inquiry_answer import InquiryStatus, inquiries, status_response
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.writer import InterchangeHead, write_sets
from gateway.plugins.testing import make_claim, make_line

AT = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
MARKS = Delimiters()
RECEIVER = Who("STILLWATER HOME MEDICAL", qualifier="46", id="STILLWATER")


def written(asked: list[Asked], marks: Delimiters = MARKS) -> list[str]:
    return list(claim_inquiry(asked, RECEIVER, "Q7", AT, marks))


def interchange(kind: str, body: list[str]) -> bytes:
    head = InterchangeHead(
        sender_qualifier="ZZ", sender="PRACTICE", receiver_qualifier="ZZ", receiver="STILLWATER",
        group_sender="PRACTICE", group_receiver="STILLWATER", isa13="000000007", gs06="7", usage="T", at=AT,
        version="005010X212", function="HN" if kind == "277" else "HR",
    )  # fmt: skip
    return b"".join(write_sets(head, [(kind, "0001", body)], MARKS))


def test_an_inquiry_has_its_levels_and_our_trace() -> None:
    claim = make_claim(make_line("E1390", charge="150"), claim_number="SW1")
    body = written([asked_of(claim, "Q1F", payer_number="P-9")])
    assert [text.split("*")[0] for text in body] == [
        "BHT", "HL", "NM1", "HL", "NM1", "HL", "NM1", "HL", "DMG", "NM1", "TRN", "REF", "REF", "AMT", "DTP"
    ]  # fmt: skip
    assert [text.split("*")[3] for text in body if text.startswith("HL*")] == ["20", "21", "19", "22"]
    assert {"TRN*1*Q1F", "REF*1K*P-9", "REF*EJ*SW1", "AMT*T3*150"} <= set(body)
    assert body[-1].startswith("DTP*472*RD8*")


def test_claims_of_one_payer_and_biller_share_their_levels() -> None:
    claims = [asked_of(make_claim(make_line("E1390"), claim_number=f"SW{n}"), f"Q{n}") for n in range(3)]
    levels = [text.split("*") for text in written(claims) if text.startswith("HL*")]
    assert [one[3] for one in levels] == ["20", "21", "19", "22", "22", "22"]
    assert {one[2] for one in levels[3:]} == {levels[2][1]}


text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12)
word = st.text("ABCXYZ0129", min_size=2, max_size=12)


@st.composite
def questions(draw: Any) -> Asked:
    person = Who(draw(text), draw(text), draw(text), "MI", draw(text), "19500401", "F")
    dependent = draw(st.none() | st.just(Who(draw(text), draw(text), "", "", "", "20010203", "M")))
    return Asked(
        draw(word), Who(draw(text), qualifier="PI", id=draw(text)), Who(draw(text), draw(text), "", "XX", draw(text)),
        person, dependent, draw(word), draw(st.just("") | word), draw(st.integers(0, 10**9)), "20261101", "20261130",
    )  # fmt: skip


@given(asked=st.lists(questions(), min_size=1, max_size=6, unique_by=lambda one: one.trace))
def test_every_question_is_read_as_it_was_asked(asked: list[Asked]) -> None:
    body = written(asked)
    reference, found = inquiries(body, MARKS)
    assert reference == "Q7"
    assert {(one.trace, one.number, one.payer_number, one.cents, one.start, one.end) for one in found} == {
        (one.trace, one.number, one.payer_number, one.cents, one.start, one.end) for one in asked
    }
    assert {one.trace: one.patient is None for one in found} == {one.trace: one.patient is None for one in asked}
    data = interchange("276", body)
    assert identify(data).name == "276"
    assert [event for event in read(io.BytesIO(data)) if type(event).__name__ == "Finding"] == []


def answered(*said: InquiryStatus) -> list[Any]:
    question = asked_of(make_claim(make_line("E1390")), "Q1")
    body = list(status_response([(question, one) for one in said], RECEIVER, "Q7", AT, MARKS))
    data = interchange("277", body)
    assert identify(data).name == "277"
    return list(answers(read(io.BytesIO(data))))


def test_an_answer_says_what_was_paid_when_and_by_which_check() -> None:
    day = dt.date(2026, 11, 20)
    said = InquiryStatus("Q1", (WireCode("F1", "65", ""),), 15_000, 8_000, day, day, "EFT123", "P-9", "SW1")
    assert answered(said) == [
        InquiryAnswer("Q1", (StatusCode("F1", "65", ""),), "P-9", 15_000, 8_000, "2026-11-20", "2026-11-20", "EFT123")
    ]


def test_an_answer_is_no_acknowledgment() -> None:
    # A 277CA with A4 would be a rejection of the claim.
    (found,) = answered(InquiryStatus("Q1", (WireCode("A4", "35", ""),)))
    assert isinstance(found, InquiryAnswer)
    assert (found.codes[0].category, found.paid_cents, found.decided_on) == ("A4", 0, "")


def faults(name: str, kind: str, body: list[str]) -> list[str]:
    """What the guide finds in a set."""
    walk = Walk(compiled(guide(name), MARKS))
    walk.feed([f"ST*{kind}*0001*005010X212", *body, f"SE*{len(body) + 2}*0001"])
    walk.end()
    return [f"{one.place} {one.ik304} {one.ik403}" for one in walk.findings]


def test_the_guide_finds_what_is_missing() -> None:
    body = written([asked_of(make_claim(make_line("E1390")), "Q1")])
    assert faults("276", "276", body) == []
    for tag in ("BHT", "NM1*PR", "NM1*1P", "NM1*IL", "HL*3"):
        assert faults("276", "276", [one for one in body if not one.startswith(tag)]), tag


@given(asked=st.lists(questions(), min_size=1, max_size=6, unique_by=lambda one: one.trace))
def test_whatever_is_asked_keeps_to_the_guide(asked: list[Asked]) -> None:
    assert faults("276", "276", written(asked)) == []


@given(
    asked=questions(),
    codes=st.lists(st.sampled_from([("F1", "65", ""), ("P1", "20", "PR"), ("A4", "35", "")]), min_size=1, max_size=3),
    day=st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    cents=st.integers(0, 10**8),
    number=st.just("") | word,
)
def test_whatever_is_answered_keeps_to_the_guide(
    asked: Asked, codes: list[Any], day: dt.date | None, cents: int, number: str
) -> None:
    told = tuple(WireCode(*code) for code in codes)
    said = InquiryStatus(asked.trace, told, cents, cents, day, day, number, number, number)
    assert faults("277", "277", list(status_response([(asked, said)], RECEIVER, "Q7", AT, MARKS))) == []
