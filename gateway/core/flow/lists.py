"""What there is, for a program: files, batches and claims by what finds them on an index; one claim as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from ..ledger.accounts import RECEIVABLE, in_words
from ..ledger.balances import by_line
from ..model.money import to_dollars
from ..store import timeline
from ..store.tables import batches, claim_lines, claims, files, holds

MOST_EVENTS = 500
MOST_SOURCES = 200
MOST_OF_NUMBER = 500


class Wanted(NamedTuple):
    """Which claims: by their number (the billing system's, ours), the payer's number, the member id, or their file.
    One of them is named."""

    number: str = ""
    payer_claim_number: str = ""
    member_id: str = ""
    file_id: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether none is named."""
        return self == Wanted()


def _newest(table: Any, where: Sequence[Any], below: int, limit: int) -> Any:
    statement = select(table).where(*where).order_by(table.c.id.desc()).limit(limit)
    return statement.where(table.c.id < below) if below else statement


def files_listed(
    connection: Connection, *, direction: str, party: str, kind: str, state: str, below: int, limit: int
) -> list[dict[str, Any]]:
    """Files that came and went, the newest first."""
    c = files.c
    wanted = ((c.direction, direction), (c.party, party), (c.kind, kind), (c.state, state))
    where = [column == value for column, value in wanted if value]
    return [
        {
            "file_id": row.id,
            "direction": row.direction,
            "origin": row.origin,
            "party": row.party,
            "name": row.name,
            "kind": row.kind,
            "state": row.state,
            "reason": row.reason,
            "size": row.size,
            "sha256": row.sha256,
            "claims": row.claims,
            "dollars": str(to_dollars(row.cents or 0)),
            "received_at": row.received_at.isoformat(),
        }
        for row in connection.execute(_newest(files, where, below, limit))
    ]


def batches_listed(connection: Connection, *, partner: str, state: str, below: int, limit: int) -> list[dict[str, Any]]:
    """Interchanges made of claims, the newest first."""
    b = batches.c
    where = [column == value for column, value in ((b.partner, partner), (b.state, state)) if value]
    return [
        {
            "batch_id": row.id,
            "partner": row.partner,
            "state": row.state,
            "reason": row.reason,
            "isa13": row.isa13,
            "gs06": row.gs06,
            "claims": row.claims,
            "dollars": str(to_dollars(row.cents)),
            "ta1": row.ta1,
            "group_ack": row.group_ack,
            "file_id": row.file_id,
            "created_at": row.created_at.isoformat(),
            "sent_at": _plain(row.sent_at),
        }
        for row in connection.execute(_newest(batches, where, below, limit))
    ]


def claims_listed(connection: Connection, wanted: Wanted, *, below: int, limit: int) -> list[dict[str, Any]]:
    """Claims that are named, the newest first."""
    c = claims.c
    where: list[Any] = []
    if wanted.number:
        where.append(c.id.in_(_of_number(connection, wanted.number)))
    for column, value in (
        (c.payer_claim_number, wanted.payer_claim_number),
        (c.member_id, wanted.member_id),
        (c.file_id, wanted.file_id),
    ):
        if value:
            where.append(column == value)
    return [_claim(row) for row in connection.execute(_newest(claims, where, below, limit))]


def _of_number(connection: Connection, number: str) -> list[int]:
    """Claims of this number, each way by its own index: that of the billing systems' numbers begins with the source."""
    c = claims.c
    sources: list[str] = []
    last = connection.execute(select(func.min(c.source))).scalar()
    while last is not None and len(sources) < MOST_SOURCES:  # one step of the index each, not a look at every claim
        sources.append(last)
        last = connection.execute(select(func.min(c.source)).where(c.source > last)).scalar()
    ways = (
        (c.claim_number == number,),
        (c.source.in_(sources), c.source_claim_number == number),
    )
    found: set[int] = set()
    for where in ways:
        found.update(connection.execute(select(c.id).where(*where).limit(MOST_OF_NUMBER)).scalars())
    return sorted(found)


def _claim(row: Any) -> dict[str, Any]:
    return {
        "claim_id": row.id,
        "number": row.source_claim_number,
        "our_number": row.claim_number,
        "payer_claim_number": row.payer_claim_number,
        "state": row.state,
        "source": row.source,
        "partner": row.partner,
        "payer_id": row.payer_id,
        "payer_name": row.payer_name,
        "filing_code": row.filing_code,
        "frequency": row.frequency,
        "dollars": str(to_dollars(row.charge_cents)),
        "from_date": _plain(row.from_date),
        "thru_date": _plain(row.thru_date),
        "file_id": row.file_id,
        "patient_id": row.patient_id,
        "version": row.version,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def claim_told(connection: Connection, claim_id: int) -> dict[str, Any] | None:
    """A claim as it stands: its lines, what is owed and by whom, its holds, and what happened to it."""
    row = connection.execute(select(claims).where(claims.c.id == claim_id)).one_or_none()
    if row is None:
        return None
    kept = by_line(connection, [claim_id]).get(claim_id, {})
    owed: dict[str, int] = {}
    for on_line in kept.values():
        for account, cents in on_line.items():
            if account.startswith(RECEIVABLE) and cents:
                owed[in_words(account)] = owed.get(in_words(account), 0) + cents
    lines = connection.execute(
        select(claim_lines).where(claim_lines.c.claim_id == claim_id).order_by(claim_lines.c.number)
    )
    held = connection.execute(select(holds).where(holds.c.claim_id == claim_id).order_by(holds.c.id))
    return {
        **_claim(row),
        "balance": str(to_dollars(sum(owed.values()))),
        "owed": {name: str(to_dollars(cents)) for name, cents in owed.items() if cents},
        "lines": [_line(one) for one in lines],
        "holds": [_hold(one) for one in held],
        "events": [
            {"at": one["at"].isoformat(), "station": one["station"], "what": one["what"], "who": one["who"]}
            for one in timeline.of(connection, "claim", claim_id)[-MOST_EVENTS:]
        ],
    }


def _line(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "code": row.code,
        "modifiers": row.modifiers.replace(":", " ").split(),
        "units": row.units,
        "dollars": str(to_dollars(row.charge_cents)),
        "from_date": _plain(row.from_date),
        "thru_date": _plain(row.thru_date),
    }


def _hold(row: Any) -> dict[str, Any]:
    return {
        "hold_id": row.id,
        "type": row.type,
        "rule": row.rule,
        "plugin": row.plugin,
        "reason": row.reason,
        "team": row.team,
        "line": row.line,
        "due": _plain(row.due),
        "opened_at": row.opened_at.isoformat(),
        "released_at": _plain(row.released_at),
        "released_by": row.released_by,
    }


def _plain(value: dt.date | None) -> str | None:
    return value.isoformat() if value is not None else None
