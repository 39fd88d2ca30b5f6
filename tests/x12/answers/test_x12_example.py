"""X12's own example of a 999: the answer to a group of three 837s.

One is right, one lacks the charge of a claim, and one replaces a claim (CLM05-3 is 7) without naming it (REF*F8).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.core.x12.acknowledgment import SetAcknowledgment
from gateway.core.x12.answers.checking import Checking, answered_group, judge_all_or_nothing
from gateway.core.x12.answers.functional import functional
from gateway.core.x12.claim import Claim
from gateway.core.x12.guides.walk import Finding, Trigger
from gateway.core.x12.reader import read
from gateway.core.x12.transactions import ReadClaim, ReadGroupAcknowledgment, ReadSetAcknowledgment, transactions

from ..guides.facts import SAMPLES
from .made import MARKS, against_guide, interchange

EXAMPLE = next(iter(sorted((SAMPLES / "stupidedi" / "005010").glob("X231A1*/pass/*.edi"))), Path("no such file"))
VERSION = "005010X222A2"

BEFORE = [
    "BHT*0019*00*1*20080503*1705*CH",
    "NM1*41*2*WALNUT MEDICAL*****46*123456789",
    "PER*IC*BILLING*TE*6145550100",
    "NM1*40*2*PAYER*****46*987654321",
    "HL*1**20*1",
    "PRV*BI*PXC*332B00000X",
    "NM1*85*2*WALNUT MEDICAL*****XX*1234567893",
    "N3*1 WALNUT ST",
    "N4*DAYTON*OH*454021111",
    "REF*EI*123456789",
    "NM1*87*2",
    "N3*PO BOX 1",
    "N4*DAYTON*OH*454021111",
]


def subscriber(number: int, member: str) -> list[str]:
    return [
        f"HL*{number}*1*22*0",
        "SBR*P*18*******CI",
        f"NM1*IL*1*DOE*JOHN****MI*{member}",
        "N3*2 OAK ST",
        "N4*DAYTON*OH*454021111",
        "DMG*D8*19480302*M",
        "NM1*PR*2*PAYER*****PI*987654321",
    ]


def claim(number: str, charge: str, frequency: str, extra: Iterable[str] = (), lines: int = 1) -> list[str]:
    made = [f"CLM*{number}*{charge}***12:B:{frequency}*Y*A*Y*Y", *extra, "HI*ABK:J449"]
    for line in range(1, lines + 1):
        made += [f"LX*{line}", "SV1*HC:E1390:RR*50*UN*1***1", "DTP*472*D8*20080401", f"REF*6R*{number}L{line}"]
    return made


ATTACHED = ["DTP*431*D8*20080301", *["PWK*OZ*BM***AC*DOC1"] * 10, "AMT*F5*5", "REF*EA*CHART"]
SETS = [
    [*BEFORE, *subscriber(2, "M1"), *claim("555555555", "50", "1")],
    [*BEFORE, *subscriber(2, "M1"), *claim("123456789", "", "1")],
    [
        *BEFORE,
        *subscriber(2, "M1"),
        *claim("111111111", "150", "1", lines=3),
        *subscriber(3, "M2"),
        *claim("987654321", "50", "7", ATTACHED),
    ],
]


def three_837s() -> bytes:
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*123456789012346*ZZ*123456789012345*080503*1700*^*00501*000000001*0*T*:",
        f"GS*HC*2345678901*1234567890*20080503*1700*17456*X*{VERSION}",
    ]
    for number, body in enumerate(SETS, 1):
        segments += [f"ST*837*{number:04d}*{VERSION}", *body, f"SE*{len(body) + 2}*{number:04d}"]
    return "~".join([*segments, "GE*3*17456", "IEA*1*000000001", ""]).encode()


def unnamed_original(claim: Claim, position: int) -> list[Finding]:
    """A claim that replaces another one says which: what a check of situations finds. The reference stands before the
    medical record number."""
    if claim.frequency not in ("7", "8") or claim.payer_control_number:
        return []
    at = next(at for at, raw in enumerate(claim.stored.claim) if raw.startswith("REF*EA"))
    finding = Finding(4, position + at + 1, "REF", "2300", "payer's claim number", "I6")
    finding.trigger = Trigger("CLM", position, "2300", 5, 3)
    return [finding]


def answer() -> list[str]:
    checking = Checking()
    for item in transactions(checking.watch(read(io.BytesIO(three_837s())))):
        if isinstance(item, ReadClaim):
            assert checking.set is not None
            checking.set.add(unnamed_original(item.claim, item.set.position(item.segment_number)))
    ((group,),) = (one.groups for one in checking.interchanges)
    return list(functional(answered_group(group, judge_all_or_nothing), MARKS))


def test_the_answer_to_them() -> None:
    body = answer()
    assert against_guide("999", body) == []
    assert body == [
        "AK1*HC*17456*005010X222A2",
        "AK2*837*0001*005010X222A2",
        "IK5*A",
        "AK2*837*0002*005010X222A2",
        "IK3*CLM*22*2300*8",
        "CTX*CLM01:123456789",
        "IK4*2*782*1",
        "IK5*R*5",
        "AK2*837*0003*005010X222A2",
        "IK3*REF*57*2300*I6",
        "CTX*SITUATIONAL TRIGGER*CLM*43*2300*5:3",
        "CTX*CLM01:987654321",
        "IK5*R*I5",
        "AK9*P*3*3*1",
    ]


def _standard(code: str) -> str:
    """Where our answer has the guide's own code, X12's example has the standard's (see docs/acknowledgments.md)."""
    return {"I6": "3", "I5": "5"}.get(code, code)


def _said(one: SetAcknowledgment) -> object:
    """What a 999 says of a set, without what X12's example leaves out (loops, the set's version)."""
    return (
        one.gs06,
        one.st02,
        one.code,
        [_standard(code) for code in one.codes],
        [
            (
                error.segment,
                error.position,
                [_standard(code) for code in error.codes],
                error.elements,
                [(each.name, each.value, each.segment, each.position, each.element) for each in error.contexts],
            )
            for error in one.errors
        ],
    )


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the sample files are not here (../shared/samples)")
def test_it_says_what_x12s_example_says() -> None:
    ours = list(transactions(read(io.BytesIO(interchange("999", [answer()]).encode()))))
    theirs = list(transactions(read(io.BytesIO(EXAMPLE.read_bytes()))))
    said = [
        [_said(one.acknowledgment) for one in each if isinstance(one, ReadSetAcknowledgment)] for each in (ours, theirs)
    ]
    assert len(said[1]) == 3
    assert said[0] == said[1]
    groups = [
        [one.acknowledgment for one in each if isinstance(one, ReadGroupAcknowledgment)] for each in (ours, theirs)
    ]
    assert groups[0] == groups[1]
