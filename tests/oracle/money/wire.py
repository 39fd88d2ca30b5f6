"""Claims and remittances off the wire: a split, and what section 5 asks of the segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Segments = list[list[str]]


def cents(text: str) -> int:
    """Dollars as X12 writes them, in cents; ValueError where it is no amount."""
    found = re.fullmatch(r"(-?)(\d*)(?:\.(\d{1,2}))?", text)
    if found is None or not (found[2] or found[3]):
        raise ValueError(text)
    value = int(found[2] or 0) * 100 + int((found[3] or "").ljust(2, "0"))
    return -value if found[1] else value


def segments(text: str) -> tuple[Segments, str]:
    """The elements of each segment of an interchange, and what divides a component."""
    element, component, end = text[3], text[104], text[105]
    found = [one.strip("\r\n").split(element) for one in text.split(end) if one.strip()]
    return [[*one, *[""] * 20] for one in found], component


def trimmed(segment: list[str]) -> tuple[str, ...]:
    """A segment without the empty elements at its end."""
    last = max((at for at, one in enumerate(segment) if one), default=0)
    return tuple(segment[: last + 1])


@dataclass
class Line:
    """A line of a claim, as it was billed."""

    ref: str
    code: str
    modifiers: frozenset[str]
    day: str
    charge: int


@dataclass
class Billed:
    """A claim as it was billed. `others`: how many payers come after the first."""

    number: str
    charge: int
    payer: str = ""
    member: str = ""
    others: int = 0
    lines: list[Line] = field(default_factory=list)


def billed(text: str) -> Iterator[Billed]:
    """The claims of an 837P."""
    rows, component = segments(text)
    claim: Billed | None = None
    payer = member = ""
    for row in rows:
        if row[0] in ("CLM", "SE", "HL") and claim is not None:
            yield claim
            claim = None
        if row[0] == "NM1" and row[1] == "IL" and claim is None:
            member = row[9]
        elif row[0] == "NM1" and row[1] == "PR" and claim is None:
            payer = row[9]
        elif row[0] == "CLM":
            claim = Billed(row[1], cents(row[2]), payer, member)
        elif claim is not None:
            _of_claim(claim, row, component)


def _of_claim(claim: Billed, row: list[str], component: str) -> None:
    if row[0] == "SBR":
        claim.others += 1
    elif row[0] == "SV1":
        _, code, *modifiers = row[1].split(component)
        claim.lines.append(Line("", code, frozenset(one for one in modifiers if one), "", cents(row[2])))
    elif row[0] == "DTP" and row[1] == "472" and claim.lines:
        claim.lines[-1].day = row[3][:8]
    elif row[0] == "REF" and row[1] == "6R" and claim.lines:
        claim.lines[-1].ref = row[2]


@dataclass
class Adjusted:
    """One trio of a CAS."""

    group: str
    reason: str
    cents: int


@dataclass
class Service:
    """One SVC. `original` is SVC06's code."""

    code: str
    modifiers: frozenset[str]
    charge: int
    paid: int
    original: str = ""
    ref: str = ""
    day: str = ""
    cas: list[Adjusted] = field(default_factory=list)


@dataclass
class Payment:
    """One CLP. `unread`: an amount below it is none."""

    number: str
    status: str
    charge: int
    paid: int
    icn: str
    member: str = ""
    day: str = ""
    original_icn: str = ""
    remarks: set[str] = field(default_factory=set)
    cas: list[Adjusted] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    unread: bool = False


@dataclass
class Remitted:
    """One ST of an 835."""

    body: tuple[tuple[str, ...], ...]
    handling: str = ""
    total: int = 0
    method: str = ""
    day: str = ""
    trace: str = ""
    originator: str = ""
    payer: str = ""
    payee: str = ""
    payments: list[Payment] = field(default_factory=list)
    provider_level: list[tuple[str, str, int]] = field(default_factory=list)
    unread: bool = False
    ended: bool = False


def remitted(text: str) -> Iterator[Remitted]:
    """The transaction sets of a file with 835s."""
    rows, component = segments(text)
    at = 0
    while at < len(rows):
        if rows[at][0] == "ST" and rows[at][1] == "835":
            end = next((to for to in range(at, len(rows)) if rows[to][0] in ("SE", "GE", "IEA")), len(rows))
            yield _remitted(rows[at + 1 : end], component, end < len(rows) and rows[end][0] == "SE")
            at = end
        at += 1


def _remitted(rows: Segments, component: str, ended: bool) -> Remitted:
    # The elements count, not the letter that divides them.
    body = tuple(tuple(one.replace(component, ":") for one in trimmed(row)) for row in rows)
    found = Remitted(body, ended=ended)
    for row in rows:
        try:
            _segment(found, row, component)
        except ValueError:
            if row[0] in ("BPR", "CLP", "PLB"):
                found.unread = True
            else:
                found.payments[-1].unread = True
    return found


def _segment(found: Remitted, row: list[str], component: str) -> None:
    tag, last = row[0], found.payments[-1] if found.payments else None
    if tag == "BPR":
        found.handling, found.method, found.day, found.total = row[1], row[4], row[16], cents(row[2])
    elif tag == "TRN":
        found.trace, found.originator = row[2], row[3]
    elif tag == "N1" and row[1] == "PR":
        found.payer = row[4]
    elif tag == "N1" and row[1] == "PE":
        found.payee = row[4]
    elif tag == "PLB":
        for reason, amount in zip(row[3:15:2], row[4:16:2], strict=True):
            if amount:
                code, _, reference = reason.partition(component)
                found.provider_level.append((code, reference, cents(amount)))
    elif tag == "CLP":
        found.payments.append(Payment(row[1], row[2], cents(row[3]), cents(row[4]), row[7]))
    elif last is not None:
        _of_payment(last, row, component)


def _of_payment(payment: Payment, row: list[str], component: str) -> None:
    tag, service = row[0], payment.services[-1] if payment.services else None
    if tag == "NM1" and row[1] in ("QC", "IL") and row[9]:
        payment.member = row[9]
    elif tag == "MOA":
        payment.remarks |= {one for one in row[3:8] if one}
    elif tag == "LQ":
        payment.remarks.add(row[2])
    elif tag == "SVC":
        _, code, *modifiers = row[1].split(component)
        original = row[6].split(component)[1] if row[6] else ""
        payment.services.append(
            Service(code, frozenset(one for one in modifiers if one), cents(row[2]), cents(row[3]), original)
        )
    elif tag == "CAS":
        where = payment.cas if service is None else service.cas
        for reason, amount in zip(row[2:20:3], row[3:20:3], strict=False):
            if reason:
                where.append(Adjusted(row[1], reason, cents(amount)))
    elif tag == "DTM" and row[1] in ("472", "150") and service is not None:
        service.day = row[2]
    elif tag == "DTM" and row[1] == "232" and service is None:
        payment.day = row[2]
    elif tag == "REF" and row[1] == "6R" and service is not None:
        service.ref = row[2]
    elif tag == "REF" and row[1] == "F8" and service is None:
        payment.original_icn = row[2]
