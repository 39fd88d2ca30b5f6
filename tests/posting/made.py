"""Small remittances, written as the back office thinks of them. Amounts are dollars as text; everybody is invented."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gateway.core.model.money import parse_cents, x12_amount


class Cas(NamedTuple):
    """One adjustment: `Cas("CO", "45", "50")`."""

    group: str
    reason: str
    amount: str


class Svc(NamedTuple):
    """One service of a payment. `ref` is REF*6R, `original` SVC06, `remarks` LQ*HE, `units` SVC05."""

    code: str
    charge: str
    paid: str
    cas: Sequence[Cas] = ()
    ref: str = ""
    modifiers: Sequence[str] = ()
    date: str = "20260901"
    original: str = ""
    remarks: Sequence[str] = ()
    units: str = ""

    def segments(self) -> list[str]:
        procedure = ":".join(("HC", self.code, *self.modifiers))
        original = f"*HC:{self.original}" if self.original else ""
        more = f"**{self.units}{original}" if self.units or original else ""
        made = [f"SVC*{procedure}*{self.charge}*{self.paid}{more}"]
        if self.date:
            made.append(f"DTM*472*{self.date}")
        made += [f"CAS*{one.group}*{one.reason}*{one.amount}" for one in self.cas]
        if self.ref:
            made.append(f"REF*6R*{self.ref}")
        return made + [f"LQ*HE*{remark}" for remark in self.remarks]


class Clp(NamedTuple):
    """One claim payment. Charge and paid are the services' sums unless given."""

    number: str
    services: Sequence[Svc] = ()
    status: str = "1"
    charge: str = ""
    paid: str = ""
    patient: str = ""
    payer_number: str = ""
    cas: Sequence[Cas] = ()
    member: str = ""
    last: str = "FERNSBY"
    first: str = "POSY"
    dates: tuple[str, str] = ("", "")
    more: Sequence[str] = ()
    frequency: str = "1"

    @property
    def charge_cents(self) -> int:
        return cents(self.charge) if self.charge else sum(cents(one.charge) for one in self.services)

    @property
    def paid_cents(self) -> int:
        if self.paid:
            return cents(self.paid)
        return sum(cents(one.paid) for one in self.services) - sum(cents(one.amount) for one in self.cas)

    def segments(self) -> list[str]:
        owed = sum(cents(c.amount) for one in (self, *self.services) for c in one.cas if c.group == "PR")
        patient = self.patient or x12_amount(owed)
        charge, paid = x12_amount(self.charge_cents), self.paid or x12_amount(self.paid_cents)
        made = [f"CLP*{self.number}*{self.status}*{charge}*{paid}*{patient}*12*{self.payer_number}*12*{self.frequency}"]
        made += [f"CAS*{one.group}*{one.reason}*{one.amount}" for one in self.cas]
        member = f"****MI*{self.member}" if self.member else ""
        made.append(f"NM1*QC*1*{self.last}*{self.first}{member}")
        made += self.more
        first, last = self.dates
        made += [f"DTM*232*{first}"] if first else []
        made += [f"DTM*233*{last}"] if last else []
        for service in self.services:
            made += service.segments()
        return made


class Plb(NamedTuple):
    """One provider-level adjustment; positive takes from the payment."""

    code: str
    amount: str
    reference: str = "REF1"


class Era(NamedTuple):
    """One transaction set. `total` (BPR02) is what adds up unless given."""

    claims: Sequence[Clp] = ()
    plbs: Sequence[Plb] = ()
    total: str = ""
    trace: str = "EFT0001"
    handling: str = "I"
    method: str = "ACH"
    date: str = "20260915"
    originator: str = "1960000022"
    payer: str = "NORTHBRIDGE HEALTH PLAN"
    payer_id: str = "90101"
    st02: str = "0001"
    cut: bool = False

    @property
    def total_cents(self) -> int:
        if self.total:
            return cents(self.total)
        paid = sum(one.paid_cents for one in self.claims if one.status != "25")
        return paid - sum(cents(one.amount) for one in self.plbs)

    def segments(self) -> list[str]:
        method = self.method if self.total_cents or self.method != "ACH" else "NON"
        made = [
            f"ST*835*{self.st02}",
            f"BPR*{self.handling}*{self.total or x12_amount(self.total_cents)}*C*{method}*CCP*01*999999999*DA*1*"
            f"{self.originator}**01*999999999*DA*2*{self.date}",
            f"TRN*1*{self.trace}*{self.originator}",
            f"DTM*405*{self.date}",
            f"N1*PR*{self.payer}*XV*{self.payer_id}",
            "N3*1 PAYER PLAZA",
            "N4*COLUMBUS*OH*43215",
            "PER*BL*SERVICE*TE*6145550100",
            "N1*PE*STILLWATER HOME MEDICAL*XX*1999999000",
            "LX*1",
        ]
        for claim in self.claims:
            made += claim.segments()
        made += [f"PLB*1999999000*20261231*{one.code}:{one.reference}*{one.amount}" for one in self.plbs]
        if not self.cut:
            made.append(f"SE*{len(made) + 1}*{self.st02}")
        return made


def cents(text: str) -> int:
    """Dollars as text, in cents."""
    found = parse_cents(text)
    assert found is not None, text
    return found


def dollars(value: int) -> str:
    """Cents as X12 writes them."""
    return x12_amount(value)


def make_835(*sets: Era, usage: str = "T", isa13: str = "000000901") -> bytes:
    """A file with these transaction sets."""
    body: list[str] = []
    for number, era in enumerate(sets, 1):
        body += era._replace(st02=f"{number:04d}").segments()
    isa = (
        f"ISA*00*          *00*          *ZZ*{'PRACTICE':<15}*ZZ*{'STILLWATER':<15}*260915*1200*^*00501*{isa13}*0*"
        f"{usage}*:~"
    )
    gs = "GS*HP*PRACTICE*STILLWATER*20260915*1200*901*X*005010X221A1~"
    return (isa + gs + "".join(one + "~\n" for one in body) + f"GE*{len(sets)}*901~IEA*1*{isa13}~").encode("latin-1")


def money(value: int) -> Decimal:
    """Cents as dollars."""
    return Decimal(value).scaleb(-2)
