"""What a plan asks hosts: their pins, the ports that it is about, the inventory's own, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from inventory.model import ListedPort
from orchestrator.domain.outcome import Outcome, Probed
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.options import PortsOf

MODE = "full"  # of the probe: the list is these ports alone, and canaries go with a whole list


def asking_ports(queued: QueuedHost, ports: PortsOf) -> QueuedHost:
    """Return the host as such a scan probes it."""
    host = queued.host
    wanted = ports(host)
    listed = dict.fromkeys((*wanted.values(), *host.desired.values()))
    profile = replace(host.profile, ports=tuple(ListedPort(number=port) for port in listed))
    return replace(queued, host=replace(host, profile=profile, desired={**host.desired, **wanted}))


def as_part(outcome: Outcome) -> Outcome:
    """Return what came of it as what it is: the list of the host's own profile was not tried."""
    if isinstance(outcome, Probed):
        return replace(outcome, reading=replace(outcome.reading, whole_list=False))
    return outcome
