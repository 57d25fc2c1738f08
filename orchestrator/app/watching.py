"""What `--trace` and `-v` add to a run: who watches its sessions, and what is told of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError
from orchestrator.app.events import HostEntered, Note, NoteListener, Remark, Warned

if TYPE_CHECKING:
    from orchestrator.domain.outcome import Phase
    from orchestrator.remote.session import Endpoint
    from orchestrator.remote.watch import Watch, Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """What is asked: `trace` is the transcripts' folder, `bodies` adds messages, `phases` tells events."""

    trace: Path | None = None
    bodies: bool = False
    phases: bool = False

    def check(self) -> None:
        """Refuse before the work what cannot be done. Raises UsageError, TraceError."""
        if self.bodies and self.trace is None:
            raise UsageError("--trace-bodies needs --trace DIR, the folder that it goes to")
        if self.trace is not None:
            from orchestrator.remote.trace.folder import check

            check(self.trace)


NOTHING = WatchRequest()


@contextmanager
def watching(
    request: WatchRequest, on_note: NoteListener, on_phase: Callable[[HostEntered], None]
) -> Iterator[Watch]:
    """Yield who watches the sessions that are made in the block; called in the event loop. Raises TraceError.

    At its end a remark says where the transcripts are. `on_phase` is called in the loop's thread.
    """
    from orchestrator.remote.watch import Watchers, unwatched

    with ExitStack() as stack:
        watches: list[Watch] = []
        if request.trace is not None:
            watches.append(_traced(stack, request.trace, on_note, bodies=request.bodies))
        if request.phases:
            watches.append(_telling(on_phase))
        if len(watches) > 1:
            yield lambda endpoint: Watchers([each for watch in watches if (each := watch(endpoint))])
        else:
            yield watches[0] if watches else unwatched


def _traced(stack: ExitStack, path: Path, on_note: NoteListener, *, bodies: bool) -> Watch:
    from orchestrator.remote.trace.folder import TraceFolder
    from orchestrator.remote.trace.tracer import Tracer

    folder = TraceFolder.open(path)

    def end() -> None:
        notes: list[Note] = [Remark(words=words) for words in folder.close()]
        if folder.ended:
            notes.append(Warned(words=f"the trace ended early, the run did not: {folder.ended}"))
        with suppress(OSError):  # a terminal that has gone takes no result away
            for note in notes:
                on_note(note)

    stack.callback(end)
    return Tracer(folder, bodies=bodies).watch


def _telling(on_phase: Callable[[HostEntered], None]) -> Watch:
    """Tell phases in the loop's thread, whichever they come from; a display that breaks has seen its last."""
    from orchestrator.remote.watch import PhaseWatcher

    loop, broken = asyncio.get_running_loop(), False

    def show(event: HostEntered) -> None:
        nonlocal broken
        if not broken:
            try:
                on_phase(event)
            except Exception:  # noqa: BLE001  # whatever a display may raise
                broken = True

    def watch(endpoint: Endpoint) -> Watcher:
        def tell(phase: Phase, after: int) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody looks any more
                loop.call_soon_threadsafe(show, HostEntered(host=endpoint.host, phase=phase, after=after))

        return PhaseWatcher(tell)

    return watch
