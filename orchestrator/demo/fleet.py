"""A fleet of simulated hosts in this process: real WinRM on loopback, one port for each host."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from orchestrator.demo.engine import Clock, utc_now
from orchestrator.demo.host import RunningHost, SimulatedHost
from orchestrator.demo.inventory_file import write_inventory
from orchestrator.demo.wire.certificates import Authority

Fleet = TypeVar("Fleet", bound=contextlib.AbstractAsyncContextManager[object])

_SPARE = 512  # descriptors for connections, beside one for each listener


class SimulatedFleet:
    """Serves hosts while its context is open. `address` is any one in 127.0.0.0/8.

    `clock` is the time (aware) that the hosts go by, each with its own skew. `defaults` and `waivers` go into
    the inventory as they are. Every certificate is for the address and for the names of the hosts.
    """

    def __init__(
        self,
        hosts: Sequence[SimulatedHost],
        *,
        address: str = "127.0.0.1",
        defaults: Mapping[str, object] | None = None,
        waivers: Sequence[Mapping[str, object]] = (),
        clock: Clock = utc_now,
    ) -> None:
        self.address = address
        self.authority = Authority([host.name for host in hosts] or ["nobody"], [address])
        self._hosts = {host.name: RunningHost(host, address, self.authority, clock) for host in hosts}
        self._defaults = dict(defaults or {})
        self._waivers = tuple(waivers)

    async def __aenter__(self) -> Self:
        """Start to listen everywhere; raises OSError where a port or a descriptor is not to be had."""
        raise_descriptor_limit(len(self._hosts) + _SPARE)
        try:
            for host in self._hosts.values():
                await host.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every port and connection."""
        await self._stop()

    async def _stop(self) -> None:
        for host in self._hosts.values():
            await host.stop()

    @property
    def hosts(self) -> Mapping[str, RunningHost]:
        """The hosts by name, in order."""
        return self._hosts

    def host(self, name: str) -> RunningHost:
        """Return a host, to look at what it has seen or to change its state."""
        return self._hosts[name]

    def inventory(self, folder: Path) -> Path:
        """Write `fleet.yaml` and what it refers to (secrets, the CA) into a folder; return the inventory's
        path.

        Only while it is served: before, the ports are not known (ValueError).
        """
        if any(host.port == 0 for host in self._hosts.values()):
            raise ValueError("a fleet that is not served yet has no ports to write down")
        return write_inventory(
            folder, self._hosts.values(), self.authority.pem, defaults=self._defaults, waivers=self._waivers
        )


@contextlib.contextmanager
def serve_in_thread(fleet: Fleet) -> Iterator[Fleet]:
    """Serve a fleet from a thread with an event loop of its own, for callers that have none."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulated-fleet", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fleet.__aenter__(), loop).result()
        try:
            yield fleet
        finally:
            asyncio.run_coroutine_threadsafe(_shut(fleet), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _shut(fleet: contextlib.AbstractAsyncContextManager[object]) -> None:
    await fleet.__aexit__(None, None, None)
    current = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not current]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def raise_descriptor_limit(wanted: int) -> None:
    """Allow this process at least so many open files, where the system lets it."""
    try:
        import resource
    except ImportError:  # Windows counts handles otherwise
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
