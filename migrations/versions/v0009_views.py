"""Views for dashboards and notebooks.

`migrations/env.py` makes them after the last step, from `orchestrator/store/database/view_list.py`. There is
nothing to do here: the step is there so that a database of before has one to go, and gets them.
"""

from __future__ import annotations

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the tables as they are."""


def downgrade() -> None:
    """Leave the tables as they are; at an older revision no view is made."""
