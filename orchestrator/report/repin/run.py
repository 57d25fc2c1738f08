"""A run of a re-pin as a report: what became of each planned host, grouped worst first."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED, State
from orchestrator.domain.repin.operation import RunRecord, RunState
from orchestrator.report.hints import Hints
from orchestrator.report.repin.states import WORDS, advice, joined, label

GOES_ON = "nothing yet: the run goes on"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostResult:
    """What became of a host. `state` None: it would be written (a dry run). `detail` and `advice` are
    uncleaned.

    `operation` is its row's id; `undoes` the row that this one takes back. `changed` is None where there is
    no row.
    """

    host: str
    state: State | None
    detail: str = ""
    wave: int = 0
    advice: str = ""
    operation: int | None = None
    undoes: int | None = None
    changed: datetime | None = None


class Process(enum.StrEnum):
    """What is known of the process that a run without an end belongs to."""

    THERE = "there"
    PAUSING = "pausing"  # between two waves, when it holds no lock on the database
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run with what surrounds it. `run` is its record; its id is None for a dry run.

    `results` has every planned host once (a not started one too), in the plan's order. `warnings` are said
    first. `code` is the exit code, `place` names the database. `process` counts only where the run has no
    end; `who` says then which one it is, uncleaned. `file` is the plan's, where it is known.
    """

    run: RunRecord
    results: tuple[HostResult, ...]
    code: int
    place: str
    dry_run: bool = False
    file: str | None = None
    process: Process = Process.GONE
    who: str = ""
    warnings: tuple[str, ...] = ()
    hints: Hints = field(default_factory=Hints)

    @property
    def going(self) -> bool:
        """Whether its process is still there, so that nobody has to go on in its place."""
        return self.run.ended is None and self.process is not Process.GONE

    def to_type(self, state: State | None, hosts: Sequence[str]) -> str:
        """Say what to do about hosts in this state, in commands; "" where it is nothing."""
        open_rows = UNRESOLVED | TO_BEGIN
        if state in open_rows and (self.going or self.dry_run):
            return GOES_ON if self.going else ""
        return advice(state, hosts, self.run.id, self.hints)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateGroup:
    """Hosts in one state, and what was seen of them: equal sentences together, the most frequent first."""

    state: State | None
    hosts: tuple[str, ...]
    details: tuple[tuple[str, tuple[str, ...]], ...]
    advice: str


def in_waves(hints: Hints) -> tuple[str, str]:
    """Return what an `apply` that is advised is typed with, so that it goes in waves, and what it does."""
    if hints.waves_set:
        return "", "write, in the waves and up to the limit that are configured"
    waves = " --batch 1,5%,25% --pause 2m --max-failed 2"
    return waves, "write, in waves that grow, and stop at the second failure"


ORDER: tuple[State | None, ...] = (*WORDS, None)


def groups(report: RunReport) -> Iterator[StateGroup]:
    """Yield the states that there are, worst first."""
    alike: dict[State | None, list[HostResult]] = {}
    for result in report.results:
        alike.setdefault(result.state, []).append(result)
    for state in ORDER:
        if found := alike.get(state):
            hosts = tuple(result.host for result in found)
            said = dict.fromkeys(result.advice for result in found if result.advice)
            typed = report.to_type(state, hosts)
            yield StateGroup(
                state=state,
                hosts=hosts,
                details=_details(found),
                advice=joined(*list(said)[:1], typed),
            )


def _details(results: list[HostResult]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    alike: dict[str, list[str]] = {}
    for result in results:
        alike.setdefault(result.detail, []).append(result.host)
    ordered = sorted(alike.items(), key=lambda item: -len(item[1]))
    return tuple((detail, tuple(hosts)) for detail, hosts in ordered)


def counts(report: RunReport) -> dict[str, int]:
    """Count the hosts by state, worst first; states that no host is in are left out."""
    return {label(group.state): len(group.hosts) for group in groups(report)}


RESULT_COLUMNS = ("host", "state", "wave", "changed", "seen", "action")


def result_rows(report: RunReport) -> Iterator[tuple[str, ...]]:
    """Yield a plain row per host: name, state, wave, when, what was seen, what to type next."""
    for result in report.results:
        typed = report.to_type(result.state, (result.host,))
        yield (
            result.host,
            label(result.state),
            str(result.wave or ""),
            "" if result.changed is None else result.changed.isoformat(),
            result.detail,
            joined(result.advice, typed),
        )


def standing(run: RunRecord, process: Process) -> str:
    """Say how a run stands: a `running` one without a process was killed."""
    if run.state is not RunState.RUNNING:
        return run.state.value
    return _RUNNING[process]


_RUNNING = {Process.THERE: "running", Process.PAUSING: "pausing", Process.GONE: "killed"}
