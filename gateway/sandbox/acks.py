"""The 277CA of the clearinghouse and of its payers: from its cases to what the gateway's own writer takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from gateway.core.x12.acknowledgment import StatusCode
from gateway.core.x12.answers import claim_status as x214
from gateway.core.x12.answers.claim_status import BatchSaid, ClaimSaid, LineSaid, ProviderSaid

from .cases import Case, CaseLine, Refusal, Status
from .envelope import DELIMITERS

X214 = x214.VERSION
_RECEIVED = (StatusCode("A1", "19", "PR"),)
_TAKEN = (StatusCode("A2", "20", "PR"),)
_UNLINKED = (StatusCode("A8", "496", "85"),)


class Said(NamedTuple):
    """What a 277CA says of one claim: nothing against it, or a refusal; the numbers it was given."""

    case: Case
    refusal: Refusal | None
    control_number: str = ""
    trace: str = ""


class Source(NamedTuple):
    """Who answers (loop 2100A): the clearinghouse (AY, 46) or a payer (PR, PI)."""

    entity: str
    name: str
    qualifier: str
    id: str


def procedure(line: CaseLine) -> str:
    return ":".join(["HC", line.code, *line.modifiers])


def _codes(statuses: Sequence[Status]) -> tuple[StatusCode, ...]:
    return tuple(StatusCode(one.category, one.code, one.entity) for one in statuses)


def _line(line: CaseLine, statuses: Sequence[Status]) -> LineSaid:
    return LineSaid(
        ("HC", line.code, *line.modifiers),
        line.charge,
        str(line.units),
        line.reference or line.number,
        line.start,
        line.end,
        _codes(statuses),
    )


def _claim(one: Said, by_payer: bool) -> ClaimSaid:
    case, refusal = one.case, one.refusal
    who = case.patient
    return ClaimSaid(
        case.number,
        x214.Name(who.last, who.first, who.middle, "", "MI", who.id or case.subscriber.id),
        case.charge,
        _codes(refusal.statuses) if refusal else (_TAKEN if by_payer else _RECEIVED),
        case.first_day,
        case.last_day,
        one.control_number if by_payer else "",
        one.trace,
        tuple(_line(case.lines[index], statuses) for index, statuses in refusal.lines) if refusal else (),
    )


def claim_status(
    source: Source,
    submitter: tuple[str, str],
    bht03: str,
    trace: str,
    now: dt.datetime,
    said: Sequence[Said],
    unlinked: Collection[str] = (),
) -> list[str]:
    """A 277CA for the claims of one batch: every claim named once, under its billing provider.

    Args:
        submitter: name and id of loop 1000A of the 837.
        bht03: the batch's reference, which comes back in TRN02 of the receiver.
        now: local time of the clearinghouse.
        unlinked: billing NPIs that are refused as a whole (2200C), without a word on their claims.
    """
    by_payer = source.entity == "PR"
    by_payee: dict[str, list[Said]] = {}
    for one in said:
        by_payee.setdefault(one.case.payee.npi, []).append(one)
    providers = [
        ProviderSaid(
            x214.Name(theirs[0].case.payee.name, qualifier="XX", id=npi),
            [_claim(one, by_payer) for one in theirs],
            _UNLINKED if npi in unlinked else (),
        )
        for npi, theirs in by_payee.items()
    ]
    batch = BatchSaid(
        x214.Name(source.name, qualifier=source.qualifier, id=source.id),
        by_payer,
        x214.Name(submitter[0], id=submitter[1]),
        bht03,
        trace,
        now,
        providers,
    )
    return list(x214.claim_status(batch, DELIMITERS))
