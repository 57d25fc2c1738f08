"""Old notices that were sent: which of them may go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from orchestrator.store.tables import notice


def _going(limit: datetime) -> ColumnElement[bool]:
    """Take what was sent before then, but for each target's newest: it says that the target has its
    baseline.
    """
    newest = select(func.max(notice.c.number)).group_by(notice.c.target)
    return notice.c.sent.is_not(None) & (notice.c.sent < limit) & notice.c.number.not_in(newest)


def count_old(using: Connection, limit: datetime | None) -> int:
    """Count them; None: there is no limit, and none goes."""
    if limit is None:
        return 0
    return using.execute(select(func.count()).select_from(notice).where(_going(limit))).scalar_one()


def delete_old(using: Connection, limit: datetime | None) -> int:
    """Delete them, and say how many went."""
    return 0 if limit is None else using.execute(delete(notice).where(_going(limit))).rowcount
