"""The 277CA that a billing system gets for a file of which claims were not taken: which, and why, beside those that
were.

Given only where a claim is refused; a file that is taken whole has its 999. Large sets are told in several of some
thousand claims, each with its own totals, so that memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ..store.tables import claims, files
from ..store.tables import timeline as timeline_table
from ..x12.acknowledgment import StatusCode
from ..x12.answers.claim_status import VERSION, BatchSaid, ClaimSaid, Name, claim_status
from ..x12.answers.said import billing_name, by_provider, claim_said, submitter_name
from ..x12.answers.status_map import READ_THE_LINE
from ..x12.items import ReadClaim
from ..x12.reader import read
from ..x12.segment import Delimiters
from ..x12.sets import Envelope, SetInfo
from ..x12.transactions import transactions
from ..x12.writer import write_sets
from .chunk import is_professional
from .commit_claims import CHECK
from .faulty_claims import came_faulty
from .intake_answer import STATUS_NUMBERS, answer_head
from .services import Services

CLAIMS_AT_ONCE = 5_000
TAKEN = StatusCode("A1", "20", "")
"""Accepted for processing."""
CANNOT_BE_READ = StatusCode("A3", "21", "")
"""Returned: missing or invalid information."""
_Pairs = list[tuple[Name, ClaimSaid]]


def refused_claims(connection: Connection, file_id: int) -> dict[int, list[dict[str, Any]]]:
    """What was found in each claim of a file that was not taken when it came, by its ordinal; a person may have
    corrected it since."""
    rows = connection.execute(
        select(claims.c.ordinal, timeline_table.c.steps)
        .outerjoin(
            timeline_table,
            (timeline_table.c.subject_kind == "claim")
            & (timeline_table.c.subject_id == claims.c.id)
            & (timeline_table.c.station == CHECK)
            & (timeline_table.c.at == claims.c.created_at),
        )
        .where(claims.c.file_id == file_id, came_faulty())
        .order_by(claims.c.ordinal, timeline_table.c.id)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.ordinal, list(row.steps or ()))
    return found


def statuses_of(noted: Sequence[Mapping[str, Any]]) -> tuple[tuple[StatusCode, ...], dict[int, list[StatusCode]]]:
    """The statuses of a refused claim, and those of its lines by index (from 0)."""
    own: dict[StatusCode, None] = {}
    lines: dict[int, list[StatusCode]] = {}
    for one in noted:
        if one["action"] != "refuse" or not one["status"]:
            continue
        code = StatusCode(*[*one["status"].split(":"), "", ""][:3])
        if one["line"]:
            lines.setdefault(one["line"] - 1, []).append(code)
        else:
            own[code] = None
    if not own:
        own[READ_THE_LINE if lines else CANNOT_BE_READ] = None
    return tuple(own), {index: list(dict.fromkeys(codes)) for index, codes in sorted(lines.items())}


def status_of_file(services: Services, connection: Connection, file_id: int) -> Iterator[bytes]:
    """The 277CA of a file, in pieces; nothing where every claim of it was taken."""
    row = connection.execute(select(files).where(files.c.id == file_id)).one()
    refused = refused_claims(connection, file_id)
    if not refused:
        return
    marks = Delimiters()
    first = _first_envelope(services, row.sha256)
    if first is None:
        return
    head = answer_head(services, row, first, STATUS_NUMBERS, function="HN", version=VERSION)
    bodies = (
        ("277", f"{number:04d}", claim_status(batch, marks))
        for number, batch in enumerate(_batches(services, row, refused, head.sender), 1)
    )
    yield from write_sets(head, bodies, marks, line_ending="\n")


def _first_envelope(services: Services, sha256: str) -> Envelope | None:
    with services.archive.open(sha256) as stream:
        for item in transactions(read(stream)):
            if isinstance(item, ReadClaim) and is_professional(item.set.kind, item.set.version):
                return item.set.envelope
    return None


def _batches(
    services: Services, row: Any, refused: Mapping[int, list[dict[str, Any]]], own_id: str
) -> Iterator[BatchSaid]:
    organisation = services.config.gateway.organisation
    at = row.received_at.astimezone(ZoneInfo(organisation.time_zone))
    source = Name(organisation.name, qualifier="46", id=own_id)
    count = 0

    def batch(info: SetInfo, pairs: _Pairs) -> BatchSaid:
        trace = f"{row.id}-{count}"
        return BatchSaid(source, False, submitter_name(info.submitter), info.bht03, trace, at, by_provider(pairs))

    pairs: _Pairs = []
    info: SetInfo | None = None
    with services.archive.open(row.sha256) as stream:
        for item in transactions(read(stream)):
            if not isinstance(item, ReadClaim) or not is_professional(item.set.kind, item.set.version):
                continue
            if info is not None and (item.set is not info or len(pairs) >= CLAIMS_AT_ONCE):
                count += 1
                yield batch(info, pairs)
                pairs = []
            info = item.set
            pairs.append((billing_name(item.claim), _said(item, refused.get(item.ordinal))))
    if info is not None and pairs:
        count += 1
        yield batch(info, pairs)


def _said(item: ReadClaim, noted: list[dict[str, Any]] | None) -> ClaimSaid:
    if noted is None:
        return claim_said(item.claim, (TAKEN,))
    statuses, lines = statuses_of(noted)
    known = {index: codes for index, codes in lines.items() if index < len(item.claim.lines)}
    return claim_said(item.claim, statuses, known)
