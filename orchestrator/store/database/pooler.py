"""Whether a pooler (PgBouncer and its kind) hands one session of the server to several clients in turn.

Then nothing that belongs to a session holds: the writing lock would be lost after its own transaction, or be
another client's, and settings would go to strangers. A pooler that gives each client a session of its own is
as good as none.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from orchestrator.store.errors import PlaceError

Connect = Callable[[], Any]
"""Opens one more connection of psycopg's, as the first one was opened."""

_PID = "SELECT pg_backend_pid()"
_ROUNDS = 3  # on a busy pooler another client may be in between
_PATIENCE = (
    10.0  # seconds for a second connection: a pooler that has none to spare does not share the first one
)


def refuse_shared_sessions(connection: Any, connect: Connect, *, shown: str) -> None:
    """Raise PlaceError where the session behind `connection` (psycopg's, idle) is shared. Changes nothing.

    Without a pooler this costs one question: the process that the connection was told of is the one that
    answers.
    """
    if _process(connection) == connection.info.backend_pid:
        return
    if any(_is_shared(connection, connect) for _ in range(_ROUNDS)):
        raise shared(shown, "transaction")


def shared(shown: str, mode: str) -> PlaceError:
    """Say that the pooler in front of a database shares sessions; `mode` is PgBouncer's word for how."""
    return PlaceError(
        shown,
        f"a pooler in between gives every {mode} another session (PgBouncer: pool_mode = {mode}), "
        "and the lock of the one who writes would not hold",
        "Name the server itself, or a database of the pooler with pool_mode = session.",
    )


STATEMENTS = "statement pooling mode"
"""What PgBouncer says, before anything else is asked, where each statement has a session of its own."""


def _process(connection: Any) -> int:
    """Ask which process of the server answers, in a transaction of its own."""
    try:
        return int(connection.execute(_PID).fetchone()[0])
    finally:
        connection.rollback()


def _is_shared(connection: Any, connect: Connect) -> bool:
    """Look whether another client gets our process, or we get another one while it keeps its own."""
    own = _process(connection)
    with _Other(connect) as other:
        process = other.process()
        return process is not None and (process == own or _process(connection) != own)


class _Other:
    """Another client in a transaction, to the end of the block; in a thread, as it may have to wait."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._said: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._done = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._stay, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def process(self) -> int | None:
        """Return the process that answers it; None where none did in time, or it could not connect."""
        try:
            return self._said.get(timeout=_PATIENCE)
        except queue.Empty:
            return None

    def _stay(self) -> None:
        process = None
        with (
            suppress(Exception),
            self._connect() as other,
        ):  # whatever is wrong with it is no sign of a shared session
            process = int(other.execute(_PID).fetchone()[0])
            self._said.put(process)
            self._done.wait()
        if process is None:
            self._said.put(None)
