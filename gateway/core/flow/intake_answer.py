"""The 999 that a billing system gets for each file of claims it sent: which transaction sets were taken, and what is
wrong with them.

A set is accepted (A), accepted with errors noted (E), or rejected where it is of no guide that is taken in here, or the
set as a whole cannot be trusted (R). What is noted does not keep a claim from being worked on; single claims that
cannot be read wait for a person.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ..store.tables import claims, files
from ..x12.answers.checking import (
    CheckedGroup,
    CheckedInterchange,
    CheckedSet,
    Checking,
    answered_group,
    judge_readable,
)
from ..x12.answers.envelope import interchange_of_ta1, turned
from ..x12.answers.functional import VERSION, AnsweredGroup, AnsweredSet, can_be_answered, functional
from ..x12.answers.interchange import notes, ta1, verdict_of
from ..x12.answers.values import plain
from ..x12.guides.answer_codes import InterchangeCode, InterchangeVerdict, SetCode, SetVerdict
from ..x12.items import ReadClaim
from ..x12.reader import read
from ..x12.segment import Delimiters
from ..x12.sets import Envelope
from ..x12.transactions import transactions
from ..x12.writer import InterchangeHead, write_sets
from .chunk import is_professional
from .faulty_claims import came_faulty
from .services import Services

TA1_NUMBERS, STATUS_NUMBERS = 300_000_000, 600_000_000
"""What is added to a file's id for the control numbers of its TA1s and of its 277CA: no two answers have one."""


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


class IntakeAnswer(NamedTuple):
    """What a source gets at once for a file: the TA1 of its interchanges, and the 999 (empty: none is due)."""

    ta1: bytes
    ack: bytes


def acknowledgments_of(services: Services, connection: Connection, file_id: int) -> IntakeAnswer:
    """What is due for a file of claims. The same file gives the same bytes: control numbers are made of the file's own
    id, the moment is that of the receipt, and what it was then stays said, whatever a person corrects since."""
    row = connection.execute(select(files).where(files.c.id == file_id)).one()
    faulty = set(
        connection.execute(select(claims.c.ordinal).where(claims.c.file_id == file_id, came_faulty())).scalars()
    )
    checking, noted = _checked(services, row.sha256, faulty)
    return IntakeAnswer(_ta1(services, row, checking), _ack(services, row, checking, noted))


def _ta1(services: Services, row: Any, checking: Checking) -> bytes:
    source = services.config.source(row.party)
    wanted = source.ta1 if source is not None else "never"
    organisation = services.config.gateway.organisation
    at: dt.datetime = row.received_at.astimezone(ZoneInfo(organisation.time_zone))
    marks = Delimiters()
    found: list[bytes] = []
    for interchange in checking.interchanges:
        if wanted == "never" or _answers_only(interchange):
            continue
        note = next(iter(notes(interchange)), InterchangeCode.NO_ERROR)
        asked = interchange.isa[14].strip() == "1" or verdict_of(note) is InterchangeVerdict.REJECTED
        if wanted == "always" or asked:
            envelope = Envelope(interchange.isa, None, interchange.delimiters)
            head = answer_head(services, row, envelope, TA1_NUMBERS + len(found))
            said = ta1(interchange.isa, note, at, marks)
            found.append(b"".join(interchange_of_ta1(head, said, marks, line_ending="\n")))
    return b"".join(found)


def _answers_only(interchange: CheckedInterchange) -> bool:
    """An acknowledgment is never acknowledged."""
    return bool(interchange.groups) and all(group.gs[1].strip() == "FA" for group in interchange.groups)


def _ack(services: Services, row: Any, checking: Checking, noted: set[int]) -> bytes:
    answered: list[AnsweredGroup] = []
    envelopes: list[Envelope] = []
    for interchange in checking.interchanges:
        for group in interchange.groups:
            said = _answered(group, noted)
            if said.sets and can_be_answered(said):
                answered.append(said)
                envelopes.append(Envelope(interchange.isa, group.gs, interchange.delimiters))
    if not answered:
        return b""
    head = answer_head(services, row, envelopes[0], 0)
    marks = Delimiters()
    bodies = (("999", f"{number:04d}", functional(said, marks)) for number, said in enumerate(answered, 1))
    return b"".join(write_sets(head, bodies, marks, line_ending="\n"))


def answer_head(
    services: Services, row: Any, to: Envelope, beside: int, *, function: str = "FA", version: str = VERSION
) -> InterchangeHead:
    """The envelope of an answer to a source, back to who sent `to`. `beside` tells answers to one file apart."""
    gateway = services.config.gateway
    return turned(
        to,
        row.id + beside,
        row.received_at.astimezone(ZoneInfo(gateway.organisation.time_zone)),
        Delimiters(),
        function=function,
        version=version,
        theirs=plain(row.party, 15, Delimiters()).upper() or "SENDER",
        usage=gateway.usage,
    )
