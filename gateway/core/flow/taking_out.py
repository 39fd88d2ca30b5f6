"""Claims that were ready and must not leave: out of their batch, held, and in front of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ..clock import business_date
from ..model.decision import HoldType
from ..model.states import ClaimState
from ..store import batches as batch_store
from ..store import claims as claim_store
from ..store import timeline
from ..store.bulk import insert_bulk
from ..store.ids import allocate
from ..store.tables import claims, holds
from ..work.deadlines import Deadlines
from ..work.items import WorkItem, open_items
from .commit_claims import HOLD
from .services import Services

CANNOT_BE_WRITTEN = "cannot-be-written"


def hold_claims(
    connection: Connection,
    services: Services,
    found: Iterable[tuple[Any, str]],
    rule: str,
    from_state: ClaimState,
) -> int:
    """Hold claims with a system hold and a work item each; `found` has each claim's row (id, charge_cents,
    payer_id, partner) and the reason. Returns how many."""
    pairs = list(found)
    if not pairs:
        return 0
    now = services.clock.now()
    today = business_date(now, services.config.gateway.organisation.time_zone)
    deadlines = Deadlines.of(services.config.tables)
    due = deadlines.hold_due(HoldType.SYSTEM, today)
    first = allocate(connection, "holds", len(pairs))
    rows, items, entries = [], [], []
    for index, (claim, reason) in enumerate(pairs):
        rows.append((first + index, claim.id, "SYS", rule, "", reason[:1000], "billing", 0, due, None, now, "", "", ""))
        items.append(
            WorkItem(
                kind="hold",
                key=f"hold:{first + index}",
                reason=reason[:1000],
                team="billing",
                subject_kind="claim",
                subject_id=claim.id,
                claim_id=claim.id,
                rule=rule,
                cents=claim.charge_cents,
                work_by=due,
                payer_id=claim.payer_id,
                partner=claim.partner,
            )
        )
        entries.append(timeline.Entry("claim", claim.id, "hold", f"Held: {reason}"))
    insert_bulk(connection, holds, HOLD, rows)
    open_items(connection, items, now, deadlines)
    timeline.add(connection, entries, now)
    return claim_store.set_state(
        connection, [claim.id for claim, _ in pairs], ClaimState.HELD, now, only_from=[from_state]
    )


def take_out(connection: Connection, services: Services, batch_id: int, taken: Sequence[tuple[int, str]]) -> int:
    """Take claims that cannot be written out of their batch (claim id, reason); returns how many are left in it."""
    why = dict(taken)
    rows: list[Any] = []
    for some in claim_store.bulks(list(why)):
        rows += connection.execute(
            select(claims.c.id, claims.c.charge_cents, claims.c.payer_id, claims.c.partner).where(claims.c.id.in_(some))
        ).all()
    hold_claims(
        connection,
        services,
        [(row, f"{why[row.id]} It was taken out of batch {batch_id}.") for row in rows],
        CANNOT_BE_WRITTEN,
        ClaimState.BATCHED,
    )
    batch_store.take_out(connection, batch_id, list(why))
    count = len(rows)
    what = f"{count} claim{'s' if count != 1 else ''} taken out, because they cannot be written to this partner."
    timeline.add(connection, [timeline.Entry("batch", batch_id, "batch", what)], services.clock.now())
    return int(batch_store.get(connection, batch_id).claims)
