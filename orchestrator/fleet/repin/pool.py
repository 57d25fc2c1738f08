"""Run work over hosts, a few at a time, under the gates that they share: logons, pace, sites, ramp."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account
from orchestrator.fleet import words
from orchestrator.fleet.admission.accounts import Accounts
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue, QueuedHost
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.control.events import BreakerTripped, EventSink
from orchestrator.fleet.repin.events import RepinEvent
from orchestrator.fleet.repin.input import RepinServices
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.readings import BEFORE
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.run import Execution
from orchestrator.fleet.runner import Broke, fan_out
from orchestrator.fleet.summary import GivenUp
from orchestrator.store.errors import StoreError

HostTask = Callable[[QueuedHost, Execution], Awaitable[HostEnd | None]]
"""What is done with one host. Returns its end; None: it has none yet. May raise StoreError."""


class HostPool:
    """Run work over the hosts of one run. Raise what `services.logons` raises."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        options: RepinOptions,
        services: RepinServices,
        limits: RunLimits,
        emit: EventSink[RepinEvent],
    ) -> None:
        self.hosts = hosts
        self._options = options
        self._services = services
        self._limits = limits
        self._emit = emit
        self._accounts = Accounts(hosts.values(), services.logons, options.rejections, self._tripped)
        self._pace = Pace(options.pace, services.clock)
        self._barred: dict[Account, list[str]] = {}

    async def over(self, names: Iterable[str], jobs: int, do: HostTask) -> None:
        """Run `do` for each of these hosts, `jobs` at a time, and count each end; never raise for a host.

        Trouble with the database, or a fault of ours, stops the run.
        """
        hosts, limits = [self.hosts[name] for name in names], self._limits
        queue = self._queue_of(hosts)
        execution = self._execution(queue)

        async def work(queued: QueuedHost) -> None:
            # One that was put back may still be the fresh reading's, with that one's profile.
            queued = replace(queued, host=self.hosts[queued.host.name])
            try:
                with limits.in_flight():
                    end = await self._one(queued, execution, do)
                if end is not None:
                    limits.ended(end)
            finally:  # counted first: whoever takes its place on the site may have to stop for it
                queue.leave(queued)

        width = max(1, min(jobs, len(hosts)))
        async with aclosing(fan_out(queue, work, jobs=width, stopped=lambda: limits.stopped)) as landed:
            async for item in landed:
                if isinstance(item, Broke):
                    limits.stop_for_trouble(words.place(item.error))
        for account, barred in queue.barred.items():
            self._barred.setdefault(account, []).extend(barred)

    def given_up(self) -> tuple[GivenUp, ...]:
        """Return the accounts that were given up."""
        return self._accounts.given_up(self._barred)

    async def _one(self, queued: QueuedHost, execution: Execution, do: HostTask) -> HostEnd | None:
        try:
            return await do(queued, execution)
        except StoreError as error:
            self._limits.stop_for_trouble(str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours: the run stops, and says so
            self._limits.stop_for_trouble(words.place(error))
        return None

    def _queue_of(self, hosts: Iterable[Host]) -> HostQueue:
        return HostQueue(
            hosts,
            self._accounts.of,
            self._accounts.gate,
            self._limits.stop,
            per_site=self._options.per_site,
            ramp=Ramp(self._options.ramp_up, self._services.clock),
        )

    def _execution(self, queue: HostQueue) -> Execution:
        return Execution(
            options=self._options.reading(BEFORE),
            transport=self._services.transport,
            secrets=self._accounts.secrets,
            gate=self._accounts.gate,
            queue=queue,
            pace=self._pace,
            clock=self._services.clock,
            chance=self._services.chance,
            stop=self._limits.stop,
            emit=self._emit,
        )

    def _tripped(self, event: BreakerTripped) -> None:
        """Stop a run of writes at the first account that is given up, whatever other accounts it has."""
        self._emit(event)
        self._limits.stop_at_gate(
            f"credential {event.credential} ({event.username}) was rejected: lock-out breaker"
        )
