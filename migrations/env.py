"""Alembic's entry: runs the steps on the connection that `orchestrator.store.database.migrating` hands over.

Around every step stand the views: dropped before the first one, made from their one list after the last.
"""

from __future__ import annotations

from alembic import context

from orchestrator.store.database import views
from orchestrator.store.journal.tables import metadata

using = context.config.attributes["connection"]
context.configure(
    connection=using,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by building a new one
    transactional_ddl=True,  # ours has begun before; a step is whole or has not been
    compare_type=True,
)
with context.begin_transaction():
    kept = views.drop(using, context.get_context().get_current_revision())
    context.run_migrations()
    views.make(using, context.get_context().get_current_revision(), kept)
