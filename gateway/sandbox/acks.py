"""The bodies of 999 (005010X231A1) and 277CA (005010X214) answers, and the TA1: segments without envelope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from gateway.core.x12.values import x12_amount

from .cases import Case, CaseLine, Refusal, Status

X231 = "005010X231A1"
X214 = "005010X214"
_RECEIVED = Status("A1", "19", "PR")
_TAKEN = Status("A2", "20", "PR")
_UNLINKED = Status("A8", "496", "85")


class SetVerdict(NamedTuple):
    """What a 999 says of one set: its ST01, ST02, guide, and the IK502.. codes (empty: accepted)."""

    kind: str
    st02: str
    version: str
    codes: tuple[str, ...] = ()


class Said(NamedTuple):
    """What a 277CA says of one claim: nothing against it, or a refusal; the numbers it was given."""

    case: Case
    refusal: Refusal | None
    control_number: str = ""
    trace: str = ""


def ta1(isa: Sequence[str], code: str, note: str) -> str:
    """A TA1 about an interchange; `isa` are the elements of its ISA, tag included."""
    return f"TA1*{isa[13]}*{isa[9]}*{isa[10]}*{code}*{note}"


def functional(
    gs01: str, gs06: str, version: str, sets: Sequence[SetVerdict], group_codes: tuple[str, ...] = ()
) -> list[str]:
    """A 999 for one group; with `group_codes` (AK905) the group is refused as a whole."""
    found = [f"AK1*{gs01}*{gs06}*{version}"]
    accepted = 0
    for verdict in sets:
        found.append(f"AK2*{verdict.kind}*{verdict.st02}*{verdict.version}")
        found.append("*".join(["IK5", "R", *verdict.codes]) if verdict.codes else "IK5*A")
        accepted += not verdict.codes
    count = len(sets)
    if group_codes:
        found.append("*".join(["AK9", "R", str(count), str(count), "0", *group_codes]))
        return found
    code = "A" if accepted == count else "P" if accepted else "R"
    found.append(f"AK9*{code}*{count}*{count}*{accepted}")
    return found


def _name(entity: str, last: str, first: str, middle: str, qualifier: str, number: str) -> str:
    kind = "1" if first or entity == "QC" else "2"
    return f"NM1*{entity}*{kind}*{last}*{first}*{middle}***{qualifier}*{number}"


def stc(statuses: Sequence[Status], day: str, accepted: bool, cents: int | None = None) -> str:
    """One STC with up to three composites (STC01, STC10, STC11)."""
    composites = [":".join(part for part in (s.category, s.code, s.entity) if part) for s in statuses[:3]]
    parts = ["STC", composites[0], day, "WQ" if accepted else "U"]
    if cents is not None:
        parts.append(x12_amount(cents))
    if len(composites) > 1:
        parts += [""] * (10 - len(parts)) + composites[1:]
    return "*".join(parts)


def dates(line_start: str, line_end: str) -> str:
    """DTP03 with its qualifier: `D8*20260102` or `RD8*20260102-20260131`."""
    return f"D8*{line_start}" if line_end in ("", line_start) else f"RD8*{line_start}-{line_end}"


def procedure(line: CaseLine) -> str:
    return ":".join(["HC", line.code, *line.modifiers])


def _counts(said: Sequence[Said], taken: str, refused: str) -> list[str]:
    """QTY and AMT of a level: claims and dollars, accepted and rejected; what is none is left out."""
    good = [one for one in said if one.refusal is None]
    bad = [one for one in said if one.refusal is not None]
    found = []
    if good:
        found.append(f"QTY*{taken}*{len(good)}")
    if bad:
        found.append(f"QTY*{refused}*{len(bad)}")
    if good:
        found.append(f"AMT*YU*{x12_amount(sum(one.case.charge for one in good))}")
    if bad:
        found.append(f"AMT*YY*{x12_amount(sum(one.case.charge for one in bad))}")
    return found


def _claim(one: Said, day: str, by_payer: bool) -> list[str]:
    case, refusal = one.case, one.refusal
    who = case.patient
    found = [
        _name("QC", who.last, who.first, who.middle, "MI", who.id or case.subscriber.id),
        f"TRN*2*{case.number}",
    ]
    if refusal is None:
        found.append(stc([_TAKEN if by_payer else _RECEIVED], day, True, case.charge))
    else:
        found.append(stc(refusal.statuses, day, False, case.charge))
    if one.control_number and by_payer:
        found.append(f"REF*1K*{one.control_number}")
    if one.trace:
        found.append(f"REF*D9*{one.trace}")
    if case.first_day:
        found.append(f"DTP*472*{dates(case.first_day, case.last_day)}")
    for index, statuses in refusal.lines if refusal else ():
        line = case.lines[index]
        found.append(f"SVC*{procedure(line)}*{x12_amount(line.charge)}*****{line.units}")
        found.append(stc(statuses, day, False))
        found.append(f"REF*FJ*{line.reference or line.number}")
        found.append(f"DTP*472*{dates(line.start, line.end)}")
    return found


class Source(NamedTuple):
    """Who answers (loop 2100A): the clearinghouse (AY, 46) or a payer (PR, PI)."""

    entity: str
    name: str
    qualifier: str
    id: str


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
    day = now.strftime("%Y%m%d")
    by_payer = source.entity == "PR"
    total = sum(one.case.charge for one in said)
    found = [
        f"BHT*0085*08*{trace}*{day}*{now:%H%M%S}*TH",
        "HL*1**20*1",
        f"NM1*{source.entity}*2*{source.name}*****{source.qualifier}*{source.id}",
        f"TRN*1*{trace}",
        f"DTP*050*D8*{day}",
        f"DTP*009*D8*{day}",
        "HL*2*1*21*1",
        f"NM1*41*2*{submitter[0]}*****46*{submitter[1]}",
        f"TRN*2*{bht03}",
        stc([_RECEIVED], day, True, total),
        *_counts(said, "90", "AA"),
    ]
    by_payee: dict[str, list[Said]] = {}
    for one in said:
        by_payee.setdefault(one.case.payee.npi, []).append(one)
    level = 2
    for npi, theirs in by_payee.items():
        level += 1
        parent = level
        charged = sum(one.case.charge for one in theirs)
        found += [
            f"HL*{parent}*2*19*1",
            f"NM1*85*2*{theirs[0].case.payee.name}*****XX*{npi}",
            "TRN*1*0",
            # The guide gives no date to the status of a billing provider.
            stc([_UNLINKED if npi in unlinked else _RECEIVED], "", npi not in unlinked, charged),
            *_counts(theirs, "QA", "QC"),
        ]
        if npi in unlinked:
            continue
        for one in theirs:
            level += 1
            found.append(f"HL*{level}*{parent}*PT")
            found += _claim(one, day, by_payer)
    return found
