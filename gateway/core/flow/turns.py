"""Remittances of a partner post in the order in which they came, one file at a time.

A reversal takes back what an earlier remittance posted, and a second payer pays on top of the first: posted side by
side, or in another order after a restart, they would wait as exceptions. A file whose remittances have not posted is
in the state `reading`; whoever finishes with a file (reads it, posts it) lets the next one begin.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, String, and_, cast, select

from ..store.ids import allocate
from ..store.outbox import put_outbox
from ..store.tables import files, outbox

PATIENCE = dt.timedelta(hours=6)
"""How long a file that came earlier holds up the later ones; doctor names it long before."""
LOOKED_AT = 100


def next_to_post(connection: Connection, partner: str, now: dt.datetime) -> int | None:
    """Let the partner's next file of remittances post, if it is its turn. Returns its id.

    Call it in the transaction that finishes with a file, after `one_at_a_time`.
    """
    rows = connection.execute(
        select(files.c.id, files.c.state, files.c.received_at, outbox.c.id.label("begun"))
        .join(outbox, and_(outbox.c.kind == "post", outbox.c.key == cast(files.c.id, String)), isouter=True)
        .where(
            files.c.origin.in_(("partner", "keyed")),
            files.c.party == partner,
            files.c.direction == "in",
            files.c.state.in_(["received", "reading"]),
        )
        .order_by(files.c.id)
        .limit(LOOKED_AT)
    )
    for row in rows.all():
        if row.state == "reading" and row.begun is None:
            put_outbox(connection, "post", str(row.id), {"file_id": row.id}, now)
            return int(row.id)
        if now - row.received_at < PATIENCE:
            return None
    return None


def one_at_a_time(connection: Connection, partner: str) -> None:
    """Lock out others who finish with a file of this partner, until the transaction ends: of two that finish at once,
    the second sees what the first did. Call it before anything of that is read or written."""
    allocate(connection, f"turn:{partner}", 1)
