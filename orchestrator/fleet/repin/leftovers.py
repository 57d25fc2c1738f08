"""What an earlier process left unresolved: read it, and end its rows by what the values are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.operation import Operation, last_rows
from orchestrator.fleet.repin import words as repin_words
from orchestrator.fleet.repin.host import HostWork
from orchestrator.fleet.repin.pool import Crew
from orchestrator.fleet.repin.readings import NotRead
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.undo import reversed_change


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A host that has to be read: its own row, and the one that was to take it back, where there is one."""

    own: Operation
    back: Operation | None = None


def left_by(rows: Iterable[Operation]) -> Mapping[str, Left]:
    """Find the hosts of a run that have to be read, by name."""
    every = list(rows)
    backs = {row.undoes: row for row in every}
    found = {name: Left(own=own, back=backs.get(own.id)) for name, own in last_rows(every).items()}
    return {name: left for name, left in found.items() if left.own.state in UNRESOLVED}


async def resolve(crew: Crew, host: HostWork, left: Left) -> HostEnd:
    """Read a host and end its rows, the newer one first. Raises StoreError."""
    change = host.task.change
    own = crew.resumed(host, left.own, change)
    if left.back is None:
        return await own.conclude()
    back = crew.resumed(host, left.back, reversed_change(change))
    if back.row.state in UNRESOLVED:
        end = await back.conclude()
        if back.row.state is State.UNKNOWN:
            return own.end(f"its write was being taken back: {end.detail}")
    if own.row.state is State.CONFIRMED and back.row.state is State.VERIFIED:
        await own.row.move(State.REVERTED, detail="taken back, as a fresh session read")
        return own.end()
    reading = await own.look()
    if isinstance(reading, NotRead):
        return await own.unread(reading)
    if own.row.state is State.CONFIRMED and own.says(reading) is State.VERIFIED:
        detail = f"the agent did not take it up, and it was not taken back: {back.row.state}"
        await own.row.move(State.NOT_TAKEN_UP, detail=detail)
    else:
        await own.settle(reading)
    return own.end()


def gone(row: Operation) -> HostEnd:
    """Say of a host that has left the inventory that nobody can read it."""
    return HostEnd(
        host=row.host,
        state=row.state,
        detail=repin_words.GONE,
        wave=row.wave,
        operation=row.id,
        stumbled=True,
    )
