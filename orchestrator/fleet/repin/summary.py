"""How a re-pin ended: one small value a host, and one for the run. The journal is in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.execution.tally import first_exit_code
from orchestrator.domain.repin.journal import FAILED, State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.fleet.summary import GivenUp

FINE = frozenset({State.VERIFIED, State.ALREADY})
"""Ends that nobody has to look at."""

UNPROBED = frozenset({State.UNREACHABLE, State.NOT_STARTED})
"""Ends of hosts that were not even looked at, or not begun: exit code 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnd:
    """What became of one host in this run.

    `state` is its row's, None in a dry run where it would have been written. A state that has not ended
    (`unknown`, `confirmed`) is for `repin resume`. `detail` is what was seen, uncleaned; `advice` our words
    on what to do, where the state alone does not say it. `operation` is the row's id, None where there is no
    row. `stumbled`: something failed on the way though the state does not show it.
    """

    host: str
    state: State | None
    detail: str
    wave: int
    operation: int | None = None
    advice: str = ""
    stumbled: bool = False

    @property
    def counts_as(self) -> State | None:
        """The state that the limits count: a write without an answer failed, even if it was not written."""
        return State.UNKNOWN if self.stumbled and self.state is not State.VERIFIED else self.state

    @property
    def failed(self) -> bool:
        """Whether `--max-failed` counts it."""
        return self.counts_as in FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinSummary:
    """How a run ended. `run` is None for a dry run; `ends` has one a host, in the order in which they ended.

    `hosts` counts the plan's, `already` those that had ended before this process (resumed); `not_started` are
    the plan's hosts without an end, in its order: none of them was touched. `reason` is why it stopped early,
    in words, empty where it did not; `interrupted`: a signal did it, `gate`: a limit or a lock-out breaker
    kept hosts from being started. `finished_after_stop` hosts were in flight then and ended,
    `failed_after_stop` of them failed; `abandoned`: the rest of them was left. `trouble` is what the database
    refused, or a fault of ours; `unanswered`: it did not answer any more when the run was abandoned.
    `earlier` are the last rows, from before this process, of hosts without an end in it.
    """

    run: int | None
    plan: str
    state: RunState
    hosts: int
    ends: tuple[HostEnd, ...]
    not_started: tuple[str, ...]
    started: datetime
    ended: datetime
    waves: int = 0
    already: int = 0
    dry_run: bool = False
    reason: str = ""
    interrupted: bool = False
    gate: bool = False
    abandoned: bool = False
    finished_after_stop: int = 0
    failed_after_stop: int = 0
    trouble: str = ""
    unanswered: bool = False
    earlier: tuple[Operation, ...] = ()
    given_up: tuple[GivenUp, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[State | None, int]:
        """Count the hosts by state; None: would be written."""
        return Counter(end.state for end in self.ends)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds()

    @property
    def exit_code(self) -> int:
        """The command's exit code."""
        states = set(self.counts) - FINE - {None}
        return first_exit_code(
            interrupted=self.interrupted and not self.trouble,
            failed=bool(self.trouble),
            gate=self.gate,
            unprobed=bool(states & UNPROBED or self.not_started),
            attention=bool(states - UNPROBED),
        )
