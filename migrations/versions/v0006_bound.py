"""The audit's entries hold digests of runs and plans from here on: one entry says so,
where there are others.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WHAT = "bound from here"
_columns = ("number", "time", "who", "what", "subject", "details", "previous", "hash")
_audit = sa.table(
    "audit",
    *(sa.column(name) for name in _columns if name != "time"),
    sa.column("time", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Append the entry, linked like every other, where there are entries and this one is not among them."""
    using = op.get_bind()
    query = sa.select(_audit.c.number, _audit.c.hash).order_by(_audit.c.number.desc()).limit(1)
    last = using.execute(query).first()
    known = using.execute(sa.select(_audit.c.number).where(_audit.c.what == _WHAT).limit(1)).first()
    if last is None or known is not None:
        return
    now = datetime.now(UTC)
    counted = {table: _count(using, table) for table in ("run", "plan")}
    entry = {
        "number": last.number + 1,
        "time": now.isoformat(timespec="microseconds"),
        "who": "fleetcheck",
        "what": _WHAT,
        "subject": "audit",
        "details": {"runs before": counted["run"], "plans before": counted["plan"]},
        "previous": last.hash,
    }
    cells = entry | {
        "time": now if using.dialect.name != "sqlite" else now.replace(tzinfo=None),
        "details": _canonical(entry["details"]),
        "hash": hashlib.sha256(_canonical(entry).encode("ascii")).hexdigest(),
    }
    using.execute(sa.insert(_audit).values(cells))


def _count(using: sa.Connection, table: str) -> int:
    return int(using.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one())


def _canonical(content: object) -> str:
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def downgrade() -> None:
    """Leave the entry: the audit is never shortened."""
