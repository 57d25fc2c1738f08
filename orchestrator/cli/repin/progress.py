"""Progress of a re-pin, followed by its events."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.app.events import HostEntered, Note, PlanEmpty, Warned
from orchestrator.cli.console import say
from orchestrator.cli.live import LiveDisplay
from orchestrator.cli.progress import step, stopping, tripped
from orchestrator.fleet.control.events import BreakerTripped, HostRequeued, HostStarted, Remark, Stopping
from orchestrator.fleet.repin.events import (
    HostEnded,
    HostStateChanged,
    Pausing,
    RepinEvent,
    RunStarted,
    Watching,
    WaveStarted,
)
from orchestrator.report.repin.progress import RunProgress, run_progress_line, run_progress_view
from orchestrator.report.words import duration

if TYPE_CHECKING:
    from rich.console import RenderableType


class RepinDisplay(LiveDisplay):
    """Follows a run's events. With `quiet` it says nothing, with `verbose` each host's phases and states."""

    def __init__(self, *, quiet: bool, verbose: bool = False) -> None:
        super().__init__(quiet=quiet, verbose=verbose)
        self._progress = RunProgress(total=0, began=time.monotonic())

    def line(self) -> str:
        """Say how far the run is."""
        return run_progress_line(self._progress, time.monotonic())

    def view(self) -> RenderableType:
        """Draw how far the run is."""
        return run_progress_view(self._progress, time.monotonic())

    def on_event(self, event: RepinEvent | Note | PlanEmpty | HostEntered) -> None:
        """Take one event into account; what a person should know is said at once."""
        progress = self._progress
        if said := step(event):
            self.detail(*said)
        match event:
            case HostEntered():
                pass
            case HostStarted(host=host):
                progress.running[host] = "reading"
            case HostStateChanged(host=host, state=state):
                progress.running[host] = state.value
                self.detail(host, state.value)
            case HostRequeued(host=host):
                progress.running.pop(host, None)
            case HostEnded(end=end):
                progress.finished(end.host, end.state)
                self.detail(end.host, f"ended, {end.state or 'nothing written'}: {end.detail}".rstrip(": "))
            case Watching(hosts=hosts, until=until):
                progress.watched, progress.watch_ends = hosts, time.monotonic() + _seconds_to(until)
            case _:
                self._on_turn(event)

    def _on_turn(self, event: RepinEvent | Note | PlanEmpty) -> None:
        """Take what concerns the whole run."""
        progress = self._progress
        match event:
            case RunStarted(hosts=hosts, unresolved=unresolved):
                progress.total, progress.began = hosts + unresolved, time.monotonic()
                self.begin()
                if event.run is not None:
                    self.say(f"run {event.run}: {plural(progress.total, 'host')}")
                if unresolved:
                    self.say(
                        f"{plural(unresolved, 'host')} left open: read when no write can begin there any "
                        "more, by the host's own clock; that may take a minute"
                    )
            case WaveStarted(wave=wave, waves=waves, hosts=hosts):
                progress.begin_wave(wave, waves, hosts)
                self.say(f"wave {wave} of {waves}: {plural(hosts, 'host')}")
            case Pausing(seconds=seconds, before=before):
                progress.pause_ends = time.monotonic() + seconds
                self.say(
                    f"pause of {duration(seconds)} before wave {before}; Ctrl-C ends the run in good order"
                )
            case Stopping():
                progress.stopping = True
                self.say(stopping(event))
            case BreakerTripped():
                self.say(tripped(event))
            case Remark() | Warned() | PlanEmpty():
                self._on_note(event)
            case _:
                pass

    def _on_note(self, note: Note | PlanEmpty) -> None:
        """Say what belongs to no host and no wave; `--quiet` keeps remarks back, and no warning."""
        match note:
            case Warned(words=words):
                say(f"warning: {words}")
            case Remark(words=words):
                self.say(f"remark: {words}")
            case PlanEmpty():
                self.say("0 hosts: nothing to confirm, nothing to write")


def _seconds_to(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()
