"""Open work items are found by the date that costs money"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")
_DATES = ["priority_date", "cents", "opened_at", "snoozed_until", "kind", "team", "assignee", "id"]


def _index() -> tuple[str, list[str]]:
    """SQLite takes an index of open items where it begins with the state; PostgreSQL, where it does not."""
    if op.get_bind().dialect.name == "sqlite":
        return "ix_work_items_open_dates", ["state", *_DATES]
    return "ix_work_items_open_by_date", _DATES


def upgrade() -> None:
    name, columns = _index()
    op.create_index(name, "work_items", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_index(_index()[0], "work_items")
