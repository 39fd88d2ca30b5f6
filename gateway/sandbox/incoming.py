"""Reading what a partner sends: interchanges, groups and batches of claims, one batch in memory at a time."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from gateway.core.x12.claim import Claim
from gateway.core.x12.events import Event, GroupEnd, GroupStart, InterchangeEnd, InterchangeStart
from gateway.core.x12.items import ClaimSetEnd, ReadClaim, RemittanceEnd, UnknownSet
from gateway.core.x12.party import Party
from gateway.core.x12.reader import read
from gateway.core.x12.service_line import ServiceLine
from gateway.core.x12.sets import SetInfo
from gateway.core.x12.transactions import transactions

from .acks import SetVerdict
from .cases import Case, CaseLine, Name, OtherPayer, Payee

GUIDES = frozenset({"005010X222A1", "005010X222A2"})


class Opened(NamedTuple):
    """An ISA: its elements, tag included, without the padding of ids."""

    isa: list[str]


class Batch(NamedTuple):
    """The claims of one ST, and what a 999 says of it."""

    verdict: SetVerdict
    bht03: str
    submitter: tuple[str, str]
    cases: list[Case]


class GroupClosed(NamedTuple):
    """The end of a group: its GS, and the AK905 codes of what is wrong with it as a whole."""

    gs: list[str]
    codes: tuple[str, ...]


class Closed(NamedTuple):
    """The end of an interchange; TA105 of what is wrong with it, 000 where nothing is."""

    note: str


Incoming = Opened | Batch | GroupClosed | Closed


def incoming(stream: BinaryIO) -> Iterator[Incoming]:
    """What a file holds, in its order: Opened, then its batches and the ends of their groups, then Closed."""
    notes: deque[Event] = deque()

    def noting() -> Iterator[Event]:
        for event in read(stream):
            if isinstance(event, InterchangeStart | InterchangeEnd | GroupStart | GroupEnd):
                notes.append(event)
            yield event

    reader = _Reader()
    for item in transactions(noting()):
        yield from reader.drain(notes)
        if isinstance(item, ReadClaim):
            reader.cases.append(case_of(item.claim, item.set.bht03))
        elif isinstance(item, ClaimSetEnd):
            yield reader.batch(item.set, item.sound)
        elif isinstance(item, UnknownSet | RemittanceEnd):
            info = item.set
            yield Batch(SetVerdict(info.kind, info.st02, info.version, ("1",)), "", ("", ""), [])
    yield from reader.drain(notes)


class _Reader:
    """Where in the file we are."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.isa: list[str] = []
        self.gs: list[str] = []

    def drain(self, notes: deque[Event]) -> Iterator[Incoming]:
        while notes:
            event = notes.popleft()
            if isinstance(event, InterchangeStart):
                self.isa = [element.strip() for element in event.isa.elements]
                self.isa += [""] * (17 - len(self.isa))
                yield Opened(self.isa)
            elif isinstance(event, GroupStart):
                self.gs = [*event.gs.elements, *[""] * (9 - len(event.gs.elements))]
            elif isinstance(event, GroupEnd):
                yield GroupClosed(self.gs, self._group_codes(event))
            elif isinstance(event, InterchangeEnd):
                yield Closed(self._note(event))

    def _group_codes(self, end: GroupEnd) -> tuple[str, ...]:
        """AK905 (hme-billing-rules 7.2)."""
        codes = []
        if self.gs[1] != "HC":
            codes.append("1")
        elif self.gs[8] not in GUIDES:
            codes.append("2")
        if end.ge is None:
            codes.append("3")
        else:
            if end.ge[2].strip() != self.gs[6].strip():
                codes.append("4")
            if end.ge[1].strip() != str(end.sets):
                codes.append("5")
        return tuple(codes)

    def _note(self, end: InterchangeEnd) -> str:
        """TA105 (hme-billing-rules 7.1)."""
        if end.iea is None:
            return "023"
        if end.iea[2].strip() != self.isa[13]:
            return "001"
        return "000" if end.iea[1].strip() == str(end.groups) else "021"

    def batch(self, info: SetInfo, sound: bool) -> Batch:
        cases, self.cases = self.cases, []
        codes = () if sound else _set_codes(info)
        submitter = info.submitter
        verdict = SetVerdict(info.kind, info.st02, info.version, codes)
        return Batch(verdict, _plain(info.bht03), (_plain(submitter.name), _plain(submitter.id)), cases)


def _set_codes(info: SetInfo) -> tuple[str, ...]:
    """IK502 for what the reader says of a set that cannot be trusted."""
    codes = []
    for fault in info.faults:
        if fault.segment_id == "SE":
            codes.append({1: "4", 2: "3"}.get(fault.element, "2"))
    return tuple(dict.fromkeys(codes)) or ("5",)


_SEPARATORS = str.maketrans("*:^~", "    ")


def _plain(text: str) -> str:
    """A value without what separates in our answers: a partner may use other separators, and these then stand in its
    data."""
    return text.translate(_SEPARATORS).strip() if not text.isalnum() else text


def _day(day: dt.date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


def _name(party: Party) -> Name:
    return Name(_plain(party.last), _plain(party.first), _plain(party.middle), _plain(party.id))


def _line(line: ServiceLine, secondary: bool) -> CaseLine:
    period = line.dates
    found = CaseLine(
        code=_plain(line.code),
        modifiers=tuple([_plain(modifier) for modifier in line.modifiers]),
        charge=line.charge_cents,
        units=int(line.units) or 1,
        start=_day(period.start),
        end=_day(period.end),
        reference=_plain(line.control_number),
        number=str(line.number),
        ordering_npi=line.ordering_provider.npi,
    )
    if secondary and line.adjudications:
        decided = line.adjudications
        found.prior_paid = sum(one.paid_cents for one in decided)
        found.prior_left = sum(a.cents for a in decided[-1].adjustments if a.group == "PR")
    return found


def case_of(claim: Claim, bht03: str) -> Case:
    """What the clearinghouse keeps of a claim."""
    billing, payer, subscriber, patient = claim.billing_provider, claim.payer, claim.subscriber, claim.patient
    secondary = claim.payer_responsibility not in ("", "P")
    others = [
        OtherPayer(
            _plain(other.payer.id),
            _plain(other.payer.name),
            _plain(other.filing_code),
            other.responsibility,
            _plain(other.subscriber.id),
        )
        for other in claim.other_subscribers
    ]
    return Case(
        number=_plain(claim.id),
        charge=claim.charge_cents,
        payer_id=_plain(payer.id),
        payer_name=_plain(payer.name),
        filing=_plain(claim.filing_code),
        responsibility=claim.payer_responsibility or "P",
        payee=Payee(_plain(billing.npi or billing.id), _plain(billing.name), _plain(billing.tax_id)),
        subscriber=_name(subscriber),
        patient=_name(patient),
        lines=[_line(line, secondary) for line in claim.lines],
        same_person=patient.is_subscriber,
        frequency=_plain(claim.frequency) or "1",
        facility=_plain(claim.place_of_service) or "12",
        replaces=claim.payer_control_number,
        others=others,
        bht03=bht03,
    )
