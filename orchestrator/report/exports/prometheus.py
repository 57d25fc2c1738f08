"""A scan as Prometheus' text format, for node_exporter's textfile collector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from inventory.verdicts import Verdict
from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.record import ScanState
from orchestrator.domain.views.brief import Brief
from orchestrator.report.summary import Outline

METRICS = {
    "fleetcheck_scan_info": "The scan that the other figures are of.",
    "fleetcheck_scan_start_timestamp_seconds": "When the scan began, in seconds since 1970.",
    "fleetcheck_scan_end_timestamp_seconds": "When the scan ended, in seconds since 1970; absent where it "
    "did not.",
    "fleetcheck_scan_complete": "1 where the scan came to its end, 0 where it was interrupted, killed, or "
    "still runs.",
    "fleetcheck_scan_exit_code": "The scan's exit code.",
    "fleetcheck_hosts": "Selected hosts by state; each is in exactly one.",
    "fleetcheck_hosts_by_verdict": "Hosts by verdict, waived ones too.",
    "fleetcheck_hosts_by_site": "Hosts by site and verdict, waived ones too; an empty site is none.",
    "fleetcheck_failures": "Hosts that could not be probed, by phase and cause, waived ones too.",
    "fleetcheck_hosts_with_tunnel": "Hosts with a live connection to a gateway.",
}
"""Every metric, all of them gauges, with its help.

Of two files that word a help differently node_exporter drops one's samples: a word that is changed here parts
the versions of fleetcheck on one machine.
"""

OWN_LABELS = frozenset({"scan", "mode", "inventory", "version", "state", "verdict", "site", "phase", "cause"})
"""The labels that the metrics have of their own."""

Sample = tuple[Mapping[str, object], float]
Metric = tuple[str, Iterable[Sample]]


def prometheus_pieces(report: Outline, records: Iterable[Brief], labels: Mapping[str, str]) -> Iterator[str]:
    """Write the metrics; reads the records once and keeps counts only.

    `labels` come to every series, and so does `fleet` where the scan's inventory names its fleet: in one
    folder of node_exporter's the series of two fleets must differ.
    """
    sites: dict[str, Counter[Verdict]] = {}
    failures: Counter[tuple[str, str]] = Counter()
    live = 0
    for record in records:
        sites.setdefault(record.site or "", Counter())[record.judgement.verdict] += 1
        live += record.judgement.any_live
        if record.failure is not None:
            failures[record.failure.phase, record.failure.cause] += 1
    named = {} if report.scan.fleet is None else {"fleet": report.scan.fleet}
    common = dict(sorted({**named, **labels}.items()))
    for name, samples in (*_scan(report), *_counts(report), *_sums(sites, failures, live)):
        yield f"# HELP {name} {METRICS[name]}\n# TYPE {name} gauge\n"
        for own, value in samples:
            written = ",".join(f'{label}="{_escaped(text)}"' for label, text in {**common, **own}.items())
            yield f"{name}{{{written}}} {value}\n" if written else f"{name} {value}\n"


def _scan(report: Outline) -> Iterator[Metric]:
    scan = report.scan
    info = {
        "scan": scan.id,
        "mode": scan.mode,
        "inventory": in_words(scan.inventory),
        "version": scan.version,
    }
    yield "fleetcheck_scan_info", [(info, 1)]
    yield "fleetcheck_scan_start_timestamp_seconds", [({}, scan.started.timestamp())]
    ended: list[Sample] = [] if scan.ended is None else [({}, scan.ended.timestamp())]
    yield "fleetcheck_scan_end_timestamp_seconds", ended
    yield "fleetcheck_scan_complete", [({}, int(scan.state is ScanState.FINISHED))]
    yield "fleetcheck_scan_exit_code", [({}, report.code)]


def _counts(report: Outline) -> Iterator[Metric]:
    counts = report.counts
    states = {
        "ok": counts.ok,
        "waived": counts.waived,
        "attention": counts.attention,
        "failed": counts.unknown,
        "not-started": counts.not_started,
    }
    yield "fleetcheck_hosts", [({"state": state}, number) for state, number in states.items()]
    verdicts = dict(counts.verdicts)
    yield (
        "fleetcheck_hosts_by_verdict",
        [({"verdict": verdict}, verdicts.get(verdict, 0)) for verdict in Verdict],
    )


def _sums(
    sites: Mapping[str, Counter[Verdict]], failures: Counter[tuple[str, str]], live: int
) -> Iterator[Metric]:
    yield (
        "fleetcheck_hosts_by_site",
        [
            ({"site": site, "verdict": verdict}, found[verdict])
            for site, found in sorted(sites.items())
            for verdict in Verdict
        ],
    )
    yield (
        "fleetcheck_failures",
        [({"phase": phase, "cause": cause}, number) for (phase, cause), number in sorted(failures.items())],
    )
    yield "fleetcheck_hosts_with_tunnel", [({}, live)]


def _escaped(text: object) -> str:
    """Write a label's value: cleaned, so no line ends are left, and escaped as the format wants it."""
    return clean(str(text)).replace("\\", r"\\").replace('"', r"\"")
