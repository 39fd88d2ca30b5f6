"""A plugin edits a claim: in its place, with a log, and never a sibling's."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.x12.claim import Claim
from gateway.core.x12.editing import EditError
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.spans import level_party, level_spans
from gateway.core.x12.stored import StoredClaim

from .build import BILLING, CLAIM, PATIENT, SUBSCRIBER, claim_of, claims_file, claims_of


def tags(claim: Claim) -> list[str]:
    return [segment.tag for segment in claim.segments]


def test_an_edit_changes_one_element_and_is_logged() -> None:
    claim = claim_of(by="scrubber")
    claim.set("CLM05-3", "7")
    assert claim.frequency == "7"
    assert claim.stored.claim[0] == "CLM*A1001*615.5***12:B:7*Y*A*Y*Y"
    assert claim.stored.claim[1:] == list(CLAIM[1:])
    (edit,) = claim.edits
    assert (edit.kind, edit.place, edit.line, edit.before, edit.after, edit.by) == (
        "set",
        "2300 CLM05-3",
        0,
        "1",
        "7",
        "scrubber",
    )


def test_a_claim_that_nobody_edited_is_stored_as_it_came() -> None:
    stored = StoredClaim(Delimiters(), list(BILLING), list(SUBSCRIBER), list(PATIENT), list(CLAIM))
    assert Claim(stored).stored is stored


def test_an_edit_of_the_subscriber_leaves_the_siblings_alone() -> None:
    first, second = claims_of(claims_file([CLAIM, CLAIM]))
    first.claim.set("2010BA NM109", "9XX9XX9XX99")
    first.claim.set("SBR09", "CI")
    first.claim.set("2010AA N403", "62799")
    assert (first.claim.subscriber.member_id, first.claim.filing_code) == ("9XX9XX9XX99", "CI")
    assert first.claim.billing_provider.address.zip == "62799"
    assert (second.claim.subscriber.member_id, second.claim.filing_code) == ("1EG4TE5MK73", "MB")
    assert second.claim.billing_provider.address.zip == "627010000"


def test_modifiers_are_replaced_and_the_description_stays() -> None:
    claim = claim_of([*CLAIM[:7], "SV1*HC:E1390:RR::::OXYGEN*461.1*UN*1***1", *CLAIM[8:]])
    line = claim.lines[0]
    line.set_modifiers(("RR", "KH", "KX"))
    assert (line.modifiers, line.description) == (("RR", "KH", "KX"), "OXYGEN")
    assert claim.stored.claim[7] == "SV1*HC:E1390:RR:KH:KX::OXYGEN*461.1*UN*1***1"
    line.set_modifiers(())
    assert line.modifiers == ()
    with pytest.raises(EditError, match="four"):
        line.set_modifiers(("A", "B", "C", "D", "E"))


def test_new_segments_land_where_the_guide_wants_them() -> None:
    claim = claim_of()
    claim.add_reference("9F", "REFERRAL1")
    claim.add(["AMT", "F5", "10"])
    claim.add(["PWK", "OZ", "EL", "", "", "AC", "ATT1"])
    claim.add_note("SECOND")
    claim.add(["CRC", "75", "Y", "04"])
    assert tags(claim)[:10] == ["CLM", "DTP", "PWK", "AMT", "REF", "REF", "NTE", "NTE", "CRC", "HI"]
    assert [note.text for note in claim.notes] == ["FIRST NOTE", "SECOND"]
    line = claim.lines[0]
    line.add_note("LINE NOTE")
    line.add(["CR3", "I", "MO", "12"])
    line.add_reference("G1", "UTN2")
    assert [segment.tag for segment in line.segments] == ["LX", "SV1", "CR3", "DTP", "REF", "REF", "NTE", "NM1"]
    assert claim.stored.claim == [segment.raw for segment in claim.segments]


def test_a_segment_that_is_not_there_is_made() -> None:
    claim = claim_of(billing=BILLING[1:])
    claim.set("REF[F8]02", "ICN1")
    claim.set("2000A PRV03", "332B00000X")
    claim.set("2010BB REF[FY]02", "OFFICE1")
    assert claim.payer_control_number == "ICN1"
    assert claim.billing_provider.taxonomy == "332B00000X"
    assert claim.payer.reference("FY") == "OFFICE1"
    assert claim.stored.billing[0].startswith("PRV")


def test_a_loop_that_is_not_there_is_not_made() -> None:
    with pytest.raises(EditError, match="2310B"):
        claim_of().set("2310B NM109", "1999999042")
    with pytest.raises(EditError, match="2010CA"):
        claim_of().set("2010CA N403", "62704")
    with pytest.raises(EditError, match="2430"):
        claim_of().lines[0].set("SVD02", "1")


def test_the_second_of_two_loops_is_named_by_its_number() -> None:
    other = ("SBR*T*18*******MC", "OI***Y***Y", "NM1*IL*1*A*B****MI*1", "NM1*PR*2*THIRD*****PI*T3")
    claim = claim_of([*CLAIM[:6], *other, *other, *CLAIM[6:]])
    claim.set("2330B#2 NM109", "FOURTH")
    assert [one.payer.id for one in claim.other_subscribers] == ["T3", "FOURTH"]


def test_line_control_numbers_go_to_the_lines_that_lack_them() -> None:
    claim = claim_of()
    assert claim.add_line_control_numbers(lambda line: f"N{line.number}") == 1
    assert [line.control_number for line in claim.lines] == ["L1", "N2"]
    assert [segment.tag for segment in claim.lines[1].segments] == ["LX", "SV1", "DTP", "REF", "NM1"]
    assert claim.add_line_control_numbers(lambda line: "X") == 0


def test_segments_can_be_taken_out() -> None:
    claim = claim_of()
    assert claim.remove("REF", "G1") == 1
    assert claim.authorization == ""
    line = claim.lines[0]
    assert (line.remove("REF"), line.remove("REF")) == (1, 0)
    assert line.ordering_provider.last == "ORDERER"
    assert [edit.kind for edit in claim.edits] == ["remove", "remove"]
    for tag in ("LX", "SV1"):
        with pytest.raises(EditError):
            line.remove(tag)
    with pytest.raises(EditError):
        claim.remove("CLM")


@pytest.mark.parametrize("value", ["A*B", "A~B", "A:B", "A^B", "A\nB", "A\u20acB"])
def test_a_separator_can_never_stand_inside_a_value(value: str) -> None:
    claim = claim_of()
    with pytest.raises(EditError) as refused:
        claim.set("REF[G1]02", value)
    assert value not in str(refused.value)
    assert claim.edits == []


def test_a_whole_composite_may_be_set() -> None:
    line = claim_of().lines[0]
    line.set("SV101", "HC:E1391:RR")
    assert (line.code, line.modifiers) == ("E1391", ("RR",))


def test_free_text_loses_separators_and_what_is_too_long() -> None:
    claim = claim_of()
    claim.add_note("90 DAYS: 3*30~OK " + "X" * 100)
    text = claim.notes[-1].text
    assert text.startswith("90 DAYS  3 30 OK X")
    assert len(text) == 80


@pytest.mark.parametrize("place", ["CLM", "CLM5", "clm05", "CLM00", "2300", "X", "CLM05-0", "NM1*09", ""])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(EditError, match="is no place"):
        claim_of().set(place, "X")


def test_what_was_read_before_an_edit_is_read_anew_after_it() -> None:
    claim = claim_of(patient=PATIENT)
    line = claim.lines[0]

    def seen() -> tuple[object, ...]:
        return (
            *(claim.frequency, claim.notes, claim.subscriber.member_id, claim.patient.last, claim.reference("G1")),
            *(line.code, line.modifiers, line.dates.start, line.notes, line.ordering_provider.npi, line.number),
        )

    before = seen()
    claim.set("CLM05-3", "7")
    claim.set("NTE[ADD]02", "ANOTHER NOTE")
    claim.set("2010BA NM109", "9XX9XX9XX99")
    claim.set("2010CA NM103", "CAROL")
    claim.set("REF[G1]02", "UTN00000000002")
    line.set("SV101-2", "E0431")
    line.set_modifiers(("RR", "QF"))
    line.set("DTP[472]03", "20260205-20260304")
    line.add_note("A NOTE OF THE LINE")
    line.set("2420E NM109", "1999999034")
    line.set("LX01", "9")
    after = seen()
    assert [one == other for one, other in zip(before, after, strict=True)] == [False] * len(before)
    assert after == (
        *("7", (("ADD", "ANOTHER NOTE"),), "9XX9XX9XX99", "CAROL", "UTN00000000002"),
        *("E0431", ("RR", "QF"), dt.date(2026, 2, 5), (("ADD", "A NOTE OF THE LINE"),), "1999999034", 9),
    )
    assert seen() == after


def test_a_provider_of_a_line_is_found_by_its_entity_alone() -> None:
    claim = claim_of([*CLAIM, "NM1*DKX*1*NOBODY", "NM1*DN*1*RITA", "NM1*DQ"])
    line = claim.lines[-1]
    assert [line.provider(entity).last for entity in ("DN", "DQ", "ZZ", "DKX")] == ["RITA", "", "", "NOBODY"]
    assert [bool(line.provider(entity)) for entity in ("DQ", "ZZ")] == [True, False]


SEGMENTS = st.sampled_from(["NM1*85*2*A", "NM1*87*2", "NM1*PE", "NM1*IL*1", "NM1*XX", "NM1", "N3*1 ROAD", "REF*EI*1"])


@given(st.lists(SEGMENTS, max_size=8), st.sampled_from(["2010AA", "2010AB", "2010AC", "2010A"]))
def test_a_party_of_a_level_is_the_first_of_its_loops(raw: list[str], loop: str) -> None:
    spans = [span for span in level_spans(raw, "*", "2000A") if span.loop == loop]
    wanted = raw[spans[0].start : spans[0].end] if spans else []
    assert level_party(raw, "*", "2000A", loop) == wanted


def test_a_dead_handle_takes_no_more_edits() -> None:
    claim = claim_of()
    line = claim.lines[0]
    claim.set("CLM20", "7")
    claim.kill()
    for edit in (
        lambda: claim.set("CLM05-3", "7"),
        lambda: claim.add_reference("G1", "X"),
        lambda: claim.remove("REF"),
        lambda: claim.add_line_control_numbers(lambda line: "X"),
        lambda: line.set("SV102", "1"),
        lambda: line.set_modifiers(("RR",)),
        lambda: line.add_note("X"),
        lambda: line.remove("REF"),
    ):
        with pytest.raises(EditError, match="taken back"):
            edit()
    assert (claim.delay_reason, len(claim.edits)) == ("7", 1)


def test_a_new_handle_begins_where_the_first_ended() -> None:
    claim = claim_of(by="first")
    claim.lines[1].set_modifiers(("RR", "KX"))
    second = claim.handle("second")
    claim.kill()
    second.set("CLM05-3", "8")
    assert (second.by, len(second.edits), second.frequency, claim.frequency) == ("second", 1, "8", "1")
    assert second.lines[1].modifiers == ("RR", "KX")
    assert second.faults() == []


def test_a_claim_is_the_same_after_it_was_packed() -> None:
    claim = claim_of(patient=PATIENT)
    claim.set("CLM05-3", "7")
    assert StoredClaim.unpack(claim.stored.pack()) == claim.stored


PLACES = ["CLM05-3", "CLM20", "REF[F8]02", "NTE02", "2010BA N301", "SBR03", "HI02-2", "2010AA REF[EI]02"]
VALUES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=10)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=6))
def test_what_was_set_last_is_what_stands_there(edits: list[tuple[str, str]]) -> None:
    claim = claim_of()
    for place, value in edits:
        claim.set(place, value)
    again = Claim(claim.stored)
    last = dict(edits)
    reads = {
        "CLM05-3": again.frequency,
        "CLM20": again.delay_reason,
        "REF[F8]02": again.payer_control_number,
        "NTE02": again.notes[0].text,
        "2010BA N301": again.subscriber.address.line1,
        "SBR03": again.subscriber.group,
        "HI02-2": again.diagnoses[1].code,
        "2010AA REF[EI]02": again.billing_provider.tax_id,
    }
    for place, value in last.items():
        assert reads[place] == value
    assert len(again.lines) == 2
    assert [edit.after for edit in claim.edits] == [value for _, value in edits]
