"""Which transport a run talks by: our own, or pypsrp's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.remote.native import NativeTransport
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.net.via.reach import Logons, nobody
from orchestrator.remote.session import Resolver, Transport
from orchestrator.remote.transport_name import TransportName

if TYPE_CHECKING:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport


def transport(
    name: TransportName, *, jobs: int, resolver: Resolver = system_resolver, via_logons: Logons = nobody
) -> Transport:
    """Make the transport of a run. `jobs` is how many hosts are under way at once.

    `via_logons` gives the logons of proxies and jump hosts, by the credential's name.
    """
    if name is TransportName.PYPSRP:
        return _pypsrp(jobs, resolver, via_logons)
    return NativeTransport(resolver=resolver, via_logons=via_logons)


def _pypsrp(jobs: int, resolver: Resolver, via_logons: Logons) -> PypsrpTransport:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport

    return PypsrpTransport(jobs=jobs, resolver=resolver, via_logons=via_logons)
