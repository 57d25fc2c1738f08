"""Scans, and what each host said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "document",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("digest", name="uq_document_digest"),
    )
    _scan()
    _host_result()
    _parts()


def _scan() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started", _TIME, nullable=False),
        sa.Column("ended", _TIME, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("inventory", sa.Text(), nullable=False),
        sa.Column("inventory_digest", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("hosts_id", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scan"),
        sa.ForeignKeyConstraint(["hosts_id"], ["document.id"], name="fk_scan_hosts_id"),
        sqlite_autoincrement=True,
    )


def _host_result() -> None:
    op.create_table(
        "host_result",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("scan_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("try", sa.Integer(), nullable=False),
        sa.Column("started", _TIME, nullable=False),
        sa.Column("ended", _TIME, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("waived", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("any_live", sa.Boolean(), nullable=False),
        sa.Column("pin_primary", sa.Integer(), nullable=True),
        sa.Column("pin_backup", sa.Integer(), nullable=True),
        sa.Column("machine_id", sa.Text(), nullable=True),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("settings_id", sa.BigInteger(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=True),
        sa.Column("registry_id", sa.BigInteger(), nullable=True),
        sa.Column("judgement_id", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_host_result"),
        sa.UniqueConstraint("scan_id", "host", "try", name="uq_host_result_scan_id_host_try"),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name="fk_host_result_scan_id", ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint([column], ["document.id"], name=f"fk_host_result_{column}")
            for column in ("profile_id", "settings_id", "identity_id", "registry_id", "judgement_id")
        ),
    )
    op.create_index("ix_host_result_host_started", "host_result", ["host", "started"])


def _parts() -> None:
    op.create_table(
        "attempt",
        sa.Column("result_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        *_belongs_to("attempt", "result_id", "host_result"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "connection",
        sa.Column("result_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("local_address", sa.Text(), nullable=False),
        sa.Column("local_port", sa.Integer(), nullable=False),
        sa.Column("remote_address", sa.Text(), nullable=False),
        sa.Column("remote_port", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *_belongs_to("connection", "result_id", "host_result"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_value",
        sa.Column("document_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("view", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("cut", sa.Boolean(), nullable=False),
        *_belongs_to("registry_value", "document_id", "document"),
        sqlite_with_rowid=False,
    )


def _belongs_to(table: str, column: str, other: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint(column, "position", name=f"pk_{table}"),
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take the tables away, with all they hold."""
    for table in ("registry_value", "connection", "attempt", "host_result", "scan", "document"):
        op.drop_table(table)
