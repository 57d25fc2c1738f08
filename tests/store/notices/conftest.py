"""A database in which scans are told."""

from __future__ import annotations

import pytest

from orchestrator.store.writer import Writer
from tests.store.notices.nights import MakeRecord, MakeScan, Nights, Put


@pytest.fixture
def nights(writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put) -> Nights:
    """Return a database in which scans are told."""
    return Nights(writer, url, make_scan, make_record, put)
