"""Claims and remittances whose every free value is a text that a test will look for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway.sandbox.generate import generate_claims
from gateway.sandbox.records import Claim
from gateway.sandbox.write import as_837

from ..posting.made import Cas, Clp, Era, Plb, Svc, dollars, make_835

BORN = dt.date(1931, 7, 13)


class Marks(NamedTuple):
    """What stands where. `reference` becomes a part of numbers: letters and digits."""

    last: str
    first: str
    member: str
    street: str
    city: str
    note: str
    payer: str
    authorization: str
    reference: str
    born: dt.date = BORN


def marked(seed: int, count: int, marks: Marks, today: dt.date) -> list[Claim]:
    """So many claims of one patient, who bears these marks, with a commercial plan."""
    every = generate_claims(400, seed, today, fault_share=0.0)
    found = [one for one in every if one.coverage.payer.kind == "commercial" and one.other is None]
    return [_mark(one, at, marks) for at, one in enumerate(found[:count])]


def _mark(claim: Claim, at: int, marks: Marks) -> Claim:
    address = replace(claim.patient.address, street=marks.street, city=marks.city)
    patient = replace(claim.patient, last=marks.last, first=marks.first, born=marks.born, address=address)
    payer = replace(claim.coverage.payer, name=marks.payer)
    claim.number = f"{claim.number[:12]}{marks.reference}{at}"
    claim.patient = patient
    claim.coverage = replace(
        claim.coverage, payer=payer, member_id=marks.member, subscriber=patient, relation="18", group=""
    )
    claim.note = marks.note
    claim.authorization = marks.authorization
    for line in claim.lines:
        line.note = marks.note
    return claim


def claims_file(claims: Sequence[Claim], today: dt.date, control_number: int) -> bytes:
    """An 837 of them."""
    return as_837(claims, today, control_number=control_number)


class Billed(NamedTuple):
    """A line that was billed, in cents."""

    code: str
    charge: int
    reference: str
    date: dt.date


def remittance(marks: Marks, paid: tuple[str, Billed], denied: tuple[str, Billed], isa13: str) -> bytes:
    """An 835 that pays one claim, denies another, pays one that nobody knows, and takes provider-level money."""

    def service(line: Billed, *cas: Cas, share: int) -> Svc:
        reference = line.reference
        cents = line.charge * share // 100
        made = Svc(
            line.code, dollars(line.charge), dollars(cents), cas or (Cas("CO", "45", dollars(line.charge - cents)),)
        )
        return made._replace(ref=reference, date=f"{line.date:%Y%m%d}")

    def clp(number: str, svc: Svc, status: str = "1") -> Clp:
        return Clp(
            number, [svc], status=status, payer_number=marks.authorization, member=marks.member, last=marks.last,
            first=marks.first, more=[f"MOA***{marks.authorization[:20]}"] if status == "1" else (),
        )  # fmt: skip

    whole = Cas("CO", "50", dollars(denied[1].charge))
    unknown = Billed("E1390", 10_000, "NOBODYS", paid[1].date)
    era = Era(
        [
            clp(paid[0], service(paid[1], share=80)),
            clp(denied[0], service(denied[1], whole, share=0), "4"),
            clp(f"NOBODY{marks.reference}", service(unknown, share=80)),
        ],
        [Plb("WO", "5", marks.authorization)],
        trace=marks.authorization,
        payer=marks.payer,
    )
    return make_835(era, isa13=isa13)
