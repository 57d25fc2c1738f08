"""Other processes, forked off one that has everything loaded: starting one to kill it costs milliseconds.

A child runs one of the scripts in this folder, with `parent` (the other end of `Child.pipe`) and what it was
given as its globals.
"""

from __future__ import annotations

import multiprocessing
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_FORKING = "forkserver" in multiprocessing.get_all_start_methods()
_LOADED = [
    "runpy",
    "alembic.command",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "orchestrator.store.journal.journal",
    "orchestrator.store.reader",
    "orchestrator.app.notify.deliver",
    "orchestrator.notify.webhook",
    "orchestrator.store.notices.adding",
    "orchestrator.store.notices.waiting",
]


@dataclass(frozen=True, slots=True)
class Child:
    """A process, and the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.join()

    def said(self) -> list[Any]:
        """Read what a dead child had said; what it was about to say when it died was not said."""
        heard = []
        try:
            while True:
                heard.append(self.pipe.recv())
        except (EOFError, OSError):
            return heard


@contextmanager
def child(script: str, **given: object) -> Iterator[Child]:
    """Run a script of this folder in another process, which does not outlive the block."""
    context = multiprocessing.get_context("forkserver" if _FORKING else "spawn")
    if _FORKING:
        context.set_forkserver_preload(_LOADED)
    ours, theirs = context.Pipe()
    process = context.Process(
        target=runpy.run_path,
        args=(str(HERE / script),),
        kwargs={"init_globals": {"parent": theirs, **given}},
        daemon=True,
    )
    process.start()
    theirs.close()
    started = Child(process, ours)
    try:
        yield started
    finally:
        started.kill()
        process.close()
        ours.close()
