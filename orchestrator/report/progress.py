"""How far a scan is: counted from what is told, drawn as two lines on a terminal or written as one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.report import drawing
from orchestrator.report.words import duration, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

_LONGEST_SHOWN = 3
_LONGEST_FROM = 2.0  # seconds; below that a host is no news


@dataclass(slots=True, kw_only=True)
class Progress:
    """Counts of a scan in progress. All times are seconds of one monotonic clock."""

    total: int
    began: float
    done: int = 0
    failed: int = 0
    attention: int = 0
    running: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # host -> when it began, when it ends at last
    stopping: bool = False

    def started(self, host: str, now: float, deadline: float) -> None:
        """Note that a host's work began, and takes `deadline` seconds at most."""
        self.running[host] = (now, now + deadline)

    def finished(self, host: str, verdict: Verdict, *, waived: bool) -> None:
        """Note that a host's result is stored."""
        self.running.pop(host, None)
        self.done += 1
        self.failed += verdict is Verdict.UNKNOWN
        self.attention += verdict.needs_attention and not waived

    def rate(self, now: float) -> float:
        """Hosts a second since the beginning; 0 before the first."""
        return self.done / (now - self.began) if now > self.began else 0.0

    def left(self, now: float) -> str:
        """Say how long the rest takes: at this rate,
        or by the last deadline once no host waits for its turn.
        """
        waiting = self.total - self.done
        rate = self.rate(now)
        if self.running and waiting <= len(self.running):
            ends = max(end for _, end in self.running.values())
            return f"at most {duration(ends - now)} left"
        return f"about {duration(waiting / rate)} left" if rate and waiting else ""

    def longest(self, now: float) -> list[tuple[str, float]]:
        """Name the hosts that run longest, with their seconds, longest first."""
        ages = [
            (host, now - began) for host, (began, _) in self.running.items() if now - began >= _LONGEST_FROM
        ]
        return sorted(ages, key=lambda pair: (-pair[1], pair[0]))[:_LONGEST_SHOWN]


def progress_line(progress: Progress, now: float) -> str:
    """Write the state in one line, uncleaned only in the hosts' names, which are the inventory's."""
    return ", ".join(_words(progress, now))


def progress_view(progress: Progress, now: float) -> RenderableType:
    """Draw a bar with the counts below it."""
    counts = drawing.Text("  ").append(
        f"{progress.attention:,} need attention", "yellow" if progress.attention else "dim"
    )
    counts.append(", ").append(f"{progress.failed:,} failed", "red" if progress.failed else "dim")
    for word in _pace(progress, now):
        counts.append(f", {word}")
    counts.no_wrap, counts.overflow = True, "ellipsis"
    longest = shown("  " + _longest(progress, now), "dim")
    longest.no_wrap, longest.overflow = True, "ellipsis"
    return drawing.Group(bar(progress.done, progress.total), counts, longest)


def bar(done: int, total: int) -> RenderableType:
    """Draw how many hosts of all are done."""
    drawn = drawing.Table.grid(padding=(0, 1, 0, 0), expand=True)
    drawn.add_column(no_wrap=True)
    drawn.add_column(ratio=1)
    drawn.add_row(
        drawing.Text(f"{done:,}/{total:,} hosts"), drawing.ProgressBar(total=max(1, total), completed=done)
    )
    return drawn


def _words(progress: Progress, now: float) -> Iterator[str]:
    yield f"{progress.done:,} of {plural(progress.total, 'host')}"
    yield f"{progress.attention:,} need attention"
    yield f"{progress.failed:,} failed"
    yield from _pace(progress, now)
    if longest := _longest(progress, now):
        yield longest


def _pace(progress: Progress, now: float) -> Iterator[str]:
    if progress.done:
        yield f"{progress.rate(now):.1f} hosts/s"
    if progress.stopping:
        yield f"stopping: {plural(len(progress.running), 'host')} in flight"
    elif left := progress.left(now):
        yield left


def _longest(progress: Progress, now: float) -> str:
    names = ", ".join(f"{host} {duration(age)}" for host, age in progress.longest(now))
    return f"longest: {names}" if names else ""
