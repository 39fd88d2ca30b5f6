"""The 999 that a billing system gets for each file of claims it sent: which transaction sets were taken, and what is
wrong with them.

A set is accepted (A), accepted with errors noted (E), or rejected where it is of no guide that is taken in here, or the
set as a whole cannot be trusted (R). What is noted does not keep a claim from being worked on; single claims that
cannot be read wait for a person.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ..model.states import ClaimState
from ..store.tables import claims, files
from ..x12.answers.checking import CheckedGroup, CheckedSet, Checking, answered_group, judge_readable
from ..x12.answers.functional import VERSION, AnsweredGroup, AnsweredSet, can_be_answered, functional
from ..x12.answers.values import plain
from ..x12.guides.answer_codes import SetCode, SetVerdict
from ..x12.items import ReadClaim
from ..x12.reader import read
from ..x12.segment import Delimiters
from ..x12.sets import Envelope
from ..x12.transactions import transactions
from ..x12.writer import InterchangeHead, write_sets
from .chunk import is_professional
from .services import Services


def _checked(services: Services, sha256: str, faulty: set[int]) -> tuple[Checking, set[int]]:
    """A file held against its guides, and the sets in it that have one of the claims of these ordinals."""
    checking = Checking()
    noted: set[int] = set()
    with services.archive.open(sha256) as stream:
        for item in transactions(checking.watch(read(stream))):
            if isinstance(item, ReadClaim) and item.ordinal in faulty:
                noted.add(item.set.ordinal)
    return checking, noted


def _answered(group: CheckedGroup, noted: set[int]) -> AnsweredGroup:
    """What is said of a group, as it was taken in; `noted` are the sets with a claim that cannot be read."""
    found = answered_group(group, judge_readable)
    return found._replace(sets=[_set(*each, noted) for each in zip(group.sets, found.sets, strict=True)])


def _set(one: CheckedSet, said: AnsweredSet, noted: set[int]) -> AnsweredSet:
    if is_professional(one.kind, one.guide_version):
        if one.sound and (said.verdict is SetVerdict.REJECTED or one.ordinal in noted):
            # It is taken in, though no guide here knows its version, or a claim of it waits for a person.
            return said._replace(verdict=SetVerdict.ERRORS_NOTED)
        return said
    codes = said.codes or (SetCode.NOT_SUPPORTED,)
    return said._replace(verdict=SetVerdict.REJECTED, codes=codes, told=())


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
    checking, noted = _checked(services, row.sha256, faulty)
    answered: list[AnsweredGroup] = []
    envelopes: list[Envelope] = []
    for interchange in checking.interchanges:
        for group in interchange.groups:
            said = _answered(group, noted)
            if said.sets and can_be_answered(said):
                answered.append(said)
                envelopes.append(Envelope(interchange.isa, group.gs, interchange.delimiters))
    if not answered:
        return None
    marks = Delimiters()
    head = _head(services, envelopes[0], row, marks)
    bodies = (("999", f"{number:04d}", functional(said, marks)) for number, said in enumerate(answered, 1))
    return b"".join(write_sets(head, bodies, marks, line_ending="\n"))


def _head(services: Services, to: Envelope, row: Any, marks: Delimiters) -> InterchangeHead:
    """The envelope of the answer: that of the file, turned round. What of the file's own cannot stand in an ISA or GS
    (it was read all the same) is brought into a form that can."""
    gateway = services.config.gateway
    own = plain(to.receiver, 15, marks, "GATEWAY")
    theirs = plain(to.sender, 15, marks) or plain(row.party, 15, marks).upper()
    at: dt.datetime = row.received_at.astimezone(ZoneInfo(gateway.organisation.time_zone))
    return InterchangeHead(
        sender_qualifier=_qualifier(to.receiver_qualifier),
        sender=own,
        receiver_qualifier=_qualifier(to.sender_qualifier),
        receiver=theirs,
        group_sender=_group_id(to.gs03, marks) or own,
        group_receiver=_group_id(to.gs02, marks) or theirs,
        isa13=f"{row.id % 1_000_000_000:09d}",
        gs06=f"{row.id % 1_000_000_000}",
        usage=to.usage if to.usage in ("P", "T") else gateway.usage,
        at=at,
        version=VERSION,
        function="FA",
    )


def _qualifier(text: str) -> str:
    return text if len(text) == 2 and text.isascii() and text.isalnum() else "ZZ"


def _group_id(text: str, marks: Delimiters) -> str:
    found = plain(text, 15, marks)
    return found if len(found) > 1 else ""
