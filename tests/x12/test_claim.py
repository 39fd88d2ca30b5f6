"""A claim read from an 837P: what a biller knows of it is at hand, and what cannot be read is a fault."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from gateway.core.x12.claim import Diagnosis
from gateway.core.x12.items import ClaimSetEnd, UnknownSet
from gateway.core.x12.loop import Adjustment, Note
from gateway.core.x12.party import Address
from gateway.core.x12.values import Period

from .build import CLAIM, PATIENT, SAMPLES, SUBSCRIBER, changed, claim_of, claims_file, claims_of, items

STUPIDEDI = SAMPLES / "stupidedi/005010/X222A1_HC837_Health_Care_Claim_Professional/pass"


def test_a_claim_tells_who_is_charged_what_and_why() -> None:
    (read,) = claims_of(claims_file())
    claim = read.claim
    assert (claim.id, claim.charge, claim.charge_cents) == ("A1001", Decimal("615.50"), 61550)
    assert (claim.place_of_service, claim.frequency, claim.filing_code) == ("12", "1", "MB")
    assert (claim.payer_responsibility, claim.accepts_assignment, claim.benefits_assigned) == ("P", "A", "Y")
    assert claim.diagnoses == (Diagnosis("J449", "ABK"), Diagnosis("G4733", "ABF"))
    assert claim.authorization == "UTN00000000001"
    assert claim.admission_date == dt.date(2026, 1, 1)
    assert claim.notes == (Note("ADD", "FIRST NOTE"),)
    assert (claim.from_date, claim.thru_date) == (dt.date(2026, 1, 5), dt.date(2026, 2, 4))
    assert claim.faults() == []


def test_a_claim_names_its_people() -> None:
    claim = claim_of()
    biller = claim.billing_provider
    assert (biller.name, biller.npi, biller.taxonomy) == ("EXAMPLE OXYGEN SUPPLY", "1999999018", "332B00000X")
    assert (biller.tax_id, biller.tax_id_qualifier) == ("999000001", "EI")
    assert biller.address == Address("1 SUPPLY ROAD", "SUITE 2", "SPRINGFIELD", "IL", "627010000")
    assert biller.contacts[0].number("EM") == "OFFICE@EXAMPLE.ORG"
    assert claim.pay_to.address.line1 == "PO BOX 9"
    assert not claim.pay_to_plan
    subscriber = claim.subscriber
    assert (subscriber.member_id, subscriber.last, subscriber.first) == ("1EG4TE5MK73", "ABELSON", "ADA")
    assert (subscriber.birth_date, subscriber.sex, subscriber.group) == (dt.date(1940, 2, 3), "F", "GROUP7")
    assert (subscriber.relationship, subscriber.address.city) == ("18", "SPRINGFIELD")
    assert (claim.payer.name, claim.payer.id, claim.payer.id_qualifier) == ("PRACTICE MEDICARE", "16013", "PI")
    assert claim.referring_provider.npi == "1999999034"
    assert not claim.rendering_provider


def test_the_patient_is_the_subscriber_unless_the_claim_names_another() -> None:
    assert claim_of().patient.is_subscriber
    assert claim_of().patient.first == "ADA"
    child = claim_of(patient=PATIENT).patient
    assert (child.is_subscriber, child.first, child.relationship) == (False, "BEN", "19")
    assert child.birth_date == dt.date(2015, 4, 5)


def test_a_line_tells_its_item_its_price_and_its_days() -> None:
    first, second = claim_of().lines
    assert (first.number, first.qualifier, first.code) == (1, "HC", "E1390")
    assert first.modifiers == ("RR", "KH", "KX")
    assert (first.charge, first.charge_cents, first.units, first.unit_type) == (
        Decimal("461.10"),
        46110,
        Decimal(1),
        "UN",
    )
    assert first.pointers == (1, 2)
    assert first.dates == Period(dt.date(2026, 1, 5), dt.date(2026, 2, 4))
    assert (first.control_number, second.control_number) == ("L1", "")
    assert first.ordering_provider.last == "ORDERER"
    assert first.place_of_service == ""
    assert second.dates.end == dt.date(2026, 1, 5)


def test_a_line_carries_equipment_drug_form_and_condition() -> None:
    line = claim_of(
        [
            *CLAIM[:7],
            "SV1*HC:K0001:RR:KH:BR*71*UN*1***1",
            "SV5*HC:K0001*DA*30*50*500*4",
            "CR3*I*MO*12",
            "CRC*09*N*ZV",
            "DTP*472*D8*20260105",
            "DTP*463*D8*20251201",
            "MEA*TR*R1*65.5",
            "AMT*T*2.5",
            "K3*STATE DATA",
            "LIN**N4*00093012345",
            "CTP****2.5*ML",
            "REF*XZ*RX77",
            "NM1*DK*1*ORDERER*OLGA****XX*1999999026",
            "SVD*OTHER1*40.5*HC:K0001:RR**1*2",
            "CAS*PR*2*10*1",
            "DTP*573*D8*20260201",
            "AMT*EAF*10",
            "LQ*UT*04.04",
            "FRM*1A**99",
            "FRM*2*Y",
            "FRM*3***20260105",
        ]
    ).lines[0]
    assert line.dme is not None
    assert (line.dme.code, line.dme.days, line.dme.rental_cents, line.dme.purchase_cents) == ("K0001", 30, 5000, 50000)
    assert line.certification is not None
    assert (line.certification.type, line.certification.months) == ("I", 12)
    assert line.conditions[0].codes == ("ZV",)
    assert line.date("463").start == dt.date(2025, 12, 1)
    assert line.measurements[0].value == Decimal("65.5")
    assert line.amount("T") == Decimal("2.50")
    assert line.amount("EAF") is None  # it stands in 2430, not in the line itself
    assert line.file_information == ("STATE DATA",)
    assert line.drug is not None
    assert (line.drug.code, line.drug.quantity, line.drug.unit) == ("00093012345", Decimal("2.5"), "ML")
    assert line.drug.prescription_number == "RX77"
    (said,) = line.adjudications
    assert (said.payer_id, said.paid, said.units, said.bundled_line) == ("OTHER1", Decimal("40.50"), 1, "2")
    assert said.procedure.modifiers == ("RR",)
    assert said.adjustments == (Adjustment("PR", "2", 1000, Decimal(1)),)
    assert (said.paid_date, said.remaining_cents) == (dt.date(2026, 2, 1), 1000)
    (form,) = line.forms
    assert (form.qualifier, form.code, len(form.answers)) == ("UT", "04.04", 3)
    assert form.answers[2].date == dt.date(2026, 1, 5)


def test_a_secondary_claim_tells_what_the_first_payer_decided() -> None:
    other = (
        "SBR*P*01*G9******CI",
        "CAS*PR*1*21.89**2*15",
        "AMT*D*39.15",
        "AMT*EAF*36.89",
        "OI***Y*P**Y",
        "MOA***MA01*N4",
        "NM1*IL*1*CONRAD*CARL****MI*JS1",
        "NM1*PR*2*FIRST PAYER*****PI*OTHER1",
        "DTP*573*D8*20260110",
        "REF*F8*ICN77",
        "SBR*T*18*******MC",
        "OI***Y***Y",
        "NM1*IL*1*ABELSON*ADA****MI*JS2",
        "NM1*PR*2*THIRD PAYER*****PI*OTHER3",
    )
    claim = claim_of([*CLAIM[:6], *other, *CLAIM[6:]])
    first, third = claim.other_subscribers
    assert (first.responsibility, first.filing_code, first.subscriber.member_id) == ("P", "CI", "JS1")
    assert first.subscriber.relationship == "01"
    assert first.adjustments == (Adjustment("PR", "1", 2189), Adjustment("PR", "2", 1500))
    assert (first.paid_cents, first.remaining_cents, first.non_covered_cents) == (3915, 3689, None)
    assert (first.payer.id, first.paid_date, first.claim_control_number) == ("OTHER1", dt.date(2026, 1, 10), "ICN77")
    assert first.remark_codes == ("MA01", "N4")
    assert (first.benefits_assigned, first.release) == ("Y", "Y")
    assert (third.payer.name, third.paid_cents) == ("THIRD PAYER", None)
    assert claim.referring_provider.last == "REFERRER"
    assert claim.payer_control_number == ""  # the F8 is the other payer's


def test_every_claim_knows_its_place_in_the_file() -> None:
    second = changed(CLAIM, CLAIM[0], "CLM*A1002*615.5***12:B:1*Y*A*Y*Y")
    text = claims_file([CLAIM, second])
    first, other = claims_of(text)
    assert [first.ordinal, other.ordinal] == [1, 2]
    assert text[other.offset :].startswith("CLM*A1002")
    assert other.set.position(other.segment_number) == other.segment_number - 2
    assert (other.set.bht03, other.set.st02, other.set.version) == ("BATCH1", "0001", "005010X222A1")
    assert (other.set.submitter.id, other.set.receiver.id) == ("SUB1", "CH1")
    envelope = other.set.envelope
    assert (envelope.sender, envelope.isa13, envelope.usage, envelope.gs06) == ("SENDER", "000000001", "T", "77")
    end = items(text)[-1]
    assert isinstance(end, ClaimSetEnd)
    assert (end.sound, end.claims) == (True, 2)


def test_claims_stand_under_the_subscriber_and_patient_above_them() -> None:
    other = changed(SUBSCRIBER, SUBSCRIBER[1], "NM1*IL*1*BRANDT*BEA****MI*1EG4TE5MK74")
    text = claims_file(patient=PATIENT)
    more = "".join(f"{segment}~\n" for segment in ("HL*4*1*22*0", *other, "CLM*A1003*1***12:B:1*Y*A*Y*Y"))
    text = text.replace("~\nSE*", "~\n" + more + "SE*")
    first, second = claims_of(text)
    assert first.claim.patient.first == "BEN"
    assert second.claim.patient.last == "BRANDT"
    assert second.claim.stored.patient == []
    assert first.faults == second.faults == ()


def test_a_level_that_names_another_parent_is_a_fault_of_its_claims() -> None:
    (read,) = claims_of(claims_file().replace("HL*2*1*22", "HL*2*9*22"))
    assert [fault.code for fault in read.faults] == ["hl-parent"]
    assert read.set.fault_count >= 1


def test_a_claim_without_its_levels_is_read_and_faulty() -> None:
    text = claims_file()
    start, end = text.index("HL*1"), text.index("CLM*")
    (read,) = claims_of(text[:start] + text[end:])
    assert read.claim.id == "A1001"
    codes = {(fault.loop, fault.segment_id) for fault in read.claim.faults()}
    assert {("2010AA", "NM1"), ("2000B", "SBR")} <= codes


@pytest.mark.parametrize(
    ("before", "after", "code", "loop", "place"),
    [
        (CLAIM[0], "CLM*A1001*6I5.5***12:B:1*Y*A*Y*Y", "bad-amount", "2300", ("CLM", 2, 0)),
        (CLAIM[0], "CLM*A1001****12:B:1*Y*A*Y*Y", "missing-value", "2300", ("CLM", 2, 0)),
        (CLAIM[0], "CLM**615.5***12:B:1*Y*A*Y*Y", "missing-value", "2300", ("CLM", 1, 0)),
        (CLAIM[1], "DTP*435*D8*20260231", "bad-date", "2300", ("DTP", 3, 0)),
        (CLAIM[1], "DTP*435*XX*20260201", "bad-date-form", "2300", ("DTP", 2, 0)),
        (CLAIM[6], "LX*ONE", "bad-number", "2400", ("LX", 1, 0)),
        (CLAIM[7], "SV1*HC:E1390:RR*461.123*UN*1***1:2", "bad-amount", "2400", ("SV1", 2, 0)),
        (CLAIM[7], "SV1*HC:E1390:RR*461.1*UN*ONE***1:2", "bad-number", "2400", ("SV1", 4, 0)),
        (CLAIM[7], "SV1*HC*461.1*UN*1***1:2", "missing-value", "2400", ("SV1", 1, 2)),
        (CLAIM[7], "SV1*HC:E1390:RR*461.1*UN*1***1:3", "no-such-diagnosis", "2400", ("SV1", 7, 2)),
        (CLAIM[7], "SV1*HC:E1390:RR*461.1*UN*1***A", "bad-pointer", "2400", ("SV1", 7, 1)),
        (CLAIM[7], "SV2**HC:E1390:RR*461.1*UN*1", "missing-segment", "2400", ("SV1", 0, 0)),
        (CLAIM[8], "DTP*472*RD8*20260105", "bad-date", "2400", ("DTP", 3, 0)),
    ],
)
def test_a_value_that_cannot_be_read_is_a_fault_with_its_place(
    before: str, after: str, code: str, loop: str, place: tuple[str, int, int]
) -> None:
    (read,) = claims_of(claims_file([changed(CLAIM, before, after)]))
    (fault,) = read.claim.faults()
    assert (fault.code, fault.loop) == (code, loop)
    assert (fault.segment_id, fault.element, fault.component) == place
    # The fault of a line without SV1 stands at its LX.
    first = read.segment_number
    assert fault.segment_number == first + CLAIM.index(before) - (1 if code == "missing-segment" else 0)
    assert "461" not in fault.message
    assert "ONE" not in fault.message


def test_a_subscriber_s_impossible_birth_date_is_a_fault() -> None:
    claim = claim_of(subscriber=changed(SUBSCRIBER, "DMG*D8*19400203*F", "DMG*D8*19401350*F"))
    assert claim.subscriber.birth_date is None
    (fault,) = claim.faults()
    assert (fault.code, fault.loop, fault.segment_id) == ("bad-date", "2010BA", "DMG")


def test_unreadable_values_read_as_nothing_and_never_raise() -> None:
    claim = claim_of(["CLM*X*abc", "HI*", "LX", "SV1", "DTP*472", "LX*9", "SV1*HC:A*1.2.3*UN*1E5***x:99999"])
    assert (claim.charge, claim.charge_cents, claim.frequency) == (Decimal("0.00"), 0, "")
    assert claim.diagnoses == ()
    first, second = claim.lines
    assert (first.number, first.code, first.modifiers, first.pointers) == (0, "", (), ())
    assert first.dates == Period(None, None)
    assert not first.dates
    assert (second.charge, second.units) == (Decimal("0.00"), Decimal(0))


def test_another_version_s_claim_is_read_as_far_as_it_has_the_same_shape() -> None:
    institutional = items(claims_file([[CLAIM[0], "LX*1", "SV2*0300*HC:81000*120*UN*1"]]))
    (read,) = [item for item in institutional if hasattr(item, "claim")]
    assert [fault.segment_id for fault in read.claim.faults()] == ["SV1"]


def test_a_set_that_nobody_reads_is_named() -> None:
    text = claims_file().replace("ST*837*", "ST*834*")
    (item,) = [found for found in items(text) if isinstance(found, UnknownSet)]
    assert item.set.kind == "834"


def test_separators_are_those_of_the_file() -> None:
    text = claims_file().replace(":", "<").replace("*", "|").replace("~\n", "\x1d")
    (read,) = claims_of(text)
    assert read.claim.lines[0].modifiers == ("RR", "KH", "KX")
    assert read.claim.subscriber.member_id == "1EG4TE5MK73"
    assert read.claim.faults() == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of real samples is not here")
class TestRealFiles:
    def test_the_guide_s_oxygen_claim(self) -> None:
        (read,) = claims_of((STUPIDEDI / "oxygen.edi").read_bytes().decode("latin-1"))
        claim = read.claim
        assert (claim.id, claim.charge, claim.filing_code) == ("R03996273 #01", Decimal("520.24"), "MB")
        assert [(line.code, line.modifiers, line.charge_cents) for line in claim.lines] == [
            ("E1390", ("RR",), 46110),
            ("E0431", ("RR",), 5914),
        ]
        line = claim.lines[0]
        assert line.certification is not None
        assert (line.certification.type, line.certification.months) == ("R", 99)
        assert line.attachments[0].transmission == "AD"
        assert (line.ordering_provider.last, line.ordering_provider.contacts[0].number("TE")) == (
            "WILSON",
            "5554446666",
        )
        (form,) = line.forms
        assert (form.code, len(form.answers), form.answers[1].text) == ("04.03", 9, "20050228")
        assert line.date("461").start == dt.date(2005, 3, 1)
        assert claim.faults() == []

    def test_the_guide_s_secondary_claim(self) -> None:
        file = STUPIDEDI / "COB-claim-from-billing-provider-to-payer-b.edi"
        (read,) = claims_of(file.read_bytes().decode("latin-1"))
        claim = read.claim
        (other,) = claim.other_subscribers
        assert other.adjustments == (Adjustment("PR", "1", 2189), Adjustment("PR", "2", 1500))
        assert (other.paid_cents, other.remaining_cents) == (3915, 3689)
        assert claim.facility.npi == "1581234567"
        assert claim.rendering_provider.taxonomy == "204C00000X"
        paid = [(said.payer_id, said.paid_cents) for line in claim.lines for said in line.adjudications]
        assert paid == [("999996666", 4000), ("999996666", 1500), ("999996666", 2104)]
        assert claim.lines[0].adjudications[0].adjustments == (Adjustment("CO", "42", 300),)
        assert claim.patient.first == "TED"
        assert claim.faults() == []

    def test_a_drug_and_a_wheelchair(self) -> None:
        file = STUPIDEDI / "drug-administered-in-the-physician-office.edi"
        (read,) = claims_of(file.read_bytes().decode("latin-1"))
        drugs = [line.drug for line in read.claim.lines if line.drug is not None]
        assert drugs
        assert all(drug.qualifier == "N4" and drug.quantity > 0 for drug in drugs)
        (read,) = claims_of((STUPIDEDI / "wheelchair.edi").read_bytes().decode("latin-1"))
        (line,) = read.claim.lines
        assert (line.code, set(line.modifiers)) == ("K0001", {"BR", "KH", "RR"})
        assert line.measurements[0].value is not None
