"""Write the hosts of one wave by the policy, then watch whether their agents take the new ports up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing

from orchestrator.domain.repin.journal import State
from orchestrator.fleet import words
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.repin.events import Watching
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.fleet.repin.input import RunInput
from orchestrator.fleet.repin.ledger import RunLedger
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.policy import repin_host
from orchestrator.fleet.repin.pool import HostPool
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.watch import watch
from orchestrator.fleet.run import Execution
from orchestrator.store.errors import StoreError
from orchestrator.store.journal.errors import InFlightError


class WaveWriter:
    """Write the waves of one run, `jobs` hosts at a time; never raise for a host."""

    def __init__(
        self,
        given: RunInput,
        jobs: int,
        pool: HostPool,
        ledger: RunLedger,
        limits: RunLimits,
        emit: Callable[[Watching], None],
    ) -> None:
        self._requests = given.requests()
        self._options = given.options
        self._clock = given.services.clock
        self._jobs = jobs
        self._pool = pool
        self._ledger = ledger
        self._limits = limits
        self._emit = emit

    async def write(self, wave: int, names: Sequence[str]) -> None:
        """Write these hosts, and return once each has its end. Trouble of ours stops the run."""
        waiting: list[HostRepin] = []

        async def one(queued: QueuedHost, execution: Execution) -> HostEnd | None:
            name = queued.host.name
            row = self._ledger.new_row(name, wave)
            host = HostRepin(queued, execution, self._requests[name], row)
            try:
                end = await repin_host(host)
            except InFlightError as error:
                return row.end(state=State.NOT_STARTED, detail=str(error))
            if not host.waits:
                return end
            waiting.append(host)
            return None

        await self._pool.over(names, self._jobs, one)
        await self._watch(waiting)

    async def _watch(self, waiting: Sequence[HostRepin]) -> None:
        """Watch the agents that have not taken their port up yet; they count as in flight meanwhile."""
        limits = self._limits
        watched = watch(waiting, self._options, self._clock, self._emit, self._ledger.row_back)
        with limits.in_flight(len(waiting)) as one_out:
            try:
                async with aclosing(watched) as ends:
                    async for end in ends:
                        one_out()
                        limits.ended(end)
            except StoreError as error:
                limits.stop_for_trouble(str(error))
            except Exception as error:  # noqa: BLE001  # a fault of ours: the run stops, and says so
                limits.stop_for_trouble(words.place(error))
