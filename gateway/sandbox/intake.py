"""What happens to a file that came in: it is read, recorded, and answered; its claims are refused or decided on.

One transaction for one file: what was received, the claims, and the answers that wait for their time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.core.x12.acknowledgment import StatusCode
from gateway.core.x12.answers.functional import VERSION, AnsweredGroup, can_be_answered, functional, group_verdict
from gateway.core.x12.answers.interchange import ta1, verdict_of
from gateway.core.x12.guides.answer_codes import GroupVerdict, InterchangeCode, InterchangeVerdict, SetCode, SetVerdict
from gateway.core.x12.inquiry import Who
from gateway.core.x12.inquiry_answer import InquiryStatus, status_response
from gateway.core.x12.segment import Segment

from .claims import ClaimDesk
from .envelope import DELIMITERS, Correspondent, Outgoing
from .incoming import Batch, Closed, GroupClosed, Inquiry, Opened, incoming
from .outbound import Outbound
from .script import faults_for
from .settings import Kind, SandboxPartner, SandboxSettings
from .state import Interchange, State

SILENT = "silent"
VERSION_277 = "005010X212"
NOT_FOUND = StatusCode("A4", "35", "")
STANDS = {
    "paid": StatusCode("F1", "65", ""),
    "unpaid": StatusCode("P1", "20", ""),
    "refused": StatusCode("A3", "21", ""),
}
"""What is said of a claim to whoever asks, by how it stands here."""


@dataclass(slots=True)
class _Open:
    """One interchange on its way through; `refused` is the TA105 that was clear from its ISA."""

    segment: Segment
    isa: list[str]
    refused: str = ""
    batches: list[Batch] = field(default_factory=list)
    groups: list[tuple[GroupClosed, list[Batch]]] = field(default_factory=list)


class Intake:
    """Takes the files of one partner, one at a time."""

    def __init__(self, settings: SandboxSettings, partner: SandboxPartner, state: State, desk: ClaimDesk) -> None:
        self.partner = partner
        self.state = state
        self.desk = desk
        self.outbound = Outbound(partner, state)
        self.zone = ZoneInfo(settings.time_zone)

    def take(self, name: str, data: bytes, now: dt.datetime) -> None:
        """One file, whole or not. Runs in a transaction of the caller's."""
        sha256 = hashlib.sha256(data).hexdigest()
        local = now.astimezone(self.zone)
        times = self._times(now.timestamp())
        for opened, note in self._interchanges(data):
            received = Interchange(
                self.partner.user,
                name,
                sha256,
                now.timestamp(),
                opened.isa[6],
                opened.isa[13],
                opened.isa[15],
                "000" if note == SILENT else note,
            )
            self.state.add_received(received)
            if note != SILENT:
                self._answer(opened, note, local, times)

    def _times(self, at: float) -> dict[Kind, float]:
        delays = self.partner.delays
        payer = at + delays.payer
        return {
            "TA1": at + delays.acknowledgment,
            "999": at + delays.acknowledgment + 0.0001,
            "277CA": at + delays.clearinghouse,
            "277": at + delays.clearinghouse,
            "277CA-payer": payer,
            "835": payer + delays.remittance,
        }

    def _interchanges(self, data: bytes) -> Iterator[tuple[_Open, str]]:
        """Each interchange with the TA105 that it gets."""
        opened: _Open | None = None
        for item in incoming(io.BytesIO(data)):
            if isinstance(item, Opened):
                opened = self._open(item)
            elif opened is None:
                continue
            elif isinstance(item, Batch):
                opened.batches.append(self._scripted(item))
            elif isinstance(item, GroupClosed):
                opened.groups.append((item, opened.batches))
                opened.batches = []
            else:
                yield opened, opened.refused or item.note
                opened = None
        if opened is not None:
            yield opened, opened.refused or Closed("023").note

    def _open(self, item: Opened) -> _Open:
        partner, isa = self.partner, item.elements
        opened = _Open(item.isa, isa)
        if isa[8] != partner.receiver_id:
            opened.refused = "009"
        elif isa[7] != partner.receiver_qualifier:
            opened.refused = "007"
        elif partner.sender_ids and isa[6] not in partner.sender_ids:
            opened.refused = "006"
        elif isa[15] != partner.usage:
            opened.refused = "020"
        elif self.state.seen(partner.user, isa[6], isa[13]):
            opened.refused = "025"
        else:
            nth = self.state.allocate(f"nth:{partner.user}:interchange")
            for fault in faults_for(partner, "interchange", nth):
                opened.refused = fault.code or "022" if fault.do == "reject" else SILENT
        return opened

    def _scripted(self, batch: Batch) -> Batch:
        """The batch, refused if the script says so."""
        nth = self.state.allocate(f"nth:{self.partner.user}:set")
        for fault in faults_for(self.partner, "set", nth):
            code = SetCode(fault.code) if fault.code else SetCode.SEGMENTS_WRONG
            answer = batch.answer._replace(verdict=SetVerdict.REJECTED, codes=(code,), told=())
            batch = batch._replace(answer=answer)
        return batch

    def _answer(self, opened: _Open, note: str, now: dt.datetime, times: dict[Kind, float]) -> None:
        isa, code = opened.isa, InterchangeCode(note)
        # What is only odd is told, and the rest is worked on; anything else stops the interchange.
        verdict = InterchangeVerdict.REJECTED if opened.refused else verdict_of(code)
        wanted = self.partner.ta1 == "always" or (self.partner.ta1 == "asked" and isa[14] == "1")
        group = next((group.gs02 for group, _ in opened.groups), "")
        to = Correspondent(isa[5], isa[6], group)
        if wanted or verdict is not InterchangeVerdict.ACCEPTED:
            self.outbound.put("TA1", to, Outgoing(ta1=ta1(opened.segment, code, now, DELIMITERS, verdict)), now, times)
        if verdict is InterchangeVerdict.REJECTED:
            return
        for closed, batches in opened.groups:
            answer = closed.answer._replace(sets=[batch.answer for batch in batches])
            self._acknowledge(answer, to, now, times)
            if answer.refused:
                continue
            for batch in batches:
                if not batch.refused and batch.inquiry is not None:
                    self._tell(batch.inquiry, to, now, times)
                if not batch.refused and batch.cases:
                    self.desk.work(batch, to, now, times)

    def _tell(self, inquiry: Inquiry, to: Correspondent, now: dt.datetime, times: dict[Kind, float]) -> None:
        """How each claim that is asked about stands."""
        numbers = [one.number for one in inquiry.asked]
        known = {one.number: one.state for one in self.state.known(self.partner.user, numbers)}
        told = []
        for one in inquiry.asked:
            codes = STANDS.get(known.get(one.number, ""), NOT_FOUND)
            said = InquiryStatus(one.trace, (codes,), one.cents, payer_number=one.payer_number, number=one.number)
            told.append((one, said))
        if told:
            receiver = Who(self.partner.user.upper(), qualifier="46", id=to.id)
            body = list(status_response(told, receiver, inquiry.reference, now, DELIMITERS))
            self.outbound.put("277", to, Outgoing("", "HN", "277", VERSION_277, [body]), now, times)

    def _acknowledge(self, group: AnsweredGroup, to: Correspondent, now: dt.datetime, times: dict[Kind, float]) -> None:
        if not can_be_answered(group):
            return
        if self.partner.acks == "negative" and group_verdict(group) is GroupVerdict.ACCEPTED:
            return
        body = list(functional(group, DELIMITERS))
        self.outbound.put("999", to, Outgoing("", "FA", "999", VERSION, [body]), now, times)
