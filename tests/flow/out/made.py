"""837P files for these tests, written by hand and not by our own writer: invented people, invented ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

NPI = "1999999000"


@dataclass
class Line:
    """A service line; charge in dollars as X12 writes it."""

    code: str = "E1390"
    modifiers: str = "RR"
    charge: str = "150"
    units: str = "1"
    date: str = "20261101"
    control: str = ""

    def segments(self, number: int) -> list[str]:
        """Its segments, the LX first."""
        procedure = ":".join(["HC", self.code, *filter(None, self.modifiers.split(":"))])
        made = [f"LX*{number}", f"SV1*{procedure}*{self.charge}*UN*{self.units}*12**1", f"DTP*472*D8*{self.date}"]
        return made + ([f"REF*6R*{self.control}"] if self.control else [])


@dataclass
class Made:
    """A claim of a subscriber who is the patient. `chart` is the medical record number (REF*EA); the claim's number
    without it, so that two claims differ in more than their number."""

    number: str = "C-1"
    member: str = "1EG4TE5MK72"
    last: str = "QUILL"
    first: str = "JANE"
    born: str = "19480302"
    payer: str = "16013"
    filing: str = "MB"
    charge: str = ""
    frequency: str = "1"
    chart: str = ""
    extra: Sequence[str] = ()
    lines: Sequence[Line] = field(default_factory=lambda: [Line()])

    def subscriber(self) -> list[str]:
        """2000B without its HL."""
        return [
            f"SBR*P*18*******{self.filing}",
            f"NM1*IL*1*{self.last}*{self.first}****MI*{self.member}",
            "N3*12 MILL RD",
            "N4*DAYTON*OH*45402",
            f"DMG*D8*{self.born}*F",
            f"NM1*PR*2*DME MAC*****PI*{self.payer}",
        ]

    def claim(self) -> list[str]:
        """2300 with its lines."""
        charge = self.charge or f"{sum(float(line.charge) for line in self.lines):g}"
        made = [f"CLM*{self.number}*{charge}***12:B:{self.frequency}*Y*A*Y*Y", f"REF*EA*{self.chart or self.number}"]
        made += [*self.extra, "HI*ABK:J449"]
        for number, line in enumerate(self.lines, 1):
            made += line.segments(number)
        return made


BILLING = [
    "PRV*BI*PXC*332B00000X",
    f"NM1*85*2*STILLWATER HOME MEDICAL*****XX*{NPI}",
    "N3*1 RIVER ST",
    "N4*DAYTON*OH*454021111",
    "REF*EI*960000017",
]


def make_837(
    claims: Sequence[Made],
    *,
    isa13: str = "000000101",
    usage: str = "T",
    segment: str = "~\n",
    se01: int | None = None,
    version: str = "005010X222A1",
    st02: str = "0001",
) -> bytes:
    """One interchange with one transaction set. `se01` overrides the right count; `segment` is what ends one."""
    body = [
        f"ST*837*{st02}*{version}",
        f"BHT*0019*00*{isa13}*20261120*0930*CH",
        "NM1*41*2*STILLWATER*****46*STILL1",
        "PER*IC*EDI DESK*TE*6145550100",
        "NM1*40*2*GATEWAY*****46*GATEWAY",
        "HL*1**20*1",
        *BILLING,
    ]
    for number, claim in enumerate(claims, 2):
        body += [f"HL*{number}*1*22*0", *claim.subscriber(), *claim.claim()]
    body.append(f"SE*{len(body) + 1 if se01 is None else se01}*{st02}")
    isa = f"ISA*00*          *00*          *ZZ*{'DESK':<15}*ZZ*{'GATEWAY':<15}*261120*0930*^*00501*{isa13}*0*{usage}*:"
    group = isa13.lstrip("0")
    whole = [isa, f"GS*HC*DESK*GATEWAY*20261120*0930*{group}*X*{version}", *body, f"GE*1*{group}", f"IEA*1*{isa13}"]
    return "".join(text + segment for text in whole).encode("latin-1")
