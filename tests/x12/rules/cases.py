"""Sound claims, and single changes that break one thing in them: each with where it is found and with which codes.

docs/findings.md is made of them (`tests/x12/rules/test_findings.py` holds it).
"""

from __future__ import annotations

import datetime as dt
import io
import os
from typing import NamedTuple

from gateway.core.x12.events import Piece, SetEnd, SetStart
from gateway.core.x12.guides.compiled import compiled
from gateway.core.x12.guides.notation import guide
from gateway.core.x12.guides.walk import Finding, Walk
from gateway.core.x12.items import ReadClaim
from gateway.core.x12.reader import read
from gateway.core.x12.rules import Hierarchy, RuleFinding, claim_findings
from gateway.core.x12.transactions import transactions

from ..build import BILLING, ORDERING_NPI, SUBSCRIBER, file_of

TODAY = dt.date(2026, 3, 2)
SEED = os.environ.get("GATEWAY_TEST_SEED", "1")
OF_PAYMENTS = frozenset({"G3.11", "G3.12", "G3.13", "G3.14", "G4.80", "G4.81", "G4.82", "G4.83"})
"""Rules that remittances are asked, not claims."""
VALUES = (
    "",
    "1",
    "2",
    "7",
    "12",
    "18",
    "21",
    "AA",
    "D",
    "EX",
    "F8",
    "MB",
    "P",
    "RD8",
    "S",
    "X",
    "2:9",
    "1::2",
    "615.5",
)
STRAY = (
    *("PAT*19", "REF*F8*ICN7", "REF*6R*L1", "AMT*D*5", "CR3*R*MO*9", "DTP*607*D8*20260101", "DTP*314*D8*20260101"),
    *("SBR*S*18*******CI", "PS1*VENDOR*5", "SV5*HC:E0260*DA*30*1*1*4", "HI*ABK:J449", "PWK*OZ*FX", "CRC*ZZ*N*S2"),
    *("NM1*82*2*CLINIC*ANN", "N4*TOWN", "PER*IC*X*EM*Y*EX*1", "DTP*472*RD8*20260202-20260101", "REF*G1*N**2U:NOBODY"),
    *("SVD*PLAN77*1*HC:E0601**1", "LX*7", "SV1*HC:E0601*5*UN*1***9", "SBR*P*18*G*NAME*12", "CAS*CO*45*1"),
)
"""What damage is done with."""
HEAD = (
    "BHT*0019*00*BATCH1*20260305*1200*CH",
    "NM1*41*2*EXAMPLE OXYGEN SUPPLY*****46*SUB1",
    "PER*IC*EDI DESK*TE*2175550101",
    "NM1*40*2*PRACTICE CLEARINGHOUSE*****46*CH1",
    "HL*1**20*1",
    *BILLING,
)
ORDERING = (
    f"NM1*DK*1*ORDERER*OLGA****XX*{ORDERING_NPI}",
    "N3*5 CLINIC ROAD",
    "N4*SPRINGFIELD*IL*62701",
)
PLAIN = (
    *HEAD,
    "HL*2*1*22*0",
    *SUBSCRIBER,
    "CLM*A1001*615.5***12:B:1*Y*A*Y*Y",
    "REF*G1*UTN00000000001",
    "NTE*ADD*FIRST NOTE",
    "HI*ABK:J449*ABF:G4733",
    "LX*1",
    "SV1*HC:E1390:RR:KH:KX*461.1*UN*1***1:2",
    "DTP*472*RD8*20260105-20260204",
    "REF*6R*L1",
    *ORDERING,
    "LX*2",
    "SV1*HC:E0431:RR*154.4*UN*1***1",
    "DTP*472*D8*20260105",
    "REF*6R*L2",
    *ORDERING,
)
"""A rental of oxygen, billed to Medicare."""
COB = (
    *HEAD,
    "HL*2*1*22*1",
    "SBR*S**GROUP7**12****MB",
    "NM1*IL*1*ABELSON*ADA*Q**JR*MI*1EG4TE5MK73",
    "DMG*D8*19400203*F",
    "NM1*PR*2*PRACTICE MEDICARE*****PI*16013",
    "HL*3*2*23*0",
    "PAT*19",
    "NM1*QC*1*ABELSON*BEN",
    "N3*12 ELM STREET",
    "N4*SPRINGFIELD*IL*62704",
    "DMG*D8*20150405*M",
    "CLM*A1002*150***12:B:1*Y*A*Y*Y",
    "PWK*OZ*FX***AC*DOC7",
    "HI*ABK:G4733",
    "SBR*P*18*PLAN1******CI",
    "CAS*PR*3*10",
    "AMT*D*60",
    "OI***Y***Y",
    "NM1*IL*1*ABELSON*BEN****MI*MEMBER7",
    "NM1*PR*2*COMMERCIAL PLAN*****PI*PLAN77",
    "LX*1",
    "SV1*HC:E0601:RR:KH*100*UN*1***1",
    "DTP*472*D8*20260105",
    "REF*9F*REFERRAL1**2U:PLAN77",
    *ORDERING,
    "SVD*PLAN77*50*HC:E0601:RR:KH**1",
    "CAS*CO*45*30",
    "CAS*PR*2*20",
    "DTP*573*D8*20260201",
    "LX*2",
    "SV1*HC:A7030:NU*50*UN*1***1",
    "DTP*472*D8*20260105",
    *ORDERING,
    "SVD*PLAN77*20*HC:A7030:NU**1",
    "CAS*CO*45*30",
    "DTP*573*D8*20260201",
)
"""A child's claim to the second payer, after the first has decided."""
CMN = (
    *HEAD,
    "HL*2*1*22*0",
    *SUBSCRIBER,
    "CLM*A1003*110***12:B:7*Y*A*Y*Y**AA:::IL",
    "DTP*439*D8*20251220",
    "REF*F8*ICN0007",
    "HI*ABK:J449*ABF:G4733*ABF:I10",
    "LX*1",
    "SV1*HC:E0260:RR*110*UN*1***1:2:3",
    "SV5*HC:E0260*DA*30*110*1100*4",
    "CR3*R*MO*12",
    "DTP*472*D8*20260105",
    "DTP*607*D8*20260101",
    "DTP*463*D8*20250101",
    "PS1*VENDOR1*80",
    "NM1*QB*2******XX*1999999034",
    *ORDERING,
)
"""A replacement, for the victim of a car accident, with a renewed certification."""
COB_BY_CLAIM = (
    *COB[: COB.index("CAS*PR*3*10")],
    "CAS*CO*45*90",
    "AMT*D*60",
    "OI***Y***Y",
    "NM1*IL*1*ABELSON*BEN****MI*MEMBER7",
    "NM1*PR*2*COMMERCIAL PLAN*****PI*PLAN77",
    "DTP*573*D8*20260201",
    *COB[COB.index("LX*1") : COB.index("SVD*PLAN77*50*HC:E0601:RR:KH**1")],
    *COB[COB.index("LX*2") : COB.index("SVD*PLAN77*20*HC:A7030:NU**1")],
)
"""The same, where the first payer has decided on the claim as a whole."""
BASES = {"plain": PLAIN, "cob": COB, "cob2": COB_BY_CLAIM, "cmn": CMN}


