"""Whatever is found, and whatever a file holds: the 999 passes its guide, and its counts add up."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.x12.acknowledgment import StatusCode
from gateway.core.x12.answers.checking import answered_group, judge, judge_all_or_nothing, judge_readable
from gateway.core.x12.answers.claim_status import BatchSaid, ClaimSaid, LineSaid, Name, ProviderSaid, claim_status
from gateway.core.x12.answers.functional import (
    MOST_SEGMENTS,
    AnsweredGroup,
    AnsweredSet,
    Told,
    Unit,
    can_be_answered,
    functional,
)
from gateway.core.x12.answers.interchange import notes, ta1
from gateway.core.x12.guides.answer_codes import (
    ElementCode,
    GroupCode,
    InterchangeCode,
    SegmentCode,
    SetCode,
    SetVerdict,
)
from gateway.core.x12.guides.elements import ElementFault
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding, Trigger
from gateway.core.x12.segment import Delimiters

from .made import AT, GOOD, MARKS, against_guide, checked
from .test_interchange import against_envelope

wire = st.text(st.characters(max_codepoint=255), max_size=12)
tags = st.one_of(st.sampled_from(["CLM", "NM1", "REF", "N4", "HL"]), wire)
loops = st.one_of(st.sampled_from(["", "2010AA", "2300", "2400"]), wire)
numbers = st.integers(0, 200)
clm05 = next(
    element
    for loop in guide("837p").root.loops()
    for element in loop.first.elements
    if loop.id == "2300" and element.position == 5
)
faults = st.builds(
    ElementFault,
    numbers,
    numbers,
    st.integers(0, 20_000),
    st.sampled_from([*map(str, ElementCode)]),
    st.text(st.characters(max_codepoint=255), max_size=120),
    st.sampled_from([None, clm05, *clm05.components]),
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    fault = draw(st.none() | faults)
    code = "8" if fault else draw(st.sampled_from([*map(str, SegmentCode)]))
    made = Finding(draw(st.integers(1, 7)), draw(st.integers(0, 50)), draw(tags), draw(loops), "", code, fault)
    made.trigger = draw(st.none() | st.builds(Trigger, tags, numbers, loops, numbers, numbers, wire))
    made.claims = draw(st.sampled_from([(0, 0), (1, 1), (2, 7)]))
    return made


units = st.none() | st.builds(Unit, st.sampled_from(["CLM01", "SUBSCRIBER NAME NM109", "TRN02"]), wire)
sets = st.builds(
    AnsweredSet,
    st.one_of(st.sampled_from(["837", "835", "277"]), wire),
    wire,
    wire,
    st.sampled_from([SetVerdict.ACCEPTED, SetVerdict.ERRORS_NOTED, SetVerdict.REJECTED]),
    st.lists(st.sampled_from(SetCode), max_size=4).map(tuple),
    st.lists(st.builds(Told, findings(), units), max_size=12),
)
groups = st.builds(
    AnsweredGroup,
    st.one_of(st.sampled_from(["HC", "HP"]), wire),
    wire,
    wire,
    st.lists(sets, max_size=4),
    st.none() | st.integers(-1, 10**12),
    st.lists(st.sampled_from(GroupCode), max_size=7).map(tuple),
    st.booleans(),
)
marks = st.sampled_from([MARKS, Delimiters("|", ">", "^", "\n"), Delimiters("*", "<", "", "'")])


def adds_up(body: Sequence[str], group: AnsweredGroup, separator: str) -> None:
    """AK9 against the sets that stand above it."""
    verdicts = [text.split(separator)[1] for text in body if text.startswith("IK5" + separator)]
    _, code, included, received, accepted, *codes = body[-1].split(separator)
    assert int(received) == len(group.sets)
    assert group.included is None or int(included) == min(max(0, group.included), 999_999)
    if group.refused:
        assert (verdicts, code, accepted) == ([], "R", "0")
        return
    taken = [verdict for verdict in verdicts if verdict != "R"]
    assert (len(verdicts), int(accepted)) == (len(group.sets), len(taken))
    if not taken:
        assert code == "R"
    elif len(taken) < len(verdicts):
        assert code == "P"
    else:
        assert code == ("E" if "E" in taken or codes else "A")


@given(groups, marks)
def test_any_findings_on_any_set_give_a_999_that_is_right(group: AnsweredGroup, marks: Delimiters) -> None:
    if not can_be_answered(group):
        return
    body = list(functional(group, marks))
    assert against_guide("999", body, marks) == []
    adds_up(body, group, marks.element)
    assert sum(text.startswith("IK3") for text in body) <= MOST_SEGMENTS * len(group.sets)
    for text in body:
        parts = text.split(marks.element)
        if parts[0] == "IK5":
            assert (parts[1] == "A") == (len(parts) == 2)
            assert len(parts) == len(set(parts))


SEGMENTS = GOOD.split(b"~\n")[1:-2]  # the ISA and IEA stand
elements = st.sampled_from([b"", b"837", b"999", b"X", b"20261399", b"1" * 40, b"A:B", b"\xe9", b"0", b"\x01"])


@st.composite
def spoilt_files(draw: st.DrawFn) -> bytes:
    """The good file with a few segments gone, doubled, moved or changed in one element."""
    segments = list(SEGMENTS)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(segments) - 1))
        what = draw(st.sampled_from(["drop", "again", "swap", "change", "rename"]))
        if what == "drop" and len(segments) > 1:
            del segments[at]
        elif what == "again":
            segments.insert(at, segments[at])
        elif what == "swap":
            segments[at], segments[at - 1] = segments[at - 1], segments[at]
        else:
            parts = segments[at].split(b"*")
            place = 0 if what == "rename" else draw(st.integers(0, len(parts) - 1))
            parts[place] = draw(elements)
            segments[at] = b"*".join(parts)
    return b"~\n".join([GOOD.split(b"~\n")[0], *segments, *GOOD.split(b"~\n")[-2:]])


@given(spoilt_files(), st.sampled_from([judge, judge_all_or_nothing, judge_readable]))
def test_any_file_is_answered_rightly(data: bytes, how: object) -> None:
    for one in checked(data).interchanges:
        found = notes(one)
        for group in one.groups:
            answered = answered_group(group, how)  # type: ignore[arg-type]
            if can_be_answered(answered):
                body = list(functional(answered, MARKS))
                assert against_guide("999", body) == []
                adds_up(body, answered, "*")
            else:
                assert group.gs[1].strip() == "FA" or InterchangeCode.BAD_CONTENT in found
        text = ta1(one.isa, (found or [InterchangeCode.NO_ERROR])[0], AT, MARKS)
        assert against_envelope([GOOD.split(b"~")[0].decode("latin-1"), text, "IEA*0*000000101"]) == []


names = st.builds(Name, wire, wire, wire, wire, st.sampled_from(["", "FI"]), wire)
statuses = st.lists(
    st.builds(StatusCode, st.sampled_from(["A1", "A3", "A6", "A7", "A8"]), st.sampled_from(["19", "562"]), st.just("")),
    max_size=5,
).map(tuple)
cents = st.integers(0, 10**12)
days = st.sampled_from(["", "20261101", "20261102"])
said_claims = st.builds(
    ClaimSaid,
    *(wire, names.map(lambda name: name._replace(qualifier="MI")), cents, statuses, days, days, wire, wire),
    st.lists(
        st.builds(LineSaid, st.lists(wire, max_size=7).map(tuple), cents, wire, wire, days, days, statuses), max_size=3
    ).map(tuple),
)
providers = st.builds(ProviderSaid, names, st.lists(said_claims, max_size=4), statuses)
batches = st.builds(
    BatchSaid,
    *(names.map(lambda name: name._replace(qualifier="")), st.booleans()),
    *(names.map(lambda name: name._replace(qualifier="")), wire, wire, st.just(AT)),
    st.lists(providers, max_size=3),
    statuses,
)


@given(batches, marks)
def test_whatever_is_said_of_claims_the_277ca_is_right_and_adds_up(batch: BatchSaid, marks: Delimiters) -> None:
    body = list(claim_status(batch, marks))
    assert against_guide("277", body, marks) == []
    sums = dict.fromkeys(("90", "AA", "QA", "QC"), 0)
    for text in body:
        parts = text.split(marks.element)
        if parts[0] == "QTY":
            sums[parts[1]] += int(parts[2])
    assert sums["90"] + sums["AA"] == sum(len(provider.claims) for provider in batch.providers)
    if batch.taken:
        assert (sums["90"], sums["AA"]) == (sums["QA"], sums["QC"])
    else:
        assert sums["90"] == sums["QA"] == sums["QC"] == 0
