"""Every read-only question to the database, on one connection."""

from __future__ import annotations

from orchestrator.store.journal.reader import JournalReader
from orchestrator.store.results.plan_reader import PlanReader
from orchestrator.store.results.standing_reader import StandingReader
from orchestrator.store.scan_reader import LastKnown, ScanReader

__all__ = ["LastKnown", "Reader"]


class Reader(ScanReader, StandingReader, PlanReader, JournalReader):
    """Scans, and through its other bases the journal and what results came to, on one connection that cannot
    change anything.
    """
