"""The claims that are rejected now, by a partner or at our own door, each with what refused it and where to look; the
most dollars first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from ...config import Config
from ..clock import business_date
from ..model.states import ClaimState
from ..store import keyset
from ..store.keyset import Key
from ..store.tables import claims, submissions, work_items
from . import refusals, rejections
from .faulty_items import FAULTY_ITEM
from .faulty_places import Fault
from .rejections import Rejection

_BULK = 500
_ITEMS = ("rejection", FAULTY_ITEM)
MOST = 2_000
"""Claims of a list, at most; the report counts all of them."""


class Rejected(NamedTuple):
    """A rejected claim. `where`: the first faulty place in words; nothing of the patient's. `state`: rejected (by a
    partner), or faulty: our own check did not take it in."""

    claim_id: int
    number: str
    version: int
    cents: int
    payer: str
    payer_id: str
    edit: str
    where: str
    said: str
    do: str
    rule: str
    since: dt.date
    state: str = ClaimState.REJECTED.value


_ORDER = (Key(claims.c.charge_cents, descending=True), Key(claims.c.id))
PLACE = (int, int)


def place(one: Rejected) -> tuple[int, int]:
    """Where a claim stands in the list."""
    return (one.cents, one.claim_id)


def rejected(
    connection: Connection,
    config: Config,
    payer_id: str = "",
    *,
    limit: int = MOST,
    behind: Sequence[Any] | None = None,
) -> list[Rejected]:
    """The claims that wait to be corrected. `payer_id`: only of this payer; `behind`: those after a place of the
    list."""
    narrowed = [] if behind is None else [keyset.behind(_ORDER, behind)]
    if payer_id:
        narrowed.append(claims.c.payer_id == payer_id)
    by_partners = select(*_SORTED).where(claims.c.state == ClaimState.REJECTED)
    at_our_door = (
        select(*_SORTED)
        .join(work_items, work_items.c.claim_id == claims.c.id)
        .where(claims.c.state == ClaimState.FAULTY, work_items.c.kind == FAULTY_ITEM, work_items.c.state == "open")
    )
    refused = _dearest(connection, by_partners, narrowed, limit)
    kept = _dearest(connection, at_our_door, narrowed, limit)
    # What is looked up for each claim is looked up for those alone that are in the list.
    first = set(sorted(refused | kept)[:limit])
    found = _by_partners(connection, config, _ids(refused & first))
    found += _at_our_door(connection, config, _ids(kept & first))
    return sorted(found, key=lambda one: (-one.cents, one.claim_id))


_SORTED = (claims.c.charge_cents, claims.c.id)


def _dearest(
    connection: Connection, statement: Select[Any], narrowed: Sequence[Any], limit: int
) -> set[tuple[int, int]]:
    """The claims with the most dollars, as they are sorted: by their cents (below zero: the most first) and by id."""
    ordered = statement.where(*narrowed).order_by(*keyset.order(_ORDER))
    return {(-cents, claim_id) for cents, claim_id in connection.execute(ordered.limit(limit))}


def _ids(places: Iterable[tuple[int, int]]) -> list[int]:
    return sorted(claim_id for _, claim_id in places)


def _by_partners(connection: Connection, config: Config, ids: Sequence[int]) -> list[Rejected]:
    # Grouped, not asked for each claim: of one claim alone PostgreSQL looks for the last by reading all from the end.
    last = (
        select(submissions.c.claim_id, func.max(submissions.c.id).label("last"))
        .where(submissions.c.claim_id.in_(ids))
        .group_by(submissions.c.claim_id)
        .subquery()
    )
    rows = connection.execute(select(claims, last.c.last).join(last, last.c.claim_id == claims.c.id)).all()
    refused = refusals.of_claims(connection, [row.id for row in rows])
    found = []
    for row in rows:
        of_last = [one for one in refused[row.id] if one.submission_id == row.last][:1]
        latest = next(iter(rejections.told(connection, None, config, row, of_last)), None)
        found.append(_one(row, latest, config))
    return found


def _at_our_door(connection: Connection, config: Config, ids: Sequence[int]) -> list[Rejected]:
    """The claims that were not taken in, and wait for a person."""
    rows = connection.execute(select(claims).where(claims.c.id.in_(ids))).all()
    return [_one(row, next(rejections.by_our_check(connection, row), None), config) for row in rows]


def items_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, Any]:
    """The open work items of these claims that are about correcting them (id, assignee), by claim."""
    c = work_items.c
    found: dict[int, Any] = {}
    for start in range(0, len(claim_ids), _BULK):
        rows = connection.execute(
            select(c.id, c.claim_id, c.assignee)
            .where(c.claim_id.in_(claim_ids[start : start + _BULK]), c.state == "open", c.kind.in_(_ITEMS))
            .order_by(c.id)
        )
        found |= {row.claim_id: row for row in rows}
    return found


def _one(row: Any, latest: Rejection | None, config: Config) -> Rejected:
    fault = _first(latest)
    at = latest.at if latest is not None else row.updated_at
    return Rejected(
        row.id,
        row.source_claim_number or row.claim_number,
        row.version,
        row.charge_cents,
        row.payer_name,
        row.payer_id,
        latest.edit if latest is not None else "",
        fault.where if fault is not None else "",
        fault.said if fault is not None else "",
        fault.do if fault is not None else "",
        latest.rule if latest is not None else "",
        business_date(at, config.gateway.organisation.time_zone),
        row.state,
    )


def _first(one: Rejection | None) -> Fault | None:
    """The fault that says most: the first with a place, else the first."""
    faults = one.faults if one is not None else []
    return next((fault for fault in faults if fault.place), faults[0] if faults else None)
