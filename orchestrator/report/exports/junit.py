"""A scan as JUnit XML, which every build server shows: a host is a test case, its verdict the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.views.brief import Brief
from orchestrator.report.document import plain
from orchestrator.report.results import state
from orchestrator.report.summary import Outline


def junit_pieces(report: Outline, records: Iterable[Brief]) -> Iterator[str]:
    """Write a suite of hosts: waived is skipped, attention a failure, not probed or not started an error."""
    scan, counts = report.scan, report.counts
    took = (scan.ended - scan.started).total_seconds() if scan.ended else 0.0
    numbers = {
        "tests": counts.selected,
        "failures": counts.attention,
        "errors": counts.unknown + counts.not_started,
        "time": f"{took:.3f}",
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="fleetcheck"{_attributes(**numbers)}>\n'  # `skipped` is the suite's alone
    timestamp = scan.started.replace(tzinfo=None).isoformat(
        timespec="seconds"
    )  # JUnit's has no zone: it is UTC
    suite = {"name": f"scan {scan.id}", **numbers, "skipped": counts.waived, "timestamp": timestamp}
    yield f"  <testsuite{_attributes(**suite)}>\n"
    yield "    <properties>\n"
    said = replace(scan, inventory=in_words(scan.inventory))
    for name in ("id", "state", "mode", "inventory", "selection", "version"):
        yield f"      <property{_attributes(name=name, value=plain(getattr(said, name)))}/>\n"
    yield "    </properties>\n"
    for record in records:
        yield from _case(record)
    for host in report.not_started:
        yield f"    <testcase{_attributes(classname='fleetcheck', name=host)}>\n"
        yield '      <error type="not-started" message="this host was not started"/>\n    </testcase>\n'
    yield "  </testsuite>\n</testsuites>\n"


def _case(record: Brief) -> Iterator[str]:
    named = {
        "classname": f"fleetcheck.{record.site}" if record.site else "fleetcheck",
        "name": record.host,
        "time": f"{max(0.0, (record.ended - record.started).total_seconds()):.3f}",
    }
    result = _result(record)
    if not result:
        yield f"    <testcase{_attributes(**named)}/>\n"
        return
    yield f"    <testcase{_attributes(**named)}>\n{result}    </testcase>\n"


def _result(record: Brief) -> str:
    judgement, failure = record.judgement, record.failure
    match state(record):
        case "ok":
            return ""
        case "waived":
            return f"      <skipped{_attributes(message=f'{judgement.label}, waived: {record.waived}')}/>\n"
        case "failed":
            kind = str(judgement.verdict) if failure is None else f"{failure.phase}.{failure.cause}"
            message = judgement.label if failure is None else failure.detail
            return _told("error", kind, message, record)
    return _told("failure", str(judgement.verdict), f"{judgement.label}: {judgement.action}", record)


def _told(element: str, kind: str, message: str, record: Brief) -> str:
    judgement = record.judgement
    sentences = "\n".join(clean(line) for line in (*record.evidence, judgement.action) if line)
    return f"      <{element}{_attributes(type=kind, message=message)}>{escape(sentences)}</{element}>\n"


def _attributes(**values: object) -> str:
    """Write attributes, cleaned: XML has no way to say a control character."""
    return "".join(f" {name}={quoteattr(clean(str(value)))}" for name, value in values.items())
