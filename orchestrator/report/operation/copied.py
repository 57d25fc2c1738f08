"""What a copy of a database came to: rows of a table, sentences, a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from inventory.words import plural
from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.report.document import envelope, plain

COPY_COLUMNS = ("table", "rows", "sha256")


class CopiedTable(Protocol):
    """A table of both databases."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def rows(self) -> int:
        """How many rows it holds."""

    @property
    def sha256(self) -> str:
        """The checksum over its rows."""


class Copied(Protocol):
    """A copy, as the store tells of it."""

    @property
    def source(self) -> str:
        """The place that was copied."""

    @property
    def target(self) -> str:
        """The place that it was copied to."""

    @property
    def tables(self) -> Sequence[CopiedTable]:
        """Every table, in the order in which it was copied."""

    @property
    def counters(self) -> Mapping[str, int]:
        """The last id given, by table."""

    @property
    def audit(self) -> AuditCheck:
        """What `audit verify` says of both."""


def copy_rows(copied: Copied) -> list[tuple[str, str, str]]:
    """Return a row for each table, in the columns of COPY_COLUMNS."""
    return [(table.name, str(table.rows), table.sha256) for table in copied.tables]


def copied_words(copied: Copied) -> Iterator[str]:
    """Say what is proved, and what to do next."""
    rows = sum(table.rows for table in copied.tables)
    yield (
        f"copied and read back: {plural(rows, 'row')} in {plural(len(copied.tables), 'table')}, "
        "every checksum equal; "
        f"the audit of both: {plural(copied.audit.entries, 'entry', 'entries')}, "
        + (
            "whole"
            if copied.audit.broken is None
            else f"broken in the source already: {copied.audit.broken.found}"
        )
    )
    yield f"from now on name {copied.target} with --db or FLEETCHECK_DB, and put {copied.source} away"


def copy_document(copied: Copied) -> dict[str, Any]:
    """Say all of a copy."""
    return envelope(
        "db-copy",
        source=copied.source,
        target=copied.target,
        tables=[{"table": table.name, "rows": table.rows, "sha256": table.sha256} for table in copied.tables],
        counters=plain(copied.counters),
        audit={
            "entries": copied.audit.entries,
            "last": copied.audit.last,
            "broken": plain(copied.audit.broken),
        },
    )
