"""From a claim that was read, and what was found in it, to what a 277CA says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..acknowledgment import StatusCode
from ..claim import Claim
from ..guides.answer_codes import SegmentCode
from ..guides.walk import Finding
from ..party import Party
from ..service_line import ServiceLine
from .claim_status import ClaimSaid, LineSaid, Name, ProviderSaid
from .status_map import READ_THE_LINE, status_of

_BEFORE = frozenset({SegmentCode.MISSING, SegmentCode.SITUATION_MISSING, SegmentCode.LOOP_TOO_FEW, SegmentCode.TOO_FEW})


Statuses = tuple[StatusCode, ...]


def statuses_of(
    findings: Iterable[Finding], lines_at: Sequence[int], status: Callable[[Finding], StatusCode] = status_of
) -> tuple[Statuses, dict[int, Statuses]]:
    """The statuses of a claim, and those of its lines by index (from 0), for what was found.

    Args:
        findings: those that concern the claim, its levels' among them.
        lines_at: the positions in the set of the claim's LX (`lines_at`).
        status: of a finding, where other checks (levels 3 to 5) have their own.
    """
    own: list[StatusCode] = []
    lines: dict[int, list[StatusCode]] = {}
    for finding in findings:
        index = line_of(finding, lines_at)
        (own if index is None else lines.setdefault(index, [])).append(status(finding))
    if lines and not own:
        own.append(READ_THE_LINE)
    return tuple(dict.fromkeys(own)), {index: tuple(dict.fromkeys(each)) for index, each in sorted(lines.items())}


def lines_at(claim: Claim, position: int) -> list[int]:
    """The positions in the set of a claim's LX; `position` is that of its CLM."""
    start = "LX" + claim.delimiters.element
    return [position + at for at, raw in enumerate(claim.stored.claim) if raw.startswith(start)]


def line_of(finding: Finding, starts: Sequence[int]) -> int | None:
    """The line (from 0) in which a finding stands; None where it stands in none."""
    if finding.loop[:2] != "24":
        return None
    missing = finding.ik304 in _BEFORE
    if missing and finding.tag == "LX":
        return None
    # What is missing is told at the segment behind its place, which may be the next line's.
    before = [at for at in starts if at < finding.position or (at == finding.position and not missing)]
    return len(before) - 1 if before else None


def claim_said(
    claim: Claim,
    statuses: Sequence[StatusCode],
    lines: Mapping[int, Sequence[StatusCode]] | None = None,
    *,
    payer_number: str = "",
    trace: str = "",
) -> ClaimSaid:
    """What a 277CA says of a claim. `lines`: statuses by index (from 0) of the line."""
    patient, subscriber, dates = claim.patient, claim.subscriber, claim.service_dates
    who = _name(patient)._replace(qualifier="MI", id=patient.id or subscriber.id)
    return ClaimSaid(
        claim.id,
        who,
        claim.charge_cents,
        tuple(statuses),
        _day(dates.start),
        _day(dates.end),
        payer_number,
        trace,
        tuple(_line(claim.lines[index], tuple(each)) for index, each in (lines or {}).items()),
    )


def _line(line: ServiceLine, statuses: tuple[StatusCode, ...]) -> LineSaid:
    return LineSaid(
        (line.qualifier, line.code, *line.modifiers),
        line.charge_cents,
        f"{line.units:f}",
        line.control_number or str(line.number),
        _day(line.dates.start),
        _day(line.dates.end),
        statuses,
    )


def billing_name(claim: Claim) -> Name:
    """The billing provider of a claim: by NPI, else by tax id."""
    party = claim.billing_provider
    npi = party.npi
    return _name(party)._replace(qualifier="XX" if npi else "FI", id=npi or party.tax_id)


def submitter_name(party: Party) -> Name:
    """Loop 1000A of a set."""
    return _name(party)._replace(qualifier="46", id=party.id)


def _name(party: Party) -> Name:
    return Name(party.last, party.first, party.middle, party.suffix)


def by_provider(claims: Iterable[tuple[Name, ClaimSaid]]) -> list[ProviderSaid]:
    """Claims under their billing providers, each id once, in the order in which they come first."""
    names: dict[tuple[str, str], Name] = {}
    found: dict[tuple[str, str], list[ClaimSaid]] = {}
    for name, claim in claims:
        key = name.qualifier, name.id
        names.setdefault(key, name)
        found.setdefault(key, []).append(claim)
    return [ProviderSaid(names[key], each) for key, each in found.items()]


def _day(day: dt.date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""
