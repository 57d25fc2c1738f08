"""The tables. `migrations/` makes them step by step; a test compares both.

    scan <- host_result <- attempt, connection
    document <- scan.hosts, host_result.{profile, settings, identity, registry, judgement}
    document <- registry_value
    document <- gist -> document
    notice, told          what each target is told; they refer to no row, so that they outlive a prune

A `document` is JSON that many results share: of 400 scans most hosts say the same about themselves each time,
so it is kept once, found by its digest. Its `gist` is another document with what reports need of it and no
more, which most hosts of a fleet share: sentences quote milliseconds, identities are one's own. What changes
with every probe is in `host_result`, `attempt` and `connection`. A column that repeats what a document says
is there for reports to filter by.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from orchestrator.store.database.types import AsciiText, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


MOST = 2**31 - 1  # the largest id, as PostgreSQL's INTEGER holds it


def id_of(number: int) -> int:
    """Return a number that a user typed as an id to look for: 0, which nothing has,
    where no id can be so large.
    """
    return number if 0 < number <= MOST else 0


def _document(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, ForeignKey("document.id"), nullable=optional)


# The writer is the only one who gives ids, so none of these counts by itself, except scan: its ids are
# people's words.
document = Table(
    "document",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
)

scan = Table(
    "scan",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("state", Text, nullable=False),
    Column("mode", AsciiText, nullable=False),
    Column("inventory", AsciiText, nullable=False),
    Column("inventory_digest", AsciiText, nullable=False),
    Column("selection", AsciiText, nullable=False),
    _document("hosts_id"),
    Column("command", AsciiText, nullable=False),
    Column("user_name", AsciiText, nullable=False),  # `user` alone means the database's user in PostgreSQL
    Column("version", AsciiText, nullable=False),
    Column("script", AsciiText, nullable=False),
    Column("fleet", AsciiText),  # NULL: the inventory gives the fleet no name
    sqlite_autoincrement=True,  # an id is never used twice, not even when the newest scan was deleted
)

host_result = Table(
    "host_result",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=False),
    Column("scan_id", Integer, ForeignKey("scan.id", ondelete="CASCADE"), nullable=False),
    Column("host", AsciiText, nullable=False),
    Column("try", Integer, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime, nullable=False),
    Column("address", AsciiText, nullable=False),
    Column("port", Integer, nullable=False),
    Column("site", AsciiText),
    Column("waived", AsciiText),
    Column("phase", AsciiText),  # where it failed, and why; NULL: it was probed
    Column("cause", AsciiText),
    Column("verdict", AsciiText, nullable=False),
    Column("role", AsciiText),
    Column("any_live", Boolean(create_constraint=False), nullable=False),
    Column("pin_primary", Integer),
    Column("pin_backup", Integer),
    Column("machine_id", AsciiText),
    _document("profile_id"),
    _document("settings_id"),
    _document("identity_id", optional=True),
    _document("registry_id", optional=True),
    _document("judgement_id"),
    Column("details", Text, nullable=False),
    UniqueConstraint("scan_id", "host", "try"),
    Index(None, "host", "started"),  # the last known state of a host
    Index(None, "profile_id"),  # these five: a document is deleted once nobody uses it
    Index(None, "settings_id"),
    Index(None, "identity_id"),
    Index(None, "registry_id"),
    Index(None, "judgement_id"),
)


def _owner(name: str, table: str) -> Column[int]:
    """Make the key of rows that belong to one of `table`, and go with it."""
    return Column(
        name,
        Integer().with_variant(BigInteger, "postgresql"),
        ForeignKey(f"{table}.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def _part(name: str, owner: Column[int], *columns: Column[Any]) -> Table:
    """Make a table of rows that belong to a row of another, in their order."""
    position = Column("position", Integer, primary_key=True, autoincrement=False)
    return Table(name, metadata, owner, position, *columns, sqlite_with_rowid=False)


gist = Table(
    "gist",
    metadata,
    _owner("document_id", "document"),
    _document("gist_id"),
    Index(None, "gist_id"),  # as those of host_result
    sqlite_with_rowid=False,
)

attempt = _part(
    "attempt",
    _owner("result_id", "host_result"),
    Column("role", AsciiText, nullable=False),
    Column("source", AsciiText, nullable=False),
    Column("target", AsciiText, nullable=False),
    Column("address", AsciiText),
    Column("port", Integer, nullable=False),
    Column("result", AsciiText, nullable=False),
    Column("milliseconds", BigInteger),
    Column("number", Integer, nullable=False),
    Column("error", AsciiText),
)

connection = _part(
    "connection",
    _owner("result_id", "host_result"),
    Column("local_address", AsciiText, nullable=False),
    Column("local_port", Integer, nullable=False),
    Column("remote_address", AsciiText, nullable=False),
    Column("remote_port", Integer, nullable=False),
    Column("state", AsciiText, nullable=False),
)

registry_value = _part(
    "registry_value",
    _owner("document_id", "document"),
    Column("view", SmallInteger, nullable=False),  # the place of its view in the document: 0 for the first
    Column("name", AsciiText, nullable=False),
    Column("kind", AsciiText, nullable=False),
    Column("data", Text, nullable=False),  # as JSON: a number, a text or a list of texts
    Column("cut", Boolean(create_constraint=False), nullable=False),
)

# A message to a target, committed with the end of its scan; `sent` is NULL while it waits.
notice = Table(
    "notice",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("target", AsciiText, nullable=False),
    Column("scan_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("sent", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("trouble", AsciiText),  # why the last try failed; NULL: none has
    Column("body", Text, nullable=False),  # the message as JSON
    Index(None, "target", "sent"),
)

# What each target was last told of each host, and how many of its newest results in a row are `unknown`;
# `scan_id` is the scan that said so, whose result of this host has been counted.
told = Table(
    "told",
    metadata,
    Column("target", AsciiText, primary_key=True),
    Column("host", AsciiText, primary_key=True),
    Column("label", AsciiText, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("scan_id", Integer, nullable=False),
    sqlite_with_rowid=False,
)
