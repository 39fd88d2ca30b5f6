"""Alembic's entry: runs the migrations on the connection that `store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from gateway.core.store import (
    cash_tables,
    denial_tables,
    inquiry_tables,
    sign_on_tables,
    tables,
    user_tables,
    view_tables,
)

# Every module with tables is imported by now.
metadata = tables.metadata
assert cash_tables.money_lines.metadata is metadata
assert denial_tables.next_claims.metadata is metadata
assert inquiry_tables.inquiries.metadata is metadata
assert user_tables.users.metadata is metadata
assert sign_on_tables.user_logins.metadata is metadata
assert view_tables.queue_views.metadata is metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place; batch mode copies it.
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
