"""A scan in the format that somebody else's program reads: report and records in, text out,
piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import assert_never

from orchestrator.domain.views.brief import Brief
from orchestrator.report.exports.csv import csv_pieces
from orchestrator.report.exports.formats import Format
from orchestrator.report.exports.json import json_lines, json_pieces
from orchestrator.report.exports.junit import junit_pieces
from orchestrator.report.exports.nagios import nagios_check
from orchestrator.report.exports.prometheus import prometheus_pieces
from orchestrator.report.summary import Outline, ScanReport

_NONE: Mapping[str, str] = MappingProxyType({})


def exported(
    wanted: Format,
    report: Outline,
    records: Iterable[Brief],
    *,
    summed: Callable[[], ScanReport],
    now: datetime,
    labels: Mapping[str, str] = _NONE,
) -> Iterator[str]:
    """Return the text of an export, part by part; the records are read once, as the text is taken, and
    their attempts not looked at.

    `labels` are for Prometheus alone.
    """
    match wanted:
        case Format.JSON:
            return json_pieces(summed(), records)
        case Format.JSONL:
            return json_lines(report, records)
        case Format.CSV:
            return csv_pieces(report, records)
        case Format.JUNIT:
            return junit_pieces(report, records)
        case Format.PROMETHEUS:
            return prometheus_pieces(report, records, labels)
        case Format.NAGIOS:
            return iter([nagios_check(summed(), now=now).line])
    assert_never(wanted)
