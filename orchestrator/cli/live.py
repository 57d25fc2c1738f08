"""A display on standard error while something goes on: redrawn in place on a terminal, else a line now and then."""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from orchestrator.cli.console import console, say
from orchestrator.domain.primitives.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

REDRAW = 0.25  # seconds on a terminal
LINE = 10.0  # seconds between lines where there is none


class LiveDisplay(ABC):
    """What `line` and `view` give is shown while `shown` is entered. With `quiet` nothing is."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Live | None = None

    @abstractmethod
    def line(self) -> str:
        """Say how it stands in one line."""

    @abstractmethod
    def view(self) -> RenderableType:
        """Draw how it stands."""

    def say(self, message: str) -> None:
        """Print a remark above what is drawn."""
        if self._quiet:
            return
        if self._live is not None:
            self._live.console.print(clean(message))
        else:
            say(message)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show it while the block runs; the terminal is clean afterwards, whatever happens."""
        if self._quiet:
            yield
            return
        if not sys.stderr.isatty():
            async with _ticking(LINE, lambda: say(self.line())):
                yield
            return
        from rich.live import Live

        self._live = Live(
            console=console(sys.stderr),
            get_renderable=self.view,
            auto_refresh=False,  # redrawn from the event loop: no second thread reads the counts
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._live:
            async with _ticking(REDRAW, self._live.refresh):
                yield
        self._live = None


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
