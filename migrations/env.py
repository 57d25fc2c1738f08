"""Alembic's entry: runs the steps on the connection that `orchestrator.store.database.migrating` hands over,
and no other.
"""

from __future__ import annotations

from alembic import context

from orchestrator.store.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by building a new one
    transactional_ddl=True,  # ours has begun before; a step is whole or has not been
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
