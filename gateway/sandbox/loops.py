"""A generated claim as the segments of an 837P: loops 2000A, 2000B, 2000C and 2300 with what is in them.

Segment order and qualifiers are those of 005010X222A1; hierarchy, envelope and counts are the writer's.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from gateway.core.x12.segment import Delimiters
from gateway.core.x12.stored import StoredClaim
from gateway.core.x12.values import x12_amount

from .records import Address, Biller, Claim, Coverage, Line, LinePaid, Person

DELIMITERS = Delimiters()


def _day(day: dt.date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _address(address: Address) -> list[str]:
    return [f"N3*{address.street}", f"N4*{address.city}*{address.state}*{address.zip}"]


@lru_cache(maxsize=64)
def _billing(biller: Biller) -> tuple[str, ...]:
    return (
        f"PRV*BI*PXC*{biller.taxonomy}",
        f"NM1*85*2*{biller.name}*****XX*{biller.npi}",
        *_address(biller.address),
        f"REF*EI*{biller.tax_id}",
        f"PER*IC*BILLING OFFICE*TE*{biller.phone}",
    )


def _person(entity: str, person: Person, member_id: str = "") -> list[str]:
    name = f"NM1*{entity}*1*{person.last}*{person.first}"
    if member_id:
        name += f"****MI*{member_id}"
    return [name, *_address(person.address), f"DMG*D8*{_day(person.born)}*{person.sex}"]


def _payer(coverage: Coverage) -> str:
    return f"NM1*PR*2*{coverage.payer.name}*****PI*{coverage.payer.id}"


def _subscriber(claim: Claim) -> list[str]:
    coverage = claim.coverage
    relation = "18" if coverage.relation == "18" else ""
    # SBR05 is for Medicare behind another payer only; here Medicare is always the first.
    sbr = f"SBR*{claim.responsibility}*{relation}*{coverage.group}******{coverage.payer.filing}"
    who = coverage.subscriber
    name = f"NM1*IL*1*{who.last}*{who.first}****MI*{coverage.member_id}"
    own = [*_address(who.address), f"DMG*D8*{_day(who.born)}*{who.sex}"] if relation else []
    return [sbr, name, *own, _payer(coverage)]


def _patient(claim: Claim) -> list[str]:
    if claim.coverage.relation == "18":
        return []
    return [f"PAT*{claim.coverage.relation}", *_person("QC", claim.patient)]


def _adjustments(paid: LinePaid) -> list[str]:
    """One CAS for each group, with all its reasons (TR3: a group is not repeated)."""
    groups: dict[str, list[str]] = {}
    for group, reason, cents in paid.adjustments:
        groups.setdefault(group, []).append(f"{reason}*{x12_amount(cents)}")
    # A trio is reason, amount, quantity: between two of them stands the empty quantity.
    return [f"CAS*{group}*{'**'.join(trios)}" for group, trios in groups.items()]


def _other(claim: Claim) -> list[str]:
    """Loop 2320 with 2330A and 2330B: the other payer, and what it did where it was first."""
    other = claim.other
    if other is None:
        return []
    first = claim.responsibility == "S"
    found = [f"SBR*{'P' if first else 'S'}*18*{other.group}******{other.payer.filing}"]
    if first:
        paid = [line.paid for line in claim.lines if line.paid is not None]
        found.append(f"AMT*D*{x12_amount(sum(each.paid for each in paid))}")
        found.append(f"AMT*EAF*{x12_amount(sum(each.patient for each in paid))}")
    found.append("OI***Y***Y")
    who = other.subscriber
    found.append(f"NM1*IL*1*{who.last}*{who.first}****MI*{other.member_id}")
    found += [*_address(who.address), _payer(other)]
    return found


def _service(line: Line) -> str:
    return ":".join(["HC", line.code, *line.modifiers])


def _line(claim: Claim, number: int, line: Line) -> list[str]:
    pointers = ":".join(str(pointer) for pointer in line.pointers)
    found = [
        f"LX*{number}",
        f"SV1*{_service(line)}*{x12_amount(line.charge)}*UN*{line.units}***{pointers}",
        f"DTP*472*RD8*{_day(line.start)}-{_day(line.end)}" if line.end else f"DTP*472*D8*{_day(line.start)}",
    ]
    if line.authorization:
        found.append(f"REF*G1*{line.authorization}")
    if line.reference:
        found.append(f"REF*6R*{line.reference}")
    if line.note:
        found.append(f"NTE*ADD*{line.note}")
    if line.orderer:
        who = line.orderer
        found += [f"NM1*DK*1*{who.last}*{who.first}****XX*{who.npi}", *_address(who.address)]
    if line.paid and claim.other:
        paid = line.paid
        found.append(f"SVD*{claim.other.payer.id}*{x12_amount(paid.paid)}*{_service(line)}**{line.units}")
        found += [*_adjustments(paid), f"DTP*573*D8*{_day(paid.on)}"]
    return found


def _claim(claim: Claim) -> list[str]:
    found = [f"CLM*{claim.number}*{x12_amount(claim.charge)}***12:B:1*Y*A*Y*Y"]
    if claim.authorization:
        found.append(f"REF*G1*{claim.authorization}")
    if claim.note:
        found.append(f"NTE*ADD*{claim.note}")
    first, *rest = claim.diagnoses
    found.append("*".join([f"HI*ABK:{first}", *(f"ABF:{code}" for code in rest)]))
    if claim.referring:
        who = claim.referring
        found.append(f"NM1*DN*1*{who.last}*{who.first}****XX*{who.npi}")
    found += _other(claim)
    for number, line in enumerate(claim.lines, 1):
        found += _line(claim, number, line)
    return found


def stored(claim: Claim) -> StoredClaim:
    """The claim as the store and the writer take it."""
    return StoredClaim(DELIMITERS, list(_billing(claim.biller)), _subscriber(claim), _patient(claim), _claim(claim))