ANOTHER = (
    "SBR*P*18*GROUP7******MB~NM1*IL*1*BEATTY*BO****MI*1EG4TE5MK74~N3*3 OAK STREET~N4*SPRINGFIELD*IL*62704~"
    "DMG*D8*19410203*M~NM1*PR*2*PRACTICE MEDICARE*****PI*16013"
)
"""A subscriber, without a claim."""


class Case(NamedTuple):
    """One change: `before` is a segment of the sound claim, `after` what stands in its place (segments divided by ~;
    nothing: it is taken out). `place` and `codes` (IK304, IK403 where there is one, and the rule beyond level 2) are
    those of the finding."""

    base: str
    before: str
    after: str
    place: str
    codes: str


CASES = (
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY",
        "2010AA NM109",
        "8 I9 G4.14",
    ),
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*2******XX*1999999018",
        "2010AA NM103",
        "8 1",
    ),
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX",
        "2010AA NM109",
        "8 2",
    ),
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*3*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "2010AA NM102",
        "8 7",
    ),
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****24*1999999018",
        "2010AA NM108",
        "8 7",
    ),
    Case(
        "plain",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*****XX*1999999018",
        "NM1*85*2*EXAMPLE OXYGEN SUPPLY*ANN****XX*1999999018",
        "2010AA NM104",
        "8 I13 G4.10",
    ),
    Case("plain", "PRV*BI*PXC*332B00000X", "PRV*BI*ZZ*332B00000X", "2000A PRV02", "8 7"),
    Case("plain", "N3*1 SUPPLY ROAD*SUITE 2", "", "2010AA N3", "3"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "", "2010AA N4", "3"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "N4*SPRINGFIELD**627010000", "2010AA N402", "8 I9 G4.12"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "N4*SPRINGFIELD*IL", "2010AA N403", "8 I9 G4.12"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "N4**IL*627010000", "2010AA N401", "8 1"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "N4*SPRINGFIELD*ILL*627010000", "2010AA N402", "8 5"),
    Case("plain", "N4*SPRINGFIELD*IL*627010000", "N4*SPRINGFIELD*IL*62", "2010AA N403", "8 4"),
    Case("plain", "REF*EI*999000001", "", "2010AA REF", "3"),
    Case("plain", "REF*EI*999000001", "REF*EI", "2010AA REF02", "8 1"),
    Case("plain", "REF*EI*999000001", "REF*XX*999000001", "2010AA REF01", "8 7"),
    Case(
        "plain",
        "PER*IC*BILLING OFFICE*TE*2175550100*EM*OFFICE@EXAMPLE.ORG",
        "PER*IC*BILLING OFFICE*TE",
        "2010AA PER04",
        "8 1",
    ),
    Case(
        "plain",
        "PER*IC*BILLING OFFICE*TE*2175550100*EM*OFFICE@EXAMPLE.ORG",
        "PER*IC*BILLING OFFICE*EM*OFFICE@EXAMPLE.ORG*EX*12",
        "2010AA PER05",
        "8 I13 G4.13",
    ),
    Case(
        "plain",
        "NM1*41*2*EXAMPLE OXYGEN SUPPLY*****46*SUB1",
        "NM1*41*2*EXAMPLE OXYGEN SUPPLY*****46",
        "1000A NM109",
        "8 1",
    ),
    Case("plain", "PER*IC*EDI DESK*TE*2175550101", "", "1000A PER", "3"),
    Case("plain", "NM1*40*2*PRACTICE CLEARINGHOUSE*****46*CH1", "", "1000B NM1", "3"),
    Case("plain", "BHT*0019*00*BATCH1*20260305*1200*CH", "BHT*0019*00*BATCH1*20260335*1200*CH", "BHT04", "8 8"),
    Case("plain", "BHT*0019*00*BATCH1*20260305*1200*CH", "BHT*0019*00*BATCH1*20260305*2500*CH", "BHT05", "8 9"),
    Case("plain", "HL*2*1*22*0", "HL*3*1*22*0", "2000B HL01", "8 I12 G4.01"),
    Case("plain", "HL*2*1*22*0", "HL*2*9*22*0", "2000B HL02", "8 7 G4.02"),
    Case("plain", "HL*2*1*22*0", "HL*2*1*22*1", "2000B HL04", "8 I12 G4.03"),
    Case("cob", "HL*2*1*22*1", "HL*2*1*22*0", "2000B HL04", "8 I12 G4.03"),
    Case(
        "plain",
        "HL*2*1*22*0",
        f"HL*2*1*22*0~{ANOTHER}~HL*3*1*22*0",
        "2300 CLM",
        "I6 G4.04",
    ),
    Case("plain", "SBR*P*18*GROUP7******MB", "", "2000B SBR", "3"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR**18*GROUP7******MB", "2000B SBR01", "8 1"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*1*18*GROUP7******MB", "2000B SBR01", "8 7"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*P*01*GROUP7******MB", "2000B SBR02", "8 7"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*P**GROUP7******MB", "2000B SBR02", "8 I9 G4.20"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*P*18*GROUP7*GROUP SEVEN*****MB", "2000B SBR04", "8 I13 G4.23"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*P*18*GROUP7**12****MB", "2000B SBR05", "8 I13 G4.25"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*P*18*GROUP7******XY", "2000B SBR09", "8 7"),
    Case("plain", "SBR*P*18*GROUP7******MB", "SBR*S*18*GROUP7**12****MB", "2320 SBR", "I6 G4.55"),
    Case("cob", "SBR*S**GROUP7**12****MB", "SBR*S**GROUP7******MB", "2000B SBR05", "8 I9 G4.24"),
    Case("cob", "SBR*S**GROUP7**12****MB", "SBR*S*18*GROUP7**12****MB", "2000B SBR02", "8 I13 G4.21"),
    Case("cob", "SBR*S**GROUP7**12****MB", "SBR*S**GROUP7**12****MB~PAT*****D8*20260101", "2000B PAT", "I9 G4.26"),
    Case(
        "plain", "NM1*IL*1*ABELSON*ADA*Q**JR*MI*1EG4TE5MK73", "NM1*IL*1*ABELSON*ADA*Q**JR", "2010BA NM109", "8 I9 G4.11"
    ),
    Case(
        "plain",
        "NM1*IL*1*ABELSON*ADA*Q**JR*MI*1EG4TE5MK73",
        "NM1*IL*1*ABELSON*ADA*Q**JR*XX*1EG4TE5MK73",
        "2010BA NM108",
        "8 7",
    ),
    Case(
        "plain",
        "NM1*IL*1*ABELSON*ADA*Q**JR*MI*1EG4TE5MK73",
        "NM1*IL*1**ADA*Q**JR*MI*1EG4TE5MK73",
        "2010BA NM103",
        "8 1",
    ),
    Case("plain", "N3*12 ELM STREET", "", "2010BA N3", "I6 G4.22"),
    Case("plain", "N4*SPRINGFIELD*IL*62704", "", "2010BA N4", "I6 G4.22"),
    Case("plain", "DMG*D8*19400203*F", "", "2010BA DMG", "I6 G4.22"),
    Case("plain", "DMG*D8*19400203*F", "DMG*D8*19400231*F", "2010BA DMG02", "8 8"),
    Case("plain", "DMG*D8*19400203*F", "DMG*D8*400203*F", "2010BA DMG02", "8 8"),
    Case("plain", "DMG*D8*19400203*F", "DMG*D8*19400203*X", "2010BA DMG03", "8 7"),
    Case("plain", "DMG*D8*19400203*F", "DMG*D8*19400203", "2010BA DMG03", "8 1"),
    Case("plain", "NM1*PR*2*PRACTICE MEDICARE*****PI*16013", "", "2010BB NM1", "3"),
    Case(
        "plain", "NM1*PR*2*PRACTICE MEDICARE*****PI*16013", "NM1*PR*2*PRACTICE MEDICARE*****PI", "2010BB NM109", "8 1"
    ),
    Case("cob", "PAT*19", "", "2000C PAT", "3"),
    Case("cob", "PAT*19", "PAT*18", "2000C PAT01", "8 7"),
    Case("cob", "DMG*D8*20150405*M", "", "2010CA DMG", "3"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM**615.5***12:B:1*Y*A*Y*Y", "2300 CLM01", "8 1"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001****12:B:1*Y*A*Y*Y", "2300 CLM02", "8 1"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*6I5.5***12:B:1*Y*A*Y*Y", "2300 CLM02", "8 6"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*600***12:B:1*Y*A*Y*Y", "2300 CLM02", "8 I12 G3.01"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:A:1*Y*A*Y*Y", "2300 CLM05-2", "8 7"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B*Y*A*Y*Y", "2300 CLM05-3", "8 1"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B:7*Y*A*Y*Y", "2300 REF", "I6 G4.30"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***21:B:1*Y*A*Y*Y", "2300 DTP", "I6 G4.35"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B:1*Y**Y*Y", "2300 CLM07", "8 1"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B:1*Y*A*Y", "2300 CLM09", "8 1"),
    Case("plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y**OA", "2300 DTP", "I6 G4.34"),
    Case(
        "plain",
        "CLM*A1001*615.5***12:B:1*Y*A*Y*Y",
        "CLM*A1001*615.5***12:B:1*Y*A*Y*Y~REF*F8*ICN0007",
        "2300 REF",
        "I9 G4.31",
    ),
    Case(
        "plain",
        "CLM*A1001*615.5***12:B:1*Y*A*Y*Y",
        "CLM*A1001*615.5***12:B:1*Y*A*Y*Y~DTP*314*D8*20260101",
        "2300 DTP02",
        "8 I12 G4.36",
    ),
    Case(
        "plain", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y", "CLM*A1001*615.5***12:B:1*Y*A*Y*Y~AMT*F5*TEN", "2300 AMT02", "8 6"
    ),
    Case(
        "cmn",
        "CLM*A1003*110***12:B:7*Y*A*Y*Y**AA:::IL",
        "CLM*A1003*110***12:B:7*Y*A*Y*Y**AA",
        "2300 CLM11-4",
        "8 I9 G4.32",
    ),
    Case(
        "cmn",
        "CLM*A1003*110***12:B:7*Y*A*Y*Y**AA:::IL",
        "CLM*A1003*110***12:B:7*Y*A*Y*Y**OA:::IL",
        "2300 CLM11-4",
        "8 I13 G4.33",
    ),
    Case("cmn", "DTP*439*D8*20251220", "", "2300 DTP", "I6 G4.34"),
    Case("cmn", "REF*F8*ICN0007", "", "2300 REF", "I6 G4.30"),
    Case("plain", "NTE*ADD*FIRST NOTE", "NTE*ABC*FIRST NOTE", "2300 NTE01", "8 7"),
    Case(
        "plain",
        "NTE*ADD*FIRST NOTE",
        "NTE*ADD*THIS NOTE IS LONGER THAN EIGHTY CHARACTERS, WHICH IS ALL THAT THE GUIDE HAS ROOM FOR",
        "2300 NTE02",
        "8 5",
    ),
    Case("plain", "NTE*ADD*FIRST NOTE", "NTE*ADD*FIRST NOTE~CRC*ZZ*N*S2", "2300 CRC03", "8 I12 G4.38"),
    Case("cob", "PWK*OZ*FX***AC*DOC7", "PWK*OZ*FX", "2300 PWK06", "8 I9 G4.37"),
    Case("plain", "HI*ABK:J449*ABF:G4733", "", "2300 HI", "3"),
    Case("plain", "HI*ABK:J449*ABF:G4733", "HI*ABF:J449*ABF:G4733", "2300 HI01-1", "8 7"),
    Case("plain", "HI*ABK:J449*ABF:G4733", "HI*ABK:J449**ABF:G4733", "2300 HI02", "8 I9 G4.39"),
    Case("plain", "HI*ABK:J449*ABF:G4733", "HI*ABK:J449*ABF", "2300 HI02-2", "8 1"),
    Case("plain", "REF*G1*UTN00000000001", "REF*G1*UTN00000000001~REF*G1*UTN00000000002", "2300 REF", "5"),
    Case("plain", "REF*G1*UTN00000000001", "REF*G1", "2300 REF02", "8 1"),
    Case("cob", "SBR*P*18*PLAN1******CI", "SBR*S*18*PLAN1******CI", "2320 SBR01", "8 I12 G4.50"),
    Case("cob2", "DTP*573*D8*20260201", "", "2330B DTP", "I6 G4.52"),
    Case("cob", "AMT*D*60", "", "2320 AMT", "I6 G4.51"),
    Case("cob", "AMT*D*60", "AMT*D*61", "2320 AMT02", "8 I12 G3.03"),
    Case("cob", "OI***Y***Y", "", "2320 OI", "3"),
    Case("cob", "NM1*PR*2*COMMERCIAL PLAN*****PI*PLAN77", "NM1*PR*2*COMMERCIAL PLAN*****PI", "2330B NM109", "8 1"),
    Case("cob", "CAS*PR*3*10", "CAS*XX*3*10", "2320 CAS01", "8 7"),
    Case("cob", "CAS*PR*3*10", "CAS*PR*3", "2320 CAS03", "8 1"),
    Case("plain", "LX*2", "LX*3", "2400 LX01", "8 I12 G4.60"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "", "2400 SV1", "3"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:R*154.4*UN*1***1", "2400 SV101-3", "8 4"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*ZZ:E0431:RR*154.4*UN*1***1", "2400 SV101-1", "8 7"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC*154.4*UN*1***1", "2400 SV101-2", "8 1"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.40.0*UN*1***1", "2400 SV102", "8 6"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.4*EA*1***1", "2400 SV103", "8 7"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.4*UN****1", "2400 SV104", "8 1"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.4*UN*1", "2400 SV107", "8 1"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.4*UN*1***3", "2400 SV107-1", "8 7 G4.61"),
    Case("plain", "SV1*HC:E0431:RR*154.4*UN*1***1", "SV1*HC:E0431:RR*154.4*UN*1***1::2", "2400 SV107-2", "8 I9 G4.62"),
    Case("plain", "DTP*472*D8*20260105", "", "2400 DTP", "3"),
    Case("plain", "DTP*472*D8*20260105", "DTP*472*D8*20261305", "2400 DTP03", "8 8"),
    Case("plain", "DTP*472*RD8*20260105-20260204", "DTP*472*RD8*20260105", "2400 DTP03", "8 8"),
    Case("plain", "DTP*472*RD8*20260105-20260204", "DTP*472*RD8*20260204-20260105", "2400 DTP03", "8 8 G4.40"),
    Case("plain", "REF*6R*L2", "REF*6R*L1", "2400 REF02", "8 I12 G4.68"),
    Case("plain", "REF*6R*L2", "REF*6R*L2~SVC*HC:E0431*10*10", "2400 SVC", "6"),
    Case(
        "plain",
        "NM1*DK*1*ORDERER*OLGA****XX*1999999026",
        "NM1*DK*2*ORDERER CLINIC*****XX*1999999026",
        "2420E NM102",
        "8 7",
    ),
    Case("plain", "NM1*DK*1*ORDERER*OLGA****XX*1999999026", "NM1*DK*1*ORDERER*OLGA****XX", "2420E NM109", "8 2"),
    Case(
        "plain",
        "NM1*DK*1*ORDERER*OLGA****XX*1999999026",
        "NM1*DK*1*ORDERER*OLGA****XX*1999999026*01",
        "2420E NM110",
        "8 I10",
    ),
    Case("cmn", "SV5*HC:E0260*DA*30*110*1100*4", "SV5*HC:E0301*DA*30*110*1100*4", "2400 SV501-2", "8 I12 G4.63"),
    Case("cmn", "SV5*HC:E0260*DA*30*110*1100*4", "SV5*HC:E0260*DA*30*110**4", "2400 SV505", "8 1"),
    Case("cmn", "DTP*463*D8*20250101", "", "2400 DTP", "I6 G4.64"),
    Case("cmn", "DTP*607*D8*20260101", "", "2400 DTP", "I6 G4.65"),
    Case("cmn", "CR3*R*MO*12", "CR3*I*MO*12", "2400 DTP", "I9 G4.66"),
    Case("cmn", "NM1*QB*2******XX*1999999034", "", "2420B NM1", "I6 G4.67"),
    Case("cob", "REF*9F*REFERRAL1**2U:PLAN77", "REF*9F*REFERRAL1**2U:PLAN78", "2400 REF04-2", "8 7 G4.54"),
    Case("cob", "SVD*PLAN77*50*HC:E0601:RR:KH**1", "SVD*PLAN78*50*HC:E0601:RR:KH**1", "2430 SVD01", "8 7 G4.53"),
    Case("cob", "SVD*PLAN77*50*HC:E0601:RR:KH**1", "SVD*PLAN77*40*HC:E0601:RR:KH**1", "2430 SVD02", "8 I12 G3.02"),
    Case("cob", "CAS*CO*45*30", "CAS*CO*45*31", "2430 SVD02", "8 I12 G3.02"),
)


