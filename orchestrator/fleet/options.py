"""How a run goes about it, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.execution.breaker import DEFAULT_LIMIT
from orchestrator.domain.execution.effort import WIDTH

PortsOf = Callable[[Host], Mapping[str, int]]
"""Gives a host's ports by role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """Times in seconds. `timeout` overrules the hosts' own total deadline; None leaves it, or derives it.

    `jobs`: hosts at a time. `per_site`: ... of one site, 0 for no limit of their own. `ramp_up`: how many
    more hosts a second may be in flight, until there are `jobs` of them; 0 for all at once. `pace`: connects
    a second that one gateway gets from the whole fleet, 0 for no limit. `width`: attempts that one host has
    in flight at once. `rejections`: rejected logons in a row, on different hosts, after which an account is
    given up. `ports` gives the ports by role that are tried beside the pins, and no others are (a plan asks
    so); None: what the mode says.
    """

    mode: str = "auto"
    jobs: int = 64
    per_site: int = 0
    ramp_up: float = 200.0
    pace: float = 500.0
    canaries: bool = True
    timeout: float | None = None
    width: int = WIDTH
    rejections: int = DEFAULT_LIMIT
    ports: PortsOf | None = None
