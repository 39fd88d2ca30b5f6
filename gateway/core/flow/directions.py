"""What a person said about a payment that waited, as far as deciding it again must know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Connection, func, select

from ..model.posting import How, LineMatch, OpenClaim
from ..store.claims import bulks
from ..store.posting_tables import payment_directions
from .match import ClaimMatch
from .open_claims import by_id
from .post_records import Asked, Says


class _Read(Protocol):
    @property
    def asked(self) -> Asked: ...


def says_of(connection: Connection, payment_ids: Sequence[int]) -> dict[int, Says]:
    """What was said last about each of these payments."""
    found: dict[int, Says] = {}
    table = payment_directions
    for some in bulks(payment_ids):
        latest = (
            select(func.max(table.c.id)).where(table.c.claim_payment_id.in_(some)).group_by(table.c.claim_payment_id)
        )
        for row in connection.execute(select(table).where(table.c.id.in_(latest))):
            lines = [(int(service), int(line)) for service, line in row.lines]
            found[row.claim_payment_id] = Says(row.claim_id, row.who, lines, row.reverses or 0)
    return found


def said(connection: Connection, read: Sequence[_Read], matches: Sequence[ClaimMatch]) -> list[ClaimMatch]:
    """The matches, those replaced for which a person named the claim."""
    wanted = {one.asked.says.claim_id for one in read if one.asked.says is not None}
    if not wanted:
        return list(matches)
    known = by_id(connection, wanted)
    found = []
    for one, match in zip(read, matches, strict=True):
        says = one.asked.says
        claim = known.get(says.claim_id) if says is not None else None
        if says is not None and claim is not None:
            why = f"{says.who} says that it is for claim {claim.claim_number} ({claim.claim_id} in our books)."
            match = ClaimMatch(claim, How.PERSON, why)
        found.append(match)
    return found


def lines_said(says: Says, lines: Sequence[LineMatch], claim: OpenClaim) -> tuple[LineMatch, ...]:
    """The lines of the services, those replaced that a person named."""
    by_number = {line.number: line for line in claim.lines}
    named = dict(says.lines)
    found = []
    for one in lines:
        line = by_number.get(named.get(one.service + 1, 0))
        if line is not None:
            why = f"Line {line.number}: {says.who} says so."
            one = LineMatch(one.service, line.line_id, line.number, How.PERSON, why)
        found.append(one)
    return tuple(found)


def only_reversed(claim: OpenClaim, payment_id: int) -> OpenClaim:
    """The claim with that earlier payment alone, where it stands: the one that a reversal takes back."""
    posted = tuple(one for one in claim.posted if one.claim_payment_id == payment_id)
    return msgspec.structs.replace(claim, posted=posted) if posted else claim
