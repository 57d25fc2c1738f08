"""What an earlier process left unresolved: read it, and end its rows by what the values are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.operation import Operation, last_rows
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.fleet.repin import details
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.fleet.repin.readings import NotRead
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.undo import reversed_change

Resumed = Callable[[Operation, PlannedHost], HostRepin]
"""Returns the re-pin of a host whose row, and the change that it stands for, an earlier process left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A host that has to be read: its own row, and the one that was to take it back, where there is one."""

    own: Operation
    back: Operation | None = None


def find_leftovers(rows: Iterable[Operation]) -> Mapping[str, Leftover]:
    """Return the hosts of a run that have to be read, by name."""
    every = list(rows)
    backs = {row.undoes: row for row in every}
    found = {name: Leftover(own=own, back=backs.get(own.id)) for name, own in last_rows(every).items()}
    return {name: left for name, left in found.items() if left.own.state in UNRESOLVED}


async def resolve(left: Leftover, change: PlannedHost, resumed: Resumed) -> HostEnd:
    """Read a host and end its rows, the newer one first. Raise StoreError."""
    own = resumed(left.own, change)
    if left.back is None:
        return await own.conclude()
    back = resumed(left.back, reversed_change(change))
    if back.row.state in UNRESOLVED:
        end = await back.conclude()
        if back.row.state is State.UNKNOWN:
            return own.end(f"its write was being taken back: {end.detail}")
    return await _resolve_own(own, back.row.state)


async def _resolve_own(own: HostRepin, back: State | None) -> HostEnd:
    """End a host's own row; the row that was to take it back has ended as `back`."""
    row = own.row
    if row.state is State.CONFIRMED and back is State.VERIFIED:
        await row.move(State.REVERTED, detail="taken back, as a fresh session read")
        return own.end()
    reading = await own.look()
    if isinstance(reading, NotRead):
        return await own.unread(reading)
    if row.state is State.CONFIRMED and own.ruling(reading).state is State.VERIFIED:
        detail = f"the agent did not take it up, and it was not taken back: {back}"
        await row.move(State.NOT_TAKEN_UP, detail=detail)
    else:
        await own.settle(reading)
    return own.end()


def gone(row: Operation) -> HostEnd:
    """Return the end of a host that has left the inventory, so that nobody can read it."""
    return HostEnd(
        host=row.host,
        state=row.state,
        detail=details.GONE,
        wave=row.wave,
        operation=row.id,
        stumbled=True,
    )
