"""Reading what a partner sends: interchanges, groups and batches of claims, one batch in memory at a time.

What is read is held against the guide on the way: a batch comes with what a 999 says of it, and with the claims in it
that are to be refused for what was found.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from gateway.core.x12 import inquiry
from gateway.core.x12.answers.checking import (
    CheckedGroup,
    CheckedInterchange,
    CheckedSet,
    Checking,
    answered_group,
    answered_set,
)
from gateway.core.x12.answers.functional import AnsweredGroup, AnsweredSet
from gateway.core.x12.answers.interchange import notes
from gateway.core.x12.answers.said import lines_at, statuses_of
from gateway.core.x12.claim import Claim
from gateway.core.x12.events import Event, GroupEnd, InterchangeEnd, InterchangeStart, Piece, SetStart
from gateway.core.x12.guides.answer_codes import GroupCode, InterchangeCode, SetCode, SetVerdict
from gateway.core.x12.inquiry import Asked
from gateway.core.x12.inquiry_answer import inquiries
from gateway.core.x12.items import ClaimSetEnd, ReadClaim, RemittanceEnd, UnknownSet
from gateway.core.x12.party import Party
from gateway.core.x12.reader import read
from gateway.core.x12.segment import Delimiters, Segment
from gateway.core.x12.service_line import ServiceLine
from gateway.core.x12.sets import SetInfo
from gateway.core.x12.transactions import transactions

from .cases import Case, CaseLine, Name, OtherPayer, Payee, Refusal, Status

GUIDES = {"HC": frozenset({"005010X222A1", "005010X222A2"}), inquiry.FUNCTION: frozenset({inquiry.VERSION})}
"""The versions that are taken, by GS01: claims, and inquiries about them."""


class Opened(NamedTuple):
    """An ISA, and its elements, tag included, without the padding of ids."""

    isa: Segment
    elements: list[str]


class Inquiry(NamedTuple):
    """What a 276 asks: its BHT03, and the claims."""

    reference: str
    asked: list[Asked]


class Batch(NamedTuple):
    """The claims of one ST, and what a 999 says of it. `refusals`: why claims cannot be taken, by index."""

    answer: AnsweredSet
    bht03: str
    submitter: tuple[str, str]
    cases: list[Case]
    refusals: dict[int, Refusal]
    inquiry: Inquiry | None = None

    @property
    def refused(self) -> bool:
        """Whether none of its claims is worked on."""
        return self.answer.verdict is SetVerdict.REJECTED


class GroupClosed(NamedTuple):
    """The end of a group: its GS03 and GS02 as an answer needs them, and what a 999 says of it; its sets come as
    batches."""

    gs02: str
    answer: AnsweredGroup


class Closed(NamedTuple):
    """The end of an interchange; TA105 of what is wrong with it, 000 where nothing is."""

    note: str


Incoming = Opened | Batch | GroupClosed | Closed
_Note = tuple[type[Event], CheckedInterchange, CheckedGroup | None]


def incoming(stream: BinaryIO) -> Iterator[Incoming]:
    """What a file holds, in its order: Opened, then its batches and the ends of their groups, then Closed."""
    seen: deque[_Note] = deque()
    checking = Checking()
    body: list[str] = []
    marks = Delimiters()

    def noting() -> Iterator[Event]:
        nonlocal marks
        for event in checking.watch(read(stream)):
            if isinstance(event, InterchangeStart | InterchangeEnd):
                seen.append((type(event), checking.interchanges[-1], None))
            elif isinstance(event, GroupEnd):
                interchange = checking.interchanges[-1]
                seen.append((type(event), interchange, interchange.groups[-1]))
            elif isinstance(event, SetStart):
                body.clear()
            elif isinstance(event, Piece) and checking.set is not None and checking.set.kind == "276":
                # An inquiry is small: its claims are a few lines each.
                body.extend(event.segments)
                marks = event.delimiters
            yield event

    batch = _Batch()
    for item in transactions(noting()):
        yield from _drain(seen)
        if isinstance(item, ReadClaim):
            batch.add(item, checking)
        elif isinstance(item, ClaimSetEnd):
            assert checking.set is not None
            yield batch.done(item.set, checking.set)
            batch = _Batch()
        elif isinstance(item, UnknownSet) and item.set.kind == "276":
            assert checking.set is not None
            # There is no guide of it here: what could be read is answered.
            verdict = SetVerdict.ACCEPTED if item.sound else SetVerdict.REJECTED
            answer = answered_set(checking.set)._replace(verdict=verdict, codes=(), told=())
            yield Batch(answer, "", ("", ""), [], {}, Inquiry(*inquiries(body, marks)))
        elif isinstance(item, UnknownSet | RemittanceEnd):
            assert checking.set is not None
            answer = answered_set(checking.set)._replace(
                verdict=SetVerdict.REJECTED, codes=(SetCode.NOT_SUPPORTED,), told=()
            )
            yield Batch(answer, "", ("", ""), [], {})
    yield from _drain(seen)


def _drain(seen: deque[_Note]) -> Iterator[Incoming]:
    while seen:
        kind, interchange, group = seen.popleft()
        if kind is InterchangeStart:
            elements = [element.strip() for element in interchange.isa.elements]
            yield Opened(interchange.isa, elements + [""] * (17 - len(elements)))
        elif group is not None:
            answer = answered_group(group)
            codes = _group_codes(answer)
            yield GroupClosed(group.gs[2], answer._replace(codes=codes, refused=bool(codes)))
        else:
            # The trailers were noted when they came; what was said of it as a whole stands there now.
            yield Closed(next(iter(notes(interchange)), InterchangeCode.NO_ERROR))


def _group_codes(answer: AnsweredGroup) -> tuple[GroupCode, ...]:
    """AK905 (hme-billing-rules 7.2)."""
    codes = list(answer.codes)
    if answer.kind not in GUIDES:
        codes.append(GroupCode.NOT_SUPPORTED)
    elif answer.version not in GUIDES[answer.kind]:
        codes.append(GroupCode.VERSION_NOT_SUPPORTED)
    return tuple(dict.fromkeys(codes))


class _Batch:
    """The claims of the set that is open: each with its number in the guide's count, and where its lines are."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.places: list[tuple[int, list[int]]] = []

    def add(self, item: ReadClaim, checking: Checking) -> None:
        assert checking.set is not None
        self.cases.append(case_of(item.claim, item.set.bht03))
        self.places.append((checking.set.claims_so_far, lines_at(item.claim, item.set.position(item.segment_number))))

    def done(self, info: SetInfo, checked: CheckedSet) -> Batch:
        submitter = info.submitter
        names = _plain(submitter.name), _plain(submitter.id)
        return Batch(answered_set(checked), _plain(info.bht03), names, self.cases, self._refusals(checked))

    def _refusals(self, checked: CheckedSet) -> dict[int, Refusal]:
        found: dict[int, Refusal] = {}
        for index, (number, starts) in enumerate(self.places) if checked.told else ():
            own, lines = statuses_of(checked.of_claim(number), starts)
            if own:
                said = tuple((at, tuple(Status(*one) for one in each)) for at, each in lines.items())
                found[index] = Refusal(False, tuple(Status(*one) for one in own), said)
        return found


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
