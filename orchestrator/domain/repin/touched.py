"""What the journal has against planning a host on its evidence: it was written since,
or nobody knows whether it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from orchestrator.domain.repin.journal import UNRESOLVED, WROTE, State
from orchestrator.domain.repin.operation import Operation, Touch

SPEAKING = frozenset(
    {
        *UNRESOLVED,
        State.VERIFIED,
        State.NOT_TAKEN_UP,
        State.REVERTED,
        State.MIXED,
        State.RESTORED,
        State.HANDED_OUT,
        State.REPORTED,
    }
)
"""States of rows that say something about a host's values."""


def against(
    rows: Iterable[Operation | Touch],
    *,
    read: datetime | None,
    now: datetime,
    at_work: Collection[int] = (),
) -> str | None:
    """Return the reason to leave a host out, or None. `rows` are its own, in states of SPEAKING.

    `read` is when its newest evidence was read, None where there is none. Both times are the controller's.
    `at_work` are the runs whose process is alive.
    """
    for row in rows:
        if row.state in UNRESOLVED and row.run in at_work:
            return f"run {row.run} is at work there ({row.state}): fleetcheck repin status {row.run}"
        if row.state in UNRESOLVED and row.run is not None:
            return f"run {row.run} has left it open ({row.state}): fleetcheck repin resume {row.run}"
        if row.state is State.HANDED_OUT and (row.deadline is None or now < row.deadline):
            return (
                "given away in a stand-alone script: take its answer in (fleetcheck repin import), or let "
                "it expire"
            )
        if read is not None and row.changed > read and row.state is not State.HANDED_OUT:
            return f"{_who(row)} was at work there since it was read: scan again"
    return None


def outdated(row: Touch, *, read: datetime, now: datetime, at_work: Collection[int] = ()) -> str:
    """Say what to do where a re-pin made the host's last reading old, in place of what the reading advises;
    "" where none did. Times and runs as for `against`.
    """
    reason = against((row,), read=read, now=now, at_work=at_work)
    if reason is None or row.state in UNRESOLVED | {State.HANDED_OUT}:
        return reason or ""
    if row.state in WROTE and row.run is not None:
        return f"re-pinned since it was read (run {row.run}), scan it again: fleetcheck scan"
    return f"{_who(row)} was at work there since it was read: fleetcheck scan"


def _who(row: Operation | Touch) -> str:
    return "a stand-alone script" if row.run is None else f"run {row.run}"
