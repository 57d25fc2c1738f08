"""The fleet's name, as the inventory gives it: it tells the series of two fleets apart.

Not through `batch_alter_table`: SQLite adds and drops such a column in place, and a rebuilt table loses its
triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; scans of before have none."""
    op.add_column("scan", sa.Column("fleet", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("scan", "fleet")
