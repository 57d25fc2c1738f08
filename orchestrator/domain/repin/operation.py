"""The journal as values: runs, their operations (one host's write each), and the audit's entries."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.repin.journal import State


class RunState(enum.StrEnum):
    """How a run of `repin apply` stands. `running` with no process behind it was killed: `repin resume`."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # by a limit, a breaker or the user; `repin resume` goes on with it


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of a plan. `id` is None until the database gave one; `options` is a JSON object as text."""

    id: int | None
    plan: str
    started: datetime
    user: str
    command: str
    version: str
    options: str
    hosts: int
    state: RunState = RunState.RUNNING
    ended: datetime | None = None
    reason: str = ""  # why it stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row of the journal: what was to be written on a host, and where that stands.

    `started` is when the row was made (None: not stored yet), `changed` when it came into its state. `run` is
    None for a row that `repin export` made. `before` and `after` are the values as read, as JSON text in the
    form of the write script's answer, None where nobody read them. `deadline` is the write's own on the
    host's clock. `undoes` is the id of the operation that this one takes back.
    """

    id: int | None
    run: int | None
    plan: str
    host: str
    state: State
    changed: datetime
    wave: int = 0
    detail: str = ""
    before: str | None = None
    after: str | None = None
    deadline: datetime | None = None
    undoes: int | None = None
    started: datetime | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """What a row of the journal says in short, as `Operation` does."""

    host: str
    run: int | None
    state: State
    changed: datetime
    deadline: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One link of the audit's chain: who did what to what, when. `details` is a JSON object as text.

    `hash` is the SHA-256 (hex) over the entry's canonical content and `previous`, the hash of the entry
    before it.
    """

    number: int
    time: datetime
    who: str
    what: str
    subject: str
    details: str
    previous: str
    hash: str


def last_rows(operations: Iterable[Operation]) -> dict[str, Operation]:
    """Return each host's last row of its own, in the order given;
    rows that took another row of the run back are not.
    """
    every = list(operations)
    ids = {row.id for row in every}
    return {row.host: row for row in every if row.undoes is None or row.undoes not in ids}
