"""Progress of a scan, followed by its events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.app.events import HostEntered, Note, Warned
from orchestrator.cli.live import LiveDisplay
from orchestrator.domain.outcome import Failed
from orchestrator.fleet.control.events import (
    BreakerTripped,
    Event,
    HostFinished,
    HostRequeued,
    HostRetrying,
    HostStarted,
    Remark,
    ScanStarted,
    Stopping,
)
from orchestrator.report.progress import Progress, progress_line, progress_view

if TYPE_CHECKING:
    from rich.console import RenderableType


class ScanDisplay(LiveDisplay):
    """Follows a scan's events. With `quiet` it counts and says nothing, with `verbose` it says each phase."""

    def __init__(self, *, quiet: bool, verbose: bool = False) -> None:
        super().__init__(quiet=quiet, verbose=verbose)
        self._progress = Progress(total=0, began=time.monotonic())

    def on_event(self, event: Event | Note | HostEntered) -> None:
        """Take one event into account; remarks and warnings are said at once."""
        if said := step(event):
            self.detail(*said)
        progress = self._progress
        match event:
            case ScanStarted(hosts=hosts):
                progress.total, progress.began = hosts, time.monotonic()
                self.begin()
            case HostStarted():
                progress.started(event.host, time.monotonic(), event.deadline)
            case HostRequeued():
                progress.running.pop(event.host, None)
            case HostFinished(record=record):
                progress.finished(record.host, record.judgement.verdict, waived=record.waived is not None)
            case Stopping():
                progress.stopping = True
                self.say(stopping(event))
            case BreakerTripped():
                self.say(tripped(event))
            case Remark(words=words):
                self.say(f"remark: {words}")
            case Warned(words=words):
                self.say(f"warning: {words}")

    def line(self) -> str:
        """Say how far the scan is."""
        return progress_line(self._progress, time.monotonic())

    def view(self) -> RenderableType:
        """Draw how far the scan is."""
        return progress_view(self._progress, time.monotonic())


def step(event: object) -> tuple[str, str] | None:
    """Say what happened on one host: its name and the words, None where the event is of another kind."""
    match event:
        case HostEntered(host=host, phase=phase, after=after):
            return host, f"{phase}, after {after} ms"
        case HostRetrying(host=host, tried=tried, phase=phase, cause=cause, wait=wait):
            return host, f"try {tried} failed at {phase}, {cause}; again in {wait:.1f} s"
        case HostRequeued(host=host):
            return host, "put back: its turn comes again"
        case HostFinished(record=record):
            outcome = record.outcome
            came = f"failed at {outcome.phase}, {outcome.cause}" if isinstance(outcome, Failed) else None
            took = (outcome.trace.ended - outcome.trace.started).total_seconds()
            return record.host, f"{came or record.judgement.label}; {took:.1f} s in all"
    return None


def tripped(event: BreakerTripped) -> str:
    """Say which credential is given up, and whose word that is."""
    return f"credential {event.credential}: rejected by {event.by}; nothing more is tried with it"


def stopping(event: Stopping) -> str:
    """Say what the end that was asked for means for the hosts in flight."""
    reason, flying = event.reason.removesuffix("."), plural(event.in_flight, "host")
    stored = plural(event.storing, "result")
    if event.abandoned and event.unstored:
        return f"{reason}: {event.unstored} is not stored yet, waited for 2 s more"
    if event.abandoned:
        late = f"; {stored} not stored yet, waited for 2 s more" if event.storing else ""
        return f"{reason}: {flying} in flight left{late}"
    return f"{reason}: nothing new starts, {_waited_for(event, flying, stored)}"


def _waited_for(event: Stopping, flying: str, stored: str) -> str:
    if event.in_flight:
        return f"{flying} in flight to finish; once more leaves them"
    if event.storing:
        return f"{stored} to be stored; once more leaves them"
    if event.unstored:
        return f"{event.unstored} is to be stored; once more leaves that"
    return "the database is waited for; once more leaves it" if event.asking else "nothing is in flight"
