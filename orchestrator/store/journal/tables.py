"""The tables of the re-pin: plans, their runs, the journal of what was written where, and the audit.

    plan <- run <- operation <- operation.undoes
    plan <- operation
    audit

Triggers (made by the migration) keep what must not change: rows of the audit and of a plan, an operation that
has ended, and where an operation belongs. Nothing in these tables is ever deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from orchestrator.store.database.types import AsciiText, UtcTime
from orchestrator.store.tables import metadata

__all__ = ["audit", "metadata", "operation", "plan", "run"]

plan = Table(
    "plan",
    metadata,
    Column("id", AsciiText, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("text", Text, nullable=False),  # the plan's file, ASCII, byte for byte
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_id", AsciiText, ForeignKey("plan.id"), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("state", Text, nullable=False),
    Column("reason", AsciiText, nullable=False),
    Column("hosts", Integer, nullable=False),
    Column("options", AsciiText, nullable=False),
    Column("command", AsciiText, nullable=False),
    Column("user_name", AsciiText, nullable=False),
    Column("version", AsciiText, nullable=False),
    Column("controller", Text, nullable=False),  # the process that may write rows of this run
    Index(None, "plan_id"),
    sqlite_autoincrement=True,  # an id is people's word: it is never used twice
)

operation = Table(
    "operation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("run.id")),
    Column("plan_id", AsciiText, ForeignKey("plan.id"), nullable=False),
    Column("host", AsciiText, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("detail", AsciiText, nullable=False),
    Column("before", AsciiText),
    Column("after", AsciiText),
    Column("deadline", UtcTime),
    Column("undoes", Integer, ForeignKey("operation.id")),
    Index(None, "run_id"),
    Index(None, "plan_id"),
    Index(None, "host", "state"),
    Index(None, "undoes"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column(
        "number",
        Integer().with_variant(BigInteger, "postgresql"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("time", UtcTime, nullable=False),
    Column("who", AsciiText, nullable=False),
    Column("what", AsciiText, nullable=False),
    Column("subject", AsciiText, nullable=False),
    Column("details", AsciiText, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
