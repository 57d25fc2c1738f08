"""A scan as a Nagios (Icinga, Naemon, Checkmk) plug-in says it: one line with performance data,
and a state from 0 to 3.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.record import ScanState
from orchestrator.report.hints import over_sites
from orchestrator.report.summary import ScanReport
from orchestrator.report.words import age

_NAMED = 3  # of the hosts that need attention most
_LONGEST = 1000  # characters: old Nagios reads no more of a line


class State(enum.IntEnum):
    """A plug-in's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a plug-in says: its exit code, and its line with the line end."""

    state: State
    line: str


def nagios_check(report: ScanReport, *, now: datetime, max_age: timedelta | None = None) -> Check:
    """Say how a scan stands.

    UNKNOWN where it says nothing: nobody was probed, or it began more than `max_age` ago.
    """
    scan, counts = report.scan, report.summary.counts
    old = max_age is not None and now - scan.started > max_age
    words = [
        (
            f"scan {scan.id} {'' if scan.state is ScanState.FINISHED else f'({scan.state}) '}of "
            f"{age(scan.started, now)}"
        )
    ]
    if scan.state is ScanState.KILLED:
        words.append(f"go on with it: fleetcheck scan --resume {scan.id}{over_sites(scan)}")
    words.append(f"{counts.ok} of {plural(counts.selected, 'host')} ok")
    words += [
        f"{number} {what}"
        for number, what in (
            (counts.attention, f"need attention{_which(report)}"),
            (counts.unknown, "not probed"),
            (counts.not_started, "not started"),
            (counts.waived, "waived"),
        )
        if number
    ]
    state = State.UNKNOWN if old else _state(report)
    if old:
        words.insert(0, "too old")
    return Check(state=state, line=_line(state, ", ".join(words), _performance(report, now)))


def nagios_trouble(message: str) -> Check:
    """Say that the check itself did not work; `message` is what a person would have been told."""
    return Check(state=State.UNKNOWN, line=_line(State.UNKNOWN, " ".join(message.split()), ""))


def _line(state: State, words: str, performance: str) -> str:
    said = clean(f"FLEETCHECK {state.name} - {words}", limit=_LONGEST).replace(
        "|", "/"
    )  # a bar begins performance data
    return f"{said} | {performance}\n" if performance else f"{said}\n"


def _state(report: ScanReport) -> State:
    counts = report.summary.counts
    if not counts.ok + counts.attention + counts.waived:
        return State.UNKNOWN
    if any(verdict.critical for verdict in _attention(report)):
        return State.CRITICAL
    finished = report.scan.state is ScanState.FINISHED
    whole = finished and not counts.attention + counts.unknown + counts.not_started
    return State.OK if whole else State.WARNING


def _attention(report: ScanReport) -> Counter[Verdict]:
    """Count the hosts that need attention by verdict, worst first."""
    found: Counter[Verdict] = Counter()
    for group in report.summary.groups:
        if group.key.needs_attention:
            found[group.key.verdict] += len(group.hosts)
    return found


def _which(report: ScanReport) -> str:
    found = _attention(report)
    if not found:
        return ""
    worst = next(iter(found))
    hosts = [
        host
        for group in report.summary.groups
        if group.key.verdict is worst and not group.key.waived
        for host in group.hosts
    ]
    named = " ".join(hosts[:_NAMED]) + (" ..." if len(hosts) > _NAMED else "")
    return f" ({', '.join(f'{number} {verdict}' for verdict, number in found.items())}; {worst}: {named})"


def _performance(report: ScanReport, now: datetime) -> str:
    counts = report.summary.counts
    numbers = {
        "ok": counts.ok,
        "attention": counts.attention,
        "unknown": counts.unknown,
        "not_started": counts.not_started,
        "waived": counts.waived,
    }
    seconds = max(0, int((now - report.scan.started).total_seconds()))
    return " ".join(
        [
            *(f"{name}={number};;;0;{counts.selected}" for name, number in numbers.items()),
            f"age={seconds}s;;;0",
        ]
    )
