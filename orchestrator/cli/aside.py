"""The hosts of `--set-aside`: named as `--limit` does, from the inventory at hand, else from the stored results."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from inventory.model import Fleet, Host
from inventory.select import Universe, chosen

if TYPE_CHECKING:
    from orchestrator.domain.standing import HostNow


def set_aside(patterns: Sequence[str], fleet: Fleet | None, hosts: Iterable[HostNow]) -> frozenset[str]:
    """Give the names that the patterns stand for, none for none. Raises SelectionError."""
    if not patterns:
        return frozenset()
    universe = _of_results(hosts) if fleet is None else Universe(fleet.hosts, fleet.groups)
    return frozenset(host.name for host in chosen(universe, patterns, stdin=sys.stdin))


def typed(patterns: Sequence[str]) -> str:
    """Write the options again, for a command that is to be typed next."""
    return "".join(f" --set-aside {shlex.quote(pattern)}" for pattern in patterns)


def _of_results(hosts: Iterable[HostNow]) -> Universe:
    """Make of results what a selection chooses from: names, groups and sites as they were when the hosts were asked."""
    found: dict[str, Host] = {}
    groups: dict[str, list[str]] = {}
    for standing in (now.standing for now in hosts):
        found[standing.host] = Host(
            name=standing.host,
            address=standing.address,
            port=0,
            profile=standing.profile,
            site=standing.site,
            groups=standing.groups,
        )
        for group in standing.groups:
            groups.setdefault(group, []).append(standing.host)
    return Universe(found, groups)