def changed(case: Case) -> list[str]:
    """The body of the changed set."""
    body = list(BASES[case.base])
    at = body.index(case.before)
    body[at : at + 1] = case.after.split("~") if case.after else []
    return body


def findings(body: list[str]) -> list[Finding]:
    """Everything of the levels 1 to 4 that is found in an 837P with this body."""
    data = file_of(body, "837", "005010X222A1", "HC").encode()
    found: list[Finding] = []
    walk: Walk | None = None
    levels: Hierarchy | None = None
    for event in read(io.BytesIO(data)):
        if isinstance(event, SetStart):
            walk = Walk(compiled(guide("837p"), event.st.delimiters))
            levels = Hierarchy(event.st.delimiters)
            walk.feed([event.st.raw])
        elif isinstance(event, Piece) and walk is not None and levels is not None:
            walk.feed(event.segments)
            if event.tag == "HL":
                levels.level(event.segments[0], event.set_position)
            elif event.tag == "CLM":
                levels.claim()
        elif isinstance(event, SetEnd) and walk is not None and levels is not None:
            assert event.se is not None
            walk.feed([event.se.raw])
            walk.end()
            levels.end(walk.position)
            found += [*walk.findings, *levels.findings]
    for ordinal, item in enumerate(
        (item for item in transactions(read(io.BytesIO(data))) if isinstance(item, ReadClaim)), 1
    ):
        found += claim_findings(item.claim, first=item.set.segment_number, ordinal=ordinal)
    return found


def codes_of(finding: Finding) -> str:
    """`8 7`, `3`, `I6 G4.30`."""
    rule = finding.rule.id if isinstance(finding, RuleFinding) else ""
    return " ".join(code for code in (finding.ik304, finding.ik403, rule) if code)
