"""Progress on standard error while a scan runs: redrawn in place on a terminal, else a line now and then."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from orchestrator.cli.console import console, say
from orchestrator.domain.text import clean
from orchestrator.fleet.events import (
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

if TYPE_CHECKING:
    from rich.live import Live

REDRAW = 0.25  # seconds on a terminal
LINE = 10.0  # seconds between lines where there is none


class Display:
    """Follows a scan's events. With `quiet` it counts and says nothing."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._progress = Progress(total=total, began=time.monotonic())
        self._quiet = quiet
        self._live: Live | None = None

    def on_event(self, event: Event) -> None:
        """Take one event into account; remarks and warnings are said at once."""
        progress = self._progress
        match event:
            case ScanStarted():
                progress.began = time.monotonic()
            case HostStarted():
                progress.started(event.host, time.monotonic(), event.deadline)
            case HostPutBack():
                progress.running.pop(event.host, None)
            case HostFinished(record=record):
                progress.finished(record.host, record.judgement.verdict, waived=record.waived is not None)
            case Stopping():
                progress.stopping = True
                self._say(_stopping(event))
            case BreakerTripped():
                rejected = " and ".join(event.rejected)
                self._say(
                    f"credential {event.credential}: rejected by {rejected}; nothing more is tried with it"
                )
            case Remark(words=words):
                self._say(f"remark: {words}")

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show it while the block runs; the terminal is clean afterwards, whatever happens."""
        if self._quiet:
            yield
            return
        if not sys.stderr.isatty():
            async with _ticking(LINE, lambda: say(progress_line(self._progress, time.monotonic()))):
                yield
            return
        from rich.live import Live

        self._live = Live(
            console=console(sys.stderr),
            get_renderable=lambda: progress_view(self._progress, time.monotonic()),
            auto_refresh=False,  # redrawn from the event loop: no second thread reads the counts
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._live:
            async with _ticking(REDRAW, self._live.refresh):
                yield
        self._live = None

    def _say(self, message: str) -> None:
        if self._quiet:
            return
        if self._live is not None:
            self._live.console.print(clean(message))
        else:
            say(message)


def _stopping(event: Stopping) -> str:
    if event.abandoned:
        return f"{event.reason}: {event.in_flight} hosts in flight are left"
    return (
        f"{event.reason}: nothing new starts, {event.in_flight} hosts in flight finish; once more leaves them"
    )


@asynccontextmanager
async def _ticking(seconds: float, tick: Callable[[], object]) -> AsyncIterator[None]:
    """Call `tick` every so often while the block runs; a terminal that has gone ends the ticking, not the block."""

    async def run() -> None:
        with suppress(OSError):
            while True:
                await asyncio.sleep(seconds)
                tick()

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
