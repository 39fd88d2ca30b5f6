"""What `gateway trace` tells: a record of what happened, in order, and how it is written down."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ..core.model.spreadsheet import CsvWriter
from .looking import count, dollars, moment

RANK = {
    name: rank
    for rank, name in enumerate(
        (
            *("fetch", "intake", "read", "correct", "replace", "void", "confirm", "scrub", "hold", "batch", "send"),
            *("acknowledge", "post", "route", "work"),
        )
    )
}
"""Stations in the order in which they are told where several things happened at one moment."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
_WIDTH = max(len(name) for name in RANK)


class Event(NamedTuple):
    """One thing that happened. `more` are its details, a line each; `facts` the same for a program."""

    at: dt.datetime
    station: str
    what: str
    more: Sequence[str] = ()
    facts: Mapping[str, Any] = NOTHING


class ClaimLine(NamedTuple):
    """A claim in the list of a file or interchange. Money in cents; `open_cents` is what is still owed on it."""

    claim_id: int
    number: str
    state: str
    charge_cents: int
    open_cents: int
    payer: str


class Report(NamedTuple):
    """What is told of one subject: `about` are lines below the title, `end` those below the events. `claims` are the
    first of `claims_total`; None where the subject is a claim itself. `facts` are for a program."""

    kind: str
    title: str
    about: Sequence[str]
    events: Sequence[Event]
    end: Sequence[str] = ()
    claims: Sequence[ClaimLine] | None = None
    claims_total: int = 0
    facts: Mapping[str, Any] = NOTHING


def in_order(events: Iterable[Event]) -> list[Event]:
    """Oldest first; at one moment in the order of the stations, and else as they were given."""
    return sorted(events, key=lambda event: (event.at, RANK.get(event.station, len(RANK))))


def as_text(report: Report, zone: ZoneInfo) -> str:
    """For a person: a line an event, its details below it."""
    lines = [report.title, *(f"  {line}" for line in report.about), ""]
    for event in report.events:
        lines.append(f"{moment(event.at, zone)}  {event.station:<{_WIDTH}}  {event.what}")
        lines += [f"{'':<{18 + _WIDTH + 4}}{line}" for line in event.more]
    if not report.events:
        lines.append("Nothing has happened to it yet.")
    if report.claims is not None:
        lines += ["", *_claims(report)]
    lines += ["", *report.end] if report.end else []
    return "\n".join([*lines, f"Times are those of {zone.key}."])


def _claims(report: Report) -> Iterable[str]:
    claims = report.claims or ()
    if not claims:
        yield "It holds no claim of ours."
        return
    yield f"{count(report.claims_total, 'claim')}. To see one: gateway trace NUMBER"
    numbers = max(len(claim.number) for claim in claims)
    charges = max(len(dollars(claim.charge_cents)) for claim in claims)
    rests = max(len(dollars(claim.open_cents)) for claim in claims)
    for claim in claims:
        rest = f"{dollars(claim.open_cents):>{rests}} open"
        yield (
            f"  {claim.number:<{numbers}}  {dollars(claim.charge_cents):>{charges}}  {claim.state:<12}  {rest}  "
            f"{claim.payer}"
        ).rstrip()
    if report.claims_total > len(claims):
        yield f"  And {report.claims_total - len(claims):,} more: --all shows them."


def as_json(report: Report, zone: ZoneInfo) -> str:
    """For a program; amounts in cents, moments with their offset."""
    found: dict[str, Any] = {
        "kind": report.kind,
        "title": report.title,
        "about": list(report.about),
        "time_zone": zone.key,
        **report.facts,
        "events": [
            {
                "at": event.at.astimezone(zone).isoformat(timespec="seconds"),
                "station": event.station,
                "what": event.what,
                "details": list(event.more),
                **event.facts,
            }
            for event in report.events
        ],
    }
    if report.claims is not None:
        found["claims_total"] = report.claims_total
        found["claims"] = [claim._asdict() for claim in report.claims]
    found["end"] = list(report.end)
    return json.dumps(found, indent=2, default=str)


def as_csv(report: Report, zone: ZoneInfo) -> str:
    """For a spreadsheet: the claims of a file or interchange, else the events."""
    text = io.StringIO()
    writer = CsvWriter(text)
    if report.claims is not None:
        writer.writerow(("claim", "state", "charge", "open", "payer", "id"))
        writer.writerows(
            (one.number, one.state, dollars(one.charge_cents), dollars(one.open_cents), one.payer, one.claim_id)
            for one in report.claims
        )
    else:
        writer.writerow(("at", "station", "what", "details"))
        writer.writerows(
            (moment(event.at, zone), event.station, event.what, "\n".join(event.more)) for event in report.events
        )
    return text.getvalue().rstrip("\n")
