"""What a person means by a number, a name or a path: which claim, interchange or file, or which there are to choose."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, select

from ..core.store import claims as claim_store
from ..core.store.tables import batches, blobs, claims, files, interchanges
from .looking import days, dollars, on_day

KINDS = ("claim", "interchange", "file")
_NEAR = 8
_MOST_CHOICES = 50
_LONGEST_ISA13 = 9


class Subject(NamedTuple):
    """What was found: kind is claim, batch or file."""

    kind: str
    id: int


class Choice(NamedTuple):
    """One of several that were found: the subject, what it is, and the words that name it alone."""

    subject: Subject
    what: str
    how: str


class Found(NamedTuple):
    """`subject`: the one that is meant; None where there is none, or more than one (`choices`). `also`: what else bears
    this number or name. `nothing`: what was looked for where, and what is near."""

    subject: Subject | None
    choices: Sequence[Choice] = ()
    also: Sequence[Choice] = ()
    nothing: str = ""


def find(connection: Connection, what: str, sources: Sequence[str], zone: ZoneInfo, chosen: int = 0) -> Found:
    """Find what `what` names: `claim N`, `interchange N`, `file N`, a path on disk, or a number or name alone.
    `sources`: the billing systems that the configuration has. `chosen` is the id of one of several claims, batches or
    files."""
    first, _, rest = what.partition(" ")
    kind, rest = (first, rest.strip()) if first in KINDS and rest.strip() else ("", what.strip())
    if not kind and _is_file(rest):
        return _by_bytes(connection, Path(rest), zone)
    groups: list[list[Choice]] = []
    if kind in ("", "claim"):
        groups.append(_claims(connection, rest, sources, zone))
    if kind in ("", "interchange"):
        groups.append(_batches(connection, rest, zone))
        groups.append(_interchanges(connection, rest, zone))
    if kind in ("", "file"):
        groups.append(_files(connection, rest, zone, by_id=kind == "file"))
    if chosen:
        groups = [found for group in groups if (found := [one for one in group if one.subject.id == chosen])]
    groups = [group for group in groups if group]
    if not groups:
        return Found(None, nothing=_nothing(connection, what, kind, rest, chosen))
    best, others = groups[0], [one for group in groups[1:] for one in group]
    if len(best) > 1:
        return Found(None, choices=best, also=others)
    return Found(best[0].subject, also=[one for one in others if one.subject != best[0].subject])


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _claims(connection: Connection, number: str, sources: Sequence[str], zone: ZoneInfo) -> list[Choice]:
    """Claims by our number, or by their source's own."""
    ids = claim_store.ids_with_number(connection, number, sources)[:_MOST_CHOICES]
    found = []
    for row in connection.execute(select(claims).where(claims.c.id.in_(ids)).order_by(claims.c.id)):
        served = days(row.from_date, row.thru_date) or "no date"
        kind = {"7": ", replaces an earlier one", "8": ", voids an earlier one"}.get(row.frequency, "")
        words = (
            f"claim from {row.source} of {on_day(row.created_at, zone)}, service {served}, "
            f"{dollars(row.charge_cents)}, {row.state}{kind}"
        )
        found.append(Choice(Subject("claim", row.id), words, f"claim {number} --id {row.id}"))
    return found


def _padded(number: str) -> str:
    return number.zfill(_LONGEST_ISA13) if number.isdigit() and len(number) <= _LONGEST_ISA13 else ""


def _batches(connection: Connection, number: str, zone: ZoneInfo) -> list[Choice]:
    """Interchanges of ours by ISA13."""
    isa13 = _padded(number)
    if not isa13:
        return []
    rows = connection.execute(
        select(batches).where(batches.c.isa13 == isa13).order_by(batches.c.id).limit(_MOST_CHOICES)
    )
    return [
        Choice(
            Subject("batch", row.id),
            f"interchange to {row.partner} of {on_day(row.created_at, zone)}, {row.claims:,} claims, {row.state}",
            f"interchange {isa13} --id {row.id}",
        )
        for row in rows
    ]


