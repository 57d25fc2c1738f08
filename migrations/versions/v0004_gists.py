"""Gists: what reports need of a long document, as a short one that most hosts share.

Once per document that there is, not per result: a database of 400 scans has few of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_CHUNK = 500  # documents in memory at a time
_document = sa.table("document", sa.column("id"), sa.column("digest"), sa.column("text"))
_result = sa.table("host_result", sa.column("judgement_id"), sa.column("identity_id"))
_gist = sa.table("gist", sa.column("document_id"), sa.column("gist_id"))


def upgrade() -> None:
    """Make the table, and a gist of each conclusion and of each answer to who it was."""
    op.create_table(
        "gist",
        sa.Column("document_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("gist_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_gist"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name="fk_gist_document_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["gist_id"], ["document.id"], name="fk_gist_gist_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_gist_gist_id", "gist", ["gist_id"])
    _fill(_result.c.judgement_id, _judgement)
    _fill(_result.c.identity_id, _identity)


def _fill(column: sa.ColumnClause[Any], gist: Callable[[Any], Any]) -> None:
    using = op.get_bind()
    wanted = sa.select(column).where(column.is_not(None)).distinct()
    numbers = using.execute(wanted.order_by(column)).scalars().all()
    for chunk in (numbers[place : place + _CHUNK] for place in range(0, len(numbers), _CHUNK)):
        rows = using.execute(sa.select(_document.c.id, _document.c.text).where(_document.c.id.in_(chunk)))
        texts = {row.id: _dumps(gist(json.loads(row.text))) for row in rows}
        ids = _documents(using, set(texts.values()))
        short = [{"document_id": n, "gist_id": ids[text]} for n, text in texts.items() if ids[text] != n]
        if short:
            using.execute(sa.insert(_gist), short)


def _documents(using: sa.Connection, texts: set[str]) -> dict[str, int]:
    """Find or make the documents with these texts."""
    digests = {_digest(text): text for text in texts}
    query = sa.select(_document.c.digest, _document.c.id).where(_document.c.digest.in_(digests))
    ids: dict[str, int] = {digests[row.digest]: row.id for row in using.execute(query)}
    after = using.execute(sa.select(sa.func.max(_document.c.id))).scalar() or 0
    new = [(digest, text) for digest, text in digests.items() if text not in ids]
    if new:
        rows = [{"id": after + n, "digest": digest, "text": text} for n, (digest, text) in enumerate(new, 1)]
        using.execute(sa.insert(_document), rows)
    return ids | {text: after + n for n, (_, text) in enumerate(new, 1)}


def _judgement(whole: dict[str, Any]) -> dict[str, Any]:
    """Leave the sentences out: they quote milliseconds."""
    kept = {key: value for key, value in whole.items() if key not in {"evidence", "remarks"}}
    if "roles" in kept:
        kept["roles"] = [role | {"evidence": []} for role in kept["roles"]]
    return kept


def _identity(whole: list[Any]) -> dict[str, list[str]]:
    """Keep the addresses of the gateways that decide, by role."""
    return dict(_gateways(whole[1]))


def _gateways(targets: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    for each in reversed(targets):
        if each.get("decides"):
            yield each["role"], sorted(each.get("addresses", ())) or [each["name"]]


def _dumps(jsonable: object) -> str:
    return json.dumps(jsonable, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("ascii") + b"\0", digest_size=20).hexdigest()


def downgrade() -> None:
    """Drop the table; what it named is left for `prune`."""
    op.drop_table("gist")
