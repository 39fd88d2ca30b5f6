"""Papers of deposits: images of checks, explanations of benefits, slips. The bytes are in the archive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, insert, select

from ..model.papers import MediaType
from ..store import archive, timeline
from ..store.archive import Stored
from ..store.cash_tables import deposit_papers, money_lines
from ..store.ids import allocate
from ..store.tables import deposits
from .days import NotDone

KINDS = {"check": "an image of a check", "eob": "an explanation of benefits", "slip": "a slip", "other": "a paper"}


def attach(
    connection: Connection,
    of_id: int,
    kind: str,
    name: str,
    media: MediaType,
    stored: Stored,
    who: str,
    now: dt.datetime,
) -> tuple[int, bool]:
    """Attach a paper to a deposit or a line; returns its number, and whether it is new (the same one again is not).

    Raises:
        NotDone: there is no such deposit or line, or no such kind.
    """
    if kind not in KINDS:
        raise NotDone(f"There is no kind {kind!r}; there are {', '.join(KINDS)}.")
    known = [connection.execute(select(t.c.id).where(t.c.id == of_id)).first() for t in (deposits, money_lines)]
    if not any(known):
        raise NotDone(f"There is no deposit and no line {of_id}. See: gateway deposit list")
    paper_id = allocate(connection, "deposit_papers", 1)
    p = deposit_papers.c
    there = connection.execute(select(p.id).where(p.of_id == of_id, p.sha256 == stored.sha256)).scalar()
    if there is not None:
        return int(there), False
    archive.record(connection, stored, "document", now)
    connection.execute(
        insert(deposit_papers).values(
            id=paper_id,
            of_id=of_id,
            kind=kind,
            name=name[:255],
            media_type=media.name,
            sha256=stored.sha256,
            size=stored.size,
            added_by=who[:80],
            created_at=now,
        )
    )
    what = f"Paper {paper_id}, {KINDS[kind]}, was attached."
    timeline.add(connection, [timeline.Entry("deposit", of_id, "deposit", what, who=who)], now)
    return paper_id, True


def paper(connection: Connection, paper_id: int) -> Any:
    """The row of a paper; None where there is none."""
    return connection.execute(select(deposit_papers).where(deposit_papers.c.id == paper_id)).one_or_none()
