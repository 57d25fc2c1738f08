"""How far a re-pin is: counted from what is told, drawn in place on a terminal or written as one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.repin.journal import State
from orchestrator.report.progress import bar
from orchestrator.report.repin.run import ORDER
from orchestrator.report.repin.states import label, words
from orchestrator.report.words import duration, shown

_NAMES = 3


@dataclass(slots=True, kw_only=True)
class RunProgress:
    """Counts of a run in progress. Times are seconds of one monotonic clock.

    `running` maps a host to where its work is: `reading`, or the journal's state. `pause_ends` and
    `watch_ends` are set while the run waits.
    """

    total: int
    began: float
    dry_run: bool = False
    wave: int = 0
    waves: int = 0
    wave_hosts: int = 0
    wave_done: int = 0
    ends: dict[str, State | None] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)
    pause_ends: float | None = None
    watched: int = 0
    watch_ends: float | None = None
    stopping: bool = False

    @property
    def done(self) -> int:
        """Hosts that have ended."""
        return len(self.ends)

    def finished(self, host: str, state: State | None) -> None:
        """Note that a host has ended."""
        self.running.pop(host, None)
        self.wave_done += host not in self.ends
        self.ends[host] = state

    def begin_wave(self, wave: int, waves: int, hosts: int) -> None:
        """Note that a wave begins."""
        self.wave, self.waves, self.wave_hosts, self.wave_done = wave, waves, hosts, 0
        self.pause_ends = None


def run_progress_line(progress: RunProgress, now: float) -> str:
    """Write the state in one line."""
    return ", ".join(
        (f"{progress.done:,} of {plural(progress.total, 'host')}", *_wave(progress), *_said(progress, now))
    )


def run_progress_view(progress: RunProgress, now: float) -> RenderableType:
    """Draw a bar with the wave and the counts below it."""
    counted = Text("  ")
    for number, (state, count) in enumerate(_counted(progress)):
        counted.append(", " if number else "").append(f"{count:,} {label(state)}", words(state).style)
    wave = shown("  " + ", ".join((*_wave(progress), *_waiting(progress, now))), "dim")
    for line in (counted, wave):
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(bar(progress.done, progress.total), counted, wave)


def _counted(progress: RunProgress) -> list[tuple[State | None, int]]:
    ended = Counter(progress.ends.values())
    return [(state, ended[state]) for state in ORDER if ended[state]]


def _said(progress: RunProgress, now: float) -> Iterator[str]:
    for state, count in _counted(progress):
        yield f"{count:,} {label(state)}"
    yield from _waiting(progress, now)


def _wave(progress: RunProgress) -> Iterator[str]:
    if progress.wave:
        yield f"wave {progress.wave} of {progress.waves}: {progress.wave_done:,} of {progress.wave_hosts:,}"


def _waiting(progress: RunProgress, now: float) -> Iterator[str]:
    if progress.stopping:
        yield f"stopping: {plural(len(progress.running), 'host')} in flight"
    if progress.pause_ends is not None:
        yield f"next wave in {duration(progress.pause_ends - now)}"
    if progress.watch_ends is not None and progress.watched:
        left = duration(progress.watch_ends - now)
        yield f"{plural(progress.watched, 'agent')} not on the new port yet, {left} left"
    if progress.running:
        named = [f"{host} {where}" for host, where in list(progress.running.items())[:_NAMES]]
        more = len(progress.running) - _NAMES
        yield "at work: " + ", ".join(named) + (f" and {more:,} more" if more > 0 else "")
