"""What partners answer: TA1, 999 and 997, 277CA."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.core.x12.acknowledgment import ClaimStatus, StatusCode, StatusLevel
from gateway.core.x12.items import (
    AcknowledgmentEnd,
    ReadGroupAcknowledgment,
    ReadInterchangeAcknowledgment,
    ReadSetAcknowledgment,
    ReadStatus,
)

from .build import ACK_999, SAMPLES, STATUS_277CA, file_of, items


def ack(*body: str) -> str:
    return file_of(body or ACK_999, "999", "005010X231A1", "FA")


def status_file(*body: str) -> str:
    return file_of(body or STATUS_277CA, "277", "005010X214", "HN")


def levels(text: str) -> list[StatusLevel]:
    return [item.status for item in items(text) if isinstance(item, ReadStatus)]


def test_a_999_tells_of_each_set_what_is_wrong_in_it() -> None:
    first, second, group, end = items(ack())
    assert isinstance(first, ReadSetAcknowledgment)
    said = first.acknowledgment
    assert (said.gs06, said.kind, said.st02, said.version) == ("77", "837", "0001", "005010X222A1")
    assert (said.code, said.codes) == ("R", ("5", "I5"))
    claim, provider = said.errors
    assert (claim.segment, claim.position, claim.loop, claim.codes) == ("CLM", 22, "2300", ("8",))
    amount, frequency = claim.elements
    assert (amount.element, amount.component, amount.data_element, amount.code, amount.value) == (
        2,
        1,
        "782",
        "1",
        "BADVALUE",
    )
    assert (frequency.element, frequency.component, frequency.repetition, frequency.code) == (5, 3, 1, "7")
    assert (claim.contexts[0].name, claim.contexts[0].value) == ("CLM01", "A1001")
    assert (provider.segment, provider.codes, provider.elements) == ("NM1", ("I6",), ())
    trigger = provider.contexts[0]
    assert (trigger.name, trigger.segment, trigger.position, trigger.loop, trigger.element) == (
        "SITUATIONAL TRIGGER",
        "SV1",
        28,
        "2400",
        1,
    )
    assert isinstance(second, ReadSetAcknowledgment)
    assert (second.acknowledgment.st02, second.acknowledgment.code) == ("0002", "A")
    assert isinstance(group, ReadGroupAcknowledgment)
    found = group.acknowledgment
    assert (found.kind, found.gs06, found.version, found.code) == ("HC", "77", "005010X222A1", "P")
    assert (found.included, found.received, found.accepted, found.codes) == (2, 2, 1, ("5",))
    assert found.named == ("0001", "0002")
    assert isinstance(end, AcknowledgmentEnd)
    assert end.sound


def test_a_999_may_speak_of_the_group_alone() -> None:
    group, _ = items(ack("AK1*HC*77*005010X222A1", "AK9*A*3*3*3"))
    assert isinstance(group, ReadGroupAcknowledgment)
    assert (group.acknowledgment.code, group.acknowledgment.named) == ("A", ())


def test_a_997_is_read_like_a_999() -> None:
    body = ("AK1*HC*77", "AK2*837*0001", "AK3*CLM*22**8*5", "AK4*1*1028*1", "AK5*R*5", "AK9*R*1*1*0")
    found, group, _ = items(file_of(body, "997", "005010X230", "FA"))
    assert isinstance(found, ReadSetAcknowledgment)
    (error,) = found.acknowledgment.errors
    assert (error.codes, error.elements[0].element) == (("8", "5"), 1)
    assert isinstance(group, ReadGroupAcknowledgment)
    assert group.acknowledgment.code == "R"


def test_a_999_with_nonsense_in_it_is_read_as_far_as_it_goes() -> None:
    found, group, _ = items(ack("AK1", "AK2", "IK4*X*Y", "IK3*CLM*MANY", "CTX", "IK5", "AK9*P*A*-1*999999999999"))
    assert isinstance(found, ReadSetAcknowledgment)
    assert (found.acknowledgment.code, found.acknowledgment.errors[0].position) == ("", 0)
    assert isinstance(group, ReadGroupAcknowledgment)
    assert (group.acknowledgment.included, group.acknowledgment.accepted) == (0, 0)


def test_a_ta1_stands_beside_a_999_in_one_file() -> None:
    text = ack().replace("GS*FA", "TA1*000000042*260105*1200*R*025~\nGS*FA", 1)
    first = items(text)[0]
    assert isinstance(first, ReadInterchangeAcknowledgment)
    said = first.acknowledgment
    assert (said.control_number, said.date, said.time, said.code, said.note) == (
        "000000042",
        dt.date(2026, 1, 5),
        "1200",
        "R",
        "025",
    )
    assert first.envelope.sender == "SENDER"
    assert len(items(text)) == 5


def test_a_277ca_tells_of_the_batch_the_provider_and_each_claim() -> None:
    source, receiver, provider, accepted, rejected = levels(status_file())
    assert (source.level, source.party.entity, source.trace) == ("20", "PR", "TRACE1")
    assert (receiver.trace, receiver.batch_reference) == ("BATCH1", "BATCH1")
    assert (receiver.accepted_count, receiver.rejected_count) == (1, 1)
    assert (receiver.accepted_cents, receiver.rejected_cents) == (60000, 40000)
    assert (receiver.statuses[0].action, receiver.statuses[0].cents) == ("WQ", 100000)
    assert (provider.party.npi, provider.accepted_count, provider.rejected_count) == ("1999999018", 1, 1)
    assert isinstance(accepted, ClaimStatus)
    assert (accepted.claim_number, accepted.payer_claim_number, accepted.clearinghouse_number) == (
        "A1001",
        "ICN0001",
        "CH0001",
    )
    assert accepted.statuses[0].codes == (StatusCode("A2", "20", "PR"),)
    assert accepted.dates.end == dt.date(2026, 2, 4)
    assert accepted.source is source
    assert accepted.billing_provider is provider
    assert isinstance(rejected, ClaimStatus)
    assert rejected.batch_reference == "BATCH1"


def test_a_rejected_claim_tells_all_its_codes_and_those_of_its_lines() -> None:
    rejected = levels(status_file())[-1]
    assert isinstance(rejected, ClaimStatus)
    (status,) = rejected.statuses
    assert status.codes == (StatusCode("A7", "562", "DK"), StatusCode("A7", "507", ""), StatusCode("A3", "247", ""))
    assert (status.action, status.text, status.date) == ("U", "LOOK AT THE LINE", dt.date(2026, 1, 6))
    (line,) = rejected.lines
    assert (line.control_number, line.procedure.code, line.charge_cents) == ("L1", "E1390", 40000)
    assert line.statuses[0].codes == (StatusCode("A7", "454", ""),)
    assert line.dates.start == dt.date(2026, 1, 5)
    assert rejected.patient.last == "BRANDT"
    assert all(level.faults() == [] for level in levels(status_file()))


def test_a_patient_with_two_claims_has_two_statuses() -> None:
    body = [*STATUS_277CA[:25], "TRN*2*A1009", "STC*A7:21*20260106*U*5"]
    *_, first, second = levels(status_file(*body))
    assert isinstance(first, ClaimStatus)
    assert isinstance(second, ClaimStatus)
    assert (first.claim_number, second.claim_number) == ("A1001", "A1009")
    assert (second.payer_claim_number, second.patient.last) == ("", "ABELSON")
    assert second.statuses[0].codes[0].category == "A7"


def test_a_status_that_cannot_be_read_is_a_fault() -> None:
    body = [*STATUS_277CA[:21], "STC**2026-01-06*U*4OO"]
    codes = {(fault.segment_id, fault.element) for fault in levels(status_file(*body))[-1].faults()}
    assert codes == {("STC", 1), ("STC", 2), ("STC", 4)}


def test_a_level_without_a_level_above_it_is_noted() -> None:
    body = [segment for segment in STATUS_277CA if segment != "HL*2*1*21*1"]
    found = items(status_file(*body))
    end = found[-1]
    assert isinstance(end, AcknowledgmentEnd)
    assert "hl-parent" in [fault.code for fault in end.set.faults]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of real samples is not here")
class TestRealFiles:
    def test_a_rejection_by_the_state_s_payer(self) -> None:
        text = (SAMPLES / "imsweb/277_5010/x12_277CA_rejected.txt").read_bytes().decode("latin-1")
        claim = levels(text)[-1]
        assert isinstance(claim, ClaimStatus)
        assert claim.statuses[0].codes == (StatusCode("A7", "562", "85"),)
        assert (claim.batch_reference, claim.payer_claim_number) == ("11200001", "1107000000001120")
        assert claim.reference("BLT") == "731"

    def test_a_999_of_three_sets(self) -> None:
        text = (SAMPLES / "mjpete3/tc_parse_999.2.txt").read_bytes().decode("latin-1")
        sets = [item.acknowledgment for item in items(text) if isinstance(item, ReadSetAcknowledgment)]
        assert [(said.st02, said.code) for said in sets] == [("0001", "A"), ("0002", "R"), ("0003", "R")]
        assert sets[2].errors[0].contexts[0].position == 43

    def test_a_ta1_and_34_sets(self) -> None:
        text = (SAMPLES / "mjpete3/tc_parse_999.3.txt").read_bytes().decode("latin-1")
        found = items(text)
        assert sum(isinstance(item, ReadSetAcknowledgment) for item in found) == 34
        assert sum(isinstance(item, ReadInterchangeAcknowledgment) for item in found) == 1
