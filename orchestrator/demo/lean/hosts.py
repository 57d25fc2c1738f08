"""Healthy hosts, each with a name, an identity and an address of its own: pinned, let through, connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Machine, Row
from orchestrator.demo.scenes.recipes import GATEWAYS, KEY, PORT, VALUES
from orchestrator.domain.reading import Kind

Way = Literal["https-basic", "http-ntlm", "http-negotiate"]
WAYS: tuple[Way, ...] = ("https-basic", "http-ntlm", "http-negotiate")

DEFAULTS: Mapping[str, object] = {"gateways": dict(GATEWAYS), "pin": PORT}
"""What the inventory says of all of them."""


def healthy_hosts(count: int, ways: tuple[Way, ...]) -> list[SimulatedHost]:
    """Make so many hosts, reached by these ways in turn."""
    return [_healthy(number, ways[number % len(ways)]) for number in range(count)]


def _healthy(number: int, way: Way) -> SimulatedHost:
    name = f"h{number:05}"
    own = f"10.{20 + number // 65536}.{number // 256 % 256}.{number % 256}"
    machine = Machine(
        computer=name.upper(),
        machine_id=f"00000000-0000-4000-8000-{number:012}",
        fqdn=f"{name}.corp.example",
        interfaces={"Ethernet0": (own,)},
    )
    for value in VALUES.values():
        machine.registry.create(64, KEY).set(value, Kind.DWORD, PORT)
    machine.network.open(GATEWAYS.values(), (PORT,))
    machine.connections = [Row(gateway, PORT, local_address=own) for gateway in GATEWAYS.values()]
    transport: Literal["https", "http"] = "https" if way == "https-basic" else "http"
    auth: Literal["basic", "ntlm", "negotiate"] = "negotiate"
    if way != "http-negotiate":
        auth = "basic" if way == "https-basic" else "ntlm"
    return SimulatedHost(name=name, machine=machine, transport=transport, auth=auth)