def _interchanges(connection: Connection, number: str, zone: ZoneInfo) -> list[Choice]:
    """Files that came with an interchange of this ISA13."""
    isa13 = _padded(number)
    if not isa13:
        return []
    rows = connection.execute(
        select(files.c.id, files.c.name, files.c.kind, files.c.party, files.c.received_at)
        .join(interchanges, interchanges.c.file_id == files.c.id)
        .where(interchanges.c.isa13.in_((isa13, number)), interchanges.c.direction == "in")
        .distinct()
        .order_by(files.c.id)
        .limit(_MOST_CHOICES)
    )
    return [
        Choice(
            Subject("file", row.id),
            f"interchange in {row.name} ({row.kind}) from {row.party} of {on_day(row.received_at, zone)}",
            f"file {row.id}",
        )
        for row in rows
    ]


def _files(connection: Connection, name: str, zone: ZoneInfo, *, by_id: bool) -> list[Choice]:
    if by_id and name.isdigit() and len(name) < 18:
        return _file_choices(connection, files.c.id == int(name), zone)
    return _file_choices(connection, files.c.name == name, zone)


def _file_choices(connection: Connection, where: ColumnElement[bool], zone: ZoneInfo) -> list[Choice]:
    rows = connection.execute(select(files).where(where).order_by(files.c.id).limit(_MOST_CHOICES))
    return [
        Choice(
            Subject("file", row.id),
            f"file {row.name} ({row.kind or 'no kind'}) {'from' if row.direction == 'in' else 'to'} {row.party} of "
            f"{on_day(row.received_at, zone)}, {row.state}",
            f"file {row.id}",
        )
        for row in rows
    ]


def hash_of(path: Path) -> str:
    """SHA-256 of a file. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _by_bytes(connection: Connection, path: Path, zone: ZoneInfo) -> Found:
    """The files with the bytes of this one; the first that was not a copy is meant."""
    sha256 = hash_of(path)
    found = _file_choices(connection, (files.c.sha256 == sha256) | (files.c.wire_sha256 == sha256), zone)
    if not found:
        known = connection.execute(select(blobs.c.purpose).where(blobs.c.sha256 == sha256)).scalar()
        place = f", only as {known}" if known else ""
        return Found(
            None,
            nothing=f"The gateway has never taken in or sent a file with the bytes of {path} (SHA-256 "
            f"{sha256[:12]}…{place}). To see what it would do with it: gateway explain {path}",
        )
    return Found(found[0].subject, also=found[1:])


def _nothing(connection: Connection, what: str, kind: str, number: str, chosen: int) -> str:
    looked = {
        "claim": "claim numbers (ours and the sources' own)",
        "interchange": "control numbers (ISA13) of what was sent and received",
        "file": "names of files" if not number.isdigit() or not kind else "files by their id",
    }
    where = [looked[kind]] if kind else [*looked.values(), "files on disk"]
    text = f"There is nothing called {what!r}" + (f" with the id {chosen}" if chosen else "")
    text += f": looked for it among {', '.join(where[:-1])}{' and ' if where[:-1] else ''}{where[-1]}."
    near = _near(connection, number) if kind in ("", "claim") else []
    return f"{text} Claim numbers that are near: {', '.join(near)}." if near else text


def _near(connection: Connection, number: str) -> list[str]:
    """Claim numbers like this one: its neighbours in order, and those that begin alike."""
    column = claims.c.claim_number
    found: set[str] = set()
    for start in dict.fromkeys((number, number.upper(), number[: len(number) * 2 // 3].upper())):
        after = select(column).where(column >= start).order_by(column).limit(_NEAR)
        before = select(column).where(column < start).order_by(column.desc()).limit(_NEAR)
        for statement in (after, before):
            found |= set(connection.execute(statement).scalars())
    return difflib.get_close_matches(number, sorted(found), n=5, cutoff=0.6)
