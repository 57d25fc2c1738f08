"""A watcher for each session of a run that writes its transcript into the trace's folder."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

from orchestrator.remote.session import Endpoint
from orchestrator.remote.trace.folder import TraceFolder
from orchestrator.remote.trace.transcript import Transcript
from orchestrator.remote.trace.withheld import Withheld


class Tracer:
    """Makes the transcripts of a run; `bodies`: what was said is in them too, and not only that it was."""

    def __init__(self, folder: TraceFolder, *, bodies: bool) -> None:
        self._folder = folder
        self._bodies = bodies
        self._withheld: dict[str, Withheld] = {}

    def watch(self, endpoint: Endpoint) -> Transcript:
        """Return the transcript of one more session with a host."""
        return Transcript(
            endpoint,
            partial(self._folder.put, endpoint.host, f"{endpoint.address}:{endpoint.port}"),
            withheld=self._withheld.setdefault(endpoint.host, Withheld()),
            bodies=self._bodies,
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
        )
