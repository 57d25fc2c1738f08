"""Progress of a scan, followed by its events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestrator.app.events import Note, Warned
from orchestrator.cli.live import LiveDisplay
from orchestrator.fleet.control.events import (
    BreakerTripped,
    Event,
    HostFinished,
    HostPutBack,
    HostStarted,
    Remark,
    ScanStarted,
    Stopping,
)
from orchestrator.report.progress import Progress, progress_line, progress_view
from orchestrator.report.words import plural

if TYPE_CHECKING:
    from rich.console import RenderableType


class ScanDisplay(LiveDisplay):
    """Follows a scan's events. With `quiet` it counts and says nothing."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._progress = Progress(total=0, began=time.monotonic())

    def on_event(self, event: Event | Note) -> None:
        """Take one event into account; remarks and warnings are said at once."""
        progress = self._progress
        match event:
            case ScanStarted(hosts=hosts):
                progress.total, progress.began = hosts, time.monotonic()
                self.begin()
            case HostStarted():
                progress.started(event.host, time.monotonic(), event.deadline)
            case HostPutBack():
                progress.running.pop(event.host, None)
            case HostFinished(record=record):
                progress.finished(record.host, record.judgement.verdict, waived=record.waived is not None)
            case Stopping():
                progress.stopping = True
                self.say(stopping(event))
            case BreakerTripped():
                self.say(
                    f"credential {event.credential}: rejected by {event.by}; nothing more is tried with it"
                )
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


def stopping(event: Stopping) -> str:
    """Say what the end that was asked for means for the hosts in flight."""
    reason, flying = event.reason.removesuffix("."), plural(event.in_flight, "host")
    if event.abandoned:
        return f"{reason}: {flying} in flight left"
    if not event.in_flight:
        return f"{reason}: nothing new starts, nothing is in flight"
    return f"{reason}: nothing new starts, {flying} in flight to finish; once more leaves them"
