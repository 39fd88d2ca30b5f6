"""Small texts of every kind of file, and the way from text to what is in it. Everybody here is invented."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.core.x12.claim import Claim
from gateway.core.x12.claim_payment import ClaimPayment
from gateway.core.x12.items import ReadClaim, ReadPayment, Transaction
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.transactions import transactions

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
"""Real files, read where they are; tests that want them are skipped where there are none."""

BILLING_NPI = "1999999018"
ORDERING_NPI = "1999999026"

BILLING = (
    "PRV*BI*PXC*332B00000X",
    f"NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*{BILLING_NPI}",
    "N3*1 SUPPLY ROAD*SUITE 2",
    "N4*SPRINGFIELD*IL*627010000",
    "REF*EI*999000001",
    "PER*IC*BILLING OFFICE*TE*2175550100*EM*OFFICE@EXAMPLE.ORG",
    "NM1*87*2",
    "N3*PO BOX 9",
    "N4*SPRINGFIELD*IL*627050000",
)
SUBSCRIBER = (
    "SBR*P*18*GROUP7******MB",
    "NM1*IL*1*ABELSON*ADA*Q**JR*MI*1EG4TE5MK73",
    "N3*12 ELM STREET",
    "N4*SPRINGFIELD*IL*62704",
    "DMG*D8*19400203*F",
    "NM1*PR*2*PRACTICE MEDICARE*****PI*16013",
)
PATIENT = (
    "PAT*19**********",
    "NM1*QC*1*ABELSON*BEN",
    "N3*12 ELM STREET",
    "N4*SPRINGFIELD*IL*62704",
    "DMG*D8*20150405*M",
)
CLAIM = (
    "CLM*A1001*615.5***12:B:1*Y*A*Y*Y",
    "DTP*435*D8*20260101",
    "REF*G1*UTN00000000001",
    "NTE*ADD*FIRST NOTE",
    "HI*ABK:J449*ABF:G4733",
    "NM1*DN*1*REFERRER*RITA****XX*1999999034",
    "LX*1",
    "SV1*HC:E1390:RR:KH:KX*461.1*UN*1***1:2",
    "DTP*472*RD8*20260105-20260204",
    "REF*6R*L1",
    f"NM1*DK*1*ORDERER*OLGA****XX*{ORDERING_NPI}",
    "LX*2",
    "SV1*HC:E0431:RR*154.4*UN*1***1",
    "DTP*472*D8*20260105",
    f"NM1*DK*1*ORDERER*OLGA****XX*{ORDERING_NPI}",
)


def file_of(body: Iterable[str], kind: str, version: str, group: str, control: str = "000000001") -> str:
    """One transaction set in its envelope; `body` without ST and SE."""
    segments = [f"ST*{kind}*0001*{version}", *body]
    segments.append(f"SE*{len(segments) + 1}*0001")
    head = (
        f"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*1200*^*00501*{control}*0*T*:",
        f"GS*{group}*SENDERAPP*RECEIVERAPP*20260105*1200*77*X*{version}",
    )
    return "".join(segment + "~\n" for segment in (*head, *segments, "GE*1*77", f"IEA*1*{control}"))


def claims_file(
    claims: Sequence[Sequence[str]] = (CLAIM,),
    *,
    billing: Sequence[str] = BILLING,
    subscriber: Sequence[str] = SUBSCRIBER,
    patient: Sequence[str] = (),
) -> str:
    """An 837P: one billing provider, one subscriber (and patient), these claims."""
    body = [
        "BHT*0019*00*BATCH1*20260105*1200*CH",
        "NM1*41*2*EXAMPLE OXYGEN SUPPLY*****46*SUB1",
        "PER*IC*EDI DESK*TE*2175550101",
        "NM1*40*2*PRACTICE CLEARINGHOUSE*****46*CH1",
        "HL*1**20*1",
        *billing,
        f"HL*2*1*22*{1 if patient else 0}",
        *subscriber,
    ]
    if patient:
        body += ["HL*3*2*23*0", *patient]
    for claim in claims:
        body += claim
    return file_of(body, "837", "005010X222A1", "HC")


PAYMENT = (
    "CLP*A1001*1*615.5*300*100.5*MB*ICN0001*12*1",
    "NM1*QC*1*ABELSON*ADA****MI*1EG4TE5MK73",
    "NM1*74*1*ABELSON*ADAH",
    "NM1*82*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
    "NM1*TT*2*CROSSOVER PAYER*****PI*CROSS1",
    "MOA*0.5*12.34*MA01*MA18",
    "REF*1L*GROUP7",
    "DTM*232*20260105",
    "DTM*233*20260204",
    "DTM*050*20260210",
    "AMT*AU*400.5",
    "QTY*CA*1",
    "SVC*HC:E1390:RR:KH*461.1*250**1*HC:E1391:RR*2",
    "DTM*150*20260105",
    "DTM*151*20260204",
    "CAS*CO*45*100.6**253*10*1",
    "CAS*PR*1*50.5*1*2*50",
    "REF*6R*L1",
    "AMT*B6*350.5",
    "LQ*HE*N115",
    "SVC*HC:E0431:RR*154.4*50**1",
    "DTM*472*20260105",
    "CAS*CO*45*104.4",
    "REF*6R*L2",
)


def remittance_file(
    payments: Sequence[Sequence[str]] = (PAYMENT,), *, paid: str = "290", plb: Sequence[str] = ("WO:ICN0001", "10")
) -> str:
    """An 835 with these payments and one PLB."""
    body = [
        f"BPR*I*{paid}*C*ACH*CCP*01*999999992*DA*123*1999000002**01*999999992*DA*456*20260215",
        "TRN*1*EFT0001*1999000002",
        "REF*EV*RECEIVER1",
        "DTM*405*20260214",
        "N1*PR*PRACTICE MEDICARE*XV*16013",
        "N3*1 PAYER PLAZA",
        "N4*CAPITAL*DC*20001",
        "REF*2U*16013",
        "PER*BL*HELP DESK*TE*8005550100",
        f"N1*PE*EXAMPLE OXYGEN SUPPLY*XX*{BILLING_NPI}",
        "REF*TJ*999000001",
        "LX*1",
        f"TS3*{BILLING_NPI}*12*20261231*1*615.5",
    ]
    for payment in payments:
        body += payment
    if plb:
        body.append("*".join(("PLB", BILLING_NPI, "20261231", *plb)))
    return file_of(body, "835", "005010X221A1", "HP")


ACK_999 = (
    "AK1*HC*77*005010X222A1",
    "AK2*837*0001*005010X222A1",
    "IK3*CLM*22*2300*8",
    "CTX*CLM01:A1001",
    "IK4*2:1*782*1*BADVALUE",
    "IK4*5:3:1*1325*7",
    "IK3*NM1*30*2420E*I6",
    "CTX*SITUATIONAL TRIGGER*SV1*28*2400*1:2",
    "IK5*R*5*I5",
    "AK2*837*0002*005010X222A1",
    "IK5*A",
    "AK9*P*2*2*1*5",
)
STATUS_277CA = (
    "BHT*0085*08*ANSWER1*20260106*0900*TH",
    "HL*1**20*1",
    "NM1*PR*2*PRACTICE MEDICARE*****PI*16013",
    "TRN*1*TRACE1",
    "DTP*050*D8*20260105",
    "HL*2*1*21*1",
    "NM1*41*2*EXAMPLE OXYGEN SUPPLY*****46*SUB1",
    "TRN*2*BATCH1",
    "STC*A1:19:PR*20260106*WQ*1000",
    "QTY*90*1",
    "QTY*AA*1",
    "AMT*YU*600",
    "AMT*YY*400",
    "HL*3*2*19*1",
    f"NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*{BILLING_NPI}",
    "TRN*1*0",
    "QTY*QA*1",
    "QTY*QC*1",
    "HL*4*3*PT",
    "NM1*QC*1*ABELSON*ADA****MI*1EG4TE5MK73",
    "TRN*2*A1001",
    "STC*A2:20:PR*20260106*WQ*600",
    "REF*1K*ICN0001",
    "REF*D9*CH0001",
    "DTP*472*RD8*20260105-20260204",
    "HL*5*3*PT",
    "NM1*QC*1*BRANDT*BEA****MI*1EG4TE5MK74",
    "TRN*2*A1002",
    "STC*A7:562:DK*20260106*U*400******A7:507*A3:247*LOOK AT THE LINE",
    "SVC*HC:E1390:RR*400",
    "STC*A7:454*20260106*U",
    "REF*FJ*L1",
    "DTP*472*D8*20260105",
)


def items(text: str) -> list[Transaction]:
    """What a file holds, typed."""
    return list(transactions(read(io.BytesIO(text.encode("latin-1")))))


def claims_of(text: str) -> list[ReadClaim]:
    return [item for item in items(text) if isinstance(item, ReadClaim)]


def payments_of(text: str) -> list[ReadPayment]:
    return [item for item in items(text) if isinstance(item, ReadPayment)]


def claim_of(
    claim: Sequence[str] = CLAIM,
    *,
    subscriber: Sequence[str] = SUBSCRIBER,
    patient: Sequence[str] = (),
    billing: Sequence[str] = BILLING,
    by: str = "tested",
) -> Claim:
    """A claim from its segments, without a file."""
    return Claim(StoredClaim(Delimiters(), list(billing), list(subscriber), list(patient), list(claim)), by)


def payment_of(payment: Sequence[str] = PAYMENT) -> ClaimPayment:
    """A claim payment from its segments, without a file."""
    return ClaimPayment(list(payment), Delimiters())


def changed(segments: Sequence[str], before: str, after: str) -> list[str]:
    """The segments with one of them changed; fails where it is not there."""
    assert before in segments, before
    return [after if segment == before else segment for segment in segments]
