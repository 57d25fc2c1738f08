"""Which transport a run talks by: our own, or pypsrp's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.remote.native import NativeTransport
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.session import Resolver, Transport
from orchestrator.remote.transport_name import TransportName

if TYPE_CHECKING:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport


def transport(name: TransportName, *, jobs: int, resolver: Resolver = system_resolver) -> Transport:
    """Make the transport of a run. `jobs` is how many hosts are under way at once."""
    if name is TransportName.PYPSRP:
        return _pypsrp(jobs, resolver)
    return NativeTransport(resolver=resolver)


def _pypsrp(jobs: int, resolver: Resolver) -> PypsrpTransport:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport

    return PypsrpTransport(jobs=jobs, resolver=resolver)
