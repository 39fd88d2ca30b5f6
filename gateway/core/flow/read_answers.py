"""From typed acknowledgments to answers: what each means for what we sent, without patient data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model.answers import (
    Answer,
    BatchStatus,
    ClaimAnswer,
    ElementError,
    GroupAnswer,
    InquiryAnswer,
    InterchangeAnswer,
    SetAnswer,
    StatusCode,
    Verdict,
    group_verdict,
    set_verdict,
    status_verdict,
    ta1_verdict,
)
from ..model.states import Hop
from ..x12.acknowledgment import ClaimStatus, SetAcknowledgment, Status, StatusLevel
from ..x12.events import Event
from ..x12.inquiry_answer import inquiry_status, is_inquiry_answer
from ..x12.transactions import (
    ReadGroupAcknowledgment,
    ReadInterchangeAcknowledgment,
    ReadSetAcknowledgment,
    ReadStatus,
    transactions,
)

MOST_ERRORS = 50
"""How many faults of one refused set are kept."""

# 2100A NM101 of a 277CA: a payer speaks for itself, anyone else passes claims on.
_PAYER = "PR"


def answers(events: Iterable[Event]) -> Iterator[Answer]:
    """The answers that a file holds, in its order."""
    for item in transactions(events):
        if isinstance(item, ReadInterchangeAcknowledgment):
            said = item.acknowledgment
            yield InterchangeAnswer(said.control_number, said.code, said.note, ta1_verdict(said.code))
        elif isinstance(item, ReadSetAcknowledgment):
            yield _set(item.acknowledgment)
        elif isinstance(item, ReadGroupAcknowledgment):
            group = item.acknowledgment
            yield GroupAnswer(
                group.gs06,
                group.code,
                group.codes,
                group_verdict(group.code),
                group.included,
                group.received,
                group.accepted,
                group.named,
            )
        elif isinstance(item, ReadStatus):
            yield from _inquired(item.status) if is_inquiry_answer(item.set.version) else _status(item.status)


def _inquired(level: StatusLevel) -> Iterator[Answer]:
    """What is said of a claim that was asked about; the levels above it say nothing of one."""
    if isinstance(level, ClaimStatus) and level.trace:
        said = inquiry_status(level)
        yield InquiryAnswer(
            said.trace,
            tuple(StatusCode(code.category, code.status, code.entity) for code in said.codes),
            said.payer_number,
            said.charge_cents,
            said.paid_cents,
            said.decided_on.isoformat() if said.decided_on else "",
            said.paid_on.isoformat() if said.paid_on else "",
            said.check_number,
        )


def _set(said: SetAcknowledgment) -> SetAnswer:
    errors: list[ElementError] = []
    for segment in said.errors:
        code = segment.codes[0] if segment.codes else ""
        if not segment.elements:
            errors.append(ElementError(segment.segment, segment.position, segment.loop, code))
        for element in segment.elements:
            errors.append(
                ElementError(
                    segment.segment,
                    segment.position,
                    segment.loop,
                    code,
                    element.element,
                    element.component,
                    element.code,
                )
            )
    return SetAnswer(said.gs06, said.st02, said.code, said.codes, set_verdict(said.code), tuple(errors[:MOST_ERRORS]))


def _codes(statuses: Iterable[Status]) -> tuple[StatusCode, ...]:
    return tuple(StatusCode(code.category, code.status, code.entity) for status in statuses for code in status.codes)


def _hop(level: StatusLevel) -> Hop:
    source = level.source
    return Hop.PAYER if source is not None and source.party.entity == _PAYER else Hop.CLEARINGHOUSE


def _status(level: StatusLevel) -> Iterator[Answer]:
    """A claim's status, or that of a whole batch or provider where it refuses."""
    codes = _codes(level.statuses)
    if isinstance(level, ClaimStatus):
        lines = tuple((line.control_number, _codes(line.statuses)) for line in level.lines)
        everything = codes + tuple(code for _, found in lines for code in found)
        yield ClaimAnswer(
            level.batch_reference,
            level.claim_number,
            _hop(level),
            # A claim taken as a whole with a line refused is still a matter for a person.
            status_verdict(codes if codes else everything),
            codes,
            level.payer_claim_number,
            level.clearinghouse_number,
            tuple((number, found) for number, found in lines if found),
        )
    elif level.level in ("21", "19") and codes:
        verdict = status_verdict(codes)
        if level.level == "19" and verdict is not Verdict.REJECTED:
            return
        yield BatchStatus(
            level.batch_reference,
            _hop(level),
            verdict,
            codes,
            level.party.id if level.level == "19" else "",
        )
