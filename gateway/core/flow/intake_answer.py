"""The 999 that a billing system gets for each file of claims it sent: which transaction sets were taken.

A set is accepted (A), accepted with errors noted where single claims in it cannot be read and wait for a person (E),
or rejected where the set as a whole cannot be trusted (R).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ..model.states import ClaimState
from ..store.tables import claims, files
from ..x12.items import ClaimSetEnd, ReadClaim
from ..x12.reader import read
from ..x12.segment import Delimiters
from ..x12.sets import Envelope, SetInfo
from ..x12.transactions import transactions
from ..x12.writer import InterchangeHead, segment_text, write_sets
from .services import Services

VERSION = "005010X231A1"


class _Set(NamedTuple):
    """A set of the source's file: its verdict (IK501) and codes (IK502 on)."""

    st02: str
    version: str
    code: str
    codes: tuple[str, ...]


class _Group(NamedTuple):
    envelope: Envelope
    sets: list[_Set]


# What a structural fault of a set is called in IK502.
_FAULT_CODES = {
    "se-missing": "2",
    "se02-control-number": "3",
    "se02-number": "3",
    "se01-count": "4",
    "st02-repeated": "23",
}


def _set_codes(info: SetInfo) -> tuple[str, ...]:
    found = dict.fromkeys(_FAULT_CODES.get(fault.code, "5") for fault in info.faults)
    return tuple(found)[:5] or ("5",)


def _groups(services: Services, sha256: str, faulty: set[int]) -> list[_Group]:
    """The groups of a file with the verdict on each set; `faulty` are the ordinals of claims that cannot be read."""
    groups: list[_Group] = []
    ordinals: set[int] = set()
    with services.archive.open(sha256) as stream:
        for item in transactions(read(stream)):
            if isinstance(item, ReadClaim):
                ordinals.add(item.ordinal)
            elif isinstance(item, ClaimSetEnd):
                info = item.set
                if not groups or groups[-1].envelope.gs != info.envelope.gs:
                    groups.append(_Group(info.envelope, []))
                if not item.sound:
                    verdict, codes = "R", _set_codes(info)
                elif faulty & ordinals:
                    verdict, codes = "E", ("5",)
                else:
                    verdict, codes = "A", ()
                groups[-1].sets.append(_Set(info.st02.strip(), info.version, verdict, codes))
                ordinals = set()
    return groups


def _body(group: _Group, marks: Delimiters) -> Iterator[str]:
    envelope = group.envelope
    function = envelope.gs[1].strip() if envelope.gs else "HC"
    gs06 = envelope.gs06 or "1"
    yield segment_text(("AK1", function or "HC", gs06, envelope.version), marks)
    for one in group.sets:
        yield segment_text(("AK2", "837", one.st02, one.version), marks)
        yield segment_text(("IK5", one.code, *one.codes), marks)
    count = len(group.sets)
    accepted = sum(one.code != "R" for one in group.sets)
    if accepted == count:
        code = "E" if any(one.code == "E" for one in group.sets) else "A"
    else:
        code = "P" if accepted else "R"
    yield segment_text(("AK9", code, str(count), str(count), str(accepted)), marks)


def acknowledgment_of(services: Services, connection: Connection, file_id: int) -> bytes | None:
    """The 999 for a file of claims; None where it has no transaction set that could be answered.

    The same file gives the same bytes: its control number is the file's own id, and its moment that of the receipt.
    """
    row = connection.execute(select(files).where(files.c.id == file_id)).one()
    faulty = set(
        connection.execute(
            select(claims.c.ordinal).where(claims.c.file_id == file_id, claims.c.state == ClaimState.FAULTY)
        ).scalars()
    )
    groups = [group for group in _groups(services, row.sha256, faulty) if group.sets]
    if not groups:
        return None
    organisation = services.config.gateway.organisation
    at: dt.datetime = row.received_at.astimezone(ZoneInfo(organisation.time_zone))
    first = groups[0].envelope
    own = first.receiver or "GATEWAY"
    theirs = first.sender or row.party[:15].upper()
    head = InterchangeHead(
        sender_qualifier=first.receiver_qualifier or "ZZ",
        sender=own,
        receiver_qualifier=first.sender_qualifier or "ZZ",
        receiver=theirs,
        group_sender=first.gs03 or own,
        group_receiver=first.gs02 or theirs,
        isa13=f"{file_id % 1_000_000_000:09d}",
        gs06=str(file_id),
        usage=first.usage or services.config.gateway.usage,
        at=at,
        version=VERSION,
        function="FA",
    )
    marks = Delimiters()
    bodies = (("999", f"{number:04d}", _body(group, marks)) for number, group in enumerate(groups, 1))
    return b"".join(write_sets(head, bodies, marks, line_ending="\n"))
