"""The first hop: from this machine to a proxy or jump host. Its name, not the host's, is looked up here."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from inventory.schema.shapes import is_ip
from inventory.schema.via import Via
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.trouble import ViaTrouble
from orchestrator.remote.net.connect import connect_to
from orchestrator.remote.session import Resolver

HOP = 8.0  # seconds for the connection with a proxy or jump host


class Hop:
    """Connects with one proxy or jump host; what its name stands for is asked once a run."""

    def __init__(self, via: Via, resolver: Resolver) -> None:
        self._via = via
        self._resolver = resolver
        self._addresses: Sequence[str] = [via.host] if is_ip(via.host) else []

    async def connect(self) -> socket.socket:
        """Connect within HOP seconds. Raises ViaTrouble; cancelling leaves nothing."""
        addresses = self._addresses = self._addresses or await self._resolved()
        last: OSError | None = None
        for address in addresses:
            try:
                return await connect_to(address, self._via.port, HOP / len(addresses))
            except OSError as error:  # TimeoutError is one
                last = error
        raise ViaTrouble(Cause.VIA_UNREACHABLE, named(last)) from last

    async def _resolved(self) -> Sequence[str]:
        try:
            found = await self._resolver(self._via.host)
        except (OSError, UnicodeError) as error:
            why = f"{self._via.host} does not resolve on this machine ({named(error)})"
            raise ViaTrouble(Cause.VIA_UNREACHABLE, why) from error
        if not found:
            raise ViaTrouble(Cause.VIA_UNREACHABLE, f"{self._via.host} does not resolve on this machine")
        return found


def named(error: BaseException | None) -> str:
    """Write an error for the user; a time-out has no words of its own."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer to the connect"
    return str(error or "no address")
