"""Indexes behind what results refer to: a document that nobody uses is found, and deleted,
without reading every result.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = ("profile_id", "settings_id", "identity_id", "registry_id", "judgement_id")


def upgrade() -> None:
    """Make an index for each column of a result that names a document."""
    for column in _COLUMNS:
        op.create_index(f"ix_host_result_{column}", "host_result", [column])


def downgrade() -> None:
    """Drop them."""
    for column in _COLUMNS:
        op.drop_index(f"ix_host_result_{column}", "host_result")
