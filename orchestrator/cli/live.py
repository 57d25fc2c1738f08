"""A display on standard error while something goes on: redrawn in place on a terminal,
else a line now and then.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from orchestrator.cli.console import console, fitted, say
from orchestrator.domain.primitives.text import clean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

REDRAW = 0.25  # seconds on a terminal
LINE = 10.0  # seconds between lines where there is none


class LiveDisplay(ABC):
    """What `line` and `view` give is shown from `begin` to the end of the block. With `quiet` nothing is.

    `verbose`: what happens on each host is said as it happens.
    """

    def __init__(self, *, quiet: bool, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._live: Live | None = None
        self._ticking: asyncio.Task[None] | None = None  # the loop itself keeps no hold on a task

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
            self._live.console.print("\n".join(fitted([clean(message)])), soft_wrap=True)
        else:
            say(message)

    def detail(self, host: str, message: str) -> None:
        """Print what happens on a host, where every step is asked for."""
        if self._verbose:
            self.say(f"{host}: {message}")

    def __enter__(self) -> Self:
        """Be ready; what is drawn is taken away at the end, whatever happens."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal clean."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def begin(self) -> None:
        """Show it from now on, until the event loop that runs ends; to be called in that loop."""
        if self._quiet:
            return
        if not sys.stderr.isatty():
            self._tick(LINE, lambda: say(self.line()))
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
        self._live.start()
        self._tick(REDRAW, self._live.refresh)

    def _tick(self, seconds: float, tick: Callable[[], object]) -> None:
        """Call `tick` every so often; a terminal that has gone ends the ticking, not the run."""

        async def run() -> None:
            with suppress(OSError):
                while True:
                    await asyncio.sleep(seconds)
                    tick()

        self._ticking = asyncio.get_running_loop().create_task(run())  # which ends all its tasks when it ends
