"""A scan as one JSON document, or as JSON Lines: a host a line, for tools that take one record at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from orchestrator.domain.views.brief import Brief
from orchestrator.report.document import host_line, scan_document
from orchestrator.report.exports.json_text import streamed
from orchestrator.report.results import state
from orchestrator.report.summary import Outline, ScanReport


def json_pieces(report: ScanReport, records: Iterable[Brief]) -> Iterator[str]:
    """Write what `scan --json` prints (docs/json.md)."""
    return streamed(scan_document(report), "hosts", (host_line(record) for record in records))


def json_lines(report: Outline, records: Iterable[Brief]) -> Iterator[str]:
    """Write a line per host: the scan, the host's state, and what `hosts[]` of the document says of it.

    Hosts without a result come last, with `scan`, `state` and `host` alone.
    """
    for record in records:
        yield _line({"scan": report.scan.id, "state": state(record), **host_line(record)})
    for host in report.not_started:
        yield _line({"scan": report.scan.id, "state": "not-started", "host": host})


def _line(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=True) + "\n"
