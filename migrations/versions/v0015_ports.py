"""The host's view leaves scans out that a plan asked for, as every report does.

`migrations/env.py` makes the views anew after the last step, from `orchestrator/store/database/view_list.py`.
"""

from __future__ import annotations

revision = "0015"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the tables as they are."""


def downgrade() -> None:
    """Leave the tables as they are."""
