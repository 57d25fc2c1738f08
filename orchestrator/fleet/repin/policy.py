"""The policy of a re-pin, host by host: read, rule, intend, write, read again, in this order."""

from __future__ import annotations

from orchestrator.domain.repin.guard import Refusal
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.fleet.repin.summary import HostEnd


async def repin_host(host: HostRepin) -> HostEnd | None:
    """Re-pin one host, or leave it alone with a reason; return None: it was not started. Raise StoreError.

    The intent is on the disk before the first byte of the write leaves, the write is sent once, and what
    became of it is for a reading in a fresh session to say.
    """
    before = await host.read()
    if before is None:
        return None
    ruling = host.rule(before)
    if isinstance(ruling, Refusal):
        return await host.leave(ruling)
    if host.dry_run:
        return host.would_write()
    await host.intend(before)
    await host.write(before)
    return await host.conclude()
