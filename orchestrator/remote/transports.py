"""Which transport a run talks by: our own, or pypsrp's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.remote.native import NativeTransport
from orchestrator.remote.net.connect import system_resolver
from orchestrator.remote.net.via.reach import Logons, nobody
from orchestrator.remote.session import Resolver, Transport
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.watch import Watch, unwatched

if TYPE_CHECKING:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport


def transport(
    name: TransportName,
    *,
    jobs: int,
    resolver: Resolver = system_resolver,
    via_logons: Logons = nobody,
    watch: Watch = unwatched,
) -> Transport:
    """Make the transport of a run. `jobs` is how many hosts are under way at once.

    `via_logons` gives those of proxies and jump hosts by credential, `watch` who watches a session.
    """
    if name is TransportName.PYPSRP:
        return _pypsrp(jobs, resolver, via_logons, watch)
    return NativeTransport(resolver=resolver, via_logons=via_logons, watch=watch)


def _pypsrp(jobs: int, resolver: Resolver, via_logons: Logons, watch: Watch) -> PypsrpTransport:
    from orchestrator.remote.over_pypsrp.transport import PypsrpTransport

    return PypsrpTransport(jobs=jobs, resolver=resolver, via_logons=via_logons, watch=watch)
